"""A loss that is the Jaccard index itself, made continuous: Lovász's extension of a function of sets."""

import torch
from torch import Tensor

from seglearn.checks import check_logits
from seglearn.labels import IGNORE
from seglearn.losses.cross_entropy import at_least_float32


def lovasz_loss(logits: Tensor, mask: Tensor, *, ignore: int = IGNORE) -> Tensor:
    """Return the Lovász-softmax loss, averaged over the classes present in the mask.

        p        = softmax(logits) over K
        error[k] = |1[mask = k] − p[k]| at each valid pixel of the batch, sorted from the largest to the smallest
        lost[i]  = 1 − Jaccard index of class k when the first i of these pixels are wrong and the others right
        loss     = mean over the classes k that the mask holds of Σ error[k][i]·(lost[i] − lost[i−1])

    Shapes:
        logits (N, K, H, W) float   raw scores: the softmax happens here. Half precision is raised to float32
        mask   (N, H, W) integer    0..K-1, or `ignore`
        result () float             in [0, 1]; 0 is perfect. For a hard prediction: 1 minus the mean Jaccard index

    Empty case: a class that the mask does not hold has no vote; no valid pixel at all gives exactly 0 with a
    gradient of zeros.

    Raises:
        ValueError: shapes disagree, or the mask holds a label that is neither a class nor `ignore`.
        TypeError: the mask is not an integer tensor.

    Example:
        >>> sure = torch.tensor([[[[9.0, 9.0, 9.0]], [[0.0, 0.0, 0.0]]]]) * 100  # class 0 everywhere
        >>> lovasz_loss(sure, torch.tensor([[[0, 1, 255]]]))  # Jaccard 1/2 and 0
        tensor(0.7500)

    Source: Berman et al. 2018, arXiv:1705.08790, equations 8 to 11 and algorithm 1, pooled over the batch and averaged
    over the classes present, as their code does by default.
    """
    classes = check_logits("lovasz_loss", logits, mask, ignore=ignore)
    p = at_least_float32(logits).softmax(dim=1)
    valid = mask != ignore
    p, labels = p.movedim(1, -1)[valid], mask[valid]  # (M, K), (M,)
    losses = [p.sum() * 0]
    for k in range(classes):
        truth = labels == k
        if truth.any():
            error = (truth.to(p.dtype) - p[:, k]).abs()
            losses.append((error * jaccard_steps(error.detach(), truth)).sum())
    return torch.stack(losses).sum() / max(len(losses) - 1, 1)


def jaccard_steps(error: Tensor, truth: Tensor) -> Tensor:
    """Return by how much the Jaccard loss grows at each pixel when the pixels turn wrong, the largest error first.

    Shapes:
        error  (M,) float   at least 0
        truth  (M,) bool    where the class is
        result (M,) float   at least 0, in the order of the pixels

    Example:
        >>> jaccard_steps(torch.tensor([0.9, 0.1, 0.5]), torch.tensor([True, True, False]))  # 1/2, then 2/3, then 1
        tensor([0.5000, 0.3333, 0.1667])
    """
    order = error.argsort(descending=True)
    found = truth[order]
    missed, added = found.cumsum(0), (~found).cumsum(0)
    lost = 1 - (truth.sum() - missed).to(error.dtype) / (truth.sum() + added)
    return torch.empty_like(error).scatter_(0, order, lost.diff(prepend=lost.new_zeros(1)))
