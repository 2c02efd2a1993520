"""A mask that keeps its labels: what torchvision does to masks, with the two rules that it lacks.

torchvision's transforms look up what to do by the type of what they are given. We give them a `LabelMask`, and they
find the two rules of this course: a new size takes the label under the center of each new pixel (nearest-exact;
torchvision's NEAREST is half a pixel off), and a pixel that comes from nowhere is 255, ignored, whatever `fill` says.
"""

import inspect
from collections.abc import Callable

import torch
from torch import Tensor
from torchvision import tv_tensors
from torchvision.transforms.v2 import functional as F

from seglearn.data.reading import centers
from seglearn.labels import IGNORE


class LabelMask(tv_tensors.Mask):
    """A mask (..., H, W) on its way through torchvision's transforms; `augment` wraps and unwraps it.

    Example:
        >>> F.pad(LabelMask(torch.tensor([[1, 2]])), [1, 0]).tolist()  # torchvision's own Mask would get 0
        [[255, 1, 2, 255]]
        >>> F.resize(LabelMask(torch.tensor([[1, 2, 3]])), [1, 1]).tolist()  # the middle; torchvision's own gives 1
        [[2]]
    """


def nearest(mask: Tensor, size: tuple[int, int]) -> Tensor:
    """Return a mask (..., H, W) in another size: each new pixel takes the label under its center."""
    rows, columns = (centers(new, old) for new, old in zip(size, mask.shape[-2:], strict=True))
    return mask.index_select(-2, rows).index_select(-1, columns)


def _around_ignore(kernel: Callable) -> Callable:
    """Return torchvision's kernel on labels minus 255: the zeros that it puts where nothing was become 255."""
    known = set(inspect.signature(kernel).parameters) - {"fill"}

    def moved(mask: LabelMask, *where, **options) -> Tensor:
        options = {name: value for name, value in options.items() if name in known}
        result = kernel(mask.as_subclass(Tensor).long() - IGNORE, *where, **options) + IGNORE
        return tv_tensors.wrap(result, like=mask)

    return moved


for _name in ("affine", "rotate", "perspective", "elastic", "pad", "crop", "center_crop"):
    F.register_kernel(getattr(F, _name), LabelMask)(_around_ignore(getattr(F, f"{_name}_mask")))


@F.register_kernel(F.resize, LabelMask)
def _resize(mask: LabelMask, size: list[int] | None, **options) -> Tensor:
    blank = torch.zeros(1, 1, 1).expand(1, *mask.shape[-2:])  # torchvision knows what one number, or max_size, means
    new = F.resize_image(blank, size, interpolation="nearest", max_size=options.get("max_size")).shape[-2:]
    return tv_tensors.wrap(nearest(mask.as_subclass(Tensor), new), like=mask)


@F.register_kernel(F.resized_crop, LabelMask)
def _resized_crop(mask: LabelMask, top: int, left: int, height: int, width: int, size: list[int], **options) -> Tensor:
    return F.resize(F.crop(mask, top, left, height, width), size)


@F.register_kernel(F.erase, LabelMask)
def _erase(mask: LabelMask, i: int, j: int, h: int, w: int, v: Tensor, inplace: bool = False) -> Tensor:
    """Where the picture is erased nobody can be asked: torchvision leaves masks alone, we write 255."""
    result = mask.as_subclass(Tensor).clone()
    result[..., i : i + h, j : j + w] = IGNORE
    return tv_tensors.wrap(result, like=mask)
