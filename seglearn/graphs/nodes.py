"""The nodes: superpixels, what is known of each, and how good a segmentation can be that paints them whole."""

import torch
from skimage.segmentation import slic
from torch import Tensor

from seglearn.checks import check_labels, check_shapes
from seglearn.labels import IGNORE


def superpixels(image: Tensor, *, count: int, compactness: float = 10.0) -> Tensor:
    """Return an image cut into about `count` connected patches of similar color.

    Shapes:
        image  (3, H, W) or (1, H, W) float   in [0, 1]; gray is read as a color without hue
        result (H, W) int64                   0..P-1, every number in use; P may be less or more than `count`

    Args:
        compactness: weight of nearness against color (in CIELAB): large gives squares, small follows every edge.

    The same image gives the same patches: the clusters start on a grid, not by chance.

    Raises:
        ValueError: another shape, values outside 0..1, a count outside 1..H·W, or compactness not above 0.
        TypeError: the image is not floating point, or the count not a whole number.

    Example:
        >>> image = torch.zeros(3, 4, 6)
        >>> image[:, :, 3:] = 1
        >>> superpixels(image, count=2)[0]
        tensor([0, 0, 0, 1, 1, 1])

    Source: Achanta et al. 2012, doi:10.1109/TPAMI.2012.120 (SLIC), by skimage.segmentation.slic.
    """
    where = "superpixels"
    channels, height, width = check_shapes(where, image=(image, "C H W")).values()
    if channels not in (1, 3):
        raise ValueError(f"{where}: image must have shape (3, H, W) or (1, H, W), got {tuple(image.shape)}.")
    if not image.is_floating_point():
        raise TypeError(f"{where}: image must be floating point in 0..1, got {image.dtype}. Use image.float() / 255.")
    if isinstance(count, bool) or not isinstance(count, int):
        raise TypeError(f"{where}: count must be a whole number, got {count!r}.")
    if not 1 <= count <= height * width:
        raise ValueError(f"{where}: count must be 1..{height * width}, at most one for each pixel, got {count}.")
    if not compactness > 0:
        raise ValueError(f"{where}: compactness must be above 0, got {compactness}. The usual one is 10.")
    if not ((image >= 0) & (image <= 1)).all():
        raise ValueError(f"{where}: image must lie in 0..1, got {image.min().item():.4g} to {image.max().item():.4g}.")
    picture = image.detach().cpu().double().expand(3, -1, -1).permute(1, 2, 0).numpy()
    patches = slic(picture, n_segments=count, compactness=compactness, start_label=0, channel_axis=-1)
    return torch.from_numpy(patches).unique(return_inverse=True)[1].to(image.device)  # no number is left out


def region_features(image: Tensor, superpixels: Tensor) -> Tensor:
    """Return what is known of each superpixel: its mean color, where it lies, and how large it is.

        result[p] = mean of channel 1, ..., mean of channel C, row, column, size

    Shapes:
        image       (C, H, W) float     a picture, or feature maps: a gradient flows back to them
        superpixels (H, W) int64        0..P-1
        result      (P, C + 3)          row and column of the middle from 0 to 1; size 1 = the average superpixel

    Raises:
        ValueError: shapes disagree, or a number below P is not in use.
        TypeError: the image is not floating point, or superpixels are not integers.

    Example:
        >>> image = torch.tensor([[[0.2, 0.4, 0.9, 0.9], [0.2, 0.4, 0.5, 0.5]]])
        >>> region_features(image, torch.tensor([[0, 0, 1, 1], [0, 0, 1, 1]]))
        tensor([[0.3000, 0.5000, 0.2500, 1.0000],
                [0.7000, 0.5000, 0.7500, 1.0000]])
    """
    where = "region_features"
    channels, height, width = check_shapes(where, image=(image, "C H W"), superpixels=(superpixels, "H W")).values()
    if not image.is_floating_point():
        raise TypeError(f"{where}: image must be floating point, got {image.dtype}. Use image.float() / 255.")
    number = check_superpixels(where, superpixels)
    rows = (torch.arange(height, device=image.device) + 0.5) / height  # centers of pixels
    columns = (torch.arange(width, device=image.device) + 0.5) / width
    places = torch.stack([rows[:, None].expand(height, width), columns.expand(height, width)]).to(image.dtype)
    known = torch.cat([image, places]).flatten(1).T  # (H·W, C + 2)
    which = superpixels.flatten().long()
    pixels = torch.bincount(which, minlength=number).to(image.dtype)[:, None]  # (P, 1)
    total = image.new_zeros(number, channels + 2).index_add(0, which, known)
    return torch.cat([total / pixels, pixels * (number / (height * width))], dim=1)


def reachable_labels(superpixels: Tensor, mask: Tensor, classes: int, *, ignore: int = IGNORE) -> Tensor:
    """Return the label that most pixels of each superpixel have: what a network that labels nodes should learn.

    Shapes:
        superpixels (H, W) int64     0..P-1
        mask        (H, W) integer   0..K-1, or `ignore`: those pixels do not vote
        result      (P,) int64       the lower label wins a tie; `ignore` where no pixel votes

    Raises:
        ValueError: shapes disagree, a label is outside 0..K-1, or a number below P is not in use.
        TypeError: something does not hold integers.

    Example:
        >>> patches = torch.tensor([[0, 0, 0, 1, 1, 2]])
        >>> reachable_labels(patches, torch.tensor([[1, 1, 0, 2, 255, 255]]), classes=3)
        tensor([  1,   2, 255])
    """
    where = "reachable_labels"
    check_shapes(where, superpixels=(superpixels, "H W"), mask=(mask, "H W"))
    if classes < 1:
        raise ValueError(f"{where}: classes must be at least 1, got {classes}. Background is a class, too.")
    check_labels(where, classes, ignore=ignore, mask=mask)
    number = check_superpixels(where, superpixels)
    seen = mask != ignore
    cell = superpixels[seen].long() * classes + mask[seen].long()  # one number for each superpixel and class
    votes = torch.bincount(cell, minlength=number * classes).reshape(number, classes)
    return votes.argmax(dim=1).masked_fill(votes.sum(dim=1) == 0, ignore)


def reachable_map(superpixels: Tensor, mask: Tensor, classes: int, *, ignore: int = IGNORE) -> Tensor:
    """Return the best label map that paints superpixels whole: no network over these nodes has more pixels right.

    Its score against the mask is what the superpixels allow. For pixel accuracy that is a bound in the strict sense;
    mean IoU, where small classes count as much as large ones, may be a little better with another choice.

    Shapes:
        superpixels (H, W) int64     0..P-1
        mask        (H, W) integer   0..K-1 or `ignore`
        result      (H, W) int64     0..K-1; 0 where a superpixel holds ignored pixels only, which nobody counts

    Raises:
        ValueError, TypeError: as `reachable_labels`.

    Example:
        >>> patches = torch.tensor([[0, 0, 0, 1, 1, 2]])
        >>> reachable_map(patches, torch.tensor([[1, 1, 0, 2, 255, 255]]), classes=3)
        tensor([[1, 1, 1, 2, 2, 0]])
    """
    labels = reachable_labels(superpixels, mask, classes, ignore=ignore)
    return labels.masked_fill(labels == ignore, 0)[superpixels.long()]


def check_superpixels(where: str, superpixels: Tensor) -> int:
    """Return P after making sure that (H, W) superpixels are numbered 0..P-1 without a gap.

    Raises:
        ValueError: there is no pixel, a number is negative, or one is missing.
        TypeError: they are not integers.
    """
    if superpixels.numel() == 0:
        raise ValueError(f"{where}: superpixels must have a pixel, got shape {tuple(superpixels.shape)}.")
    check_labels(where, max(int(superpixels.max()), 0) + 1, superpixels=superpixels)
    found = superpixels.unique()
    if len(found) != int(found[-1]) + 1:
        raise ValueError(
            f"{where}: superpixels must be numbered 0..{len(found) - 1} without a gap, got {int(found[-1])} as the "
            "largest. Use superpixels.unique(return_inverse=True)[1]."
        )
    return len(found)
