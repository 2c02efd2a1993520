"""Softmax focal loss: cross-entropy in which pixels that are already right speak softly."""

import torch
import torch.nn.functional as F
from torch import Tensor

from seglearn.exercises.ch07.inputs import filled, logits_and_mask
from seglearn.exercises.ch07.slopes import same_gradient
from seglearn.exercises.kinds import FunctionExercise, Wrong, given
from seglearn.exercises.laws import gradient_reaches, keeps_device, without
from seglearn.exercises.readymade import FOCAL_LOSSES
from seglearn.labels import IGNORE
from seglearn.losses import focal_loss


def _cases(seed: int):
    notes = [
        "one pixel",
        "gamma 0 is weighted cross-entropy; void pixels, and class 2 is absent",
        "gamma 2, unequal weights",
        "gamma 3, and logits of 10,000",
        "nothing valid: 0",
    ]
    weight = torch.tensor([0.5, 2.0, 1.25])
    if seed == 0:
        return given(torch.tensor([[[[2.0]], [[0.5]]]]), torch.tensor([[[0]]]), 2.0, torch.ones(2), note=notes[0])
    logits, mask = logits_and_mask(seed, 2, 3, (3, 4) if seed % 2 else (4, 3))
    if seed == 3:
        logits[0, 0, 0, 1], logits[1, 0, 0, 2], mask[0, 0, 1] = 1e4, -1e4, 1
    if seed == 4:
        mask = torch.full_like(mask, IGNORE)
    return given(logits, mask, (2.0, 0.0, 2.0, 3.0, 1.0)[seed], weight, note=notes[seed])


def focal(logits: Tensor, mask: Tensor, gamma: float, weight: Tensor) -> Tensor:
    return focal_loss(logits, mask, gamma=gamma, weight=weight)


def _parts(logits: Tensor, mask: Tensor, weight: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return p and log p of the true class, and the weight of every pixel, 0 where it is void: (N, H, W) each."""
    log_p = logits.log_softmax(dim=1).gather(1, filled(mask)[:, None])[:, 0]
    return log_p.exp(), log_p, weight[filled(mask)] * (mask != IGNORE)


def _over(total: Tensor, count: Tensor) -> Tensor:
    return total / count.where(count > 0, 1)


def _with(factor, divisor=lambda w, mask: w.sum()):
    """Return a focal loss whose pixels cost factor(p, log p, gamma), summed and divided by `divisor`."""

    def loss(logits: Tensor, mask: Tensor, gamma: float, weight: Tensor) -> Tensor:
        p, log_p, w = _parts(logits, mask, weight)
        return _over((w * factor(p, log_p, gamma)).sum(), divisor(w, mask))

    return loss


def _cost(p: Tensor, log_p: Tensor, gamma: float) -> Tensor:
    return -((1 - p) ** gamma) * log_p


_right = _with(_cost)


def _by_library(logits: Tensor, mask: Tensor, gamma: float, weight: Tensor) -> Tensor:
    surprise = F.cross_entropy(logits, mask, ignore_index=IGNORE, reduction="none")
    w = weight[filled(mask)] * (mask != IGNORE)
    return _over((w * (1 - (-surprise).exp()) ** gamma * surprise).sum(), w.sum())


def _by_selection(logits: Tensor, mask: Tensor, gamma: float, weight: Tensor) -> Tensor:
    valid = mask != IGNORE
    rows, labels = logits.movedim(1, -1)[valid], mask[valid]  # (M, K), (M,)
    if not len(labels):
        return logits.sum() * 0
    log_p = rows.log_softmax(dim=-1)[torch.arange(len(labels), device=labels.device), labels]
    return (weight[labels] * -((1 - log_p.exp()) ** gamma) * log_p).sum() / weight[labels].sum()


def _sigmoid(logits: Tensor, mask: Tensor, gamma: float, weight: Tensor) -> Tensor:
    z = logits.gather(1, filled(mask)[:, None])[:, 0]
    w = weight[filled(mask)] * (mask != IGNORE)
    return _over((w * _cost(z.sigmoid(), F.logsigmoid(z), gamma)).sum(), w.sum())


def _log_of_softmax(logits: Tensor, mask: Tensor, gamma: float, weight: Tensor) -> Tensor:
    p = logits.softmax(dim=1).gather(1, filled(mask)[:, None])[:, 0]
    w = weight[filled(mask)] * (mask != IGNORE)
    return _over(torch.where(w > 0, w * _cost(p, p.log(), gamma), 0).sum(), w.sum())


def _all_classes(logits: Tensor, mask: Tensor, gamma: float, weight: Tensor) -> Tensor:
    log_p, w = logits.log_softmax(dim=1), weight[filled(mask)] * (mask != IGNORE)
    return _over((w * _cost(log_p.exp(), log_p, gamma).sum(dim=1)).sum(), w.sum())


def _weight_of_the_guess(logits: Tensor, mask: Tensor, gamma: float, weight: Tensor) -> Tensor:
    p, log_p, _ = _parts(logits, mask, weight)
    w = weight[logits.argmax(dim=1)] * (mask != IGNORE)
    return _over((w * _cost(p, log_p, gamma)).sum(), w.sum())


def _alpha_in_the_factor(logits: Tensor, mask: Tensor, gamma: float, weight: Tensor) -> Tensor:
    p, log_p, w = _parts(logits, mask, weight)
    return _over((-((w * (1 - p)) ** gamma) * log_p * (mask != IGNORE)).sum(), w.sum())


FOCAL = FunctionExercise(
    name="07.focal",
    title="Focal loss",
    minutes=8,
    difficulty=2,
    objective="implement the softmax focal loss with class weights and void pixels",
    hints=(
        "Which number is near 0 for a pixel that is already right, and near 1 for one that is wrong?",
        "1. log p of the true class  2. (1 - p) ** gamma * -log p  3. times its weight  4. over all weights",
        "(w * (1 - log_p.exp()) ** gamma * -log_p).sum() / total, with total = w.sum(), or 1 where that is 0",
    ),
    cases=_cases,
    seeds=5,
    oracle=focal,
    laws=(
        gradient_reaches(),
        keeps_device(),
        without(*FOCAL_LOSSES),
        same_gradient(focal, "The value is right, its gradient is not: is (1 - p) ** gamma cut off from the graph?"),
    ),
    rights=(_right, _by_library, _by_selection),
    wrongs=(
        Wrong(
            "gamma on the wrong factor",
            _with(lambda p, log_p, gamma: -(p**gamma) * log_p),
            "You use p ** gamma: that turns down the pixels that are wrong. Use 1 - p.",
        ),
        Wrong(
            "gamma as a factor",
            _with(lambda p, log_p, gamma: -gamma * (1 - p) * log_p),
            "You multiply by gamma. It is an exponent: (1 - p) ** gamma, so that gamma 0 leaves cross-entropy.",
        ),
        Wrong(
            "gamma on the surprise",
            _with(lambda p, log_p, gamma: (-log_p) ** gamma),
            "You raise the surprise itself to gamma, which makes hard pixels louder without end. Turn easy ones down.",
        ),
        Wrong(
            "no gamma",
            _with(lambda p, log_p, gamma: -log_p),
            "This is cross-entropy: the factor (1 - p) ** gamma is missing.",
        ),
        Wrong(
            "mean over all pixels",
            _with(_cost, lambda w, mask: torch.tensor(mask.numel())),
            "You divide by the number of all pixels, void ones too. Divide by the summed weights of the valid ones.",
        ),
        Wrong(
            "weights not normalized",
            _with(_cost, lambda w, mask: (mask != IGNORE).sum()),
            "You divide by the number of valid pixels. With weights, a mean divides by the sum of the weights.",
        ),
        Wrong(
            "a sum",
            _with(_cost, lambda w, mask: torch.tensor(1)),
            "This is the sum: it grows with the size of the picture. Divide by the summed weights.",
        ),
        Wrong(
            "sigmoid",
            _sigmoid,
            "You use a sigmoid, as the paper does for yes-or-no detectors. Here K classes compete: softmax over dim=1.",
        ),
        Wrong(
            "detached factor",
            _with(lambda p, log_p, gamma: -((1 - p.detach()) ** gamma) * log_p),
            "The value is right, but you detached (1 - p) ** gamma. It depends on the logits, too: let it learn.",
        ),
        Wrong(
            "alpha inside the factor",
            _alpha_in_the_factor,
            "The class weight stands inside the power. Alpha is one thing, gamma another: weight * (1 - p) ** gamma.",
        ),
        Wrong(
            "alpha of the guess",
            _weight_of_the_guess,
            "You take the weight of the class that the model predicts. It is the true class that has the weight.",
        ),
        Wrong(
            "no alpha",
            lambda z, m, gamma, weight: _right(z, m, gamma, torch.ones_like(weight)),
            "The class weights are not used: multiply each pixel's cost by weight[its class].",
        ),
        Wrong(
            "void as class 0",
            lambda z, m, gamma, weight: _right(z, filled(m), gamma, weight),
            "Void pixels are judged as if they were class 0.",
        ),
        Wrong(
            "all classes",
            _all_classes,
            "You add up all classes of a pixel. Only the true class is asked for its surprise.",
        ),
        Wrong(
            "log of softmax",
            _log_of_softmax,
            "The log of softmax's result is infinite when a probability rounds to 0: use log_softmax.",
        ),
        Wrong(
            "NaN for nothing",
            lambda z, m, gamma, weight: (
                (_parts(z, m, weight)[2] * _cost(*_parts(z, m, weight)[:2], gamma)).sum()
                / _parts(z, m, weight)[2].sum()
            ),
            "Without a valid pixel you divide 0 by 0. The answer is 0: nothing was asked, nothing is to be learned.",
        ),
    ),
    remark="gamma 0 is cross-entropy. At gamma 2 a pixel with p = 0.9 costs a hundredth of what it did.",
)
