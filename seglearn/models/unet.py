"""U-Net: shrink to see far, grow back to see sharp. Ronneberger et al. 2015, arXiv:1505.04597, figure 1."""

from collections.abc import Sequence
from functools import partial
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seglearn.checks import check_shapes
from seglearn.models.blocks import conv_block, pad_to_multiple


class UNet(nn.Module):
    """Score every class at every pixel.

        images ─► down ────────── skip ──────────► up ─► head ─► logits      H   x W
                   └─► down ───── skip ─────► up ──┘                         H/2 x W/2
                        └───► bottom ─────────┘                              H/4 x W/4

    Args:
        channels: C of the input, 3 for RGB.
        classes: K of the output.
        widths: feature channels per level, shallow to deep; at least two levels of at least two channels.
        convs: convolutions in a row at each level; the paper has 2, and 1 learns nearly twice as fast.

    Shapes:
        images (N, C, H, W) float32   any H and W from 1 on: the last row and column are repeated inside to fit
        result (N, K, H, W)           raw scores (logits)

    Differs from the paper: padded convolutions, so that nothing is cropped; group norm, so that a batch of one can
    train; nearest upsampling instead of a transposed convolution, so that no checkerboard appears.
    """

    def __init__(self, channels: int, classes: int, *, widths: Sequence[int] = (16, 32, 64, 128), convs: int = 2):
        super().__init__()
        if len(widths) < 2:
            raise ValueError(f"UNet: widths must name at least two levels, got {tuple(widths)}. Try (16, 32, 64).")
        if convs < 1:
            raise ValueError(f"UNet: convs must be at least 1, got {convs}.")
        block = partial(conv_block, convs=convs)
        *outer, deepest = widths
        self.down = nn.ModuleList(block(i, o) for i, o in pairwise((channels, *outer)))
        self.bottom = block(outer[-1], deepest)
        self.up = nn.ModuleList(block(i + o, o) for i, o in pairwise((deepest, *reversed(outer))))
        self.head = nn.Conv2d(outer[0], classes, kernel_size=1)
        self.channels = channels

    def forward(self, images: Tensor) -> Tensor:
        size = check_shapes("UNet", images=(images, f"N {self.channels} H W"))
        x, skips = pad_to_multiple(images, 2 ** len(self.down)), []  # (N, C, h, w), divisible at every level
        for block in self.down:
            x = block(x)
            skips.append(x)
            x = F.max_pool2d(x, 2)  # (N, width, h/2, w/2)
        x = self.bottom(x)
        for block in self.up:
            x = F.interpolate(x, scale_factor=2)  # (N, width, 2h, 2w)
            x = block(torch.cat([skips.pop(), x], dim=1))
        return self.head(x)[..., : size["H"], : size["W"]]  # (N, K, H, W)
