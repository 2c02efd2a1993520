"""How much a pixel of a class shall count: weights from counts."""

import torch
from torch import Tensor

from seglearn.exercises.kinds import FunctionExercise, Wrong, given
from seglearn.labels import IGNORE


def _cases(seed: int):
    chance = torch.Generator().manual_seed(seed)
    masks = (torch.rand(2, *[(1, 3), (2, 5), (4, 3), (3, 7), (2, 2)][seed], generator=chance) ** 2 * 3).long()
    masks[0, 0, :3] = torch.tensor([0, 1, 2])[: masks.shape[2]]
    if seed == 0:
        return given(masks, 3, note="every class is there, nothing is void")
    masks[1, -1, :2], masks[1, 0, 0] = IGNORE, 2
    if seed == 4:
        masks[:] = IGNORE
        return given(masks, 3, note="nothing is labeled: nothing counts")
    return given(masks, 4 + seed % 2, note="void pixels, and absent classes")


def class_weights(masks: Tensor, classes: int) -> Tensor:
    counts = torch.bincount(masks[masks != IGNORE], minlength=classes)
    return torch.where(counts > 0, counts.sum() / (classes * counts.clamp(min=1)), 0.0)


def _counts(masks: Tensor, classes: int) -> Tensor:
    return torch.bincount(masks[masks != IGNORE], minlength=classes).float()


def _by_loop(masks: Tensor, classes: int) -> Tensor:
    result, total = torch.zeros(classes), (masks != IGNORE).sum()
    for k in range(classes):
        pixels = (masks == k).sum()
        if pixels:
            result[k] = total / (classes * pixels)
    return result


def _per_image(masks: Tensor, classes: int) -> Tensor:
    return torch.stack([class_weights(mask, classes) for mask in masks]).mean(dim=0)


WEIGHTS = FunctionExercise(
    name="07.class_weights",
    title="Weights from counts",
    minutes=5,
    difficulty=2,
    objective="compute inverse-frequency class weights from the masks of a data set",
    hints=(
        "Which weight makes every class weigh the same in sum, however many pixels it has?",
        "1. count the labeled pixels of each class  2. all of them / (classes * count)  3. 0 where the count is 0",
        "torch.where(counts > 0, counts.sum() / (classes * counts), 0.0)",
    ),
    cases=_cases,
    seeds=5,
    oracle=class_weights,
    rights=(_by_loop, lambda m, k: (_counts(m, k).sum() / (k * _counts(m, k))).nan_to_num(0, posinf=0)),
    wrongs=(
        Wrong(
            "shares",
            lambda m, k: (_counts(m, k) * k / _counts(m, k).sum()).nan_to_num(0),
            "The common classes have the large weights. It is the rare ones that should count more: turn it around.",
        ),
        Wrong(
            "infinite",
            lambda m, k: _counts(m, k).sum() / (k * _counts(m, k)),
            "A class without pixels gets an infinite weight, or NaN. It has no pixel to be weighed: give it 0.",
        ),
        Wrong(
            "never zero",
            lambda m, k: _counts(m, k).sum() / (k * _counts(m, k).clamp(min=1)),
            "You count an absent class as if it had one pixel, so it gets the largest weight of all. Give it 0.",
        ),
        Wrong(
            "one over share",
            lambda m, k: (_counts(m, k).sum() / _counts(m, k)).nan_to_num(0, posinf=0),
            "Your weights are K times too large: a class of average size should weigh 1. Divide by K as well.",
        ),
        Wrong(
            "void counted",
            lambda m, k: (m.numel() / (k * _counts(m, k))).nan_to_num(0, posinf=0),
            "You divide the number of all pixels, void ones too. Only labeled pixels count.",
        ),
        Wrong(
            "void as class 0",
            lambda m, k: class_weights(m.where(m != IGNORE, 0), k),
            "Void pixels were counted as class 0.",
        ),
        Wrong(
            "present classes only",
            lambda m, k: class_weights(m, k) * (k / (_counts(m, k) > 0).sum().clamp(min=1)),
            "You divide by the number of classes that occur. K is the number of all classes.",
        ),
        Wrong(
            "sum of one",
            lambda m, k: (class_weights(m, k) / class_weights(m, k).sum()).nan_to_num(0),
            "Your weights add up to 1. Harmless in a weighted mean, but asked was 1 for a class of average size.",
        ),
        Wrong(
            "classes cut off",
            lambda m, k: class_weights(m, max([int(m[m != IGNORE].max()) + 1] if (m != IGNORE).any() else [0])),
            "There is no weight for the last, absent classes: bincount needs minlength=classes.",
        ),
        Wrong(
            "image by image",
            _per_image,
            "You averaged the weights of single images. Count over all masks together, then divide once.",
        ),
        Wrong(
            "double",
            lambda m, k: class_weights(m, k).double(),
            "The values are right, but float64. A loss multiplies them with float32 logits: keep float32.",
        ),
    ),
    remark="Only ratios matter: the weighted mean divides by the sum of the weights it used.",
)
