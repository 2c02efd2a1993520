"""A stack of layers that sees a whole car: any stack will do that keeps the laws."""

from collections.abc import Sequence

from seglearn.convolution import Layer, receptive_field
from seglearn.exercises.kinds import ValueExercise, Wrong

CAR_PX = 29  # the car in the middle of the chapter's street
FIELD_PX = 2 * CAR_PX - 1  # its left end must see its right end, and the other way round
JUMP, LAYERS, KERNEL = 4, 6, 3


def taps(layers: Sequence[Layer]) -> set[int]:
    """Return the places on a line of the image that one output looks at.

    Example:
        >>> sorted(taps([Layer(3, dilation=2)]))
        [0, 2, 4]
    """
    places = {0}
    for layer in reversed(layers):
        places = {layer.stride * place + layer.dilation * tap for place in places for tap in range(layer.kernel_size)}
    return places


def fault_of(stack) -> str:
    """Return the name of the first law that a stack breaks, "" where it sees the car under the budget."""
    if not isinstance(stack, list | tuple) or not stack:
        return "no list"
    if not all(isinstance(layer, Layer) for layer in stack):
        return "no layers"
    if any(not isinstance(n, int) for layer in stack for n in (layer.kernel_size, layer.stride, layer.dilation)):
        return "pairs"
    if len(stack) > LAYERS:
        return "too many layers"
    if any(layer.kernel_size > KERNEL for layer in stack):
        return "large kernel"
    return _fault_of_field(stack)


def _fault_of_field(stack: Sequence[Layer]) -> str:
    last = receptive_field(stack)[-1]
    if last.jump != JUMP:
        return "too coarse" if last.jump > JUMP else "too fine"
    if last.size < CAR_PX:
        return "no car"
    if last.size < FIELD_PX:
        return "from the middle only"
    return "" if len(taps(stack)) == last.size else "holes"


def _wrong(name: str, stack, sentence: str) -> Wrong:
    return Wrong(name, stack, sentence, when=lambda value: fault_of(value) == name)


DOWN = [Layer(3, stride=2), Layer(3, stride=2)]

DESIGN = ValueExercise(
    name="04.design",
    title="Design a stack that sees a car",
    minutes=10,
    difficulty=3,
    objective="design a stack of layers with a given field and jump under a budget",
    hints=(
        "After two strides of 2, what does one more 3 x 3 layer add? And with dilation 4?",
        "1. two layers with stride 2: size 7, jump 4  2. at most four more: which dilations give 50?  3. any holes?",
        "Dilations 1, 2, 4 behind the strides add 8, 16 and 32, and the 1 fills the holes of the others.",
    ),
    accept=lambda stack: fault_of(stack) == "",
    rights=(
        [*DOWN, Layer(3), Layer(3, dilation=2), Layer(3, dilation=4)],
        (Layer(3), Layer(2, stride=2), Layer(3), Layer(2, stride=2), Layer(3, dilation=2), Layer(3, dilation=4)),
    ),
    wrongs=(
        _wrong("no list", Layer(3), "A list of layers is wanted: [Layer(3, stride=2), ...]."),
        _wrong("no layers", [(3, 2), (3, 2)], "Make a Layer of each: Layer(3, stride=2)."),
        _wrong(
            "pairs", [Layer((3, 3), stride=2)] * 2, "Squares are enough here: give whole numbers, Layer(3, stride=2)."
        ),
        _wrong(
            "too many layers",
            [*DOWN, *[Layer(3)] * 7],
            "Undilated 3 x 3 layers get there only with nine. Six is the budget: let some taps stand further apart.",
        ),
        _wrong(
            "large kernel",
            [Layer(5, stride=2)] * 2 + [Layer(5)] * 3,
            "A 5 x 5 layer costs 25 weights: use 3 x 3 at most.",
        ),
        _wrong(
            "too coarse",
            [Layer(3, stride=2)] * 5,
            "The jump is too large: with one answer every 8 pixels or more, poles fall between the answers.",
        ),
        _wrong(
            "too fine",
            [Layer(3, dilation=d) for d in (1, 2, 4, 8, 16)],
            "The jump is smaller than 4: as many answers as that cost time and memory. Use strides.",
        ),
        _wrong("no car", [*DOWN, Layer(3), Layer(3)], "The field is smaller than the car itself."),
        _wrong(
            "from the middle only",
            [*DOWN, Layer(3), Layer(3, dilation=2), Layer(3, dilation=2)],
            "From the middle of the car this field sees all of it. From its left end it must reach the right end, "
            "and the other way round: 2 * 29 - 1 pixels.",
        ),
        _wrong(
            "holes",
            [*DOWN, *[Layer(3, dilation=2)] * 4],
            "The field is large enough, but it has holes: there are pixels inside that no path reaches. "
            "Check strides larger than the window, and dilations without a 1 among them.",
        ),
    ),
    remark="Stride, depth, dilation: three ways to see further. They cost resolution, time, and neighbors.",
)
