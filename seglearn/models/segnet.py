"""SegNet: remember where each maximum stood, and put it back there. Badrinarayanan et al. 2017, arXiv:1511.00561."""

from collections.abc import Sequence
from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

from seglearn.checks import check_images
from seglearn.models.blocks import conv_block, pad_to_multiple


class SegNet(nn.Module):
    """Score every class at every pixel.

        images ─► down ─► pool ─► down ─► pool ─┐          H/4 x W/4
                    indices │       indices │   │
        logits ◄─ head ◄─ up ◄─ unpool ◄─ up ◄─ unpool     only the places of the maxima cross over, no feature

    Args:
        channels: C of the input, 3 for RGB.
        classes: K of the output.
        widths: feature channels per level, shallow to deep.
        convs: convolutions in a row at each level, one number for all or one per level. The paper's 26 layers are
            `widths=(64, 128, 256, 512, 512), convs=(2, 2, 3, 3, 3)`, without the 1x1 head: its last one scores.

    Shapes:
        images (N, C, H, W) float32   any H and W from 1 on: the last row and column are repeated inside to fit
        result (N, K, H, W)           raw scores (logits)

    Differs from the paper: group norm, so that a batch of one can train; one 1x1 convolution as the head.
    """

    def __init__(
        self,
        channels: int,
        classes: int,
        *,
        widths: Sequence[int] = (16, 32, 64, 128),
        convs: int | Sequence[int] = 2,
    ):
        super().__init__()
        convs = (convs,) * len(widths) if isinstance(convs, int) else tuple(convs)
        if not widths or len(convs) != len(widths) or min(convs) < 1:
            raise ValueError(
                f"SegNet: convs must be one number from 1 on, or one for each of the {len(widths)} widths, got {convs}."
            )
        levels = list(zip(pairwise((channels, *widths)), convs, strict=True))
        self.down = nn.ModuleList(conv_block(i, o, convs=n) for (i, o), n in levels)
        self.up = nn.ModuleList(  # the mirror image; the last block keeps its width for the head
            _narrowing_block(o, i if depth else o, convs=n) for depth, ((i, o), n) in reversed(list(enumerate(levels)))
        )
        self.head = nn.Conv2d(widths[0], classes, kernel_size=1)
        self.channels = channels

    def forward(self, images: Tensor) -> Tensor:
        size = check_images("SegNet", images, self.channels)
        x, places = pad_to_multiple(images, 2 ** len(self.down)), []
        for block in self.down:
            x, indices = F.max_pool2d(block(x), 2, return_indices=True)  # (N, width, h/2, w/2), twice
            places.append(indices)
        for block in self.up:
            x = block(F.max_unpool2d(x, places.pop(), 2))  # (N, width, 2h, 2w): maxima in place, zeros between them
        return self.head(x)[..., : size["H"], : size["W"]]  # (N, K, H, W)


def _narrowing_block(inputs: int, outputs: int, *, convs: int) -> nn.Sequential:
    """Return a block whose last convolution alone changes the number of channels, as the paper's decoder does."""
    return nn.Sequential(*conv_block(inputs, inputs, convs=convs - 1), *conv_block(inputs, outputs, convs=1))
