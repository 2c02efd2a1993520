"""Images larger than memory: looked at tile by tile, the answers blended where tiles overlap."""

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from seglearn.metrics import label_map
from seglearn.training.evaluation import device_of, looking

Span = tuple[int, int]  # from, to (not included)


def predict_tiled(
    model: nn.Module,
    image: Tensor | np.ndarray,
    *,
    tile: int,
    overlap: int,
    margin: int | None = None,
    batch_size: int = 4,
) -> Tensor:
    """Return the most likely class at each pixel of one image that may be larger than memory; on the CPU, as `predict`.

    Tiles of `tile` x `tile` pixels overlap by `overlap`. Near its edge a tile does not see what lies beyond: the
    outer `margin` of the overlap is looked at but not believed. In between, one tile fades out while the next fades in:

        tile A   1 1 1 1 1 1 1 1 ╲ ╲ ╲ 0 0 0|
        tile B                |0 0 0 ╱ ╱ ╱ 1 1 1 1 1 1 1 1
                               margin   margin

    Equal to the whole image's prediction where no score depends on a pixel farther than `margin` away, that is for a
    receptive field up to 2·margin + 1. Pooling counts pixels from the tile's corner: let `tile - overlap` be a multiple
    of the model's stride. GroupNorm, global pooling and attention look at everything at once: tiles then differ from
    the whole, and blending hides the seams, no more.

    Memory: one row of tiles, K · tile · W numbers, whatever the height. An image that fits into one tile is one tile.

    Args:
        image: a tensor or a NumPy array, which may lie on disk (`np.load(path, mmap_mode="r")`): only tiles are read.
        tile: height and width of a tile; the last ones are shorter.
        overlap: pixels that neighbors share, less than `tile`.
        margin: at most half of `overlap`; 3/8 of it if none is given. 0 blends over the whole overlap.
        batch_size: how many tiles go through the model at once.

    Shapes:
        image  (C, H, W)         float in [0, 1], or uint8, which is divided by 255
        result (H, W) int64      0..K-1

    Raises:
        ValueError: the image has other axes or no pixel, a setting does not fit, or the model answers in another size.
        TypeError: the image is neither tensor nor array, or holds neither floats nor bytes.

    Example:
        >>> logits = torch.stack([torch.eye(5), torch.full((5, 5), 0.5)])
        >>> predict_tiled(nn.Identity(), logits, tile=3, overlap=1)
        tensor([[0, 1, 1, 1, 1],
                [1, 0, 1, 1, 1],
                [1, 1, 0, 1, 1],
                [1, 1, 1, 0, 1],
                [1, 1, 1, 1, 0]])
    """
    options = {"tile": tile, "overlap": overlap, "margin": margin, "batch_size": batch_size}
    _check_image(image)
    pred, top = torch.empty(tuple(image.shape[1:]), dtype=torch.int64), 0
    for logits in logits_in_bands(model, image, **options):
        pred[top : top + logits.shape[1]] = label_map(logits[None])[0]
        top += logits.shape[1]
    return pred


def logits_in_bands(
    model: nn.Module,
    image: Tensor | np.ndarray,
    *,
    tile: int,
    overlap: int,
    margin: int | None = None,
    batch_size: int = 4,
) -> Iterator[Tensor]:
    """Yield the blended logits of `predict_tiled` in bands (K, h, W) from top to bottom, Σ h = H, on the CPU.

    For whoever wants probabilities, or writes a large result to disk band by band.

    Example:
        >>> bands = logits_in_bands(nn.Identity(), torch.rand(2, 7, 9), tile=4, overlap=2)
        >>> [tuple(band.shape) for band in bands]
        [(2, 2, 9), (2, 2, 9), (2, 3, 9)]
    """
    _check_image(image)
    margin = min(math.ceil(3 * overlap / 8), overlap // 2) if margin is None else margin
    _check_settings(tile, overlap, margin, batch_size)
    rows, columns = (spans(side, tile, overlap) for side in image.shape[1:])
    row_weights, column_weights = (blending(cuts, overlap, margin) for cuts in (rows, columns))
    sums = torch.zeros(0)
    for place, (top, bottom) in enumerate(rows):
        below = rows[place + 1][0] if place + 1 < len(rows) else bottom  # where the next row of tiles begins
        for (left, right), weights, logits in _look(model, image, (top, bottom), columns, column_weights, batch_size):
            if not len(sums):
                sums = torch.zeros(len(logits), bottom - top, image.shape[2])
            sums[:, : bottom - top, left:right] += logits * weights * row_weights[place][:, None]
        yield sums[:, : below - top]
        kept = sums[:, below - top : bottom - top]
        sums = torch.zeros(len(sums), tile, image.shape[2])
        sums[:, : kept.shape[1]] = kept


def spans(side: int, tile: int, overlap: int) -> list[Span]:
    """Return where tiles begin and end along one side: at regular steps, the last one shorter, but beyond the overlap.

    Example:
        >>> spans(11, tile=5, overlap=2)
        [(0, 5), (3, 8), (6, 11)]
        >>> spans(4, tile=5, overlap=2)
        [(0, 4)]
    """
    count = max(1, math.ceil((side - overlap) / (tile - overlap)))
    starts = range(0, count * (tile - overlap), tile - overlap)
    return [(start, min(start + tile, side)) for start in starts]


def blending(cuts: list[Span], overlap: int, margin: int) -> list[Tensor]:
    """Return the weight of each pixel of each tile along one side; at every pixel of the image they sum to 1.

    Example:
        >>> [weights.tolist() for weights in blending([(0, 4), (2, 6)], overlap=2, margin=0)]
        [[1.0, 1.0, 0.8535..., 0.1464...], [0.1464..., 0.8535..., 1.0, 1.0]]
    """
    middle = (torch.arange(overlap - 2 * margin, dtype=torch.float64) + 0.5) / max(1, overlap - 2 * margin)
    rise = torch.cat([torch.zeros(margin), torch.sin(middle * math.pi / 2) ** 2, torch.ones(margin)])  # (overlap,)
    total, weights = torch.zeros(cuts[-1][1], dtype=torch.float64), []
    for start, end in cuts:
        weight = torch.ones(end - start, dtype=torch.float64)
        if start > 0:
            weight[:overlap] *= rise
        if end < cuts[-1][1]:
            weight[-overlap or end :] *= rise.flip(0)
        total[start:end] += weight
        weights.append(weight)
    return [(weight / total[start:end]).float() for weight, (start, end) in zip(weights, cuts, strict=True)]


def _look(model, image, row: Span, columns: list[Span], weights: list[Tensor], batch_size: int) -> Iterator[tuple]:
    """Yield (column span, its weights, its logits (K, h, w)) for one row of tiles; tiles of one width share a batch."""
    widths = [right - left for left, right in columns]
    first = 0
    while first < len(columns):
        last = first + 1
        while last < min(len(columns), first + batch_size) and widths[last] == widths[first]:
            last += 1
        tiles = torch.stack([_read(image, row, column) for column in columns[first:last]])
        with looking(model):
            answer = model(tiles.to(device_of(model)))
        expected = (len(tiles), "K", *tiles.shape[2:])
        if answer.ndim != 4 or (answer.shape[0], *answer.shape[2:]) != (expected[0], *expected[2:]):
            raise ValueError(
                f"predict_tiled: the model must return logits ({', '.join(map(str, expected))}) for tiles "
                f"{tuple(tiles.shape)}, got {tuple(answer.shape)}. Resize its answer to the size of its input."
            )
        yield from zip(columns[first:last], weights[first:last], answer.float().cpu(), strict=True)
        first = last


def _read(image: Tensor | np.ndarray, row: Span, column: Span) -> Tensor:
    """Return one tile (C, h, w) as floats; of an image on disk no more is read."""
    window = image[:, slice(*row), slice(*column)]
    window = torch.from_numpy(np.array(window)) if isinstance(window, np.ndarray) else window
    return window.float() / 255 if window.dtype == torch.uint8 else window.float()


def _check_image(image: Tensor | np.ndarray) -> None:
    if not isinstance(image, Tensor | np.ndarray):
        raise TypeError(f"predict_tiled: image must be a tensor or a NumPy array, got {type(image).__name__}.")
    shape = tuple(image.shape)
    if len(shape) != 3 or min(shape) < 1:
        hint = " Use images[0]: one image at a time." if len(shape) == 4 else ""
        raise ValueError(f"predict_tiled: image must have shape (C, H, W) with at least one pixel, got {shape}.{hint}")
    is_float = image.is_floating_point() if isinstance(image, Tensor) else image.dtype.kind == "f"
    if not is_float and str(image.dtype).removeprefix("torch.") != "uint8":
        raise TypeError(f"predict_tiled: image must be floats in 0..1 or uint8 in 0..255, got {image.dtype}.")


def _check_settings(tile: int, overlap: int, margin: int, batch_size: int) -> None:
    if not 0 <= overlap < tile:
        raise ValueError(
            f"predict_tiled: overlap must be in 0..tile-1 = 0..{tile - 1}, got {overlap}. Use larger tiles."
        )
    if not 0 <= 2 * margin <= overlap:
        raise ValueError(
            f"predict_tiled: margin must be in 0..overlap/2 = 0..{overlap // 2}, got {margin}. Let tiles overlap more."
        )
    if batch_size < 1:
        raise ValueError(f"predict_tiled: batch_size must be 1 or more, got {batch_size}.")
