"""From few pixels to many: painting windows (transposed convolution), repeating, blending, and unfolding channels."""

from collections.abc import Callable

import torch
from torch import Tensor

from seglearn.checks import check_shapes
from seglearn.windows import Size, Window, fold, pair


def conv_transpose2d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    *,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> Tensor:
    """Return the image that comes about when every value of x paints its kernel, and overlapping paint adds up.

        result[n, o, i·stride + u·dilation − padding, j·stride + v·dilation − padding]
            += x[n, c, i, j] · weight[c, o, u, v]        for every c, i, j, u, v;  then + bias[o]

    It is the adjoint of `convolution.conv2d` with the same weight and settings:
    Σ conv2d(a)·x = Σ a·conv_transpose2d(x) for every a and x. It undoes a convolution's change of size, not of values.

    Shapes:
        x      (N, C, h, w) float
        weight (C, O/groups, kh, kw)   same type as x: C comes first, as in the convolution whose adjoint it is
        bias   (O,)                    None adds nothing
        result (N, O, H, W)            H = (h − 1)·stride − 2·padding + dilation·(kh − 1) + output_padding + 1

    Args:
        padding: rows and columns cut off on each side, for the convolution had added as many.
        output_padding: rows below and columns to the right that are not cut off; a convolution with a stride gives
            several sizes the same answer, and this chooses among them. Less than stride or dilation.

    Empty case: no image gives no result, (0, O, H, W).

    Raises:
        ValueError: shapes disagree, channels cannot be split into `groups`, a setting is out of range, or the padding
            leaves nothing.
        TypeError: x is not floating point, or x and weight differ in type.

    Example:
        >>> row, kernel = torch.tensor([[[[1.0, 10.0]]]]), torch.tensor([[[[1.0, 2.0, 3.0]]]])
        >>> conv_transpose2d(row, kernel, stride=2)  # 1 2 3 and, two pixels on, 10 20 30
        tensor([[[[ 1.,  2., 13., 20., 30.]]]])

    Source: Dumoulin and Visin 2016, arXiv:1603.07285, chapter 4; as torch.nn.functional.conv_transpose2d.
    """
    where = "conv_transpose2d"
    check_shapes(where, x=(x, "N C h w"), weight=(weight, "C O kh kw"))
    n, c, h, w = x.shape
    o, kh, kw = weight.shape[1:]
    window = Window.of(where, (kh, kw), stride=stride, padding=pair(where, "padding", padding), dilation=dilation)
    extra = pair(where, "output_padding", output_padding)
    _check_paint(x, weight, groups, window, extra)
    steps = zip((h, w), window.stride, window.span, extra, strict=True)
    canvas = [(count - 1) * stride + span + more for count, stride, span, more in steps]
    top, left = window.before
    height, width = canvas[0] - 2 * top, canvas[1] - 2 * left
    if min(height, width) < 1:
        raise ValueError(
            f"{where}: padding must leave a pixel of the {canvas[0]} x {canvas[1]} that are painted, it cuts "
            f"{top} and {left} off each side. Use less padding."
        )
    if bias is not None:
        check_shapes(where, bias=(bias, f"{o * groups}"))
    values = x.reshape(n, groups, c // groups, h, w)
    kernels = weight.reshape(groups, c // groups, o, kh, kw)
    paint = torch.einsum("ngchw,gcouv->ngohwuv", values, kernels)  # what each value paints: its kernels, scaled
    paint = paint.reshape(n, groups * o, h, w, kh, kw)
    image = fold(paint, tuple(canvas), stride=window.stride, dilation=window.dilation)
    image = image[..., top : top + height, left : left + width]
    return image if bias is None else image + bias.reshape(-1, 1, 1)


def _check_paint(x: Tensor, weight: Tensor, groups: int, window: Window, extra: tuple[int, int]) -> None:
    if not x.is_floating_point():
        raise TypeError(f"{window.where}: x must be floating point, got {x.dtype}. Use x.float().")
    if weight.dtype != x.dtype:
        raise TypeError(
            f"{window.where}: weight must have the type of x, {x.dtype}, got {weight.dtype}. Use weight.to(x.dtype)."
        )
    if groups < 1 or x.shape[1] % groups:
        raise ValueError(f"{window.where}: groups must divide the {x.shape[1]} channels of x, got {groups}.")
    for axis, e, s, d in zip(("rows", "columns"), extra, window.stride, window.dilation, strict=True):
        if e >= max(s, d):
            raise ValueError(
                f"{window.where}: output_padding must be less than stride or dilation ({s} and {d} in {axis}), "
                f"got {e}. No window would reach that far."
            )


def convolution_matrix(
    weight: Tensor, size: tuple[int, int], *, stride: Size = 1, padding: Size | str = 0, dilation: Size = 1
) -> Tensor:
    """Return the matrix M that is a convolution: conv2d(x) = M @ x, with all pixels in one column.

    Its transpose is the transposed convolution: conv_transpose2d(y) = M.T @ y. Big and mostly zeros: for small images.

    Shapes:
        weight (O, C, kh, kw)
        size   (H, W)
        result (O·h·w, C·H·W)   row = output value, column = input pixel

    Raises:
        ValueError: a setting is out of range, or the window does not fit into the padded image.

    Example:
        >>> convolution_matrix(torch.tensor([1.0, 2.0]).reshape(1, 1, 1, 2), (1, 4), stride=2)
        tensor([[1., 2., 0., 0.],
                [0., 0., 1., 2.]])
    """
    where = "convolution_matrix"
    _, c, kh, kw = check_shapes(where, weight=(weight, "O C kh kw")).values()
    window = Window.of(where, (kh, kw), stride=stride, padding=padding, dilation=dilation)
    height, width = size
    pixels = torch.eye(c * height * width, dtype=weight.dtype, device=weight.device)
    seen = window.look(pixels.reshape(-1, c, height, width))  # one image for each pixel, lit there and nowhere else
    return torch.einsum("pchwuv,ocuv->ohwp", seen, weight).reshape(-1, len(pixels))


def upsample_nearest(x: Tensor, size: Size) -> Tensor:
    """Return x in another size, each new pixel a copy of the old one under its center.

        result[..., i, j] = x[..., ⌊(i + 1/2)·H / new H⌋, ⌊(j + 1/2)·W / new W⌋]

    Shapes:
        x      (N, C, H, W)     any type: nothing is computed with it
        result (N, C, *size)

    Raises:
        ValueError: x has other axes, or `size` is below 1.

    Example:
        >>> upsample_nearest(torch.tensor([[[[1, 2]]]]), (1, 4))
        tensor([[[[1, 1, 2, 2]]]])

    Source: torch's mode "nearest-exact", which is scikit-image's and Pillow's; torch's "nearest" is half a pixel off.
    Where a new center lies exactly between two old pixels we take the later one; torch rounds and may take either.
    """
    rows, columns = _steps("upsample_nearest", x, size, _under_the_center)
    return x[:, :, rows][..., columns]


def _under_the_center(new: int, old: int) -> Tensor:
    return (2 * torch.arange(new) + 1) * old // (2 * new)  # in whole numbers, so that a tie cannot be rounded away


def upsample_bilinear(x: Tensor, size: Size, *, align_corners: bool = False) -> Tensor:
    """Return x in another size, each new pixel a blend of the four old ones around it.

        at = (i + 1/2)·H / new H − 1/2       pixels are squares, and the images' edges lie on each other
        at = i·(H − 1) / (new H − 1)         align_corners: pixels are points, and the corner pixels' centers do

    Beyond the outermost centers the border pixel is repeated.

    Shapes:
        x      (N, C, H, W) float
        result (N, C, *size)

    Raises:
        ValueError: x has other axes, or `size` is below 1.
        TypeError: x is not floating point.

    Example:
        >>> row = torch.tensor([[[[0.0, 4.0]]]])
        >>> upsample_bilinear(row, (1, 4))
        tensor([[[[0., 1., 3., 4.]]]])
        >>> upsample_bilinear(row, (1, 5), align_corners=True)
        tensor([[[[0., 1., 2., 3., 4.]]]])

    Source: torch.nn.functional.interpolate, mode "bilinear", both conventions.
    """
    if not x.is_floating_point():
        raise TypeError(f"upsample_bilinear: x must be floating point, got {x.dtype}. Labels want upsample_nearest.")
    place = _corner_to_corner if align_corners else _edge_to_edge
    rows, columns = _steps("upsample_bilinear", x, size, place)
    return _blend(_blend(x, rows, dim=2), columns, dim=3)


def _edge_to_edge(new: int, old: int) -> Tensor:
    return ((torch.arange(new).double() + 0.5) * old / new - 0.5).clamp(0, old - 1)


def _corner_to_corner(new: int, old: int) -> Tensor:
    return torch.arange(new).double() * ((old - 1) / max(new - 1, 1))


def _blend(x: Tensor, at: Tensor, *, dim: int) -> Tensor:
    """Return x read at places between its pixels along one axis."""
    before = at.floor().long().clamp(max=x.shape[dim] - 1)
    after = (before + 1).clamp(max=x.shape[dim] - 1)
    share = (at - before).to(x.dtype).reshape([-1 if axis == dim else 1 for axis in range(4)])  # of the pixel after
    return x.index_select(dim, before) * (1 - share) + x.index_select(dim, after) * share


def _steps(where: str, x: Tensor, size: Size, place: Callable[[int, int], Tensor]) -> list[Tensor]:
    """Return, for each axis, where in the old pixels each new one reads."""
    check_shapes(where, x=(x, "N C H W"))
    if min(x.shape[2:]) < 1:
        raise ValueError(f"{where}: x must have at least one pixel, got shape {tuple(x.shape)}.")
    sizes = zip(pair(where, "size", size, least=1), x.shape[2:], strict=True)
    return [place(new, old).to(x.device) for new, old in sizes]


def pixel_shuffle(x: Tensor, factor: int) -> Tensor:
    """Return x with `factor`² channels laid out as one block of pixels: depth becomes area, and no value is changed.

        result[n, c, i·factor + u, j·factor + v] = x[n, c·factor² + u·factor + v, i, j]

    Shapes:
        x      (N, C·factor², H, W)
        result (N, C, H·factor, W·factor)

    Raises:
        ValueError: the channels cannot be dealt out, or `factor` is below 1.

    Example:
        >>> pixel_shuffle(torch.tensor([1, 2, 3, 4]).reshape(1, 4, 1, 1), 2)
        tensor([[[[1, 2],
                  [3, 4]]]])

    Source: Shi et al. 2016, arXiv:1609.05158, section 2.2; as torch.nn.functional.pixel_shuffle.
    """
    check_shapes("pixel_shuffle", x=(x, "N C H W"))
    n, channels, height, width = x.shape
    if factor < 1 or channels % factor**2:
        raise ValueError(
            f"pixel_shuffle: channels must be a multiple of factor² with a factor from 1 on, got {channels} channels "
            f"and factor {factor}."
        )
    blocks = x.reshape(n, channels // factor**2, factor, factor, height, width)  # n c u v i j
    size = (height * factor, width * factor)
    return blocks.permute(0, 1, 4, 2, 5, 3).reshape(n, blocks.shape[1], *size)  # n c (i u) (j v)
