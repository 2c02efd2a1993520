"""RoI Pool: the largest feature of each bin, with everything rounded to whole pixels."""

import torch
from torch import Tensor

from seglearn.roi.boxes import check_regions
from seglearn.windows import Pair, Size, pair


def roi_pool(features: Tensor, boxes: Tensor, output_size: Size, *, spatial_scale: float = 1.0) -> Tensor:
    """Return the features under each box as a grid of fixed size: the largest value in each of its bins.

        first, last = round(corner · spatial_scale)      whole pixels, both belong to the box
        length      = last − first + 1
        bin i       = first + ⌊i · length / h⌋ ... first + ⌈(i + 1) · length / h⌉ − 1

    Both roundings move the box: at a stride of 16 by up to 8 pixels of the image. That is what `roi_align` cures.

    Shapes:
        features (N, C, H, W) float
        boxes    (R, 5) float        batch index, x1, y1, x2, y2, in pixels of the image
        result   (R, C, h, w)        output_size = (h, w)

    Args:
        spatial_scale: pixels of the features per pixel of the image, 1/16 after a stride of 16.

    The gradient goes to the winner alone (of equal ones the first, row by row), none to the boxes.

    Empty case: no box gives no result, (0, C, h, w). A bin outside the features is 0. A box is at least one pixel.

    Raises:
        ValueError: another shape, a batch index that is no image, a number that is not finite, or a size below 1.
        TypeError: features or boxes are not floating point, or a size is not a whole number.

    Example:
        >>> ramp = torch.arange(8.0).expand(1, 1, 4, 8)
        >>> roi_pool(ramp, torch.tensor([[0.0, 1, 1, 4.4, 3]]), (1, 2))  # columns 1 to 4
        tensor([[[[2., 4.]]]])

    Source: Girshick 2015, arXiv:1504.08083, section 2.1; rounds as torchvision.ops.roi_pool does, halves away from 0.
    """
    check_regions("roi_pool", features, boxes)
    h, w = pair("roi_pool", "output_size", output_size, least=1)
    c, height, width = features.shape[1:]
    image, *corners = boxes.detach().to(torch.promote_types(features.dtype, torch.float32)).unbind(dim=1)
    x1, y1, x2, y2 = (_round(corner * spatial_scale) for corner in corners)
    tops, bottoms = _bins(y1, y2, h, height)  # (R, h)
    lefts, rights = _bins(x1, x2, w, width)  # (R, w)
    winners = torch.zeros(len(boxes), c, h, w, dtype=torch.int64, device=features.device)
    pixels = features.detach().flatten(2).mT.contiguous()  # (N, H·W, C): the channels of a pixel lie side by side
    for box, number in enumerate(image.long().tolist()):
        winners[box] = _winners(pixels[number], (height, width), tops[box], bottoms[box], lefts[box], rights[box])
    empty = (bottoms <= tops)[:, :, None] | (rights <= lefts)[:, None, :]  # (R, h, w)
    channel = torch.arange(c, device=features.device)[:, None, None]
    place = (image.long()[:, None, None, None] * c + channel) * (height * width) + winners
    return features.flatten()[place].masked_fill(empty[:, None], 0)


def _round(x: Tensor) -> Tensor:
    """Return x rounded to whole numbers, halves away from zero (torch.round takes them to the even one)."""
    whole = x.trunc()
    return whole + x.sign() * ((x - whole).abs() >= 0.5)


def _bins(first: Tensor, last: Tensor, bins: int, size: int) -> tuple[Tensor, Tensor]:
    """Return where each bin of each box begins and where it ends along one axis, (R, bins) each, within the image."""
    length = (last - first + 1).clamp(min=1)
    step = (length / bins)[:, None]
    number = torch.arange(bins, dtype=first.dtype, device=first.device)
    starts, ends = (number * step).floor(), ((number + 1) * step).ceil()
    return tuple((edge + first[:, None]).clamp(0, size).long() for edge in (starts, ends))


def _winners(pixels: Tensor, size: Pair, tops: Tensor, bottoms: Tensor, lefts: Tensor, rights: Tensor) -> Tensor:
    """Return where the largest value of each bin stands, row·W + column, (C, h, w); 0 for an empty bin."""
    height, width = size
    rows = _numbers(tops, bottoms).clamp(max=height - 1)  # (rows of the highest bin, h)
    columns = _numbers(lefts, rights).clamp(max=width - 1)  # (columns of the widest, w)
    places = (rows[:, None, :, None] * width + columns[:, None]).flatten(0, 1).flatten(1)  # (pixels of a bin, h·w)
    first = pixels[places].max(dim=0).indices  # (h·w, C)
    return places.gather(0, first.T).reshape(-1, len(tops), len(lefts))


def _numbers(first: Tensor, end: Tensor) -> Tensor:
    """Return the whole numbers from `first` to before `end`; shorter runs repeat their last one, which cannot win."""
    longest = int((end - first).max().clamp(min=1))
    return torch.minimum(first + torch.arange(longest, device=first.device)[:, None], (end - 1).clamp(min=0))
