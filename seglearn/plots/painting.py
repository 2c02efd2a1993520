"""Transposed convolution as painting: each value's kernel on a line of its own, and below them what adds up."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Rectangle
from torch import Tensor

from seglearn.checks import check_shapes
from seglearn.plots.panels import DARK, QUIET, describe, take_or_make, write_title

PAINT = LinearSegmentedColormap.from_list("paint", ["#ffffff", "#8fbbe8", "#005ab2"])
SHARED = "#d54600"  # where several kernels paint


def show_painting(
    values: Tensor, kernel: Tensor, ax: Axes | None = None, *, stride: int, title: str = "", counts: bool = True
) -> Axes:
    """Draw how every value paints its kernel, `stride` places after the one before, and the sum of all paint below.

    Cells that several kernels paint have an orange frame in the sum; with `counts` their number stands underneath.

    Shapes:
        values (n,)   0 or more
        kernel (k,)   0 or more

    Raises:
        ValueError: an axis is missing or empty, a number is below 0, or stride is below 1.
    """
    n, k = check_shapes("show_painting", values=(values, "n"), kernel=(kernel, "k")).values()
    if not n or not k or stride < 1:
        raise ValueError(
            f"show_painting: values, kernel and stride must be at least 1 long, got {n}, {k} and {stride}."
        )
    if min(values.min(), kernel.min()) < 0:
        raise ValueError("show_painting: values and kernel must not be below 0. Paint cannot be taken away here.")
    paint = np.full((n, (n - 1) * stride + k), np.nan)
    for row in range(n):
        paint[row, row * stride : row * stride + k] = values[row].item() * kernel.detach().cpu().double().numpy()
    total, painted = np.nansum(paint, axis=0), (~np.isnan(paint)).sum(axis=0)
    ax = take_or_make(ax, width=0.55 * paint.shape[1] + 1.4, height=0.42 * n + 1.3)
    for (row, place), number in np.ndenumerate(paint):
        if not np.isnan(number):
            _cell(ax, place, row, number, total.max())
    for place, number in enumerate(total):
        _cell(ax, place, n + 0.3, number, total.max(), shared=painted[place] > 1)
        if counts:
            ax.text(place, n + 1.15, painted[place], ha="center", va="center", fontsize=9, color=QUIET)
    names = [*(f"{value:g} paints" for value in values.tolist()), "sum", *(["kernels"] if counts else [])]
    ax.set_yticks([*range(n), n + 0.3, *([n + 1.15] if counts else [])], names)
    ax.set(xlim=(-0.6, len(total) - 0.4), ylim=(n + (1.5 if counts else 0.9), -0.6), xticks=[], aspect="equal")
    ax.tick_params(axis="y", length=0)
    ax.spines[:].set_visible(False)
    write_title(ax, title)
    words = [" ".join(f"{number:g}" for number in row) for row in (total, painted)]
    describe(ax, f"{n} values paint a kernel of {k}, {stride} apart; sums {words[0]}; kernels per place {words[1]}.")
    return ax


def _cell(ax: Axes, x: float, y: float, number: float, full: float, *, shared: bool = False) -> None:
    """Draw one square with its number."""
    color = PAINT(number / (full or 1))
    edge = {"edgecolor": SHARED, "linewidth": 2, "zorder": 3} if shared else {"edgecolor": "#9a9a9a", "linewidth": 0.6}
    side = 0.92 if shared else 0.96
    ax.add_patch(Rectangle((x - side / 2, y - side / 2), side, side, facecolor=color, **edge))
    red, green, blue, _ = color
    ink = DARK if 0.299 * red + 0.587 * green + 0.114 * blue > 0.5 else "white"
    ax.text(x, y, f"{number:g}", ha="center", va="center_baseline", fontsize=10, color=ink, zorder=4)
