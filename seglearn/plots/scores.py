"""Scores side by side: each one named, with its number, on one scale from 0 to 1."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from seglearn.plots.panels import DARK, QUIET, describe, take_or_make, write_title

CHOSEN, OTHERS = "#d54600", "#7a8794"
STROKES = (("#005ab2", "-", "o"), ("#d54600", "--", "s"), ("#00795a", ":", "^"), ("#8a4f7d", "-.", "D"))


def show_scores(scores: Mapping[str, float], ax: Axes | None = None, *, title: str = "", chosen: str = "") -> Axes:
    """Draw a stem with its number for each score, the first on top; `chosen` is filled and in another color.

    Raises:
        ValueError: there is no score, or one is outside [0, 1].
    """
    if not scores or not all(0 <= score <= 1 for score in scores.values()):
        raise ValueError(f"show_scores: scores must hold numbers from 0 to 1, got {dict(scores)}.")
    ax = take_or_make(ax, width=5.6, height=0.5 + 0.3 * len(scores))
    for row, (name, score) in enumerate(scores.items()):
        mine = name == chosen
        color = CHOSEN if mine else OTHERS
        ax.plot([0, score], [row, row], color=color, linewidth=2.4 if mine else 1.4)
        ax.plot(score, row, "o", color=color, markerfacecolor=color if mine else "white", markersize=7)
        ax.annotate(
            f"{score:.3f}", (score, row), xytext=(9, 0), textcoords="offset points", va="center",
            fontsize=9, color=color if mine else DARK, weight="bold" if mine else "normal",
        )  # fmt: skip
    ax.set_yticks(range(len(scores)), list(scores))
    ax.tick_params(axis="y", length=0)
    ax.set(xlim=(0, 1.08), ylim=(len(scores) - 0.5, -0.5), xticks=[0, 0.5, 1])
    ax.spines["left"].set_visible(False)
    write_title(ax, title)
    describe(ax, "; ".join(f"{name} {score:.3f}" for name, score in scores.items()) + ".")
    return ax


def show_sweep(
    steps: Sequence[float],
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    ax: Axes | None = None,
    *,
    title: str = "",
    xlabel: str = "",
    ylabel: str = "",
) -> Axes:
    """Draw how up to four scores change with one thing: `curves[name]` is (mean, spread), one number per step.

    The spread is a band around the line; every line has its own dashes and marks, and is named where it ends.

    Raises:
        ValueError: more than four curves, or one of another length than `steps`.
    """
    if len(curves) > len(STROKES):
        raise ValueError(f"show_sweep: at most {len(STROKES)} curves can be told apart, got {len(curves)}.")
    wrong = [name for name, pair in curves.items() if any(len(values) != len(steps) for values in pair)]
    if wrong:
        raise ValueError(f"show_sweep: every curve needs {len(steps)} numbers, one per step; look at {wrong}.")
    ax = take_or_make(ax, width=5.2, height=3.2)
    ends = []
    for (name, (mean, spread)), (color, dashes, mark) in zip(curves.items(), STROKES, strict=False):
        mean, spread = np.asarray(mean, dtype=float), np.asarray(spread, dtype=float)
        ax.fill_between(steps, mean - spread, mean + spread, color=color, alpha=0.15, linewidth=0)
        ax.plot(steps, mean, color=color, linestyle=dashes, marker=mark, markersize=5, linewidth=1.8)
        ends.append((mean[-1], f"{name} {mean[-1]:.2f}", color))
    room = steps[-1] - steps[0] or 1
    height = -1.0
    for y, text, color in sorted(ends):
        height = max(y, height + 0.085)  # pushed apart where lines end close together
        ax.annotate(
            text, (steps[-1] + 0.04 * room, height), color=color, fontsize=9, va="center", annotation_clip=False
        )
    ax.set(xlim=(steps[0] - 0.03 * room, steps[-1] + 0.55 * room), ylim=(0, 1.04), xlabel=xlabel, ylabel=ylabel)
    ax.set(xticks=list(steps), yticks=[0, 0.5, 1])
    ax.grid(axis="y", color="#eeeeee", linewidth=0.8)
    ax.set_axisbelow(True)
    ax.spines["bottom"].set_color(QUIET)
    write_title(ax, title)
    describe(ax, "; ".join(f"{name} from {mean[0]:.2f} to {mean[-1]:.2f}" for name, (mean, _) in curves.items()) + ".")
    return ax
