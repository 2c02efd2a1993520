"""Windows that slide: how many fit, where they stand, what they see. Convolution, pooling and unpooling share them.

    size 7, kernel_size 3, stride 2:   [0 1 2] 3 4 5 6
                                        0 1 [2 3 4] 5 6      three positions
                                        0 1 2 3 [4 5 6]

A setting is an int, for rows and columns alike, or a pair (rows, columns).
"""

from dataclasses import dataclass
from itertools import product

import torch.nn.functional as F
from torch import Tensor

Pair = tuple[int, int]  # (rows, columns)
Size = int | Pair  # what people write: one number stands for both


def pair(where: str, name: str, value: Size, *, least: int = 0) -> Pair:
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


@dataclass(frozen=True)
class Window:
    """The settings of a sliding window, checked once at the door. Make one with `Window.of`."""

    where: str  # whose name an error carries
    kernel: Pair
    stride: Pair
    dilation: Pair
    before: Pair  # padding at the top and on the left
    after: Pair  # padding at the bottom and on the right

    @classmethod
    def of(
        cls, where: str, kernel_size: Size, *, stride: Size = 1, padding: Size | str = 0, dilation: Size = 1
    ) -> "Window":
        """Return the window with these settings, or say which of them cannot be.

        Padding "valid" is none. "same" keeps the size at stride 1: it adds span − 1 pixels, half before and half
        after; when that number is odd (an even kernel), the extra pixel goes after: bottom or right.

        Raises:
            ValueError: a number is too small, padding is another word, or "same" comes with a stride.
            TypeError: a setting is no int and no pair of ints.

        Example:
            >>> window = Window.of("demo", (3, 4), padding="same")
            >>> window.before, window.after
            ((1, 1), (1, 2))
        """
        kernel = pair(where, "kernel_size", kernel_size, least=1)
        step = pair(where, "stride", stride, least=1)
        gaps = pair(where, "dilation", dilation, least=1)
        if not isinstance(padding, str):
            around = pair(where, "padding", padding)
            return cls(where, kernel, step, gaps, around, around)
        if padding not in ("same", "valid"):
            raise ValueError(f"{where}: padding must be a number, a pair, 'same' or 'valid', got {padding!r}.")
        if padding == "valid":
            return cls(where, kernel, step, gaps, (0, 0), (0, 0))
        if step != (1, 1):
            raise ValueError(
                f"{where}: padding 'same' keeps the size, so the stride must be 1, got {stride}. "
                "Give the padding as a number."
            )
        extra = [span(k, d) - 1 for k, d in zip(kernel, gaps, strict=True)]
        before = tuple(n // 2 for n in extra)
        return cls(where, kernel, step, gaps, before, tuple(n - b for n, b in zip(extra, before, strict=True)))

    @property
    def span(self) -> Pair:
        """How many (rows, columns) the window reaches over."""
        return tuple(span(k, d) for k, d in zip(self.kernel, self.dilation, strict=True))

    def positions(self, size: Size, *, ceil_mode: bool = False) -> Pair:
        """Return how often the window fits into an image of this size, down and across; see `output_size`."""
        sizes = pair(self.where, "size", size, least=1)
        return tuple(self._along(axis, sizes[axis], ceil_mode) for axis in (0, 1))

    def _along(self, axis: int, size: int, ceil_mode: bool) -> int:
        before, after, stride, reach = self.before[axis], self.after[axis], self.stride[axis], self.span[axis]
        padded = before + size + after
        count = (padded - reach + (stride - 1 if ceil_mode else 0)) // stride + 1
        if ceil_mode and (count - 1) * stride >= before + size:
            count -= 1  # that window would start beyond the image
        if count < 1:
            name = ("rows", "columns")[axis]
            raise ValueError(
                f"{self.where}: the window must fit into the padded image: it spans {reach} {name} (kernel "
                f"{self.kernel[axis]}, dilation {self.dilation[axis]}), got {before} + {size} + {after} = {padded} "
                f"{name}. Use a smaller kernel or more padding."
            )
        return count

    def look(self, x: Tensor, *, fill: float = 0.0, ceil_mode: bool = False) -> Tensor:
        """Return what the window sees at each position of x, padded with `fill`.

        Shapes:
            x      (N, C, H, W)
            result (N, C, h, w, kh, kw)   h, w as `positions` says

        Example:
            >>> import torch
            >>> Window.of("demo", (1, 3), padding=(0, 1)).look(torch.tensor([[[[5.0, 7.0]]]]))[0, 0, 0, :, 0]
            tensor([[0., 5., 7.],
                    [5., 7., 0.]])
        """
        counts = self.positions(tuple(x.shape[2:]), ceil_mode=ceil_mode)
        (top, left), ends = self.before, []
        for axis, size in enumerate(x.shape[2:]):
            last = (counts[axis] - 1) * self.stride[axis] + self.span[axis]  # where the last window ends
            ends.append(max(self.after[axis], last - self.before[axis] - size))  # ceil_mode: maybe over the end
        padded = F.pad(x, (left, ends[1], top, ends[0]), value=fill)  # torch names the last axis first
        return windows(padded, self.kernel, stride=self.stride, dilation=self.dilation)


def output_size(
    size: Size,
    kernel_size: Size,
    *,
    stride: Size = 1,
    padding: Size | str = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
) -> Size:
    """Return at how many positions a window stands when it slides over `size` pixels.

        result = ⌊(size + 2·padding − dilation·(kernel_size − 1) − 1) / stride⌋ + 1

    Ints give an int. With a pair (rows, columns) anywhere, the answer is a pair.

    Args:
        padding: pixels added on each side; "valid" is 0, "same" is what keeps the size (stride 1 only).
        ceil_mode: round up: a last window may reach over the end if it starts on the image or the padding before it.

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

    Source: Dumoulin and Visin 2016, arXiv:1603.07285, relationship 15.
    """
    window = Window.of("output_size", kernel_size, stride=stride, padding=padding, dilation=dilation)
    counts = window.positions(size, ceil_mode=ceil_mode)
    given = (size, kernel_size, stride, padding, dilation)
    return counts if any(isinstance(value, tuple | list) for value in given) else counts[0]


def windows(x: Tensor, kernel_size: Pair, *, stride: Pair = (1, 1), dilation: Pair = (1, 1)) -> Tensor:
    """Return all windows of x as a view: nothing is copied, pixels that windows share are stored once.

        result[n, c, i, j, u, v] = x[n, c, i·stride + u·dilation, j·stride + v·dilation]

    Shapes:
        x      (N, C, H, W)           padded already
        result (N, C, h, w, kh, kw)   window (i, j), tap (u, v)

    Example:
        >>> import torch
        >>> row = torch.arange(5.0).reshape(1, 1, 1, 5)
        >>> windows(row, (1, 3), stride=(1, 2))[0, 0, 0, :, 0]
        tensor([[0., 1., 2.],
                [2., 3., 4.]])
    """
    (kh, kw), (sh, sw), (dh, dw) = kernel_size, stride, dilation
    dense = x.unfold(2, span(kh, dh), sh).unfold(3, span(kw, dw), sw)  # (N, C, h, w, span, span)
    return dense[..., ::dh, ::dw]


def fold(values: Tensor, size: Pair, *, stride: Pair = (1, 1), dilation: Pair = (1, 1)) -> Tensor:
    """Return the image that windows of values add up to where they overlap: the adjoint of `windows`.

        Σ windows(x)·values = Σ x·fold(values)      for every x

    Shapes:
        values (N, C, h, w, kh, kw)
        result (N, C, H, W)           `size` = (H, W)

    Example:
        >>> import torch
        >>> fold(torch.ones(1, 1, 1, 2, 1, 3), (1, 5), stride=(1, 2))  # two windows meet at pixel 2
        tensor([[[[1., 1., 2., 1., 1.]]]])
    """
    batch, channels, h, w, kh, kw = values.shape
    image = values.new_zeros(batch, channels, *size)
    for u, v in product(range(kh), range(kw)):  # tap (u, v) of all windows stands on a grid of its own
        image[
            :,
            :,
            u * dilation[0] : u * dilation[0] + (h - 1) * stride[0] + 1 : stride[0],
            v * dilation[1] : v * dilation[1] + (w - 1) * stride[1] + 1 : stride[1],
        ] += values[..., u, v]
    return image
