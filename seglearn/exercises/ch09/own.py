"""Your own picture and mask, augmented: what came out, and whether it may be believed."""

from typing import Any

import torch
from torch import Tensor

from seglearn.exercises.kinds import ValueExercise, Wrong
from seglearn.labels import IGNORE


def fault_of(value: Any) -> str:
    """Return the name of the first thing that is wrong with (image, mask, new image, new mask)."""
    if not (isinstance(value, tuple | list) and len(value) == 4 and all(isinstance(x, Tensor) for x in value)):
        return "not four"
    image, mask, new_image, new_mask = value
    if not all(x.ndim == 3 and x.is_floating_point() for x in (image, new_image)):
        return "no images"
    if not all(x.ndim == 2 and not x.is_floating_point() for x in (mask, new_mask)):
        return "no masks"
    if image.shape[1:] != mask.shape or new_image.shape[1:] != new_mask.shape:
        return "sizes"
    if not set(new_mask.unique().tolist()) <= {*mask.unique().tolist(), IGNORE}:
        return "new label"
    if new_mask.shape == mask.shape and torch.equal(new_mask, mask) and torch.equal(new_image, image):
        return "unchanged"
    if new_mask.shape == mask.shape and torch.equal(new_mask, mask) and torch.equal(new_image, image.flip(-1)):
        return "image alone"
    return ""


def _wrong(name: str, answer: Any, sentence: str) -> Wrong:
    return Wrong(name, answer, sentence, when=lambda value: fault_of(value) == name)


_IMAGE = torch.linspace(0, 1, 3 * 4 * 5).reshape(3, 4, 5)
_MASK = torch.tensor([[0, 0, 1, 1, 1]] * 4)
_FLIPPED = _IMAGE.flip(-1), _MASK.flip(-1)

OWN = ValueExercise(
    name="09.own_pair",
    title="Your own pictures, on another day",
    minutes=10,
    difficulty=2,
    objective="apply augmentation to a picture and a mask of your own, and check the pair",
    open=True,
    accept=lambda value: fault_of(value) == "",
    hints=(
        "What may change in your pictures from day to day without changing the answer?",
        "1. your image and mask  2. a transform  3. augment(image, mask, transform, seed=0)  4. all four, in order",
        "own = image, mask, *augment(image, mask, street_augmentation((48, 64)), seed=0)",
    ),
    wrongs=(
        _wrong("not four", _FLIPPED, "Four tensors are asked: image, mask, new image, new mask."),
        _wrong("no images", (_MASK, _MASK, *_FLIPPED), "First and third stand images: (C, H, W), floats in 0..1."),
        _wrong("no masks", (_IMAGE, _IMAGE[0], *_FLIPPED), "Second and fourth stand masks: (H, W), whole numbers."),
        _wrong("sizes", (_IMAGE, _MASK[:3], *_FLIPPED), "An image and its mask differ in height or width."),
        _wrong(
            "new label",
            (_IMAGE, _MASK, _FLIPPED[0], _FLIPPED[1] * 2),
            "The new mask holds a label that your mask does not have. Was it blended?",
        ),
        _wrong("unchanged", (_IMAGE, _MASK, _IMAGE, _MASK), "Nothing has changed: try another seed or transform."),
        _wrong(
            "image alone",
            (_IMAGE, _MASK, _FLIPPED[0], _MASK),
            "The image is mirrored and its mask is not. `augment` takes both.",
        ),
    ),
    rights=((_IMAGE, _MASK, *_FLIPPED), [_IMAGE, _MASK, _IMAGE[:, :2] * 0.9, _MASK[:2]]),
    remark="If you would label the new picture as the new mask does, the transform is fair.",
)
