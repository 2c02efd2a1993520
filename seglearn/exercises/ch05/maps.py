"""The linear layer asked at every position, and a claim about maxima to be broken."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from seglearn.exercises.kinds import FunctionExercise, ValueExercise, Wrong, given
from seglearn.exercises.laws import gradient_reaches, keeps_device

MAPS = [  # shape of the features, classes, why
    ((1, 2, 1, 1), 3, "one position: the class scores themselves"),
    ((1, 3, 2, 3), 3, "as many classes as channels, a map that is not square"),
    ((2, 2, 3, 4), 5, "two pictures"),
    ((1, 4, 1, 5), 2, "a single row"),
    ((3, 3, 2, 2), 3, "three of everything"),
    ((2, 5, 7, 3), 4, "odd sides"),
]


def _maps(seed: int):
    shape, classes, note = MAPS[seed]
    chance = torch.Generator().manual_seed(50 + seed)
    features = torch.randint(0, 10, shape, generator=chance).float()
    weight = torch.randint(-3, 4, (classes, shape[1]), generator=chance).float()
    return given(features, weight, torch.arange(1.0, classes + 1), note=note)


def class_map(features: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return F.conv2d(features, weight[:, :, None, None], bias)


def _by_einsum(features: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return torch.einsum("nchw,kc->nkhw", features, weight) + bias[:, None, None]


def _by_rows(features: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    n, c, height, width = features.shape
    table = features.permute(0, 2, 3, 1).reshape(-1, c) @ weight.T + bias
    return table.reshape(n, height, width, -1).permute(0, 3, 1, 2)


def _scrambled(features: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    n, c, height, width = features.shape
    return (features.reshape(-1, c) @ weight.T + bias).reshape(n, height, width, -1).permute(0, 3, 1, 2)


def _folded_wrongly(features: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    n, c, height, width = features.shape
    return (features.permute(0, 2, 3, 1).reshape(-1, c) @ weight.T + bias).reshape(n, -1, height, width)


CLASS_MAP = FunctionExercise(
    name="05.class_map",
    title="The same weights at every position",
    minutes=8,
    difficulty=2,
    objective="implement a linear layer as a 1 x 1 convolution, for maps of any size",
    hints=(
        "A linear layer is (K, C), the weight of a convolution (K, C, kh, kw). What is missing?",
        "1. either: give weight two axes of length 1, then conv2d  2. or: rows, matrix product, fold back, permute",
        "F.conv2d(features, weight[:, :, None, None], bias)",
    ),
    cases=_maps,
    seeds=len(MAPS),
    oracle=class_map,
    laws=(gradient_reaches(0), keeps_device()),
    rights=(_by_einsum, _by_rows),
    wrongs=(
        Wrong(
            "no bias",
            lambda features, weight, bias: class_map(features, weight, 0 * bias),
            "The bias is missing. It belongs to every position: then the mean of the map has it once, too.",
        ),
        Wrong(
            "bias twice",
            lambda features, weight, bias: class_map(features, weight, 2 * bias),
            "The bias is added twice. conv2d (or the linear layer) has already added it.",
        ),
        Wrong(
            "bias shared among the positions",
            lambda features, weight, bias: class_map(features, weight, bias / features[0, 0].numel()),
            "You share the bias among the positions. A mean of equal numbers is that number: add it whole to each.",
        ),
        Wrong(
            "weight transposed",
            lambda features, weight, bias: class_map(features, weight.T, bias),
            "The weight is turned around: (K, C) has a row for each class, and conv2d wants it that way.",
        ),
        Wrong(
            "weight folded anew",
            lambda features, weight, bias: class_map(features, weight.T.reshape(weight.shape), bias),
            "The numbers of the weight are in other places. Add axes with [:, :, None, None], fold nothing.",
        ),
        Wrong(
            "scrambled",
            _scrambled,
            "Channels and positions are mixed: you folded (N, C, H, W) into rows without moving the channels first.",
        ),
        Wrong(
            "folded back wrongly",
            _folded_wrongly,
            "The rows are right, but folding back scrambles: reshape to (N, H, W, K) first, then permute.",
        ),
        Wrong(
            "rows and columns swapped",
            lambda features, weight, bias: class_map(features, weight, bias).transpose(2, 3),
            "Rows and columns of the map have changed places.",
        ),
        Wrong(
            "mean everywhere",
            lambda features, weight, bias: class_map(
                features.mean((2, 3), keepdim=True).expand_as(features), weight, bias
            ),
            "Every position of yours has the class scores of the whole picture: the mean came too early.",
        ),
        Wrong(
            "probabilities",
            lambda features, weight, bias: class_map(features, weight, bias).softmax(dim=1),
            "These are probabilities. The mean of probabilities is not the probability of the mean: return scores.",
        ),
        Wrong(
            "no negative scores",
            lambda features, weight, bias: class_map(features, weight, bias).relu(),
            "Negative scores are cut off. A position may speak against a class: that is part of the mean.",
        ),
    ),
    remark="The same numbers, one more use: no training turned this classifier into a map maker.",
)

CLAIM = torch.tensor([[1.0, 1.0], [1.0, -1.0]]), torch.tensor([0.0, 0.5])  # weight (K, C) and bias of the notebook


def claim_holds(features: Tensor) -> bool:
    """Say whether the scores of the maxima are the maxima of the scores."""
    weight, bias = CLAIM
    first = F.linear(features.double().amax(dim=(2, 3)), weight.double(), bias.double())
    return torch.allclose(first, class_map(features.double(), weight.double(), bias.double()).amax(dim=(2, 3)))


def fault_of(features: Any) -> str:
    """Return the name of the first thing that keeps features from breaking the claim, "" where they break it."""
    if not isinstance(features, Tensor):
        return "no tensor"
    if features.ndim != 4 or features.shape[:2] != (1, 2):
        return "another shape"
    if not features.is_floating_point():
        return "no floats"
    if features[0, 0].numel() < 1 or not features.isfinite().all():
        return "not finite"
    if features[0, 0].numel() == 1:
        return "one position"
    if features[0, 0].numel() > 12:
        return "too large"
    if (features < 0).any():
        return "negative"
    if not claim_holds(features):
        return ""
    flat = features[0].flatten(1)
    return "equal everywhere" if bool((flat == flat[:, :1]).all()) else "same place"


def _wrong(name: str, features: Any, sentence: str) -> Wrong:
    return Wrong(name, features, sentence, when=lambda value: fault_of(value) == name)


APART = torch.tensor([[[[1.0, 0.0]], [[0.0, 1.0]]]])  # each channel answers at its own position

BREAK_MAX = ValueExercise(
    name="05.break_max",
    title="Break it: a maximum is no mean",
    minutes=5,
    difficulty=2,
    objective="build features that show that linear layer and maximum do not change places",
    hints=(
        "The maximum of each channel may come from another position. Which position has both?",
        "1. two positions are enough  2. channel 0 answers at the first, channel 1 at the second",
        "torch.tensor([[[[1.0, 0.0]], [[0.0, 1.0]]]])",
    ),
    accept=lambda features: fault_of(features) == "",
    rights=(APART, torch.tensor([[[[3.0, 1], [0, 0]], [[1, 1], [2, 0]]]]).double()),
    wrongs=(
        _wrong("no tensor", [[[[1, 0]], [[0, 1]]]], "Make a tensor of it: torch.tensor([[[[...]], [[...]]]])."),
        _wrong("another shape", APART[0], "Features of one picture with two channels are asked for: (1, 2, h, w)."),
        _wrong("no floats", APART.long(), "Features are floats: write 1.0, or call .float()."),
        _wrong("not finite", APART / 0, "All features must be ordinary numbers."),
        _wrong("one position", APART[..., :1], "With a single position maximum and mean are the same. Take two."),
        _wrong("too large", APART.repeat(1, 1, 4, 2), "Twelve positions are enough, two will do."),
        _wrong("negative", APART - 1, "These features are negative: behind a ReLU there are none below 0."),
        _wrong("equal everywhere", 0 * APART + 2, "All positions are equal, so no maximum has to choose one."),
        _wrong(
            "same place",
            torch.tensor([[[[3.0, 1.0]], [[0.0, 0.0]]]]),
            "The maxima of both channels, and the best scores, come from one position: the claim holds.",
        ),
    ),
    remark="A mean is linear, so it changes places with a linear layer. A maximum chooses, and that is not linear.",
)
