"""An image and its mask through any of torchvision's v2 transforms, together, with a guard at both doors."""

import random
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torchvision import tv_tensors

from seglearn.checks import check_shapes
from seglearn.data.augmentation.masks import LabelMask
from seglearn.labels import IGNORE

Seed = int | tuple[int, ...]
SLACK = 0.5  # how far a transform may shoot beyond 0..1 before we think that it meant to leave it
LABELS = 2**16  # labels and instance numbers are below this


def augment(image: Tensor, mask: Tensor, transform: Callable, *, seed: Seed) -> tuple[Tensor, Tensor]:
    """Return what a transform makes of an image and its mask, both moved alike; the same seed gives the same pair.

    The transform is any of `torchvision.transforms.v2`, a Compose of them, or your own function of (image, mask).
    Whatever it draws, from torch, NumPy or Python, comes from `seed`; the global random states stay as they were, and
    so do `image` and `mask`. Masks are nearest-exact, and 255 where the picture goes on beyond its edge or is erased.

    What comes out is checked: same sizes, finite colors, no label that was not there before. Colors that shoot a
    little beyond 0..1 are clamped; more than 0.5 beyond is an error, for then somebody normalized.
    What no check can see: a transform that moves the image and leaves the mask where it was.

    Args:
        seed: a number from 0 on, or several: `seed=(seed, epoch, index)`.

    Shapes:
        image (C, H, W) float in [0, 1], on the CPU
        mask  (H, W) integer, 0..65535, 255 = ignored
        result image (C, h, w) float in [0, 1], mask (h, w) int64 with labels of `mask` or 255

    Raises:
        TypeError: the image does not hold floats or the mask does not hold integers, before or after.
        ValueError: sizes disagree, a number is out of range, or a label is new; `seed` is below 0.

    Example:
        >>> from torchvision.transforms import v2
        >>> image, mask = torch.tensor([[[0.0, 0.5, 1.0]]]), torch.tensor([[0, 1, 2]])
        >>> augment(image, mask, v2.RandomHorizontalFlip(p=1), seed=0)
        (tensor([[[1.0000, 0.5000, 0.0000]]]), tensor([[2, 1, 0]]))
    """
    _check_in(image, mask)
    pair = tv_tensors.Image(image.clone()), LabelMask(mask.long().clone())
    with _chance(seed), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="RandomErasing.* is currently passing through")  # a LabelMask is not
        result = transform(*pair)
    _check_pair(result, stays=isinstance(transform, nn.Module))
    new_image, new_mask = (thing.as_subclass(Tensor) for thing in result)
    _check_out(new_image, new_mask, mask.long())
    return new_image.clamp(0, 1), new_mask.long()


def number_from(seed: Seed) -> int:
    """Return 32 bits that depend on every part of the seed.

    Raises:
        ValueError: a part is below 0.
    """
    if min(seed if isinstance(seed, tuple) else (seed,)) < 0:
        raise ValueError(f"augment: seed must be 0 or more, got {seed}.")
    return int(np.random.SeedSequence(seed).generate_state(1)[0])


@contextmanager
def _chance(seed: Seed) -> Iterator[None]:
    """Let torch (on the CPU), NumPy and Python draw from one seed; afterwards all go on as if nothing had been."""
    number = number_from(seed)
    before = torch.get_rng_state(), np.random.get_bit_generator(), random.getstate()
    torch.default_generator.manual_seed(number)  # torch.manual_seed would seed the GPUs as well
    np.random.set_bit_generator(np.random.PCG64(number))
    random.seed(number)
    try:
        yield
    finally:
        torch.set_rng_state(before[0])
        np.random.set_bit_generator(before[1])
        random.setstate(before[2])


def _check_in(image: Tensor, mask: Tensor) -> None:
    size = check_shapes("augment", image=(image, "C H W"), mask=(mask, "H W"))
    if not image.is_floating_point():
        raise TypeError(f"augment: image must be floats in 0..1, got {image.dtype}. Use image.float() / 255.")
    if not mask.numel() or not size["C"]:
        raise ValueError(f"augment: image must have at least one pixel, got {tuple(image.shape)}.")
    if image.device.type != "cpu":
        raise ValueError(
            f"augment: image must be on the CPU, where chance is the same everywhere, got {image.device}. "
            "Augment first, then move the batch."
        )
    low, high = (float(edge) for edge in image.detach().aminmax())  # NaN wins both
    if not (low >= 0 and high <= 1):
        raise ValueError(
            f"augment: image must lie in 0..1, it goes from {low:g} to {high:g}. Normalize after augmenting, best "
            "inside the model."
        )
    _check_labels("mask", mask)


def _check_labels(name: str, mask: Tensor) -> None:
    if mask.is_floating_point() or mask.is_complex() or mask.dtype == torch.bool:
        raise TypeError(f"augment: {name} must hold integer labels, got {mask.dtype}. Use mask.long().")
    low, high = (int(edge) for edge in mask.aminmax())
    if low < 0 or high >= LABELS:
        raise ValueError(
            f"augment: {name} must hold labels 0..{LABELS - 1}, it goes from {low} to {high}. Pixels that nobody is "
            f"asked about are {IGNORE}: mask[mask < 0] = {IGNORE}."
        )


def _check_pair(result: Any, *, stays: bool) -> None:
    """Raise unless a transform returned two tensors, of which the second is still known as a mask."""
    if not (isinstance(result, tuple | list) and len(result) == 2 and all(isinstance(t, Tensor) for t in result)):
        got = f"{len(result)} things" if isinstance(result, tuple | list) else type(result).__name__
        raise TypeError(f"augment: the transform must return image and mask, two tensors, got {got}.")
    if stays and not isinstance(result[1], tv_tensors.Mask):
        raise TypeError(
            "augment: the transform must return the mask as a tv_tensors.Mask, got a plain tensor, which later "
            "transforms leave where it is. Return tv_tensors.wrap(result, like=mask), and leave ToPureTensor out."
        )


def _check_out(image: Tensor, mask: Tensor, before: Tensor) -> None:
    if image.ndim != 3 or image.shape[1:] != mask.shape or not mask.numel():
        raise ValueError(
            "augment: after the transform image and mask must have one size, got "
            f"{tuple(image.shape)} and {tuple(mask.shape)}. Move, crop or resize both, in one transform."
        )
    if not image.is_floating_point():
        raise TypeError(
            f"augment: after the transform the image must hold floats, got {image.dtype}. Leave ToDtype out."
        )
    low, high = (float(edge) for edge in image.detach().aminmax())
    if not (low >= -SLACK and high <= 1 + SLACK):
        raise ValueError(
            f"augment: after the transform the image must lie in 0..1, it goes from {low:g} to {high:g}. Normalize "
            "after augmenting, best inside the model; clamp noise with .clamp(0, 1)."
        )
    if mask.is_floating_point():
        raise TypeError(
            f"augment: after the transform the mask must hold integer labels, got {mask.dtype}. Was it treated as an "
            "image? Blend and color the image alone."
        )
    _check_labels("after the transform the mask", mask)
    strangers = new_labels(before, mask)
    if strangers:
        these = ("label " if len(strangers) == 1 else "labels ") + ", ".join(str(label) for label in strangers[:5])
        more = f" and {len(strangers) - 5} more" if len(strangers) > 5 else ""
        were = "was" if len(strangers) == 1 else "were"
        raise ValueError(
            f"augment: the mask may not gain a label, but {these}{more} {were} not there before. Was it blended like "
            f"an image, or filled with a number? Labels are picked (nearest-exact), and new pixels are {IGNORE}."
        )


def new_labels(before: Tensor, after: Tensor) -> list[int]:
    """Return the labels of `after` that are not in `before`; 255 is never new.

    Example:
        >>> new_labels(torch.tensor([0, 2, 5]), torch.tensor([0, 1, 5, 255]))
        [1]
    """
    top = max(IGNORE, int(before.max()), int(after.max())) + 1
    was, now = (np.bincount(mask.numpy().ravel(), minlength=top) > 0 for mask in (before, after))  # faster than torch's
    was[IGNORE] = True
    return np.flatnonzero(now & ~was).tolist()
