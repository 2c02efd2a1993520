"""Overlap along the outline: what a thin structure or a shifted edge costs, whatever the size of the object."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from seglearn.checks import check_labels, check_shapes


def boundary_iou(pred: Tensor, mask: Tensor, *, dilation_ratio: float = 0.02) -> Tensor:
    """Return the intersection over union of two inner outlines.

        d      = max(1, round(dilation_ratio · diagonal of the image))
        result = |boundary(pred) ∩ boundary(mask)| / |boundary(pred) ∪ boundary(mask)|

    One binary pair: compare one class (`pred == k`, `mask == k`) or one instance at a time.

    Shapes:
        pred   (H, W) bool, or integers 0 and 1
        mask   (H, W) bool, or integers 0 and 1
        result () float64   in [0, 1]; 1 is perfect

    Empty case: both empty gives NaN, there is no outline to find (the reference code divides 0 by 0, too); one empty
    gives 0.

    Raises:
        ValueError: shapes disagree, or a map holds other values than 0 and 1; dilation_ratio is not positive.
        TypeError: a map holds floats.

    Example:
        >>> disk = torch.ones(5, 5).bool()  # d = 1: the outline is the outer ring of 16 pixels
        >>> boundary_iou(disk[:, 1:], disk[:, :4])
        tensor(1., dtype=torch.float64)
        >>> hole = disk.clone()
        >>> hole[1:4, 1:4] = False  # the outline alone
        >>> boundary_iou(hole, disk)
        tensor(1., dtype=torch.float64)

    Source: Cheng et al. 2021, arXiv:2103.16562; equal to the authors' reference code.
    """
    check_shapes("boundary_iou", pred=(pred, "H W"), mask=(mask, "H W"))
    if not 0 < dilation_ratio < math.inf:
        raise ValueError(f"boundary_iou: dilation_ratio must be positive, got {dilation_ratio}. The usual one is 0.02.")
    pred, mask = _binary("boundary_iou", "pred", pred), _binary("boundary_iou", "mask", mask)
    height, width = mask.shape
    d = max(1, round(dilation_ratio * math.sqrt(height**2 + width**2)))
    guess, truth = boundary(pred, width=d), boundary(mask, width=d)
    return (guess & truth).sum().double() / (guess | truth).sum()


def boundary(mask: Tensor, *, width: int) -> Tensor:
    """Return the pixels of a mask that lie within `width` pixels of its outside; beyond the image is outside, too.

    Distance is counted in steps of a king on a chessboard: what vanishes when the mask is eroded `width` times by 3x3.

    Shapes:
        mask   (H, W) bool, or integers 0 and 1
        result (H, W) bool

    Raises:
        ValueError: the mask has other axes or other values than 0 and 1, or width < 1.
        TypeError: the mask holds floats.

    Example:
        >>> boundary(torch.ones(3, 4).bool(), width=1).int()
        tensor([[1, 1, 1, 1],
                [1, 0, 0, 1],
                [1, 1, 1, 1]], dtype=torch.int32)
    """
    check_shapes("boundary", mask=(mask, "H W"))
    if width < 1:
        raise ValueError(f"boundary: width must be at least 1 pixel, got {width}. The thinnest band is width=1.")
    mask = _binary("boundary", "mask", mask)
    inner = F.pad(mask, [width] * 4, value=False)
    for axis in (0, 1):
        inner = _whole_windows(inner, 2 * width + 1, axis)
    return mask & ~inner


def _whole_windows(mask: Tensor, size: int, axis: int) -> Tensor:
    """Say of every window of `size` pixels along an axis whether all of it is True, in log2(size) steps.

    Two neighboring (or overlapping) full windows of length n make a full one of length up to 2n.
    """
    length = 1
    while length < size:
        step = min(length, size - length)
        count = mask.shape[axis] - step
        mask = mask.narrow(axis, 0, count) & mask.narrow(axis, step, count)
        length += step
    return mask


def _binary(where: str, name: str, labels: Tensor) -> Tensor:
    if labels.dtype == torch.bool:
        return labels
    check_labels(where, 2, **{name: labels})
    return labels == 1
