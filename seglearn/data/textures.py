"""Clouds, plaster and leaves: the textures that drawn scenes are painted with, in NumPy.

A Fourier transform per scene would cost more than the whole scene, so noise is cut out of a bank of periodic tiles
that is made once; a random tile, place and orientation make the same crop unlikely to come twice.
"""

import math
from functools import lru_cache

import numpy as np

BANK_PX = 2048  # tiles in a bank, side by side; fewer large ones or more small ones


def scene_rng(seed: int, index: int) -> np.random.Generator:
    """Return the chance of one scene: the same pair gives the same scene, in whatever order scenes are drawn.

    Example:
        >>> scene_rng(0, 7).integers(100) == scene_rng(0, 7).integers(100)
        np.True_
    """
    return np.random.default_rng((seed, index))


def noise(rng: np.random.Generator, height: int, width: int, *, slope: float = 1.5) -> np.ndarray:
    """Return noise whose amplitude falls with frequency f as 1 / f^slope; zero mean, unit deviation.

    Slope 0 is white noise, 1 looks like plaster, 2 like clouds. A single pixel has no deviation: it is 0.

    Shapes:
        result (height, width) float32
    """
    tile = 32
    while tile < max(height, width):
        tile *= 2
    bank = _noise_bank(tile, slope)
    bank = bank[rng.integers(len(bank))]  # (2 * tile, 2 * tile)
    top, left, turn = rng.integers(tile), rng.integers(tile), rng.integers(4)
    bank = bank.T if turn & 1 else bank
    crop = bank[top : top + height, left : left + width]
    crop = crop[::-1] if turn & 2 else crop
    crop = crop - crop.mean()
    spread = np.sqrt(np.vdot(crop, crop) / crop.size)  # half the price of .std()
    return crop / spread if spread > 0 else crop


@lru_cache(maxsize=64)
def _noise_bank(tile: int, slope: float) -> np.ndarray:
    """Return periodic noise tiles, each laid out twice in both directions so that every crop is one slice."""
    tiles = min(8, max(1, BANK_PX // tile))
    rng = np.random.default_rng((tile, round(slope * 1000)))
    white = np.fft.rfft2(rng.standard_normal((tiles, tile, tile)))
    frequency = np.hypot(np.fft.fftfreq(tile)[:, None], np.fft.rfftfreq(tile)[None])
    frequency[0, 0] = np.inf if slope > 0 else 1  # the mean has no frequency
    bank = np.fft.irfft2(white * frequency**-slope, s=(tile, tile))
    return np.tile(bank.astype(np.float32), (1, 2, 2))


def value_noise(rng: np.random.Generator, height: int, width: int, *, step: float) -> np.ndarray:
    """Return soft patches about `step` pixels wide: random values on a coarse grid, blended smoothly between.

    Shapes:
        result (height, width) float32   in [0, 1)
    """
    rows, rising = _grid_position(height, step)
    columns, going = _grid_position(width, step)
    grid = rng.random((rows[-1] + 2, columns[-1] + 2), dtype=np.float32)
    across = grid[:, columns] * (1 - going) + grid[:, columns + 1] * going  # (grid rows, width)
    rising = rising[:, None]
    return across[rows] * (1 - rising) + across[rows + 1] * rising


def _grid_position(length: int, step: float) -> tuple[np.ndarray, np.ndarray]:
    """Return each pixel's grid point before it and the smoothed way (0..1) to the next."""
    place = np.arange(length, dtype=np.float32) / np.float32(step)
    before = place.astype(np.int64)
    way = place - before.astype(np.float32)
    return before, way * way * (3 - 2 * way)


def blur(array: np.ndarray, sigma: float) -> np.ndarray:
    """Return the array smoothed along its last two axes by a Gaussian of `sigma` pixels; 0 leaves it as it is.

    A sum of shifted copies, row by row and then column by column: a matrix product would wake all threads of the
    machine for a picture this small. Beyond the border there is nothing: weights are shared among the pixels that
    exist, so that a constant stays.

    Shapes:
        array  (..., H, W)
        result (..., H, W) float32

    Example:
        >>> blur(np.full((2, 3), 0.5), sigma=1.0)
        array([[0.5, 0.5, 0.5],
               [0.5, 0.5, 0.5]], dtype=float32)
    """
    array = np.asarray(array, dtype=np.float32)
    if sigma <= 0:
        return array
    return _smooth(_smooth(array, sigma).swapaxes(-1, -2), sigma).swapaxes(-1, -2)


def _smooth(array: np.ndarray, sigma: float) -> np.ndarray:
    """Return the array smoothed along its last axis; weights below a millionth are left out."""
    total, weight = array.copy(), np.ones(array.shape[-1], np.float32)
    for step in range(1, min(array.shape[-1], math.ceil(5.3 * sigma) + 1)):
        share = np.float32(math.exp(-0.5 * (step / sigma) ** 2))
        total[..., step:] += share * array[..., :-step]
        total[..., :-step] += share * array[..., step:]
        weight[step:] += share
        weight[:-step] += share
    return total / weight


def hsv(hue: float, saturation: float, value: float) -> np.ndarray:
    """Return the RGB color of a hue (0 red, 1/3 green, 2/3 blue, 1 red again), saturation and value in [0, 1].

    Shapes:
        result (3,) float32   in [0, 1]

    Example:
        >>> hsv(1 / 3, 1.0, 0.5)
        array([0. , 0.5, 0. ], dtype=float32)
    """
    turn = (np.array([5, 3, 1]) + 6 * hue) % 6
    dip = np.clip(np.minimum(turn, 4 - turn), 0, 1)
    return (value * (1 - saturation * dip)).astype(np.float32)
