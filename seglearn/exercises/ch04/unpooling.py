"""Back to the full size: values at the places where they won, and a pole that pooling never looked at."""

import torch
from torch import Tensor
from torch.nn import functional as F

from seglearn.exercises.kinds import FunctionExercise, ValueExercise, Wrong, given
from seglearn.exercises.laws import without
from seglearn.exercises.readymade import UNPOOLS

TRIPS = [  # shape of the map, kernel_size, stride, why
    ((1, 1, 2, 4), 2, 2, "two windows side by side"),
    ((1, 1, 4, 6), 2, 2, "not square: row and column differ"),
    ((2, 3, 4, 6), 2, 2, "two images, three channels, each with its own winners"),
    ((1, 2, 5, 7), 2, 2, "odd sides: the last row and column belong to no window"),
    ((2, 1, 5, 9), 3, 2, "windows that overlap: a pixel may win twice"),
    ((1, 2, 7, 3), 3, 1, "windows that overlap much"),
]


def _trips(seed: int):
    shape, k, stride, note = TRIPS[seed]
    x = torch.randn(shape, generator=torch.Generator().manual_seed(10 + seed))
    values, indices = F.max_pool2d(x, k, stride, return_indices=True)
    return given(values, indices, shape[2], shape[3], note=note)


def unpool(values: Tensor, indices: Tensor, height: int, width: int) -> Tensor:
    lines = values.new_zeros(*values.shape[:2], height * width)
    return lines.scatter(2, indices.flatten(2), values.flatten(2)).unflatten(2, (height, width))


def _by_loops(values: Tensor, indices: Tensor, height: int, width: int) -> Tensor:
    result = torch.zeros(*values.shape[:2], height, width)
    for n in range(values.shape[0]):
        for c in range(values.shape[1]):
            for value, place in zip(values[n, c].flatten(), indices[n, c].flatten().tolist(), strict=True):
                result[n, c, place // width, place % width] = value
    return result


def _by_height(values: Tensor, indices: Tensor, height: int, width: int) -> Tensor:
    """Return the map of someone who finds the row by the number of rows."""
    rows, columns = (indices // height).clamp(max=height - 1), (indices % height).clamp(max=width - 1)
    return unpool(values, rows * width + columns, height, width)


def _corners(values: Tensor, height: int, width: int) -> Tensor:
    rows, columns = (torch.arange(n) * (side // n) for n, side in zip(values.shape[2:], (height, width), strict=True))
    result = values.new_zeros(*values.shape[:2], height, width)
    result[:, :, rows[:, None], columns] = values
    return result


def _added(values: Tensor, indices: Tensor, height: int, width: int) -> Tensor:
    lines = values.new_zeros(*values.shape[:2], height * width)
    return lines.scatter_add(2, indices.flatten(2), values.flatten(2)).unflatten(2, (height, width))


def _one_line(values: Tensor, indices: Tensor, height: int, width: int) -> Tensor:
    line = values.new_zeros(values.shape[0] * values.shape[1] * height * width)
    return line.scatter(0, indices.flatten(), values.flatten()).reshape(*values.shape[:2], height, width)


UNPOOL = FunctionExercise(
    name="04.unpool",
    title="Unpooling",
    minutes=7,
    difficulty=2,
    objective="implement max unpooling: every value back at the exact place where it won",
    hints=(
        "An index counts the pixels of one plane, row by row. In a plane 6 wide, in which row and column is index 8?",
        "1. zeros (N, C, H * W)  2. write each value at its index, plane by plane  3. fold the line into (H, W)",
        "zeros.scatter(2, indices.flatten(2), values.flatten(2)), then .unflatten(2, (height, width))",
    ),
    cases=_trips,
    seeds=6,
    oracle=unpool,
    laws=(without(*UNPOOLS),),
    rights=(_by_loops,),
    wrongs=(
        Wrong(
            "upper left",
            lambda values, indices, height, width: _corners(values, height, width),
            "Your values stand in the upper left corner of their windows. The indices say where each one came from.",
        ),
        Wrong(
            "copied into the window",
            lambda values, indices, height, width: F.interpolate(values, (height, width), mode="nearest-exact"),
            "Each value fills its window: that is upsampling. Unpooling writes it once, and leaves zeros around it.",
        ),
        Wrong(
            "height for width",
            _by_height,
            "You divide the index by the height. Rows are `width` long: row = index // width, column = index % width.",
        ),
        Wrong(
            "added up",
            _added,
            "Where a pixel won in two windows, you add its value twice. It is one pixel: write, do not add.",
        ),
        Wrong(
            "winners of the first channel",
            lambda values, indices, height, width: unpool(values, indices[:, :1].expand_as(indices), height, width),
            "You use the winners of the first channel for all. Every channel has its own indices.",
        ),
        Wrong(
            "winners of the first image",
            lambda values, indices, height, width: unpool(values, indices[:1].expand_as(indices), height, width),
            "You use the winners of the first image for the whole batch.",
        ),
        Wrong(
            "one long line",
            _one_line,
            "An index counts within its own plane. You wrote everything into the first plane.",
        ),
        Wrong(
            "holes with the smallest value",
            lambda values, indices, height, width: unpool(values - values.min(), indices, height, width) + values.min(),
            "What pooling dropped is unknown, and unknown is 0 here, not the smallest value.",
        ),
        Wrong(
            "lying on its side",
            lambda values, indices, height, width: unpool(values, indices, height, width).mT,
            "Height and width have changed places.",
        ),
        Wrong(
            "the indices themselves",
            lambda values, indices, height, width: unpool(indices.float(), indices, height, width),
            "You wrote the indices, not the values.",
        ),
    ),
    remark="Values are back where they came from, and whatever lost is 0. SegNet (chapter 06) decodes this way.",
)


def fault_of(wall: Tensor) -> str:
    """Return the name of the first thing that keeps a map from showing a pole that 3 x 3 windows with stride 2 miss."""
    if not isinstance(wall, Tensor):
        return "no tensor"
    if wall.ndim != 2:
        return "more axes"
    if not wall.is_floating_point():
        return "no floats"
    if min(wall.shape) < 3:
        return "too small"
    if wall.numel() > 48:
        return "too large"
    return _fault_of_pole(wall)


def _fault_of_pole(wall: Tensor) -> str:
    ones = wall == 1
    if not ((wall == 0) | ones).all():
        return "other numbers"
    if not ones.any():
        return "no pole"
    if not torch.equal(ones, ones.all(dim=0).expand_as(ones)):
        return "no upright pole"
    if ones[0].sum() > 1:
        return "more than one column"
    if not F.max_pool2d(wall[None].double(), 3, 2).any():
        return ""
    return "odd width" if wall.shape[1] % 2 else "inside"


def street(height: int, width: int, *columns: int) -> Tensor:
    """Return a map of zeros with a pole, a column of ones, in the columns that are named."""
    wall = torch.zeros(height, width)
    wall[:, list(columns)] = 1
    return wall


def _wrong(name: str, answer, sentence: str) -> Wrong:
    return Wrong(name, answer, sentence, when=lambda value: fault_of(value) == name)


BREAK_POLE = ValueExercise(
    name="04.break_pole",
    title="Break it: hide a pole from max pooling",
    minutes=5,
    difficulty=2,
    objective="diagnose windows that do not reach the edge by building a map that exposes them",
    hints=(
        "Which columns do the windows 0..2, 2..4, 4..6 look at, and which is the next one?",
        "1. where does the last whole window end?  2. choose a width that leaves a rest  3. put the pole there",
        "A width of 8: the last window ends with column 6, so column 7 is never seen.",
    ),
    accept=lambda wall: fault_of(wall) == "",
    rights=(street(3, 8, 7), street(5, 4, 3).double(), street(8, 6, 5)),
    wrongs=(
        _wrong("no tensor", [[0, 0, 0, 1]] * 3, "Make a tensor: torch.zeros(4, 5), then write ones into a column."),
        _wrong("more axes", street(3, 8, 7)[None], "One map is wanted, with two axes: rows and columns."),
        _wrong("no floats", street(3, 8, 7).long(), "Feature maps hold floats: torch.zeros(...), not whole numbers."),
        _wrong("too small", street(2, 8, 7), "The window is 3 x 3: a map with a side below 3 holds none at all."),
        _wrong("too large", street(7, 8, 7), "48 pixels are enough."),
        _wrong("other numbers", street(3, 8, 7) / 2, "Only zeros and ones: a pole of 0.5 would be a weak response."),
        _wrong("no pole", street(3, 8), "There is no pole in your map, so none can be lost."),
        _wrong(
            "no upright pole",
            street(8, 3, 2).T.contiguous(),
            "A pole is a whole column, from top to bottom. (A last row may be lost, too.)",
        ),
        _wrong(
            "more than one column",
            street(3, 8, 6, 7),
            "Two columns or more are wide, or two poles, and one of them is found. One column, please.",
        ),
        _wrong(
            "odd width",
            street(3, 7, 6),
            "With an odd width the last window ends with the last column, so every column is seen.",
        ),
        _wrong(
            "inside",
            street(3, 8, 5),
            "The width leaves a rest, but your pole does not stand in it: some window still sees it.",
        ),
    ),
    remark="Half of all widths leave a rest. Padding 1 or ceil mode looks there, too.",
)
