"""The scores of each class, all from one confusion matrix.

    truth[k] = pixels of class k in the mask         = sum of row k
    guess[k] = pixels of class k in the prediction   = sum of column k
    hit[k]   = pixels of class k in both             = diagonal

One rule for the empty cases of all of them: a class in neither truth nor prediction is NaN and does not vote; a class
in only one of the two scores 0, also where the ratio alone would be 0/0 (precision of a class never predicted).
"""

import torch
from torch import Tensor

from seglearn.checks import check_shapes


def iou(confusion: Tensor) -> Tensor:
    """Return the intersection over union of each class; NaN where a class is in neither truth nor prediction.

        iou[k] = hit[k] / (truth[k] + guess[k] − hit[k])

    Shapes:
        confusion (K, K) int64   row = truth, column = prediction, unit = pixels
        result    (K,) float64   in [0, 1] or NaN; 1 is perfect

    Raises:
        ValueError: `confusion` is not square, or a count is negative.
        TypeError: it does not hold integers.

    Example:
        >>> iou(torch.tensor([[1, 1, 0], [0, 2, 0], [0, 0, 0]]))
        tensor([0.5000, 0.6667,    nan], dtype=torch.float64)

    Source: Everingham et al. 2010, doi:10.1007/s11263-009-0275-4, section 4.2 (segmentation accuracy).
    """
    hit, truth, guess = _counts("iou", confusion)
    return hit / (truth + guess - hit)


def mean_iou(confusion: Tensor) -> Tensor:
    """Return the mean IoU over the classes that occur in truth or prediction; absent classes do not vote.

    Shapes:
        confusion (K, K) int64
        result    () float64     in [0, 1]; NaN if nothing was counted

    Raises:
        ValueError: `confusion` is not square, or a count is negative.
        TypeError: it does not hold integers.

    Example:
        >>> mean_iou(torch.tensor([[1, 1, 0], [0, 2, 0], [0, 0, 0]]))  # (1/2 + 2/3) / 2
        tensor(0.5833, dtype=torch.float64)
    """
    hit, truth, guess = _counts("mean_iou", confusion)
    return (hit / (truth + guess - hit)).nanmean()


def dice(confusion: Tensor) -> Tensor:
    """Return the Dice score of each class: twice the shared pixels over the pixels of both.

        dice[k] = 2·hit[k] / (truth[k] + guess[k]) = 2·iou[k] / (1 + iou[k])

    Shapes:
        confusion (K, K) int64   row = truth, column = prediction, unit = pixels
        result    (K,) float64   in [0, 1], never below the IoU; NaN where a class is in neither

    Raises:
        ValueError: `confusion` is not square, or a count is negative.
        TypeError: it does not hold integers.

    Example:
        >>> dice(torch.tensor([[1, 1, 0], [0, 2, 0], [0, 0, 0]]))  # 2·1/(2+1), 2·2/(2+3)
        tensor([0.6667, 0.8000,    nan], dtype=torch.float64)

    Source: Dice 1945, doi:10.2307/1932409.
    """
    hit, truth, guess = _counts("dice", confusion)
    return 2 * hit / (truth + guess)


def precision(confusion: Tensor) -> Tensor:
    """Return, for each class, the share of its predicted pixels that are right.

        precision[k] = hit[k] / guess[k]

    Shapes:
        confusion (K, K) int64   row = truth, column = prediction, unit = pixels
        result    (K,) float64   in [0, 1]; 0 for a class that is there and never predicted; NaN where it is in neither

    Raises:
        ValueError: `confusion` is not square, or a count is negative.
        TypeError: it does not hold integers.

    Example:
        >>> precision(torch.tensor([[1, 1, 0], [0, 2, 0], [0, 0, 0]]))
        tensor([1.0000, 0.6667,    nan], dtype=torch.float64)
    """
    hit, truth, guess = _counts("precision", confusion)
    return _ratio(hit, guess, present=truth + guess > 0)


def recall(confusion: Tensor) -> Tensor:
    """Return, for each class, the share of its true pixels that are found.

        recall[k] = hit[k] / truth[k]

    Shapes:
        confusion (K, K) int64   row = truth, column = prediction, unit = pixels
        result    (K,) float64   in [0, 1]; 0 for a class that is only predicted; NaN where it is in neither

    Raises:
        ValueError: `confusion` is not square, or a count is negative.
        TypeError: it does not hold integers.

    Example:
        >>> recall(torch.tensor([[1, 1, 0], [0, 2, 0], [0, 0, 0]]))
        tensor([0.5000, 1.0000,    nan], dtype=torch.float64)
    """
    hit, truth, guess = _counts("recall", confusion)
    return _ratio(hit, truth, present=truth + guess > 0)


def f1(confusion: Tensor) -> Tensor:
    """Return the harmonic mean of precision and recall of each class: the Dice score by another name.

        f1[k] = 2·precision[k]·recall[k] / (precision[k] + recall[k]) = 2·hit[k] / (guess[k] + truth[k])

    Shapes:
        confusion (K, K) int64   row = truth, column = prediction, unit = pixels
        result    (K,) float64   in [0, 1]; 0 without a hit; NaN where a class is in neither truth nor prediction

    Raises:
        ValueError: `confusion` is not square, or a count is negative.
        TypeError: it does not hold integers.

    Example:
        >>> f1(torch.tensor([[1, 1, 0], [0, 2, 0], [0, 0, 0]]))  # between 1 and 1/2; between 2/3 and 1
        tensor([0.6667, 0.8000,    nan], dtype=torch.float64)
    """
    hit, truth, guess = _counts("f1", confusion)
    return 2 * hit / (guess + truth)


def pixel_accuracy(confusion: Tensor) -> Tensor:
    """Return the share of all counted pixels that are right. Large classes rule it: see chapter 08.

    Shapes:
        confusion (K, K) int64   row = truth, column = prediction, unit = pixels
        result    () float64     in [0, 1]; NaN if nothing was counted

    Raises:
        ValueError: `confusion` is not square, or a count is negative.
        TypeError: it does not hold integers.

    Example:
        >>> pixel_accuracy(torch.tensor([[1, 1, 0], [0, 2, 0], [0, 0, 0]]))
        tensor(0.7500, dtype=torch.float64)
    """
    hit, truth, _ = _counts("pixel_accuracy", confusion)
    return hit.sum() / truth.sum()


def _counts(where: str, confusion: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    check_shapes(where, confusion=(confusion, "K K"))
    if confusion.is_floating_point() or confusion.is_complex() or confusion.dtype == torch.bool:
        raise TypeError(
            f"{where}: confusion must hold integer counts, got {confusion.dtype}. Shares of rows have lost the sizes "
            f"of the classes: use what confusion_matrix returns."
        )
    if (confusion < 0).any():
        raise ValueError(f"{where}: confusion must hold counts from 0 on, got {confusion.min()}. See confusion_matrix.")
    hit, truth, guess = confusion.diagonal(), confusion.sum(dim=1), confusion.sum(dim=0)  # (K,) each
    return hit.double(), truth.double(), guess.double()


def _ratio(part: Tensor, whole: Tensor, *, present: Tensor) -> Tensor:
    """Return part/whole; 0/0 is 0 for a class that is present on the other side, and NaN for one that is not."""
    return (part / whole.clamp(min=1)).where(present, torch.nan)
