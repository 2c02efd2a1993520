"""U-Net: shrink to see far, grow back to see sharp. Ronneberger et al. 2015, arXiv:1505.04597, figure 1."""

from collections.abc import Sequence
from functools import partial
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seglearn.checks import check_choice, check_images
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
        skips: False takes the skips away, so that everything must pass the bottom.
        upsampling: "nearest" repeats pixels; "transposed" learns a 2x2 transposed convolution that halves the channels.
        normalize: False leaves the group norms out and gives the convolutions a bias.

    Shapes:
        images (N, C, H, W) float32   any H and W from 1 on: the last row and column are repeated inside to fit
        result (N, K, H, W)           raw scores (logits)

    Differs from the paper: padded convolutions, so that nothing is cropped; group norm, so that a batch of one can
    train; nearest upsampling instead of a transposed convolution, so that no checkerboard appears. The paper's layers,
    padded, are `widths=(64, 128, 256, 512, 1024), upsampling="transposed", normalize=False`.
    """

    def __init__(
        self,
        channels: int,
        classes: int,
        *,
        widths: Sequence[int] = (16, 32, 64, 128),
        convs: int = 2,
        skips: bool = True,
        upsampling: str = "nearest",
        normalize: bool = True,
    ):
        super().__init__()
        if len(widths) < 2:
            raise ValueError(f"UNet: widths must name at least two levels, got {tuple(widths)}. Try (16, 32, 64).")
        if convs < 1:
            raise ValueError(f"UNet: convs must be at least 1, got {convs}.")
        check_choice("UNet", "upsampling", upsampling, ("nearest", "transposed"))
        block = partial(conv_block, convs=convs, normalize=normalize)
        grow = _Twice if upsampling == "nearest" else partial(nn.ConvTranspose2d, kernel_size=2, stride=2)
        *outer, deepest = widths
        climb = list(pairwise((deepest, *reversed(outer))))  # from the bottom to the surface
        arriving = [i if upsampling == "nearest" else o for i, o in climb]  # channels from below
        self.down = nn.ModuleList(block(i, o) for i, o in pairwise((channels, *outer)))
        self.bottom = block(outer[-1], deepest)
        self.grow = nn.ModuleList(grow(i, o) for i, o in climb)
        self.up = nn.ModuleList(block(a + o * skips, o) for a, (_, o) in zip(arriving, climb, strict=True))
        self.head = nn.Conv2d(outer[0], classes, kernel_size=1)
        self.channels, self.skips = channels, skips

    def forward(self, images: Tensor) -> Tensor:
        size = check_images("UNet", images, self.channels)
        x, skips = pad_to_multiple(images, 2 ** len(self.down)), []  # (N, C, h, w), divisible at every level
        for block in self.down:
            x = block(x)
            skips.append(x)
            x = F.max_pool2d(x, 2)  # (N, width, h/2, w/2)
        x = self.bottom(x)
        for grow, block in zip(self.grow, self.up, strict=True):
            x = grow(x)  # (N, width, 2h, 2w)
            skip = skips.pop()
            x = block(torch.cat([skip, x], dim=1) if self.skips else x)
        return self.head(x)[..., : size["H"], : size["W"]]  # (N, K, H, W)


class _Twice(nn.Module):
    """Repeat every pixel in both directions; the channels stay."""

    def __init__(self, _inputs: int, _outputs: int):
        super().__init__()

    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(x, scale_factor=2)
