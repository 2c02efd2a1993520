"""Losses that ask every pixel by itself: how surprised was the model by the true class?"""

import torch
import torch.nn.functional as F
from torch import Tensor

from seglearn.checks import check_logits, check_shapes
from seglearn.labels import IGNORE


def cross_entropy_loss(logits: Tensor, mask: Tensor, *, weight: Tensor | None = None, ignore: int = IGNORE) -> Tensor:
    """Return the mean surprise of the pixels at their true class.

        p    = softmax(logits) over K
        loss = Σ w[mask]·(−log p[mask]) / Σ w[mask]      sums over the valid pixels of the batch; w = 1 without weights

    Shapes:
        logits (N, K, H, W) float   raw scores: the softmax happens here. Half precision is raised to float32
        mask   (N, H, W) integer    0..K-1, or `ignore`
        weight (K,) float           how much a pixel of each class counts, at least 0; None counts all alike
        result () float             0 is perfect; ln K is blind guessing

    Empty case: no valid pixel, or valid pixels of weight zero only, gives exactly 0 with a gradient of zeros.

    Raises:
        ValueError: shapes disagree, the mask holds a label that is neither a class nor `ignore`, or a weight is
            negative or not finite.
        TypeError: the mask is not an integer tensor.

    Example:
        >>> import torch
        >>> blind = torch.zeros(1, 2, 1, 3)  # no preference between two classes
        >>> cross_entropy_loss(blind, torch.tensor([[[0, 1, 255]]]))  # ln 2
        tensor(0.6931)

    Source: the negative log-likelihood of the multinomial model; as torch.nn.functional.cross_entropy, except for the
    empty case, which torch answers with NaN.
    """
    check_logits("cross_entropy_loss", logits, mask, ignore=ignore)
    logits = at_least_float32(logits)
    weight = _weight("cross_entropy_loss", weight, logits)
    surprise = F.cross_entropy(logits, mask.long(), weight=weight, ignore_index=ignore, reduction="sum")
    return surprise / _counted(mask, weight, ignore)


def focal_loss(
    logits: Tensor, mask: Tensor, *, gamma: float = 2.0, weight: Tensor | None = None, ignore: int = IGNORE
) -> Tensor:
    """Return the mean surprise of the pixels, with those that are already right turned down.

        p    = softmax(logits) over K
        loss = Σ w[mask]·(1 − p[mask])^γ·(−log p[mask]) / Σ w[mask]      over the valid pixels of the batch

    Shapes:
        logits (N, K, H, W) float   raw scores: the softmax happens here. Half precision is raised to float32
        mask   (N, H, W) integer    0..K-1, or `ignore`
        gamma  γ ≥ 0                0 is cross-entropy; the larger, the less a pixel counts that is nearly right
        weight (K,) float           how much a pixel of each class counts, at least 0; None counts all alike
        result () float             0 is perfect; (1 − 1/K)^γ·ln K is blind guessing

    Empty case: no valid pixel, or valid pixels of weight zero only, gives exactly 0 with a gradient of zeros.

    Raises:
        ValueError: shapes disagree, the mask holds a label that is neither a class nor `ignore`, or gamma or a
            weight is negative or not finite.
        TypeError: the mask is not an integer tensor.

    Example:
        >>> blind = torch.zeros(1, 2, 1, 3)
        >>> focal_loss(blind, torch.tensor([[[0, 1, 255]]]), gamma=1.0)  # (1 - 1/2) * ln 2
        tensor(0.3466)

    Source: Lin et al. 2017, arXiv:1708.02002, equation 5, with the softmax over K classes in place of one sigmoid each,
    and `weight` as their α. They divide by the number of boxes that hold an object; we, by the summed weights.
    """
    check_logits("focal_loss", logits, mask, ignore=ignore)
    if not 0 <= gamma < float("inf"):
        raise ValueError(
            f"focal_loss: gamma must be at least 0 and finite, got {gamma}. 0 is cross-entropy, 2 is usual."
        )
    logits = at_least_float32(logits)
    weight = _weight("focal_loss", weight, logits)
    surprise = F.cross_entropy(logits, mask.long(), weight=weight, ignore_index=ignore, reduction="none")  # (N, H, W)
    alone = surprise if weight is None else F.cross_entropy(logits, mask.long(), ignore_index=ignore, reduction="none")
    wrong = -torch.expm1(-alone)  # 1 − p[mask]
    tiny = torch.finfo(wrong.dtype).tiny  # the slope of wrong^γ is infinite at 0 for γ < 1, where the loss is flat
    return (wrong.clamp(min=tiny) ** gamma * surprise).sum() / _counted(mask, weight, ignore)


def at_least_float32(logits: Tensor) -> Tensor:
    """Return logits of half precision as float32, others as they are: sums over many pixels need the digits."""
    return logits.float() if logits.element_size() < 4 else logits


def _weight(where: str, weight: Tensor | None, logits: Tensor) -> Tensor | None:
    if weight is None:
        return None
    check_shapes(where, weight=(weight, f"{logits.shape[1]}"))
    if not ((weight >= 0) & weight.isfinite()).all():
        raise ValueError(
            f"{where}: weight must hold finite numbers of at least 0, got {weight.tolist()}. "
            "A class that shall not count has weight 0."
        )
    return weight.to(logits.device, logits.dtype)


def _counted(mask: Tensor, weight: Tensor | None, ignore: int) -> Tensor:
    """Return the summed weights of the valid pixels; 1 where that sum is 0, so that 0 / 1 answers the empty case."""
    valid = mask != ignore
    counted = valid.sum() if weight is None else weight[mask.where(valid, 0).long()].where(valid, 0).sum()
    return counted.where(counted > 0, 1)
