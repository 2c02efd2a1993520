"""What crosses from the way down to the way up: a network as two stairs, and arrows between their steps."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, Rectangle

from seglearn.plots.panels import DARK, describe, take_or_make, write_title

DOWN, UP, ACROSS = "#7a8794", "#005ab2", "#d54600"
SIDE, STEP = 1.0, 1.25  # width of the largest map, distance of two levels
GAP = 1.5  # between the two stairs


def show_crossings(
    crossing: Sequence[str], ax: Axes | None = None, *, title: str = "", dashes: str = "-", bottom: str = ""
) -> Axes:
    """Draw the maps of an encoder, large to small, those of its decoder, and an arrow with words on every level.

    `crossing` says what crosses at each level, the finest first; "" draws no arrow. The deepest map has no partner:
    `bottom` is written beside it. `dashes` is the line of the arrows, so that color does not speak alone.

    Raises:
        ValueError: there is no level.
    """
    if not crossing:
        raise ValueError("show_crossings: crossing must name at least one level. Use [''] where nothing crosses.")
    levels = len(crossing)
    ax = take_or_make(ax, width=3.4, height=0.75 * (levels + 1) + 0.6)
    for level in range(levels + 1):
        y, side = -STEP * level, SIDE * 0.68**level
        _map(ax, 0, y, side, DOWN)
        if level < levels:
            _map(ax, SIDE + GAP, y, side, UP)
            _arrow(ax, (0, y - 0.52 * side * 0.5 - 0.05), (0, y - STEP + 0.2 * side + 0.02), DOWN)
            if level < levels - 1:
                x = SIDE + GAP
                _arrow(ax, (x, y - STEP + 0.2 * side + 0.02), (x, y - 0.26 * side - 0.05), UP)
        if level < levels and crossing[level]:
            ends = (side / 2 + 0.06, y), (SIDE + GAP - side / 2 - 0.06, y)
            _arrow(ax, *ends, ACROSS, dashes=dashes)
            ax.text((SIDE + GAP) / 2, y + 0.09, crossing[level], ha="center", va="bottom", fontsize=8, color=DARK)
    deep = -STEP * levels
    _arrow(ax, (0.3, deep), (SIDE + GAP, deep + STEP - 0.28 * 0.68 ** (levels - 1)), UP, bend=0.32)
    if bottom:
        ax.text(0.5, deep - 0.3, bottom, ha="left", va="center", fontsize=8, color=DARK)
    ax.set(xlim=(-0.75, SIDE + GAP + 0.75), ylim=(deep - 0.55, 0.55), xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    write_title(ax, title)
    told = "; ".join(f"level {i}: {words or 'nothing'}" for i, words in enumerate(crossing, start=1))
    describe(ax, f"maps shrink on the left and grow on the right; what crosses, {told}.")
    return ax


def _map(ax: Axes, x: float, y: float, side: float, color: str) -> None:
    """Draw one feature map as a flat box."""
    height = 0.52 * side
    corner = x - side / 2, y - height / 2
    ax.add_patch(Rectangle(corner, side, height, facecolor=color, edgecolor=DARK, linewidth=0.6))


def _arrow(ax, start, end, color: str, *, dashes: str = "-", bend: float = 0.0) -> None:
    """Draw an arrow between two points, straight or bent."""
    style = {"arrowstyle": "-|>", "mutation_scale": 9, "shrinkA": 0, "shrinkB": 0, "linewidth": 1.6}
    curve = f"arc3,rad={bend}"
    ax.add_patch(FancyArrowPatch(start, end, color=color, linestyle=dashes, connectionstyle=curve, **style))
