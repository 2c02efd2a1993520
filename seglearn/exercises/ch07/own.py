"""A mask of your own, and what a lazy model would pay for it under two losses."""

import math

import torch
from torch import Tensor

from seglearn.exercises.kinds import ValueExercise, Wrong
from seglearn.labels import IGNORE
from seglearn.losses import cross_entropy_loss, dice_loss


def lazy_logits(mask: Tensor, classes: int) -> Tensor:
    """Return the logits (1, K, H, W) of a model that says the most frequent class everywhere: 4 against 0."""
    favorite = torch.bincount(mask[mask != IGNORE], minlength=classes).argmax()
    logits = torch.zeros(1, classes, *mask.shape)
    logits[:, favorite] = 4.0
    return logits


def _mask_of(value) -> Tensor | None:
    mask = value[0] if isinstance(value, tuple | list) and len(value) == 3 else None
    good = isinstance(mask, Tensor) and mask.ndim == 2 and mask.dtype == torch.int64
    return mask if good and len(mask[mask != IGNORE].unique()) > 1 else None


def _losses(mask: Tensor) -> tuple[float, float]:
    classes = int(mask[mask != IGNORE].max()) + 1
    logits = lazy_logits(mask, classes)
    return tuple(float(loss(logits, mask[None])) for loss in (cross_entropy_loss, dice_loss))


def _near(value, right: float) -> bool:
    return math.isclose(float(value), right, rel_tol=1e-3)


def _fits(value) -> bool:
    mask = _mask_of(value)
    return mask is not None and all(_near(v, r) for v, r in zip(value[1:], _losses(mask), strict=True))


_MASK = torch.tensor([[0, 0, 0, 0, 1], [0, 0, 0, IGNORE, 1]])
_CE, _DICE = _losses(_MASK)

OWN = ValueExercise(
    name="07.own_mask",
    title="Your own mask, a lazy model",
    minutes=8,
    difficulty=2,
    objective="apply two losses to a mask of your own, and read what they say about laziness",
    open=True,
    accept=_fits,
    hints=(
        "What do the two losses take, and in which shape?",
        "1. logits of the lazy model  2. mask with a batch axis  3. one number from each loss",
        "own = own_mask, cross_entropy_loss(lazy, own_mask[None]), dice_loss(lazy, own_mask[None])",
    ),
    wrongs=(
        Wrong(
            "not three things",
            (_CE, _DICE),
            "Three things are asked, in this order: your mask, cross-entropy, Dice.",
            when=lambda v: not (isinstance(v, tuple | list) and len(v) == 3),
        ),
        Wrong(
            "losses swapped",
            (_MASK, _DICE, _CE),
            "The two losses stand in the other order: first cross-entropy, then Dice.",
            when=lambda v: _mask_of(v) is not None and _near(v[1], _losses(v[0])[1]) and _near(v[2], _losses(v[0])[0]),
        ),
        Wrong(
            "one class only",
            (torch.zeros(2, 3, dtype=torch.int64), 0.0, 0.0),
            "The mask needs two classes or more: against a single one, laziness is right.",
            when=lambda v: (
                isinstance(v, tuple) and isinstance(v[0], Tensor) and not v[0].is_floating_point()
                and v[0].ndim == 2 and len(v[0][v[0] != IGNORE].unique()) < 2
            ),
        ),
        Wrong(
            "a batch",
            (_MASK[None], _CE, _DICE),
            "Hand over the mask itself, (H, W), without a batch axis.",
            when=lambda v: isinstance(v, tuple) and isinstance(v[0], Tensor) and v[0].ndim == 3,
        ),
        Wrong(
            "losses of another model",
            (_MASK, 0.5, 0.5),
            "These are not the two losses of the lazy model on this mask. Use the logits in `lazy`.",
            when=lambda v: _mask_of(v) is not None and not _fits(v) and not (
                _near(v[1], _losses(v[0])[1]) and _near(v[2], _losses(v[0])[0])
            ),
        ),
    ),
    rights=((_MASK, _CE, _DICE), (_MASK, torch.tensor(_CE), torch.tensor(_DICE))),
    remark="The more one class fills a picture, the cheaper laziness is for cross-entropy. Dice is not impressed.",
)  # fmt: skip
