"""The houses of a drawn street: two rows along the walls of the street, and a skyline that closes the view.

A whole row is painted at once: every column of the picture looks up which house it shows, and everything about
that house (height, color, width of a window) becomes one number per column.
"""

from dataclasses import dataclass

import numpy as np

from seglearn.data.painting import Patch
from seglearn.data.street_stage import SNOW
from seglearn.data.street_view import View
from seglearn.data.textures import noise
from seglearn.labels import STREETS

BUILDING = STREETS.index("building")
PLASTER = np.array(  # brick, dark brick, sandstone, cream, white, gray, ochre, rose, blue gray, green gray
    [
        [0.52, 0.27, 0.20],
        [0.36, 0.22, 0.18],
        [0.62, 0.52, 0.38],
        [0.80, 0.73, 0.58],
        [0.82, 0.81, 0.78],
        [0.50, 0.50, 0.50],
        [0.72, 0.55, 0.30],
        [0.70, 0.48, 0.44],
        [0.45, 0.52, 0.60],
        [0.50, 0.56, 0.48],
    ],
    dtype=np.float32,
)
TILES = np.array([[0.36, 0.16, 0.11], [0.22, 0.22, 0.25], [0.27, 0.20, 0.16]], dtype=np.float32)  # roofs
SHOPS = np.array(
    [[0.65, 0.10, 0.10], [0.08, 0.25, 0.45], [0.45, 0.12, 0.30], [0.85, 0.60, 0.10], [0.15, 0.15, 0.17]], np.float32
)
LAMPLIGHT = np.array([1.0, 0.78, 0.42], dtype=np.float32)


@dataclass(frozen=True)
class Houses:
    """A row of houses, one entry per house; a height of 0 is a gap. Lengths in meters, along the row from `start`."""

    start: np.ndarray
    width: np.ndarray
    height: np.ndarray  # up to the eaves
    roof: np.ndarray  # from the eaves to the ridge
    gabled: np.ndarray  # the gable looks to the street
    chimney: np.ndarray  # along the house; beyond its width there is none
    storey: np.ndarray
    bay: np.ndarray
    glazed: np.ndarray  # half the share of a bay that is window
    shop: np.ndarray
    wall: np.ndarray  # (3, n)
    tiles: np.ndarray  # (3, n)
    sign: np.ndarray  # (3, n)


def plan_houses(rng: np.random.Generator, start: float, stop: float, *, tall: float, gaps: float) -> Houses:
    """Return houses from `start` to at least `stop`; `tall` is their mean height and `gaps` the chance of a gap."""
    count = int((stop - start) / 8) + 2
    width = rng.uniform(7, 15, count)
    height = np.clip(tall * rng.uniform(0.65, 1.4, count), 4.5, 45) * (rng.random(count) >= gaps)
    modern = rng.random(count) < 0.3
    houses = dict(
        start=start + np.concatenate(([0], np.cumsum(width)[:-1])),
        width=width,
        height=height,
        roof=np.where(modern, 0, rng.uniform(1, 4, count)),
        gabled=rng.random(count) < 0.25,
        chimney=np.where(modern, 99, rng.uniform(0.15, 1.2, count) * width),
        storey=rng.uniform(2.7, 3.5, count),
        bay=np.where(modern, rng.uniform(2.6, 4, count), rng.uniform(1.8, 2.8, count)),
        glazed=np.where(modern, 0.42, rng.uniform(0.22, 0.30, count)),
        shop=rng.random(count) < 0.22,
        wall=(PLASTER[rng.integers(len(PLASTER), size=count)] * rng.uniform(0.75, 1.1, (count, 1))).T,
        tiles=TILES[rng.integers(len(TILES), size=count)].T,
        sign=SHOPS[rng.integers(len(SHOPS), size=count)].T,
    )
    single = {name: values.astype(np.float32) for name, values in houses.items() if values.dtype == np.float64}
    return Houses(**houses | single)


def paint_rows(view: View, rows: dict[int, Houses]) -> None:
    """Paint the rows of houses along both walls; `rows` says which row stands left (-1) and right (1)."""
    for side, houses in rows.items():
        x = view.street.walls[0 if side < 0 else 1]
        _paint_party_walls(view, x, side, houses)
        plane = view.wall(x, near=view.street.near, far=view.street.length, top=_highest(houses))
        if plane is not None:
            scale = abs(x) * view.camera.focal / plane.along**2  # pixels that a meter along the wall takes
            light = view.weather.facing(-side)
            _paint_facades(view, plane.patch, plane.along, plane.up, houses, plane.along, scale, light)


def _highest(houses: Houses) -> float:
    return float((houses.height + houses.roof).max()) + 1.5


def _paint_party_walls(view: View, x: float, side: int, houses: Houses) -> None:
    """Paint the walls between houses that face us: seen above a lower neighbor and beside a gap."""
    neighbor = np.concatenate(([0], houses.height[:-1]))
    for k in np.flatnonzero((houses.height > neighbor) & (houses.start > view.street.near))[::-1]:
        z = float(houses.start[k])
        eaves, roof = float(houses.height[k]), float(houses.roof[k])
        plane = view.board(x + side * 6, z, half_width=6, top=eaves + roof, bottom=float(neighbor[k]))
        if plane is not None:
            patch, along, up = plane
            gable = eaves + roof * (1 - np.abs(along) / 6)
            patch.paint(up < gable, houses.wall[:, k] * 0.86, label=BUILDING, depth=z)
            patch.shade((up < gable) & (up > gable - 0.3), 0.6)
            window = (np.abs(np.abs(along) - 2.2) < 0.5) & (up > 3) & (up < eaves - 0.8) & (up % 3.1 < 1.4)
            patch.shade(window, 0.4)


def paint_skyline(view: View) -> None:
    """Close the street with a row of far houses that faces us."""
    rng, z = view.rng, view.street.length
    half = 30.0
    houses = plan_houses(rng, -half, half, tall=rng.uniform(6, 0.16 * z + 4), gaps=0.25)
    plane = view.board(0, z, half_width=half, top=_highest(houses))
    if plane is not None:
        scale = np.full_like(plane.along, view.camera.scale(z))
        _paint_facades(view, plane.patch, plane.along, plane.up, houses, z, scale, 1.0)


def _paint_facades(
    view: View, patch: Patch, along: np.ndarray, up: np.ndarray, houses: Houses, depth, px_per_m, light: float
) -> None:
    """Paint a row of houses; `along` (1, w) and `up` (h, w) or (h, 1) say where the fine pixels lie on the wall."""
    along = along[0]
    k = np.clip(np.searchsorted(houses.start, along, side="right") - 1, 0, len(houses.start) - 1)  # (w,) which house
    inside, width, eaves = along - houses.start[k], houses.width[k], houses.height[k]
    standing = (inside < width) & (eaves > 0)
    to_end = 1 - np.abs(2 * inside / width - 1)  # 0 at both ends of the house, 1 in its middle
    slope = np.where(houses.gabled[k], to_end, np.minimum(1, 2 * to_end))
    ridge = eaves + houses.roof[k] * slope + 1.1 * (np.abs(inside - houses.chimney[k]) < 0.5)
    outline = (up > 0) & (up < ridge) & standing
    grain = noise(view.rng, *patch.shape, slope=0.8)
    dirt = light * (1 + 0.05 * grain) * (0.82 + 0.18 * np.clip(up / 4, 0, 1))
    patch.paint(outline, houses.wall[:, k][:, None] * dirt, label=BUILDING, depth=depth)
    tiles = houses.tiles[:, k][:, None] * (light + 0.12 * grain)
    tiles = SNOW[:, None, None] * 0.85 if view.weather.name == "snow" else tiles
    patch.paint(outline & (up > eaves) & ~(houses.gabled[k] & (up < ridge - 0.6)), tiles)
    patch.shade(outline & (np.abs(up - eaves) < 0.2), 0.7)
    patch.shade(outline & (inside < 0.15), 0.6)
    crisp = np.clip(px_per_m[0] * houses.bay[k] / 3 - 0.4, 0, 1)  # far windows are too small to be seen one by one
    _paint_windows(view, patch, k, inside, up, houses, outline & (up < eaves - 0.4), crisp)
    if crisp.max() > 0.5:
        _paint_ground_floor(view, patch, k, inside, up, houses, outline & (up < 3.3), crisp)


def _paint_windows(view: View, patch: Patch, k, inside, up, houses: Houses, wall, crisp) -> None:
    bay, storey = houses.bay[k], houses.storey[k]
    column, level = inside / bay, (up - 3.4) / storey
    whole_column, whole_level = np.floor(column), np.floor(level)
    sideways, height = np.abs(column - whole_column - 0.5), level - whole_level
    fits = (whole_column + 1) * bay < houses.width[k]
    glazed = houses.glazed[k]
    frame = wall & (level > 0) & fits & (np.abs(height - 0.52) < 0.34) & (sideways < glazed + 0.05)
    patch.paint(frame, np.minimum(1.3 * houses.wall[:, k][:, None] + 0.08, 0.95), opacity=0.8 * crisp)
    glass = frame & (np.abs(height - 0.52) < 0.29) & (sideways < glazed)
    shine = np.clip(0.2 + 0.7 * (1 - height), 0, 1)
    dark, sky = np.array([0.10, 0.12, 0.15], np.float32), 0.55 * view.weather.sky_low / view.weather.ambient.max()
    pane = dark[:, None, None] + 0.45 * shine * np.minimum(sky, 0.7)[:, None, None]
    patch.paint(glass, pane, opacity=0.25 + 0.7 * crisp)
    if view.weather.lamps_on:
        dice = view.rng.random((16, 64), dtype=np.float32)
        lit = dice[whole_level.astype(np.int64) & 15, (whole_column.astype(np.int64) + 7 * k) & 63] < 0.4
        patch.paint(glass & lit, view.weather.glowing(LAMPLIGHT), opacity=0.35 + 0.6 * crisp)
    balcony = wall & (level > 0) & (height < 0.16) & (houses.chimney[k] > 50) & (sideways < 0.46)
    patch.shade(balcony, 0.62)


def _paint_ground_floor(view: View, patch: Patch, k, inside, up, houses: Houses, wall, crisp) -> None:
    """Paint a shop with its sign, or a door and windows."""
    shop = houses.shop[k]
    post = (inside % 2.6) < 0.25
    window = wall & shop & (up > 0.5) & (up < 2.5) & ~post
    lit = view.weather.lamps_on
    pane = view.weather.glowing(LAMPLIGHT * 0.9) if lit else np.array([0.16, 0.18, 0.20], np.float32)
    patch.paint(window, pane[:, None, None] * (0.75 + 0.1 * up), opacity=0.3 + 0.6 * crisp)
    patch.paint(wall & shop & (up > 2.5), houses.sign[:, k][:, None], opacity=0.4 + 0.6 * crisp)
    column = inside / houses.bay[k]
    sideways = np.abs(column - np.floor(column) - 0.5)
    plain = wall & ~shop
    low_window = plain & (sideways < houses.glazed[k]) & (np.abs(up - 1.8) < 0.75) & (np.floor(column) != 1)
    patch.paint(low_window, pane if lit else np.array([0.18, 0.21, 0.25], np.float32), opacity=0.2 + 0.7 * crisp)
    door = plain & (sideways < 0.26) & (up < 2.2) & (np.floor(column) == 1)
    patch.paint(door, houses.sign[:, k][:, None] * 0.7, opacity=0.2 + 0.7 * crisp)
