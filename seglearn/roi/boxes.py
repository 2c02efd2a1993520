"""Boxes: how far two of them agree, which of many to keep, and what a box for the poolers must be."""

import torch
from torch import Tensor

from seglearn.checks import check_shapes


def box_iou(a: Tensor, b: Tensor) -> Tensor:
    """Return the intersection over union of every box of `a` with every box of `b`.

        width  = min(right) − max(left)        height = min(bottom) − max(top)        0 where they miss each other
        result = width · height / (area of a + area of b − width · height)

    Shapes:
        a      (R, 4)   x1, y1, x2, y2 in pixels, x1 ≤ x2 and y1 ≤ y2; edges, not pixel numbers: width is x2 − x1
        b      (T, 4)
        result (R, T)   in [0, 1]; type of the boxes, float64 for integers, float32 for half precision

    Empty case: no box gives no number. Two boxes without area have nothing in common: 0 (torchvision says NaN).

    Raises:
        ValueError: another shape, corners in the wrong order, or a number that is not finite.
        TypeError: something is not a tensor.

    Example:
        >>> box_iou(torch.tensor([[0.0, 0, 4, 2]]), torch.tensor([[2.0, 0, 6, 2], [9.0, 9, 9, 9]]))
        tensor([[0.3333, 0.0000]])

    Source: Everingham et al. 2010, doi:10.1007/s11263-009-0275-4, section 4.1; as torchvision.ops.box_iou.
    """
    check_shapes("box_iou", a=(a, "R 4"), b=(b, "T 4"))
    check_boxes("box_iou", a=a, b=b)
    a, b = _precise(a), _precise(b)
    top_left = torch.maximum(a[:, None, :2], b[:, :2])  # (R, T, 2) x, y
    bottom_right = torch.minimum(a[:, None, 2:], b[:, 2:])
    common = (bottom_right - top_left).clamp(min=0).prod(dim=-1)  # (R, T)
    union = (_area(a)[:, None] + _area(b)) - common
    return torch.where(union > 0, common / union.where(union > 0, 1), 0)


def nms(boxes: Tensor, scores: Tensor, *, iou_threshold: float) -> Tensor:
    """Return which boxes are kept when each may have only one: non-maximum suppression.

    The best box is kept, all that overlap it by *more* than the threshold go, and so on with the best of the rest.

    Shapes:
        boxes  (R, 4)         x1, y1, x2, y2 in pixels
        scores (R,)           equal scores keep the order of the input
        result (kept,) int64  numbers of boxes, by falling score

    Boxes of different classes do not compete: call it once for each class.

    Empty case: no box keeps none.

    Raises:
        ValueError: shapes disagree, a box is impossible (see `box_iou`), a score is NaN, or the threshold is outside
            0..1.
        TypeError: something is not a tensor.

    Example:
        >>> boxes = torch.tensor([[0.0, 0, 4, 2], [1.0, 0, 5, 2], [3.0, 0, 7, 2]])
        >>> nms(boxes, torch.tensor([0.7, 0.9, 0.8]), iou_threshold=0.5)  # 0 overlaps 1 by 3/5
        tensor([1, 2])

    Source: the greedy rule of Girshick et al. 2014, arXiv:1311.2524, section 2.2; as torchvision.ops.nms.
    """
    check_shapes("nms", boxes=(boxes, "R 4"), scores=(scores, "R"))
    check_boxes("nms", boxes=boxes)
    if scores.isnan().any():
        raise ValueError(f"nms: scores must be numbers, got {int(scores.isnan().sum())} NaN. Look at the logits.")
    if not 0 <= iou_threshold <= 1:
        raise ValueError(f"nms: iou_threshold must be an IoU from 0 to 1, got {iou_threshold}. The usual one is 0.5.")
    order = scores.detach().argsort(descending=True, stable=True)
    ranked = boxes.detach()[order]
    alive = torch.ones(len(ranked), dtype=torch.bool, device=boxes.device)
    for best in range(len(ranked)):
        if alive[best]:
            rest = ranked[best + 1 :]
            alive[best + 1 :] &= ~(box_iou(ranked[best : best + 1], rest)[0] > iou_threshold)
    return order[alive]


def check_boxes(where: str, **boxes: Tensor) -> None:
    """Raise unless the boxes (R, 4) have finite corners in the right order.

    Raises:
        ValueError: they do not; the message shows the first that is wrong.
    """
    for name, corners in boxes.items():
        good = (corners[:, 2:] >= corners[:, :2]).all(dim=1) & corners.isfinite().all(dim=1)
        if not good.all():
            row = int((~good).nonzero()[0])
            raise ValueError(
                f"{where}: a box must be finite x1, y1, x2, y2 with x1 <= x2 and y1 <= y2, got {corners[row].tolist()} "
                f"in row {row} of {name}. Is it x, y, width, height?"
            )


def check_regions(where: str, features: Tensor, boxes: Tensor) -> None:
    """Raise unless `boxes` (R, 5) = batch index, x1, y1, x2, y2 fit `features` (N, C, H, W).

    Corners in the wrong order are allowed, as in torchvision: a training must survive a box that a head drew badly.

    Raises:
        ValueError: another shape, no pixel, an index that is no image of the batch, or a corner that is not finite.
        TypeError: one of the two is not floating point.
    """
    n, _, height, width = check_shapes(where, features=(features, "N C H W")).values()
    if isinstance(boxes, Tensor) and boxes.ndim == 2 and boxes.shape[1] == 4:
        raise ValueError(
            f"{where}: boxes must have shape (R, 5): batch index, x1, y1, x2, y2, got {tuple(boxes.shape)}. For one "
            "image, put a column of zeros before them: torch.nn.functional.pad(boxes, (1, 0))."
        )
    check_shapes(where, boxes=(boxes, "R 5"))
    for name, tensor in {"features": features, "boxes": boxes}.items():
        if not tensor.is_floating_point():
            raise TypeError(f"{where}: {name} must be floating point, got {tensor.dtype}. Use {name}.float().")
    if min(height, width) < 1:
        raise ValueError(f"{where}: features must have a pixel, got shape {tuple(features.shape)}.")
    if not boxes.isfinite().all():
        raise ValueError(f"{where}: boxes must be finite numbers, got {boxes[~boxes.isfinite()][0].item()}.")
    index = boxes.detach()[:, 0]
    strange = index[(index < 0) | (index >= n) | (index != index.floor())]
    if len(strange):
        raise ValueError(
            f"{where}: the first column of boxes must be the number of an image, 0..{n - 1}, got {strange[0].item():g}."
        )


def _precise(boxes: Tensor) -> Tensor:
    if not boxes.is_floating_point():
        return boxes.double()
    return boxes.float() if boxes.dtype in (torch.float16, torch.bfloat16) else boxes


def _area(boxes: Tensor) -> Tensor:
    return (boxes[:, 2:] - boxes[:, :2]).prod(dim=-1)
