"""Losses that ask every class as a whole: how well do its guessed and its true region overlap?"""

import torch.nn.functional as F
from torch import Tensor

from seglearn.checks import check_logits
from seglearn.labels import IGNORE
from seglearn.losses.cross_entropy import at_least_float32


def tversky_loss(
    logits: Tensor, mask: Tensor, *, alpha: float = 0.5, beta: float = 0.5, ignore: int = IGNORE
) -> Tensor:
    """Return 1 minus the soft Tversky index, averaged over the classes present in the mask.

        p        = softmax(logits) over K
        hit[k]   = Σ p[k] where mask = k      false[k] = Σ p[k] elsewhere      missed[k] = Σ (1 − p[k]) where mask = k
        index[k] = hit[k] / (hit[k] + α·false[k] + β·missed[k])               sums over the valid pixels of the batch
        loss     = mean of 1 − index[k] over the classes k that the mask holds

    Shapes:
        logits (N, K, H, W) float   raw scores: the softmax happens here. Half precision is raised to float32
        mask   (N, H, W) integer    0..K-1, or `ignore`
        alpha  α ≥ 0                price of false positives; more of it makes the model careful
        beta   β ≥ 0                price of false negatives; more of it makes the model bold
        result () float             in [0, 1]; 0 is perfect

    Empty case: a class that the mask does not hold has no vote (but its false positives are missed elsewhere); no valid
    pixel at all gives exactly 0 with a gradient of zeros. There is no epsilon. With β = 0 a class may have neither hits
    nor false positives: its index is 0.

    Raises:
        ValueError: shapes disagree, the mask holds a label that is neither a class nor `ignore`, alpha or beta is
            negative, or both are 0 (every index would be 1).
        TypeError: the mask is not an integer tensor.

    Example:
        >>> blind = torch.zeros(1, 2, 1, 3)
        >>> tversky_loss(blind, torch.tensor([[[0, 1, 255]]]), alpha=0.5, beta=1.5)  # 1 - 0.5 / (0.5 + 0.25 + 0.75)
        tensor(0.6667)

    Source: Salehi et al. 2017, arXiv:1706.05721, equations 3 and 4, for one foreground class; the mean over classes and
    the pooling over the batch are ours.
    """
    check_logits("tversky_loss", logits, mask, ignore=ignore)
    if not (0 <= alpha < float("inf") and 0 <= beta < float("inf") and alpha + beta > 0):
        raise ValueError(
            f"tversky_loss: alpha and beta must be at least 0, finite and not both 0, got alpha={alpha}, beta={beta}. "
            "0.5 and 0.5 is Dice, 1 and 1 is Jaccard."
        )
    return _tversky(logits, mask, alpha, beta, ignore)


def dice_loss(logits: Tensor, mask: Tensor, *, ignore: int = IGNORE) -> Tensor:
    """Return 1 minus the soft Dice coefficient, averaged over the classes present in the mask.

        p        = softmax(logits) over K
        hit[k]   = Σ p[k] where mask = k      guess[k] = Σ p[k]      truth[k] = Σ 1 where mask = k
        dice[k]  = 2·hit[k] / (guess[k] + truth[k])                  sums over the valid pixels of the batch
        loss     = mean of 1 − dice[k] over the classes k that the mask holds

    Shapes:
        logits (N, K, H, W) float   raw scores: the softmax happens here. Half precision is raised to float32
        mask   (N, H, W) integer    0..K-1, or `ignore`
        result () float             in [0, 1]; 0 is perfect

    Empty case: a class that the mask does not hold has no vote; no valid pixel at all gives exactly 0 with a
    gradient of zeros. There is no epsilon.

    Raises:
        ValueError: shapes disagree, or the mask holds a label that is neither a class nor `ignore`.
        TypeError: the mask is not an integer tensor.

    Example:
        >>> blind = torch.zeros(1, 2, 1, 3)
        >>> dice_loss(blind, torch.tensor([[[0, 1, 255]]]))  # 1 - 2 * 0.5 / (1 + 1)
        tensor(0.5000)

    Source: Milletari et al. 2016, arXiv:1606.04797, section 3, who square the terms of the denominator; we do not, as
    most do today. The mean over classes and the pooling over the batch are ours.
    """
    check_logits("dice_loss", logits, mask, ignore=ignore)
    return _tversky(logits, mask, 0.5, 0.5, ignore)


def jaccard_loss(logits: Tensor, mask: Tensor, *, ignore: int = IGNORE) -> Tensor:
    """Return 1 minus the soft Jaccard index (intersection over union), averaged over the classes present in the mask.

        p          = softmax(logits) over K
        hit[k]     = Σ p[k] where mask = k      guess[k] = Σ p[k]      truth[k] = Σ 1 where mask = k
        jaccard[k] = hit[k] / (guess[k] + truth[k] − hit[k])           sums over the valid pixels of the batch
        loss       = mean of 1 − jaccard[k] over the classes k that the mask holds

    Shapes:
        logits (N, K, H, W) float   raw scores: the softmax happens here. Half precision is raised to float32
        mask   (N, H, W) integer    0..K-1, or `ignore`
        result () float             in [0, 1]; 0 is perfect

    Empty case: a class that the mask does not hold has no vote; no valid pixel at all gives exactly 0 with a
    gradient of zeros. There is no epsilon.

    Raises:
        ValueError: shapes disagree, or the mask holds a label that is neither a class nor `ignore`.
        TypeError: the mask is not an integer tensor.

    Example:
        >>> blind = torch.zeros(1, 2, 1, 3)
        >>> jaccard_loss(blind, torch.tensor([[[0, 1, 255]]]))  # 1 - 0.5 / (1 + 1 - 0.5)
        tensor(0.6667)

    Source: Rahman and Wang 2016, doi:10.1007/978-3-319-50835-1_22, section 2.2, for one foreground class.
    """
    check_logits("jaccard_loss", logits, mask, ignore=ignore)
    return _tversky(logits, mask, 1.0, 1.0, ignore)


def _tversky(logits: Tensor, mask: Tensor, alpha: float, beta: float, ignore: int) -> Tensor:
    hit, guess, truth = soft_counts(logits, mask, ignore=ignore)
    union = hit + alpha * (guess - hit) + beta * (truth - hit)  # (K,)
    loss = 1 - hit / union.where(union > 0, 1)
    present = truth > 0
    return loss.where(present, 0).sum() / present.sum().clamp(min=1)


def soft_counts(logits: Tensor, mask: Tensor, *, ignore: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return hit, guess and truth (K,) of each class in pixels: what a confusion matrix of probabilities would hold."""
    p = at_least_float32(logits).softmax(dim=1)
    valid = mask != ignore
    truth = F.one_hot(mask.where(valid, 0).long(), p.shape[1]).movedim(-1, 1) * valid.unsqueeze(1)  # (N, K, H, W)
    guess = p * valid.unsqueeze(1)
    return (p * truth).sum(dim=(0, 2, 3)), guess.sum(dim=(0, 2, 3)), truth.sum(dim=(0, 2, 3))
