"""Losses that ask every class as a whole: how well do its guessed and its true region overlap?"""

import torch
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


def soft_counts(logits: Tensor, mask: Tensor, *, ignore: int = IGNORE) -> tuple[Tensor, Tensor, Tensor]:
    """Return hit, guess and truth of each class: the diagonal and the margins of a confusion matrix of probabilities.

        p        = softmax(logits) over K
        hit[k]   = Σ p[k] where mask = k      guess[k] = Σ p[k]      truth[k] = Σ 1 where mask = k

    Shapes:
        logits (N, K, H, W) float   half precision is raised to float32
        mask   (N, H, W) integer    0..K-1, or `ignore`: those pixels are not counted
        result three of (K,)        in pixels: hit and guess float, with gradients; truth int64

    Example:
        >>> hit, guess, truth = soft_counts(torch.zeros(1, 2, 1, 3), torch.tensor([[[0, 1, 255]]]))
        >>> hit.tolist(), guess.tolist(), truth.tolist()
        ([0.5, 0.5], [1.0, 1.0], [1, 1])
    """
    classes, mask = logits.shape[1], mask.long()
    ignored = mask == ignore
    truth = mask.masked_fill(ignored, classes).flatten().bincount(minlength=classes + 1)[:classes]
    hit, guess = _HitAndGuess.apply(at_least_float32(logits), mask.masked_fill(ignored, 0), ignored)
    return hit, guess, truth


def soft_counts_with_one_hot(logits: Tensor, mask: Tensor, *, ignore: int = IGNORE) -> tuple[Tensor, Tensor, Tensor]:
    """Return what `soft_counts` does, by its definition: slower, since a whole map of zeros and ones is multiplied."""
    valid = (mask != ignore).unsqueeze(1)  # (N, 1, H, W)
    p = at_least_float32(logits).softmax(dim=1) * valid
    truth = (mask.unsqueeze(1) == torch.arange(p.shape[1], device=p.device).reshape(-1, 1, 1)) & valid  # (N, K, H, W)
    return (p * truth).sum(dim=(0, 2, 3)), p.sum(dim=(0, 2, 3)), truth.sum(dim=(0, 2, 3))


class _HitAndGuess(torch.autograd.Function):
    """hit and guess with the gradient by hand: autograd would fill five maps of the logits' size, this fills two.

    ∂hit[k]/∂p[j] = 1[j = k = mask]        ∂guess[k]/∂p[j] = 1[j = k]
    ∂p[j]/∂logits[k] = p[k]·(1[j = k] − p[j])
    """

    @staticmethod
    def forward(ctx, logits: Tensor, mask: Tensor, ignored: Tensor) -> tuple[Tensor, Tensor]:
        n, classes, h, w = logits.shape
        p = logits.softmax(dim=1).mul_(~ignored.unsqueeze(1))
        p_true = p.gather(1, mask.unsqueeze(1)).squeeze(1)  # (N, H, W)
        rows = p.new_zeros(n * h, classes)  # row by row: a long sum of float32, pixel after pixel, would lose digits
        hit = rows.scatter_add_(1, mask.reshape(n * h, w), p_true.reshape(n * h, w)).sum(dim=0)
        ctx.save_for_backward(p, p_true, mask)
        return hit, p.sum(dim=(0, 2, 3))

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, d_hit: Tensor, d_guess: Tensor) -> tuple[Tensor, None, None]:
        p, p_true, mask = ctx.saved_tensors
        pull = d_hit[mask] * p_true  # (N, H, W)   what the hits ask of the true class
        with torch.autocast(p.device.type, enabled=False):  # which would round the product to 16 bits
            mean = (d_guess @ p.flatten(2)).reshape_as(pull) + pull  # (N, H, W)   Σ_j p[j]·∂loss/∂p[j]
        d_logits = (d_guess.reshape(-1, 1, 1) - mean.unsqueeze(1)).mul_(p)
        return d_logits.scatter_add_(1, mask.unsqueeze(1), pull.unsqueeze(1)), None, None
