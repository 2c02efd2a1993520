"""One threshold is one choice: precision and recall for every threshold at once."""

import torch
from torch import Tensor

from seglearn.checks import check_labels, check_shapes
from seglearn.labels import IGNORE


def precision_recall_curve(scores: Tensor, mask: Tensor, *, ignore: int = IGNORE) -> tuple[Tensor, Tensor, Tensor]:
    """Return precision and recall of "score ≥ threshold means foreground" for every score that occurs.

    Shapes:
        scores     (N, H, W) float   higher means foreground; probabilities or logits, only their order matters
        mask       (N, H, W) bool or integer   0, 1, or `ignore`: those pixels are not counted
        precision  (T + 1,) float64
        recall     (T + 1,) float64   falling
        thresholds (T,) float         rising, each score once: equal scores cannot be told apart

    The last point, without a threshold, is precision 1 at recall 0: nothing is called foreground.

    Empty case: without a valid pixel T = 0 and only that last point is left. Without a foreground pixel there is
    nothing to recall: NaN (scikit-learn warns and says 1).

    Raises:
        ValueError: shapes disagree, the mask holds another label, or a score is NaN.
        TypeError: scores are not floating point, or the mask holds floats.

    Example:
        >>> scores = torch.tensor([[[0.1, 0.4, 0.4, 0.8]]])
        >>> precision, recall, thresholds = precision_recall_curve(scores, torch.tensor([[[0, 0, 1, 1]]]))
        >>> thresholds
        tensor([0.1000, 0.4000, 0.8000])
        >>> precision
        tensor([0.5000, 0.6667, 1.0000, 1.0000], dtype=torch.float64)
        >>> recall
        tensor([1.0000, 1.0000, 0.5000, 0.0000], dtype=torch.float64)

    Source: as sklearn.metrics.precision_recall_curve.
    """
    where = "precision_recall_curve"
    check_shapes(where, scores=(scores, "N H W"), mask=(mask, "N H W"))
    if not scores.is_floating_point():
        raise TypeError(f"{where}: scores must be floating point, got {scores.dtype}. Use scores.float().")
    if mask.dtype == torch.bool:
        mask = mask.long()
    check_labels(where, 2, ignore=ignore, mask=mask)
    seen = mask != ignore
    scores, positive = scores.detach()[seen], mask[seen] == 1
    if scores.isnan().any():
        raise ValueError(f"{where}: scores must be numbers, got {int(scores.isnan().sum())} NaN. Look at the logits.")
    thresholds, place = scores.unique(return_inverse=True)  # rising
    guess = _count_from(place, len(thresholds))  # (T,) pixels with score ≥ threshold
    hit = _count_from(place[positive], len(thresholds)).double()  # (T,) and foreground
    end = torch.ones(1, dtype=torch.float64, device=scores.device)
    return torch.cat([hit / guess, end]), torch.cat([hit / positive.sum(), 0 * end]), thresholds


def _count_from(place: Tensor, length: int) -> Tensor:
    """Return how many places are t or higher, for every t in 0..length-1."""
    return torch.bincount(place, minlength=length).flip(0).cumsum(0).flip(0)
