"""How good is an IoU of 0.75? A guess to push over the truth, and the two numbers that judge it."""

from collections.abc import Sequence

import numpy as np
import traitlets

from seglearn.widgets.controls import Control, Goal
from seglearn.widgets.explorable import Explorable, module_source
from seglearn.widgets.verdicts import draw_verdicts

_CAR = (  # a car far away: 34 of 768 pixels, so that the background has the majority
    "...####...",
    "..######..",
    "##########",
    "##########",
    ".##....##.",
)
GOAL = Goal(
    "Find a guess whose pixel accuracy is at least 0.95 although its IoU is below 0.5.",
    (("pixel_accuracy", ">=", 0.95), ("iou", "<", 0.5)),
)


def far_car(height: int = 24, width: int = 32) -> np.ndarray:
    """Return the default truth: a small car in the middle of a (height, width) boolean mask."""
    car = np.array([[mark == "#" for mark in row] for row in _CAR])
    truth = np.zeros((height, width), dtype=bool)
    top, left = (height - car.shape[0]) // 2, (width - car.shape[1]) // 2
    truth[top : top + car.shape[0], left : left + car.shape[1]] = car
    return truth


def guess_from(truth: np.ndarray, *, dx: int, dy: int, grow: int) -> np.ndarray:
    """Return the truth grown by `grow` pixels in city-block steps (negative: shrunk) and moved right and down.

    What is outside the frame is background, and what grows or moves out of it is lost.

    Shapes:
        truth  (H, W) bool
        result (H, W) bool
    """
    margin = max(abs(dx), abs(dy)) + abs(grow) + 1
    shape = np.pad(truth, margin)
    for _ in range(abs(grow)):
        shape = _grown(shape) if grow > 0 else ~_grown(~shape)
    moved = np.roll(shape, (dy, dx), axis=(0, 1))  # the margin is wide enough: nothing wraps into the frame
    return moved[margin:-margin, margin:-margin]


def _grown(shape: np.ndarray) -> np.ndarray:
    ring = np.pad(shape, 1)
    return shape | ring[:-2, 1:-1] | ring[2:, 1:-1] | ring[1:-1, :-2] | ring[1:-1, 2:]


def facts(params: dict) -> dict:
    """Return the counts and scores of the guess that `dx`, `dy` and `grow` make of `truth`.

        pixel_accuracy = (hits + correct_background) / all pixels
        iou            = hits / (hits + misses + false_alarms)

    The truth holds at least one pixel, so that the union is never empty.

    Example:
        >>> found = facts({"truth": np.eye(2, dtype=bool), "dx": 1, "dy": 0, "grow": 0})
        >>> found["hits"], found["misses"], found["false_alarms"], found["iou"]
        (0, 2, 1, 0.0)
    """
    truth, controls = params["truth"], {name: params[name] for name in ("dx", "dy", "grow")}
    guess = guess_from(truth, **controls)
    hits, misses, false_alarms = (int(n.sum()) for n in (truth & guess, truth & ~guess, guess & ~truth))
    correct_background = truth.size - hits - misses - false_alarms
    return {
        **controls,
        "hits": hits,
        "misses": misses,
        "false_alarms": false_alarms,
        "correct_background": correct_background,
        "pixel_accuracy": (hits + correct_background) / truth.size,
        "iou": hits / (hits + misses + false_alarms),
    }


def describe(facts: dict) -> str:
    """Return the facts as one sentence."""
    counts = "{hits} hits, {misses} misses, {false_alarms} false alarms".format(**facts)
    return f"{counts}: pixel accuracy {facts['pixel_accuracy']:.3f}, IoU {facts['iou']:.3f}."


class OverlapExplorer(Explorable):
    """Push a guess over the truth and watch pixel accuracy and IoU disagree.

    Arguments:
        truth (H, W) bool   array or tensor with at least one true pixel; default: a small car, 24 x 32 pixels
        goal                one Goal or several, solved one after another

    Raises:
        ValueError: truth is not two-dimensional, or is all background.
    """

    title = "Overlap explorer"
    compute = staticmethod(facts)
    describe = staticmethod(describe)
    _esm = module_source("verdicts.js", "overlap.js")

    dx = traitlets.Int().tag(sync=True)
    dy = traitlets.Int().tag(sync=True)
    grow = traitlets.Int().tag(sync=True)

    def __init__(self, truth=None, *, goal: Goal | Sequence[Goal] = GOAL):
        truth = far_car() if truth is None else np.asarray(truth).astype(bool)
        if truth.ndim != 2 or not truth.any():
            raise ValueError(
                f"OverlapExplorer: truth must be (H, W) with at least one object pixel, got {truth.shape} with "
                f"{int(truth.sum())}. One class of a mask is mask == label."
            )
        height, width = truth.shape
        super().__init__(
            given={"truth": truth},
            controls=(
                Control("dx", "Move right", -(width // 2), width // 2, unit="px"),
                Control("dy", "Move down", -(height // 2), height // 2, unit="px"),
                Control("grow", "Grow", -4, 6, unit="px"),
            ),
            goals=(goal,) if isinstance(goal, Goal) else goal,
            start={"dx": min(6, width // 2), "dy": min(3, height // 2), "grow": 1},
            height=height,
            width=width,
            truth=truth.astype(np.uint8).tobytes(),
        )

    @traitlets.validate("dx", "dy", "grow")
    def _in_range(self, proposal):
        return self.checked(proposal)

    def draw(self, figure) -> None:
        """Draw truth and guess pixel by pixel, with the counts as legend and the two scores as bars."""
        truth, found = self.given["truth"], self.facts
        guess = guess_from(truth, dx=self.dx, dy=self.dy, grow=self.grow)
        grid, scores = figure.subplots(1, 2, width_ratios=(1.7, 1))
        draw_verdicts(grid, truth, guess)
        bars = scores.barh(["IoU", "pixel accuracy"], [found["iou"], found["pixel_accuracy"]], 0.5, color="#5f6b7a")
        scores.bar_label(bars, fmt="%.3f", padding=4)
        scores.set(xlim=(0, 1.25), ylim=(-0.8, 1.8), xticks=[0, 0.5, 1], title="Two judges of one guess")
        scores.spines[["top", "right"]].set_visible(False)
