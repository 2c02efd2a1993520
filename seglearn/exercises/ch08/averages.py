"""A batch on which the mean over images and the score of the whole data set disagree."""

import math

import torch
from torch import Tensor

from seglearn.exercises.ch08.means import batch_iou
from seglearn.exercises.kinds import ValueExercise, Wrong
from seglearn.labels import IGNORE


def gap_of(pred: Tensor, mask: Tensor) -> float:
    """Return how far the mean over images lies from the score of the whole, for two classes."""
    each = [batch_iou(p[None], m[None], 2) for p, m in zip(pred, mask, strict=True)]
    return abs(sum(each) / len(each) - batch_iou(pred, mask, 2))


def fault_of(pair) -> str:
    """Return the name of the first thing that is wrong with a pair (pred, mask), "" where it breaks the test."""
    if not isinstance(pair, tuple | list) or len(pair) != 2 or not all(isinstance(x, Tensor) for x in pair):
        return "no pair of tensors"
    pred, mask = pair
    if any(x.is_floating_point() or x.dtype == torch.bool for x in pair):
        return "no whole numbers"
    if pred.shape != mask.shape or pred.ndim != 3:
        return "no batch"
    if len(pred) != 2:
        return "not two images"
    if pred.numel() > 12:
        return "too large"
    if not (torch.isin(pred, torch.tensor([0, 1])).all() and torch.isin(mask, torch.tensor([0, 1, IGNORE])).all()):
        return "other labels"
    if torch.equal(pred, mask):
        return "perfect"
    found = gap_of(pred, mask)
    if math.isnan(found):
        return "nothing to judge"
    return "" if found >= 0.3 else "too alike"


def _wrong(name: str, pair, sentence: str) -> Wrong:
    return Wrong(name, pair, sentence, when=lambda value: fault_of(value) == name)


_PRED, _MASK = torch.tensor([[[0, 0, 0, 0]], [[1, 1, 1, 0]]]), torch.tensor([[[0, 0, 0, 0]], [[0, 0, 0, 0]]])

BREAK = ValueExercise(
    name="08.break_average",
    title="Break it: two ways to average",
    minutes=5,
    difficulty=2,
    objective="construct a batch on which per-image and data-set mean IoU disagree",
    accept=lambda pair: fault_of(pair) == "",
    hints=(
        "What if one image is easy and holds a single class, and the other is a disaster?",
        "1. one image all right  2. in the other almost nothing  3. compare (1 + little) / 2 with one table for both",
        "mask = torch.tensor([[[0, 255, 255, 255]], [[1, 1, 1, 1]]]), and a prediction that is 0 everywhere",
    ),
    rights=(
        (torch.zeros(2, 1, 4, dtype=torch.int64), torch.tensor([[[0, 255, 255, 255]], [[1, 1, 1, 1]]])),
        [
            torch.tensor([[[0, 1, 0, 0, 0, 0]], [[0, 0, 0, 0, 0, 0]]]),
            torch.tensor([[[0, 1, 255, 255, 255, 255]], [[1, 1, 1, 1, 1, 1]]]),
        ],
    ),
    wrongs=(
        _wrong("no pair of tensors", _PRED, "Give a pair of tensors: breaks_it = pred, mask."),
        _wrong("no whole numbers", (_PRED.float(), _MASK), "Labels are whole numbers: torch.tensor([[[0, 1]], ...])."),
        _wrong(
            "no batch",
            (_PRED[0], _MASK[0]),
            "Both must have one shape (2, H, W): two images, each with rows and columns.",
        ),
        _wrong("not two images", (_PRED[:1], _MASK[:1]), "Two images are needed: with one, both ways are the same."),
        _wrong(
            "too large",
            (torch.zeros(2, 3, 3).long(), torch.ones(2, 3, 3).long()),
            "The art is to do it with 12 pixels or fewer.",
        ),
        _wrong("other labels", (_PRED + 1, _MASK), "Use labels 0 and 1, and 255 in the mask only."),
        _wrong("perfect", (_MASK, _MASK), "Everything is right, so both ways give 1. One image must go wrong."),
        _wrong(
            "nothing to judge",
            (_PRED[:, :, :1], torch.tensor([[[0]], [[255]]])),
            "One image is all void: its score is NaN, and so is every mean with it.",
        ),
        _wrong(
            "too alike",
            (_PRED, torch.tensor([[[0, 0, 0, 0]], [[1, 1, 1, 1]]])),
            "The two ways lie less than 0.3 apart. Make the images more unequal: one easy, the other hopeless and "
            "much larger (void makes an image small).",
        ),
    ),
    remark="Neither is wrong: one asks about images, the other about pixels. Wrong is to compare them with each other.",
)
