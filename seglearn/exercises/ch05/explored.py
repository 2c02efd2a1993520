"""A goal to reach by hand: a field that sees a whole digit, on a map that is still fine."""

from typing import Any

from seglearn.exercises.kinds import WidgetExercise, Wrong

DIGIT_PX = 16
FIELD_PX, LAYERS, JUMP = 2 * DIGIT_PX - 1, 5, 2


def _stacked(depth: int, kernel_size: int, halvings: int, dilation: int, size: int, jump: int, holes: int = 0) -> dict:
    """Return the facts of a receptive field explorer."""
    controls = {"depth": depth, "kernel_size": kernel_size, "halvings": halvings, "dilation": dilation}
    return {**controls, "size": size, "jump": jump, "holes": holes}


def _reached(facts: Any) -> bool:
    fine = facts["jump"] <= JUMP and facts["depth"] <= LAYERS
    return fine and facts["size"] >= FIELD_PX and not facts["holes"]


SEE_DIGIT = WidgetExercise(
    name="05.see_digit",
    title="A whole digit, on a fine map",
    minutes=4,
    difficulty=2,
    objective="trade stride for kernel and depth",
    hints=(
        "Only one halving is allowed. Which other control makes a layer reach further?",
        "1. one halving: jump 2  2. each later layer adds (kernel - 1) * 2  3. 31 with five layers: which kernel?",
        "5 layers, 5 x 5, 1 halving, dilation 1",
    ),
    goal="A field of at least 31 px without holes, with at most 5 layers and a jump of at most 2.",
    reached=_reached,
    start=_stacked(3, 3, 0, 1, 7, 1),
    rights=(_stacked(5, 5, 1, 1, 37, 2), _stacked(5, 7, 0, 1, 31, 1)),
    wrongs=(
        Wrong(
            "too coarse",
            _stacked(5, 3, 3, 1, 47, 8),
            "It sees a digit, but its answers stand too far apart. One halving is enough for a jump of 2.",
            when=lambda facts: facts["jump"] > JUMP,
        ),
        Wrong(
            "too deep",
            _stacked(8, 3, 1, 1, 31, 2),
            "It sees a digit, but with too many layers. Larger kernels reach as far with fewer.",
            when=lambda facts: facts["depth"] > LAYERS and facts["size"] >= FIELD_PX,
        ),
        Wrong(
            "holes",
            _stacked(5, 3, 1, 2, 37, 2, holes=18),
            "Wide enough, but some pixels inside are seen by nobody: dilation in all layers skips the same ones.",
            when=lambda facts: facts["holes"] and facts["size"] >= FIELD_PX,
        ),
        Wrong(
            "from the middle only",
            _stacked(5, 3, 1, 1, 19, 2),
            "From its middle this field sees the whole digit, from its edge it does not: 2 * 16 - 1 pixels.",
            when=lambda facts: DIGIT_PX <= facts["size"] < FIELD_PX,
        ),
        Wrong(
            "not even a digit",
            _stacked(4, 3, 0, 1, 9, 1),
            "The field is smaller than a digit. Widen the kernel, halve once, or add a layer.",
            when=lambda facts: facts["size"] < DIGIT_PX,
        ),
    ),
    remark="Fine maps that see far cost larger kernels, or dilation in some of the layers. Chapter 06 has a third way.",
)
