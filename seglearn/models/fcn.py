"""FCN: classify at several depths and add up. Long et al. 2015, arXiv:1411.4038, figure 3."""

from collections.abc import Sequence
from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

from seglearn.checks import check_images
from seglearn.models.blocks import conv_block, pad_to_multiple, resize_logits


class FCN(nn.Module):
    """Score every class at every pixel.

        images ─► 1/2 ─► 1/4 ─► 1/8 ──────► 1/16 ─────► 1/32
                                 │ score     │ score     │ score (a 1x1 convolution each)
                                 ▼           ▼           ▼
            logits ◄── x8 ────── + ◄── x2 ── + ◄── x2 ───┘
            stride = 8: all three · stride = 16: without 1/8 · stride = 32: the deepest alone

    Args:
        channels: C of the input, 3 for RGB.
        classes: K of the output.
        widths: feature channels per level, 1/2 first.
        stride: pixels from one score to the next in the finest map that votes; for five widths 2, 4, 8, 16 or 32.
        convs: convolutions in a row at each level.

    Shapes:
        images (N, C, H, W) float32   any H and W from 1 on: the last row and column are repeated inside to fit
        result (N, K, H, W)           raw scores (logits)

    Differs from the paper: a small backbone without pretrained weights; padded convolutions, so that nothing is
    cropped; group norm; bilinear upsampling instead of transposed convolutions that start as bilinear and may learn.
    """

    def __init__(
        self,
        channels: int,
        classes: int,
        *,
        widths: Sequence[int] = (16, 32, 64, 96, 128),
        stride: int = 8,
        convs: int = 2,
    ):
        super().__init__()
        strides = [2 ** (level + 1) for level in range(len(widths))]
        if stride not in strides:
            raise ValueError(f"FCN: stride must be one of {strides} for {len(widths)} widths, got {stride}.")
        if convs < 1:
            raise ValueError(f"FCN: convs must be at least 1, got {convs}.")
        self.down = nn.ModuleList(conv_block(i, o, convs=convs) for i, o in pairwise((channels, *widths)))
        voters = widths[strides.index(stride) :]
        self.scores = nn.ModuleList(nn.Conv2d(width, classes, kernel_size=1) for width in voters)
        self.channels = channels

    def forward(self, images: Tensor) -> Tensor:
        size = check_images("FCN", images, self.channels)
        x, levels = pad_to_multiple(images, 2 ** len(self.down)), []
        padded = x.shape[-2:]
        for block in self.down:
            x = F.max_pool2d(block(x), 2)  # (N, width, h/2, w/2)
            levels.append(x)
        logits = None
        for score in reversed(self.scores):  # from the deepest map to the finest that votes
            x = score(levels.pop())  # (N, K, h, w)
            logits = x if logits is None else x + resize_logits(logits, x.shape[-2:])
        return resize_logits(logits, padded)[..., : size["H"], : size["W"]]  # (N, K, H, W)
