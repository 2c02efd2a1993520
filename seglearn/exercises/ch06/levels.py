"""One level of a decoder: SegNet's, which brings places back, and U-Net's, which brings features."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import torch
import torch.nn.functional as F
from torch import Tensor

from seglearn.exercises.kinds import FunctionExercise, Wrong, given
from seglearn.exercises.laws import gradient_reaches, keeps_device


@dataclass(frozen=True)
class Work:
    """What happens in the depth: every value times a number, plus a number."""

    times: float
    plus: float

    def __call__(self, x: Tensor) -> Tensor:
        return x * self.times + self.plus

    def __repr__(self) -> str:
        return f"x -> {self.times:g} * x + {self.plus:g}"


TRIPS = [  # shape of x, work, why
    ((1, 1, 2, 4), Work(1, 0), "nothing happens in the depth"),
    ((1, 1, 4, 2), Work(3, 1), "the depth changes what it gets"),
    ((1, 2, 5, 3), Work(2, 0), "odd sides: the last row and column belong to no window"),
    ((2, 3, 4, 6), Work(-1, 4), "two pictures, three channels"),
    ((2, 1, 7, 5), Work(2, -1), "odd sides, two pictures"),
]


def _trips(seed: int):
    shape, work, note = TRIPS[seed]
    x = torch.rand(shape, generator=torch.Generator().manual_seed(seed + 16)) + 0.5
    return given(x.double() if seed == 3 else x, work, note=note)


def there_and_back(x: Tensor, work: Callable[[Tensor], Tensor]) -> Tensor:
    values, indices = F.max_pool2d(x, 2, return_indices=True)
    return F.max_unpool2d(work(values), indices, 2, output_size=x.shape[-2:])


def _by_scatter(x: Tensor, work: Callable[[Tensor], Tensor]) -> Tensor:
    values, indices = F.max_pool2d(x, 2, return_indices=True)
    return torch.zeros_like(x).flatten(2).scatter(2, indices.flatten(2), work(values).flatten(2)).reshape(x.shape)


def _by_places(x: Tensor, work: Callable[[Tensor], Tensor]) -> Tensor:
    values, indices = F.max_pool2d(x, 2, return_indices=True)
    result, made = torch.zeros_like(x), work(values)
    for n, c, i, j in product(*map(range, values.shape)):
        place = int(indices[n, c, i, j])
        result[n, c, place // x.shape[3], place % x.shape[3]] = made[n, c, i, j]
    return result


def _spread(x: Tensor, work: Callable[[Tensor], Tensor], *, corner: bool) -> Tensor:
    """Return the deep values in the corner of each window, or all over it; what no window holds stays 0."""
    made = work(F.max_pool2d(x, 2))
    rows, columns = made.shape[-2:]
    result = torch.zeros_like(x)
    for i in (0,) if corner else (0, 1):
        for j in (0,) if corner else (0, 1):
            result[..., i : 2 * rows : 2, j : 2 * columns : 2] = made
    return result


def _shrunk(x: Tensor, work: Callable[[Tensor], Tensor]) -> Tensor:
    values, indices = F.max_pool2d(x[..., : x.shape[2] // 2 * 2, : x.shape[3] // 2 * 2], 2, return_indices=True)
    return F.max_unpool2d(work(values), indices, 2)


THERE_AND_BACK = FunctionExercise(
    name="06.there_and_back",
    title="A level of SegNet",
    minutes=6,
    difficulty=2,
    objective="implement a level that remembers the places of its maxima and brings new values back to them",
    hints=(
        "After pooling, which two things must you keep to write a value back where the maximum stood?",
        "1. pool by 2 with indices  2. work on the values  3. unpool with the old indices, to the old size",
        "F.max_unpool2d(work(values), indices, 2, output_size=x.shape[-2:])",
    ),
    cases=_trips,
    seeds=len(TRIPS),
    oracle=there_and_back,
    laws=(gradient_reaches(0), keeps_device()),
    rights=(_by_scatter, _by_places),
    wrongs=(
        Wrong(
            "upper left",
            lambda x, work: _spread(x, work, corner=True),
            "Your values stand in the upper left corner of their windows. The indices say where each maximum stood.",
        ),
        Wrong(
            "copied into the window",
            lambda x, work: _spread(x, work, corner=False),
            "Each value fills its window: that is upsampling. SegNet writes it once, where the maximum stood.",
        ),
        Wrong(
            "no work",
            lambda x, work: there_and_back(x, lambda values: values),
            "The values came back as they went. Call `work` on them in between.",
        ),
        Wrong(
            "work on the large map",
            lambda x, work: work(there_and_back(x, lambda values: values)),
            "You worked after unpooling, so zeros were changed, too. `work` belongs to the depth, between the two.",
        ),
        Wrong(
            "work before pooling",
            lambda x, work: there_and_back(work(x), lambda values: values),
            "You worked before pooling. The depth sees the small map only.",
        ),
        Wrong(
            "size forgotten",
            _shrunk,
            "An odd side came back one pixel short. Unpooling must be told the size: output_size=x.shape[-2:].",
        ),
        Wrong(
            "added to the input",
            lambda x, work: x + there_and_back(x, work),
            "You added the input. In SegNet no feature crosses over, only places do.",
        ),
        Wrong(
            "winners only, unworked",
            lambda x, work: torch.where(there_and_back(x, lambda values: values) != 0, work(x).max(), 0.0).to(x.dtype),
            "Every place got the same number. Each maximum has its own value from the depth.",
        ),
    ),
    remark="Exact places, and three quarters of the map empty: the next convolutions have to fill it.",
)

MEETINGS = [  # skip, deep, why
    ((1, 1, 2, 4), (1, 1, 1, 2), "two maps of one channel"),
    ((1, 2, 4, 6), (1, 3, 2, 3), "more channels from below"),
    ((1, 1, 5, 3), (1, 2, 3, 2), "odd sides: the deep map was rounded up, so it comes back one too large"),
    ((2, 3, 3, 5), (2, 3, 2, 3), "two pictures, as many channels on both sides"),
    ((1, 2, 1, 1), (1, 4, 1, 1), "a single pixel"),
]


def _meetings(seed: int):
    first, second, note = MEETINGS[seed]
    chance = torch.Generator().manual_seed(seed + 26)
    skip, deep = (torch.rand(shape, generator=chance) for shape in (first, second))
    return given(skip.double(), deep.double(), note=note) if seed == 3 else given(skip, deep, note=note)


def _twice(deep: Tensor) -> Tensor:
    return deep.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)


def _fitted(skip: Tensor, up: Tensor) -> Tensor:
    return up[..., : skip.shape[2], : skip.shape[3]]


def join(skip: Tensor, deep: Tensor) -> Tensor:
    return torch.cat([skip, _fitted(skip, _twice(deep))], dim=1)


def _by_interpolate(skip: Tensor, deep: Tensor) -> Tensor:
    up = F.interpolate(deep, scale_factor=2, mode="nearest")
    return torch.cat([skip, up[:, :, : skip.size(2), : skip.size(3)]], dim=1)


def _by_index(skip: Tensor, deep: Tensor) -> Tensor:
    rows, columns = (torch.arange(side, device=skip.device) // 2 for side in skip.shape[2:])
    return torch.cat([skip, deep[:, :, rows[:, None], columns]], dim=1)


JOIN = FunctionExercise(
    name="06.join",
    title="A level of U-Net",
    minutes=6,
    difficulty=2,
    objective="implement the meeting of a skip and what comes from below, at odd sizes too",
    hints=(
        "The deep map has half as many rows, rounded up. Twice that is how many rows, when the skip has 5?",
        "1. each pixel of deep becomes a block of 2 x 2  2. cut what is too much, below and on the right  3. lay the "
        "channels behind those of the skip",
        "torch.cat([skip, up[:, :, : skip.shape[2], : skip.shape[3]]], dim=1)",
    ),
    cases=_meetings,
    seeds=len(MEETINGS),
    oracle=join,
    laws=(gradient_reaches(0), gradient_reaches(1), keeps_device()),
    rights=(_by_interpolate, _by_index),
    wrongs=(
        Wrong(
            "deep first",
            lambda skip, deep: torch.cat([_fitted(skip, _twice(deep)), skip], dim=1),
            "The skip's channels come first here; the next layer's weights rely on the order.",
        ),
        Wrong(
            "added",
            lambda skip, deep: skip + _fitted(skip, _twice(deep))[:, : skip.shape[1]],
            "You added the maps: that is FCN's way. U-Net lays them side by side, along the channels.",
        ),
        Wrong(
            "along the batch",
            lambda skip, deep: torch.cat([skip, _fitted(skip, _twice(deep))[:, : skip.shape[1]]], dim=0),
            "You joined along axis 0: that makes more pictures. Channels are axis 1.",
        ),
        Wrong(
            "skip cut to fit",
            lambda skip, deep: torch.cat([skip[..., ::2, ::2], deep], dim=1),
            "You made the skip as small as the deep map. It is the deep map that has to grow.",
        ),
        Wrong(
            "last row cut",
            lambda skip, deep: join(skip[..., : skip.shape[2] // 2 * 2, : skip.shape[3] // 2 * 2], deep),
            "At odd sizes you cut the skip. Cut the enlarged deep map: the output must be as large as the skip.",
        ),
        Wrong(
            "odd sides stretched",
            lambda skip, deep: torch.cat([skip, F.interpolate(deep, skip.shape[-2:], mode="nearest-exact")], dim=1),
            "You stretch the deep map over an odd side. Then its pixels no longer lie over those they came from.",
        ),
        Wrong(
            "blended",
            lambda skip, deep: torch.cat([skip, _blended(skip, deep)], dim=1),
            "You blend neighbors (bilinear). Here every deep pixel is simply repeated, 2 x 2.",
        ),
        Wrong(
            "cut on the wrong side",
            lambda skip, deep: torch.cat([skip, _twice(deep)[..., -skip.shape[2] :, -skip.shape[3] :]], dim=1),
            "You cut the surplus row at the top. It came from rounding up at the end, so it is the last one.",
        ),
        Wrong(
            "skip lost",
            lambda skip, deep: torch.cat([torch.zeros_like(skip), _fitted(skip, _twice(deep))], dim=1),
            "The channels of the skip are all zero: nothing crosses over.",
        ),
    ),
    remark="The skip brings the where, the deep map the what, and the next convolution may mix them.",
)


def _blended(skip: Tensor, deep: Tensor) -> Tensor:
    return _fitted(skip, F.interpolate(deep, scale_factor=2, mode="bilinear", align_corners=False))
