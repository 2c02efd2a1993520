"""Two transforms that torchvision lacks, built as its own are: to stand in a Compose beside them."""

import math
from typing import Any

import torch
from torch import Tensor
from torchvision import tv_tensors
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as F

from seglearn.data.augmentation.masks import nearest
from seglearn.labels import IGNORE

Color = float | tuple[float, ...]  # gray, or one number per channel, in 0..1
GRAY = 0.5


class RandomScaleCrop(v2.Transform):
    """Zoom by chance, then cut out `size` pixels by chance; what lies beyond the edge is `fill`, and 255 in the mask.

        a window of (height/zoom, width/zoom) pixels, somewhere on the picture, is shown in (height, width) pixels

    Zoom is as likely between 1/2 and 1 as between 1 and 2. One step instead of torchvision's two (ScaleJitter, then
    RandomCrop): only what will be seen is computed.

    Args:
        size: (height, width) of what comes out.
        scale: smallest and largest zoom; 2 shows things twice as large.
        fill: the color beyond the edge.

    Raises:
        ValueError: `size` or `scale` is not above 0, or `scale` is upside down.
    """

    def __init__(self, size: tuple[int, int], *, scale: tuple[float, float] = (0.75, 1.5), fill: Color = GRAY):
        super().__init__()
        if len(size) != 2 or min(size) < 1 or not 0 < scale[0] <= scale[1]:
            raise ValueError(
                "RandomScaleCrop: size must be (height, width) from 1 on and scale (smallest, largest) above 0, got "
                f"size={tuple(size)}, scale={tuple(scale)}."
            )
        self.size, self.scale, self.fill = tuple(size), tuple(scale), fill

    def make_params(self, flat_inputs: list[Any]) -> dict[str, int]:
        low, high = (math.log(zoom) for zoom in self.scale)
        zoom, *places = torch.rand(3).tolist()
        zoom = math.exp(low + (high - low) * zoom)
        height, width = (max(1, round(side / zoom)) for side in self.size)
        sides = zip(places, flat_inputs[0].shape[-2:], (height, width), strict=True)
        top, left = (_place(chance, there - wanted) for chance, there, wanted in sides)
        return {"top": top, "left": left, "height": height, "width": width}

    def transform(self, inpt: Any, params: dict[str, int]) -> Any:
        is_mask = isinstance(inpt, tv_tensors.Mask)
        window = cut_out(inpt.as_subclass(Tensor), **params, fill=IGNORE if is_mask else self.fill)
        if is_mask:
            result = nearest(window, self.size)
        else:
            shrinks = params["height"] > self.size[0] or params["width"] > self.size[1]
            result = F.resize_image(window, list(self.size), antialias=shrinks)
        return tv_tensors.wrap(result, like=inpt)


def _place(chance: float, room: int) -> int:
    """Return one of the numbers from 0 to room, each as likely; room is below 0 where the window is the larger one."""
    return min(int(chance * (abs(room) + 1)), abs(room)) * (1 if room > 0 else -1)


def cut_out(picture: Tensor, *, top: int, left: int, height: int, width: int, fill: Color) -> Tensor:
    """Return a window of a picture (..., H, W); where it reaches beyond the edge, it is `fill`.

    Example:
        >>> cut_out(torch.tensor([[1, 2, 3]]), top=0, left=-1, height=1, width=3, fill=9)
        tensor([[9, 1, 2]])
    """
    seen = picture[..., max(0, top) : max(0, top + height), max(0, left) : max(0, left + width)]
    if seen.shape[-2:] == (height, width):
        return seen
    window = picture.new_empty(*picture.shape[:-2], height, width)
    window[:] = torch.as_tensor(fill, dtype=picture.dtype).reshape(-1, 1, 1) if isinstance(fill, tuple) else fill
    y, x = max(0, -top), max(0, -left)
    window[..., y : y + seen.shape[-2], x : x + seen.shape[-1]] = seen
    return window


class Cutout(v2.RandomErasing):
    """Cover a rectangle with a color, and its mask with 255: where nothing can be seen, nobody is asked.

    As torchvision's RandomErasing, which leaves the mask alone.

    Args:
        p: how often.
        scale: the smallest and the largest share of the picture that is covered.
        fill: the color of the cover.

    Source: DeVries and Taylor 2017, arXiv:1708.04552; Zhong et al. 2017, arXiv:1708.04896.
    """

    def __init__(self, p: float = 0.5, *, scale: tuple[float, float] = (0.02, 0.15), fill: Color = GRAY):
        super().__init__(p=p, scale=scale, value=fill)

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        if not isinstance(inpt, tv_tensors.Mask) or params["v"] is None:
            return super().transform(inpt, params)
        covered = inpt.as_subclass(Tensor).clone()
        covered[..., params["i"] : params["i"] + params["h"], params["j"] : params["j"] + params["w"]] = IGNORE
        return tv_tensors.wrap(covered, like=inpt)
