"""Equivariance, broken on purpose: a test that its author believed, and an input that refutes it."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from seglearn.exercises.kinds import ValueExercise, Wrong

ROW = torch.tensor([0.0, 0, 9, 0, 0, 0])


def layer(row: Tensor) -> Tensor:
    """Blur a row of numbers on a circle, and keep every second place."""
    kernel = torch.tensor([[[1.0, 2, 1]]])
    return F.conv1d(F.pad(row[None, None].float(), (1, 1), mode="circular"), kernel, stride=2)[0, 0]


def holds(row: Tensor, shift: int) -> bool:
    """Say whether the answer moves by half of what the row moves."""
    return torch.equal(layer(row.roll(shift)), layer(row).roll(shift // 2))


def fault_of(answer: Any) -> str:
    """Return the name of the first thing that keeps an answer from breaking the claim, "" where it does."""
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        return "no pair"
    row, shift = answer
    if isinstance(shift, bool) or not isinstance(shift, int):
        return "shift is no whole number"
    if not isinstance(row, Tensor) or row.ndim != 1:
        return "no row"
    if not row.isfinite().all():
        return "not finite"
    if not 2 <= len(row) <= 8:
        return "too long or too short"
    if len(row) % 2:
        return "odd length"
    if len(row.unique()) == 1:
        return "nothing to see"
    if shift % 2 == 0:
        return "even shift"
    return "blurred away" if holds(row, shift) else ""


def _wrong(name: str, answer: Any, sentence: str) -> Wrong:
    return Wrong(name, answer, sentence, when=lambda value: fault_of(value) == name)


BREAK = ValueExercise(
    name="03.break_shift",
    title="Break it: a claim about stride 2",
    minutes=5,
    difficulty=2,
    objective="diagnose lost equivariance by an input that makes a test fail",
    hints=(
        "The layer keeps the places 0, 2, 4. Where do these pixels go when the row moves by one?",
        "1. a row that is not the same everywhere  2. a shift that is no multiple of the stride  3. run the test",
        "breaks_it = torch.tensor([0.0, 0, 9, 0, 0, 0]), 1",
    ),
    accept=lambda answer: fault_of(answer) == "",
    rights=((ROW, 1), (torch.tensor([1, 0, 0, 0]), 3), (torch.tensor([5.0, 2, 2, 2, 2, 2, 2, 2]), -1)),
    wrongs=(
        _wrong("no pair", ROW, "Give both, the row and the shift: breaks_it = row, shift."),
        _wrong("shift is no whole number", (ROW, 0.5), "The shift counts pixels: a whole number, such as 1."),
        _wrong("no row", (ROW[None], 1), "The row has one axis: torch.tensor([0.0, 0, 9, 0])."),
        _wrong("not finite", (ROW / 0, 1), "NaN equals nothing, not even itself, so any test fails. Use numbers."),
        _wrong(
            "too long or too short", (torch.arange(10.0), 1), "Two to eight numbers: a small example is a clear one."
        ),
        _wrong(
            "odd length",
            (torch.tensor([0.0, 9, 0]), 2),
            "On a circle of odd length even shifts by 2 fail, too: your test blames the circle, not the stride.",
        ),
        _wrong(
            "nothing to see",
            (torch.ones(6), 1),
            "The same number everywhere: moved or not, it looks alike. A test needs an input on which errors show.",
        ),
        _wrong(
            "even shift",
            (ROW, 2),
            "This is the author's own kind of test: a multiple of the stride always works. Try another shift.",
        ),
        _wrong(
            "blurred away",
            (torch.tensor([0.0, 9, 0, 9]), 1),
            "Almost! This very pattern is blurred into a flat gray before the stride can harm it. Take another row.",
        ),
    ),
    remark="A test with one friendly shift proved nothing. Blurring before the stride helps, as 0 9 0 9 shows.",
)
