"""What does a loss want? Nine pixels to drag, six losses that judge them, and the pull of one loss at every pixel."""

import math
from collections.abc import Sequence

import numpy as np
import traitlets

from seglearn.labels import IGNORE
from seglearn.widgets.controls import Control, Goal, Grid
from seglearn.widgets.explorable import Explorable, module_source, style_source

MASK = ((0, 0, 0), (0, 1, 1), (0, 0, IGNORE))
START = (-2, -1.5, -2.5, -1, 0.5, -0.5, -3, -1.5, 1)
LOSSES = ("cross_entropy", "focal", "dice", "jaccard", "tversky", "lovasz")
NAMES = ("cross-entropy", "focal", "Dice", "Jaccard", "Tversky", "Lovász")
GAMMA, ALPHA, BETA = 2, 0.3, 0.7  # of the focal and the Tversky loss
LARGEST, STEP = 6, 0.5  # of a margin
GOAL = Goal(
    "Make Dice fall while cross-entropy rises, each by at least 0.05 from the start.",
    (("d_dice", "<=", -0.05), ("d_cross_entropy", ">=", 0.05)),
)


def judge(margins: Sequence[float], truth: Sequence[int]) -> dict[str, tuple[float, list[float]]]:
    """Return every loss of some pixels, and its gradient with respect to their margins.

    A margin z is the score of the object minus that of the background: p(object) = 1 / (1 + exp(-z)).

    Shapes:
        margins (P,)   valid pixels only
        truth   (P,)   0 or 1, each at least once

    Example:
        >>> value, gradient = judge([0.0, 0.0], [0, 1])["cross_entropy"]
        >>> round(value, 4), gradient
        (0.6931, [0.25, -0.25])
    """
    p = [1 / (1 + math.exp(-z)) for z in margins]
    towards = [1 if t else -1 for t in truth]  # how the probability of the true class moves with the margin
    sure = [q if t else 1 - q for q, t in zip(p, truth, strict=True)]  # probability of the true class
    surprise = [_softplus(-z * w) for z, w in zip(margins, towards, strict=True)]
    slope = [q * (1 - q) for q in p]  # dp / dz
    count = len(p)
    focal = [(1 - s) ** GAMMA * u for s, u in zip(sure, surprise, strict=True)]
    pull = [-((1 - s) ** GAMMA) * (GAMMA * s * u + 1 - s) * w for s, u, w in zip(sure, surprise, towards, strict=True)]
    found = {
        "cross_entropy": (_total(surprise) / count, [(q - t) / count for q, t in zip(p, truth, strict=True)]),
        "focal": (_total(focal) / count, [g / count for g in pull]),
        "dice": _tversky(p, truth, slope, 0.5, 0.5),
        "jaccard": _tversky(p, truth, slope, 1, 1),
        "tversky": _tversky(p, truth, slope, ALPHA, BETA),
        "lovasz": _lovasz(p, truth, slope),
    }
    return found


def _softplus(z: float) -> float:
    return max(z, 0) + math.log1p(math.exp(-abs(z)))


def _total(values) -> float:
    """Return the sum, added one after another as JavaScript does."""
    total = 0.0
    for value in values:
        total += value
    return total


def _tversky(p: list, truth: Sequence[int], slope: list, alpha: float, beta: float) -> tuple[float, list[float]]:
    """Return the Tversky loss, the mean of both classes, and its gradient."""
    value, gradient = 0.0, [0.0] * len(p)
    for k in (0, 1):
        share = [q if k else 1 - q for q in p]
        inside = [int(t == k) for t in truth]
        hit = _total(s * t for s, t in zip(share, inside, strict=True))
        total = hit + alpha * (_total(share) - hit) + beta * (_total(inside) - hit)
        value += (1 - hit / total) / 2
        for i, t in enumerate(inside):
            grown = t + alpha * (1 - t) - beta * t  # by how much the denominator grows with this share
            gradient[i] -= (t * total - hit * grown) / total**2 * slope[i] * (1 if k else -1) / 2
    return value, gradient


def _lovasz(p: list, truth: Sequence[int], slope: list) -> tuple[float, list[float]]:
    """Return the Lovász loss, the mean of both classes, and its gradient; of equal errors the first pixel leads."""
    value, gradient = 0.0, [0.0] * len(p)
    for k in (0, 1):
        inside = [int(t == k) for t in truth]
        errors = [abs(t - (q if k else 1 - q)) for q, t in zip(p, inside, strict=True)]
        order = sorted(range(len(p)), key=lambda i: (-_rounded(errors[i]), i))
        left, union, before = sum(inside), sum(inside), 0.0
        for i in order:
            left, union = left - inside[i], union + 1 - inside[i]
            lost = 1 - left / union
            value += errors[i] * (lost - before) / 2
            towards = (-1 if inside[i] else 1) * (1 if k else -1)  # how this error moves with the margin
            gradient[i] += (lost - before) * towards * slope[i] / 2
            before = lost
    return value, gradient


def _rounded(value: float) -> float:
    """Return a number to six decimals, as JavaScript rounds it: the languages' exp differ in the last bit."""
    return math.floor(value * 1e6 + 0.5) / 1e6


def facts(params: dict) -> dict:
    """Return the probabilities, every loss, its change since the start, and the pull of the chosen loss.

    `arrows` is minus the gradient of the chosen loss with respect to each margin: where it is positive, the loss wants
    the object's score to rise. Void pixels have no say: their arrow is 0. All fractions have six decimals.

    Params:
        margins, start (flat lists), mask (flat list of 0, 1 and 255), loss (place in LOSSES)

    Example:
        >>> found = facts({"margins": [0, 0, 9], "start": [0, 0, 0], "mask": [0, 1, 255], "loss": 0})
        >>> found["cross_entropy"], found["arrows"], found["d_dice"]
        (0.693147, [-0.25, 0.25, 0.0], 0.0)
    """
    mask = list(params["mask"])
    valid = [i for i, label in enumerate(mask) if label != IGNORE]
    truth = [mask[i] for i in valid]
    now, start = (judge([params[name][i] for i in valid], truth) for name in ("margins", "start"))
    name = LOSSES[params["loss"]]
    arrows = [0.0] * len(mask)
    for i, g in zip(valid, now[name][1], strict=True):
        arrows[i] = _rounded(-g)
    object_at = [params["margins"][i] > 0 for i in valid]
    hits = sum(o and t for o, t in zip(object_at, truth, strict=True))
    union = sum(bool(o or t) for o, t in zip(object_at, truth, strict=True))
    right = sum(o == bool(t) for o, t in zip(object_at, truth, strict=True))
    return {
        "margins": list(params["margins"]),
        "probs": [_rounded(1 / (1 + math.exp(-z))) for z in params["margins"]],
        "loss_name": name,
        **{loss: _rounded(now[loss][0]) for loss in LOSSES},
        **{f"d_{loss}": _rounded(now[loss][0] - start[loss][0]) for loss in LOSSES},
        "arrows": arrows,
        "iou": _rounded(hits / union),
        "accuracy": _rounded(right / len(valid)),
    }


def describe(facts: dict) -> str:
    """Return the facts as one sentence."""
    said = (
        f"{name} {facts[loss]:.3f} ({_signed(facts[f'd_{loss}'])})" for loss, name in zip(LOSSES, NAMES, strict=True)
    )
    return f"{', '.join(said)}; IoU of the object {facts['iou']:.3f}."


def _signed(value: float) -> str:
    return f"{value:+.3f}".replace("-", "−")


class LossExplorer(Explorable):
    """Drag the margins of a few pixels, see every loss, and the pull of one of them.

    Arguments:
        margins (H, W)       where the hand starts: score of the object minus score of the background, from -6 to 6
        mask    (H, W) int   0 = background, 1 = object, 255 = void; both classes must occur
        goal                 one Goal or several, solved one after another

    Raises:
        ValueError: margins and mask differ in size, or the mask lacks a class or holds another label.
    """

    title = "Loss explorer"
    compute = staticmethod(facts)
    describe = staticmethod(describe)
    _esm = module_source("loss_explorer.js")
    _css = style_source("loss_explorer.css")

    margins = traitlets.List(traitlets.Float()).tag(sync=True)
    loss = traitlets.Int().tag(sync=True)
    pixel = traitlets.Int().tag(sync=True)

    def __init__(self, margins=None, mask=None, *, goal: Goal | Sequence[Goal] = GOAL):
        mask = np.array(MASK if mask is None else mask)
        given = np.reshape(START, (3, 3)) if margins is None else np.array(margins, dtype=float)
        if mask.ndim != 2 or given.shape != mask.shape:
            raise ValueError(
                f"LossExplorer: margins and mask must have one size (H, W), got {given.shape} and {mask.shape}."
            )
        if set(mask.ravel().tolist()) - {IGNORE} != {0, 1}:
            raise ValueError(
                f"LossExplorer: mask must hold 0 (background) and 1 (object), and {IGNORE} where it is void, got "
                f"{sorted(set(mask.ravel().tolist()))}."
            )
        rows, columns = mask.shape
        start, flat = given.ravel().tolist(), mask.ravel().tolist()
        super().__init__(
            given={"mask": flat, "start": start},
            controls=(
                Grid("margins", "Margins", rows, columns, low=-LARGEST, high=LARGEST, step=STEP, by="stage"),
                Control("loss", "Arrows of", 0, len(LOSSES) - 1, choices=NAMES),
                Control("pixel", "Pixel", 0, mask.size - 1, by="stage"),
            ),
            goals=(goal,) if isinstance(goal, Goal) else goal,
            start={"margins": start, "loss": 0, "pixel": flat.index(0)},
            rows=rows,
            columns=columns,
            mask=flat,
            begin=start,
        )

    @traitlets.validate("margins", "loss", "pixel")
    def _in_range(self, proposal):
        return self.checked(proposal)

    def draw(self, figure) -> None:
        """Draw each pixel with its probability and the pull on it, and beside it the losses, now and at the start."""
        found, (rows, columns) = self.facts, (self.controls["margins"].rows, self.controls["margins"].columns)
        grid, bars = figure.subplots(1, 2, width_ratios=(1, 1.35))
        for i, label in enumerate(self.given["mask"]):
            y, x = divmod(i, columns)
            p, is_void = found["probs"][i], label == IGNORE
            look = {"facecolor": "white", "hatch": "///"} if is_void else {"facecolor": str(1 - 0.6 * p)}
            grid.add_patch(_square(x, y, edgecolor="#9aa3ad", **look))
            if label == 1:
                grid.add_patch(_square(x, y, inset=0.06, fill=False, edgecolor="black", linewidth=2.5))
            text = "void" if is_void else f"p {p:.2f}\nz {self.margins[i]:g}".replace("-", "−")
            grid.text(
                x - 0.38, y, text, va="center", fontsize=8, bbox={"facecolor": "white", "edgecolor": "none", "pad": 1}
            )
            if found["arrows"][i]:
                length = -math.copysign(min(0.4, abs(found["arrows"][i]) * 3.2), found["arrows"][i])
                tip = {"arrowstyle": "-|>", "color": "#D55E00", "linewidth": 2, "mutation_scale": 8}
                grid.annotate("", (x + 0.27, y + length), (x + 0.27, y - length * 0.2), arrowprops=tip)
        grid.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5), aspect="equal", xticks=[], yticks=[])
        grid.set_title(f"Arrows: what {NAMES[self.loss]} pulls at", fontsize=9)
        values = [found[loss] for loss in LOSSES]
        begin = [found[loss] - found[f"d_{loss}"] for loss in LOSSES]
        drawn = bars.barh(NAMES, values, 0.55, color="#5f6b7a")
        bars.plot(begin, range(len(LOSSES)), "|", color="black", markersize=15, label="at the start")
        labels = [f"{found[loss]:.3f}  ({_signed(found[f'd_{loss}'])})" for loss in LOSSES]
        bars.bar_label(drawn, labels, padding=6, fontsize=8)
        bars.set(xlim=(0, 1.6 * max(*values, *begin)), title="Six losses of these pixels")
        bars.invert_yaxis()
        bars.legend(loc="upper center", bbox_to_anchor=(0.5, -0.1), frameon=False, fontsize=8)
        bars.spines[["top", "right"]].set_visible(False)


def _square(x: int, y: int, *, inset: float = 0.0, **look):
    from matplotlib.patches import Rectangle  # late: only stills draw

    return Rectangle((x - 0.5 + inset, y - 0.5 + inset), 1 - 2 * inset, 1 - 2 * inset, **look)
