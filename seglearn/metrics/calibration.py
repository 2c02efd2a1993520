"""Calibration: of all pixels called "80 % sure", are 80 % right? No confusion matrix can tell."""

from dataclasses import dataclass

import torch
from torch import Tensor

from seglearn.checks import check_labels, check_shapes
from seglearn.labels import IGNORE
from seglearn.metrics.confusion import check_at_least_one_class


@dataclass(frozen=True)
class Reliability:
    """What a reliability diagram draws: the valid pixels, sorted into bins by their confidence.

    Shapes:
        edges      (B + 1,) float64   0 .. 1; bin b holds confidences in (edges[b], edges[b + 1]]
        confidence (B,) float64       mean confidence of the pixels in a bin; NaN where there is none
        accuracy   (B,) float64       share of them that is right; NaN where there is none
        count      (B,) int64         how many there are
    """

    edges: Tensor
    confidence: Tensor
    accuracy: Tensor
    count: Tensor


def calibration_error(probs: Tensor, mask: Tensor, *, bins: int = 15, ignore: int = IGNORE) -> Tensor:
    """Return the expected calibration error: how far confidence and accuracy lie apart, averaged over the pixels.

        error = Σ_b count[b]/count · |accuracy[b] − confidence[b]|      confidence = the highest probability of a pixel

    Shapes:
        probs  (N, K, H, W) float   sums to 1 over K
        mask   (N, H, W) integer    0..K-1, or `ignore`: those pixels are not counted
        result () float64           in [0, 1]; 0 is perfect; NaN without a valid pixel

    Raises:
        ValueError: shapes disagree, a label is outside 0..K-1, probs are no probabilities, or bins < 1.
        TypeError: probs are not floating point, or the mask does not hold integers.

    Example:
        >>> sure = torch.tensor([[[[0.9, 0.9]], [[0.1, 0.1]]]])  # class 0, twice, 90 % sure
        >>> calibration_error(sure, torch.tensor([[[0, 1]]]))  # right once: |0.5 − 0.9|
        tensor(0.4000, dtype=torch.float64)

    Source: Guo et al. 2017, arXiv:1706.04599. Bins are open below and closed above, as there; torchmetrics closes them
    below, which matters only for a confidence that lies exactly on an edge.
    """
    table = _reliability("calibration_error", probs, mask, bins, ignore)
    gap = (table.accuracy - table.confidence).abs().nan_to_num(0)  # an empty bin weighs nothing
    return (table.count * gap).sum() / table.count.sum()


def reliability(probs: Tensor, mask: Tensor, *, bins: int = 15, ignore: int = IGNORE) -> Reliability:
    """Return mean confidence, accuracy and number of the valid pixels in each bin of confidence.

    Shapes:
        probs  (N, K, H, W) float   sums to 1 over K
        mask   (N, H, W) integer    0..K-1, or `ignore`
        result a `Reliability` of `bins` bins, equally wide

    Raises:
        ValueError: shapes disagree, a label is outside 0..K-1, probs are no probabilities, or bins < 1.
        TypeError: probs are not floating point, or the mask does not hold integers.

    Example:
        >>> sure = torch.tensor([[[[0.9, 0.6]], [[0.1, 0.4]]]])
        >>> reliability(sure, torch.tensor([[[0, 1]]]), bins=2).count
        tensor([0, 2])
    """
    return _reliability("reliability", probs, mask, bins, ignore)


def _reliability(where: str, probs: Tensor, mask: Tensor, bins: int, ignore: int) -> Reliability:
    _check_probs(where, probs, mask, ignore)
    if bins < 1:
        raise ValueError(f"{where}: bins must be at least 1, got {bins}. The usual number is 15.")
    seen = mask != ignore
    confidence, pred = probs.detach().max(dim=1)  # (N, H, W) each; of equal probabilities the lower label
    right, confidence = (pred == mask)[seen].double(), confidence[seen]
    edges = torch.arange(bins + 1, dtype=torch.float64, device=probs.device) / bins
    place = torch.bucketize(confidence, edges[1:-1].to(probs.dtype))  # first bin whose upper edge is not below
    count = torch.bincount(place, minlength=bins)
    said = torch.bincount(place, weights=confidence.double(), minlength=bins).double()  # of nothing it is int64
    was = torch.bincount(place, weights=right, minlength=bins).double()
    return Reliability(edges, said / count, was / count, count)


def _check_probs(where: str, probs: Tensor, mask: Tensor, ignore: int) -> None:
    classes = check_shapes(where, probs=(probs, "N K H W"), mask=(mask, "N H W"))["K"]
    check_at_least_one_class(where, classes)
    check_labels(where, classes, ignore=ignore, mask=mask)
    if not probs.is_floating_point():
        raise TypeError(f"{where}: probs must be floating point, got {probs.dtype}. Use logits.softmax(dim=1).")
    if probs.numel() == 0:
        return
    low, total = probs.min().item(), probs.sum(dim=1, dtype=torch.float32)
    off = (total - 1).abs().max().item()
    if not (low >= 0 and off <= 0.02):  # half precision rounds each probability; NaN is refused, too
        raise ValueError(
            f"{where}: probs must be at least 0 and sum to 1 over the classes, got a smallest value of {low:.4g} and "
            f"sums from {total.min().item():.4g} to {total.max().item():.4g}. Use logits.softmax(dim=1)."
        )
