"""Instances: which of them were found, and what a ranked list of findings is worth.

Where the IoUs come from (boxes, masks) does not matter here: a matrix is all that is needed.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from seglearn.checks import check_shapes


def matches(overlaps: Tensor, scores: Tensor, *, threshold: float = 0.5) -> Tensor:
    """Say of each prediction of one image whether it found a true instance of its own.

    Greedy, as COCO: predictions choose by falling score (equal scores in their order); each takes, of the truths still
    free, the one it overlaps most (of equal ones the last), if the IoU is at least the threshold.

    Shapes:
        overlaps (P, T) float   IoU of each prediction with each true instance
        scores   (P,) float
        result   (P,) bool      True = hit, False = false positive; T − hits truths were missed

    Raises:
        ValueError: shapes disagree, a score is NaN, or an overlap or the threshold lies outside 0..1.

    Example:
        >>> overlaps = torch.tensor([[0.9, 0.0], [0.8, 0.0], [0.0, 0.5]])  # two want the same truth
        >>> matches(overlaps, torch.tensor([0.7, 0.9, 0.3]))
        tensor([False,  True,  True])
    """
    _check("matches", overlaps, scores, threshold)
    free = overlaps.detach().cpu().double().clone()
    hit = torch.zeros(len(scores), dtype=torch.bool)
    if free.shape[1]:
        for guess in scores.argsort(descending=True, stable=True).tolist():
            best, truth = free[guess].flip(0).max(dim=0)  # flipped: the first maximum is the last
            if best >= threshold:
                hit[guess] = True
                free[:, free.shape[1] - 1 - truth] = -1  # taken
    return hit.to(scores.device)


def average_precision(
    overlaps: Tensor | Sequence[Tensor],
    scores: Tensor | Sequence[Tensor],
    *,
    threshold: float = 0.5,
    points: int | None = None,
) -> Tensor:
    """Return the area under the precision-recall curve of ranked instances of one class.

        hits and misses of all images, ranked together by score, give precision[i] and recall[i] after i predictions
        envelope[i] = max(precision[i:])              what a user who may go further down the list can get
        result      = Σ_i (recall[i] − recall[i−1]) · envelope[i]

    Args:
        overlaps: IoU (P, T) of one image's predictions with its true instances, or a list with one matrix per image
            (P or T may be 0).
        scores: (P,) of one image, or a list to go with it.
        threshold: the IoU from which a prediction counts as a hit.
        points: None takes the whole area. 101 takes COCO's mean of the envelope at recall 0, 0.01, ..., 1.

    Shapes:
        result () float64   in [0, 1]; 1 is perfect

    Empty case: truths without predictions give 0. Without a truth there is nothing to find: NaN (COCO says −1).

    Raises:
        ValueError: shapes disagree, the lists differ in length, a score is NaN, an overlap or the
            threshold lies outside 0..1, or points < 2.
        TypeError: one of overlaps and scores is a tensor, the other a list.

    Example:
        >>> overlaps = torch.tensor([[0.9, 0.0], [0.8, 0.0], [0.0, 0.5]])
        >>> average_precision(overlaps, torch.tensor([0.9, 0.7, 0.3]))  # hit, miss, hit: 1/2·1 + 1/2·2/3
        tensor(0.8333, dtype=torch.float64)

    Source: Everingham et al. 2010, doi:10.1007/s11263-009-0275-4 (as used since 2010: every recall, not eleven);
    101 points and the matching as pycocotools, without its crowds and size ranges. Its marks carry rounding errors
    (0.35 is 0.35000000000000003 there), so that it misses some that are just reached; ours do not.
    """
    if isinstance(overlaps, Tensor) != isinstance(scores, Tensor):
        raise TypeError("average_precision: overlaps and scores must both be tensors or both be lists. Use [scores].")
    if isinstance(overlaps, Tensor):
        overlaps, scores = [overlaps], [scores]
    if len(overlaps) != len(scores):
        raise ValueError(
            f"average_precision: scores must come as one list per image, as overlaps do, got {len(scores)} for "
            f"{len(overlaps)} images. Keep images without a prediction: torch.zeros(0)."
        )
    if points is not None and points < 2:
        raise ValueError(f"average_precision: points must be at least 2, got {points}. COCO takes 101.")
    for table, values in zip(overlaps, scores, strict=True):
        _check("average_precision", table, values, threshold)
    truths = sum(table.shape[1] for table in overlaps)
    if truths == 0:
        return torch.tensor(torch.nan, dtype=torch.float64)
    hit = torch.cat([matches(o, s, threshold=threshold).cpu() for o, s in zip(overlaps, scores, strict=True)])
    order = torch.cat([values.detach().cpu() for values in scores]).argsort(descending=True, stable=True)
    hits = hit[order].cumsum(0).double()  # (P,) after each prediction
    recall, precision = hits / truths, hits / torch.arange(1, len(hits) + 1)
    envelope = precision.flip(0).cummax(0).values.flip(0)
    if points is None:
        return (recall.diff(prepend=recall.new_zeros(1)) * envelope).sum()
    wanted = torch.arange(points, dtype=torch.float64) / (points - 1)
    place = torch.searchsorted(recall, wanted)  # first rank that reaches this recall; P where none does
    return torch.cat([envelope, envelope.new_zeros(1)])[place].mean()


def _check(where: str, overlaps: Tensor, scores: Tensor, threshold: float) -> None:
    check_shapes(where, overlaps=(overlaps, "P T"), scores=(scores, "P"))
    if not 0 <= threshold <= 1:
        raise ValueError(f"{where}: threshold must be an IoU from 0 to 1, got {threshold}. The usual one is 0.5.")
    strange = overlaps[~((overlaps >= 0) & (overlaps <= 1 + 1e-3))]  # float IoUs of boxes may round to a little over 1
    if len(strange):
        raise ValueError(f"{where}: overlaps must be IoUs from 0 to 1, got {strange[0].item():.4g}. Are they percents?")
    if scores.isnan().any():
        raise ValueError(f"{where}: scores must be numbers, got {int(scores.isnan().sum())} NaN. Look at the logits.")
