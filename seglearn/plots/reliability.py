"""Does a model mean what it says? Confidence against accuracy, and the gap between them."""

import numpy as np
from matplotlib.axes import Axes

from seglearn.plots.panels import DARK, QUIET, describe, take_or_make, write_title

TOO_SURE, TOO_MODEST = "#d54600", "#005ab2"
LARGEST = 260  # points², the dot that holds all pixels


def show_reliability(table, ax: Axes | None = None, *, title: str = "") -> Axes:
    """Draw a reliability diagram: a dot per bin of confidence, and a line to where an honest model would stand.

    The area of a dot says how many pixels it holds, so the calibration error is what the eye sees: the mean length of
    the lines, each weighed by its dot. Below the diagonal (orange, solid) a model is too sure, above it (blue, dotted)
    too modest.

    `table` has the columns confidence, accuracy and count, one entry per bin (`metrics.reliability` makes it); bins
    without pixels are left out.

    Raises:
        ValueError: no bin holds a pixel.
    """
    count = table.count.detach().cpu().double().numpy()  # (B,)
    seen = count > 0
    if not seen.any():
        raise ValueError("show_reliability: at least one bin must hold a pixel, got none. Is every pixel ignored?")
    confidence, accuracy = (
        column.detach().cpu().double().numpy()[seen] for column in (table.confidence, table.accuracy)
    )
    share = count[seen] / count.sum()
    ax = take_or_make(ax, width=3.6, height=3.6)
    ax.plot([0, 1], [0, 1], color=QUIET, linewidth=1, zorder=1)
    ax.text(0.1, 0.16, "honest", color=DARK, fontsize=8, rotation=45, ha="center", va="center", rotation_mode="anchor")
    for said, was, part in zip(confidence, accuracy, share, strict=True):
        color, dashes = (TOO_SURE, "-") if was < said else (TOO_MODEST, (0, (1, 1)))
        ax.plot([said, said], [said, was], color=color, linestyle=dashes, linewidth=1.8, zorder=2)
        ax.scatter(said, was, s=18 + LARGEST * part, color=color, edgecolor="white", linewidth=0.6, zorder=3)
    ax.set(xlim=(0, 1.04), ylim=(0, 1.04), aspect="equal", xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
    ax.set(xlabel="confidence: what it says", ylabel="accuracy: what is true")
    _name_the_sides(ax, confidence, accuracy)
    write_title(ax, title)
    describe(ax, _tell(confidence, accuracy, share))
    return ax


def _name_the_sides(ax: Axes, confidence: np.ndarray, accuracy: np.ndarray) -> None:
    """Write what a place off the diagonal means, if a dot lies there."""
    if (accuracy < confidence).any():
        ax.text(0.97, 0.06, "too sure", color=TOO_SURE, fontsize=9, ha="right")
    if (accuracy > confidence).any():
        ax.text(0.05, 0.95, "too modest", color=TOO_MODEST, fontsize=9, va="top")


def _tell(confidence: np.ndarray, accuracy: np.ndarray, share: np.ndarray) -> str:
    error = float((share * np.abs(confidence - accuracy)).sum())
    widest = int(share.argmax())
    return (
        f"calibration error {error:.3f}; the fullest bin holds {100 * share[widest]:.0f} % of the pixels, "
        f"says {confidence[widest]:.2f} and is right in {accuracy[widest]:.2f}."
    )
