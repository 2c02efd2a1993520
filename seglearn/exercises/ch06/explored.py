"""Goals to reach by hand: an odd picture that survives a ladder, paint without stripes; and the skip that can go."""

from collections.abc import Mapping
from typing import Any

from seglearn.exercises.kinds import ValueExercise, WidgetExercise, Wrong

SIZE, LEVELS = (70, 50), 4


def _climbed(
    levels: int = 4, out: tuple = SIZE, *, rounding: str = "floor", joining: str = "stop", mended: int = 0, **more: Any
) -> dict[str, Any]:
    """Return the facts of a ladder explorer that matter here."""
    controls = {"height": SIZE[0], "width": SIZE[1], "levels": levels, "rounding": rounding, "joining": joining}
    found = {"convolutions": "padded", "out_height": out[0], "out_width": out[1], "mended": mended, "broke": ""}
    return {**controls, **found, **more}


def _alive(facts: Mapping[str, Any]) -> bool:
    sizes = (facts["height"], facts["width"]) == SIZE == (facts["out_height"], facts["out_width"])
    return sizes and facts["levels"] >= LEVELS and not facts["broke"] and facts["mended"] == 0


ALIVE = WidgetExercise(
    name="06.alive",
    title="Keep an odd picture alive",
    minutes=4,
    difficulty=2,
    objective="choose how odd sides are handled, so that every skip fits",
    hints=(
        "70 is halved to 35, and 35 to 17 or 18. Twice that is not 35. Before which step could you prevent this?",
        "1. four halvings divide by 16  2. which numbers can be halved four times?  3. make the picture such a number",
        "Odd sides: pad first (70 x 50 becomes 80 x 64, and is cut at the end)",
    ),
    goal="70 x 50 goes 4 levels down, and comes out at 70 x 50; every skip fits as it comes.",
    reached=_alive,
    start=_climbed(out=(None, None), broke="join"),
    rights=(_climbed(rounding="pad first"), _climbed(5, rounding="pad first", joining="crop")),
    wrongs=(
        Wrong(
            "another picture",
            _climbed(rounding="floor", out=(64, 48), height=64, width=48),
            "64 x 48 is an easy size. The goal is 70 x 50: the button beside it brings it back.",
            when=lambda facts: (facts["height"], facts["width"]) != SIZE,
        ),
        Wrong(
            "too shallow",
            _climbed(1),
            "It fits, but it is not deep enough: 4 levels. 70 can be halved once without a rest.",
            when=lambda facts: facts["levels"] < LEVELS,
        ),
        Wrong(
            "unpadded",
            _climbed(out=(None, None), broke="convolution", convolutions="unpadded"),
            "Unpadded convolutions eat 4 pixels a level. Take padded ones.",
            when=lambda facts: facts["convolutions"] == "unpadded",
        ),
        Wrong(
            "rounded up and stopped",
            _climbed(out=(None, None), broke="join", rounding="ceil"),
            "Rounding up makes the deep map one pixel too large instead of too small: it still does not fit.",
            when=lambda facts: facts["rounding"] == "ceil" and facts["broke"] == "join",
        ),
        Wrong(
            "cropped",
            _climbed(out=(64, 48), joining="crop", mended=3),
            "The skips were cropped, and what is cropped is not labeled. Let them fit before they meet.",
            when=lambda facts: facts["joining"] == "crop" and facts["mended"] > 0,
        ),
        Wrong(
            "padded or resized where they meet",
            _climbed(joining="resize", mended=3),
            "Right size, but maps were padded or resized where they met: their pixels no longer lie on each other.",
            when=lambda facts: facts["joining"] in ("pad", "resize") and facts["mended"] > 0,
        ),
    ),
    remark="Pad to a multiple of 2 ** levels, cut at the end: so do this course's models.",
)


def _painted(kernel_size: int, stride: int, weights: list[float], **more: Any) -> dict[str, Any]:
    """Return the facts of a transpose explorer that matter here; its values are ones."""
    sums = [sum(weights[phase::stride]) for phase in range(stride)]
    flat = max(sums) - min(sums) < 1e-9 and max(sums) != 0
    told = {"kernel_size": kernel_size, "stride": stride, "zeros": weights.count(0), "constant": True}
    return {**told, "phase_sums": sums, "is_flat": flat, **more}


def _flat(facts: Mapping[str, Any]) -> bool:
    settings = (facts["kernel_size"], facts["stride"], facts["zeros"]) == (3, 2, 0)
    return settings and facts["constant"] and facts["is_flat"]


FLAT = WidgetExercise(
    name="06.flat",
    title="Flat paint from a kernel of 3",
    minutes=5,
    difficulty=2,
    objective="find weights that paint evenly although their counts are uneven",
    hints=(
        "At stride 2, which of the three weights meet at an even pixel, and which at an odd one?",
        "1. first and last meet  2. the middle one is alone  3. both sums must be equal",
        "weights 1, 2, 1: that is bilinear interpolation",
    ),
    goal="Kernel 3, stride 2, no weight 0: equal values come out equal.",
    reached=_flat,
    start=_painted(3, 2, [1.0, 1.0, 1.0]),
    rights=(_painted(3, 2, [1.0, 2.0, 1.0]), _painted(3, 2, [0.5, 3.0, 2.5])),
    wrongs=(
        Wrong(
            "values not equal",
            _painted(3, 2, [1.0, 2.0, 1.0], constant=False),
            "Give equal values, not 0: else nobody can tell stripes from values.",
            when=lambda facts: not facts["constant"],
        ),
        Wrong(
            "another stride",
            _painted(3, 1, [1.0, 1.0, 1.0]),
            "Another stride is another problem: here it is 2.",
            when=lambda facts: facts["stride"] != 2,
        ),
        Wrong(
            "another kernel",
            _painted(4, 2, [1.0, 1.0, 1.0, 1.0]),
            "That is the first goal. For the last one the kernel has 3 weights, and its counts are uneven.",
            when=lambda facts: facts["kernel_size"] != 3,
        ),
        Wrong(
            "a weight of 0",
            _painted(3, 2, [1.0, 1.0, 0.0]),
            "With a weight of 0 this is a kernel of 2. All three must paint.",
            when=lambda facts: facts["zeros"] > 0,
        ),
        Wrong(
            "nothing comes out",
            _painted(3, 2, [1.0, 0.0, -1.0], zeros=0),
            "The sums are equal, but 0: nothing comes out at all.",
            when=lambda facts: max(map(abs, facts["phase_sums"])) < 1e-9,
        ),
        Wrong(
            "still striped",
            _painted(3, 2, [1.0, 3.0, 1.0]),
            "Still striped: first plus last weight must equal the middle one.",
            when=lambda facts: not facts["is_flat"],
        ),
    ),
    remark="1, 2, 1 (halved) is bilinear interpolation: the kernel with which FCN's upsampling starts.",
)

CAN_GO = ValueExercise(
    name="06.can_go",
    title="The skip that can go",
    minutes=5,
    difficulty=2,
    objective="diagnose what each skip of a trained U-Net carries",
    hints=(
        "At which sizes are a pole's pixels still apart from their neighbors?",
        "1. all on  2. switch off one alone, and read the pole IoU over all pictures  3. put it back, try the next",
        "The goal above the switches is met by exactly one of them.",
    ),
    expected=3,
    wrongs=(
        Wrong("the finest", 1, "The finest skip carries outlines: without it poles fray at their edges."),
        Wrong("the middle one", 2, "At half size a pole is still apart from the wall behind it: poles need this one."),
        Wrong("the bottom", 4, "There are three skips. The bottom is none: everything deep passes it."),
        Wrong("counted from 0", 0, "The switches count from 1, the finest."),
        Wrong("several", [2, 3], "One alone. With two off you cannot tell which one is missed."),
        Wrong("all of them", [1, 2, 3], "Without any skip most poles are lost: this net never learned to do without."),
    ),
    remark="The fine skips carry edges and thin things. The coarsest repeats much of what the bottom knows.",
)
