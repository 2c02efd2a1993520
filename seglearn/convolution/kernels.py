"""Kernels with names: what people put into a convolution before networks learned their own."""

import torch
from torch import Tensor

KERNELS: dict[str, Tensor] = {
    # keeps the image
    "identity": torch.tensor([[0.0, 0, 0], [0, 1, 0], [0, 0, 0]]),
    # moves the image one pixel to the right: each pixel takes the value of its left neighbor
    "shift": torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 0, 0]]),
    # means: the weights sum to 1, a flat region stays as it is
    "box_blur": torch.full((3, 3), 1 / 9),
    "gaussian": torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16,
    # identity minus Laplacian: sums to 1, exaggerates differences
    "sharpen": torch.tensor([[0.0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
    # slopes: the weights sum to 0, a flat region gives 0. _x is positive where it gets brighter to the right,
    # _y where it gets brighter downward
    "sobel_x": torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]),
    "sobel_y": torch.tensor([[-1.0, -2, -1], [0, 0, 0], [1, 2, 1]]),
    "prewitt_x": torch.tensor([[-1.0, 0, 1], [-1, 0, 1], [-1, 0, 1]]),
    "prewitt_y": torch.tensor([[-1.0, -1, -1], [0, 0, 0], [1, 1, 1]]),
    # curvature: neighbors minus center, positive in a dark dot, 0 on flat regions and even slopes
    "laplacian": torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]),
    # center minus neighbors, all eight of them: a bright dot or thin line lights up
    "outline": torch.tensor([[-1.0, -1, -1], [-1, 8, -1], [-1, -1, -1]]),
    # slope toward the lower right plus the image: a relief lit from the upper left; sums to 1
    "emboss": torch.tensor([[-2.0, -1, 0], [-1, 1, 1], [0, 1, 2]]),
}
