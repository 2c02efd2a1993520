"""Even and uneven paint: how many kernels reach a pixel, a kernel that shows a checkerboard, and one that cannot."""

import torch
import torch.nn.functional as F
from torch import Tensor

from seglearn.exercises.kinds import FunctionExercise, ValueExercise, Wrong, given
from seglearn.exercises.laws import gradient_reaches, keeps_device

GRIDS = [  # rows, columns, kernel, stride, why
    (1, 2, 2, 2, "side by side: everything once"),
    (2, 3, 3, 2, "the kernel is not a multiple of the stride"),
    (3, 2, 4, 2, "the kernel is twice the stride"),
    (2, 4, 3, 1, "stride 1"),
    (3, 4, 2, 3, "gaps that no kernel reaches"),
    (4, 2, 5, 2, "up to three in a row"),
]


def _grids(seed: int):
    *settings, note = GRIDS[seed]
    return given(*settings, note=note)


def _line(count: int, kernel_size: int, stride: int, *, step=lambda old: old + 1) -> Tensor:
    line = torch.zeros((count - 1) * stride + kernel_size, dtype=torch.int64)
    for place in range(0, count * stride, stride):
        line[place : place + kernel_size] = step(line[place : place + kernel_size])
    return line


def overlap_counts(height: int, width: int, kernel_size: int, stride: int) -> Tensor:
    return _line(height, kernel_size, stride)[:, None] * _line(width, kernel_size, stride)


def _by_ones(height: int, width: int, kernel_size: int, stride: int) -> Tensor:
    kernel = torch.ones(1, 1, kernel_size, kernel_size)
    return F.conv_transpose2d(torch.ones(1, 1, height, width), kernel, stride=stride)[0, 0].long()


def _by_loops(height: int, width: int, kernel_size: int, stride: int) -> Tensor:
    counts = torch.zeros((height - 1) * stride + kernel_size, (width - 1) * stride + kernel_size, dtype=torch.int64)
    for i in range(0, height * stride, stride):
        for j in range(0, width * stride, stride):
            counts[i : i + kernel_size, j : j + kernel_size] += 1
    return counts


COUNTS = FunctionExercise(
    name="06.counts",
    title="How many kernels paint each pixel?",
    minutes=5,
    difficulty=2,
    objective="compute where the kernels of a transposed convolution overlap",
    hints=(
        "What do you get when a map of ones paints a kernel of ones?",
        "1. zeros, (height - 1) * stride + kernel_size rows  2. for each place add 1 to its block  3. int64",
        "counts[i * stride : i * stride + kernel_size, j * stride : j * stride + kernel_size] += 1",
    ),
    cases=_grids,
    seeds=len(GRIDS),
    oracle=overlap_counts,
    symmetric=True,
    rights=(_by_ones, _by_loops),
    wrongs=(
        Wrong(
            "covered or not",
            lambda *grid: overlap_counts(*grid).clamp(max=1),
            "You say whether a pixel is painted. Count how often: add 1 for each kernel.",
        ),
        Wrong(
            "sum of rows and columns",
            lambda h, w, k, s: _line(h, k, s)[:, None] + _line(w, k, s),
            "You add the counts of rows and columns. Two kernels in a column times two in a row make four, not 2 + 2.",
        ),
        Wrong(
            "floats",
            lambda *grid: overlap_counts(*grid).float(),
            "Counts are whole numbers: dtype=torch.int64, or .long() at the end.",
        ),
        Wrong(
            "rows and columns swapped",
            lambda h, w, k, s: overlap_counts(w, h, k, s),
            "Height and width have changed places.",
        ),
        Wrong(
            "ordinary convolution",
            lambda h, w, k, s: F.conv_transpose2d(torch.ones(1, 1, h, w), torch.ones(1, 1, k, k))[0, 0].long(),
            "Your kernels stand one pixel apart. They stand `stride` pixels apart.",
        ),
        Wrong(
            "as large as the stride says",
            lambda h, w, k, s: F.pad(overlap_counts(h, w, k, s), (0, s, 0, s))[: h * s, : w * s],
            "Your map is h * stride high. The last kernel begins at (h - 1) * stride and is painted whole.",
        ),
        Wrong(
            "the middle everywhere",
            lambda *grid: torch.full_like(overlap_counts(*grid), int(overlap_counts(*grid).max())),
            "The largest count is not the count everywhere: near the border fewer kernels reach a pixel.",
        ),
    ),
    remark="A map of ones painting a kernel of ones: that is the whole function.",
)


def phase_sums(kernel: Tensor, stride: int) -> Tensor:
    """Return the sums (stride, stride) of the weights that meet at each kind of pixel."""
    steps = range(stride)
    return torch.stack([torch.stack([kernel[i::stride, j::stride].sum() for j in steps]) for i in steps])


def fault_of(kernel: Tensor) -> str:
    """Return what keeps a kernel from showing a checkerboard although its counts are even, "" where nothing does."""
    if not isinstance(kernel, Tensor):
        return "no tensor"
    if kernel.shape != (4, 4):
        return "another size"
    if not kernel.is_floating_point():
        return "no floats"
    if not kernel.isfinite().all():
        return "not finite"
    if not (kernel > 0).all():
        return "not positive"
    sums = phase_sums(kernel.double(), 2)
    return "even" if sums.max() < 1.2 * sums.min() else ""


def _mirrored() -> Tensor:
    return torch.outer(torch.tensor([1.0, 2, 2, 1]), torch.tensor([1.0, 2, 2, 1]))


def _striped() -> Tensor:
    kernel = torch.ones(4, 4)
    kernel[::2] = 2
    return kernel


def _spot(kernel: Tensor, value: float) -> Tensor:
    kernel[0, 0] = value
    return kernel


def _wrong(name: str, answer, sentence: str) -> Wrong:
    return Wrong(name, answer, sentence, when=lambda value: fault_of(value) == name)


BREAK_EVEN = ValueExercise(
    name="06.break_even",
    title="Break it: a checkerboard with even counts",
    minutes=5,
    difficulty=2,
    objective="build a kernel that refutes the rule of even counts",
    hints=(
        "With stride 2, which four of the sixteen weights meet at the pixels in even rows and even columns?",
        "1. kernel[0::2, 0::2] is one group, there are four  2. on a map of ones each group's sum is a pixel  "
        "3. make one sum larger",
        "kernel = torch.ones(4, 4), then kernel[::2, ::2] = 2",
    ),
    accept=lambda kernel: fault_of(kernel) == "",
    rights=(_striped(), _spot(torch.ones(4, 4), 9.0), torch.arange(1.0, 17).reshape(4, 4).double()),
    wrongs=(
        _wrong("no tensor", [[1.0] * 4] * 4, "Make a tensor: torch.ones(4, 4), then change some of it."),
        _wrong("another size", torch.rand(3, 3) + 1, "The counts are even for 4 x 4 at stride 2. Take a 4 x 4 kernel."),
        _wrong("no floats", torch.ones(4, 4, dtype=torch.int64), "Weights are floats: torch.ones(4, 4)."),
        _wrong("not finite", _spot(torch.ones(4, 4), torch.inf), "All weights must be finite numbers."),
        _wrong("not positive", _spot(torch.ones(4, 4), 0.0), "All 16 weights must be above 0: each one paints."),
        _wrong(
            "even",
            _mirrored(),
            "This kernel paints evenly: the four groups kernel[i::2, j::2] have sums within 20 % of each other.",
        ),
    ),
    remark="Even counts say how many weights meet at a pixel, not what they add up to.",
)

KERNELS = [  # size, stride, why
    (2, 2, "one weight per group"),
    (4, 2, "four weights per group"),
    (3, 2, "groups of 4, 2, 2 and 1 weights"),
    (3, 3, "nine groups of one, in float64"),
    (6, 3, "nine groups of four"),
    (5, 2, "groups of 9, 6, 6 and 4 weights"),
]


def _kernels(seed: int):
    size, stride, note = KERNELS[seed]
    kernel = torch.randint(1, 30, (size, size), generator=torch.Generator().manual_seed(seed + 66))
    return given(kernel.double() if seed == 3 else kernel.float(), stride, note=note)


def even_out(kernel: Tensor, stride: int) -> Tensor:
    result, target = kernel.clone(), kernel.sum() / stride**2
    for i in range(stride):
        for j in range(stride):
            group = kernel[i::stride, j::stride]
            result[i::stride, j::stride] += (target - group.sum()) / group.numel()
    return result


def _by_masks(kernel: Tensor, stride: int) -> Tensor:
    lines = torch.arange(len(kernel), device=kernel.device) % stride
    phase = lines[:, None] * stride + lines  # (k, k), 0 .. stride² - 1
    groups = F.one_hot(phase, stride**2).to(kernel.dtype)  # (k, k, stride²)
    sums, sizes = (groups * kernel[..., None]).sum(dim=(0, 1)), groups.sum(dim=(0, 1))
    return kernel + ((kernel.sum() / stride**2 - sums) / sizes)[phase]


def _each(kernel: Tensor, stride: int, change) -> Tensor:
    result = kernel.clone()
    for i in range(stride):
        for j in range(stride):
            result[i::stride, j::stride] = change(kernel[i::stride, j::stride], kernel)
    return result


EVEN_OUT = FunctionExercise(
    name="06.even_out",
    title="A kernel that cannot paint a checkerboard",
    minutes=10,
    difficulty=3,
    objective="derive the kernel without a checkerboard that is nearest to a given one",
    hints=(
        "Which weights meet at one kind of pixel, and what must their sums have in common?",
        "1. stride * stride groups kernel[i::stride, j::stride]  2. each sum becomes total / stride**2  3. spread what "
        "is missing evenly over the group",
        "result[i::stride, j::stride] += (target - group.sum()) / group.numel()",
    ),
    cases=_kernels,
    seeds=len(KERNELS),
    oracle=even_out,
    laws=(gradient_reaches(0), keeps_device()),
    rights=(_by_masks,),
    wrongs=(
        Wrong(
            "scaled",
            lambda kernel, stride: _each(kernel, stride, lambda g, k: g * k.sum() / stride**2 / g.sum()),
            "You scale the groups. Their sums are right, but adding the same to each weight changes the kernel less.",
        ),
        Wrong(
            "means made equal",
            lambda kernel, stride: _each(kernel, stride, lambda g, k: g - g.mean() + k.mean()),
            "You made the means of the groups equal. Their sums must be equal: groups can differ in size.",
        ),
        Wrong(
            "sums of zero",
            lambda kernel, stride: _each(kernel, stride, lambda g, k: g - g.mean()),
            "Your groups all sum to 0: no checkerboard, but the total is lost. Keep it: total / stride**2 for each.",
        ),
        Wrong(
            "blocks",
            lambda kernel, stride: kernel + (kernel.mean() - kernel.mean(dim=1, keepdim=True)),
            "You even out the rows. The weights that meet at a pixel are kernel[i::stride, j::stride].",
        ),
        Wrong(
            "all equal",
            lambda kernel, stride: torch.ones_like(kernel) * kernel.mean(),
            "You made all weights equal: more change than needed (and uneven where the kernel is no multiple).",
        ),
        Wrong(
            "one weight carries all",
            lambda kernel, stride: _each(kernel, stride, lambda g, k: _first(g, k.sum() / stride**2)),
            "One weight of each group takes the whole change. Shared by all of them, the squared change is smallest.",
        ),
        Wrong(
            "not divided",
            lambda kernel, stride: _each(kernel, stride, lambda g, k: g + (k.sum() / stride**2 - g.sum())),
            "Every weight gets all of what its group lacks. Divide it by the number of weights in the group.",
        ),
        Wrong("unchanged", lambda kernel, stride: kernel * 1, "This is the kernel as it was: its groups still differ."),
    ),
    remark="Equal sums, not equal counts: that is the whole condition, even for 3 x 3 kernels at stride 2.",
)


def _first(group: Tensor, target: Tensor) -> Tensor:
    group = group.clone()
    group[0, 0] += target - group.sum()
    return group
