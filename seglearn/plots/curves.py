"""Curves and tables of a training: every line is named where it ends, every cell shows its number."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from seglearn.checks import check_choice, check_shapes
from seglearn.labels import LabelSet
from seglearn.plots.panels import DARK, describe, take_or_make, write_title

LINES = {  # column of the history -> its name, color and dashes
    "loss": ("training loss", "#005ab2", "-"),
    "val_loss": ("validation loss", "#d54600", (0, (5, 2))),
    "score": ("score", "#00795a", (0, (1, 1.2))),
}


def show_history(history, ax: Axes | None = None, *, title: str = "") -> Axes:
    """Draw how a training went: losses against the left axis, the score (0..1) against the right one.

    `history` has the columns epoch, loss, val_loss and score: lists of one length, NaN or None where it is missing.
    """
    ax = take_or_make(ax, width=5.6, height=3.4)
    epochs = list(history.epoch)
    columns = {name: _numbers(getattr(history, name, None), len(epochs)) for name in LINES}
    columns = {name: values for name, values in columns.items() if np.isfinite(values).any()}
    right = ax.twinx() if "score" in columns else None
    ends = []
    for name, values in columns.items():
        home = right if name == "score" else ax
        _, color, dashes = LINES[name]
        seen = np.isfinite(values)
        x, y = np.array(epochs)[seen], values[seen]
        home.plot(x, y, color=color, linestyle=dashes, linewidth=1.8, marker="o" if len(x) == 1 else None, markersize=4)
        ends.append((home, name, x[-1], y[-1]))
    _frame(ax, right, epochs)
    _name_the_lines(ax, ends)
    write_title(ax, title)
    describe(ax, _tell(columns))
    return ax


def _numbers(values, length: int) -> np.ndarray:
    """Return a column as floats; what is missing is NaN."""
    if not values:
        return np.full(length, np.nan)
    return np.array([math.nan if value is None else float(value) for value in values])


def _frame(ax: Axes, right: Axes | None, epochs: list[float]) -> None:
    first, last = (min(epochs), max(epochs)) if epochs else (0, 1)
    room = max(last - first, 1)
    ticks = MaxNLocator(nbins=6, integer=True).tick_values(first, last)
    ax.set_xticks([tick for tick in ticks if first <= tick <= last])
    ax.set_xlim(first - 0.03 * room, last + 0.42 * room)  # room for the names at the right
    ax.set_ylim(bottom=0)
    ax.margins(y=0.08)
    ax.set(xlabel="epoch", ylabel="loss")
    ax.grid(axis="y", color="#eeeeee", linewidth=0.8)
    ax.set_axisbelow(True)
    if right is not None:
        right.set_ylim(0, 1)
        right.set_ylabel("score", fontsize=9, color=DARK)
        right.spines[:].set_visible(False)
        right.tick_params(length=0, labelcolor=DARK, labelsize=9)


def _name_the_lines(ax: Axes, ends: list[tuple]) -> None:
    """Write each line's name and last value at its end, pushed apart where lines end close together."""
    heights = []
    for home, _, _, y in ends:
        low, high = home.get_ylim()
        heights.append((y - low) / (high - low))
    gap, floor = 0.085, 0.04
    for i in np.argsort(heights):
        heights[i] = floor = max(heights[i], floor)
        floor += gap
    spill = max(0.0, floor - gap - 0.97)  # the topmost name stays inside
    for (_, name, x, y), height in zip(ends, heights, strict=True):
        text, color, _ = LINES[name]
        ax.annotate(
            f"{text} {y:.2f}", (x, height - spill), xycoords=("data", "axes fraction"), xytext=(6, 0),
            textcoords="offset points", color=color, fontsize=8.5, va="center",
        )  # fmt: skip


def _tell(columns: dict[str, np.ndarray]) -> str:
    parts = []
    for name, values in columns.items():
        seen = values[np.isfinite(values)]
        parts.append(f"{LINES[name][0]} from {seen[0]:.2f} to {seen[-1]:.2f}")
    return f"{'; '.join(parts)}." if parts else "nothing was recorded."


def show_confusion(
    confusion: Tensor, labels: LabelSet, ax: Axes | None = None, *, title: str = "", normalize: str = "truth"
) -> Axes:
    """Draw a confusion matrix, in percent of each row ("truth"), of each column ("prediction"), or in pixels ("none").

    Shapes:
        confusion (K, K) int64   row = truth, column = prediction; a row without pixels shows dashes
    """
    classes = check_shapes("show_confusion", confusion=(confusion, "K K"))["K"]
    check_choice("show_confusion", "normalize", normalize, ("truth", "prediction", "none"))
    if classes != len(labels):
        raise ValueError(f"show_confusion: confusion must have {len(labels)} rows, one per label, got {classes}.")
    counts = confusion.detach().cpu().double().numpy()
    total = {"truth": counts.sum(1, keepdims=True), "prediction": counts.sum(0, keepdims=True), "none": counts.max()}
    with np.errstate(invalid="ignore"):
        share = counts / total[normalize]  # (K, K), NaN where there is nothing to share
    ax = take_or_make(ax, width=max(3.4, 0.62 * classes))
    ax.imshow(np.nan_to_num(share), cmap="Blues", vmin=0, vmax=1, interpolation="nearest")
    for row, column in np.ndindex(classes, classes):
        ink = "white" if share[row, column] > 0.55 else DARK
        ax.text(
            column,
            row,
            _cell(share[row, column], counts[row, column], normalize),
            color=ink,
            fontsize=8,
            ha="center",
            va="center",
        )
    ax.set_xticks(range(classes), labels.names, rotation=40, ha="right", rotation_mode="anchor")
    ax.set_yticks(range(classes), labels.names)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set(xlabel="prediction", ylabel="truth")
    write_title(ax, title)
    describe(ax, _worst(counts, labels))
    return ax


def _cell(share: float, count: float, normalize: str) -> str:
    if normalize == "none":
        return f"{int(count):,}" if count else "·"
    if math.isnan(share):
        return "–"
    return "·" if count == 0 else "<1" if share < 0.005 else f"{100 * share:.0f}"


def _worst(counts: np.ndarray, labels: LabelSet) -> str:
    """Return the share on the diagonal and the most frequent confusion, in words."""
    total, wrong = counts.sum(), counts * (1 - np.eye(len(counts)))
    if total == 0:
        return "a confusion matrix without pixels."
    if wrong.sum() == 0:
        return "a confusion matrix, every pixel right."
    row, column = np.unravel_index(wrong.argmax(), wrong.shape)
    pair = f"{labels.names[row]} taken for {labels.names[column]}"
    return f"a confusion matrix, {100 * np.trace(counts) / total:.0f} % of the pixels right; most often {pair}."
