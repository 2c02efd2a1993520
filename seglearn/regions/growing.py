"""Regions that grow from a point, with their queue in the open."""

from collections import deque
from collections.abc import Sequence

import torch
from torch import Tensor

from seglearn.checks import check_shapes

NEIGHBORS = {  # connectivity -> steps (down, right)
    1: ((-1, 0), (0, -1), (0, 1), (1, 0)),
    2: ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)),
}


def region_growing(
    image: Tensor, seeds: Sequence[tuple[int, int]] | Tensor, *, tolerance: float, connectivity: int = 1
) -> Tensor:
    """Return which pixels can be reached from a seed over pixels that look like it.

    From each seed the region grows step by step to neighbors whose value differs from the *seed's* by at most
    `tolerance`. With several seeds the result is everything that was reached from any of them.

    Shapes:
        image  (H, W) any real type
        seeds  S pairs (row, column); one pair alone is one seed
        result (H, W) bool

    Args:
        connectivity: 1 steps to 4 neighbors (up, left, right, down), 2 to all 8, as in scikit-image.

    Empty case: without a seed nothing grows. NaN looks like nothing, and no region enters it.

    Raises:
        ValueError: image or seeds have other axes, a seed lies outside the image or on a value that is not finite,
            the tolerance is negative, or connectivity is neither 1 nor 2.
        TypeError: a seed is not made of whole numbers.

    Example:
        >>> image = torch.tensor([[5, 6, 9, 5], [9, 7, 9, 5]])
        >>> region_growing(image, [(0, 0)], tolerance=2)  # the 5s on the right look the same and cannot be reached
        tensor([[ True,  True, False, False],
                [False,  True, False, False]])

    Source: Adams and Bischof 1994, doi:10.1109/34.295913, with a fixed tolerance in place of their ranking; for one
    seed as skimage.segmentation.flood (for floats, the limits seed ± tolerance are rounded to the image's type, too).
    """
    where = "region_growing"
    check_shapes(where, image=(image, "H W"))
    places = _seeds(where, image, seeds)
    if not tolerance >= 0:
        raise ValueError(f"{where}: tolerance must be 0 or more, got {tolerance}. It is a difference of values.")
    if connectivity not in NEIGHBORS:
        raise ValueError(f"{where}: connectivity must be 1 (4 neighbors) or 2 (all 8), got {connectivity}.")
    region = torch.zeros(image.shape, dtype=torch.bool)
    values = image.detach().cpu().tolist()  # a walk over single pixels is ten times faster in Python's own lists
    for row, column in places:
        low, high = values[row][column] - tolerance, values[row][column] + tolerance
        if image.is_floating_point():
            low, high = torch.tensor([low, high], dtype=torch.float64).to(image.dtype).tolist()
        region |= _grown(values, (row, column), low, high, NEIGHBORS[connectivity])
    return region.to(image.device)


def _grown(values: list, seed: tuple[int, int], low: float, high: float, steps: Sequence[tuple[int, int]]) -> Tensor:
    """Return what is reached from one seed: a queue of pixels whose neighbors have not been looked at."""
    height, width = len(values), len(values[0])
    reached = [bytearray(width) for _ in range(height)]  # one byte a pixel: 0 or 1
    reached[seed[0]][seed[1]] = 1
    queue = deque([seed])
    while queue:
        i, j = queue.popleft()
        for down, right in steps:
            u, v = i + down, j + right
            if 0 <= u < height and 0 <= v < width and not reached[u][v] and low <= values[u][v] <= high:
                reached[u][v] = 1
                queue.append((u, v))
    return torch.frombuffer(bytearray().join(reached), dtype=torch.bool).reshape(height, width)


def _seeds(where: str, image: Tensor, seeds: Sequence[tuple[int, int]] | Tensor) -> list[tuple[int, int]]:
    """Return the seeds as pairs of ints, or say which of them cannot be."""
    places = torch.as_tensor(seeds)
    if places.numel() == 0:
        return []
    places = places.unsqueeze(0) if places.shape == (2,) else places
    check_shapes(where, seeds=(places, "S 2"))
    if places.is_floating_point() or places.dtype == torch.bool:
        raise TypeError(f"{where}: seeds must be whole numbers (row, column), got {places.dtype}.")
    for row, column in places.tolist():
        if not (0 <= row < image.shape[0] and 0 <= column < image.shape[1]):
            raise ValueError(
                f"{where}: a seed (row, column) must lie in the image of {image.shape[0]} rows and "
                f"{image.shape[1]} columns, got ({row}, {column}). Row, down, comes first."
            )
        if image.is_floating_point() and not image[row, column].isfinite():
            raise ValueError(f"{where}: a seed must lie on a finite value, got {image[row, column].item()}.")
    return [(row, column) for row, column in places.tolist()]
