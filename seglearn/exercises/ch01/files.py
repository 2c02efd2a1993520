"""From a file to a mask and into numbers: palettes, shares, resizing."""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional as F

from seglearn.exercises.kinds import FunctionExercise, ValueExercise, Wrong, given
from seglearn.labels import IGNORE

Palette = Mapping[tuple[int, int, int], int]
# Labels are not in order; two colors share red, two green, two have equal sums, two are the same backwards.
PALETTE = {(90, 10, 20): 3, (20, 10, 90): 1, (90, 40, 7): 0, (0, 0, 0): IGNORE, (128, 64, 128): 2, (30, 64, 9): 4}


def _coded(seed: int):
    chance = torch.Generator().manual_seed(seed)
    colors = torch.tensor([*PALETTE, (91, 11, 21), (0, 0, 255)], dtype=torch.uint8)
    height, width = [(1, 1), (1, 2), (2, 5), (4, 3), (5, 7)][seed]
    known = len(PALETTE) if seed < 2 else len(colors)
    pick = torch.randint(0, known, (height, width), generator=chance)
    pick.view(-1)[: min(pick.numel(), known)] = torch.arange(known)[: pick.numel()]
    return given(
        colors[pick], dict(PALETTE), note="all colors known" if seed < 2 else "two colors are not in the palette"
    )


def from_palette(picture: Tensor, palette: Palette) -> Tensor:
    mask = torch.full(picture.shape[:2], IGNORE, dtype=torch.int64)
    for color, label in palette.items():
        mask[(picture == torch.tensor(color)).all(dim=-1)] = label
    return mask


def _default(picture: Tensor, palette: Palette, unknown: int) -> Tensor:
    known = from_palette(torch.tensor([list(palette)], dtype=torch.uint8), palette)
    is_known = (picture[..., None, :] == torch.tensor(list(palette))).all(-1).any(-1)
    assert known.numel() == len(palette)
    return from_palette(picture, palette).where(is_known, unknown)


def _by_key(picture: Tensor, palette: Palette, key) -> Tensor:
    """Return a mask read with a key that does not tell all colors apart."""
    mask = torch.full(picture.shape[:2], IGNORE, dtype=torch.int64)
    for color, label in palette.items():
        mask[key(picture) == key(torch.tensor(color, dtype=torch.uint8))] = label
    return mask


def _nearest(picture: Tensor, palette: Palette) -> Tensor:
    apart = (picture[..., None, :].long() - torch.tensor(list(palette))).pow(2).sum(-1)
    return torch.tensor(list(palette.values()))[apart.argmin(-1)]


FROM_PALETTE = FunctionExercise(
    name="01.from_palette",
    title="Read a mask that was saved in colors",
    minutes=7,
    difficulty=2,
    objective="implement the decoding of a color-coded mask, in which an unknown color never becomes a class",
    hints=(
        "What should a pixel hold before any color has been recognized?",
        "1. a mask full of 255  2. for each color: where do all three channels agree?  3. write its label there",
        "(picture == torch.tensor(color)).all(dim=-1) is True where the color is this one.",
    ),
    cases=_coded,
    seeds=5,
    oracle=from_palette,
    rights=(
        lambda picture, palette: torch.tensor(
            [[palette.get(tuple(pixel), IGNORE) for pixel in row] for row in picture.tolist()], dtype=torch.int64
        ),
    ),
    wrongs=(
        Wrong(
            "unknown is class 0",
            lambda picture, palette: _default(picture, palette, 0),
            "Your mask starts at 0, so every unknown color silently becomes class 0. Start at 255.",
        ),
        Wrong(
            "unknown is -1",
            lambda picture, palette: _default(picture, palette, -1),
            "An unknown color became -1. As an index -1 means the last class: use 255.",
        ),
        Wrong(
            "nearest color",
            _nearest,
            "You took the nearest color. That hides a damaged file behind plausible labels.",
        ),
        Wrong(
            "red only",
            lambda picture, palette: _by_key(picture, palette, lambda color: color[..., 0]),
            "Two colors with the same red got the same label: you look at one channel only.",
        ),
        Wrong(
            "sum of the channels",
            lambda picture, palette: _by_key(picture, palette, lambda color: color.long().sum(-1)),
            "(90, 10, 20) and (20, 10, 90) have the same sum. A color is three numbers, not one.",
        ),
        Wrong(
            "any channel",
            lambda picture, palette: _by_any(picture, palette),
            "You ask whether any channel agrees. A color is the same only if all three agree: .all(dim=-1).",
        ),
        Wrong(
            "blue first",
            lambda picture, palette: from_palette(picture.flip(-1), palette),
            "You compare blue with red. The picture is RGB, as the palette.",
        ),
        Wrong(
            "position in the palette",
            lambda picture, palette: from_palette(picture, {c: i for i, c in enumerate(palette)}),
            "You write the position of a color in the dictionary. Its label is the value, palette[color].",
        ),
        Wrong(
            "bytes",
            lambda picture, palette: from_palette(picture, palette).to(torch.uint8),
            "The labels are right, but in uint8. Losses and indexing want int64, and uint8 overflows in sums.",
        ),
    ),
    remark="seglearn's from_colors is stricter still: it raises, and names the unknown colors. Loud beats silent.",
)


def _by_any(picture: Tensor, palette: Palette) -> Tensor:
    mask = torch.full(picture.shape[:2], IGNORE, dtype=torch.int64)
    for color, label in palette.items():
        mask[(picture == torch.tensor(color)).any(dim=-1)] = label
    return mask


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


def enlarged(mask: Tensor) -> Tensor:
    """Return a mask blown up twofold in each direction by blending: the mistake of the exercise below."""
    size = [2 * side for side in mask.shape]
    return F.interpolate(mask[None, None].double(), size, mode="bilinear").round().long()[0, 0]


def _is_small_mask(mask) -> bool:
    return isinstance(mask, Tensor) and mask.ndim == 2 and mask.dtype == torch.int64 and 0 < mask.numel() <= 8


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
            "fractions",
            torch.tensor([[0.0, 4.0]]),
            "Labels are integers: torch.tensor([[0, 4]]), without points.",
            when=lambda mask: isinstance(mask, Tensor) and mask.dtype != torch.int64,
        ),
        Wrong(
            "too many axes",
            torch.tensor([[[0, 4]]]),
            "A mask has two axes, rows and columns.",
            when=lambda mask: isinstance(mask, Tensor) and mask.ndim != 2,
        ),
        Wrong(
            "too large",
            torch.arange(9).remainder(8).reshape(3, 3),
            "The art is to break it with 8 pixels or fewer.",
            when=lambda mask: isinstance(mask, Tensor) and mask.ndim == 2 and mask.numel() > 8,
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
            when=lambda mask: isinstance(mask, list),
        ),
    ),
    remark="A label is a name, not a quantity: the mean of sky and tree is not road. Never interpolate labels.",
)
