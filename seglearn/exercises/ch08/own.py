"""Two guesses for an object of your own, between which two judges quarrel."""

import torch
from torch import Tensor

from seglearn.exercises.kinds import ValueExercise, Wrong
from seglearn.metrics import boundary_iou, confusion_matrix, iou


def _class_iou(pred: Tensor, mask: Tensor) -> float:
    return iou(confusion_matrix(pred.long()[None], mask.long()[None], 2))[1].item()


def fault_of(trio) -> str:
    """Return the name of the first thing that is wrong with (mask, first, second), "" where the judges quarrel."""
    if not isinstance(trio, tuple | list) or len(trio) != 3 or not all(isinstance(x, Tensor) for x in trio):
        return "no three tensors"
    mask, first, second = trio
    if any(x.dtype != torch.bool for x in trio):
        return "not true and false"
    if mask.ndim != 2 or not mask.shape == first.shape == second.shape:
        return "shapes differ"
    if mask.numel() < 64:
        return "too small"
    if not mask.any() or mask.all():
        return "no object"
    better = _class_iou(first, mask) > _class_iou(second, mask)
    sharper = boundary_iou(second, mask).item() > boundary_iou(first, mask).item()
    return {
        (True, False): "first wins both",
        (False, True): "second wins both",
        (False, False): "the other way round",
    }.get((better, sharper), "")


def _disk(radius: float, hole: float = 0.0, *, at: float = 12.0) -> Tensor:
    y, x = torch.meshgrid(torch.arange(24.0), torch.arange(26.0), indexing="ij")
    away = ((y - at) ** 2 + (x - at) ** 2).sqrt()
    return (away <= radius) & (away >= hole)


_TRUE, _FAT, _RING = _disk(8), _disk(9.5), _disk(8, 5)


def _wrong(name: str, trio, sentence: str) -> Wrong:
    return Wrong(name, trio, sentence, when=lambda value: fault_of(value) == name)


OWN = ValueExercise(
    name="08.own_judges",
    title="Your own picture: two judges quarrel",
    minutes=10,
    difficulty=3,
    objective="construct two guesses for an object of your own that IoU and boundary IoU rank differently",
    open=True,
    accept=lambda trio: fault_of(trio) == "",
    hints=(
        "Which mistake costs much area and no outline? Which costs outline and little area?",
        "1. first: the object, a little too fat  2. second: its outline exactly, with an empty inside",
        "fat = F.max_pool2d(own_mask[None, None].float(), 5, 1, 2)[0, 0] > 0; hollow = boundary(own_mask, width=3)",
    ),
    wrongs=(
        _wrong("no three tensors", _TRUE, "Give three tensors: own = own_mask, first, second."),
        _wrong(
            "not true and false",
            (_TRUE.long(), _FAT, _RING),
            "All three are masks of True and False: compare, or use .bool().",
        ),
        _wrong("shapes differ", (_TRUE, _FAT[:, 1:], _RING), "All three need one shape (H, W)."),
        _wrong("too small", (_TRUE[:5, :5], _FAT[:5, :5], _RING[:5, :5]), "Take a picture of at least 64 pixels."),
        _wrong("no object", (_TRUE & False, _FAT, _RING), "The mask needs an object and something that is not object."),
        _wrong(
            "first wins both",
            (_TRUE, _TRUE, _FAT),
            "`first` wins with both judges. Give `second` a better outline, whatever its inside.",
        ),
        _wrong(
            "second wins both",
            (_TRUE, _FAT, _TRUE),
            "`second` wins with both judges. Take away its inside, and keep its outline.",
        ),
        _wrong(
            "the other way round", (_TRUE, _RING, _FAT), "They quarrel, the other way round: swap first and second."
        ),
    ),
    rights=((_TRUE, _FAT, _RING), [_TRUE, _disk(9.5), _disk(8, 6)]),
    remark="Before you choose a score, ask which of the two guesses you would rather have.",
)
