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
    check_logits("lovasz_loss", logits, mask, ignore=ignore)
    p = at_least_float32(logits).softmax(dim=1)
    mask = mask.long()
    ignored = mask == ignore
    losses, planes = [], p.unbind(dim=1)  # K of (N, H, W)
    for k in mask[~ignored].bincount().nonzero().flatten().tolist():  # the classes present
        truth = mask == k  # (N, H, W)
        error = (truth.to(p.dtype) - planes[k]).abs()
        last = error.detach().masked_fill(ignored, -1)  # ignored pixels come last, where all is lost: their steps are 0
        steps = jaccard_steps(last.flatten(), truth.flatten())
        losses.append((error * steps.reshape_as(error)).sum())
    return torch.stack(losses).mean() if losses else p.masked_fill(ignored.unsqueeze(1), 0).sum()


def jaccard_steps(error: Tensor, truth: Tensor) -> Tensor:
    """Return by how much the Jaccard loss grows as the pixels turn wrong one by one, the largest error first.

        union = pixels of the class + wrong pixels elsewhere        rest = pixels of the class that are still right
        step  = 1 / union                                           where the class is: the intersection loses a pixel
        step  = rest / (union − 1) − rest / union                   elsewhere: the union has gained this pixel

    The second is taken as rest / (union − 1) / union: the difference of two numbers near 1 has few digits in float32.

    Shapes:
        error  (M,) float   in the order of the pixels; where several are equal, any of them may come first
        truth  (M,) bool    where the class is, at least once
        result (M,) float   in [0, 1], in the order of the pixels; the sum is the loss when all of them are wrong: 1

    Example:
        >>> error, truth = torch.tensor([0.9, 0.1, 0.5]), torch.tensor([True, True, False])
        >>> jaccard_steps(error, truth)  # the loss grows to 1/2, then, by the last pixel, to 2/3, then to 1
        tensor([0.5000, 0.3333, 0.1667])
    """
    order = falling_order(error)
    found = truth.gather(0, order)
    hit = found.cumsum(0, dtype=torch.int32)
    size, wrong = hit[-1], torch.arange(1, len(hit) + 1, device=hit.device, dtype=torch.int32)
    union = (size + wrong - hit).to(error.dtype)
    steps = torch.where(found, 1, (size - hit) / (union - 1)) / union
    return torch.empty_like(error).scatter_(0, order, steps)


def falling_order(error: Tensor) -> Tensor:
    """Return the indices that sort `error` from the largest to the smallest; below zero, in any order.

    Floats from 0 on are ordered as the integers that their bits spell, and integers are sorted ten times faster.

    Example:
        >>> falling_order(torch.tensor([0.5, 0.0, 1.0, 0.25, -1.0]))
        tensor([2, 0, 3, 1, 4])
    """
    bits = error.view(torch.int32 if error.element_size() == 4 else torch.int64)
    return bits.neg().argsort()
