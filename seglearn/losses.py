"""Numbers to make small. Every loss takes (logits, mask), in this order, and returns one differentiable scalar."""

import torch.nn.functional as F
from torch import Tensor

from seglearn.checks import check_logits, check_shapes
from seglearn.labels import IGNORE


def cross_entropy_loss(logits: Tensor, mask: Tensor, *, weight: Tensor | None = None, ignore: int = IGNORE) -> Tensor:
    """Return the mean surprise of the pixels at their true class.

        p    = softmax(logits) over K
        loss = Σ w[mask]·(−log p[mask]) / Σ w[mask]      sums run over the valid pixels of the batch; w = 1 without weights

    Shapes:
        logits (N, K, H, W) float   raw scores: the softmax happens here. Half precision is raised to float32
        mask   (N, H, W) integer    0..K-1, or `ignore`
        weight (K,) float           how much a pixel of each class counts; None counts all alike
        result () float             0 is perfect; ln K is blind guessing

    Empty case: no valid pixel, or valid pixels of weight zero only, gives exactly 0 with a gradient of zeros.

    Raises:
        ValueError: shapes disagree, or the mask holds a label that is neither a class nor `ignore`.
        TypeError: the mask is not an integer tensor.

    Example:
        >>> import torch
        >>> blind = torch.zeros(1, 2, 1, 3)  # no preference between two classes
        >>> cross_entropy_loss(blind, torch.tensor([[[0, 1, 255]]]))  # ln 2
        tensor(0.6931)

    Source: the negative log-likelihood of the multinomial model; as torch.nn.functional.cross_entropy, except for the
    empty case, which torch answers with NaN.
    """
    classes = check_logits("cross_entropy_loss", logits, mask, ignore=ignore)
    valid = mask != ignore  # (N, H, W)
    if weight is None:
        counted = valid.sum()
    else:
        check_shapes("cross_entropy_loss", weight=(weight, f"{classes}"))
        weight = weight.to(logits.device, _at_least_float32(logits).dtype)
        counted = weight[mask.where(valid, 0).long()].where(valid, 0).sum()
    surprise = F.cross_entropy(
        _at_least_float32(logits), mask.long(), weight=weight, ignore_index=ignore, reduction="sum"
    )
    return surprise / counted.where(counted > 0, 1)


def _at_least_float32(logits: Tensor) -> Tensor:
    return logits.float() if logits.element_size() < 4 else logits
