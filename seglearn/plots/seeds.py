"""Is it a difference, or chance? Every run as a dot, their mean as a bar, and the spread of one rival as a band."""

from collections.abc import Mapping, Sequence
from statistics import mean, stdev

from matplotlib.axes import Axes

from seglearn.plots.panels import DARK, QUIET, describe, take_or_make, write_title

DOTS, BAND = "#005ab2", "#f0c9a8"


def show_seeds(
    runs: Mapping[str, Sequence[float]],
    ax: Axes | None = None,
    *,
    title: str = "",
    xlabel: str = "",
    rival: str = "",
    names: bool = True,
) -> Axes:
    """Draw a row of dots for each name, one dot per run, and their mean as a bar; the first row on top.

    Args:
        runs: the results of each row, one number per seed.
        rival: the row to compare with: its mean and spread (one standard deviation each way) lie behind all others.
        names: write the rows' names; off for the right one of two drawings with the same rows.

    Raises:
        ValueError: there is no row, or one has no run, or the rival is none of them.
    """
    if not runs or not all(len(values) for values in runs.values()):
        raise ValueError(
            f"show_seeds: every row needs at least one run, got { ({k: len(v) for k, v in runs.items()}) }."
        )
    if rival and rival not in runs:
        raise ValueError(f"show_seeds: rival must be one of {', '.join(runs)}, got {rival!r}.")
    ax = take_or_make(ax, width=4.6, height=0.7 + 0.28 * len(runs))
    if rival:
        middle, spread = mean(runs[rival]), _spread(runs[rival])
        ax.axvspan(middle - spread, middle + spread, color=BAND, linewidth=0, zorder=0)
        ax.axvline(middle, color=QUIET, linewidth=0.8, linestyle=(0, (4, 2)), zorder=1)
    for row, values in enumerate(runs.values()):
        ax.plot(values, [row] * len(values), "o", color=DOTS, markersize=5.5, alpha=0.55, markeredgewidth=0, zorder=3)
        ax.plot([mean(values)] * 2, [row - 0.3, row + 0.3], color=DARK, linewidth=2, zorder=4)
    ax.set_yticks(range(len(runs)), list(runs) if names else [""] * len(runs))
    ax.set(ylim=(len(runs) - 0.4, -0.6), xlabel=xlabel)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="y", color="#eeeeee", linewidth=0.8)
    ax.set_axisbelow(True)
    ax.spines["left"].set_visible(False)
    ax.margins(x=0.08)
    write_title(ax, title)
    told = "; ".join(f"{name} {mean(values):.3f} ± {_spread(values):.3f}" for name, values in runs.items())
    describe(ax, f"{xlabel or 'result'}, mean and spread: {told}.")
    return ax


def _spread(values: Sequence[float]) -> float:
    """Return the standard deviation, 0 for a single run."""
    return stdev(values) if len(values) > 1 else 0.0
