"""Two goals to reach by hand: windows that overlap, and a stack that sees a car."""

from collections.abc import Mapping
from typing import Any

from seglearn.exercises.ch04.design import CAR_PX, FIELD_PX, JUMP, LAYERS
from seglearn.exercises.kinds import WidgetExercise, Wrong


def _pooled(kernel_size: int, stride: int, padding: int, height: int, width: int, most_wins: int, *, mode="max"):
    """Return the facts of a pooling explorer on its map of 6 x 8."""
    settings = {"kernel_size": kernel_size, "stride": stride, "padding": padding, "mode": mode}
    return {**settings, "out_height": height, "out_width": width, "most_wins": most_wins}


def _halved(facts: Mapping[str, Any]) -> bool:
    return (facts["out_height"], facts["out_width"]) == (3, 4)


OVERLAP = WidgetExercise(
    name="04.overlap",
    title="Windows that overlap",
    minutes=3,
    difficulty=2,
    objective="choose kernel, stride and padding so that windows overlap and the size is halved",
    hints=(
        "When do two windows share a pixel: what must be larger than what?",
        "1. half the size: which stride?  2. overlap: a kernel larger than that  3. the size shrinks: which padding?",
        "kernel 3, stride 2, padding 1, as behind the first layer of a ResNet",
    ),
    goal="Halve the map, from 6 x 8 to 3 x 4, so that some pixel wins in more than one window.",
    reached=lambda facts: facts["mode"] == "max" and _halved(facts) and facts["most_wins"] >= 2,
    start=_pooled(2, 2, 0, 3, 4, 1),
    rights=(_pooled(3, 2, 1, 3, 4, 2), _pooled(4, 2, 1, 3, 4, 4)),
    wrongs=(
        Wrong(
            "mean",
            _pooled(3, 2, 1, 3, 4, 0, mode="average"),
            "A mean has no winners: every pixel of a window counts. Choose max.",
            when=lambda facts: facts["mode"] != "max",
        ),
        Wrong(
            "refused",
            _pooled(2, 2, 2, 0, 0, 0),
            "Pooling refuses padding of more than half a window: there would be windows without a single pixel.",
            when=lambda facts: facts["out_height"] == 0,
        ),
        Wrong(
            "gaps",
            _pooled(2, 3, 0, 2, 3, 1),
            "The stride is larger than the window: whole columns are looked at by nobody, and win nowhere.",
            when=lambda facts: facts["stride"] > facts["kernel_size"],
        ),
        Wrong(
            "side by side",
            _pooled(2, 2, 1, 4, 5, 1),
            "Kernel and stride are equal, so the windows stand side by side. They overlap when the kernel is larger.",
            when=lambda facts: facts["stride"] == facts["kernel_size"],
        ),
        Wrong(
            "hardly smaller",
            _pooled(3, 1, 1, 6, 8, 9),
            "The windows overlap, but with stride 1 there are as many of them as pixels. Halving needs stride 2.",
            when=lambda facts: facts["stride"] == 1,
        ),
        Wrong(
            "padding missing",
            _pooled(3, 2, 0, 2, 3, 2),
            "Right windows, but only 2 x 3 of them fit. Padding makes room for those at the border.",
            when=lambda facts: facts["padding"] == 0 and facts["stride"] == 2,
        ),
        Wrong(
            "too coarse",
            _pooled(4, 3, 2, 3, 3, 2),
            "They overlap, but step too far: half of 8 columns is 4. Take stride 2.",
            when=lambda facts: facts["stride"] > 2,
        ),
    ),
    remark="Where windows overlap, a pixel may win twice. Its value is unpooled to one place, once.",
)


def _stacked(depth: int, kernel_size: int, halvings: int, dilation: int, size: int, jump: int, holes: int = 0):
    """Return the facts of a receptive field explorer."""
    controls = {"depth": depth, "kernel_size": kernel_size, "halvings": halvings, "dilation": dilation}
    return {**controls, "size": size, "jump": jump, "holes": holes}


SEE_CAR = WidgetExercise(
    name="04.see_car",
    title="See the whole car",
    minutes=4,
    difficulty=2,
    objective="choose depth, kernel, strides and dilation for a field that covers a car",
    hints=(
        "Which control makes all later steps longer, and which limit keeps you from using it more than twice?",
        "1. two halvings: jump 4  2. each later layer adds (kernel - 1) * 4  3. six layers at most: which kernel?",
        "5 layers, 5 x 5, 2 halvings, dilation 1",
    ),
    goal="A field of at least 57 px without holes, with at most 6 layers and a jump of at most 4.",
    reached=lambda facts: (
        facts["size"] >= FIELD_PX and facts["depth"] <= LAYERS and facts["jump"] <= JUMP and not facts["holes"]
    ),
    start=_stacked(3, 3, 0, 1, 7, 1),
    rights=(_stacked(5, 5, 2, 1, 61, 4), _stacked(4, 7, 2, 1, 67, 4)),
    wrongs=(
        Wrong(
            "too coarse",
            _stacked(6, 3, 3, 1, 63, 8),
            "It sees enough, but its answers stand too far apart: at most 2 halvings keep the jump at 4.",
            when=lambda facts: facts["jump"] > JUMP,
        ),
        Wrong(
            "too deep",
            _stacked(9, 3, 2, 1, 63, 4),
            "It sees enough, but with more than 6 layers. Larger kernels reach as far with fewer.",
            when=lambda facts: facts["depth"] > LAYERS and facts["size"] >= FIELD_PX,
        ),
        Wrong(
            "holes",
            _stacked(6, 3, 2, 2, 77, 4, holes=38),
            "Large enough, but every second column is a hole: dilation in all layers skips the same pixels each time.",
            when=lambda facts: facts["holes"] and facts["size"] >= FIELD_PX,
        ),
        Wrong(
            "from the middle only",
            _stacked(6, 3, 2, 1, 39, 4),
            "From its middle this field sees the whole car, from its ends it does not: 2 * 29 - 1 pixels.",
            when=lambda facts: CAR_PX <= facts["size"] < FIELD_PX,
        ),
        Wrong(
            "without strides",
            _stacked(6, 3, 0, 1, 13, 1),
            "With a jump of 1 every layer adds little. Halve twice: then each step is 4 pixels long.",
            when=lambda facts: facts["jump"] == 1,
        ),
        Wrong(
            "not even the car",
            _stacked(3, 3, 2, 1, 15, 4),
            "The field is smaller than the car. Add layers, or let each one reach further.",
            when=lambda facts: facts["size"] < CAR_PX,
        ),
    ),
    remark="Halve early, and every later layer sees further, at the price of coarser answers.",
)
