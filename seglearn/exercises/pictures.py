"""Yours, expected and the difference as three small pictures, and values as words."""

import io
import re
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from seglearn.exercises.compare import as_tensor, spell_number, unequal
from seglearn.exercises.verdicts import Pictures
from seglearn.labels import IGNORE, STREETS, LabelSet, colorize

FEW = 48  # values that are spelled out in full
SIDE_PX = 150  # of the longer edge of a picture
PAPER, RED = (236, 236, 236), (213, 70, 0)
MANY = LabelSet(tuple(map(str, range(IGNORE))), tuple(STREETS.colors[k % len(STREETS)] for k in range(IGNORE)))


def three_pictures(yours: Any, expected: Any, tolerance: float | None = None) -> Pictures | None:
    """Return yours, expected and where they differ as pictures; None where that is not two images of one shape.

    Of a stack of maps (K, H, W) the first map that differs is shown; three channels in [0, 1] are shown as a color image.
    """
    if not all(isinstance(x, Tensor | np.ndarray) for x in (yours, expected)) or yours.shape != expected.shape:
        return None
    mine, right = as_tensor(yours), as_tensor(expected)
    if right.ndim < 2 or right.is_complex() or min(right.shape) < 1:
        return None
    apart = unequal(mine, right, tolerance)
    if not apart.any():
        return None
    which = ""
    if _is_color(right):
        mine, right = (x if x.shape[-1] == 3 else x.permute(1, 2, 0) for x in (mine, right))
        apart = apart.any(dim=-1 if apart.shape[-1] == 3 else 0)
    while apart.ndim > 2:  # walk to the first map that differs
        k = int(apart.flatten(1).any(dim=1).nonzero()[0])
        mine, right, apart, which = mine[k], right[k], apart[k], f"{which}[{k}]"
    if min(apart.shape) < 2 or max(apart.shape) > 1024:
        return None
    low, high = _range(right if right.is_floating_point() else mine, right)
    said = f"{int(apart.sum())} of {apart.numel()} pixels differ"
    items = [(f"yours{which}", _png(_painted(mine, low, high)), f"your result{which}")]
    items += [(f"expected{which}", _png(_painted(right, low, high)), f"the expected result{which}")]
    items += [(said, _png(_marked(apart)), f"the pixels that differ: {said}")]
    return Pictures(items)


def picture_of(caption: str, value: Any) -> tuple[str, bytes, str] | None:
    """Return an image or a mask as an item of `Pictures`; None for what is small enough to be spelled, or no picture."""
    if not isinstance(value, Tensor | np.ndarray):
        return None
    x = as_tensor(value)
    if x.numel() <= FEW or x.is_complex() or not (x.ndim == 2 or _is_color(x)) or max(x.shape) > 1024:
        return None
    x = x.permute(1, 2, 0) if _is_color(x) and x.shape[-1] != 3 else x
    return caption, _png(_painted(x, *_range(x))), f"{caption}, {spell(value)}"


def _is_color(x: Tensor) -> bool:
    if x.ndim != 3 or 3 not in (x.shape[0], x.shape[-1]) or min(x.shape[:2]) < 2:
        return False
    return x.dtype == torch.uint8 or (x.is_floating_point() and x.min() >= 0 and x.max() <= 1 and len(x.unique()) > 2)


def _range(*maps: Tensor) -> tuple[float, float]:
    values = torch.cat([x.double().flatten() for x in maps])
    values = values[values.isfinite()]
    low, high = (values.min().item(), values.max().item()) if len(values) else (0.0, 1.0)
    return min(low, 0.0), max(high, low + 1e-12)


def _painted(x: Tensor, low: float, high: float) -> np.ndarray:
    """Return (H, W, 3) uint8: labels in the course's colors, other numbers in gray, NaN in red."""
    x = x.cpu()
    if x.ndim == 3:
        return (x.clamp(0, 1) * 255).byte().numpy() if x.is_floating_point() else x.byte().numpy()
    if (
        not x.is_floating_point()
        and x.dtype != torch.bool
        and x.min() >= 0
        and x.max() <= IGNORE
        and x.dtype != torch.uint8
    ):
        return colorize(x.long(), MANY).numpy()
    gray = ((x.double() - low) / (high - low)).clamp(0, 1).nan_to_num(0) * 255
    picture = gray.byte()[..., None].expand(-1, -1, 3).clone()
    picture[x.isnan()] = torch.tensor(RED, dtype=torch.uint8)
    return picture.numpy()


def _marked(apart: Tensor) -> np.ndarray:
    return torch.where(apart[..., None].cpu(), torch.tensor(RED), torch.tensor(PAPER)).byte().numpy()


def _png(pixels: np.ndarray) -> bytes:
    """Return the picture as PNG, enlarged by a whole number so that a pixel is a square."""
    times = max(1, SIDE_PX // max(pixels.shape[:2]))
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).resize((pixels.shape[1] * times, pixels.shape[0] * times), 0).save(
        file, "PNG"
    )
    return file.getvalue()


def spell(value: Any) -> str:
    """Return a value in words: a small tensor in full, a large one by shape, type and range.

    Example:
        >>> spell(torch.zeros(30, 40))
        'tensor of shape (30, 40), torch.float32, values 0 to 0'
    """
    if isinstance(value, Tensor | np.ndarray) and as_tensor(value).numel() > FEW:
        x = as_tensor(value)
        kind = "tensor" if isinstance(value, Tensor) else "array"
        ends = () if x.is_complex() else (f", values {spell_number(x.min().item())} to {spell_number(x.max().item())}",)
        return f"{kind} of shape {tuple(x.shape)}, {value.dtype}{''.join(ends)}"
    if isinstance(value, Tensor | np.ndarray):
        values = re.sub(r"\n\s*\n", "\n", repr(value))  # without the empty lines between maps
        return f"{values}\nshape {tuple(value.shape)}, {value.dtype}"
    try:
        words = repr(value)
    except Exception:
        words = f"a {type(value).__name__} that cannot be printed"
    return words if len(words) <= 600 else f"{words[:580]} ... ({len(words)} characters)"
