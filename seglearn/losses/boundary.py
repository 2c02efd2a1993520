"""A loss that asks how far from the true boundary the guess lies, in pixels."""

import numpy as np
import torch
from scipy.ndimage import distance_transform_edt
from torch import Tensor

from seglearn.checks import check_labels, check_logits, check_shapes
from seglearn.labels import IGNORE
from seglearn.losses.cross_entropy import at_least_float32


def boundary_loss(logits: Tensor, mask: Tensor, *, ignore: int = IGNORE) -> Tensor:
    """Return the mean signed distance, in pixels, from what the model sees to the true boundary of that class.

        p    = softmax(logits) over K
        φ[k] = signed distance to the boundary of class k: negative inside, positive outside (see signed_distances)
        loss = Σ p[k]·φ[k] over classes and valid pixels of the batch / number of valid pixels

    Shapes:
        logits (N, K, H, W) float   raw scores: the softmax happens here. Half precision is raised to float32
        mask   (N, H, W) integer    0..K-1, or `ignore`
        result () float             in px, NEGATIVE for a good guess: the smallest value is that of p = truth, minus the
                                    mean depth of a pixel inside its region. Far mistakes cost more than near ones

    The loss has no opinion on classes that an image does not hold (φ = 0). It is a companion: add it to a region
    loss or to cross-entropy with a small factor that grows during training, as its authors do.

    Empty case: an image without a boundary (one class only) contributes 0 to the sum; no valid pixel at all gives
    exactly 0 with a gradient of zeros.

    Raises:
        ValueError: shapes disagree, or the mask holds a label that is neither a class nor `ignore`.
        TypeError: the mask is not an integer tensor.

    Example:
        >>> sure = torch.tensor([[[[9.0, 9.0, 0.0]], [[0.0, 0.0, 9.0]]]]) * 100  # class 0, 0, 1
        >>> boundary_loss(sure, torch.tensor([[[0, 0, 1]]]))  # the three pixels lie 1.5, 0.5 and 0.5 px inside
        tensor(-0.8333)

    Source: Kervadec et al. 2019, arXiv:1812.07032, equation 5. They average over classes and pixels, we sum over the
    classes; the distances of their code are ours plus 1/2 (0 at the last pixel inside), a constant shift of the loss.
    """
    classes = check_logits("boundary_loss", logits, mask, ignore=ignore)
    p = at_least_float32(logits).softmax(dim=1)
    φ = torch.stack([signed_distances(one, classes, ignore=ignore) for one in mask]).to(p.device, p.dtype)
    return (p * φ).sum() / (mask != ignore).sum().clamp(min=1)


def signed_distances(mask: Tensor, classes: int, *, ignore: int = IGNORE) -> Tensor:
    """Return the distance of each pixel to the boundary of each class, negative inside.

        inside   φ[k] = −(distance to the nearest valid pixel of another class − 1/2)
        outside  φ[k] =   distance to the nearest pixel of class k − 1/2

    Distances run between the centers of pixels; the boundary passes half a pixel before the nearest center.

    Shapes:
        mask   (H, W) integer       0..K-1, or `ignore`
        result (K, H, W) float64    in px; 0 for ignored pixels, for classes that the mask does not hold, and for a
                                    class that fills it: without a boundary there is no distance

    Raises:
        ValueError: the mask holds a label that is neither a class nor `ignore`.
        TypeError: the mask is not an integer tensor.

    Example:
        >>> signed_distances(torch.tensor([[0, 0, 255, 1]]), classes=2)[1]
        tensor([[ 2.5000,  1.5000,  0.0000, -1.5000]], dtype=torch.float64)
    """
    check_shapes("signed_distances", mask=(mask, "H W"))
    check_labels("signed_distances", classes, ignore=ignore, mask=mask)
    labels = mask.numpy(force=True)
    valid = labels != ignore
    φ = np.zeros((classes, *labels.shape))
    present = np.unique(labels[valid])
    if len(present) > 1:
        distance = np.stack(
            [distance_transform_edt(labels != k) for k in present]
        )  # to the nearest pixel of each class
        depth = np.where(distance > 0, distance, np.inf).min(axis=0)  # (H, W)   to the nearest of another class
        inside = labels == present.reshape(-1, 1, 1)
        φ[present] = np.where(inside, 0.5 - depth, distance - 0.5) * valid
    return torch.from_numpy(φ)
