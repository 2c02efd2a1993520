"""Transposed convolution by hand: every value paints its kernel, first along a line, then on maps with channels."""

import torch
import torch.nn.functional as F
from torch import Tensor

from seglearn import upsampling
from seglearn.exercises.kinds import FunctionExercise, Wrong, given
from seglearn.exercises.laws import gradient_reaches, keeps_device, without

PAINTERS = (
    *(torch.conv_transpose1d, torch.conv_transpose2d, torch.conv_transpose3d),
    *(upsampling.conv_transpose2d, upsampling.convolution_matrix),
)
ROWS = [  # number of values, size of the kernel, stride, why
    (1, 2, 1, "one value paints one kernel"),
    (2, 3, 3, "kernels side by side"),
    (3, 3, 2, "neighbors share one place"),
    (4, 4, 2, "an even kernel"),
    (5, 1, 2, "a kernel of one: gaps stay 0"),
    (4, 3, 1, "everything overlaps"),
]


def _rows(seed: int):
    count, size, stride, note = ROWS[seed]
    chance = torch.Generator().manual_seed(seed + 6)
    values = torch.randint(1, 9, (count,), generator=chance).float()
    kernel = torch.randint(1, 9, (size,), generator=chance).float()
    kernel[-1] += 9  # no kernel is its own mirror image
    return given(values, kernel, stride, note=note)


def paint_row(values: Tensor, kernel: Tensor, stride: int) -> Tensor:
    return F.conv_transpose1d(values[None, None], kernel[None, None], stride=stride)[0, 0]


def _stamped(values: Tensor, kernel: Tensor, stride: int) -> Tensor:
    line = values.new_zeros((len(values) - 1) * stride + len(kernel))
    for place, value in enumerate(values):
        line[place * stride : place * stride + len(kernel)] += value * kernel
    return line


def _by_taps(values: Tensor, kernel: Tensor, stride: int) -> Tensor:
    line = values.new_zeros((len(values) - 1) * stride + len(kernel))
    for tap, weight in enumerate(kernel):
        line[tap : tap + (len(values) - 1) * stride + 1 : stride] += weight * values
    return line


def _overwritten(values: Tensor, kernel: Tensor, stride: int) -> Tensor:
    line = values.new_zeros((len(values) - 1) * stride + len(kernel))
    for place, value in enumerate(values):
        line[place * stride : place * stride + len(kernel)] = value * kernel
    return line


def _shared(values: Tensor, kernel: Tensor, stride: int) -> Tensor:
    counts = _stamped(torch.ones_like(values), torch.ones_like(kernel), stride)
    return _stamped(values, kernel, stride) / counts.clamp(min=1)


PAINT_ROW = FunctionExercise(
    name="06.paint_row",
    title="Painting along a line",
    minutes=4,
    difficulty=1,
    objective="implement transposed convolution in one dimension",
    hints=(
        "Where does the paint of value number i begin, and how long is it?",
        "1. value times kernel  2. the slice that begins at i * stride  3. add, for neighbors overlap",
        "line[i * stride : i * stride + len(kernel)] += value * kernel",
    ),
    cases=_rows,
    seeds=len(ROWS),
    oracle=paint_row,
    laws=(gradient_reaches(0), keeps_device(), without(*PAINTERS)),
    rights=(_stamped, _by_taps),
    wrongs=(
        Wrong("overwritten", _overwritten, "Later paint covers earlier paint. It adds up: use +=."),
        Wrong(
            "stride forgotten",
            lambda values, kernel, stride: _stamped(values, kernel, 1),
            "Your kernels begin one place apart. Value number i begins at i * stride.",
        ),
        Wrong(
            "kernel flipped",
            lambda values, kernel, stride: _stamped(values, kernel.flip(0), stride),
            "You flipped the kernel. The first weight is painted first.",
        ),
        Wrong(
            "steps of the kernel's length",
            lambda values, kernel, stride: _stamped(values, kernel, len(kernel)),
            "Your kernels stand side by side. Their distance is the stride, whatever their length.",
        ),
        Wrong(
            "cut at count times stride",
            lambda values, kernel, stride: F.pad(_stamped(values, kernel, stride), (0, len(kernel) * stride))[
                : len(values) * stride
            ],
            "Your line is count * stride long. The last kernel begins at (count - 1) * stride and is painted whole.",
        ),
        Wrong("averaged", _shared, "Where kernels overlap you take the mean. The paint is added up."),
        Wrong(
            "unscaled",
            lambda values, kernel, stride: _stamped(torch.ones_like(values), kernel, stride),
            "You painted the bare kernel everywhere. Each value scales it.",
        ),
        Wrong(
            "the library's",
            lambda values, kernel, stride: paint_row(values, kernel, stride),
            "Right, but conv_transpose1d is out of the game here. A loop over the values is all it takes.",
        ),
    ),
    remark="Convolution reads a window and writes one number; this reads one number and writes a window.",
)

MAPS = [  # shape of x, shape of weight, stride, padding, why
    ((1, 1, 1, 2), (1, 1, 2, 2), 2, 0, "two values, side by side"),
    ((1, 1, 2, 3), (1, 1, 3, 2), 2, 0, "a kernel that is not square"),
    ((1, 3, 2, 2), (3, 2, 2, 3), 1, 0, "three channels in, two out"),
    ((2, 2, 3, 2), (2, 2, 3, 3), 2, 1, "two pictures; as many channels in as out; padding 1"),
    ((1, 2, 3, 4), (2, 1, 4, 4), 2, 1, "the kernel that many decoders use"),
    ((2, 1, 2, 3), (1, 3, 1, 2), 3, 0, "a stride larger than the kernel: gaps"),
]


def _maps(seed: int):
    shape, weight_shape, stride, padding, note = MAPS[seed]
    chance = torch.Generator().manual_seed(seed + 60)
    x = torch.randint(1, 9, shape, generator=chance).float()
    weight = torch.randint(-4, 5, weight_shape, generator=chance).float()
    weight[..., 0, 0], weight[..., -1, -1] = 1, 7
    return given(x.double() if seed == 4 else x, weight.double() if seed == 4 else weight, stride, padding, note=note)


def paint(x: Tensor, weight: Tensor, stride: int, padding: int) -> Tensor:
    return F.conv_transpose2d(x, weight, stride=stride, padding=padding)


def _canvas(x: Tensor, weight: Tensor, stride: int) -> Tensor:
    (n, _, h, w), (_, o, kh, kw) = x.shape, weight.shape
    canvas = x.new_zeros(n, o, (h - 1) * stride + kh, (w - 1) * stride + kw)
    for i in range(h):
        for j in range(w):
            stamp = torch.einsum("nc,couv->nouv", x[:, :, i, j], weight)
            canvas[:, :, i * stride : i * stride + kh, j * stride : j * stride + kw] += stamp
    return canvas


def _cut(canvas: Tensor, padding: int) -> Tensor:
    height, width = canvas.shape[-2:]
    return canvas[..., padding : height - padding, padding : width - padding]


def _by_loops(x: Tensor, weight: Tensor, stride: int, padding: int) -> Tensor:
    return _cut(_canvas(x, weight, stride), padding)


def _by_zeros(x: Tensor, weight: Tensor, stride: int, padding: int) -> Tensor:
    """Return what an ordinary convolution with the flipped kernel makes of x with zeros between its pixels."""
    (n, c, h, w), (_, _, kh, kw) = x.shape, weight.shape
    spread = x.new_zeros(n, c, (h - 1) * stride + 1, (w - 1) * stride + 1)
    spread[..., ::stride, ::stride] = x
    spread = F.pad(spread, (kw - 1, kw - 1, kh - 1, kh - 1))
    return _cut(F.conv2d(spread, weight.flip(2, 3).transpose(0, 1)), padding)


def _by_fold(x: Tensor, weight: Tensor, stride: int, padding: int) -> Tensor:
    (n, _, h, w), (_, o, kh, kw) = x.shape, weight.shape
    stamps = torch.einsum("nchw,couv->nouvhw", x, weight).reshape(n, o * kh * kw, h * w)
    size = ((h - 1) * stride + kh, (w - 1) * stride + kw)
    return _cut(F.fold(stamps, size, (kh, kw), stride=stride), padding)


def _last_wins(x: Tensor, weight: Tensor, stride: int, padding: int) -> Tensor:
    (n, _, h, w), (_, o, kh, kw) = x.shape, weight.shape
    canvas = x.new_zeros(n, o, (h - 1) * stride + kh, (w - 1) * stride + kw)
    for i in range(h):
        for j in range(w):
            stamp = torch.einsum("nc,couv->nouv", x[:, :, i, j], weight)
            canvas[:, :, i * stride : i * stride + kh, j * stride : j * stride + kw] = stamp
    return _cut(canvas, padding)


PAINT = FunctionExercise(
    name="06.paint",
    title="Painting on maps",
    minutes=10,
    difficulty=2,
    objective="implement transposed convolution as torch.nn has it: batch, channels, stride and padding",
    hints=(
        "One place (i, j) of x holds C numbers. What block of the canvas do they paint, and with which weights?",
        "1. a canvas of (h - 1) * stride + kh rows  2. for each i, j a stamp (N, O, kh, kw), summed over C  3. add it "
        "at (i * stride, j * stride)  4. at the end cut `padding` off all four sides",
        'stamp = torch.einsum("nc,couv->nouv", x[:, :, i, j], weight)',
    ),
    cases=_maps,
    seeds=len(MAPS),
    oracle=paint,
    laws=(gradient_reaches(0), keeps_device(), without(*PAINTERS)),
    rights=(_by_loops, _by_zeros, _by_fold),
    wrongs=(
        Wrong("overwritten", _last_wins, "Where stamps overlap, the last one stays. They add up: use +=."),
        Wrong(
            "flipped",
            lambda x, weight, stride, padding: _by_loops(x, weight.flip(2, 3), stride, padding),
            "Your stamps are turned by 180 degrees: a value paints its kernel as it is.",
        ),
        Wrong(
            "kernel on its side",
            lambda x, weight, stride, padding: _by_loops(x, weight.transpose(2, 3), stride, padding),
            "Rows and columns of the kernel have changed places: weight is (C, O, kh, kw).",
        ),
        Wrong(
            "outputs before inputs",
            lambda x, weight, stride, padding: _by_loops(x, weight.transpose(0, 1), stride, padding),
            "You read weight as (O, C, kh, kw). Here the input channels come first: (C, O, kh, kw).",
        ),
        Wrong(
            "first channel only",
            lambda x, weight, stride, padding: _by_loops(x[:, :1], weight[:1], stride, padding),
            "Only the first input channel paints. All C of them do, and their paint adds up.",
        ),
        Wrong(
            "mean over channels",
            lambda x, weight, stride, padding: _by_loops(x, weight / x.shape[1], stride, padding),
            "You average over the input channels. They are added.",
        ),
        Wrong(
            "no stride",
            lambda x, weight, stride, padding: _by_loops(x, weight, 1, padding),
            "Your stamps stand one pixel apart. The stamp of (i, j) begins at (i * stride, j * stride).",
        ),
        Wrong(
            "padding left out",
            lambda x, weight, stride, padding: _by_loops(x, weight, stride, 0),
            "Nothing was cut off. A convolution pads before it reads; here the same rim is cut off after painting.",
        ),
        Wrong(
            "padding added",
            lambda x, weight, stride, padding: F.pad(_by_loops(x, weight, stride, 0), (padding,) * 4),
            "You added a rim of zeros. Going backward, padding takes a rim away.",
        ),
        Wrong(
            "input padded",
            lambda x, weight, stride, padding: _by_loops(F.pad(x, (padding,) * 4), weight, stride, 0),
            "You padded x before painting. Padding belongs to the canvas, and it is cut off.",
        ),
        Wrong(
            "cut on one side",
            lambda x, weight, stride, padding: _canvas(x, weight, stride)[..., 2 * padding :, 2 * padding :],
            "You cut all of it at the top and on the left. `padding` rows and columns go on each of the four sides.",
        ),
        Wrong(
            "the library's",
            lambda x, weight, stride, padding: paint(x, weight, stride, padding),
            "Right, but conv_transpose2d is out of the game here: what would you learn? Two loops will do.",
        ),
    ),
    remark="You have written torch.nn.ConvTranspose2d. It is also what every convolution does in its backward pass.",
)
