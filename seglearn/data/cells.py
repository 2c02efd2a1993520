"""Where nuclei lie: outlines planted one by one, side by side, until a field of view is full enough."""

from dataclasses import dataclass

import numpy as np

MIN_AREA_PX = 16  # less of a nucleus than this is not drawn: nobody could tell it from dust
OVERLAP = 0.12  # share of its area that a nucleus may share with those already there
LOBES = np.array([2, 3, 5])  # bends around an outline: an egg, a pear, a raspberry ...
BENDS = np.array([1.0, 0.8, 0.4])  # ... and how deep each may go, times the population's roughness


@dataclass(frozen=True)
class Population:
    """What the nuclei of one picture have in common."""

    radius_px: float
    variety: float  # spread of the radius, in logarithms
    slimness: float  # shortest allowed axis as a share of the longest
    coverage: float  # share of the picture to cover
    company: float  # chance that a nucleus grows beside another one
    roughness: float  # depth of the bends in an outline
    direction: float  # angle of the tissue's grain
    disorder: float  # spread around that angle, in radians


@dataclass(frozen=True)
class Cell:
    """One nucleus: the box it lies in, and its own coordinates there, 1 being its half-axes."""

    window: tuple[slice, slice]
    along: np.ndarray  # (h, w)
    across: np.ndarray  # (h, w)
    depth: np.ndarray  # (h, w): 0 at the center, 1 on the outline, more outside


def plant(rng: np.random.Generator, height: int, width: int, population: Population) -> tuple[list[Cell], np.ndarray]:
    """Return nuclei and the map of their ids; where two overlap, a pixel goes to the one it lies deeper in.

    Shapes:
        instances (H, W) int64   0 = background, 1..n; each id is one connected patch of MIN_AREA_PX or more
    """
    instances = np.zeros((height, width), dtype=np.int64)
    owner_depth = np.ones((height, width))  # how deep each pixel lies in its owner
    cells: list[Cell] = []
    centers: list[tuple[float, float, float]] = []
    areas = [0]  # by id
    wanted = population.coverage * height * width
    tries = 40 + int(6 * wanted / (np.pi * population.radius_px**2))
    for _ in range(tries):
        if cells and np.count_nonzero(instances) >= wanted:
            break
        y, x, radius = _place(rng, height, width, population, centers)
        if instances[int(min(max(y, 0), height - 1)), int(min(max(x, 0), width - 1))]:
            continue
        cell = _grow(rng, height, width, (y, x, radius), population)
        inside = cell.depth < 1
        area = np.count_nonzero(inside)
        taken = np.bincount(instances[cell.window][inside], minlength=len(areas))[1:]
        crowded = np.any(taken > OVERLAP * np.minimum(areas[1:], area))
        if area < MIN_AREA_PX or crowded:
            continue
        cells.append(cell)
        centers.append((y, x, radius))
        areas.append(area)
        own = inside & (cell.depth < owner_depth[cell.window])
        instances[cell.window][own] = len(cells)
        owner_depth[cell.window][own] = cell.depth[own]
    return keep_whole(cells, instances, owner_depth)


def _place(rng, height, width, population, centers) -> tuple[float, float, float]:
    """Return the center and radius of the next candidate: the first one in the middle, later ones beside others."""
    radius = population.radius_px * np.exp(rng.normal(0, population.variety))
    if not centers:
        return rng.uniform(0.2, 0.8) * height, rng.uniform(0.2, 0.8) * width, radius
    if rng.random() < population.company:
        y, x, other = centers[rng.integers(len(centers))]
        turn = rng.uniform(0, 2 * np.pi)
        step = (radius + other) * rng.uniform(0.8, 1.25)
        return y + step * np.sin(turn), x + step * np.cos(turn), radius
    edge = radius / 2  # centers a little outside: cells that the border cuts
    return rng.uniform(-edge, height + edge), rng.uniform(-edge, width + edge), radius


def _grow(rng, height, width, place, population) -> Cell:
    """Return a bent ellipse around `place` = (y, x, radius)."""
    y, x, radius = place
    slim = np.sqrt(rng.uniform(population.slimness, 1))
    long, short = radius / slim, radius * slim
    angle = population.direction + rng.normal(0, population.disorder)
    bends, phases = rng.normal(0, population.roughness * BENDS), rng.uniform(0, 2 * np.pi, 3)
    sin, cos, swell = np.sin(angle), np.cos(angle), 1 + np.abs(bends).sum()
    rows = _span(y, swell * np.hypot(long * sin, short * cos), height)
    columns = _span(x, swell * np.hypot(long * cos, short * sin), width)
    dy = np.arange(rows.start, rows.stop)[:, None] - y
    dx = np.arange(columns.start, columns.stop)[None] - x
    along, across = (dx * cos + dy * sin) / long, (dy * cos - dx * sin) / short
    turn = np.arctan2(across, along)
    waves = zip(bends, LOBES, phases, strict=True)
    outline = 1 + sum(bend * np.cos(lobe * turn + phase) for bend, lobe, phase in waves)
    return Cell((rows, columns), along, across, np.hypot(along, across) / np.maximum(outline, 0.5))


def _span(center: float, reach: float, length: int) -> slice:
    """Return the pixels from center - reach to center + reach that lie in the picture."""
    return slice(min(max(int(center - reach), 0), length), min(max(int(center + reach) + 2, 0), length))


def keep_whole(cells, instances, owner_depth) -> tuple[list[Cell], np.ndarray]:
    """Return what is left when crumbs are swept away: pixels cut off from their nucleus, nuclei almost covered."""
    order = np.argsort(np.where(instances > 0, owner_depth, np.inf), axis=None)
    _, first = np.unique(instances.ravel()[order], return_index=True)
    reached = np.zeros(instances.shape, dtype=bool)
    reached.ravel()[order[first]] = True  # the deepest pixel of each id
    instances = np.where(_flood(reached, instances), instances, 0)
    areas = np.bincount(instances.ravel(), minlength=len(cells) + 1)
    kept = areas >= MIN_AREA_PX
    kept[0] = False
    numbers = np.where(kept, np.cumsum(kept), 0)  # old id -> new id, without gaps
    return [cell for cell, keep in zip(cells, kept[1:], strict=True) if keep], numbers[instances]


def _flood(reached: np.ndarray, instances: np.ndarray) -> np.ndarray:
    """Return every pixel that a walk from a reached pixel meets without leaving its id; steps go to 4 neighbors."""
    level = instances[:, 1:] == instances[:, :-1]
    upright = instances[1:] == instances[:-1]
    while True:
        grown = reached.copy()
        grown[:, 1:] |= reached[:, :-1] & level
        grown[:, :-1] |= reached[:, 1:] & level
        grown[1:] |= reached[:-1] & upright
        grown[:-1] |= reached[1:] & upright
        grown &= instances > 0
        if (grown == reached).all():
            return reached
        reached = grown
