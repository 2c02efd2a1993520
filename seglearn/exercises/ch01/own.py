"""The learner's own picture with its mask: what is still missing, first things first."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from seglearn.exercises.kinds import ValueExercise, Wrong
from seglearn.labels import IGNORE

IMAGE = torch.linspace(0, 1, 9).reshape(3, 1, 3)
MASK = torch.tensor([[0, 1, IGNORE]])


def fault_of(own: Any) -> str:
    """Return the name of the first thing that is wrong with an (image, mask) pair, "" where it is complete."""
    if isinstance(own, Tensor | np.ndarray):
        return "only one of them"
    if not isinstance(own, tuple | list) or len(own) != 2:
        return "no pair"
    if any(isinstance(part, np.ndarray) for part in own):
        return "numpy arrays"
    if not all(isinstance(part, Tensor) for part in own):
        return "no pair"
    return _image_fault(own[0]) or _mask_fault(own[1], own[0])


def _image_fault(image: Tensor) -> str:
    if image.ndim != 3 or image.shape[0] != 3 or not image.numel():
        return "no image"
    in_range = image.dtype == torch.float32 and bool(((image >= 0) & (image <= 1)).all())
    return "" if in_range else "image not in [0, 1]"


def _mask_fault(mask: Tensor, image: Tensor) -> str:
    if mask.is_floating_point():
        return "mask of floats"
    if mask.dtype != torch.int64:
        return "mask of another type"
    if mask.shape != image.shape[1:]:
        return "sizes differ"
    named = mask[mask != IGNORE].unique()
    if not len(named):
        return "only void"
    if named.min() < 0 or named.max() > IGNORE:
        return "no such label"
    if len(named) == 1:
        return "one label"
    return "" if (mask == IGNORE).any() else "no void"


def _wrong(name: str, own: Any, sentence: str) -> Wrong:
    return Wrong(name, own, sentence, when=lambda value: fault_of(value) == name)


OWN_IMAGE = ValueExercise(
    name="01.own_image",
    title="Your own picture",
    minutes=10,
    difficulty=3,
    objective="implement the way from a picture file to an (image, mask) pair, and check it with your eyes",
    hints=(
        "Which two things in your picture can you separate by brightness, or by a few rectangles?",
        "1. read_image  2. a mask of zeros with some label in a part of it  3. 255 where you are not sure  4. look",
        "own_mask = (own_picture.mean(dim=0) > 0.5).long(), then 255 in a band where you are not sure.",
    ),
    accept=lambda own: fault_of(own) == "",
    wrongs=(
        _wrong("only one of them", IMAGE, "Give both, the image and the mask: own = own_picture, own_mask."),
        _wrong("no pair", (IMAGE, MASK, MASK), "A pair is wanted, two tensors: own = own_picture, own_mask."),
        _wrong("numpy arrays", (IMAGE.numpy(), MASK.numpy()), "Both must be torch tensors: torch.from_numpy(...)."),
        _wrong(
            "no image",
            (IMAGE.permute(1, 2, 0)[:, :2], MASK[:, :2]),
            "First comes the image, of shape (3, H, W): read_image makes one.",
        ),
        _wrong(
            "image not in [0, 1]",
            ((255 * IMAGE).byte(), MASK),
            "The image must hold float32 from 0 to 1: use read_image, or .float() / 255.",
        ),
        _wrong("mask of floats", (IMAGE, MASK.float()), "The mask holds floats: add .long()."),
        _wrong("mask of another type", (IMAGE, MASK.byte()), "The mask must hold int64: add .long()."),
        _wrong("sizes differ", (IMAGE, MASK.T), "The mask must be (H, W), exactly as high and as wide as the image."),
        _wrong(
            "no such label",
            (IMAGE, torch.tensor([[-1, 0, IGNORE]])),
            "Besides 255, labels are whole numbers from 0 to 254. As an index, -1 would mean the last class.",
        ),
        _wrong("only void", (IMAGE, MASK * 0 + IGNORE), "Every pixel is 255, so your mask says nothing yet."),
        _wrong(
            "one label",
            (IMAGE, torch.tensor([[0, 0, IGNORE]])),
            "Two labels are needed besides 255; your mask has one.",
        ),
        _wrong(
            "no void",
            (IMAGE, torch.tensor([[0, 1, 1]])),
            "A good pair so far. Now mark with 255 where you yourself are not sure.",
        ),
    ),
    rights=((IMAGE, MASK), [IMAGE, MASK]),
    open=True,
    remark="Drawing masks by hand is how every data set began. You now know what it costs.",
)
