"""The bricks that the architectures share."""

import torch.nn.functional as F
from torch import Tensor, nn


def normalization(channels: int) -> nn.GroupNorm:
    """Return a group norm for `channels` feature maps: up to eight groups of at least two channels each.

    It looks at one image at a time, so a batch of one trains as well as a batch of many, and training and evaluation
    compute the same. Source: Wu and He 2018, arXiv:1803.08494.

    Raises:
        ValueError: fewer than two channels: a group of one 1x1 feature map would always be normalized to zero.
    """
    if channels < 2:
        raise ValueError(f"normalization: channels must be at least 2, got {channels}. Use wider layers.")
    groups = max(g for g in range(1, 9) if channels % g == 0 and channels // g >= 2)
    return nn.GroupNorm(groups, channels)


def conv_block(
    inputs: int, outputs: int, *, convs: int = 2, dilation: int = 1, normalize: bool = True
) -> nn.Sequential:
    """Return `convs` 3x3 convolutions in a row, each normalized and rectified; H and W are kept."""
    layers: list[nn.Module] = []
    for _ in range(convs):
        conv = nn.Conv2d(inputs, outputs, kernel_size=3, padding=dilation, dilation=dilation, bias=not normalize)
        norm = [normalization(outputs)] if normalize else []  # the norm's shift replaces the bias
        layers += [conv, *norm, nn.ReLU(inplace=True)]
        inputs = outputs
    return nn.Sequential(*layers)


def pad_to_multiple(images: Tensor, factor: int) -> Tensor:
    """Return the images with their last row and column repeated until H and W are multiples of `factor`.

    Shapes:
        images (N, C, H, W)
        result (N, C, H + up to factor-1, W + up to factor-1)

    Example:
        >>> import torch
        >>> pad_to_multiple(torch.zeros(1, 3, 5, 8), 4).shape
        torch.Size([1, 3, 8, 8])
    """
    height, width = images.shape[-2:]
    return F.pad(images, (0, -width % factor, 0, -height % factor), mode="replicate")


def resize_logits(scores: Tensor, size: tuple[int, int]) -> Tensor:
    """Return class scores on a finer grid, bilinearly: every old value spreads over the pixels that it stands for.

    Shapes:
        scores (N, K, h, w)
        result (N, K, *size)
    """
    return F.interpolate(scores, size=size, mode="bilinear", align_corners=False)
