"""Dice loss of a batch with void pixels and absent classes."""

import torch
from torch import Tensor

from seglearn.exercises.ch07.inputs import filled, logits_and_mask
from seglearn.exercises.ch07.slopes import same_gradient
from seglearn.exercises.ch07.soft_counts import planes
from seglearn.exercises.kinds import FunctionExercise, Wrong, given
from seglearn.exercises.laws import gradient_reaches, keeps_device, without
from seglearn.exercises.readymade import REGION_LOSSES
from seglearn.labels import IGNORE
from seglearn.losses import dice_loss


def _batches(seed: int):
    notes = [
        "two pixels",
        "two images of unequal content, void pixels, and class 2 is absent",
        "four classes, one of them absent; one image is all void",
        "logits of 10,000",
        "nothing valid: 0",
    ]
    if seed == 0:
        return given(torch.tensor([[[[2.0, 0.0]], [[0.5, 1.0]]]]), torch.tensor([[[0, 1]]]), note=notes[0])
    logits, mask = logits_and_mask(seed, 2, 4 if seed == 2 else 3, [(3, 4), (5, 2), (2, 3), (3, 2)][seed - 1])
    if seed == 2:
        mask[1] = IGNORE
    if seed == 3:
        logits[0, 1, 0, 1], logits[1, 0, 0, 0] = 1e4, -1e4
    if seed == 4:
        mask = torch.full_like(mask, IGNORE)
    return given(logits, mask, note=notes[seed])


def dice(logits: Tensor, mask: Tensor) -> Tensor:
    return dice_loss(logits, mask)


def counts(p: Tensor, mask: Tensor, dims=(0, 2, 3)) -> tuple[Tensor, Tensor, Tensor]:
    """Return hit, guess and truth of probabilities (N, K, H, W), summed over some axes."""
    truth, valid = planes(mask, p.shape[1]), (mask != IGNORE).unsqueeze(1)
    return (p * truth).sum(dims), (p * valid).sum(dims), truth.sum(dims)


def present_mean(score: Tensor, truth: Tensor) -> Tensor:
    """Return the mean over the classes that occur, 0 where none does."""
    return torch.where(truth > 0, score, 0).sum() / (truth > 0).sum().clamp(min=1)


def _ratio(a: Tensor, b: Tensor) -> Tensor:
    return a / b.where(b > 0, 1)


def _dice_of(p: Tensor, mask: Tensor) -> Tensor:
    hit, guess, truth = counts(p, mask)
    return present_mean(1 - _ratio(2 * hit, guess + truth), truth)


def _by_selection(logits: Tensor, mask: Tensor) -> Tensor:
    valid = mask != IGNORE
    p, labels = logits.softmax(dim=1).movedim(1, -1)[valid], mask[valid]  # (M, K), (M,)
    losses = [1 - 2 * p[labels == k, k].sum() / (p[:, k].sum() + (labels == k).sum()) for k in labels.unique().tolist()]
    return torch.stack(losses).mean() if losses else logits.sum() * 0


def _over_all_classes(logits: Tensor, mask: Tensor) -> Tensor:
    hit, guess, truth = counts(logits.softmax(dim=1), mask)
    return (1 - _ratio(2 * hit, guess + truth)).mean() * (mask != IGNORE).any()


def _smoothed(logits: Tensor, mask: Tensor) -> Tensor:
    hit, guess, truth = counts(logits.softmax(dim=1), mask)
    return (1 - (2 * hit + 1) / (guess + truth + 1)).mean()


def _per_image(logits: Tensor, mask: Tensor) -> Tensor:
    return torch.stack([dice_loss(z[None], m[None]) for z, m in zip(logits, mask, strict=True)]).mean()


def _micro(logits: Tensor, mask: Tensor) -> Tensor:
    hit, guess, truth = (part.sum() for part in counts(logits.softmax(dim=1), mask))
    return (1 - _ratio(2 * hit, guess + truth)) * (truth > 0)


def _void_in_the_guess(logits: Tensor, mask: Tensor) -> Tensor:
    p = logits.softmax(dim=1)
    hit, _, truth = counts(p, mask)
    return present_mean(1 - 2 * hit / (p.sum(dim=(0, 2, 3)) + truth), truth)


def _no_factor(logits: Tensor, mask: Tensor) -> Tensor:
    hit, guess, truth = counts(logits.softmax(dim=1), mask)
    return present_mean(1 - _ratio(hit, guess + truth), truth)


def _jaccard(logits: Tensor, mask: Tensor) -> Tensor:
    hit, guess, truth = counts(logits.softmax(dim=1), mask)
    return present_mean(1 - _ratio(hit, guess + truth - hit), truth)


def _squared(logits: Tensor, mask: Tensor) -> Tensor:
    p = logits.softmax(dim=1)
    hit, _, truth = counts(p, mask)
    guess = counts(p**2, mask)[1]
    return present_mean(1 - _ratio(2 * hit, guess + truth), truth)


def _without_background(logits: Tensor, mask: Tensor) -> Tensor:
    hit, guess, truth = (part[1:] for part in counts(logits.softmax(dim=1), mask))
    return present_mean(1 - _ratio(2 * hit, guess + truth), truth)


def _hard(logits: Tensor, mask: Tensor) -> Tensor:
    return _dice_of(planes(logits.argmax(dim=1), logits.shape[1]), mask)


def _score(logits: Tensor, mask: Tensor) -> Tensor:
    hit, guess, truth = counts(logits.softmax(dim=1), mask)
    return present_mean(_ratio(2 * hit, guess + truth), truth)


def _nan_for_nothing(logits: Tensor, mask: Tensor) -> Tensor:
    hit, guess, truth = counts(logits.softmax(dim=1), mask)
    return (1 - 2 * hit / (guess + truth))[truth > 0].mean()


DICE = FunctionExercise(
    name="07.dice",
    title="Dice loss of a batch",
    minutes=10,
    difficulty=2,
    objective="implement the soft Dice loss of a batch with void pixels and absent classes",
    hints=(
        "Which pixels may take part in the three sums, and which classes in the mean?",
        "1. softmax  2. zeros in void pixels  3. hit, guess, truth over batch, rows, columns  4. mean where truth > 0",
        "loss = (1 - 2 * hit / (guess + truth))[truth > 0]; then loss.sum() / max(len(loss), 1)",
    ),
    cases=_batches,
    seeds=5,
    oracle=dice,
    laws=(
        gradient_reaches(),
        keeps_device(),
        without(*REGION_LOSSES),
        same_gradient(dice, "The value is right, its gradient is not."),
    ),
    rights=(lambda z, m: _dice_of(z.softmax(dim=1), m), _by_selection),
    wrongs=(
        Wrong(
            "hard prediction",
            _hard,
            "You counted the winners of argmax. They jump instead of moving, so no gradient comes back: use softmax.",
        ),
        Wrong("the score", _score, "This is the Dice score, which should grow. A loss should shrink: 1 minus it."),
        Wrong(
            "factor two forgotten",
            _no_factor,
            "A perfect guess would cost 0.5 here: guess and truth both count the hits, so the numerator is 2 * hit.",
        ),
        Wrong("Jaccard", _jaccard, "This is Jaccard's union. Dice takes 2 * hit / (guess + truth)."),
        Wrong(
            "image by image",
            _per_image,
            "You take Dice of each image and average. Then a class with three pixels in one image decides much of it; "
            "here the sums run over the whole batch.",
        ),
        Wrong(
            "one ratio for all classes",
            _micro,
            "You added up all classes before dividing. Then large classes drown small ones; "
            "divide for each class, then average.",
        ),
        Wrong(
            "absent class fails",
            _over_all_classes,
            "A class that the mask does not hold gets the worst loss, 1, whatever the model does. It has no vote.",
        ),
        Wrong(
            "smoothed by 1",
            _smoothed,
            "Your + 1 in both halves changes every value, and most for small classes. There is no need: decide the "
            "empty case instead.",
        ),
        Wrong(
            "void in the guess",
            _void_in_the_guess,
            "The guess is summed over void pixels too: the model would be punished where nobody knows the truth.",
        ),
        Wrong(
            "void as class 0",
            lambda z, m: dice_loss(z, filled(m)),
            "Void pixels are counted as class 0, in the truth and in the guess.",
        ),
        Wrong(
            "sigmoid",
            lambda z, m: _dice_of(z.sigmoid(), m),
            "With a sigmoid each class is asked by itself. Here exactly one of K is true: softmax over dim=1.",
        ),
        Wrong(
            "raw logits",
            lambda z, m: _dice_of(z, m),
            "You summed logits. They may be negative or 10,000: make them probabilities first.",
        ),
        Wrong(
            "squared denominator",
            _squared,
            "You squared the guess, as the first paper did: a model that hesitates pays less. Asked is the plain sum.",
        ),
        Wrong(
            "background left out",
            _without_background,
            "Class 0 is missing. It is a class like the others here.",
        ),
        Wrong(
            "over the columns",
            lambda z, m: _dice_of(z.softmax(dim=-1), m),
            "Your softmax runs along the columns of the picture. The classes are axis 1: dim=1.",
        ),
        Wrong(
            "NaN for nothing",
            _nan_for_nothing,
            "Without a valid pixel you average no class at all, which is NaN. The answer is 0.",
        ),
        Wrong(
            "no gradient",
            lambda z, m: _by_selection(z, m).detach(),
            "The value is right, but the graph was cut (.item(), .detach(), .data): nothing can be learned from it.",
        ),
    ),
    remark="No epsilon: the empty cases are decided, not smoothed over.",
)
