"""Convolution as deep learning means it: a small weighted sum that slides and does not flip its kernel."""

from itertools import product

import torch
from torch import Tensor

from seglearn.checks import check_shapes
from seglearn.windows import Size, Window


def im2col(x: Tensor, kernel_size: Size, *, stride: Size = 1, padding: Size | str = 0, dilation: Size = 1) -> Tensor:
    """Return every window of the image as one column, so that a convolution becomes a matrix product.

    Shapes:
        x      (N, C, H, W)
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
    check_shapes("im2col", x=(x, "N C H W"))
    window = Window.of("im2col", kernel_size, stride=stride, padding=padding, dilation=dilation)
    seen = window.look(x)  # (N, C, h, w, kh, kw), still a view
    n, c, h, w, kh, kw = seen.shape
    return seen.permute(0, 1, 4, 5, 2, 3).reshape(n, c * kh * kw, h * w)  # the one copy


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

        result[n, o, i, j] = bias[o] + Σ weight[o, c, u, v] · x[n, c, i·stride + u·dilation, j·stride + v·dilation]

    The sum runs over c, u and v; x is padded with zeros; the kernel is not flipped (in mathematics: a correlation).

    Shapes:
        x      (N, C, H, W) float
        weight (O, C/groups, kh, kw)   same type as x
        bias   (O,)                    None adds nothing
        result (N, O, h, w)            h, w as `output_size` says

    Args:
        stride, dilation: steps of the window, and between its taps.
        padding: zeros around the image; "valid" is none, "same" keeps H and W (stride 1 only).
        groups: parts that the channels are split into and that do not see each other; with C parts each kernel sees
            one channel (depthwise convolution).

    Empty case: no image gives no result, (0, O, h, w), and a zero gradient for the weights.

    Raises:
        ValueError: shapes disagree, channels cannot be split into `groups`, a setting is out of range, or the window
            does not fit into the padded image.
        TypeError: x is not floating point, or x, weight and bias differ in type.

    Example:
        >>> image = torch.tensor([0.0, 0.0, 1.0, 1.0]).reshape(1, 1, 1, 4)
        >>> conv2d(image, torch.tensor([-1.0, 1.0]).reshape(1, 1, 1, 2))  # right minus left: an edge
        tensor([[[[0., 1., 0.]]]])

    Source: Dumoulin and Visin 2016, arXiv:1603.07285; as torch.nn.functional.conv2d. The road here is `im2col` and one
    matrix product; `conv2d_with_loops` is the definition.
    """
    window = _window("conv2d", x, weight, bias, stride, padding, dilation, groups)
    n, outputs = x.shape[0], weight.shape[0]
    h, w = window.positions(tuple(x.shape[2:]))
    columns = im2col(x, window.kernel, stride=stride, padding=padding, dilation=dilation)  # (N, C·kh·kw, L)
    taps = weight[0].numel()  # C/G·kh·kw: what one kernel weighs
    columns = columns.reshape(n, groups, taps, h * w)  # channels of a group stand together
    kernels = weight.reshape(groups, outputs // groups, taps)
    result = (kernels @ columns).reshape(n, outputs, h, w)  # (G, O/G, taps) @ (N, G, taps, L)
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
        >>> image = torch.tensor([0.0, 0.0, 1.0, 1.0]).reshape(1, 1, 1, 4)
        >>> conv2d_with_loops(image, torch.tensor([-1.0, 1.0]).reshape(1, 1, 1, 2))
        tensor([[[[0., 1., 0.]]]])
    """
    window = _window("conv2d_with_loops", x, weight, bias, stride, padding, dilation, groups)
    seen = window.look(x)  # (N, C, h, w, kh, kw)
    n, c, h, w, _, _ = seen.shape
    outputs = weight.shape[0]
    sums = []
    for image, output, i, j in product(range(n), range(outputs), range(h), range(w)):
        group = output * groups // outputs  # the part of the channels that this kernel sees
        channels = slice(group * c // groups, (group + 1) * c // groups)
        total = (seen[image, channels, i, j] * weight[output]).sum()  # (C/groups, kh, kw) * (C/groups, kh, kw)
        sums.append(total if bias is None else total + bias[output])
    return torch.stack(sums).reshape(n, outputs, h, w) if sums else x.new_zeros(n, outputs, h, w)


def _window(
    where: str,
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Size,
    padding: Size | str,
    dilation: Size,
    groups: int,
) -> Window:
    """Return the window of a convolution after making sure that image, kernels and bias belong together."""
    axes = check_shapes(where, x=(x, "N C H W"), weight=(weight, "O I kh kw"))
    channels, outputs = axes["C"], axes["O"]
    if not x.is_floating_point():
        raise TypeError(f"{where}: x must be floating point, got {x.dtype}. Use x.float().")
    if isinstance(groups, bool) or not isinstance(groups, int) or groups < 1:
        raise ValueError(f"{where}: groups must be a whole number of at least 1, got {groups!r}.")
    for name, count in {"C": channels, "O": outputs}.items():
        if count < 1 or count % groups:
            raise ValueError(f"{where}: groups must divide {name}, got {name}={count} channels and groups={groups}.")
    if axes["I"] * groups != channels:
        raise ValueError(
            f"{where}: weight must have C/groups = {channels}/{groups} = {channels // groups} channels in its second "
            f"axis, got {axes['I']} in {tuple(weight.shape)}."
        )
    if bias is not None:
        check_shapes(where, bias=(bias, f"{outputs}"))
    for name, tensor in {"weight": weight, "bias": bias}.items():
        if tensor is not None and tensor.dtype != x.dtype:
            raise TypeError(f"{where}: {name} must be {x.dtype} like x, got {tensor.dtype}. Use {name}.to(x.dtype).")
    return Window.of(where, (axes["kh"], axes["kw"]), stride=stride, padding=padding, dilation=dilation)
