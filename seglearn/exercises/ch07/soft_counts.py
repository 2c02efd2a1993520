"""Counting with probabilities: hits, guesses and truths of one image, as smooth sums."""

import torch
import torch.nn.functional as F
from torch import Tensor

from seglearn.exercises.kinds import FunctionExercise, Wrong, given


def _one_image(seed: int):
    chance = torch.Generator().manual_seed(seed)
    size, classes = [(1, 1), (1, 3), (2, 3), (5, 4)][seed], [2, 2, 3, 4][seed]
    probs = torch.randn(classes, *size, generator=chance).softmax(dim=0)
    mask = torch.randint(0, max(classes - 1, 1), size, generator=chance)
    return given(probs, mask, note="the last class is absent")


def planes(mask: Tensor, classes: int) -> Tensor:
    """Return the planes (..., K, H, W) of masks (..., H, W), all zeros where a mask is void."""
    return (mask.unsqueeze(-3) == torch.arange(classes, device=mask.device)[:, None, None]).float()


def soft_counts(probs: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    truth = planes(mask, len(probs))
    return (probs * truth).sum(dim=(1, 2)), probs.sum(dim=(1, 2)), truth.sum(dim=(1, 2))


def _by_einsum(probs: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    truth = F.one_hot(mask, len(probs)).movedim(-1, 0).float()
    return torch.einsum("khw,khw->k", probs, truth), probs.flatten(1).sum(1), truth.flatten(1).sum(1)


def _hard_counts(probs: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    return soft_counts(planes(probs.argmax(dim=0), len(probs)), mask)


SOFT_COUNTS = FunctionExercise(
    name="07.soft_counts",
    title="Counting with probabilities",
    minutes=4,
    difficulty=1,
    objective="implement hits, guesses and truths of every class as sums of probabilities",
    hints=(
        "Which axis must survive the sums?",
        "1. one product of planes  2. three sums over rows and columns  3. one number for each class",
        "(probs * truth).sum(dim=(1, 2)), probs.sum(dim=(1, 2)), truth.sum(dim=(1, 2))",
    ),
    cases=_one_image,
    seeds=4,
    oracle=soft_counts,
    rights=(_by_einsum,),
    wrongs=(
        Wrong(
            "means",
            lambda p, m: tuple(part / m.numel() for part in soft_counts(p, m)),
            "These are means. Counts of a large picture are large: sum.",
        ),
        Wrong(
            "over the classes",
            lambda p, m: (
                (p * planes(m, len(p))).sum(dim=0),
                p.sum(dim=0),
                planes(m, len(p)).sum(dim=0),
            ),
            "You summed over the classes, so one number per pixel is left. Sum over rows and columns: dim=(1, 2).",
        ),
        Wrong(
            "hard guesses",
            _hard_counts,
            "You counted the winners. Then no small change of a probability changes anything: nothing to learn from.",
        ),
        Wrong(
            "one number for all",
            lambda p, m: tuple(part.sum() for part in soft_counts(p, m)),
            "One number for all classes: each class needs its own counts.",
        ),
        Wrong(
            "guess only where true",
            lambda p, m: (soft_counts(p, m)[0], soft_counts(p, m)[0], soft_counts(p, m)[2]),
            "Your guess is counted only where the class is, so it equals the hits. False alarms count, too.",
        ),
        Wrong(
            "another order",
            lambda p, m: (soft_counts(p, m)[0], soft_counts(p, m)[2], soft_counts(p, m)[1]),
            "Guess and truth have changed places: first hit, then guess, then truth.",
        ),
        Wrong(
            "intersection by minimum",
            lambda p, m: (torch.minimum(p, 1 - planes(m, len(p))).sum(dim=(1, 2)), *soft_counts(p, m)[1:]),
            "Your hits are summed where the class is not: those are false alarms.",
        ),
    ),
    remark="A confusion matrix made of probabilities: smooth, so that it has slopes.",
)
