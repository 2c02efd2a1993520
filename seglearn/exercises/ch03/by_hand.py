"""What is out of the game in this chapter: whatever slides a kernel, or cuts windows, by itself."""

import torch
import torch.nn.functional as F

from seglearn import convolution

SLIDE = (  # whatever slides a whole kernel by itself
    *(torch.conv1d, torch.conv2d, torch.conv3d, torch.convolution),
    *(torch.conv_transpose1d, torch.conv_transpose2d, torch.conv_transpose3d),
    *(convolution.conv2d, convolution.conv2d_with_loops),
)
CUT = (F.unfold, convolution.im2col)
