"""ASPPNet: look near and far at once. Chen et al. 2017, arXiv:1706.05587, section 3.3 (DeepLabv3)."""

from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seglearn.checks import check_images
from seglearn.models.blocks import conv_block, pad_to_multiple, resize_logits


class ASPPNet(nn.Module):
    """Score every class at every pixel.

        images ─► down ─► down ─┬─► 3x3, dilation 1 ────────┐
          H x W    H/2     H/4  ├─► 3x3, dilation 2 ────────┤
                                ├─► 3x3, dilation 4 ────────┼─► join ─► head ─► x4 ─► logits
                                └─► mean of the whole map ──┘

    ASPP stands for atrous (with holes) spatial pyramid pooling: one map is read by kernels of nine taps that stand
    1, 2, 4, ... positions apart, at the same price each, and by a mean that sees everything.

    Args:
        channels: C of the input, 3 for RGB.
        classes: K of the output.
        widths: feature channels per level; each level halves H and W, and the last is the pyramid's.
        rates: dilations of the pyramid's branches.
        convs: convolutions in a row at each level.

    Shapes:
        images (N, C, H, W) float32   any H and W from 1 on: the last row and column are repeated inside to fit
        result (N, K, H, W)           raw scores (logits)

    Differs from the paper: a small backbone of two levels, group norm, and rates that fit small images.
    """

    def __init__(
        self,
        channels: int,
        classes: int,
        *,
        widths: Sequence[int] = (24, 48),
        rates: Sequence[int] = (1, 2, 4, 8),
        convs: int = 2,
    ):
        super().__init__()
        if not widths or not rates or min(rates) < 1 or convs < 1:
            raise ValueError(
                "ASPPNet: widths and rates must name at least one number each, and rates and convs be at least 1, "
                f"got widths={tuple(widths)}, rates={tuple(rates)}, convs={convs}."
            )
        width = widths[-1]
        self.down = nn.ModuleList(conv_block(i, o, convs=convs) for i, o in pairwise((channels, *widths)))
        self.branches = nn.ModuleList(conv_block(width, width, convs=1, dilation=rate) for rate in rates)
        self.whole = nn.Conv2d(width, width, kernel_size=1)
        self.join = conv_block(width * (len(rates) + 1), width, convs=1)
        self.head = nn.Conv2d(width, classes, kernel_size=1)
        self.channels = channels

    def forward(self, images: Tensor) -> Tensor:
        size = check_images("ASPPNet", images, self.channels)
        x = pad_to_multiple(images, 2 ** len(self.down))
        padded = x.shape[-2:]
        for block in self.down:
            x = F.max_pool2d(block(x), 2)  # (N, width, h/2, w/2)
        whole = self.whole(x.mean(dim=(2, 3), keepdim=True)).relu()  # (N, width, 1, 1)
        views = [branch(x) for branch in self.branches] + [whole.expand_as(x)]  # each (N, width, h, w)
        logits = self.head(self.join(torch.cat(views, dim=1)))  # (N, K, h, w)
        return resize_logits(logits, padded)[..., : size["H"], : size["W"]]  # (N, K, H, W)
