"""The sliding weighted sum: `conv2d` two ways, kernels with names, and how far a stack of layers sees."""

from seglearn.convolution.conv import conv2d, conv2d_with_loops, im2col
from seglearn.convolution.fields import (
    Layer,
    MeasuredField,
    Row,
    measured_receptive_field,
    receptive_field,
)
from seglearn.convolution.kernels import KERNELS
from seglearn.windows import output_size

__all__ = [
    "KERNELS",
    "Layer",
    "MeasuredField",
    "Row",
    "conv2d",
    "conv2d_with_loops",
    "im2col",
    "measured_receptive_field",
    "output_size",
    "receptive_field",
]
