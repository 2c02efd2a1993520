"""The general operation: several channels, several kernels, bias, stride, padding; and what groups leave out."""

import torch
import torch.nn.functional as F
from torch import Tensor

from seglearn.exercises.ch03.by_hand import SLIDE
from seglearn.exercises.kinds import FunctionExercise, Wrong, given
from seglearn.exercises.laws import gradient_reaches, keeps_device, without

LAYERS = [  # shape of x, shape of weight, stride, padding, why
    ((1, 1, 1, 2), (1, 1, 1, 2), 1, 0, "one position, one channel"),
    ((1, 1, 3, 4), (2, 1, 2, 2), 1, 0, "two kernels, of even size"),
    ((1, 3, 3, 5), (2, 3, 3, 2), 1, 0, "three channels, and a kernel that is not square"),
    ((1, 2, 5, 7), (3, 2, 3, 3), 1, 1, "padding 1"),
    ((1, 1, 6, 5), (1, 1, 3, 3), 2, 0, "stride 2, and a step that does not fit"),
    ((2, 3, 5, 8), (4, 3, 2, 3), 2, 2, "everything at once, two pictures"),
]


def _layers(seed: int):
    """Small whole numbers, and no kernel that is its own mirror image."""
    shape, weight_shape, stride, padding, note = LAYERS[seed]
    chance = torch.Generator().manual_seed(seed + 60)
    x = torch.randint(1, 10, shape, generator=chance).float()
    weight = torch.randint(-3, 4, weight_shape, generator=chance).float()
    weight[..., 0, 0], weight[..., -1, -1] = 1, 2
    bias = torch.arange(1.0, weight_shape[0] + 1)
    return given(x, weight, bias, stride, padding, note=note)


def conv2d(x: Tensor, weight: Tensor, bias: Tensor, stride: int, padding: int) -> Tensor:
    return F.conv2d(x, weight, bias, stride=stride, padding=padding)


def _by_unfold(x: Tensor, weight: Tensor, bias: Tensor, stride: int, padding: int) -> Tensor:
    windows = F.pad(x, (padding,) * 4).unfold(2, weight.shape[2], stride).unfold(3, weight.shape[3], stride)
    return torch.einsum("nchwij,ocij->nohw", windows, weight) + bias[:, None, None]


def _by_loops(x: Tensor, weight: Tensor, bias: Tensor, stride: int, padding: int) -> Tensor:
    x, (_, _, kh, kw) = F.pad(x, (padding,) * 4), weight.shape
    rows = range(0, x.shape[2] - kh + 1, stride)
    columns = range(0, x.shape[3] - kw + 1, stride)
    windows = [[x[:, None, :, y : y + kh, z : z + kw] for z in columns] for y in rows]
    sums = [torch.stack([(w * weight).sum(dim=(2, 3, 4)) + bias for w in row], dim=-1) for row in windows]
    return torch.stack(sums, dim=-2)


CONV2D = FunctionExercise(
    name="03.conv2d",
    title="The general operation",
    minutes=12,
    difficulty=2,
    objective="implement convolution as torch.nn has it: batch, channels, bias, stride and padding",
    hints=(
        "One number of the result: which block of x, and which block of weight, does it need?",
        "1. pad x with zeros  2. sizes of the result  3. for each position a window (N, C, kh, kw)  4. times weight, "
        "sum over C, kh, kw  5. bias",
        "window = x[:, None, :, y*stride : y*stride+kh, z*stride : z*stride+kw]; (window * weight).sum(dim=(2, 3, 4))",
    ),
    cases=_layers,
    seeds=len(LAYERS),
    oracle=conv2d,
    laws=(gradient_reaches(0), keeps_device(), without(*SLIDE)),
    rights=(_by_unfold, _by_loops),
    wrongs=(
        Wrong(
            "flipped",
            lambda x, weight, bias, stride, padding: _by_unfold(x, weight.flip(2, 3), bias, stride, padding),
            "Your result equals the flipped kernel's: deep learning's convolution does not flip.",
        ),
        Wrong(
            "no bias",
            lambda x, weight, bias, stride, padding: _by_unfold(x, weight, 0 * bias, stride, padding),
            "The bias is missing: bias[o] is added once to every number of output channel o.",
        ),
        Wrong(
            "bias for each channel",
            lambda x, weight, bias, stride, padding: _by_unfold(x, weight, bias * x.shape[1], stride, padding),
            "You add the bias once for each input channel. It is added once, after the sum over the channels.",
        ),
        Wrong(
            "first channel only",
            lambda x, weight, bias, stride, padding: _by_unfold(x[:, :1], weight[:, :1], bias, stride, padding),
            "You look at the first channel only. A kernel has a plane of weights for each channel: add them up.",
        ),
        Wrong(
            "mean over channels",
            lambda x, weight, bias, stride, padding: _by_unfold(x, weight / x.shape[1], bias, stride, padding),
            "You average over the input channels. They are added.",
        ),
        Wrong(
            "first kernel only",
            lambda x, weight, bias, stride, padding: _by_unfold(x, weight[:1].expand_as(weight), bias, stride, padding),
            "Every output channel got the first kernel. Output channel o has its own, weight[o].",
        ),
        Wrong(
            "no stride",
            lambda x, weight, bias, stride, padding: _by_unfold(x, weight, bias, 1, padding),
            "You step by 1, whatever the stride. The window of row y begins at y * stride.",
        ),
        Wrong(
            "picture thinned out first",
            lambda x, weight, bias, stride, padding: _by_unfold(x[..., ::stride, ::stride], weight, bias, 1, padding),
            "You took every second pixel and then slid. The window steps over all pixels, but sees every one of them.",
        ),
        Wrong(
            "no padding",
            lambda x, weight, bias, stride, padding: _by_unfold(x, weight, bias, stride, 0),
            "You left the padding out: zeros on all four sides make the result larger.",
        ),
        Wrong(
            "padding on one side",
            lambda x, weight, bias, stride, padding: _by_unfold(
                F.pad(x, (0, 2 * padding, 0, 2 * padding)), weight, bias, stride, 0
            ),
            "All your zeros stand on the right and below. They belong on both sides: F.pad(x, (p, p, p, p)).",
        ),
        Wrong(
            "edge repeated",
            lambda x, weight, bias, stride, padding: _by_unfold(
                F.pad(x, (padding,) * 4, mode="replicate"), weight, bias, stride, 0
            ),
            "You repeat the pixels of the edge. That is padding_mode='replicate'; the default fills in zeros.",
        ),
        Wrong(
            "kernel on its side",
            lambda x, weight, bias, stride, padding: _by_unfold(x, weight.transpose(2, 3), bias, stride, padding),
            "Rows and columns of the kernel have changed places: weight is (O, C, kh, kw).",
        ),
        Wrong(
            "one map",
            lambda x, weight, bias, stride, padding: _by_unfold(x, weight, bias, stride, padding).sum(1, keepdim=True),
            "You added the output channels up. Add over the input channels; each kernel keeps its own map.",
        ),
        Wrong(
            "the library's",
            lambda x, weight, bias, stride, padding: conv2d(x, weight, bias, stride, padding),
            "Right, but F.conv2d is out of the game: what would you learn? Loops are welcome.",
        ),
    ),
    remark="You have written torch.nn.Conv2d. What is left is only speed.",
)

GROUPS = [((2, 1, 1, 1), 2), ((2, 3, 1, 2), 1), ((4, 1, 2, 2), 2), ((6, 2, 1, 3), 3), ((4, 3, 2, 1), 4)]


def _weights(seed: int):
    shape, groups = GROUPS[seed]
    numbers = torch.arange(1.0, 1 + torch.Size(shape).numel())
    return given(numbers.reshape(shape), groups, note=f"{groups * shape[1]} input channels, {groups} groups")


def dense_weight(weight: Tensor, groups: int) -> Tensor:
    per_group = weight.shape[0] // groups
    dense = weight.new_zeros(weight.shape[0], groups * weight.shape[1], *weight.shape[2:])
    for o in range(weight.shape[0]):
        first = o // per_group * weight.shape[1]
        dense[o, first : first + weight.shape[1]] = weight[o]
    return dense


def _placed(weight: Tensor, groups: int, channels) -> Tensor:
    """Return dense weights with the weights of output channel o at the input channels `channels(o, seen, all)`."""
    outs, seen = weight.shape[:2]
    dense = weight.new_zeros(outs, groups * seen, *weight.shape[2:])
    for o in range(outs):
        dense[o, channels(o, seen, outs)] = weight[o]
    return dense


def _by_eye(weight: Tensor, groups: int) -> Tensor:
    outs, seen, *window = weight.shape
    blocks = weight.reshape(groups, outs // groups, 1, seen, *window)
    eye = torch.eye(groups, dtype=weight.dtype, device=weight.device).reshape(groups, 1, groups, 1, 1, 1)
    return (blocks * eye).reshape(outs, groups * seen, *window)


DENSE = FunctionExercise(
    name="03.groups",
    title="What groups leave out",
    minutes=7,
    difficulty=2,
    objective="derive the ordinary layer that does the same as a layer with groups",
    hints=(
        "With 6 input channels and 3 groups: which input channels does output channel 0 see? And the last one?",
        "1. zeros (O, C, kh, kw)  2. the group of output o is o // (O // groups)  3. its first input channel  4. copy",
        "dense[o, first : first + seen] = weight[o], with first = o // (O // groups) * seen",
    ),
    cases=_weights,
    seeds=len(GROUPS),
    oracle=dense_weight,
    laws=(gradient_reaches(0), keeps_device()),
    rights=(
        _by_eye,
        lambda weight, groups: _placed(
            weight, groups, lambda o, c, n: list(range(o // (n // groups) * c, (o // (n // groups) + 1) * c))
        ),
    ),
    wrongs=(
        Wrong(
            "copied for every group",
            lambda weight, groups: weight.repeat(1, groups, 1, 1),
            "You copied the weights to all groups. Outside its own group an output channel sees nothing: zeros.",
        ),
        Wrong(
            "always the first group",
            lambda weight, groups: _placed(weight, groups, lambda o, c, n: torch.arange(c)),
            "All your outputs look at the first group of channels. Output o belongs to group o // (O // groups).",
        ),
        Wrong(
            "dealt like cards",
            lambda weight, groups: _placed(weight, groups, lambda o, c, n: torch.arange(c) + o % groups * c),
            "You deal the outputs out like cards (o % groups). Groups are blocks: neighbors belong together.",
        ),
        Wrong(
            "channels dealt like cards",
            lambda weight, groups: _placed(
                weight, groups, lambda o, c, n: torch.arange(c) * groups + o // (n // groups)
            ),
            "The input channels of a group stand side by side. Yours are `groups` apart.",
        ),
        Wrong(
            "groups in reverse",
            lambda weight, groups: _placed(
                weight, groups, lambda o, c, n: torch.arange(c) + (groups - 1 - o // (n // groups)) * c
            ),
            "The groups run backward: the first outputs see the last inputs.",
        ),
        Wrong(
            "shared out",
            lambda weight, groups: weight.repeat(1, groups, 1, 1) / groups,
            "You shared each weight among all groups. It belongs to one group, whole.",
        ),
        Wrong(
            "inputs before outputs",
            lambda weight, groups: dense_weight(weight, groups).transpose(0, 1),
            "Your result is (C, O, kh, kw). A weight has the output channels first.",
        ),
        Wrong(
            "left as it was",
            lambda weight, groups: weight * 1,
            "This is still (O, C / groups, kh, kw). The ordinary layer has a plane for every input channel.",
        ),
    ),
    remark="A layer with groups is an ordinary one that is forbidden to mix: most of its weights are zero for good.",
)
