"""TinyCNN: what is in the picture, and, with the same weights, where. Lin et al. 2013, arXiv:1312.4400, section 3.2."""

from collections.abc import Sequence
from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

from seglearn.checks import check_images
from seglearn.models.blocks import pad_to_multiple


class TinyCNN(nn.Module):
    """Score every class once per image.

        images ─► conv ─► pool ─► conv ─► pool ─► conv ─► pool ─► mean over H, W ─► linear ─► scores
          H x W          H/2            H/4             H/8 │
                                                            └─► the same linear, as a 1x1 convolution ─► class map

    The mean and the linear layer may change places, for both are weighted sums: the mean of `class_map` is `forward`.

    Args:
        channels: C of the input, 3 for RGB.
        classes: K of the output.
        widths: feature channels after each convolution; each is followed by a 2x2 max pooling.

    Shapes:
        images (N, C, H, W) float32   any H and W from 1 on: the last row and column are repeated inside to fit
        result (N, K)                 raw scores (logits)
    """

    def __init__(self, channels: int, classes: int, *, widths: Sequence[int] = (32, 64, 128)):
        super().__init__()
        if len(widths) < 1:
            raise ValueError("TinyCNN: widths must name at least one layer, got (). Try (32, 64, 128).")
        self.convs = nn.ModuleList(nn.Conv2d(i, o, kernel_size=3, padding=1) for i, o in pairwise((channels, *widths)))
        self.head = nn.Linear(widths[-1], classes)
        self.channels = channels

    def features(self, images: Tensor) -> Tensor:
        """Return the last feature maps, (N, widths[-1], H/8, W/8) for three convolutions."""
        check_images("TinyCNN", images, self.channels)
        x = pad_to_multiple(images, 2 ** len(self.convs))
        for conv in self.convs:
            x = F.max_pool2d(conv(x).relu(), 2)  # (N, width, h/2, w/2)
        return x

    def forward(self, images: Tensor) -> Tensor:
        x = self.features(images).mean(dim=(2, 3))  # (N, width): what there is, no matter where
        return self.head(x)  # (N, K)

    def class_map(self, images: Tensor) -> Tensor:
        """Return the class scores at every position before the averaging, (N, K, H/8, W/8): a coarse segmenter."""
        return F.conv2d(self.features(images), self.head.weight[:, :, None, None], self.head.bias)
