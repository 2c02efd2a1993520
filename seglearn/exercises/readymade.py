"""What is out of the game where it is the exercise: the functions that would do the whole of it (see laws.without)."""

import torch
from torch.nn import functional as F

from seglearn import losses, metrics, pooling

MAX_POOLS = (
    *(torch.max_pool2d, torch._C._nn.max_pool2d_with_indices, torch._C._nn.adaptive_max_pool2d),
    pooling.max_pool2d,
)
AVERAGE_POOLS = (torch._C._nn.avg_pool2d, torch._C._nn.adaptive_avg_pool2d, pooling.avg_pool2d)
UNPOOLS = (F.max_unpool2d, pooling.max_unpool2d)
REGION_LOSSES = (losses.dice_loss, losses.jaccard_loss, losses.tversky_loss)
FOCAL_LOSSES = (losses.focal_loss,)
CONFUSIONS = (metrics.confusion_matrix,)
SCORES = (metrics.precision, metrics.recall, metrics.f1, metrics.dice)
MEANS = (metrics.iou, metrics.mean_iou)
BANDS = (metrics.boundary,)
CALIBRATIONS = (metrics.calibration_error, metrics.reliability)
