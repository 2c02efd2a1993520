"""The boundary band, and a picture to paint."""

import torch
from torch import Tensor
from torch.nn import functional as F

from seglearn.exercises.kinds import FunctionExercise, WidgetExercise, Wrong, given
from seglearn.exercises.laws import without
from seglearn.exercises.readymade import BANDS
from seglearn.metrics import boundary


def _masks(seed: int):
    """Smallest first; then objects that touch the frame, a hole, width 2, nothing at all."""
    if seed == 0:
        return given(torch.ones(3, 3, dtype=torch.bool), 1, note="the object fills the frame")
    mask = torch.zeros([(5, 6), (7, 9), (9, 8), (4, 3)][seed - 1], dtype=torch.bool)
    if seed == 1:
        mask[1:4, 2:] = True
        return given(mask, 1, note="the object touches the frame on the right")
    if seed == 2:
        mask[1:, :8] = True
        mask[3, 4] = False
        return given(mask, 1, note="a hole has an outline, too")
    if seed == 3:
        mask[0:7, 1:] = True
        return given(mask, 2, note="a band of two pixels")
    return given(mask, 2, note="no object, no band")


def band(mask: Tensor, width: int) -> Tensor:
    return boundary(mask, width=width)


def _eroded(mask: Tensor, width: int, *, outside: float = 0.0, size: int | None = None) -> Tensor:
    size = 2 * width + 1 if size is None else size
    padded = F.pad(mask[None, None].float(), [size // 2] * 4, value=outside)
    return -F.max_pool2d(-padded, size, stride=1)[0, 0] == 1


def _by_ones(mask: Tensor, width: int) -> Tensor:
    """Return the band from repeated 3x3 convolutions with ones: nine where all nine are True."""
    inner = mask
    for _ in range(width):
        inner = F.conv2d(inner[None, None].float(), torch.ones(1, 1, 3, 3), padding=1)[0, 0] == 9
    return mask & ~inner


def _dilated(mask: Tensor, width: int) -> Tensor:
    return F.max_pool2d(mask[None, None].float(), 2 * width + 1, stride=1, padding=width)[0, 0] == 1


def _city_block(mask: Tensor, width: int) -> Tensor:
    inner = mask
    for _ in range(width):
        p = F.pad(inner, [1] * 4, value=False)
        inner = inner & p[:-2, 1:-1] & p[2:, 1:-1] & p[1:-1, :-2] & p[1:-1, 2:]
    return mask & ~inner


def _looped_inside(mask: Tensor, width: int) -> Tensor:
    """Return the band when the loop stays off the frame, as the loop of the chapter may: its square lies inside."""
    ring, (height, across) = torch.zeros_like(mask), mask.shape
    for y in range(width, height - width):
        for x in range(width, across - width):
            window = mask[y - width : y + width + 1, x - width : x + width + 1]
            ring[y, x] = mask[y, x] and not window.all()
    return ring


def _negative_start(mask: Tensor, width: int) -> Tensor:
    """Return the band when windows are cut out with slices that may start below 0."""
    ring = torch.zeros_like(mask)
    for y, x in mask.nonzero().tolist():
        ring[y, x] = not mask[y - width : y + width + 1, x - width : x + width + 1].all()
    return ring


def _both_sides_but_no_frame(mask: Tensor, width: int) -> Tensor:
    pixels, size = mask[None, None].float(), 2 * width + 1
    outer, inner = F.max_pool2d(pixels, size, 1, width), -F.max_pool2d(-pixels, size, 1, width)
    return (outer != inner)[0, 0]


BAND = FunctionExercise(
    name="08.band",
    title="The band along the edge",
    minutes=7,
    difficulty=2,
    objective="implement the boundary band of a mask by erosion",
    hints=(
        "Which pixels have a square around them that lies wholly inside the object?",
        "1. squares of 2 * width + 1 pixels, the frame padded with False  2. all True: an inner pixel  "
        "3. the object without its inner pixels",
        "inner = F.conv2d(mask[None, None].float(), torch.ones(1, 1, s, s), padding=width)[0, 0] == s * s",
    ),
    cases=_masks,
    seeds=5,
    oracle=band,
    laws=(without(*BANDS),),
    rights=(lambda mask, width: mask & ~_eroded(mask, width), _by_ones),
    wrongs=(
        Wrong(
            "frame is inside",
            lambda mask, width: mask & ~_eroded(mask, width, outside=1.0),
            "Where the object meets the frame you see no edge. Beyond the picture counts as outside: pad with False.",
        ),
        Wrong(
            "both sides of the edge",
            lambda mask, width: _dilated(mask, width) & ~_eroded(mask, width),
            "Your band lies on both sides of the edge. Only pixels of the object itself belong to it.",
        ),
        Wrong(
            "both sides, frame inside",
            _both_sides_but_no_frame,
            "Your band lies on both sides of the edge, and at the frame is none. Keep to the object; pad with False.",
        ),
        Wrong(
            "the chapter's loop",
            lambda mask, width: _looped_inside(mask, 1),
            "The loop of the chapter knows one width and an object away from the frame. Here both may differ.",
        ),
        Wrong(
            "loop inside the frame",
            _looped_inside,
            "Your loop leaves out the pixels near the frame, where the window sticks out. Pad with False first.",
        ),
        Wrong(
            "slices that start below 0",
            _negative_start,
            "A slice that starts at -1 starts at the last pixel, so the window is empty. Pad with False first.",
        ),
        Wrong(
            "outer side",
            lambda mask, width: _dilated(mask, width) & ~mask,
            "Your band lies around the object. It must be part of it: mask without its inner pixels.",
        ),
        Wrong(
            "the inside",
            _eroded,
            "This is what erosion leaves, the inner pixels. The band is what it takes away.",
        ),
        Wrong(
            "always one pixel",
            lambda mask, width: band(mask, 1),
            "Your band has one pixel whatever the width. The square must reach `width` pixels to each side.",
        ),
        Wrong(
            "square too small",
            lambda mask, width: mask & ~_eroded(mask, width, size=width | 1),
            "Your square has about `width` pixels in all. It must reach `width` to each side: 2 * width + 1.",
        ),
        Wrong(
            "no diagonals",
            _city_block,
            "A pixel that meets the outside only at a corner is missing: look at all eight neighbors, a full square.",
        ),
        Wrong(
            "numbers",
            lambda mask, width: band(mask, width).float(),
            "The band is right, but it holds floats. A band is a mask: True and False.",
        ),
        Wrong("the whole object", lambda mask, width: mask.clone(), "This is the whole object, its inner pixels too."),
    ),
    remark="A pole three pixels wide is nothing but band: that is why boundary scores see it.",
)

PAINT = WidgetExercise(
    name="08.paint",
    title="Better and worse at once",
    minutes=5,
    difficulty=2,
    objective="construct a prediction whose Dice rises while its boundary IoU falls",
    goal="Dice at least 0.8, boundary IoU at most 0.5",
    reached=lambda facts: facts["dice"] >= 0.8 and facts["boundary_iou"] <= 0.5,
    start={"hits": 66, "misses": 110, "false_alarms": 0},  # the outline, hollow
    hints=(
        "The outline is right and the inside is empty. What does Dice want, and what does boundary IoU not want?",
        "1. fill the inside  2. then fray the edge: paint outside, or erase along the outline",
        "Fill the object, then paint a ring of one pixel around it.",
    ),
    wrongs=(
        Wrong(
            "perfect",
            {"hits": 176, "misses": 0, "false_alarms": 0, "dice": 1.0, "boundary_iou": 1.0},
            "This is the truth: both judges are content. Now spoil the edge, only the edge.",
            when=lambda facts: facts["dice"] == 1,
        ),
        Wrong(
            "full and sharp",
            {"hits": 176, "misses": 0, "false_alarms": 6, "dice": 0.983, "boundary_iou": 0.9},
            "Dice is high, but the edge is still too good. Fray it: one pixel more or less all around.",
            when=lambda facts: 0.8 <= facts["dice"] < 1 and facts["boundary_iou"] > 0.5,
        ),
        Wrong(
            "hollow",
            {"hits": 80, "misses": 96, "false_alarms": 0, "dice": 0.625, "boundary_iou": 0.9},
            "The edge is right and the inside empty: boundary IoU looks at the band only. Fill the inside first.",
            when=lambda facts: facts["dice"] < 0.8 and facts["boundary_iou"] > 0.5,
        ),
        Wrong(
            "nothing",
            {"hits": 0, "misses": 176, "false_alarms": 0, "dice": 0.0, "boundary_iou": 0.0},
            "Nothing of the object is painted, and both scores are 0.",
            when=lambda facts: facts["hits"] == 0,
        ),
        Wrong(
            "spilled",
            {"hits": 176, "misses": 0, "false_alarms": 592, "dice": 0.373, "boundary_iou": 0.0},
            "Too much is painted: most of it is false alarm, and Dice counts that. Keep to a ring of one pixel.",
            when=lambda facts: (
                facts["dice"] < 0.8
                and facts["boundary_iou"] <= 0.5
                and facts["false_alarms"] > facts["misses"] > -1
                and facts["hits"] > 0
            ),
        ),
        Wrong(
            "eaten away",
            {"hits": 110, "misses": 66, "false_alarms": 0, "dice": 0.769, "boundary_iou": 0.0},
            "The edge is spoiled, and the inside with it: too many misses. Fill the inside.",
            when=lambda facts: (
                facts["dice"] < 0.8
                and facts["boundary_iou"] <= 0.5
                and facts["hits"] > 0
                and facts["false_alarms"] <= facts["misses"]
            ),
        ),
    ),
    rights=(
        {"hits": 176, "misses": 0, "false_alarms": 74, "dice": 0.826, "boundary_iou": 0.0},
        {"hits": 155, "misses": 21, "false_alarms": 21, "dice": 0.881, "boundary_iou": 0.333},
    ),
    remark="Dice counts area, boundary IoU counts outline. Report both where shape matters.",
)
