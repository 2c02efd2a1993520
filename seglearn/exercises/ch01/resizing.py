"""What blending does to labels, shown by an input that exposes it."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from seglearn.exercises.kinds import ValueExercise, Wrong
from seglearn.labels import IGNORE

OTHER_INTEGERS = (torch.uint8, torch.int8, torch.int16, torch.int32)


def enlarged(mask: Tensor) -> Tensor:
    """Return a mask blown up twofold in each direction by blending: the mistake of the exercise below."""
    size = [2 * side for side in mask.shape]
    return F.interpolate(mask[None, None].double(), size, mode="bilinear").round().long()[0, 0]


def _is_int64(mask) -> bool:
    return isinstance(mask, Tensor) and mask.dtype == torch.int64


def _is_small_mask(mask) -> bool:
    return _is_int64(mask) and mask.ndim == 2 and 0 < mask.numel() <= 8


def _has_known_labels(mask) -> bool:
    return _is_small_mask(mask) and all(0 <= k <= 7 or k == IGNORE for k in mask.unique().tolist())


def _invents(mask) -> bool:
    return _has_known_labels(mask) and not torch.isin(enlarged(mask), mask).all()


BREAK = ValueExercise(
    name="01.break_blending",
    title="Break it: make blending lie",
    minutes=4,
    difficulty=2,
    objective="diagnose interpolation of labels by building an input that exposes it",
    hints=(
        "What is the mean of sky (0) and tree (4)? What does that number mean?",
        "1. two labels side by side  2. some whole number lies between them  3. that number is another class",
        "torch.tensor([[0, 4]])",
    ),
    accept=_invents,
    rights=(torch.tensor([[2, 5]]), torch.tensor([[0], [IGNORE]])),
    wrongs=(
        Wrong(
            "one label",
            torch.tensor([[3, 3]]),
            "One label everywhere: blending 3 with 3 gives 3. Put two labels side by side.",
            when=lambda mask: _has_known_labels(mask) and mask.unique().numel() == 1,
        ),
        Wrong(
            "neighbors in number",
            torch.tensor([[0, 1]]),
            "Between these labels lies no other whole number, so rounding hides the mistake. "
            "Tests with two classes never see it!",
            when=lambda mask: _has_known_labels(mask) and int(mask.max() - mask.min()) == 1,
        ),
        Wrong(
            "nothing invented",
            torch.tensor([[0, 1, 2]]),
            "Enlarged, your mask holds only labels that you gave. "
            "Put two labels whose numbers are far apart side by side.",
            when=lambda mask: _has_known_labels(mask) and int(mask.max() - mask.min()) > 1,
        ),
        Wrong(
            "fractions",
            torch.tensor([[0.0, 4.0]]),
            "Labels are integers: torch.tensor([[0, 4]]), without points.",
            when=lambda mask: isinstance(mask, Tensor) and mask.is_floating_point(),
        ),
        Wrong(
            "yes and no",
            torch.tensor([[False, True]]),
            "True and False are no labels: give whole numbers, torch.tensor([[0, 4]]).",
            when=lambda mask: isinstance(mask, Tensor) and mask.dtype == torch.bool,
        ),
        Wrong(
            "another integer type",
            torch.tensor([[0, 4]], dtype=torch.uint8),
            "The labels are whole numbers, but of another type: use int64, torch.tensor([[0, 4]]).",
            when=lambda mask: isinstance(mask, Tensor) and mask.dtype in OTHER_INTEGERS,
        ),
        Wrong(
            "another number of axes",
            torch.tensor([[[0, 4]]]),
            "A mask has two axes, rows and columns.",
            when=lambda mask: _is_int64(mask) and mask.ndim != 2,
        ),
        Wrong(
            "too large",
            torch.arange(9).remainder(8).reshape(3, 3),
            "The art is to break it with 8 pixels or fewer.",
            when=lambda mask: _is_int64(mask) and mask.ndim == 2 and mask.numel() > 8,
        ),
        Wrong(
            "no such class",
            torch.tensor([[0, 9]]),
            "The streets have labels 0 to 7, and 255 for void.",
            when=lambda mask: _is_small_mask(mask) and not _has_known_labels(mask),
        ),
        Wrong(
            "a list",
            [[0, 4]],
            "Make a tensor of it: torch.tensor([[0, 4]]).",
            when=lambda mask: isinstance(mask, list | tuple | np.ndarray),
        ),
    ),
    remark="A label is a name, not a quantity: the mean of sky and tree is not road. Never interpolate labels.",
)
