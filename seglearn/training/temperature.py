"""Temperature scaling: one number, fitted on validation images, that mends confidence and moves no label."""

from torch import Tensor

from seglearn.checks import check_logits
from seglearn.labels import IGNORE


def fit_temperature(logits: Tensor, mask: Tensor, *, ignore: int = IGNORE) -> float:
    """Return the T for which softmax(logits / T) has the lowest cross-entropy. T > 1: the model was too sure.

        b = 1/T,  p = softmax(b·z)
        loss(b)   = mean over valid pixels of log Σ_k exp(b·z[k]) − b·z[mask]
        loss'(b)  = mean of (Σ_k p[k]·z[k] − z[mask])        what is expected minus what is there
        loss''(b) = mean of the variance of z under p ≥ 0

    The loss is convex in b (not in T): its slope only rises, and the one place where it is zero is found by halving.
    Dividing by T keeps the order of the classes, so that no label and no IoU changes. Logits times c give T times c.

    Shapes:
        logits (N, K, H, W) float   raw scores of images that were not trained on
        mask   (N, H, W) integer    0..K-1, or `ignore`
        result float                > 0; use it as (logits / T).softmax(dim=1)

    Empty case: without a valid pixel, or where no pixel prefers any class, every T is as good: 1.0. Where every valid
    pixel is right, the loss falls for ever as T goes to 0, and where the scores are no better than chance, as T goes to
    ∞: the search ends at a thousandth, or a thousand times, the mean gap between a pixel's highest and average score.

    Raises:
        ValueError: shapes disagree, a label is outside 0..K-1, or a logit of a valid pixel is not finite.
        TypeError: logits are not floating point, or the mask does not hold integers.

    Example:
        >>> import torch
        >>> logits = torch.tensor([4.0, 0.0]).reshape(1, 2, 1, 1).expand(1, 2, 1, 4)  # 98 % sure of class 0
        >>> T = fit_temperature(logits, torch.tensor([[[0, 0, 0, 1]]]))  # right in 3 of 4
        >>> (logits / T).softmax(dim=1)[0, 0, 0]
        tensor([0.7500, 0.7500, 0.7500, 0.7500])

    Source: Guo et al. 2017, arXiv:1706.04599.
    """
    check_logits("fit_temperature", logits, mask, ignore=ignore)
    valid = mask != ignore
    z = logits.detach().movedim(1, -1)[valid].double()  # (P, K)
    if not z.isfinite().all():
        raise ValueError(
            "fit_temperature: logits of valid pixels must be finite, got inf or NaN. Look at the training."
        )
    z = z - z.amax(dim=1, keepdim=True) if len(z) else z
    spread = -z.mean().item() if len(z) else 0.0
    if spread == 0:
        return 1.0
    z = z / spread  # so that T scales with the logits
    truth = z.gather(1, mask[valid].long()[:, None])  # (P, 1)
    return spread / _zero_of_slope(z, truth, low=1e-3, high=1e3)


def _zero_of_slope(z: Tensor, truth: Tensor, *, low: float, high: float) -> float:
    """Return b in [low, high] where the slope of the loss is zero, or the end to which the loss falls."""

    def slope(b: float) -> float:
        return ((b * z).softmax(dim=1).mul(z).sum(dim=1, keepdim=True) - truth).mean().item()

    if slope(low) >= 0:
        return low
    if slope(high) <= 0:
        return high
    while high / low > 1 + 1e-9:
        middle = (low * high) ** 0.5
        low, high = (low, middle) if slope(middle) > 0 else (middle, high)
    return (low * high) ** 0.5
