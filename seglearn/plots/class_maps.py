"""What a coarse map says: the picture below, its cells on top, each with the name of its class."""

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from torch import Tensor

from seglearn.checks import check_labels, check_shapes
from seglearn.labels import LabelSet
from seglearn.plots.images import show_image
from seglearn.plots.panels import DARK, describe

TINT = 0.55  # how much of a label's color lies over a cell
CLEAR = "background"  # a class of this name is written as a dot, without a tint


def show_class_map(
    image: Tensor, cells: Tensor, labels: LabelSet, ax: Axes | None = None, *, cell: int = 8, title: str = ""
) -> Axes:
    """Draw the class of every cell over the picture: a tinted square with its name inside.

    A cell of a class called background stays clear and has a dot. Cells that hang over the edge are cut there.

    Shapes:
        image (3, H, W) or (1, H, W) float in [0, 1]
        cells (h, w) int64   0..K-1; one for every `cell` x `cell` pixels, the first in the upper left corner

    Raises:
        ValueError: the map has too few or too many cells for the picture, or a label has no name.
    """
    check_shapes("show_class_map", image=(image, "C H W"), cells=(cells, "h w"))
    height, width = image.shape[1:]
    wanted = -(-height // cell), -(-width // cell)
    if tuple(cells.shape) != wanted:
        raise ValueError(
            f"show_class_map: cells must have shape {wanted} for {height} x {width} pixels in cells of {cell}, "
            f"got {tuple(cells.shape)}. Say cell=..., the pixels from one score to the next."
        )
    check_labels("show_class_map", len(labels), cells=cells)
    ax = show_image(image, ax, title=title)
    size = _letter_size(ax, cell, width)
    for (row, column), label in zip(_places(cells), cells.flatten().tolist(), strict=True):
        _draw_cell(ax, (column * cell, row * cell), (min(cell, width - column * cell), min(cell, height - row * cell)),
                   labels, label, size)  # fmt: skip
    ax.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
    describe(ax, f"a map of {wanted[0]} x {wanted[1]} cells over the picture: {_told(cells, labels)}.")
    return ax


def _places(cells: Tensor) -> list[tuple[int, int]]:
    return [(row, column) for row in range(cells.shape[0]) for column in range(cells.shape[1])]


def _letter_size(ax: Axes, cell: int, width: int) -> float:
    """Return a font size in points at which one letter fills about half a cell."""
    grid = ax.get_subplotspec()
    share = 1.0 if grid is None else 1 / grid.get_gridspec().ncols
    return max(4.0, min(11.0, 0.55 * 72 * share * ax.figure.get_figwidth() * cell / width))


def _draw_cell(ax: Axes, corner: tuple, size: tuple, labels: LabelSet, label: int, letter: float) -> None:
    name, clear = labels.names[label], labels.names[label] == CLEAR
    color = tuple(channel / 255 for channel in labels.colors[label])
    left, top = corner[0] - 0.5, corner[1] - 0.5
    face = (0, 0, 0, 0) if clear else (*color, TINT)
    ax.add_patch(Rectangle((left, top), *size, facecolor=face, edgecolor="#8a8a8a", linewidth=0.4))
    text = ax.text(left + size[0] / 2, top + size[1] / 2, "·" if clear else name, ha="center", va="center_baseline")
    text.set(color="#aaaaaa" if clear else "white", fontsize=letter, weight="normal" if clear else "bold", clip_on=True)
    if not clear:
        text.set_path_effects([withStroke(linewidth=1.4, foreground=DARK)])


def _told(cells: Tensor, labels: LabelSet) -> str:
    """Return how many cells each class has, the most frequent first."""
    values, counts = cells.unique(return_counts=True)
    order = counts.argsort(descending=True, stable=True).tolist()
    return ", ".join(f"{labels.names[int(values[i])]} in {int(counts[i])}" for i in order)
