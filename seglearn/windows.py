"""Windows that slide: how many fit, where they stand, what they see. Convolution, pooling and unpooling share them.

    size 7, kernel_size 3, stride 2:   [0 1 2] 3 4 5 6
                                        0 1 [2 3 4] 5 6      three positions
                                        0 1 2 3 [4 5 6]

A setting is an int, for rows and columns alike, or a pair (rows, columns).
"""

from itertools import product

import torch.nn.functional as F
from torch import Tensor

from seglearn.checks import check_choice

Size = int | tuple[int, int]  # one number for both axes, or (rows, columns)
Sides = tuple[tuple[int, int], tuple[int, int]]  # padding: (top, bottom), (left, right)


def pair(where: str, name: str, value: Size, *, least: int = 0) -> tuple[int, int]:
    """Return `value` as (rows, columns); one number stands for both.

    Raises:
        TypeError: not an int and not a pair of ints.
        ValueError: a number is below `least`.

    Example:
        >>> pair("demo", "stride", 2), pair("demo", "stride", (1, 2))
        ((2, 2), (1, 2))
    """
    both = tuple(value) if isinstance(value, tuple | list) else (value, value)
    if len(both) != 2 or any(isinstance(n, bool) or not isinstance(n, int) for n in both):
        raise TypeError(f"{where}: {name} must be an int or a pair of ints (rows, columns), got {value!r}.")
    if min(both) < least:
        raise ValueError(f"{where}: {name} must be at least {least}, got {value}.")
    return both


def span(kernel_size: int, dilation: int = 1) -> int:
    """Return how many pixels a window reaches over, from its first tap to its last: dilation·(kernel_size − 1) + 1.

    Example:
        >>> span(3), span(3, dilation=2)  # [x x x] and [x . x . x]
        (3, 5)
    """
    return dilation * (kernel_size - 1) + 1


def output_size(
    size: Size,
    kernel_size: Size,
    *,
    stride: Size = 1,
    padding: Size | str = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    where: str = "output_size",
) -> Size:
    """Return at how many positions a window stands when it slides over `size` pixels.

        result = ⌊(size + 2·padding − dilation·(kernel_size − 1) − 1) / stride⌋ + 1

    Ints give an int. With a pair (rows, columns) anywhere, the answer is a pair.

    Args:
        padding: pixels added on each side; "valid" is 0, "same" what keeps the size (see `padding_sides`).
        ceil_mode: round up: a last window may reach over the end, if it starts on the image or the padding before it.
        where: whose name an error carries.

    Raises:
        ValueError: the window does not fit into the padded image, or a setting is out of range.
        TypeError: a setting is no int and no pair of ints.

    Example:
        >>> output_size(17, 3, stride=2, padding=1)
        9
        >>> output_size((5, 7), 3)
        (3, 5)
        >>> output_size(6, 3, stride=2), output_size(6, 3, stride=2, ceil_mode=True)
        (2, 3)
    """
    sizes, kernel = pair(where, "size", size, least=1), pair(where, "kernel_size", kernel_size, least=1)
    strides, dilations = pair(where, "stride", stride, least=1), pair(where, "dilation", dilation, least=1)
    sides = padding_sides(where, padding, kernel, strides, dilations)
    answer = []
    for axis, n, k, s, (before, after), d in zip(
        ("rows", "columns"), sizes, kernel, strides, sides, dilations, strict=True
    ):
        room = before + n + after - span(k, d)  # how far the window can slide
        count = (room + s - 1 if ceil_mode else room) // s + 1
        if ceil_mode and (count - 1) * s >= before + n:
            count -= 1  # the last window would start beyond the image
        if count < 1:
            raise ValueError(
                f"{where}: the window spans {span(k, d)} {axis} (kernel {k}, dilation {d}) and must fit into the padded "
                f"image, which has {before + n + after} ({before} + {n} + {after}). Use a smaller kernel or more padding."
            )
        answer.append(count)
    given = (size, kernel_size, stride, padding, dilation)
    return tuple(answer) if any(isinstance(value, tuple | list) for value in given) else answer[0]


def padding_sides(
    where: str, padding: Size | str, kernel: tuple[int, int], stride: tuple[int, int], dilation: tuple[int, int]
) -> Sides:
    """Return the padding as ((top, bottom), (left, right)).

    "same" keeps the size at stride 1: it adds span − 1 pixels, half before and half after. When that number is odd (an
    even kernel), the extra pixel goes after: bottom or right.

    Raises:
        ValueError: another word, a negative number, or "same" with a stride.

    Example:
        >>> padding_sides("demo", "same", (3, 4), (1, 1), (1, 1))
        ((1, 1), (1, 2))
    """
    if not isinstance(padding, str):
        rows, columns = pair(where, "padding", padding)
        return (rows, rows), (columns, columns)
    check_choice(where, "padding", padding, ("same", "valid"))
    if padding == "valid":
        return (0, 0), (0, 0)
    if stride != (1, 1):
        raise ValueError(
            f"{where}: padding='same' keeps the size and is defined for stride 1 only, got stride {stride}. "
            "Give the padding as a number."
        )
    extra = [span(k, d) - 1 for k, d in zip(kernel, dilation, strict=True)]
    return tuple((n // 2, n - n // 2) for n in extra)


def pad(x: Tensor, sides: Sides, value: float = 0.0) -> Tensor:
    """Return x (N, C, H, W) with a frame of `value` around each plane.

    Example:
        >>> import torch
        >>> pad(torch.ones(1, 1, 1, 2), ((0, 0), (1, 2)))
        tensor([[[[0., 1., 1., 0., 0.]]]])
    """
    (top, bottom), (left, right) = sides
    return F.pad(x, (left, right, top, bottom), value=value)  # torch counts axes from the last


def windows(x: Tensor, kernel_size: tuple[int, int], *, stride: tuple[int, int], dilation: tuple[int, int]) -> Tensor:
    """Return all windows of x as a view: nothing is copied, pixels that windows share are stored once.

        result[n, c, i, j, u, v] = x[n, c, i·stride + u·dilation, j·stride + v·dilation]

    Shapes:
        x      (N, C, H, W)           padded already
        result (N, C, h, w, kh, kw)   window (i, j), tap (u, v)

    Example:
        >>> import torch
        >>> row = torch.arange(5.0).reshape(1, 1, 1, 5)
        >>> windows(row, (1, 3), stride=(1, 2), dilation=(1, 1))[0, 0, 0, :, 0]
        tensor([[0., 1., 2.],
                [2., 3., 4.]])
    """
    (kh, kw), (sh, sw), (dh, dw) = kernel_size, stride, dilation
    dense = x.unfold(2, span(kh, dh), sh).unfold(3, span(kw, dw), sw)  # (N, C, h, w, span, span)
    return dense[..., ::dh, ::dw]


def fold(values: Tensor, size: tuple[int, int], *, stride: tuple[int, int], dilation: tuple[int, int]) -> Tensor:
    """Return the image that windows of values add up to, where windows overlap: the adjoint of `windows`.

        Σ windows(x)·values = Σ x·fold(values)      for every x

    Shapes:
        values (N, C, h, w, kh, kw)
        result (N, C, H, W)           `size` = (H, W)

    Example:
        >>> import torch
        >>> fold(torch.ones(1, 1, 1, 2, 1, 3), (1, 5), stride=(1, 2), dilation=(1, 1))  # the windows meet at pixel 2
        tensor([[[[1., 1., 2., 1., 1.]]]])
    """
    batch, channels, h, w, kh, kw = values.shape
    image = values.new_zeros(batch, channels, *size)
    for u, v in product(range(kh), range(kw)):
        rows = slice(u * dilation[0], u * dilation[0] + (h - 1) * stride[0] + 1, stride[0])
        columns = slice(v * dilation[1], v * dilation[1] + (w - 1) * stride[1] + 1, stride[1])
        image[:, :, rows, columns] += values[..., u, v]
    return image
