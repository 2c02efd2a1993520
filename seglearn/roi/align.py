"""RoI Align: features read between the pixels, so that nothing is rounded."""

import torch
from torch import Tensor

from seglearn.roi.boxes import check_regions
from seglearn.windows import Size, pair

PIECE = 2**24  # numbers of an intermediate result that are held at once: 64 MB of float32


def roi_align(
    features: Tensor,
    boxes: Tensor,
    output_size: Size,
    *,
    spatial_scale: float = 1.0,
    sampling_ratio: int = -1,
    aligned: bool = True,
) -> Tensor:
    """Return the features under each box as a grid of fixed size: the mean of bilinear samples in each of its bins.

        start, end = corner · spatial_scale − ½                        ½: pixel 0 is a square from 0 to 1
        y[i, s]    = start + (i + (s + ½) / samples) · (end − start) / h        sample s of bin i
        rows[i, v] = mean over s of max(0, 1 − |y[i, s] − v|)          how much of row v is in bin i: bilinear
        result     = rows @ features @ columnsᵀ                        columns likewise, from x

    Bilinear reading along y and then along x is bilinear reading of the plane, and means over a grid of samples are
    means along y of means along x: so two small matrices per box do it all. A sample more than a pixel outside the
    centers reads 0; one less far outside reads the border.

    Shapes:
        features (N, C, H, W) float
        boxes    (R, 5) float        batch index, x1, y1, x2, y2, in pixels of the image
        result   (R, C, h, w)        output_size = (h, w)

    Args:
        spatial_scale: pixels of the features per pixel of the image, 1/16 after a stride of 16.
        sampling_ratio: samples per bin along each axis; 0 or less takes about one per pixel: ⌈(end − start) / h⌉.
        aligned: False leaves out the ½ and makes boxes at least one pixel wide, as the first version did: everything
            it reads is half a pixel too far to the lower right.

    The gradient goes to the features, none to the boxes.

    Empty case: no box gives no result, (0, C, h, w). A box without height or width (or with corners in the wrong
    order) has no sample unless `sampling_ratio` says how many: 0.

    Raises:
        ValueError: another shape, a batch index that is no image, a number that is not finite, or a size below 1.
        TypeError: features or boxes are not floating point, or a size is not a whole number.

    Example:
        >>> ramp = torch.arange(8.0).expand(1, 1, 4, 8)  # every pixel holds its column; centers at 0.5, 1.5, ...
        >>> roi_align(ramp, torch.tensor([[0.0, 1, 1, 5, 3]]), (1, 2))  # 1 to 3 and 3 to 5
        tensor([[[[1.5000, 3.5000]]]])

    Source: He et al. 2017, arXiv:1703.06870, section 3; values and gradients as torchvision.ops.roi_align, whose
    default is aligned=False, and which fails on corners in the wrong order where we read 0. The work grows with H·W,
    whatever the boxes' size.
    """
    where = "roi_align"
    check_regions(where, features, boxes)
    h, w = pair(where, "output_size", output_size, least=1)
    if isinstance(sampling_ratio, bool) or not isinstance(sampling_ratio, int):
        raise TypeError(f"{where}: sampling_ratio must be a whole number, got {sampling_ratio!r}.")
    c, height, width = features.shape[1:]
    image, x1, y1, x2, y2 = boxes.detach().to(torch.promote_types(features.dtype, torch.float32)).unbind(dim=1)
    options = {"scale": spatial_scale, "samples": sampling_ratio, "aligned": aligned}
    rows = _taps(y1, y2, h, height, **options).to(features.dtype)  # (R, h, H)
    columns = _taps(x1, x2, w, width, **options).to(features.dtype)  # (R, w, W)
    result = features.new_zeros(len(boxes), c, h, w)
    piece = max(1, PIECE // max(1, h * c * width))  # boxes at a time
    for number in image.unique().long().tolist():
        plane = features[number].transpose(0, 1).flatten(1)  # (H, C·W)
        for mine in (image == number).nonzero().flatten().split(piece):
            read = rows[mine].flatten(0, 1) @ plane  # (boxes·h, C·W)
            read = read.reshape(len(mine), h * c, width) @ columns[mine].mT  # (boxes, h·C, w)
            result = result.index_copy(0, mine, read.reshape(len(mine), h, c, w).transpose(1, 2))
    return result


def _taps(start: Tensor, end: Tensor, bins: int, size: int, *, scale: float, samples: int, aligned: bool) -> Tensor:
    """Return how much of each pixel along one axis is in each bin of each box, (R, bins, size)."""
    shift = 0.5 if aligned else 0.0
    start, end = start * scale - shift, end * scale - shift  # (R,) in pixels of the features, centers at 0, 1, ...
    length = end - start if aligned else (end - start).clamp(min=1)
    step = (length / bins)[:, None, None]
    count = (length / bins).ceil().clamp(min=0) if samples < 1 else torch.full_like(length, samples)
    count = count[:, None, None]  # samples in each bin of a box
    most = int(count.max()) if count.numel() else 0
    sample = torch.arange(most, dtype=start.dtype, device=start.device)  # (S,)
    bin_ = torch.arange(bins, dtype=start.dtype, device=start.device)[:, None]
    at = start[:, None, None] + bin_ * step + (sample + 0.5) * (step / count.clamp(min=1))  # (R, bins, S)
    seen = (sample < count) & (at >= -1) & (at <= size)
    at = at.clamp(0, size - 1)
    pixels = torch.arange(size, dtype=start.dtype, device=start.device)
    taps = start.new_zeros(len(start), bins, size)
    for s in range(most):
        taps += (1 - (at[..., s, None] - pixels).abs()).clamp(min=0) * seen[..., s, None]
    return taps / count.clamp(min=1)
