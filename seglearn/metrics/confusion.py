"""From scores to labels, and from labels to counts: one confusion matrix, and confusion matrices add.

Both functions have two roads. The plain one is the definition; the fast one gives the same numbers (the tests compare
them) and hands everything unusual back to the plain one.
"""

import torch
from torch import Tensor

from seglearn.checks import check_labels, check_shapes
from seglearn.labels import IGNORE

CACHED = 2**18  # scores that are looked at together: 1 MB of float32, which stays in a processor's cache
SHARED = 2**15  # from this many numbers on torch shares the work among threads
INTEGERS = {torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64}
WIDE_UNSIGNED = {torch.uint16, torch.uint32, torch.uint64}  # as read from 16-bit files; torch hardly computes in them


def label_map(logits: Tensor) -> Tensor:
    """Return the class with the highest score at each pixel; the lower label wins a tie.

    Shapes:
        logits (N, K, H, W) float
        result (N, H, W) int64      0..K-1

    Softmax first would change nothing: it keeps the order. NaN wins, so that it is seen.

    Raises:
        ValueError: logits have another number of axes, or no class.

    Example:
        >>> label_map(torch.tensor([[[[1.0, 5.0]], [[2.0, 5.0]]]]))  # two classes at two pixels
        tensor([[[1, 0]]])
    """
    size = check_shapes("label_map", logits=(logits, "N K H W"))
    check_at_least_one_class("label_map", size["K"])
    if logits.device.type != "cpu" or logits.stride(1) == 1:  # elsewhere, or with K innermost, the plain road is good
        return logits.argmax(dim=1)
    # With several threads the pieces stay too small to be shared: waiting for each other would cost more than the work.
    piece = CACHED if torch.get_num_threads() == 1 else SHARED - 1
    rows = max(1, piece // max(1, size["K"] * size["W"]))
    pred = torch.empty(size["N"], size["H"], size["W"], dtype=torch.int64)
    for image, labels in zip(logits.detach(), pred, strict=True):
        for top in range(0, size["H"], rows):
            labels[top : top + rows] = _first_best(image[:, top : top + rows])
    return pred


def _first_best(scores: Tensor) -> Tensor:
    """Return what scores.argmax(dim=0) does, in two maxima over whole planes instead of a walk from class to class."""
    classes = len(scores)
    place = torch.arange(classes, 0, -1, dtype=torch.uint8 if classes < 256 else torch.int32)  # K, K-1, .., 1
    best = scores == scores.amax(dim=0)  # (K, h, W)
    first = (best * place[:, None, None]).amax(dim=0)  # (h, W) K − label; the lowest label has the highest place
    return classes - first.long() if first.all() else scores.argmax(dim=0)  # NaN equals nothing, not even itself


def confusion_matrix(pred: Tensor, mask: Tensor, classes: int, *, ignore: int = IGNORE) -> Tensor:
    """Count pixels by (true class, predicted class).

    Shapes:
        pred   (N, H, W) integer   0..K-1
        mask   (N, H, W) integer   0..K-1, or `ignore`: those pixels are not counted
        result (K, K) int64        row = truth, column = prediction, unit = pixels; batches add

    Raises:
        ValueError: shapes disagree, a label is outside 0..K-1 (it is never booked elsewhere), or classes < 1.
        TypeError: a map does not hold integers.

    Example:
        >>> truth = torch.tensor([[[0, 0, 1, 1, 255]]])
        >>> guess = torch.tensor([[[0, 1, 1, 1, 0]]])
        >>> confusion_matrix(guess, truth, classes=2)
        tensor([[1, 1],
                [0, 2]])
    """
    check_shapes("confusion_matrix", pred=(pred, "N H W"), mask=(mask, "N H W"))
    check_at_least_one_class("confusion_matrix", classes)
    pred, mask = [labels.long() if labels.dtype in WIDE_UNSIGNED else labels for labels in (pred, mask)]
    counts = _counted_at_once(pred, mask, classes, ignore)
    return counts if counts is not None else _counted_plainly(pred, mask, classes, ignore)


def _counted_plainly(pred: Tensor, mask: Tensor, classes: int, ignore: int) -> Tensor:
    check_labels("confusion_matrix", classes, pred=pred)
    check_labels("confusion_matrix", classes, ignore=ignore, mask=mask)
    seen = mask != ignore
    cell = mask[seen].long() * classes + pred[seen].long()  # one number per pixel: its cell, row by row
    return torch.bincount(cell, minlength=classes**2).reshape(classes, classes)


def _counted_at_once(pred: Tensor, mask: Tensor, classes: int, ignore: int) -> Tensor | None:
    """Count all labels from the lowest to the highest, then look who was there; None if that is not possible.

    Nothing is selected and nothing compared pixel by pixel: a label that must not occur shows as a row with counts.
    """
    if pred.numel() == 0 or not {pred.dtype, mask.dtype} <= INTEGERS:
        return None
    (pred_low, pred_high), (low, high) = [[end.item() for end in labels.aminmax()] for labels in (pred, mask)]
    low, high = min(low, 0), max(high, classes - 1)
    rows = high - low + 1
    if pred_low < 0 or pred_high >= classes or rows * classes > 2**20:
        return None
    narrow = torch.int16 if rows * classes < 2**15 else torch.int32  # the less memory moves, the faster
    cell = (mask.to(narrow) - low) * classes + pred.to(narrow)
    counts = torch.bincount(cell.flatten(), minlength=rows * classes).reshape(rows, classes)
    if low <= ignore <= high:
        counts[ignore - low] = 0
    confusion = counts[-low : classes - low].clone()
    return confusion if confusion.sum() == counts.sum() else None


def check_at_least_one_class(where: str, classes: int) -> None:
    """Raise a ValueError where there is no class to choose."""
    if classes < 1:
        raise ValueError(f"{where}: classes must be at least 1, got {classes}. Background is a class, too.")
