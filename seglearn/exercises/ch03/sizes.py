"""How large is what comes out, and how many numbers must be learned for it?"""

import math

from seglearn.exercises.kinds import FunctionExercise, ValueExercise, Wrong, given

SIZES = [  # size, kernel size, stride, padding, dilation: the easy ones first
    (5, 1, 1, 0, 1),
    (7, 3, 1, 0, 1),
    (7, 3, 1, 1, 1),
    (17, 3, 2, 1, 1),
    (8, 3, 2, 1, 1),
    (12, 4, 3, 1, 1),
    (16, 5, 4, 0, 1),
    (20, 3, 1, 2, 2),
    (19, 4, 2, 3, 3),
]
NOTES = [
    "a window of one pixel fits everywhere",
    "a window of three",
    "one pixel of padding on both sides",
    "the puzzle 17 -> 9",
    "the last step does not fit",
    "an even kernel, steps of three",
    "three pixels are left over",
    "a window with gaps",
    "all at once",
]


def output_size(size: int, kernel_size: int, stride: int, padding: int, dilation: int) -> int:
    reach = dilation * (kernel_size - 1) + 1
    return (size + 2 * padding - reach) // stride + 1


def _free(size: int, kernel_size: int, padding: int, dilation: int) -> int:
    """Return how many steps of one pixel there are."""
    return size + 2 * padding - dilation * (kernel_size - 1) - 1


def _counted(size: int, kernel_size: int, stride: int, padding: int, dilation: int) -> int:
    """Count the places at which a window may start."""
    last = dilation * (kernel_size - 1)
    return sum(start + last < size + padding for start in range(-padding, size + padding, stride))


OUTPUT_SIZE = FunctionExercise(
    name="03.output_size",
    title="How many windows fit?",
    minutes=6,
    difficulty=2,
    objective="derive the size of a result from size, kernel, stride, padding and dilation",
    hints=(
        "How many pixels does a window of 3 weights with dilation 2 reach over, from its first to its last?",
        "1. the window's reach  2. pixels left over after the first window, padding included  3. whole steps  4. + 1",
        "(size + 2 * padding - (dilation * (kernel_size - 1) + 1)) // stride + 1",
    ),
    cases=lambda seed: given(*SIZES[seed], note=NOTES[seed]),
    seeds=len(SIZES),
    oracle=output_size,
    rights=(_counted,),
    wrongs=(
        Wrong(
            "the first window",
            lambda size, kernel_size, stride, padding, dilation: _free(size, kernel_size, padding, dilation) // stride,
            "You count the steps. There is one window more than there are steps: + 1.",
        ),
        Wrong(
            "padding once",
            lambda size, kernel_size, stride, padding, dilation: (
                (_free(size, kernel_size, 0, dilation) + padding) // stride + 1
            ),
            "You add the padding once. It stands on both sides: 2 * padding.",
        ),
        Wrong(
            "no padding",
            lambda size, kernel_size, stride, padding, dilation: _free(size, kernel_size, 0, dilation) // stride + 1,
            "You leave the padding out. It makes the picture larger, on both sides.",
        ),
        Wrong(
            "no dilation",
            lambda size, kernel_size, stride, padding, dilation: output_size(size, kernel_size, stride, padding, 1),
            "You leave the dilation out. Gaps make the window reach further: dilation * (kernel_size - 1) + 1.",
        ),
        Wrong(
            "dilation times kernel",
            lambda size, kernel_size, stride, padding, dilation: (
                (size + 2 * padding - dilation * kernel_size) // stride + 1
            ),
            "dilation * kernel_size is too long: 3 weights have only 2 gaps between them.",
        ),
        Wrong(
            "rounded up",
            lambda size, kernel_size, stride, padding, dilation: (
                math.ceil(_free(size, kernel_size, padding, dilation) / stride) + 1
            ),
            "You round up: your last window hangs over the edge. Only whole steps count: //.",
        ),
        Wrong(
            "rounded to the nearest",
            lambda size, kernel_size, stride, padding, dilation: (
                math.floor(_free(size, kernel_size, padding, dilation) / stride + 0.5) + 1
            ),
            "You round to the nearest. A step that fits by more than half still does not fit.",
        ),
        Wrong(
            "fraction",
            lambda size, kernel_size, stride, padding, dilation: (
                _free(size, kernel_size, padding, dilation) / stride + 1
            ),
            "A size is a whole number: use // in place of /.",
        ),
        Wrong(
            "no stride",
            lambda size, kernel_size, stride, padding, dilation: _free(size, kernel_size, padding, dilation) + 1,
            "You leave the stride out: this is the number of windows with steps of 1.",
        ),
        Wrong(
            "plus one before the division",
            lambda size, kernel_size, stride, padding, dilation: (
                (_free(size, kernel_size, padding, dilation) + 1) // stride
            ),
            "You add 1 before you divide. The first window costs no step: divide first, then + 1.",
        ),
        Wrong(
            "as with 'same'",
            lambda size, kernel_size, stride, padding, dilation: math.ceil(size / stride),
            "size / stride, rounded up, is right only when the padding is chosen to keep the size.",
        ),
    ),
    remark="Height and width each have their own. For 3 x 3 with padding 1 and stride 1: the size stays.",
)

PARAMETERS = ValueExercise(
    name="03.parameters",
    title="How many numbers does this layer learn?",
    minutes=4,
    difficulty=2,
    objective="compute the number of parameters of any convolution layer",
    hints=(
        "Into how many input channels does one output channel look, when they are split into 3 groups?",
        "1. weights of one output channel: channels it sees * kh * kw  2. times 12  3. a bias for each output channel",
        "12 * (6 // 3) * 3 * 5 + 12",
    ),
    expected=12 * (6 // 3) * 3 * 5 + 12,
    wrongs=(
        Wrong("no bias", 360, "These are the weights. Each of the 12 output channels also has a bias."),
        Wrong("no groups", 1092, "Without groups. With 3 groups, an output channel sees only 6 / 3 = 2 channels."),
        Wrong("neither groups nor bias", 1080, "Two things are missing: the groups, and the biases."),
        Wrong("one group", 124, "This is one of the three groups: 2 channels in, 4 out. Count all three."),
        Wrong(
            "outputs of one group", 132, "One group makes 4 of the 12 outputs, but all 12 have weights of their own."
        ),
        Wrong("times groups", 3252, "Groups make a layer smaller: an output channel sees a third of the channels."),
        Wrong("one plane each", 192, "Each output channel sees 2 channels, and has a plane of 15 weights for each."),
        Wrong("one bias per group", 363, "The biases belong to the output channels: 12, not one for each group."),
        Wrong("one bias per input channel", 366, "The biases belong to what comes out: 12, not 6."),
        Wrong("three by three", 228, "The window has 3 rows and 5 columns: 15 weights, not 9."),
        Wrong("a sum", 46, "You added. Each output channel has 15 weights for each channel that it sees: multiply."),
        Wrong(
            "size of the picture",
            360 * 64 * 96,
            "A kernel is shared by all positions: the size of the picture does not appear.",
            when=lambda count: count > 10_000,
        ),
    ),
    remark="Height and width of the picture do not occur: the same layer works on any size.",
)
