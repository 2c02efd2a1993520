"""From a mask to numbers: which part of a picture is what."""

import torch
from torch import Tensor

from seglearn.exercises.kinds import FunctionExercise, Wrong, given
from seglearn.labels import IGNORE


def _labeled(seed: int):
    """Return masks with an absent last class; void from the second case on; the last mask is all void."""
    chance = torch.Generator().manual_seed(seed)
    mask = torch.randint(0, 3, [(1, 1), (2, 3), (3, 5), (7, 2), (2, 2)][seed], generator=chance)
    if seed:
        mask[0, 0], mask[-1, -1] = 0, IGNORE
    if seed == 4:
        return given(mask * 0 + IGNORE, 4, note="nothing has a label: 0 / 0 is NaN")
    return given(mask, 4, note="class 3 is absent" + ("; 255 is void" if seed else ""))


def class_share(mask: Tensor, classes: int) -> Tensor:
    counts = torch.bincount(mask[mask != IGNORE], minlength=classes)
    return counts.double() / counts.sum()


def _counts(mask: Tensor, classes: int) -> Tensor:
    return torch.bincount(mask[mask != IGNORE], minlength=classes).double()


SHARE = FunctionExercise(
    name="01.class_share",
    title="How much of the picture is a class?",
    minutes=5,
    difficulty=2,
    objective="compute the share of each class among the pixels that have a label",
    hints=(
        "Of how many pixels do we know the class?",
        "1. keep the pixels that are not 255  2. count each class, absent ones too  3. divide by how many you kept",
        "torch.bincount(mask[mask != 255], minlength=classes)",
    ),
    cases=_labeled,
    seeds=5,
    oracle=class_share,
    rights=(
        lambda mask, classes: (
            torch.stack([(mask == k).sum() for k in range(classes)]).double() / (mask != IGNORE).sum()
        ),
    ),
    wrongs=(
        Wrong(
            "void in the denominator",
            lambda mask, classes: _counts(mask, classes) / mask.numel(),
            "You divide by all pixels, void ones too. Your shares do not add up to 1.",
        ),
        Wrong(
            "void in the denominator, float32",
            lambda mask, classes: torch.stack([(mask == k).float().mean() for k in range(classes)]),
            "You divide by all pixels, void ones too, and in float32: `.mean()` counts void pixels. "
            "Count, make float64, divide by the pixels that are not 255.",
        ),
        Wrong(
            "void in the denominator, float64 too late",
            lambda mask, classes: torch.stack([(mask == k).float().mean() for k in range(classes)]).double(),
            "`.mean()` divides by all pixels, void ones too, and it ran in float32 before you wrote .double().",
        ),
        Wrong(
            "void as class 0",
            lambda mask, classes: _counts(mask.where(mask != IGNORE, 0), classes) / mask.numel(),
            "Void pixels are counted as class 0.",
        ),
        Wrong(
            "absent classes cut off",
            lambda mask, classes: torch.bincount(mask[mask != IGNORE]).double() / (mask != IGNORE).sum(),
            "bincount stops at the largest label it sees. Ask for all classes: minlength=classes.",
        ),
        Wrong(
            "counts",
            _counts,
            "These are numbers of pixels. Divide them by the number of pixels with a label.",
        ),
        Wrong(
            "percent",
            lambda mask, classes: 100 * class_share(mask, classes),
            "These are percents. A share lies between 0 and 1.",
        ),
        Wrong(
            "single precision",
            lambda mask, classes: class_share(mask, classes).float(),
            "The values are right, but in float32. Ratios here are float64, so that large counts stay exact.",
        ),
        Wrong(
            "float32 on the way",
            lambda mask, classes: torch.stack(
                [(mask == k).sum() / (mask != IGNORE).sum() for k in range(classes)]
            ).double(),
            "The division ran in float32, so the values are a little off: "
            "make the counts float64 first, counts.double() / counts.sum().",
        ),
        Wrong(
            "zero for nothing",
            lambda mask, classes: _counts(mask, classes) / (mask != IGNORE).sum().clamp(min=1),
            "For a mask without any label you say 0 %. The share is unknown: leave 0 / 0 as NaN.",
        ),
        Wrong(
            "without class 0",
            lambda mask, classes: _counts(mask, classes) / ((mask != IGNORE) & (mask != 0)).sum(),
            "Class 0 is missing in your denominator. It is a class like the others.",
        ),
    ),
    remark="Shares are the first thing to look at in a new data set: they tell which classes will be hard.",
)
