"""From scores to labels, and from labels to counts: one confusion matrix, and confusion matrices add."""

import torch
from torch import Tensor

from seglearn.checks import check_labels, check_shapes
from seglearn.labels import IGNORE


def label_map(logits: Tensor) -> Tensor:
    """Return the class with the highest score at each pixel; the lower label wins a tie.

    Shapes:
        logits (N, K, H, W) float
        result (N, H, W) int64      0..K-1

    Softmax first would change nothing: it keeps the order. NaN wins, so that it is seen.

    Example:
        >>> label_map(torch.tensor([[[[1.0, 5.0]], [[2.0, 5.0]]]]))  # two classes at two pixels
        tensor([[[1, 0]]])
    """
    check_shapes("label_map", logits=(logits, "N K H W"))
    return logits.argmax(dim=1)


def confusion_matrix(pred: Tensor, mask: Tensor, classes: int, *, ignore: int = IGNORE) -> Tensor:
    """Count pixels by (true class, predicted class).

    Shapes:
        pred   (N, H, W) integer   0..K-1
        mask   (N, H, W) integer   0..K-1, or `ignore`: those pixels are not counted
        result (K, K) int64        row = truth, column = prediction, unit = pixels; batches add

    Raises:
        ValueError: shapes disagree, or a label is outside 0..K-1; it is never booked elsewhere.
        TypeError: a map does not hold integers.

    Example:
        >>> truth = torch.tensor([[[0, 0, 1, 1, 255]]])
        >>> guess = torch.tensor([[[0, 1, 1, 1, 0]]])
        >>> confusion_matrix(guess, truth, classes=2)
        tensor([[1, 1],
                [0, 2]])
    """
    check_shapes("confusion_matrix", pred=(pred, "N H W"), mask=(mask, "N H W"))
    check_labels("confusion_matrix", classes, pred=pred)
    check_labels("confusion_matrix", classes, ignore=ignore, mask=mask)
    seen = mask != ignore
    cell = mask[seen].long() * classes + pred[seen].long()  # one number per pixel: its cell, row by row
    return torch.bincount(cell, minlength=classes**2).reshape(classes, classes)
