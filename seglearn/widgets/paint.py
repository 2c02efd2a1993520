"""What do scores see? Paint a prediction over a truth, and watch six judges of one picture."""

import math
from collections.abc import Sequence

import numpy as np
import torch
import traitlets

from seglearn.metrics import boundary_iou
from seglearn.metrics.boundaries import boundary
from seglearn.widgets.controls import Control, Goal, Grid
from seglearn.widgets.explorable import Explorable, module_source, style_source
from seglearn.widgets.verdicts import draw_verdicts

GOAL = Goal(
    "Raise Dice to 0.8 or more and, with the same picture, bring boundary IoU down to 0.5 or less.",
    (("dice", ">=", 0.8), ("boundary_iou", "<=", 0.5)),
)
SCORES = ("pixel_accuracy", "precision", "recall", "dice", "iou", "boundary_iou")
RATIO = 0.02  # of the diagonal, as seglearn.metrics.boundary_iou has it


def sign_on_a_pole(height: int = 24, width: int = 32) -> np.ndarray:
    """Return the default truth: a round sign on a pole two pixels wide, a (height, width) boolean mask."""
    row, column = np.mgrid[:height, :width]
    middle = width / 2 - 0.5
    disk = (row - 0.36 * height) ** 2 + (column - middle) ** 2 < (0.3 * height) ** 2
    pole = (row > 0.36 * height) & (row < height - 1) & (abs(column - middle) < 1)
    return disk | pole


def outline_of(mask: np.ndarray) -> np.ndarray:
    """Return the inner outline of a mask, as wide as boundary IoU looks: (H, W) bool."""
    return boundary(torch.from_numpy(mask), width=band_px(mask.shape)).numpy()


def band_px(size: tuple[int, int]) -> int:
    """Return how many pixels wide the outline is that boundary IoU compares."""
    return max(1, round(RATIO * math.sqrt(size[0] ** 2 + size[1] ** 2)))


def facts(params: dict) -> dict:
    """Return the counts of the painted prediction and the six scores that they give.

        pixel_accuracy = (hits + correct_background) / all       precision = hits / painted
        dice = 2·hits / (2·hits + misses + false_alarms)         recall    = hits / (hits + misses)
        iou  = hits / (hits + misses + false_alarms)             boundary_iou: see seglearn.metrics

    Precision is 0 while nothing is painted, as seglearn.metrics has it for a class of the truth that is never
    predicted. The truth holds at least one pixel, so that nothing else divides by 0.

    Params:
        truth (H, W) bool; pred (flat list of 0 and 1)

    Example:
        >>> found = facts({"truth": np.array([[True, True, False]]), "pred": [1, 0, 0]})
        >>> found["dice"], found["precision"], found["recall"]
        (0.6666666666666666, 1.0, 0.5)
    """
    truth = params["truth"]
    pred = np.array(params["pred"], dtype=bool).reshape(truth.shape)
    hits, misses, false_alarms = (int(n.sum()) for n in (truth & pred, truth & ~pred, pred & ~truth))
    painted, correct_background = hits + false_alarms, truth.size - hits - misses - false_alarms
    return {
        "hits": hits,
        "misses": misses,
        "false_alarms": false_alarms,
        "correct_background": correct_background,
        "pixel_accuracy": (hits + correct_background) / truth.size,
        "precision": hits / painted if painted else 0.0,
        "recall": hits / (hits + misses),
        "dice": 2 * hits / (2 * hits + misses + false_alarms),
        "iou": hits / (hits + misses + false_alarms),
        "boundary_iou": boundary_iou(torch.from_numpy(pred), torch.from_numpy(truth), dilation_ratio=RATIO).item(),
    }


def describe(facts: dict) -> str:
    """Return the facts as one sentence."""
    counts = "{hits} hits, {misses} misses, {false_alarms} false alarms".format(**facts)
    said = (f"{_spelled(name)} {facts[name]:.3f}" for name in SCORES)
    return f"{counts}: {', '.join(said)}."


def _spelled(name: str) -> str:
    return name.replace("_", " ").replace("iou", "IoU").replace("dice", "Dice")


class Pixels(traitlets.List):
    """A flat list of 0 and 1; an array or tensor of any shape is laid out as one."""

    def validate(self, obj, value):
        """Return the value as a flat list."""
        return super().validate(obj, np.asarray(value).astype(int).ravel().tolist())


class PaintExplorer(Explorable):
    """Paint a prediction over a truth with the mouse, a finger or the keys, and watch six scores.

    Arguments:
        truth (H, W) bool   array or tensor with at least one true pixel; default: a round sign on a pole, 24 x 32
        pred  (H, W) bool   where the painting starts; default: the outline of the truth, hollow
        goal                one Goal or several, solved one after another

    `explorer.pred = array` paints from Python: a (H, W) array, or a flat list of 0 and 1.

    Raises:
        ValueError: truth is not two-dimensional or all background, or pred has another size.
    """

    title = "Paint explorer"
    compute = staticmethod(facts)
    describe = staticmethod(describe)
    _esm = module_source("verdicts.js", "paint.js")
    _css = style_source("paint.css")

    pred = Pixels(traitlets.Int()).tag(sync=True)
    tool = traitlets.Int().tag(sync=True)
    brush = traitlets.Int().tag(sync=True)
    row = traitlets.Int().tag(sync=True)
    column = traitlets.Int().tag(sync=True)

    def __init__(self, truth=None, pred=None, *, goal: Goal | Sequence[Goal] = GOAL):
        truth = sign_on_a_pole() if truth is None else np.asarray(truth).astype(bool)
        if truth.ndim != 2 or not truth.any():
            raise ValueError(
                f"PaintExplorer: truth must be (H, W) with at least one object pixel, got {truth.shape} with "
                f"{int(truth.sum())}. One class of a mask is mask == label."
            )
        start = outline_of(truth) if pred is None else np.asarray(pred).astype(bool)
        if start.shape != truth.shape:
            raise ValueError(f"PaintExplorer: pred must be as large as truth, {truth.shape}, got {start.shape}.")
        height, width = truth.shape
        begin = start.astype(int).ravel().tolist()
        super().__init__(
            given={"truth": truth},
            controls=(
                Grid("pred", "Prediction", height, width, low=0, high=1, by="stage"),
                Control("tool", "Tool", 0, 1, choices=("paint", "erase")),
                Control("brush", "Brush", 1, 5, unit="px"),
                Control("row", "Row", 0, height - 1, by="stage"),
                Control("column", "Column", 0, width - 1, by="stage"),
            ),
            goals=(goal,) if isinstance(goal, Goal) else goal,
            start={"pred": begin, "tool": 0, "brush": 2, "row": height // 2, "column": width // 2},
            height=height,
            width=width,
            truth=truth.astype(np.uint8).tobytes(),
            band=band_px(truth.shape),
            begin=begin,
        )
        self._start = self.facts

    @traitlets.validate("pred", "tool", "brush", "row", "column")
    def _in_range(self, proposal):
        return self.checked(proposal)

    def draw(self, figure) -> None:
        """Draw hits, misses and false alarms pixel by pixel, and the six scores with where they started."""
        truth, found = self.given["truth"], self.facts
        pred = np.array(self.pred, dtype=bool).reshape(truth.shape)
        grid, scores = figure.subplots(1, 2, width_ratios=(1.5, 1))
        draw_verdicts(grid, truth, pred)
        names = [_spelled(name) for name in SCORES]
        bars = scores.barh(names, [found[name] for name in SCORES], 0.55, color="#5f6b7a")
        scores.bar_label(bars, fmt="%.3f", padding=4, fontsize=8)
        before = [self._start[name] for name in SCORES]
        scores.plot(before, range(len(SCORES)), "|", color="black", markersize=15, label="at the start")
        scores.set(xlim=(0, 1.3), xticks=[0, 0.5, 1], title="Six judges of one picture")
        scores.invert_yaxis()
        scores.legend(loc="upper center", bbox_to_anchor=(0.5, -0.1), frameon=False, fontsize=8)
        scores.spines[["top", "right"]].set_visible(False)
