"""How nuclei look: light sent out through a dark field, or stain that takes light from a bright one."""

import numpy as np

from seglearn.data.cells import Cell, Population
from seglearn.data.textures import blur, noise, value_noise

# What a stain takes from red, green and blue light (optical density): the nucleus, the tissue around, share of gaps.
STAINS = (
    ((1.00, 1.35, 0.52), (0.12, 0.68, 0.22), 0.25),  # hematoxylin and eosin: violet on rose
    ((1.05, 1.75, 0.38), (0.34, 0.46, 0.23), 0.00),  # hematoxylin alone: violet on lilac
    ((0.85, 2.00, 0.85), (0.10, 0.07, 0.09), 0.00),  # a smear of blood: magenta on white
)


def culture(rng: np.random.Generator, room_px: int) -> Population:
    """Return a population as it grows in a dish: round, in any direction, from tiny crowds to a few giants."""
    return Population(
        radius_px=min(5.5 * np.exp(rng.exponential(0.4)), room_px / 5),
        variety=rng.uniform(0.08, 0.28),
        slimness=rng.uniform(0.45, 0.9),
        coverage=rng.uniform(0.02, 0.32) * rng.uniform(0.5, 1),
        company=rng.uniform(0, 0.6),
        roughness=rng.choice([0.02, 0.04, 0.08], p=[0.5, 0.35, 0.15]),
        direction=rng.uniform(0, np.pi),
        disorder=rng.choice([0.4, 3.0], p=[0.25, 0.75]),
    )


def tissue(rng: np.random.Generator, room_px: int) -> Population:
    """Return a population as it lies in a slice: crowded, of mixed sizes, often stretched along the fibers."""
    return Population(
        radius_px=min(rng.uniform(5, 11), room_px / 5),
        variety=rng.uniform(0.15, 0.32),
        slimness=rng.uniform(0.2, 0.8),
        coverage=rng.uniform(0.1, 0.4),
        company=rng.uniform(0, 0.7),
        roughness=rng.uniform(0.03, 0.08),
        direction=rng.uniform(0, np.pi),
        disorder=rng.choice([0.2, 0.6, 3.0]),
    )


def fluorescence(rng: np.random.Generator, cells: list[Cell], height: int, width: int) -> np.ndarray:
    """Return nuclei that shine in the dark: haze, uneven light, dust, and the noise of few photons.

    Shapes:
        result (3, H, W) float32   in [0, 1], gray; most pictures are dim, as in a real collection
    """
    glow = _glow(rng, cells, height, width)
    haze = rng.uniform(0.02, 0.3) * blur(glow, rng.choice([6.0, 9.0, 12.0]))
    ghosts = np.roll(glow, rng.integers(8, 32, 2), axis=(0, 1))  # nuclei of another plane, out of focus
    ghosts = rng.choice([0, 0.1, 0.3]) * blur(ghosts, rng.choice([4.0, 6.0]))
    floor = rng.uniform(0.02, 0.2) * (1 + 0.15 * noise(rng, height, width, slope=2.0))
    light = blur(glow + _dust(rng, height, width), rng.choice([0.6, 0.9, 1.2, 2.0], p=[0.4, 0.4, 0.1, 0.1]))
    light = (light + haze + ghosts + np.maximum(floor, 0)) * _illumination(rng, height, width, fall=0.6)
    light /= np.quantile(light, 0.998)
    photons = np.exp(rng.uniform(np.log(40), np.log(1500)))  # where it is brightest
    exposure = np.exp(rng.uniform(np.log(0.25), np.log(1.1)))
    seen = exposure * rng.poisson(light * photons) / photons + rng.normal(0, 0.004, (height, width))
    return _develop(np.broadcast_to(seen, (3, height, width)))


def _glow(rng, cells, height, width) -> np.ndarray:
    """Return the light that the nuclei send out; where two overlap, it adds up."""
    fullness = rng.uniform(0.15, 0.6)  # small: a flat disk; large: a ball
    grain = rng.uniform(0.05, 0.3) * noise(rng, height, width, slope=1.0)
    contrast = rng.uniform(0.1, 0.4)
    nucleoli = rng.uniform(0, 0.6)
    glow = np.zeros((height, width))
    for cell in cells:
        brightness = np.exp(rng.normal(0, contrast))
        if rng.random() < 0.05:
            brightness *= rng.uniform(1.6, 3)  # about to divide: packed, and bright
        body = np.maximum(1 - cell.depth**2, 0) ** fullness
        body *= np.maximum(1 + grain[cell.window], 0.3) * (1 - nucleoli * _spots(rng, cell))
        glow[cell.window] += brightness * body
    return glow


def _spots(rng, cell) -> np.ndarray:
    """Return one to three soft spots inside a nucleus, in [0, 1]: its nucleoli."""
    spots = np.zeros(cell.depth.shape)
    for _ in range(rng.integers(1, 4)):
        out, turn, size = rng.uniform(0, 0.6), rng.uniform(0, 2 * np.pi), rng.uniform(0.12, 0.25)
        away = (cell.along - out * np.cos(turn)) ** 2 + (cell.across - out * np.sin(turn)) ** 2
        spots = np.maximum(spots, np.exp(-away / (2 * size**2)))
    return spots


def _dust(rng, height, width) -> np.ndarray:
    """Return bright specks that nobody labels, about two in 128 x 128 pixels."""
    dust = np.zeros((height, width))
    count = rng.poisson(2 * height * width / 128**2)
    dust[rng.integers(0, height, count), rng.integers(0, width, count)] = rng.uniform(1, 6, count)
    return dust


def _illumination(rng, height, width, *, fall) -> np.ndarray:
    """Return the lamp's share for each pixel: brightest at a chance place, down by up to `fall` far away from it."""
    y = np.linspace(-1, 1, height)[:, None] - rng.uniform(-0.8, 0.8)
    x = np.linspace(-1, 1, width)[None] - rng.uniform(-0.8, 0.8)
    return 1 - rng.uniform(0.1, fall) * (y**2 + x**2) / 6.5  # 2 * 1.8**2: the farthest corner


def stained(rng: np.random.Generator, cells: list[Cell], population: Population, height: int, width: int) -> np.ndarray:
    """Return stained nuclei in tissue under white light: stain multiplies what it lets through (Beer and Lambert).

        image = lamp * exp(-(nuclei * nucleus_stain + tissue * tissue_stain))

    Shapes:
        result (3, H, W) float32   in [0, 1]
    """
    nucleus_stain, tissue_stain, gaps = STAINS[rng.integers(len(STAINS))]
    nucleus_stain = np.array(nucleus_stain) * rng.normal(1, 0.08, 3)
    tissue_stain = np.array(tissue_stain) * rng.normal(1, 0.08, 3)
    nuclei = _chromatin(rng, cells, height, width)
    around = _fibers(rng, population, height, width) * _holes(rng, nuclei, gaps, height, width)
    uneven = 1 + 0.12 * noise(rng, height, width, slope=2.0)
    density = nuclei * nucleus_stain[:, None, None] + around * tissue_stain[:, None, None]  # (3, H, W)
    density = blur(density * np.maximum(uneven, 0.3), rng.choice([0.5, 0.8, 1.2]))
    lamp = rng.uniform(0.9, 1) * _illumination(rng, height, width, fall=0.25)
    return _develop(lamp * np.exp(-density) + rng.normal(0, rng.uniform(0.005, 0.015), density.shape))


def _chromatin(rng, cells, height, width) -> np.ndarray:
    """Return how much stain each pixel's nuclei hold: some packed dark, some pale with a dark rim and spots."""
    grain = 0.22 * noise(rng, height, width, slope=1.0)
    chromatin = np.zeros((height, width))
    for cell in cells:
        amount = np.clip(rng.normal(0.85, 0.25), 0.4, 1.4)
        paleness = rng.choice([0.05, 0.45])
        rim = np.clip(cell.depth, 0, 1) ** 4
        body = np.clip((1 - cell.depth) * 8, 0, 1) * (1 - paleness * (1 - rim) * (1 - _spots(rng, cell)))
        chromatin[cell.window] += amount * body * np.maximum(1 + grain[cell.window], 0.3)
    return chromatin


def _fibers(rng, population, height, width) -> np.ndarray:
    """Return strands along the tissue's direction, around 1: plaster noise, stretched, turned and bent."""
    y, x = np.arange(height)[:, None], np.arange(width)[None]
    sin, cos = np.sin(population.direction), np.cos(population.direction)
    bend = rng.uniform(8, 24) * value_noise(rng, height, width, step=40)
    across = (y * cos - x * sin + bend).astype(int) + width
    along = ((x * cos + y * sin) / rng.uniform(3, 8)).astype(int) + width
    plaster = noise(rng, 2 * width + height, 2 * width + height, slope=1.0)
    return 1 + 0.2 * plaster[across % len(plaster), along % len(plaster)]


def _holes(rng, nuclei, gaps, height, width) -> np.ndarray:
    """Return 0 in pale gaps of the tissue and 1 elsewhere, with soft edges; tissue stays where nuclei are."""
    hills = noise(rng, height, width, slope=2.0) + 2 * blur(nuclei, 4.0)
    return np.clip(1 + 3 * (hills - np.quantile(hills, rng.uniform(0, gaps))), 0.1, 1)


def _develop(light: np.ndarray) -> np.ndarray:
    """Return the picture as an 8-bit camera stores it: clipped, in steps of 1/255."""
    return (np.rint(np.clip(light, 0, 1) * 255) / 255).astype(np.float32)
