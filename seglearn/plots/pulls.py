"""What a loss wants of each pixel: one arrow per pixel, up for "more of this class", down for "less"."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import FancyArrow, Rectangle
from torch import Tensor

from seglearn.checks import check_labels, check_shapes
from seglearn.labels import IGNORE
from seglearn.plots.panels import DARK, describe, take_or_make, write_title

UP, DOWN = "#b84300", "#005ab2"  # above 0 orange, below 0 blue, as show_values
SHADE = LinearSegmentedColormap.from_list("shade", ["#ffffff", "#b9bec4"])  # never so dark that an arrow drowns
LONGEST = 0.31  # of a cell's side
VISIBLE = 0.02  # of the limit: a smaller pull is drawn as a dot


def show_pulls(
    probs: Tensor, mask: Tensor, pulls: Tensor, ax: Axes | None = None, *, title: str = "", limit: float | None = None
) -> Axes:
    """Draw how a loss pulls at the logit of one class at each pixel of a small picture.

    A cell is the darker, the surer the model is of the class; a thick frame says that the class is the truth, strokes
    that the pixel is ignored. The number is the pull, the arrow its direction and size.

    Args:
        pulls: minus the gradient at the logit of the class: the way a step of learning goes.
        limit: the pull with the longest arrow (default: the largest here); give it to compare two pictures.

    Shapes:
        probs (H, W) float in [0, 1]    probability of the class
        mask  (H, W) int64              1 where the class is the truth, 0 elsewhere, 255 ignored
        pulls (H, W) float

    Raises:
        ValueError: shapes differ, or the mask holds another label.
    """
    height, width = check_shapes("show_pulls", probs=(probs, "H W"), mask=(mask, "H W"), pulls=(pulls, "H W")).values()
    check_labels("show_pulls", 2, ignore=IGNORE, mask=mask)
    probs, truth, pulls = (thing.detach().cpu().double().numpy() for thing in (probs, mask, pulls))
    full = float(limit or np.abs(pulls).max(initial=0) or 1)
    ax = take_or_make(ax, width=3.2, height=3.2 * height / width)
    ax.imshow(np.where(truth == IGNORE, 0, probs), cmap=SHADE, vmin=0, vmax=1, interpolation="nearest")
    for (y, x), pull in np.ndenumerate(pulls):
        _cell(ax, x, y, truth[y, x])
        if truth[y, x] != IGNORE:
            _arrow(ax, x - 0.27, y, pull / full)
            ax.text(x + 0.4, y - 0.34, f"p {probs[y, x]:.2f}", ha="right", va="center", fontsize=7, color="#555555")
            ax.text(x + 0.41, y + 0.08, _spell(pull), ha="right", va="center", fontsize=9, color=_ink(pull / full))
    ax.set(xticks=[], yticks=[], xlim=(-0.54, width - 0.46), ylim=(height - 0.46, -0.54))
    ax.spines[:].set_visible(False)
    write_title(ax, title)
    describe(ax, _tell(truth, pulls))
    return ax


def _cell(ax: Axes, x: int, y: int, truth: float) -> None:
    """Draw the frame of a cell: thick where the class is true, hatched where nobody knows, else a hairline."""
    box = {"fill": False, "edgecolor": "#9a9a9a", "linewidth": 0.5, "zorder": 2}
    if truth == IGNORE:
        box |= {"hatch": "////"}
    ax.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, **box))
    if truth == 1:
        ax.add_patch(Rectangle((x - 0.46, y - 0.46), 0.92, 0.92, fill=False, edgecolor=DARK, linewidth=2.2, zorder=3))


def _arrow(ax: Axes, x: float, y: float, share: float) -> None:
    """Draw an arrow around the middle of a cell; rows grow downward, so up is minus."""
    if abs(share) < VISIBLE:
        ax.plot(x, y, "o", color=_ink(share), markersize=3, zorder=4)
        return
    reach = LONGEST * float(np.clip(share, -1, 1))
    size = min(1.0, abs(reach) / 0.1)  # a short arrow is small, not flat
    ax.add_patch(
        FancyArrow(
            x, y + reach, 0, -2 * reach, width=0.075 * size, head_width=0.24 * size, head_length=0.16 * size,
            length_includes_head=True, color=_ink(share), linewidth=0, zorder=4,
        )
    )  # fmt: skip


def _ink(share: float) -> str:
    return DARK if abs(share) < VISIBLE else UP if share > 0 else DOWN


def _spell(pull: float) -> str:
    return f"{pull + 0.0:+.3f}".replace("-", "−") if abs(pull) >= 0.0005 else "0"


def _tell(truth: np.ndarray, pulls: np.ndarray) -> str:
    """Return all pulls in words, row by row."""
    words = np.where(truth == IGNORE, "void", [[_spell(pull) for pull in row] for row in pulls])
    rows = "; ".join(" ".join(row) for row in words)
    return f"pulls row by row: {rows}; {int((truth == 1).sum())} pixels belong to the class."
