"""Convolution as deep learning means it: a small weighted sum that slides and does not flip its kernel."""

from itertools import product

import torch
from torch import Tensor

from seglearn.checks import check_shapes
from seglearn.windows import Size, output_size, pad, padding_sides, pair, windows


def im2col(x: Tensor, kernel_size: Size, *, stride: Size = 1, padding: Size | str = 0, dilation: Size = 1) -> Tensor:
    """Return every window of the image as one column, so that a convolution becomes a matrix product.

    Shapes:
        x      (N, C, H, W) float
        result (N, C·kh·kw, L)      L = h·w positions, row by row; a column lists channel, then row, then column

    Empty case: no image gives no columns, (0, C·kh·kw, L).

    Raises:
        ValueError: x has other axes, a setting is out of range, or the window does not fit into the padded image.
        TypeError: a setting is no int and no pair of ints.

    Example:
        >>> image = torch.arange(6.0).reshape(1, 1, 2, 3)
        >>> im2col(image, 2)[0]  # two windows: 0 1 3 4 and 1 2 4 5
        tensor([[0., 1.],
                [1., 2.],
                [3., 4.],
                [4., 5.]])

    Source: Chellapilla et al. 2006, "High performance convolutional neural networks for document processing",
    section 3; the layout is that of torch.nn.functional.unfold.
    """
    seen = _windows_of("im2col", x, kernel_size, stride, padding, dilation)  # (N, C, h, w, kh, kw)
    n, c, h, w, kh, kw = seen.shape
    return seen.permute(0, 1, 4, 5, 2, 3).reshape(n, c * kh * kw, h * w)


def conv2d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    *,
    stride: Size = 1,
    padding: Size | str = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> Tensor:
    """Return, at each position, the sum of what each kernel sees, weighted by the kernel.

        result[n, o, i, j] = bias[o] + Σ over c, u, v of  weight[o, c, u, v] · x[n, c, i·stride + u·dilation, j·stride + v·dilation]

    Shapes:
        x      (N, C, H, W) float
        weight (O, C/groups, kh, kw)   same type as x
        bias   (O,)                    None adds nothing
        result (N, O, h, w)            h, w as `output_size` says

    Args:
        stride, dilation: steps of the window, and between its taps.
        padding: zeros around the image; "valid" is none, "same" keeps H and W (stride 1 only).
        groups: the channels are split into this many parts that do not see each other; C groups is a depthwise convolution.

    Empty case: no image gives no result, (0, O, h, w), and a zero gradient for the weights.

    Raises:
        ValueError: shapes disagree, channels cannot be split into `groups`, a setting is out of range, or the window
            does not fit into the padded image.
        TypeError: x is not floating point, or x, weight and bias differ in type.

    Example:
        >>> image = torch.tensor([[0.0, 0.0, 1.0, 1.0]]).reshape(1, 1, 1, 4)
        >>> conv2d(image, torch.tensor([-1.0, 1.0]).reshape(1, 1, 1, 2))  # right minus left: an edge
        tensor([[[[0., 1., 0.]]]])

    Source: Dumoulin and Visin 2016, arXiv:1603.07285; as torch.nn.functional.conv2d. The road is `im2col` and one
    matrix product; `conv2d_with_loops` is the definition.
    """
    kernel_size = _check_operands("conv2d", x, weight, bias, groups)
    seen = _windows_of("conv2d", x, kernel_size, stride, padding, dilation)
    n, c, h, w, kh, kw = seen.shape
    columns = seen.permute(0, 1, 4, 5, 2, 3).reshape(n, groups, c // groups * kh * kw, h * w)
    kernels = weight.reshape(groups, weight.shape[0] // groups, c // groups * kh * kw)
    result = (kernels @ columns).reshape(n, weight.shape[0], h, w)  # (G, O/G, CKK/G) @ (N, G, CKK/G, L)
    return result if bias is None else result + bias.reshape(-1, 1, 1)


def conv2d_with_loops(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    *,
    stride: Size = 1,
    padding: Size | str = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> Tensor:
    """Return what `conv2d` returns, one number at a time: the definition, slow and plain.

    Example:
        >>> image = torch.tensor([[0.0, 0.0, 1.0, 1.0]]).reshape(1, 1, 1, 4)
        >>> conv2d_with_loops(image, torch.tensor([-1.0, 1.0]).reshape(1, 1, 1, 2))
        tensor([[[[0., 1., 0.]]]])
    """
    kernel_size = _check_operands("conv2d_with_loops", x, weight, bias, groups)
    seen = _windows_of("conv2d_with_loops", x, kernel_size, stride, padding, dilation)
    n, c, h, w, _, _ = seen.shape
    outputs = weight.shape[0]
    sums = []
    for image, output, i, j in product(range(n), range(outputs), range(h), range(w)):
        group = output // (outputs // groups)  # which part of the channels this kernel sees
        first, last = group * (c // groups), (group + 1) * (c // groups)
        window = seen[image, first:last, i, j]  # (C/groups, kh, kw)
        total = (window * weight[output]).sum()
        sums.append(total if bias is None else total + bias[output])
    return torch.stack(sums).reshape(n, outputs, h, w) if sums else x.new_zeros(n, outputs, h, w)


def _windows_of(where: str, x: Tensor, kernel_size: Size, stride: Size, padding: Size | str, dilation: Size) -> Tensor:
    """Return the windows of the padded image, (N, C, h, w, kh, kw), after saying what does not fit."""
    size = check_shapes(where, x=(x, "N C H W"))
    output_size((size["H"], size["W"]), kernel_size, stride=stride, padding=padding, dilation=dilation, where=where)
    kernel, strides, dilations = (pair(where, "", value) for value in (kernel_size, stride, dilation))
    sides = padding_sides(where, padding, kernel, strides, dilations)
    return windows(pad(x, sides), kernel, stride=strides, dilation=dilations)


def _check_operands(where: str, x: Tensor, weight: Tensor, bias: Tensor | None, groups: int) -> tuple[int, int]:
    """Return (kh, kw) after making sure that image, kernels and bias belong together."""
    size = check_shapes(where, x=(x, "N C H W"), weight=(weight, "O I kh kw"))
    if not x.is_floating_point():
        raise TypeError(f"{where}: x must be floating point, got {x.dtype}. Use x.float().")
    channels, outputs, inputs = size["C"], size["O"], size["I"]
    if isinstance(groups, bool) or not isinstance(groups, int) or groups < 1:
        raise ValueError(f"{where}: groups must be an int of at least 1, got {groups}.")
    for name, count in {"input": channels, "output": outputs}.items():
        if count % groups:
            raise ValueError(
                f"{where}: groups must divide the {name} channels, got {count} channels in {groups} groups."
            )
    if inputs != channels // groups:
        raise ValueError(
            f"{where}: each kernel must have {channels // groups} channels (x has {channels}, in {groups} groups), "
            f"got weight {tuple(weight.shape)}."
        )
    if bias is not None:
        check_shapes(where, bias=(bias, f"{outputs}"))
    for name, tensor in {"weight": weight, "bias": bias}.items():
        if tensor is not None and tensor.dtype != x.dtype:
            raise TypeError(f"{where}: {name} must be {x.dtype} like x, got {tensor.dtype}. Use {name}.to(x.dtype).")
    return size["kh"], size["kw"]
