"""Small grids of numbers: a picture whose every number can be read, and a frame around the cells that are meant."""

import math
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap
from torch import Tensor

from seglearn.checks import check_shapes
from seglearn.plots.panels import DARK, describe, take_or_make, write_title

FRAME = "#ffb000"  # the cells that are meant
SMALLEST = 4.5  # points: numbers that would be smaller than this are left out
SIGNED = LinearSegmentedColormap.from_list("signed", ["#005ab2", "#8fbbe8", "#ffffff", "#f3a37a", "#d54600"])
PLAIN = LinearSegmentedColormap.from_list("plain", ["#000000", "#ffffff"])


def show_values(
    values: Tensor,
    ax: Axes | None = None,
    *,
    title: str = "",
    signed: bool = False,
    window: Any = None,
    limit: float | None = None,
    digits: int = 3,
) -> Axes:
    """Draw a small matrix as a picture with its numbers in the cells.

    A plain matrix is gray: 0 is black, `limit` is white. A `signed` one is blue below 0, white at 0, orange above.
    Numbers that would be too small to be read are left out.

    Args:
        window: the cells to frame, as an index into the matrix: `np.s_[0:3, 2:5]`, or with gaps `np.s_[0:5:2, 1:6:2]`.
        limit: the number with the full color (default: the largest magnitude); give it to compare two grids.
        digits: how many significant digits of a fraction are written.

    Shapes:
        values (H, W)   numbers or booleans; NaN is an empty cell

    Raises:
        ValueError: the matrix has other axes or no cell, or holds negative numbers although it is not `signed`.
        IndexError: the window does not fit.
    """
    grid = _as_array(values)
    low = np.nanmin(grid, initial=0)
    if low < 0 and not signed:
        raise ValueError(f"show_values: values must not be below 0 in a plain grid, got {low:g}. Use signed=True.")
    full = float(limit or np.nanmax(np.abs(grid), where=np.isfinite(grid), initial=0) or 1)
    ax = take_or_make(ax, width=3.2, height=max(1.4, 3.2 * grid.shape[0] / grid.shape[1]))
    colors = SIGNED if signed else PLAIN
    ax.imshow(grid, cmap=colors, vmin=-full if signed else 0, vmax=full, interpolation="nearest")
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set(visible=True, color="#9a9a9a", linewidth=0.6)
    if _letter_size(ax, grid.shape, letters=1) >= SMALLEST:
        _write(ax, grid, colors, full, digits)
    if window is not None:
        _frame(ax, _marked(grid.shape, window))
    write_title(ax, title)
    describe(ax, _tell(grid, signed, digits))
    return ax


def _as_array(values: Tensor) -> np.ndarray:
    """Return the numbers as float64 (H, W)."""
    height, width = check_shapes("show_values", values=(values, "H W")).values()
    if not height or not width:
        raise ValueError(f"show_values: values must have at least one row and one column, got {(height, width)}.")
    return values.detach().cpu().double().numpy()


def _is_whole(grid: np.ndarray) -> bool:
    """Say whether all numbers are whole, so that they are written without a point."""
    return bool(np.all((grid == np.round(grid)) | np.isnan(grid)))


def _rule(ax: Axes, height: int, width: int) -> None:
    """Draw hairlines between the cells."""
    lines = [((x - 0.5, -0.5), (x - 0.5, height - 0.5)) for x in range(1, width)]
    lines += [((-0.5, y - 0.5), (width - 0.5, y - 0.5)) for y in range(1, height)]
    ax.add_collection(LineCollection(lines, colors="#9a9a9a", linewidths=0.5))


def _write(ax: Axes, grid: np.ndarray, colors: LinearSegmentedColormap, full: float, digits: int) -> None:
    """Write every number into its cell, if the longest one fits."""
    whole = _is_whole(grid)
    words = {place: _spell(number, whole, digits) for place, number in np.ndenumerate(grid)}
    size = _letter_size(ax, grid.shape, max(map(len, words.values())))
    if size < SMALLEST:
        return
    _rule(ax, *grid.shape)
    for (row, column), word in words.items():
        color = colors(ax.images[-1].norm(np.clip(grid[row, column], -full, full)))
        ax.text(column, row, word, color=_ink(color), fontsize=size, ha="center", va="center_baseline")


def _ink(color: tuple[float, ...]) -> str:
    """Return dark ink for a light cell, and white ink for a dark one."""
    red, green, blue, solid = color
    return DARK if solid == 0 or 0.299 * red + 0.587 * green + 0.114 * blue > 0.5 else "white"


def _spell(number: float, whole: bool, digits: int) -> str:
    """Return a number as it stands in a cell, with a real minus sign and without a negative zero.

    Example:
        >>> _spell(-12.0, True, 3), _spell(0.12345, False, 3), _spell(-0.0, False, 3), _spell(math.nan, False, 3)
        ('−12', '0.123', '0', '')
    """
    if math.isnan(number):
        return ""
    if math.isinf(number):
        return "∞" if number > 0 else "−∞"
    return (f"{number + 0.0:.0f}" if whole else f"{number + 0.0:.{digits}g}").replace("-", "−")


def _letter_size(ax: Axes, shape: tuple[int, int], letters: int) -> float:
    """Return the font size in points with which the longest number fits into its cell."""
    place = ax.get_subplotspec()
    rows, columns = (1, 1) if place is None else place.get_gridspec().get_geometry()
    width, height = ax.figure.get_size_inches()
    cell = 72 * 0.9 * min(width / columns / shape[1], height / rows / shape[0])
    return min(11.0, 0.5 * cell, 1.45 * cell / max(letters, 1))


def _marked(shape: tuple[int, int], window: Any) -> np.ndarray:
    """Return the cells of an index as True in a grid."""
    marked = np.zeros(shape, dtype=bool)
    try:
        marked[window] = True
    except IndexError as error:
        raise IndexError(
            f"show_values: window must fit into {shape[0]} rows and {shape[1]} columns: {error}."
        ) from None
    if not marked.any():
        raise IndexError(f"show_values: window must hold at least one of {shape[0]} x {shape[1]} cells, got none.")
    return marked


def _frame(ax: Axes, marked: np.ndarray) -> None:
    """Draw the outline of the marked cells, bright on a dark rim; it also runs along the border of the grid."""
    padded = torch.from_numpy(np.pad(marked, 1)).long()
    sides = [((x - 1.5, y - 1.5), (x - 1.5, y - 0.5)) for y, x in _changes(padded, 1)]
    sides += [((x - 1.5, y - 1.5), (x - 0.5, y - 1.5)) for y, x in _changes(padded, 0)]
    for color, thick in ((DARK, 4.4), (FRAME, 2.6)):
        lines = LineCollection(sides, colors=color, linewidths=thick, capstyle="round", zorder=3)
        lines.set_clip_on(False)
        ax.add_collection(lines)


def _changes(padded: Tensor, axis: int) -> list[list[int]]:
    """Return the cells (y, x) that differ from their neighbor before them along an axis."""
    changed = padded.diff(dim=axis) != 0
    return (changed.nonzero() + torch.tensor([axis == 0, axis == 1]).long()).tolist()


def _tell(grid: np.ndarray, signed: bool, digits: int) -> str:
    """Return the matrix in words: all its numbers if it is tiny, else its size and range."""
    height, width = grid.shape
    whole = _is_whole(grid)
    if grid.size <= 49:
        rows = "; ".join(" ".join(_spell(number, whole, digits) or "empty" for number in row) for row in grid)
        return f"{height} x {width} numbers, row by row: {rows}."
    low, high = _spell(np.nanmin(grid), whole, digits), _spell(np.nanmax(grid), whole, digits)
    return f"{height} x {width} {'signed ' if signed else ''}numbers from {low} to {high}."
