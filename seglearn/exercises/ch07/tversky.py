"""Tversky: Dice and Jaccard as two points of one family, with a price for each kind of error."""

from torch import Tensor

from seglearn.exercises.ch07.dice import counts, present_mean
from seglearn.exercises.ch07.inputs import logits_and_mask
from seglearn.exercises.ch07.slopes import same_gradient
from seglearn.exercises.kinds import FunctionExercise, Wrong, given
from seglearn.exercises.laws import gradient_reaches, keeps_device, without
from seglearn.exercises.readymade import REGION_LOSSES
from seglearn.labels import IGNORE
from seglearn.losses import tversky_loss


def _cases(seed: int):
    alpha, beta = [(0.3, 0.7), (0.5, 0.5), (1.0, 1.0), (0.2, 1.5), (0.7, 0.3)][seed]
    logits, mask = logits_and_mask(seed, 1 if seed == 0 else 2, 3, [(1, 4), (2, 5), (4, 3), (3, 2), (2, 2)][seed])
    if seed == 3:
        logits[0, 1, 0, 1] = 1e4
    if seed == 4:
        mask[:] = IGNORE
    note = ["one image", "equals Dice", "equals Jaccard", "alpha + beta is not 1", "nothing valid: 0"]
    return given(logits, mask, alpha, beta, note=note[seed])


def tversky(logits: Tensor, mask: Tensor, alpha: float, beta: float) -> Tensor:
    return tversky_loss(logits, mask, alpha=alpha, beta=beta)


def _with(index):
    """Return a loss that averages 1 - index(hit, false, missed, alpha, beta) over the present classes."""

    def loss(logits: Tensor, mask: Tensor, alpha: float, beta: float) -> Tensor:
        hit, guess, truth = counts(logits.softmax(dim=1), mask)
        return present_mean(1 - index(hit, guess - hit, truth - hit, alpha, beta), truth)

    return loss


def _part(hit: Tensor, rest: Tensor) -> Tensor:
    return hit / (hit + rest).where(hit + rest > 0, 1)


def _all_classes(logits: Tensor, mask: Tensor, alpha: float, beta: float) -> Tensor:
    hit, guess, truth = counts(logits.softmax(dim=1), mask)
    return (1 - _part(hit, alpha * (guess - hit) + beta * (truth - hit))).mean() * (truth.sum() > 0)


def _per_pixel(logits: Tensor, mask: Tensor, alpha: float, beta: float) -> Tensor:
    valid = mask != IGNORE
    p, labels = logits.softmax(dim=1).movedim(1, -1)[valid], mask[valid]
    total = logits.sum() * 0
    for k in labels.unique().tolist():
        inside, outside = p[labels == k, k], p[labels != k, k]
        index = inside.sum() / (inside.sum() + alpha * outside.sum() + beta * (1 - inside).sum())
        total = total + (1 - index) / len(labels.unique())
    return total


TVERSKY = FunctionExercise(
    name="07.tversky",
    title="A price for each kind of error",
    minutes=8,
    difficulty=3,
    objective="derive and implement the Tversky loss, of which Dice and Jaccard are two settings",
    hints=(
        "Which part of the guess is no hit? Which part of the truth?",
        "1. your Dice up to hit, guess, truth  2. false = guess - hit, missed = truth - hit  3. the index, as for Dice",
        "index = hit / (hit + alpha * (guess - hit) + beta * (truth - hit))",
    ),
    cases=_cases,
    seeds=5,
    oracle=tversky,
    laws=(
        gradient_reaches(),
        keeps_device(),
        without(*REGION_LOSSES),
        same_gradient(tversky, "The value is right, its gradient is not."),
    ),
    rights=(_with(lambda hit, false, missed, a, b: _part(hit, a * false + b * missed)), _per_pixel),
    wrongs=(
        Wrong(
            "prices swapped",
            _with(lambda hit, false, missed, a, b: _part(hit, b * false + a * missed)),
            "Alpha and beta have changed places: alpha is the price of false positives, beta that of misses.",
        ),
        Wrong(
            "hits paid for",
            _with(lambda hit, false, missed, a, b: _part(hit, a * (false + hit) + b * (missed + hit))),
            "You put a price on the whole guess and truth. Only what is no hit costs: guess - hit, truth - hit.",
        ),
        Wrong(
            "beta from alpha",
            _with(lambda hit, false, missed, a, b: _part(hit, a * false + (1 - a) * missed)),
            "You use 1 - alpha in place of beta. They need not add up to 1: Jaccard has 1 and 1.",
        ),
        Wrong(
            "doubled numerator",
            _with(lambda hit, false, missed, a, b: 2 * _part(hit, a * false + b * missed)),
            "The 2 of Dice is still there. With 0.5 and 0.5 the index is Dice already.",
        ),
        Wrong(
            "hits left out below",
            _with(lambda hit, false, missed, a, b: hit / (a * false + b * missed + 1e-12)),
            "The hits are missing in the denominator, so a good guess is divided by almost nothing.",
        ),
        Wrong(
            "still Dice",
            _with(lambda hit, false, missed, a, b: _part(hit, 0.5 * false + 0.5 * missed)),
            "This is Dice for every alpha and beta: the two prices are not used.",
        ),
        Wrong(
            "the index",
            _with(lambda hit, false, missed, a, b: 1 - _part(hit, a * false + b * missed)),
            "This is the index, which should grow. The loss is 1 minus it.",
        ),
        Wrong(
            "absent class fails",
            _all_classes,
            "A class that no pixel has gets loss 1 from you, for whatever the model does. Average the present ones.",
        ),
    ),
    remark="0.5 and 0.5 is Dice, 1 and 1 is Jaccard; beta above alpha makes a model that would rather not miss.",
)
