"""From a file to a mask: what colors mean."""

from collections.abc import Mapping

import torch
from torch import Tensor

from seglearn.exercises.kinds import FunctionExercise, Wrong, given
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
