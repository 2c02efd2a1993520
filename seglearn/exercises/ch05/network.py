"""The classifier as the learner writes it: convolution, ReLU, pooling, mean, linear."""

import torch
import torch.nn.functional as F
from torch import Tensor

from seglearn.exercises.kinds import FunctionExercise, Wrong, given
from seglearn.exercises.laws import gradient_reaches

NETWORKS = [  # shape of the images, widths, classes, why
    ((1, 1, 2, 2), (2,), 2, "one layer, a map of one position"),
    ((1, 2, 4, 6), (3,), 2, "one layer, not square"),
    ((2, 1, 8, 4), (2, 3), 4, "two layers, two pictures"),
    ((3, 3, 8, 16), (4, 3, 5), 3, "three layers"),
    ((1, 3, 24, 8), (2, 4, 3), 6, "three layers, a tall picture"),
]
Layer = tuple[Tensor, Tensor]


def networks(seed: int):
    """Return weights of both signs, so that ReLU has something to do, in the features and in the scores."""
    shape, widths, classes, note = NETWORKS[seed]
    chance = torch.Generator().manual_seed(5 + seed)
    channels, convs = shape[1], []
    for width in widths:
        weight = torch.randn(width, channels, 3, 3, generator=chance) / channels
        convs.append((weight, 0.5 * torch.randn(width, generator=chance) + 0.2))
        channels = width
    head = torch.randn(classes, channels, generator=chance), torch.randn(classes, generator=chance)
    return given(torch.rand(shape, generator=chance), convs, head, note=note)


def walk(images: Tensor, convs: list[Layer], *, padding: int = 1, relu=torch.relu, pool=F.max_pool2d) -> Tensor:
    x = images
    for weight, bias in convs:
        x = pool(relu(F.conv2d(x, weight, bias, padding=padding)), 2)
    return x


def scores(images: Tensor, convs: list[Layer], head: Layer) -> Tensor:
    return F.linear(walk(images, convs).mean(dim=(2, 3)), *head)


def _map_first(images: Tensor, convs: list[Layer], head: Layer) -> Tensor:
    weight, bias = head
    return torch.einsum("nchw,kc->nkhw", walk(images, convs), weight).mean(dim=(2, 3)) + bias


def _relu_last(images: Tensor, convs: list[Layer], head: Layer) -> Tensor:
    x = images
    for weight, bias in convs:
        x = F.max_pool2d(F.conv2d(x, weight, bias, padding=1), 2).clamp(min=0)
    return x.mean(dim=(-1, -2)) @ head[0].T + head[1]


NETWORK = FunctionExercise(
    name="05.network",
    title="The classifier",
    minutes=10,
    difficulty=2,
    objective="implement the walk of the data from pictures to class scores",
    hints=(
        "What are the shapes after the first layer, after all layers, after the mean, at the end?",
        "1. for each layer: convolution with padding 1, ReLU, pooling by 2  2. mean over positions  3. linear",
        "x = F.max_pool2d(F.conv2d(x, weight, bias, padding=1).relu(), 2); at the end F.linear(x.mean((2, 3)), *head)",
    ),
    cases=networks,
    seeds=len(NETWORKS),
    oracle=scores,
    tolerance=1e-4,
    laws=(gradient_reaches(0),),
    rights=(_map_first, _relu_last),
    wrongs=(
        Wrong(
            "no ReLU",
            lambda images, convs, head: F.linear(walk(images, convs, relu=lambda x: x).mean((2, 3)), *head),
            "Without ReLU the convolutions in a row are hardly more than one. Cut off what is negative after each.",
        ),
        Wrong(
            "ReLU on the scores",
            lambda images, convs, head: scores(images, convs, head).relu(),
            "Your scores pass a ReLU: all classes that the network finds unlikely become the same 0. "
            "This is one of the faults of the article's program.",
        ),
        Wrong(
            "softmax",
            lambda images, convs, head: scores(images, convs, head).softmax(dim=1),
            "These are probabilities. Return raw scores: the loss takes its own softmax.",
        ),
        Wrong(
            "maximum in place of the mean",
            lambda images, convs, head: F.linear(walk(images, convs).amax((2, 3)), *head),
            "You took the maximum over the positions. This network takes the mean.",
        ),
        Wrong(
            "average pooling",
            lambda images, convs, head: F.linear(walk(images, convs, pool=F.avg_pool2d).mean((2, 3)), *head),
            "You average inside the network. Between the layers the maximum is pooled, only the end is a mean.",
        ),
        Wrong(
            "no pooling",
            lambda images, convs, head: F.linear(walk(images, convs, pool=lambda x, _: x).mean((2, 3)), *head),
            "There is no pooling between your layers.",
        ),
        Wrong(
            "biases of the convolutions forgotten",
            lambda images, convs, head: scores(images, [(weight, 0 * bias) for weight, bias in convs], head),
            "The biases of the convolutions are missing.",
        ),
        Wrong(
            "bias of the head forgotten",
            lambda images, convs, head: scores(images, convs, (head[0], 0 * head[1])),
            "The bias of the linear layer is missing.",
        ),
        Wrong(
            "sum over positions",
            lambda images, convs, head: F.linear(walk(images, convs).sum((2, 3)), *head),
            "You add up the positions: the larger the picture, the larger the scores. Take the mean.",
        ),
        Wrong(
            "first layer only",
            lambda images, convs, head: F.linear(walk(images, convs[:1]).mean((2, 3))[:, : head[0].shape[1]], *head),
            "You use the first layer only.",
        ),
    ),
    remark="This is TinyCNN's forward. All the rest of a classifier is finding good weights.",
)
