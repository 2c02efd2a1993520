"""Pooling keeps one number per window: the largest or the mean. Unpooling puts the largest back where it was."""

import torch
from torch import Tensor

from seglearn.checks import check_shapes
from seglearn.windows import Size, output_size, pad, pair, span, windows


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
    """Return the largest value of each window; the first one (row by row) wins a tie."""
    frame = _Frame.around("max_pool2d", x, kernel_size, stride, padding, dilation, ceil_mode)
    values = frame.windows(x.detach(), fill=-torch.inf)  # (N, C, h, w, kh·kw)
    places = torch.arange(x.shape[2] * x.shape[3], device=x.device).reshape(1, 1, *x.shape[2:])
    places = frame.windows(places, fill=-1)  # (1, 1, h, w, kh·kw), -1 outside the image
    score = ((values == values.amax(dim=-1, keepdim=True)) & (places >= 0)).int()
    order = torch.arange(values.shape[-1], device=x.device)
    score = torch.where(
        values.isnan(), 2 + order, score
    )  # NaN beats all numbers, so that it is seen; as in torch, the last
    winner = score.argmax(dim=-1, keepdim=True)  # (N, C, h, w, 1): the first of the largest
    indices = places.expand(values.shape).gather(-1, winner).squeeze(-1)  # (N, C, h, w)
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
    """Return the mean of each window."""
    frame = _Frame.around("avg_pool2d", x, kernel_size, stride, padding, 1, ceil_mode)
    counted = torch.ones(1, 1, *x.shape[2:], dtype=x.dtype, device=x.device)
    if count_include_pad:
        counted = frame.windows(counted, fill=1.0, beyond=0.0)
    else:
        counted = frame.windows(counted, fill=0.0)
    return frame.windows(x, fill=0.0).sum(dim=-1) / counted.sum(dim=-1)


def max_unpool2d(
    x: Tensor,
    indices: Tensor,
    kernel_size: Size,
    *,
    stride: Size | None = None,
    padding: Size = 0,
    output_size: Size | None = None,
) -> Tensor:
    """Return a larger image with each value of x back at the place its index names, and zeros elsewhere."""
    where = "max_unpool2d"
    size = check_shapes(where, x=(x, "N C h w"), indices=(indices, "N C h w"))
    kernel = pair(where, "kernel_size", kernel_size, least=1)
    step = kernel if stride is None else pair(where, "stride", stride, least=1)
    around = pair(where, "padding", padding)
    default = tuple(
        (n - 1) * s - 2 * p + k for n, s, p, k in zip((size["h"], size["w"]), step, around, kernel, strict=True)
    )
    height, width = default if output_size is None else pair(where, "output_size", output_size, least=1)
    canvas = x.new_zeros(size["N"], size["C"], height * width)
    return canvas.scatter(2, indices.flatten(2), x.flatten(2)).reshape(size["N"], size["C"], height, width)


class _Frame:
    """How the windows of one pooling stand on an image, padded and, with ceil_mode, lengthened at the end."""

    def __init__(self, kernel, stride, dilation, padding, beyond):
        self.kernel, self.stride, self.dilation = kernel, stride, dilation
        self.padding, self.lengthened = padding, beyond

    @classmethod
    def around(cls, where, x, kernel_size, stride, padding, dilation, ceil_mode):
        size = check_shapes(where, x=(x, "N C H W"))
        if not x.is_floating_point():
            raise TypeError(f"{where}: x must be floating point, got {x.dtype}. Use x.float().")
        kernel = pair(where, "kernel_size", kernel_size, least=1)
        step = kernel if stride is None else pair(where, "stride", stride, least=1)
        around, dilations = pair(where, "padding", padding), pair(where, "dilation", dilation, least=1)
        reach = tuple(span(k, d) for k, d in zip(kernel, dilations, strict=True))
        if any(2 * p > r for p, r in zip(around, reach, strict=True)):
            raise ValueError(f"{where}: padding must be at most half of the window, {reach}, got {padding}.")
        full = (size["H"], size["W"])
        count = output_size(
            full, kernel, stride=step, padding=around, dilation=dilations, ceil_mode=ceil_mode, where=where
        )
        end = [
            max(0, (c - 1) * s + r - n - 2 * p) for c, s, r, n, p in zip(count, step, reach, full, around, strict=True)
        ]
        return cls(kernel, step, dilations, tuple((p, p) for p in around), tuple((0, e) for e in end))

    def windows(self, x: Tensor, *, fill: float, beyond: float | None = None) -> Tensor:
        x = pad(pad(x, self.padding, fill), self.lengthened, fill if beyond is None else beyond)
        return windows(x, self.kernel, stride=self.stride, dilation=self.dilation).flatten(-2)
