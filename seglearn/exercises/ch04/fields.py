"""Receptive fields by arithmetic: in the head, as a function, and as a design under a budget."""

from collections.abc import Sequence

from seglearn.exercises.kinds import FunctionExercise, ValueExercise, Wrong, given

STACKS = [  # (kernel_size, stride, dilation) of each layer, why
    ([], "no layer: a pixel sees itself"),
    ([(3, 1, 1)], "one layer"),
    ([(3, 1, 1), (5, 1, 1)], "two layers"),
    ([(2, 2, 1), (3, 1, 1)], "a pooling first: the layer behind it steps twice as far"),
    ([(3, 1, 1), (2, 2, 1)], "a pooling last: nobody is behind it"),
    ([(3, 1, 2), (3, 1, 4)], "dilation"),
    ([(7, 2, 1), (3, 2, 1), (3, 1, 2), (1, 1, 1)], "everything together"),
    ([(1, 2, 1), (4, 3, 1), (3, 1, 3)], "windows of one pixel that step"),
]
Stack = Sequence[tuple[int, int, int]]


def _stacks(seed: int):
    layers, note = STACKS[seed]
    return given(list(layers), note=note)


def field(layers: Stack) -> tuple[int, int]:
    size, jump = 1, 1
    for kernel_size, stride, dilation in layers:
        size += dilation * (kernel_size - 1) * jump
        jump *= stride
    return size, jump


def _backwards(layers: Stack) -> tuple[int, int]:
    """Return the same from the last layer to the first: how many inputs does one output need?"""
    size, jump = 1, 1
    for kernel_size, stride, dilation in reversed(layers):
        size, jump = (size - 1) * stride + dilation * (kernel_size - 1) + 1, jump * stride
    return size, jump


def _walk(
    layers: Stack, *, jumps=True, stride_first=False, full_kernel=False, dilated=True, start=1
) -> tuple[int, int]:
    """Return the size and jump of someone who makes the mistake that is switched on."""
    size, jump = start, 1
    for kernel_size, stride, dilation in layers:
        if stride_first:
            jump *= stride
        size += (dilation if dilated else 1) * (kernel_size - (not full_kernel)) * (jump if jumps else 1)
        if not stride_first:
            jump *= stride
    return size, jump


def _added_jumps(layers: Stack, first: int = 0) -> tuple[int, int]:
    """Return the size and jump of someone who adds strides: 1 + 1 + 1 with `first` 0, 1 + 2 + 2 with `first` 1."""
    size, jump = 1, 1
    for kernel_size, stride, dilation in layers:
        size += dilation * (kernel_size - 1) * jump
        jump += stride - 1 + first
    return size, jump


def _product(layers: Stack) -> tuple[int, int]:
    size, jump = 1, 1
    for kernel_size, stride, dilation in layers:
        size *= dilation * (kernel_size - 1) + 1
        jump *= stride
    return size, jump


def _only_last_stride(layers: Stack) -> tuple[int, int]:
    size, before = 1, 1
    for kernel_size, stride, dilation in layers:
        size += dilation * (kernel_size - 1) * before
        before = stride
    return size, field(layers)[1]


BY_HEAD = ValueExercise(
    name="04.by_head",
    title="A field in the head",
    minutes=3,
    difficulty=1,
    objective="compute the receptive field of two VGG blocks in the head",
    hints=(
        "After the pooling, how many pixels of the image lie between two neighbors?",
        "1. two layers with jump 1: + 2 each  2. pooling: + 1, then the jump is 2  3. two layers with jump 2",
        "1 + 2 + 2 + 1 + ...: each layer behind the pooling adds (3 - 1) * 2.",
    ),
    expected=14,
    wrongs=(
        Wrong("no jump", 10, "Behind the pooling, neighbors are two pixels apart: each 3 x 3 layer adds 2 * 2 there."),
        Wrong(
            "pooling without effect",
            9,
            "These are the four convolutions alone. The pooling adds 1, and stretches later steps.",
        ),
        Wrong("jump too early", 15, "The pooling itself still works on the full map: it adds (2 - 1) * 1, not 2."),
        Wrong("pooling forgotten", 13, "A pooling window is 2 wide and sees one pixel more: it adds 1."),
        Wrong(
            "pooling doubles",
            18,
            "Pooling does not double what was seen so far: it adds 1, and makes later steps longer.",
        ),
        Wrong(
            "whole kernels",
            21,
            "Each layer adds kernel size - 1: the pixel in its middle has been counted already.",
            when=lambda size: size in (20, 21),
        ),
        Wrong("another pooling", 16, "Read the layers again: behind the last two convolutions stands no pooling."),
        Wrong("area", 196, "196 is the number of pixels in the square. Its side is asked for."),
    ),
    remark="1 + 2 + 2 + 1 + 4 + 4 = 14. Downsampling early makes every later layer see further, for nothing.",
)

FIELD = FunctionExercise(
    name="04.field",
    title="Receptive field by arithmetic",
    minutes=7,
    difficulty=2,
    objective="derive size and jump of a stack of layers",
    hints=(
        "One more tap to the right: how far is that in the image?",
        "1. begin with size 1, jump 1  2. size grows by the way from first to last tap, in jumps  3. jump grows",
        "size += dilation * (kernel_size - 1) * jump; jump *= stride",
    ),
    cases=_stacks,
    seeds=len(STACKS),
    oracle=field,
    rights=(_backwards,),
    wrongs=(
        Wrong(
            "no jump",
            lambda layers: _walk(layers, jumps=False),
            "Behind a stride, one step is `jump` pixels of the image. You add kernel sizes as if every stride were 1.",
        ),
        Wrong(
            "stride first",
            lambda layers: _walk(layers, stride_first=True),
            "A layer's taps stand on its input: its own stride counts only for the layers behind it.",
        ),
        Wrong(
            "whole kernel",
            lambda layers: _walk(layers, full_kernel=True),
            "A layer adds kernel_size - 1. Its middle tap lies where the field already is.",
        ),
        Wrong(
            "whole kernel from zero",
            lambda layers: _walk(layers, full_kernel=True, start=0),
            "You add kernel sizes, starting at 0. That fits one layer only; two 3 x 3 layers see 5 pixels, not 6.",
        ),
        Wrong(
            "from zero",
            lambda layers: _walk(layers, start=0),
            "Start with 1: without any layer a pixel sees itself.",
        ),
        Wrong(
            "no dilation",
            lambda layers: _walk(layers, dilated=False),
            "Dilation spreads the taps: from first to last they span dilation * (kernel_size - 1).",
        ),
        Wrong(
            "jumps added",
            _added_jumps,
            "Strides multiply: after two layers of stride 2 neighbors are 4 pixels apart.",
        ),
        Wrong(
            "strides added to the first jump",
            lambda layers: _added_jumps(layers, first=1),
            "You add the stride to the jump. It multiplies: a stride of 1 leaves the jump alone.",
        ),
        Wrong("product", _product, "Fields do not multiply: each layer adds a rim around what was seen before."),
        Wrong(
            "last stride only",
            _only_last_stride,
            "You multiply by the stride of the layer before. The jump is the product of all strides before.",
        ),
        Wrong(
            "jump first",
            lambda layers: field(layers)[::-1],
            "Size and jump have changed places: return size, jump.",
        ),
        Wrong(
            "from the last layer, half",
            lambda layers: field(list(reversed(layers))),
            "You walk from the last layer to the first with the rule for the other direction: order matters.",
        ),
    ),
    remark="Two numbers and two lines: size grows by dilation * (k - 1) * jump, and jump by the stride.",
)
