"""Where does a new pixel read? The two conventions of bilinear resizing."""

import torch
from torch import Tensor

from seglearn.exercises.kinds import FunctionExercise, Wrong, given

RESIZES = [  # new, old, align_corners, why
    (4, 2, False, "twice as many pixels, squares"),
    (4, 2, True, "twice as many pixels, points"),
    (3, 5, False, "fewer pixels"),
    (1, 4, True, "a single new pixel reads the first old one"),
    (7, 3, False, "a factor that is no whole number"),
    (7, 3, True, "the same, points"),
    (3, 1, False, "one old pixel: everyone reads it"),
]


def _resizes(seed: int):
    *settings, note = RESIZES[seed]
    return given(*settings, note=note)


def _squares(new: int, old: int) -> Tensor:
    return (torch.arange(new) + 0.5) * old / new - 0.5


def places(new: int, old: int, align_corners: bool) -> Tensor:
    if align_corners:
        return torch.arange(new) * ((old - 1) / max(new - 1, 1))
    return _squares(new, old).clamp(0, old - 1)


def _by_lines(new: int, old: int, align_corners: bool) -> Tensor:
    if align_corners:
        return torch.linspace(0, old - 1, new)
    half = old / new / 2
    return torch.tensor([min(max(half + i * old / new - 0.5, 0.0), old - 1.0) for i in range(new)])


def _mended(squares, points=lambda new, old: places(new, old, True)):
    return lambda new, old, align_corners: points(new, old) if align_corners else squares(new, old)


PLACES = FunctionExercise(
    name="06.places",
    title="Where does a new pixel read?",
    minutes=6,
    difficulty=2,
    objective="derive where each new pixel reads in the old row, in both conventions",
    hints=(
        "If pixels are squares of side 1, where is the center of the first one, and where its left edge?",
        "1. squares: center i + 1/2, times old / new, minus 1/2, then clamp to 0 .. old - 1  2. points: i times "
        "(old - 1) / (new - 1); with one new pixel 0",
        "((torch.arange(new) + 0.5) * old / new - 0.5).clamp(0, old - 1)",
    ),
    cases=_resizes,
    seeds=len(RESIZES),
    oracle=places,
    rights=(_by_lines,),
    wrongs=(
        Wrong(
            "halves forgotten",
            _mended(lambda new, old: torch.arange(new) * old / new),
            "Squares: you measure from the left edge of each pixel. Its center is at i + 1/2, in both rows.",
        ),
        Wrong(
            "one half forgotten",
            _mended(lambda new, old: ((torch.arange(new) + 0.5) * old / new).clamp(0, old - 1)),
            "Squares: you found the place among the old edges. Old pixel 0 has its center at 1/2: subtract that.",
        ),
        Wrong(
            "not clamped",
            _mended(_squares),
            "Squares: some places lie outside of the row. Beyond the first and last center the border is repeated.",
        ),
        Wrong(
            "ratio turned over",
            _mended(lambda new, old: ((torch.arange(new) + 0.5) * new / old - 0.5).clamp(0, old - 1)),
            "Squares: you step by new / old. More new pixels mean smaller steps: old / new.",
        ),
        Wrong(
            "conventions swapped",
            lambda new, old, align_corners: places(new, old, not align_corners),
            "You have the two conventions the wrong way round.",
        ),
        Wrong(
            "points like squares",
            lambda new, old, align_corners: places(new, old, False),
            "You treat both alike. With align_corners the first reads place 0 and the last place old - 1.",
        ),
        Wrong(
            "points by the ratio of sizes",
            _mended(lambda new, old: places(new, old, False), lambda new, old: torch.arange(new) * old / new),
            "Points: between `new` points lie new - 1 steps, and old - 1 between the old ones.",
        ),
        Wrong(
            "rounded",
            lambda new, old, align_corners: places(new, old, align_corners).round(),
            "You round to whole pixels: that is nearest. Bilinear reads between them.",
        ),
    ),
    remark="Train with one convention and run with the other, and every mask is moved by a fraction of a pixel.",
)
