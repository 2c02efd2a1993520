"""The learner's own thing: how coarse may a map be before the thing is lost?"""

import functools
import operator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from seglearn.exercises.kinds import ValueExercise, Wrong
from seglearn.labels import IGNORE

STRIDES = (2, 4, 8, 16, 32)
ENOUGH = 0.5  # IoU


def coarse_and_back(mask: Tensor, stride: int) -> Tensor:
    """Return the mask (H, W) after perfect scores were made coarse and enlarged again; as the notebook does it."""
    planes = (mask == torch.arange(int(mask[mask != IGNORE].max()) + 1)[:, None, None]).float()[None]  # (1, K, H, W)
    small = F.interpolate(planes, [-(-side // stride) for side in mask.shape], mode="area")
    return F.interpolate(small, mask.shape, mode="bilinear", align_corners=False)[0].argmax(dim=0)


def iou_at(mask: Tensor, label: int, stride: int) -> float:
    """Return the IoU of one label that a perfect map of this stride can reach; void is not asked."""
    seen = mask != IGNORE
    guess, truth = coarse_and_back(mask, stride)[seen] == label, mask[seen] == label
    return float((guess & truth).sum() / (guess | truth).sum())


@functools.lru_cache(maxsize=4)
def _largest(values: bytes, shape: tuple[int, int], label: int) -> int:
    """Return the largest stride that keeps the label, 1 where none of them does."""
    mask = torch.frombuffer(bytearray(values), dtype=torch.int64).reshape(shape)
    return max((stride for stride in STRIDES if iou_at(mask, label, stride) >= ENOUGH), default=1)


def largest_stride(mask: Tensor, label: int) -> int:
    """Return the largest of the strides with which a perfect map keeps IoU 0.5 of a label, 1 where none does."""
    return _largest(mask.contiguous().numpy().tobytes(), tuple(mask.shape), label)


def fault_of(own: Any) -> str:
    """Return the name of the first thing that is wrong with (mask, label, stride), "" where all is right."""
    if not isinstance(own, tuple | list) or len(own) != 3:
        return "no triple"
    mask, label, stride = own
    if not isinstance(mask, Tensor) or mask.ndim != 2 or mask.dtype != torch.int64 or min(mask.shape) < 8:
        return "no mask"
    if not all(hasattr(n, "__index__") and not isinstance(n, bool) for n in (label, stride)):
        return "no whole numbers"
    label, stride = operator.index(label), operator.index(stride)
    if label == IGNORE or not (mask == label).any():
        return "label is not there"
    if mask[mask != IGNORE].unique().numel() < 2:
        return "one label only"
    if stride not in (1, *STRIDES):
        return "no such stride"
    largest = largest_stride(mask, label)
    return "" if stride == largest else "a larger one will do" if stride < largest else "already lost"


def _street() -> Tensor:
    """Return a small picture: a wide road, a pole of three pixels, a car."""
    mask = torch.zeros(48, 64, dtype=torch.int64)
    mask[30:], mask[8:40, 20:23], mask[26:38, 36:58] = 1, 2, 3
    mask[0] = IGNORE
    return mask


def _wrong(name: str, own: Any, sentence: str) -> Wrong:
    return Wrong(name, own, sentence, when=lambda value: fault_of(value) == name)


_MASK = _street()
OWN_STRIDE = ValueExercise(
    name="06.own_stride",
    title="Your own thing, and the coarsest map that keeps it",
    minutes=8,
    difficulty=2,
    objective="choose the stride of a decoder from a mask of your own",
    hints=(
        "How thin is your thing, in pixels, and how large is a block of a map with stride 8?",
        "1. a mask and a label  2. coarse_and_back for each stride  3. the IoU of the label  4. the last one with 0.5",
        "iou(confusion_matrix(coarse_and_back(own_mask, s)[None], own_mask[None], K))[label] >= 0.5",
    ),
    accept=lambda own: fault_of(own) == "",
    rights=tuple((_MASK, label, largest_stride(_MASK, label)) for label in (1, 2, 3)),
    wrongs=(
        _wrong("no triple", _MASK, "Give all three: own = mask, label, stride."),
        _wrong("no mask", (_MASK.float(), 1, 8), "The mask is (H, W), int64, at least 8 x 8: mask.long() helps."),
        _wrong("no whole numbers", (_MASK, 1, 8.0), "Label and stride are whole numbers."),
        _wrong("label is not there", (_MASK, 7, 8), "No pixel of your mask has this label (void, 255, is none)."),
        _wrong("one label only", (torch.ones(9, 9).long(), 1, 8), "Your mask has one label only: nothing can be lost."),
        _wrong("no such stride", (_MASK, 1, 64), "Choose among 2, 4, 8, 16 and 32; 1 says that even 2 loses it."),
        _wrong("a larger one will do", (_MASK, 1, 2), "There is a larger stride that still keeps an IoU of 0.5."),
        _wrong("already lost", (_MASK, 2, 32), "With this stride a perfect map has an IoU below 0.5 for your thing."),
    ),
    open=True,
    remark="Skips must come from a level at least as fine as that, or the thing is not in them either.",
)
