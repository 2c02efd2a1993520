"""The learner's own object and own network: does one answer of the network see the whole thing?"""

import functools
import operator
from typing import Any

from torch import Tensor, nn

from seglearn.convolution import MeasuredField, measured_receptive_field
from seglearn.exercises.kinds import ValueExercise, Wrong

LARGEST_PX, COARSEST = 200, 16
MORE = 16  # the picture is so many jumps of COARSEST wider than high: how many more answers stand in a row?
FULL = 0.9  # of the lines across the field some path must reach at least this share


def fault_of(own: Any) -> str:
    """Return the name of the first thing that is wrong with (model, object_px), "" where the model sees the object."""
    if not isinstance(own, tuple | list) or len(own) != 2:
        return "no pair"
    model, object_px = own
    if not isinstance(model, nn.Module):
        return "no model"
    if isinstance(object_px, bool) or not hasattr(object_px, "__index__"):
        return "no whole number"
    if not 4 <= object_px <= LARGEST_PX:
        return "no such object"
    state = repr(model), *((id(weights), weights._version) for weights in model.parameters())
    return _fault_of_model(model, operator.index(object_px), state)


@functools.lru_cache(maxsize=1)  # every wrong answer of a check asks again, and measuring takes a while
def _fault_of_model(model: nn.Module, object_px: int, state: tuple) -> str:
    side = 3 * object_px + 64
    try:
        found = measured_receptive_field(model, (side, side + MORE * COARSEST))
    except (ValueError, TypeError, RuntimeError, AttributeError):
        return "no feature map"
    if found.unit[1] - found.unit[0] < MORE // 2:  # the unit in the middle: half as many more
        return "too coarse"
    smallest = min(found.size)
    if smallest < object_px:
        return "less than the object"
    if smallest < 2 * object_px - 1:
        return "from the middle only"
    return "" if _reached(found) >= FULL else "holes"


def _reached(found: MeasuredField) -> float:
    """Return the share of the rows, or of the columns, of the field that some path reaches: the smaller one."""
    return min((found.heat.sum(dim=axis) > 0).sum().item() / found.size[1 - axis] for axis in (0, 1))


def blocks(count: int, channels: int = 8) -> nn.Sequential:
    """Return `count` times a 3 x 3 convolution, ReLU and max pooling by 2, then a last 3 x 3 convolution."""
    layers = [nn.Conv2d(3, channels, 3, padding=1)]
    for _ in range(count):
        layers += [nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(channels, channels, 3, padding=1)]
    return nn.Sequential(*layers)


class _Classifier(nn.Module):
    """One vector of scores for a picture of any size: no feature map."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))

    def forward(self, images: Tensor) -> Tensor:
        return self.layers(images)


def _wrong(name: str, own: Any, sentence: str) -> Wrong:
    return Wrong(name, own, sentence, when=lambda value: fault_of(value) == name)


OWN_FIELD = ValueExercise(
    name="04.own_field",
    title="Your own object, your own network",
    minutes=10,
    difficulty=3,
    objective="design a network whose field covers an object in your own picture, and measure that it does",
    hints=(
        "How many pixels wide is the object, and how far must its left end look to see its right end?",
        "1. measure the object  2. 2 * object_px - 1  3. stack convolutions and poolings  4. measured_receptive_field",
        "Each block of a 3 x 3 convolution and a pooling by 2 about doubles the field.",
    ),
    accept=lambda own: fault_of(own) == "",
    rights=((blocks(3), 15), [blocks(2), 8], (blocks(4), 20)),
    wrongs=(
        _wrong("no pair", blocks(3), "Give both, the network and the size of the object: own = model, object_px."),
        _wrong("no model", ([3, 3, 3], 15), "First comes the network itself, for example nn.Sequential(...)."),
        _wrong("no whole number", (blocks(3), 15.0), "The size of the object is a whole number of pixels."),
        _wrong("no such object", (blocks(3), 1), "Take an object of 4 to 200 pixels; scale the picture if need be."),
        _wrong(
            "no feature map",
            (_Classifier(), 15),
            "The network must turn (1, 3, H, W) of any size into a feature map (1, K, h, w), without an error.",
        ),
        _wrong(
            "too coarse",
            (nn.Sequential(nn.Conv2d(3, 4, 32, stride=32)), 15),
            "The answers of your network stand more than 16 pixels apart: small things fall between them.",
        ),
        _wrong("less than the object", (blocks(1), 15), "Measured: the field is smaller than the object. Go deeper."),
        _wrong(
            "from the middle only",
            (blocks(2), 15),
            "Measured: from its middle your network sees the whole object, but not from its ends. 2 * object_px - 1!",
        ),
        _wrong(
            "holes",
            (nn.Conv2d(3, 8, 3, dilation=15, padding=15), 15),
            "Measured: the field is wide enough, but no path reaches most of the pixels inside. "
            "Mix dilations with a 1 among them, and step by less than a window.",
        ),
    ),
    open=True,
    remark="Measure your field before you train: a network that cannot see the object will not learn its shape.",
)
