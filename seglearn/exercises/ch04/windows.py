"""The maps on which pooling is tried, and pooling in the plainest way: every window in the open, or in loops."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from seglearn.exercises.kinds import given

FOLDS = [  # shape of x, k
    ((1, 1, 2, 2), 2),
    ((1, 1, 2, 4), 2),
    ((2, 3, 6, 4), 2),
    ((1, 2, 3, 9), 3),
    ((2, 1, 5, 7), 1),
    ((3, 2, 8, 12), 4),
]
POOLS = [  # shape of x, kernel_size, stride, padding, why
    ((1, 1, 2, 2), 2, 2, 1, "all negative, with a border of padding"),
    ((1, 1, 3, 4), 2, 1, 0, "windows that overlap"),
    ((2, 3, 5, 7), 3, 2, 1, "two images, three channels, odd sides"),
    ((1, 2, 7, 4), 2, 2, 0, "an odd side: the last row belongs to no window"),
    ((1, 1, 6, 9), 2, 3, 0, "a stride larger than the window"),
    ((1, 2, 5, 5), 1, 2, 0, "windows of one pixel"),
    ((2, 1, 4, 6), 5, 1, 2, "a window larger than the map, thanks to padding"),
    ((1, 1, 4, 5), 3, 2, 1, "three columns ruled out with -1e30"),
]


def folds(seed: int):
    shape, k = FOLDS[seed]
    return given(torch.randn(shape, generator=torch.Generator().manual_seed(seed)), k, note=f"windows of {k} x {k}")


def pools(seed: int):
    """Return negative maps first, where zeros would win; later one with zeros, one in float64, one with -1e30."""
    shape, k, stride, padding, note = POOLS[seed]
    x = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    x = -1 - x.abs() if seed in (0, 2) else x
    if seed == 3:
        x[..., ::2] = 0
    if seed == 7:
        x[..., :3] = -1e30
    return given(x.double() if seed == 4 else x, k, stride, padding, note=note)


def folded(x: Tensor, k: int) -> Tensor:
    n, c, height, width = x.shape
    return x.reshape(n, c, height // k, k, width // k, k)  # (N, C, rows, k, columns, k)


def windows(x: Tensor, kernel_size: int, stride: int, padding: int, fill: float) -> Tensor:
    """Return every window of a padded map (N, C, H', W', k, k)."""
    x = F.pad(x, (padding, padding, padding, padding), value=fill)
    return x.unfold(2, kernel_size, stride).unfold(3, kernel_size, stride)


def max_pool(x: Tensor, kernel_size: int, stride: int, padding: int) -> Tensor:
    return windows(x, kernel_size, stride, padding, -math.inf).amax(dim=(-2, -1))


def avg_pool(x: Tensor, kernel_size: int, stride: int, padding: int) -> Tensor:
    total = windows(x, kernel_size, stride, padding, 0.0).sum(dim=(-2, -1))
    return total / windows(torch.ones_like(x), kernel_size, stride, padding, 0.0).sum(dim=(-2, -1))


def by_columns(reduce, fill: float):
    """Return pooling in which every window becomes a column that `reduce(columns)` makes a number of, along axis 2."""

    def pool(x: Tensor, kernel_size: int, stride: int, padding: int) -> Tensor:
        height, width = ((side + 2 * padding - kernel_size) // stride + 1 for side in x.shape[2:])
        padded = F.pad(x, (padding, padding, padding, padding), value=fill)
        columns = F.unfold(padded, kernel_size, stride=stride).unflatten(1, (x.shape[1], -1))  # (N, C, k * k, h * w)
        return reduce(columns).unflatten(-1, (height, width))

    return pool


def looped(start: float, join):
    """Return pooling by loops in which `join` collects the values of a window, starting from `start`."""

    def pool(x: Tensor, kernel_size: int, stride: int, padding: int) -> Tensor:
        n, c, height, width = x.shape
        size = [(side + 2 * padding - kernel_size) // stride + 1 for side in (height, width)]
        result = x.new_full((n, c, *size), start)
        for y in range(size[0]):
            for w in range(size[1]):
                for i in range(kernel_size):
                    for j in range(kernel_size):
                        row, column = y * stride + i - padding, w * stride + j - padding
                        if 0 <= row < height and 0 <= column < width:
                            result[:, :, y, w] = join(result[:, :, y, w].clone(), x[:, :, row, column])
        return result

    return pool
