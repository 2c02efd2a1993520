"""Test-time augmentation: ask the model several times about one image, mirrored and resized, and take the average."""

from collections.abc import Iterator, Sequence
from itertools import combinations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seglearn.checks import check_choice, check_shapes
from seglearn.metrics import label_map
from seglearn.training.evaluation import device_of, looking

AXES = {"horizontal": -1, "vertical": -2}


def predict_augmented(
    model: nn.Module,
    images: Tensor,
    *,
    flips: Sequence[str] = ("horizontal",),
    scales: Sequence[float] = (1.0,),
    batch_size: int = 16,
) -> Tensor:
    """Return the most likely class at each pixel, after the average over several views of each image; on the CPU.

        probs = mean over views of back(softmax(model(view(images))))

    Views are mirrored and resized; `back` undoes it on the probabilities. Every combination of flips is a view, at
    every scale: flips=("horizontal", "vertical") and scales=(0.75, 1, 1.5) ask 4 · 3 = 12 times, and take as long.
    Use flips that can happen: no street is upside down.

    Args:
        flips: any of "horizontal" (left and right change places) and "vertical"; () for none.
        scales: the views' sizes; 1 is the images' own.
        batch_size: how many images go through the model at once.

    Shapes:
        images (N, C, H, W) float32
        result (N, H, W) int64      0..K-1; (0, H, W) for no images

    Raises:
        ValueError: images have other axes, a flip is another word, there is no scale or one that is not above 0, or
            the model's answer has another size than its input.

    Example:
        >>> predict_augmented(nn.Identity(), torch.eye(2)[None, :, None])
        tensor([[[0, 1]]])

    Source: Krizhevsky et al. 2012 (NIPS), section 4.1: predictions averaged over crops and their mirror images.
    """
    size = check_shapes("predict_augmented", images=(images, "N C H W"))
    for flip in flips:
        check_choice("predict_augmented", "flips", flip, tuple(AXES))
    if not scales or min(scales) <= 0:
        raise ValueError(f"predict_augmented: scales must be one or more numbers above 0, got {tuple(scales)}.")
    preds = [torch.zeros(0, size["H"], size["W"], dtype=torch.int64)]
    with looking(model):
        for chunk in images.split(batch_size):
            if len(chunk):
                preds.append(label_map(mean_probs(model, chunk, flips=flips, scales=scales)))
    return torch.cat(preds)


def mean_probs(model: nn.Module, images: Tensor, *, flips: Sequence[str], scales: Sequence[float]) -> Tensor:
    """Return the average probabilities (N, K, H, W) over all views of a batch, on the CPU."""
    device, total, count = device_of(model), torch.zeros(()), 0
    for view, back in _views(images, flips, scales):
        logits = model(view.to(device))
        if logits.ndim != 4 or (len(logits), *logits.shape[2:]) != (len(view), *view.shape[2:]):
            raise ValueError(
                f"predict_augmented: the model must return logits ({len(view)}, K, {view.shape[2]}, {view.shape[3]}) "
                f"for images {tuple(view.shape)}, got {tuple(logits.shape)}. Resize its answer to its input's size."
            )
        total, count = total + back(logits.float().softmax(dim=1).cpu()), count + 1
    return total / count


def _views(images: Tensor, flips: Sequence[str], scales: Sequence[float]) -> Iterator[tuple]:
    """Yield (view, way back) for every scale and every combination of flips."""
    size = images.shape[-2:]
    axes = sorted({AXES[flip] for flip in flips})
    for scale in scales:
        resized = _resize(images, [max(1, round(side * scale)) for side in size])
        for count in range(len(axes) + 1):
            for turned in combinations(axes, count):
                yield resized.flip(turned), lambda probs, turned=turned: _resize(probs.flip(turned), size)


def _resize(x: Tensor, size: Sequence[int]) -> Tensor:
    if tuple(x.shape[-2:]) == tuple(size):
        return x
    return F.interpolate(x, tuple(size), mode="bilinear", align_corners=False, antialias=True)
