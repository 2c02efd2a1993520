"""Break it: a mask on which the guard against new labels sees nothing, and labels are wrong all the same."""

import torch
from torch import Tensor
from torch.nn import functional as F

from seglearn.exercises.kinds import ValueExercise, Wrong


def blended(mask: Tensor) -> Tensor:
    """Return a mask (H, W) twice as wide and high, blended like an image, then rounded: a colleague's mistake."""
    wide = F.interpolate(mask[None, None].double(), scale_factor=2, mode="bilinear", align_corners=False)
    return wide[0, 0].round().long()


def picked(mask: Tensor) -> Tensor:
    """Return the mask twice as wide and high, every label picked: what is right."""
    return mask.repeat_interleave(2, 0).repeat_interleave(2, 1)


def fault_of(mask: Tensor) -> str:
    """Return the name of the first thing that keeps a mask from fooling the guard."""
    if not isinstance(mask, Tensor):
        return "no tensor"
    if mask.ndim != 2 or not mask.numel():
        return "more axes"
    if mask.is_floating_point() or mask.dtype == torch.bool:
        return "no integers"
    if mask.numel() > 24:
        return "too large"
    if mask.min() < 0 or mask.max() > 7:
        return "no street label"
    before, after = set(mask.unique().tolist()), set(blended(mask).unique().tolist())
    if not after <= before:
        return "seen"
    return "" if not torch.equal(blended(mask), picked(mask)) else "nothing wrong"


def _wrong(name: str, answer, sentence: str) -> Wrong:
    return Wrong(name, answer, sentence, when=lambda value: fault_of(value) == name)


BLIND = ValueExercise(
    name="09.blind",
    title="Break it: fool the guard",
    minutes=6,
    difficulty=3,
    objective="diagnose the blind spot of a test by building an input that it lets through",
    hints=(
        "Between sky (0) and tree (4) blending writes 1, 2 or 3. When does the guard not mind?",
        "1. an edge between two labels that are far apart  2. the labels in between stand elsewhere in the mask",
        "torch.tensor([[0, 4, 4, 3, 2, 1]]): at the edge 0 | 4 a 1 and a 3 appear, and both are known already.",
    ),
    accept=lambda mask: fault_of(mask) == "",
    rights=(
        torch.tensor([[0, 4, 4, 3, 2, 1]]),
        torch.tensor([[0, 7], [1, 6], [2, 5], [3, 4]]),
        torch.tensor([[4, 0], [3, 1], [2, 2]]),
    ),
    wrongs=(
        _wrong("no tensor", [[0, 4, 1, 3]], "Make a tensor of whole numbers: torch.tensor([[...]])."),
        _wrong("more axes", torch.tensor([[[0, 4, 1, 3]]]), "One mask is wanted: two axes, rows and columns."),
        _wrong("no integers", torch.tensor([[0.0, 4.0, 1.0, 3.0]]), "Labels are whole numbers: no floats, please."),
        _wrong("too large", torch.zeros(5, 5, dtype=torch.int64), "24 pixels are enough."),
        _wrong("no street label", torch.tensor([[0, 9, 2, 7]]), "Use the labels of STREETS, 0 to 7."),
        _wrong(
            "seen",
            torch.tensor([[0, 0, 4, 4]]),
            "The guard sees it: a label appears that is nowhere in your mask. Let those labels stand elsewhere.",
        ),
        _wrong(
            "nothing wrong",
            torch.tensor([[1, 1, 2, 2]]),
            "Nothing is wrong: between neighboring numbers there is no third one. Use labels that are far apart.",
        ),
    ),
    remark="A guard sees what is new, not what is wrong. Only doing it right helps: labels are picked.",
)  # fmt: skip
