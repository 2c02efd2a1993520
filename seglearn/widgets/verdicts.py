"""How hits, misses and false alarms look in a still: for explorables that compare a guess with a truth."""

import numpy as np

COLORS = {"hits": "#0072B2", "misses": "#E69F00", "false_alarms": "#D55E9E"}  # explorable.css agrees


def draw_verdicts(ax, truth: np.ndarray, guess: np.ndarray) -> None:
    """Draw each pixel that truth or guess calls object, by color and mark, with the counts as legend.

    Shapes:
        truth (H, W) bool
        guess (H, W) bool
    """
    height, width = truth.shape
    side = 250 / width  # a pixel's side in points, so that marks fit into their pixels
    marks = {"hits": ("s", truth & guess), "misses": ("x", truth & ~guess), "false_alarms": (".", guess & ~truth)}
    for name, (mark, where) in marks.items():
        rows, columns = where.nonzero()
        ax.scatter(columns, rows, s=(0.9 * side) ** 2, marker="s", color=COLORS[name], alpha=0.35, linewidth=0)
        label = f"{where.sum()} {name.replace('_', ' ')}"
        ax.scatter(columns, rows, s=(0.6 * side) ** 2, marker=mark, color=COLORS[name], label=label)
    ax.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5), aspect="equal", xticks=[], yticks=[])
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, 0), ncols=3, frameon=False, fontsize=8)
