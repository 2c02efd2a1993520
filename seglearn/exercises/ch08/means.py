"""The mean IoU of a batch, and the many ways in which it is averaged."""

import math

import torch
from torch import Tensor

from seglearn.exercises.kinds import FunctionExercise, Wrong, given
from seglearn.exercises.laws import without
from seglearn.exercises.readymade import MEANS
from seglearn.labels import IGNORE
from seglearn.metrics import confusion_matrix, dice, iou, mean_iou, pixel_accuracy, precision, recall

PIXELS_MASK = torch.tensor([[[0, 0, 0], [1, 1, 0]], [[0, 0, 255], [2, 2, 255]]])  # the twelve pixels of the chapter
PIXELS_PRED = torch.tensor([[[0, 0, 0], [1, 1, 0]], [[0, 0, 2], [3, 1, 0]]])


def _batches(seed: int):
    """Smallest first; then an absent class, one only predicted, void, unequal images, nothing to judge."""
    small = [
        ([[[0, 0]]], [[[0, 1]]], 2, "one right, one wrong"),
        ([[[0, 0]]], [[[0, 1]]], 3, "class 2 is in neither map"),
        ([[[1, 0, 2]]], [[[1, 0, 0]]], 4, "class 2 is only predicted, class 3 absent"),
        ([[[1, 0, 1, 0]]], [[[1, 0, 255, 1]]], 2, "a void pixel under a prediction"),
        ([[[0, 0]], [[1, 0]]], [[[0, 0]], [[0, 1]]], 2, "one image is perfect, the other all wrong"),
        ([[[1, 0]]], [[[255, 255]]], 2, "nothing has a label: NaN"),
    ]
    if seed < len(small):
        pred, mask, classes, note = small[seed]
        return given(torch.tensor(pred), torch.tensor(mask), classes, note=note)
    if seed == 6:
        return given(PIXELS_PRED, PIXELS_MASK, 5, note="the twelve pixels of the chapter")
    chance = torch.Generator().manual_seed(seed)
    pred, mask = torch.randint(0, 3, (2, 3, 5, 4), generator=chance)
    mask[0] = mask[0].where(torch.rand(5, 4, generator=chance) < 0.5, IGNORE)
    return given(pred, mask, 4, note="three images, the first half void; class 3 is absent")


def batch_iou(pred: Tensor, mask: Tensor, classes: int) -> float:
    return mean_iou(confusion_matrix(pred, mask, classes)).item()


def _of_confusion(score):
    """Return an answer that takes the mean over classes of something else than the course's IoU."""

    def answer(pred: Tensor, mask: Tensor, classes: int) -> float:
        return float(score(confusion_matrix(pred, mask, classes)))

    return answer


def _per_image(pred: Tensor, mask: Tensor, classes: int) -> Tensor:
    return torch.stack([iou(confusion_matrix(p[None], m[None], classes)) for p, m in zip(pred, mask, strict=True)])


def _over(confusion: Tensor, voters: Tensor) -> Tensor:
    return iou(confusion)[voters].nanmean()


def _micro(confusion: Tensor) -> Tensor:
    hit = confusion.diagonal().sum().double()
    return hit / (2 * confusion.sum() - hit)


def _smooth(confusion: Tensor) -> Tensor:
    hit = confusion.diagonal().double()
    return ((hit + 1) / (confusion.sum(0) + confusion.sum(1) - hit + 1)).mean()


def _without_hits_removed(confusion: Tensor) -> Tensor:
    return (confusion.diagonal().double() / (confusion.sum(0) + confusion.sum(1))).nanmean()


def _by_frequency(confusion: Tensor) -> Tensor:
    return (confusion.sum(1).double() / confusion.sum() * iou(confusion).nan_to_num(0)).sum()


def _void_in_the_union(pred: Tensor, mask: Tensor, classes: int) -> float:
    ious = [((pred == k) & (mask == k)).sum().double() / ((pred == k) | (mask == k)).sum() for k in range(classes)]
    return torch.stack(ious).nanmean().item()


def _void_is(label: int):
    return lambda pred, mask, classes: batch_iou(pred, mask.where(mask != IGNORE, label % classes), classes)


def _nothing_is_zero(pred: Tensor, mask: Tensor, classes: int) -> float:
    found = batch_iou(pred, mask, classes)
    return 0.0 if math.isnan(found) else found


def _by_sets(pred: Tensor, mask: Tensor, classes: int) -> float:
    ious = []
    for k in range(classes):
        guessed, true = (pred == k) & (mask != IGNORE), mask == k
        if (guessed | true).any():
            ious.append(((guessed & true).sum() / (guessed | true).sum().double()).item())
    return sum(ious) / len(ious) if ious else math.nan


def _image_by_image(pred: Tensor, mask: Tensor, classes: int) -> float:
    """Return the same number from counts that are added image by image, as in a loop over batches."""
    total = torch.zeros(classes, classes, dtype=torch.int64)
    for p, m in zip(pred, mask, strict=True):
        cell = (m * classes + p)[m != IGNORE]
        total += torch.bincount(cell, minlength=classes**2).reshape(classes, classes)
    hit = total.diagonal().double()
    return (hit / (total.sum(0) + total.sum(1) - hit)).nanmean().item()


MEAN = FunctionExercise(
    name="08.mean_iou",
    title="The mean IoU, with void",
    minutes=8,
    difficulty=2,
    objective="implement the mean IoU of a batch from one confusion matrix, with void and absent classes",
    hints=(
        "Which pixels are counted at all? Which classes vote?",
        "1. drop the pixels whose mask is 255, in both maps  2. one table for the whole batch  3. IoU of each class  "
        "4. classes in neither map do not vote; no class at all: nan",
        "(hit / (rows + columns - hit)).nanmean().item(): 0 / 0 is NaN, and nanmean leaves it out.",
    ),
    cases=_batches,
    seeds=9,
    oracle=batch_iou,
    tolerance=1e-6,
    laws=(without(*MEANS),),
    rights=(_by_sets, _image_by_image),
    wrongs=(
        Wrong(
            "absent is 0",
            _of_confusion(lambda c: iou(c).nan_to_num(0).mean()),
            "A class in neither map lowers your mean: it got IoU 0. It was not there to be found: leave it out.",
        ),
        Wrong(
            "absent is 1",
            _of_confusion(lambda c: iou(c).nan_to_num(1).mean()),
            "A class in neither map lifts your mean: it got IoU 1, praise for nothing. Leave it out.",
        ),
        Wrong(
            "NaN spreads",
            _of_confusion(lambda c: iou(c).mean()),
            "One absent class turns your whole mean into NaN: use nanmean, or keep only the classes that occur.",
        ),
        Wrong(
            "only classes of the truth",
            _of_confusion(lambda c: _over(c, c.sum(1) > 0)),
            "A class that is only predicted has no vote with you, so inventing classes is free. Its IoU of 0 counts.",
        ),
        Wrong(
            "only classes of the prediction",
            _of_confusion(lambda c: _over(c, c.sum(0) > 0)),
            "A class that the model never predicts has no vote with you: it may forget whole classes without a loss.",
        ),
        Wrong(
            "mean over images",
            lambda pred, mask, classes: _per_image(pred, mask, classes).nanmean(1).mean().item(),
            "You average the scores of the images. Count the whole batch into one table, then divide once.",
        ),
        Wrong(
            "mean over images and classes",
            lambda pred, mask, classes: _per_image(pred, mask, classes).nanmean().item(),
            "You average all pairs of an image and a class at once, so a class in many images has many votes.",
        ),
        Wrong(
            "class by class over images",
            lambda pred, mask, classes: _per_image(pred, mask, classes).nanmean(0).nanmean().item(),
            "For each class you average its IoUs in the images. A tiny object then counts like a large one.",
        ),
        Wrong(
            "background left out",
            _of_confusion(lambda c: iou(c)[1:].nanmean()),
            "Class 0 has no vote with you. Here it is a class like the others.",
        ),
        Wrong(
            "void is class 0",
            _void_is(0),
            "Void pixels count as class 0 with you. Nobody knows what they are: drop them first.",
        ),
        Wrong(
            "void is the last class",
            _void_is(-1),
            "Void pixels count as the last class with you (clamp, or an index of -1). Drop them first.",
        ),
        Wrong(
            "void is right",
            lambda pred, mask, classes: batch_iou(pred, torch.where(mask == IGNORE, pred, mask), classes),
            "What is predicted on void counts as right with you. Nobody knows that: drop those pixels from both maps.",
        ),
        Wrong(
            "void in the union",
            _void_in_the_union,
            "What is predicted on void pixels counts as a false alarm with you. Drop those pixels from both maps.",
        ),
        Wrong(
            "all classes in one pot",
            _of_confusion(_micro),
            "You add the hits and unions of all classes and divide once ('micro'): large classes rule. Divide first.",
        ),
        Wrong(
            "weighed by frequency",
            _of_confusion(_by_frequency),
            "You weigh the classes by their pixels. In the mean IoU a pole has as many votes as the sky: one.",
        ),
        Wrong(
            "smoothed",
            _of_confusion(_smooth),
            "You add 1 above and below against 0 / 0. That moves every score, most of all those of small classes.",
        ),
        Wrong(
            "Dice",
            _of_confusion(lambda c: dice(c).nanmean()),
            "This is the mean Dice score: it is never below the IoU.",
        ),
        Wrong(
            "half of Dice",
            _of_confusion(_without_hits_removed),
            "You divide by the sum of both sizes. The shared pixels are in it twice: take them out once.",
        ),
        Wrong(
            "recall",
            _of_confusion(lambda c: recall(c).nanmean()),
            "This is the mean recall: it forgives every false alarm. Divide by the union.",
        ),
        Wrong(
            "recall of the true classes",
            _of_confusion(lambda c: (c.diagonal().double() / c.sum(1)).nanmean()),
            "This is the mean recall of the classes in the truth ('balanced accuracy'). Divide by the union.",
        ),
        Wrong(
            "precision",
            _of_confusion(lambda c: precision(c).nanmean()),
            "This is the mean precision: it forgives every miss. Divide by the union.",
        ),
        Wrong(
            "accuracy",
            _of_confusion(pixel_accuracy),
            "This is the share of right pixels: the largest class has the say.",
        ),
        Wrong(
            "nothing is 0",
            _nothing_is_zero,
            "Where no pixel has a label you say 0, a failure. Nothing is known: return nan.",
        ),
        Wrong(
            "percent",
            lambda pred, mask, classes: 100 * batch_iou(pred, mask, classes),
            "These are percents. The course keeps scores between 0 and 1.",
        ),
    ),
    remark="One table for everything, one division, absent classes do not vote: say so whenever you report a mean IoU.",
)
