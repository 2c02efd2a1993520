"""One architecture per file: images (N, C, H, W) in, logits (N, K, H, W) out; TinyCNN gives (N, K)."""

from seglearn.models.aspp_net import ASPPNet
from seglearn.models.fcn import FCN
from seglearn.models.segnet import SegNet
from seglearn.models.tiny_cnn import TinyCNN
from seglearn.models.unet import UNet

__all__ = ["FCN", "ASPPNet", "SegNet", "TinyCNN", "UNet"]
