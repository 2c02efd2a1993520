"""From windows to columns: the trick that makes a convolution one multiplication of matrices."""

import torch
import torch.nn.functional as F
from torch import Tensor

from seglearn.exercises.ch03.by_hand import CUT
from seglearn.exercises.kinds import FunctionExercise, Wrong, given
from seglearn.exercises.laws import gradient_reaches, keeps_device, without

CASES = [  # shape of x, kernel size, stride
    ((1, 1, 1, 3), (1, 2), 1),
    ((1, 1, 3, 3), (2, 2), 1),
    ((1, 2, 3, 4), (2, 3), 1),
    ((2, 3, 4, 5), (3, 2), 1),
    ((1, 2, 5, 7), (3, 2), 2),
]


def _windows(seed: int):
    """All numbers differ, so that each shows where it went."""
    shape, kernel_size, stride = CASES[seed]
    x = torch.arange(torch.Size(shape).numel(), dtype=torch.float32).reshape(shape)
    notes = ["two windows", "four windows", "two channels", "two pictures, three channels", "stride 2"]
    return given(x, kernel_size, stride, note=notes[seed])


def columns(x: Tensor, kernel_size: tuple[int, int], stride: int) -> Tensor:
    return F.unfold(x, kernel_size, stride=stride)


def _seen(x: Tensor, kernel_size: tuple[int, int], stride: int) -> Tensor:
    """Return all windows (N, C, h, w, kh, kw)."""
    return x.unfold(2, kernel_size[0], stride).unfold(3, kernel_size[1], stride)


def _in_order(x: Tensor, kernel_size: tuple[int, int], stride: int, order: tuple[int, ...], rows: int) -> Tensor:
    """Return the windows with their axes in some order, the first `rows` after the batch melted into the rows."""
    axes = _seen(x, kernel_size, stride).permute(0, *order)
    return axes.flatten(1 + rows, -1).flatten(1, rows)


def _by_loops(x: Tensor, kernel_size: tuple[int, int], stride: int) -> Tensor:
    (kh, kw), (_, _, height, width) = kernel_size, x.shape
    starts = [(y, z) for y in range(0, height - kh + 1, stride) for z in range(0, width - kw + 1, stride)]
    return torch.stack([x[:, :, y : y + kh, z : z + kw].flatten(1) for y, z in starts], dim=-1)


def _side_by_side(x: Tensor, kernel_size: tuple[int, int]) -> Tensor:
    """Return windows that do not overlap."""
    blocks = x.unfold(2, kernel_size[0], kernel_size[0]).unfold(3, kernel_size[1], kernel_size[1])
    return blocks.permute(0, 1, 4, 5, 2, 3).flatten(4).flatten(1, 3)


IM2COL = FunctionExercise(
    name="03.im2col",
    title="Every window becomes a column",
    minutes=10,
    difficulty=3,
    objective="implement im2col: one column for each window, one row for each weight",
    hints=(
        "Take one window of 2 channels, 3 x 2. In which order do its 12 numbers stand in a weight[o].flatten()?",
        "1. windows from left to right, then down  2. flatten each: channel, row, column  3. stack them as columns",
        "torch.stack([x[:, :, y:y+kh, z:z+kw].flatten(1) for y in ... for z in ...], dim=-1)",
    ),
    cases=_windows,
    seeds=len(CASES),
    oracle=columns,
    laws=(gradient_reaches(0), keeps_device(), without(*CUT)),
    rights=(_by_loops, lambda x, kernel_size, stride: _in_order(x, kernel_size, stride, (1, 4, 5, 2, 3), 3)),
    wrongs=(
        Wrong(
            "windows as rows",
            lambda x, kernel_size, stride: _by_loops(x, kernel_size, stride).transpose(1, 2),
            "Your windows are the rows. Turn it around: weight (O, C*kh*kw) @ columns (C*kh*kw, L) must fit.",
        ),
        Wrong(
            "only folded",
            lambda x, kernel_size, stride: _seen(x, kernel_size, stride).reshape(
                len(x), x.shape[1] * kernel_size[0] * kernel_size[1], -1
            ),
            "The shape is right, but reshape only folds the line of numbers. Move the window's axes first: permute.",
        ),
        Wrong(
            "channels last",
            lambda x, kernel_size, stride: _in_order(x, kernel_size, stride, (4, 5, 1, 2, 3), 3),
            "In your columns the channel moves fastest. In weight[o].flatten() it moves slowest: channel, row, column.",
        ),
        Wrong(
            "columns before rows",
            lambda x, kernel_size, stride: _in_order(x, kernel_size, stride, (1, 5, 4, 2, 3), 3),
            "Inside your windows the row moves fastest. Read a window as you read a page: row by row.",
        ),
        Wrong(
            "windows downward",
            lambda x, kernel_size, stride: _in_order(x, kernel_size, stride, (1, 4, 5, 3, 2), 3),
            "You take the windows from top to bottom first. They follow the page: left to right, then down.",
        ),
        Wrong(
            "no stride",
            lambda x, kernel_size, stride: _by_loops(x, kernel_size, 1),
            "You take a window at every pixel. With stride 2, every second start in both directions.",
        ),
        Wrong(
            "flipped",
            lambda x, kernel_size, stride: _by_loops(x.flip(2, 3), kernel_size, stride),
            "You read the picture from its end.",
        ),
        Wrong(
            "side by side",
            lambda x, kernel_size, stride: _side_by_side(x, kernel_size),
            "Your windows do not overlap: you step by the size of the kernel. Step by the stride.",
        ),
        Wrong(
            "channels apart",
            lambda x, kernel_size, stride: _in_order(x, kernel_size, stride, (4, 5, 1, 2, 3), 2),
            "You gave each channel columns of its own. A window holds all channels, one below the other.",
        ),
        Wrong(
            "the library's",
            columns,
            "Right, but F.unfold is out of the game. Cut the windows yourself: slices, or x.unfold(2, kh, stride).",
        ),
    ),
    remark="weight.flatten(1) @ columns is the whole convolution, and multiplying matrices is what computers do best.",
)
