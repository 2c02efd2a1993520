"""Batches that friendly tests leave out: void pixels, an absent class, images of unequal content."""

import torch
from torch import Tensor

from seglearn.labels import IGNORE


def logits_and_mask(seed: int, images: int, classes: int, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Return logits (N, K, H, W) and masks (N, H, W) in which the last class is absent.

    The first image is mostly class 0 and has one void pixel, the second has none of class 0 and its last row is void.
    """
    chance = torch.Generator().manual_seed(seed)
    logits = 2 * torch.randn(images, classes, *size, generator=chance)
    mask = torch.randint(0, classes - 1, (images, *size), generator=chance)
    mask[0, :-1] = 0
    mask[0, 0, 0], mask[0, -1, -1] = IGNORE, 1
    if images > 1:
        mask[1], mask[1, -1] = classes - 2, IGNORE
    return logits, mask


def filled(mask: Tensor) -> Tensor:
    """Return the mask with class 0 in place of void, so that it can be used as an index."""
    return mask.where(mask != IGNORE, 0)
