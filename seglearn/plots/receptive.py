"""How far a unit sees: its cone of taps through a stack of layers, and squares around a pixel of a picture."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Rectangle
from torch import Tensor

from seglearn.checks import check_shapes
from seglearn.convolution import Layer, receptive_field
from seglearn.plots.panels import DARK, describe, take_or_make, write_title

SEEN, PALE = "#005ab2", "#d9dee4"  # units on a path to the output; all others
SQUARES = (("#d54600", "-"), ("#005ab2", (0, (4, 1.5))), ("#00795a", (0, (1.2, 1))))  # color and dashes, in order
HEAT = LinearSegmentedColormap.from_list("heat", ["#ffffff", "#c8c4bd", "#7f7a73", "#222222"])
MARGIN = 2  # pixels of the image drawn on each side of the field


def show_cone(layers: Sequence[Layer], ax: Axes | None = None, *, title: str = "") -> Axes:
    """Draw a line of units per layer, in the pixels of the image below, and all paths to one unit of the last layer.

    `layers` have whole numbers as settings; rows and columns are alike, so one axis tells all.

    Raises:
        ValueError: a setting is a pair.

    Example:
        >>> show_cone([Layer(3), Layer(2, stride=2)]).spoken
        'from the image upward: image size 1, jump 1; layer 1 size 3, jump 1; layer 2 size 4, jump 2.'
    """
    pairs = [n for k in layers for n in (k.kernel_size, k.stride, k.padding, k.dilation) if not isinstance(n, int)]
    if pairs:
        raise ValueError(f"show_cone: layers must have whole numbers as settings, one for both axes, got {pairs[0]}.")
    table = receptive_field(layers)
    ax = take_or_make(ax, width=5.2, height=0.75 * len(table) + 0.6)
    seen = _reached(layers)
    first, last = min(seen[0]) - MARGIN, max(seen[0]) + MARGIN
    for level, (row, units) in enumerate(zip(table, seen, strict=True)):
        around = [row.start + row.jump * i for i in range(min(units) - last, max(units) + last + 1)]
        around = [x for x in around if first <= x <= last]
        ax.scatter(around, [level] * len(around), s=60, marker="s", color=PALE, zorder=2)
        ax.scatter(
            [row.start + row.jump * i for i in units], [level] * len(units), s=60, marker="s", color=SEEN, zorder=3
        )
        note = f"size {row.size}, jump {row.jump}"
        ax.annotate(note, (1.01, level), xycoords=("axes fraction", "data"), va="center", fontsize=9, color=DARK)
    ax.add_collection(LineCollection(_paths(layers, table, seen), colors=SEEN, linewidths=0.9, alpha=0.45, zorder=1))
    ax.set(xlim=(first - 0.6, last + 0.6), ylim=(-0.5, len(table) - 0.5))
    ax.set_yticks(range(len(table)), [row.name for row in table])
    ax.set_xticks(range(min(seen[0]), max(seen[0]) + 1, max(1, (max(seen[0]) - min(seen[0])) // 12)))
    ax.set_xlabel("pixel of the image")
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    write_title(ax, title)
    lines = "; ".join(f"{row.name} size {row.size}, jump {row.jump}" for row in table)
    describe(ax, f"from the image upward: {lines}.")
    return ax


def _reached(layers: Sequence[Layer]) -> list[set[int]]:
    """Return for the image and every layer the units that unit 0 of the last layer depends on."""
    seen = [{0}]
    for layer in reversed(layers):
        seen.insert(0, {unit for above in seen[0] for unit in _taps(layer, above)})
    return seen


def _taps(layer: Layer, unit: int) -> list[int]:
    return [layer.stride * unit + layer.dilation * tap - layer.padding for tap in range(layer.kernel_size)]


def _paths(layers: Sequence[Layer], table: Sequence, seen: Sequence[set[int]]) -> list:
    """Return a line from every unit on a path to each of its taps, as pairs of points (x, level)."""
    lines = []
    for level, layer in enumerate(layers):
        below, above = table[level], table[level + 1]
        for unit in seen[level + 1]:
            top = (above.start + above.jump * unit, level + 1)
            lines += [((below.start + below.jump * tap, level), top) for tap in _taps(layer, unit)]
    return lines


def show_heat(
    heat: Tensor, ax: Axes | None = None, *, squares: Mapping[str, int] | None = None, title: str = ""
) -> Axes:
    """Draw where a gradient lands, white = nothing, with labeled squares around the center.

    Shapes:
        heat (H, W) float   0 or more; the color follows the square root, so that the faint rim is seen

    Raises:
        ValueError: heat is negative somewhere, or there are more than three squares.
    """
    check_shapes("show_heat", heat=(heat, "H W"))
    if (heat < 0).any():
        raise ValueError(f"show_heat: heat must be 0 or more, got {heat.min().item():g}. Use heat.abs().")
    ax = take_or_make(ax)
    pixels = heat.detach().cpu().double().sqrt().numpy()
    ax.imshow(pixels, cmap=HEAT, vmin=0, vmax=pixels.max(), interpolation="nearest")
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set(visible=True, color="#d0d0d0", linewidth=0.5)
    write_title(ax, title)
    height, width = heat.shape
    describe(ax, f"a heat map, {height} x {width} pixels, strongest at {_strongest(heat)}.")
    return frame_squares(ax, ((width - 1) / 2, (height - 1) / 2), squares or {})


def _strongest(heat: Tensor) -> str:
    row, column = np.unravel_index(int(heat.argmax()), tuple(heat.shape))
    return f"row {row}, column {column}"


def frame_squares(ax: Axes, center: tuple[float, float], squares: Mapping[str, int]) -> Axes:
    """Draw up to three squares around a point (x, y) of a picture, each with its name; sides are in pixels.

    Raises:
        ValueError: there are more than three squares.
    """
    if len(squares) > len(SQUARES):
        raise ValueError(f"frame_squares: squares must be at most {len(SQUARES)}, got {len(squares)}.")
    x, y = center
    for (name, side), (color, dashes) in zip(squares.items(), SQUARES, strict=False):
        corner = (x - side / 2, y - side / 2)
        for width, ink, line in ((3.4, "white", "-"), (1.9, color, dashes)):
            ax.add_patch(Rectangle(corner, side, side, fill=False, edgecolor=ink, linewidth=width, linestyle=line))
        plate = {"boxstyle": "round,pad=0.2", "facecolor": "white", "edgecolor": color, "linewidth": 0.8}
        ax.text(x, corner[1], name, fontsize=7.5, ha="center", va="center", color=DARK, bbox=plate, zorder=4)
    if squares:
        said = ", ".join(f"{name} ({side} px)" for name, side in squares.items())
        describe(ax, f"{getattr(ax, 'spoken', 'a picture.')} Squares around one point: {said}.")
    return ax
