"""A loss as a landscape over two numbers, seen from above: heights as contours, slopes as arrows."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from torch import Tensor

from seglearn.checks import check_shapes
from seglearn.plots.panels import DARK, describe, take_or_make, write_title

ARROWS = 9  # along each axis
GROUND = LinearSegmentedColormap.from_list("ground", ["#fff7cf", "#d9d8bd", "#a9b5c2", "#7493bd"])  # low .. high


def show_surface(
    x: Tensor,
    y: Tensor,
    heights: Tensor,
    ax: Axes | None = None,
    *,
    title: str = "",
    xlabel: str = "",
    ylabel: str = "",
    levels: int = 8,
    steepest: float | None = None,
) -> Axes:
    """Draw heights over a plane as labeled contours, and the way downhill as arrows: long where it is steep.

    Args:
        levels: about how many contours.
        steepest: the slope with the longest arrow (default: the largest here); give it to compare two surfaces.

    Shapes:
        x       (X,)     increasing
        y       (Y,)     increasing, drawn upward
        heights (Y, X)   finite

    Raises:
        ValueError: shapes disagree, or fewer than two numbers stand on an axis.
    """
    size = check_shapes("show_surface", x=(x, "X"), y=(y, "Y"), heights=(heights, "Y X"))
    if min(size.values()) < 2:
        raise ValueError(f"show_surface: x and y must hold at least two numbers each, got {size['X']} and {size['Y']}.")
    x, y, z = (thing.detach().cpu().double().numpy() for thing in (x, y, heights))
    ax = take_or_make(ax, width=3.4, height=3.4)
    plain = (float(x[0]), float(x[-1]), float(y[0]), float(y[-1]))
    ax.contourf(x, y, z, levels=3 * levels, cmap=GROUND)
    lines = ax.contour(x, y, z, levels=levels, colors=DARK, linewidths=0.5)
    ax.clabel(lines, fontsize=7, fmt="%.3g")
    down, across = np.gradient(z, y, x)
    rows, columns = (_spread(len(axis)) for axis in (y, x))
    u, v = (-slope[np.ix_(rows, columns)] for slope in (across, down))
    full = float(steepest or np.hypot(across, down).max() or 1)
    reach = full * ARROWS / (0.9 * (plain[1] - plain[0]))  # an arrow of the steepest slope fills its cell
    ax.quiver(
        x[columns], y[rows], u, v, angles="xy", scale_units="xy", scale=reach, color="white",
        edgecolor=DARK, linewidth=0.5, width=0.013, headwidth=4, headlength=4, headaxislength=4, minlength=0.6,
    )  # fmt: skip
    ax.set(xlabel=xlabel, ylabel=ylabel, xlim=plain[:2], ylim=plain[2:], aspect="equal")
    write_title(ax, title)
    spot = np.unravel_index(z.argmin(), z.shape)
    describe(ax, f"a landscape from {z.min():.2f} to {z.max():.2f}, lowest at ({x[spot[1]]:.3g}, {y[spot[0]]:.3g}).")
    return ax


def _spread(count: int) -> np.ndarray:
    """Return ARROWS places out of `count`, evenly spread and away from the rim."""
    return np.unique(((np.arange(ARROWS) + 0.5) * count / ARROWS).astype(int))
