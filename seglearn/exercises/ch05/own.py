"""The learner's own picture of digits: a class map, and a label for each of its pixels."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from seglearn.exercises.kinds import ValueExercise, Wrong

CELL, SMALLEST = 8, 16


def labels_of(scores: Tensor, height: int, width: int) -> Tensor:
    """Return the label of each pixel from scores (K, h, w) of cells of 8 x 8 pixels."""
    large = F.interpolate(scores[None].detach(), scale_factor=CELL, mode="bilinear")[0]
    return large.argmax(dim=0)[:height, :width]


def fault_of(own: Any) -> str:
    """Return the name of the first thing that is wrong with (image, class map, labels), "" where all is well."""
    if not isinstance(own, tuple | list) or len(own) != 3 or not all(isinstance(part, Tensor) for part in own):
        return "not three tensors"
    image, scores, pred = own
    if image.ndim != 3 or image.shape[0] != 3:
        return "no picture of three channels"
    if not image.is_floating_point() or not ((image >= 0) & (image <= 1)).all():
        return "picture not in [0, 1]"
    if min(image.shape[1:]) < SMALLEST or image.min() == image.max():
        return "nothing to see"
    if scores.ndim != 3 or not scores.is_floating_point():
        return "class map with a batch"
    cells = tuple(-(-side // CELL) for side in image.shape[1:])
    if tuple(scores.shape[1:]) != cells or scores.shape[0] < 2:
        return "map of another size"
    return _fault_of_labels(scores, pred, *image.shape[1:])


def _fault_of_labels(scores: Tensor, pred: Tensor, height: int, width: int) -> str:
    if pred.is_floating_point() or pred.shape == (len(scores), height, width):
        return "no labels"
    if tuple(pred.shape) != (height, width):
        return "labels of cells"
    expected = labels_of(scores, height, width)
    if (pred == expected).double().mean() >= 0.99:  # ties and rounding
        return "one label" if len(expected.unique()) == 1 else ""
    copied = F.interpolate(scores[None].detach(), scale_factor=CELL, mode="nearest")[0].argmax(0)
    return "copied" if torch.equal(pred, copied[:height, :width]) else "other labels"


def _example(height: int, width: int) -> tuple[Tensor, Tensor, Tensor]:
    chance = torch.Generator().manual_seed(height)
    image = torch.rand(3, height, width, generator=chance)
    scores = torch.randn(4, -(-height // CELL), -(-width // CELL), generator=chance)
    return image, scores, labels_of(scores, height, width)


IMAGE, SCORES, PRED = _example(24, 37)


def _wrong(name: str, own: Any, sentence: str) -> Wrong:
    return Wrong(name, own, sentence, when=lambda value: fault_of(value) == name)


OWN_DIGITS = ValueExercise(
    name="05.own_digits",
    title="Your own handwriting",
    minutes=10,
    difficulty=3,
    objective="apply a classifier as a segmenter to a picture of your own",
    hints=(
        "What did the network learn from: how bright is the ink, how many pixels high is a digit?",
        "1. read_image, white on black, digits about 16 px high  2. class_map  3. to pixels, then argmax",
        "own_pred = label_map(F.interpolate(own_map[None], scale_factor=8, mode='bilinear'))[0, :height, :width]",
    ),
    accept=lambda own: fault_of(own) == "",
    rights=((IMAGE, SCORES, PRED), [*_example(16, 40)], _example(33, 17)),
    wrongs=(
        _wrong("not three tensors", (IMAGE, PRED), "Give three tensors: own = own_image, own_map, own_pred."),
        _wrong(
            "no picture of three channels",
            (IMAGE[:1], SCORES, PRED),
            "The network wants three channels, (3, H, W): own_image.expand(3, -1, -1) for a gray picture.",
        ),
        _wrong("picture not in [0, 1]", (255 * IMAGE, SCORES, PRED), "The picture must hold floats from 0 to 1."),
        _wrong(
            "nothing to see",
            (IMAGE * 0, SCORES, PRED),
            "The picture is smaller than a digit, or of one brightness only.",
        ),
        _wrong(
            "class map with a batch",
            (IMAGE, SCORES[None], PRED),
            "The class map has scores (K, h, w) of one picture: model.class_map(own_image[None])[0].",
        ),
        _wrong(
            "map of another size",
            (IMAGE, SCORES[:, :2], PRED),
            "The class map does not fit this picture: one cell for every 8 x 8 pixels, rounded up.",
        ),
        _wrong("no labels", (IMAGE, SCORES, PRED.double()), "Labels are whole numbers (H, W): take the argmax."),
        _wrong("labels of cells", (IMAGE, SCORES, SCORES.argmax(0)), "These are labels of cells, not of pixels."),
        _wrong(
            "copied",
            (IMAGE, SCORES, SCORES.argmax(0).repeat_interleave(8, 0).repeat_interleave(8, 1)[:24, :37]),
            "You enlarged by copying: blocks of 8 x 8 pixels. Enlarge the scores bilinearly, then decide.",
        ),
        _wrong(
            "one label",
            (IMAGE, 0 * SCORES, 0 * PRED),
            "The network gives every pixel the same label. White ink on black, digits about 16 pixels high?",
        ),
        _wrong(
            "other labels",
            (IMAGE, SCORES, 3 - PRED),
            "These labels are not the winners of the enlarged map. First enlarge the scores, then argmax over classes.",
        ),
    ),
    open=True,
    remark="Your pen is not the writers' pen. Whatever is wrong here is the gap between two worlds: chapter 09.",
)
