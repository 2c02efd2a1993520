"""Pooling keeps one number of each window: the largest or the mean. Unpooling puts the largest back where it stood."""

import torch
from torch import Tensor

from seglearn.checks import check_shapes
from seglearn.windows import Pair, Size, Window, pair


def max_pool2d(
    x: Tensor,
    kernel_size: Size,
    *,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor | tuple[Tensor, Tensor]:
    """Return the largest value of each window, and where it stood; the first one, row by row, wins a tie.

    Shapes:
        x       (N, C, H, W) float
        result  (N, C, h, w)          h, w as `output_size` says
        indices (N, C, h, w) int64    row·W + column of the winner in its plane of x; only with `return_indices`

    Args:
        stride: None is the kernel size: windows side by side.
        padding: −∞ around the image, which never wins; at most half of the kernel.
        ceil_mode: let a last window reach over the end, if it starts on the image or the padding before it.

    The gradient goes to the winner alone. NaN wins, so that it is seen (of several the last, as in torch).

    Empty case: no image gives no result, (0, C, h, w).

    Raises:
        ValueError: x has other axes, a setting is out of range, the window does not fit, or one sees only padding.
        TypeError: x is not floating point, or a setting is no int and no pair of ints.

    Example:
        >>> image = torch.tensor([[1.0, 7, 2, 2], [3, 4, 2, 2]]).reshape(1, 1, 2, 4)
        >>> max_pool2d(image, 2, return_indices=True)
        (tensor([[[[7., 2.]]]]), tensor([[[[1, 2]]]]))

    Source: Ranzato et al. 2007, doi:10.1109/CVPR.2007.383157; as torch.nn.functional.max_pool2d, which in the last case
    (dilation wider than the image) answers −∞ and an index outside the plane.
    """
    window = _window("max_pool2d", x, kernel_size, stride, padding, dilation)
    seen = window.look(x.detach(), fill=-torch.inf, ceil_mode=ceil_mode).flatten(-2)  # (N, C, h, w, taps)
    numbers = torch.arange(x.shape[2] * x.shape[3], device=x.device).reshape(1, 1, *x.shape[2:])  # pixels, row by row
    places = window.look(numbers, fill=-1, ceil_mode=ceil_mode).flatten(-2)  # (1, 1, h, w, taps); −1 is padding
    if (places < 0).all(dim=-1).any():
        raise ValueError(
            f"max_pool2d: every window must see a pixel of the image, got one that sees only padding (dilation "
            f"{dilation}, padding {padding}, image {tuple(x.shape[2:])}). Use a smaller dilation."
        )
    largest = (seen == seen.amax(dim=-1, keepdim=True)) & (places >= 0)  # −∞ in the image beats −∞ around it
    tap = torch.arange(seen.shape[-1], device=x.device)
    rank = torch.where(seen.isnan(), 2 + tap, largest.long())  # NaN above all, the last one highest
    winner = rank.argmax(dim=-1, keepdim=True)  # the first of the highest
    indices = places.expand(seen.shape).gather(-1, winner).squeeze(-1)  # (N, C, h, w)
    result = x.flatten(2).gather(2, indices.flatten(2)).reshape(indices.shape)
    return (result, indices) if return_indices else result


def avg_pool2d(
    x: Tensor,
    kernel_size: Size,
    *,
    stride: Size | None = None,
    padding: Size = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """Return the mean of each window.

    Shapes:
        x      (N, C, H, W) float
        result (N, C, h, w)       h, w as `output_size` says

    Args:
        stride: None is the kernel size: windows side by side.
        padding: zeros around the image; at most half of the kernel.
        ceil_mode: let a last window reach over the end, if it starts on the image or the padding before it. What lies
            over the end never counts.
        count_include_pad: whether the zeros of the padding count as pixels; if not, the mean is over the image alone.

    Empty case: no image gives no result, (0, C, h, w).

    Raises:
        ValueError: x has other axes, a setting is out of range, or the window does not fit into the padded image.
        TypeError: x is not floating point, or a setting is no int and no pair of ints.

    Example:
        >>> image = torch.tensor([[1.0, 7, 2, 2], [3, 5, 2, 2]]).reshape(1, 1, 2, 4)
        >>> avg_pool2d(image, 2)
        tensor([[[[4., 2.]]]])

    Source: LeCun et al. 1998, doi:10.1109/5.726791, section II-B (subsampling); as torch.nn.functional.avg_pool2d.
    """
    window = _window("avg_pool2d", x, kernel_size, stride, padding, 1)
    total = window.look(x, ceil_mode=ceil_mode).sum(dim=(-2, -1))  # (N, C, h, w)
    rows, columns = (
        _counted(size, count, window, axis, count_include_pad).to(x.device)
        for axis, (size, count) in enumerate(zip(x.shape[2:], total.shape[2:], strict=True))
    )
    return total / (rows[:, None] * columns)


def max_unpool2d(
    x: Tensor,
    indices: Tensor,
    kernel_size: Size,
    *,
    stride: Size | None = None,
    padding: Size = 0,
    output_size: Size | None = None,
) -> Tensor:
    """Return a larger image with every value of x back where `max_pool2d` found it, and zeros elsewhere.

        size = (pooled − 1)·stride − 2·padding + kernel_size      unless `output_size` says otherwise

    Shapes:
        x       (N, C, h, w)
        indices (N, C, h, w) int64    row·W + column of each value in its plane of the result
        result  (N, C, H, W)

    Args:
        kernel_size, stride, padding: those of the pooling.
        output_size: (H, W) before the pooling, which several sizes may lead to; less than one stride off the formula.

    Values that overlapping windows found at one place are written once, not added up.

    Empty case: no image gives no result, (0, C, H, W).

    Raises:
        ValueError: shapes disagree, an index lies outside the result, or `output_size` cannot have led to x.
        TypeError: indices are not int64, or a setting is no int and no pair of ints.

    Example:
        >>> values, indices = torch.tensor([[[[7.0, 2.0]]]]), torch.tensor([[[[1, 2]]]])
        >>> max_unpool2d(values, indices, 2)
        tensor([[[[0., 7., 2., 0.],
                  [0., 0., 0., 0.]]]])

    Source: Zeiler and Fergus 2014, arXiv:1311.2901, section 2.1; as torch.nn.functional.max_unpool2d.
    """
    where = "max_unpool2d"
    window = _window(where, x, kernel_size, stride, padding, 1)
    check_shapes(where, x=(x, "N C h w"), indices=(indices, "N C h w"))
    if indices.dtype != torch.int64:
        raise TypeError(f"{where}: indices must be int64, got {indices.dtype}. Use those of max_pool2d.")
    height, width = _unpooled_size(window, tuple(x.shape[2:]), output_size)
    stray = indices[(indices < 0) | (indices >= height * width)]
    if stray.numel():
        raise ValueError(
            f"{where}: indices must be 0..{height * width - 1}, places in a plane of {height} x {width}, "
            f"got {stray[0].item()}. Give the output_size from before the pooling."
        )
    plane = x.new_zeros(*x.shape[:2], height * width)
    return plane.scatter(2, indices.flatten(2), x.flatten(2)).reshape(*x.shape[:2], height, width)


def _window(where: str, x: Tensor, kernel_size: Size, stride: Size | None, padding: Size, dilation: Size) -> Window:
    """Return the window of a pooling: side by side unless there is a stride, padded by at most half of the kernel."""
    check_shapes(where, x=(x, "N C H W"))
    if not x.is_floating_point():
        raise TypeError(f"{where}: x must be floating point, got {x.dtype}. Use x.float().")
    around = pair(where, "padding", padding)
    window = Window.of(
        where, kernel_size, stride=kernel_size if stride is None else stride, padding=around, dilation=dilation
    )
    if any(2 * p > k for p, k in zip(around, window.kernel, strict=True)):
        raise ValueError(
            f"{where}: padding must be at most half of the kernel, so that every window sees the image, "
            f"got padding {padding} for kernel_size {kernel_size}."
        )
    return window


def _counted(size: int, count: int, window: Window, axis: int, with_padding: bool) -> Tensor:
    """Return how many pixels along one axis count in each window, (count,): those from `first` to before `last`."""
    padding = window.before[axis]
    first, last = (-padding, size + padding) if with_padding else (0, size)
    start = torch.arange(count) * window.stride[axis] - padding
    return (start + window.kernel[axis]).clamp(max=last) - start.clamp(min=first)


def _unpooled_size(window: Window, pooled: Pair, wanted: Size | None) -> Pair:
    axes = zip(pooled, window.stride, window.before, window.kernel, strict=True)
    usual = tuple((n - 1) * s - 2 * p + k for n, s, p, k in axes)
    if wanted is None:
        return usual
    size = pair(window.where, "output_size", wanted, least=1)
    if any(abs(n - u) >= s for n, u, s in zip(size, usual, window.stride, strict=True)):
        raise ValueError(
            f"{window.where}: output_size must be less than one stride {window.stride} away from {usual}, got {wanted}."
        )
    return size
