"""One architecture per file: images (N, C, H, W) in, logits (N, K, H, W) out."""

from seglearn.models.unet import UNet

__all__ = ["UNet"]
