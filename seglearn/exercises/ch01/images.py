"""From bytes to an image: layout, range, and the place of a number in memory."""

import torch
from torch import Tensor

from seglearn.exercises.kinds import FunctionExercise, ValueExercise, WidgetExercise, Wrong, given
from seglearn.exercises.laws import keeps_device

PROBE_PLACE = 20_000  # of the image 3 x 96 x 144 in the notebook: green, row 42, column 128
SHAPES = [(1, 1), (1, 3), (2, 3), (5, 4), (3, 7)]
CHANNELS = [3, 3, 0, 4, 3]  # 0: a gray picture without a channel axis


def _pictures(seed: int):
    """Small first; every picture is dim, and red, green, blue and transparency differ."""
    chance = torch.Generator().manual_seed(seed)
    shape, channels = SHAPES[seed], CHANNELS[seed]
    picture = torch.randint(0, 50, (*shape, channels or 1), generator=chance)
    picture = (picture + torch.arange(channels or 1) * 50).to(torch.uint8)
    kind = {0: "gray: no channel axis", 3: "red, green, blue", 4: "red, green, blue, transparency"}[channels]
    return given(picture if channels else picture[..., 0], note=f"{kind}; its largest byte is below 200")


def _three(picture: Tensor) -> Tensor:
    """Return the picture as (H, W, 3): gray repeated, transparency dropped."""
    return picture[..., None].expand(-1, -1, 3) if picture.ndim == 2 else picture[..., :3]


def to_float(picture: Tensor) -> Tensor:
    return _three(picture).permute(2, 0, 1).float() / 255


TO_FLOAT = FunctionExercise(
    name="01.to_float",
    title="From bytes to an image",
    minutes=7,
    difficulty=2,
    objective="implement the way from the bytes of any picture file to an image (3, H, W) float32 in [0, 1]",
    hints=(
        "Of the three kinds of picture, which needs one more axis, and which has one channel too many?",
        "1. gray: add an axis, repeat it  2. keep three channels  3. channels first  4. scale 0..255 to 0..1",
        "gray: picture[..., None].expand(-1, -1, 3); then picture[..., :3].permute(2, 0, 1).float() / 255.",
    ),
    cases=_pictures,
    seeds=5,
    oracle=to_float,
    laws=(keeps_device(),),
    rights=(
        lambda picture: torch.stack([(picture if picture.ndim == 2 else picture[..., c]) / 255 for c in range(3)]),
    ),
    wrongs=(
        Wrong(
            "reshape for permute",
            lambda picture: _three(picture).reshape(3, *picture.shape[:2]).float() / 255,
            "reshape keeps the numbers in line and cuts the line in new places, so colors and rows are mixed. "
            "permute moves an axis.",
        ),
        Wrong(
            "height and width swapped",
            lambda picture: _three(picture).permute(2, 1, 0).float() / 255,
            "Your result is (3, W, H): the picture lies on its side. Keep rows before columns: permute(2, 0, 1).",
        ),
        Wrong(
            "channels last",
            lambda picture: _three(picture).float() / 255,
            "The channels are still last, as in the file. torch.nn wants (C, H, W).",
        ),
        Wrong(
            "divided by 256",
            lambda picture: _three(picture).permute(2, 0, 1).float() / 256,
            "A byte ends at 255, not at 256: after your division white is 0.996, and never quite white.",
        ),
        Wrong(
            "not divided",
            lambda picture: _three(picture).permute(2, 0, 1).float(),
            "The layout is right, but the numbers still go from 0 to 255. An image lives in [0, 1].",
        ),
        Wrong(
            "whole-number division",
            lambda picture: (_three(picture) // 255).permute(2, 0, 1).float(),
            "// throws the fraction away: everything darker than white becomes 0. Use /.",
        ),
        Wrong(
            "blue first",
            lambda picture: _three(picture).flip(2).permute(2, 0, 1).float() / 255,
            "Red and blue have changed places. That is OpenCV's order (BGR); this picture is already RGB.",
        ),
        Wrong(
            "stretched to its own maximum",
            lambda picture: to_float(picture) * 255 / _three(picture).max(),
            "You divide by the largest value of this picture, so every dim picture becomes bright. Divide by 255.",
        ),
        Wrong(
            "colors only",
            lambda picture: picture.permute(2, 0, 1)[:3].float() / 255,
            "A gray picture is (H, W): it has no third axis to move. Give it one first: picture[..., None].",
        ),
        Wrong(
            "gray stays one channel",
            lambda picture: (
                (picture[..., None] if picture.ndim == 2 else picture[..., :3]).permute(2, 0, 1).float() / 255
            ),
            "Your gray picture has one channel. A model built for three refuses it: repeat the gray.",
        ),
        Wrong(
            "transparency kept",
            lambda picture: (picture if picture.ndim == 3 else _three(picture)).permute(2, 0, 1).float() / 255,
            "The fourth channel of a (H, W, 4) file is transparency, not a color. Keep the first three.",
        ),
        Wrong(
            "from -1 to 1",
            lambda picture: to_float(picture) * 2 - 1,
            "Your numbers go from -1 to 1. Some networks want that, but an image here is in [0, 1].",
        ),
        Wrong(
            "double precision",
            lambda picture: _three(picture).permute(2, 0, 1).double() / 255,
            "The values are right, but float64 takes twice the memory, and a float32 model refuses it. Use .float().",
        ),
    ),
    remark="This line stands at the beginning of almost every training. Now you know the two ways in which it breaks.",
)

FLAT_PLACE = ValueExercise(
    name="01.flat_place",
    title="Where does this number stand?",
    minutes=3,
    difficulty=2,
    objective="compute the place in memory of one value of a (C, H, W) tensor",
    hints=(
        "How many numbers must you pass before the green plane begins?",
        "1. whole planes before it  2. whole rows before it in its own plane  3. steps along its row",
        "(channel * H + row) * W + column, with everything counted from 0.",
    ),
    expected=41,
    wrongs=(
        Wrong("channels last", 52, "52 is its place in the file's layout (H, W, C), where the channel moves fastest."),
        Wrong(
            "row and column swapped", 56, "You went 5 rows down and 2 columns along. Row comes first: 2 down, 5 along."
        ),
        Wrong("no channel", 17, "17 is the place inside one plane. The whole red plane, 24 numbers, comes before it."),
        Wrong("counted from one", 42, "One too far: the first number stands at place 0."),
        Wrong("width before height", 46, "46 belongs to a (C, W, H) layout. Here rows come before columns."),
        Wrong("third plane", 65, "You passed two planes, but green is channel 1: only red stands before it."),
        Wrong(
            "outside", 72, "There are only 72 numbers, at places 0 to 71.", when=lambda place: place < 0 or place > 71
        ),
    ),
    remark="(1 * 4 + 2) * 6 + 5 = 41. Whatever moves fastest in memory stands last in the shape.",
)


def _in_plane(place: int) -> int:
    return place % (96 * 144)


PROBE = WidgetExercise(
    name="01.probe",
    title="Find a pixel by its address",
    minutes=4,
    difficulty=2,
    objective="derive channel, row and column from a place in memory",
    hints=(
        "One plane holds 96 * 144 = 13,824 numbers. In which plane does place 20,000 lie?",
        "1. divide by the size of a plane: channel  2. divide the rest by the width: row  3. what is left: column",
        "divmod(20_000, 96 * 144), then divmod of the rest by 144.",
    ),
    goal="Find the value that stands at place 20,000 of the (C, H, W) image.",
    reached=lambda facts: facts["flat_chw"] == PROBE_PLACE,
    start={"row": 48, "column": 72, "channel": 0},
    wrongs=(
        Wrong(
            "the other layout",
            {"row": 46, "column": 42, "channel": 2, "flat_chw": 34314, "flat_hwc": PROBE_PLACE},
            "This is place 20,000 of the file's layout (H, W, C). Read the line for (C, H, W).",
            when=lambda facts: facts["flat_hwc"] == PROBE_PLACE,
        ),
        Wrong(
            "another channel",
            {"row": 42, "column": 128, "channel": 2, "flat_chw": 33824, "flat_hwc": 18530},
            "Row and column are right. Now choose the channel: how many planes of 13,824 fit into 20,000?",
            when=lambda facts: _in_plane(facts["flat_chw"]) == _in_plane(PROBE_PLACE),
        ),
        Wrong(
            "neighbor",
            {"row": 42, "column": 129, "channel": 1, "flat_chw": 20001, "flat_hwc": 18532},
            "One step away! Columns are counted from 0.",
            when=lambda facts: abs(facts["flat_chw"] - PROBE_PLACE) == 1,
        ),
        Wrong(
            "one row away",
            {"row": 43, "column": 128, "channel": 1, "flat_chw": 20144, "flat_hwc": 18961},
            "One row too far up or down: rows are counted from 0, too.",
            when=lambda facts: abs(facts["flat_chw"] - PROBE_PLACE) == 144,
        ),
        Wrong(
            "right row only",
            {"row": 42, "column": 40, "channel": 1, "flat_chw": 19912, "flat_hwc": 18265},
            "Channel and row are right. What is left over after whole rows is the column.",
            when=lambda facts: facts["channel"] == 1 and facts["row"] == 42,
        ),
        Wrong(
            "right plane only",
            {"row": 10, "column": 40, "channel": 1, "flat_chw": 15304, "flat_hwc": 4441},
            "The channel is right. Whole rows come next: divide the rest by 144.",
            when=lambda facts: facts["channel"] == 1,
        ),
    ),
    rights=({"row": 42, "column": 128, "channel": 1, "flat_chw": PROBE_PLACE, "flat_hwc": 18529},),
    remark="divmod twice: 20,000 = 1 * 13,824 + 42 * 144 + 128.",
)
