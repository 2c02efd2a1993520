"""Drawn street scenes: photographs of a street that never was, with a label for every pixel.

A scene is planned first (weather, camera, street, what stands where) and then painted from far to near, so that
near things hide far ones, in the picture and in the mask alike.
"""

from numbers import Integral

import numpy as np
import torch
from torch import Tensor

from seglearn.data.street_houses import paint_rows, paint_skyline
from seglearn.data.street_light import expose, shine
from seglearn.data.street_plan import plan_rows, plan_things, plan_view
from seglearn.data.street_stage import paint_ground, paint_sky
from seglearn.data.street_things import paint_hedge
from seglearn.data.textures import scene_rng

SMALLEST = 16  # pixels; below, a street has no room for eight classes


def draw_street(index: int, *, seed: int = 0, size: tuple[int, int] = (64, 96)) -> tuple[Tensor, Tensor]:
    """Return a drawn street scene and its mask; the same index and seed give the same scene.

    A pixel has the label of what covers at least half of it. Every pixel has a label: none is ignored. Wires,
    halos, reflections, shadows, rain and snow have no label of their own. Another size is another scene.

    Shapes:
        image (3, H, W) float32   in [0, 1]
        mask  (H, W) int64        labels of labels.STREETS

    Raises:
        TypeError: index or seed is not a whole number.
        ValueError: the picture would be smaller than 16 x 16, or index or seed is negative.

    Example:
        >>> image, mask = draw_street(3, size=(32, 48))
        >>> image.shape, mask.shape
        (torch.Size([3, 32, 48]), torch.Size([32, 48]))
    """
    height, width = _checked(index, seed, size)
    view = plan_view(scene_rng(seed, index), height, width)
    paint_sky(view)
    paint_ground(view)
    paint_skyline(view)
    rows, park = plan_rows(view)
    paint_rows(view, rows)
    if park:
        paint_hedge(view, park)
    for thing in sorted(plan_things(view), key=lambda thing: -thing.z):
        thing.paint(view, thing.x, thing.z)
    shine(view)
    image, mask = view.canvas.develop()
    return torch.from_numpy(expose(view, image)), torch.from_numpy(mask.astype(np.int64))


def _checked(index: int, seed: int, size: tuple[int, int]) -> tuple[int, int]:
    for name, number in (("index", index), ("seed", seed)):
        if not isinstance(number, Integral):
            raise TypeError(f"draw_street: {name} must be a whole number, got {number!r}. Use int({name}).")
        if number < 0:
            raise ValueError(f"draw_street: {name} must be 0 or more, got {number}. Scenes are counted from 0.")
    if len(size) != 2 or min(size) < SMALLEST:
        raise ValueError(
            f"draw_street: size must be (height, width) of at least {SMALLEST} pixels each, got {tuple(size)}. "
            "Draw larger and shrink the picture, if you must."
        )
    return int(size[0]), int(size[1])
