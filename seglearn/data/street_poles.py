"""The thin things of a drawn street: lamp posts, signs, traffic lights, bollards and masts with wires.

All but the wires are labeled pole. A wire covers less than half of any pixel at the sizes we train with, so that it
keeps the label of what is behind it.
"""

import numpy as np

from seglearn.data.painting import FINE, ellipse
from seglearn.data.street_view import View
from seglearn.labels import STREETS

ROAD, PAVEMENT, POLE = (STREETS.index(name) for name in ("road", "pavement", "pole"))
METAL = np.array([[0.16, 0.17, 0.18], [0.34, 0.35, 0.36], [0.52, 0.53, 0.54], [0.14, 0.22, 0.18]], dtype=np.float32)
RED, BLUE, WHITE = (np.array(rgb, np.float32) for rgb in ((0.78, 0.07, 0.07), (0.08, 0.25, 0.65), (0.93, 0.93, 0.9)))
YELLOW, BLACK = np.array([0.95, 0.72, 0.10], np.float32), np.array([0.06, 0.06, 0.07], np.float32)
LIGHTS = np.array([[1.0, 0.12, 0.08], [1.0, 0.70, 0.10], [0.15, 0.95, 0.45]], dtype=np.float32)  # top to bottom


def _bar(view: View, x: float, z: float, color, *, width: float, low: float, high: float) -> None:
    patch = view.bar(x, z, width=width, low=low, high=high)
    if patch is not None:
        patch.paint(True, color, label=POLE, depth=z)


def _metal(view: View) -> np.ndarray:
    return METAL[view.rng.integers(len(METAL))] * view.rng.uniform(0.8, 1.15)


def paint_lamp(view: View, x: float, z: float) -> None:
    """Paint a lamp post whose arm reaches over the road; after dark it shines."""
    height, reach, color = view.rng.uniform(4.8, 7.5), view.rng.uniform(0.9, 1.8), _metal(view)
    toward_road = -1 if x > 0 else 1
    head = x + toward_road * reach
    _bar(view, x, z, color, width=0.22, low=0, high=height)
    _bar(view, x, z, color, width=0.28, low=0, high=0.9)
    _bar(view, (x + head) / 2, z, color, width=reach, low=height - 0.1, high=height + 0.02)
    shining = view.weather.lamps_on
    light = np.array([1.0, 0.86, 0.58], np.float32)
    glass = view.weather.glowing(light) if shining else color * 1.2
    _bar(view, head, z, glass, width=0.75, low=height - 0.2, high=height)
    if shining:
        view.glow(head, height - 0.1, z, 1.2, light)
        _light_ground(view, head, z)


def _light_ground(view: View, x: float, z: float) -> None:
    """Brighten the ground under a lamp, more toward the middle."""
    plane = view.board(x, z, half_width=4.5, top=1.2, bottom=-1.2)
    if plane is not None:
        patch, flat = plane.patch, 3.2 * view.camera.height / z
        ground = (patch.label == ROAD) | (patch.label == PAVEMENT)
        for size in (0.5, 0.75, 1.0):
            patch.shade(ground & ellipse(plane.along, plane.up, (0, 0), (4.5 * size, flat * size)), 1.18)


def paint_sign(view: View, x: float, z: float) -> None:
    """Paint a traffic sign: a ban, a warning, an order or a plate."""
    rng = view.rng
    height, radius = rng.uniform(2.3, 3.0), rng.uniform(0.42, 0.56)
    _bar(view, x, z, _metal(view), width=0.18, low=0, high=height)
    board = view.board(x, z, half_width=1.6 * radius, top=height + radius, bottom=height - radius)
    if board is None:
        return
    patch, side, up = board.patch, board.along, board.up - height
    kind = rng.integers(4)
    if kind == 0:
        patch.paint(ellipse(side, up, (0, 0), (radius, radius)), RED, label=POLE, depth=z)
        inner = (np.abs(up) < 0.2 * radius) & (np.abs(side) < 0.65 * radius)
        inner = inner if rng.random() < 0.5 else ellipse(side, up, (0, 0), (0.62 * radius, 0.62 * radius))
        patch.paint(inner, WHITE)
    elif kind == 1:
        room = np.minimum((radius - up) / 2, up + 0.95 * radius) - 0.5 * np.abs(side) * (up < radius)
        patch.paint((np.abs(side) < 0.58 * (radius - up)) & (up > -0.9 * radius), RED, label=POLE, depth=z)
        patch.paint((np.abs(side) < 0.58 * (0.5 * radius - up)) & (up > -0.62 * radius) & (room > 0), WHITE)
    elif kind == 2:
        patch.paint(ellipse(side, up, (0, 0), (radius, radius)), BLUE, label=POLE, depth=z)
        patch.paint((np.abs(side) < 0.16 * radius) & (np.abs(up) < 0.6 * radius), WHITE)
    else:
        plate = BLUE if rng.random() < 0.6 else YELLOW
        patch.paint((np.abs(side) < 1.5 * radius) & (np.abs(up) < 0.7 * radius), plate, label=POLE, depth=z)
        patch.paint((np.abs(side) < 1.1 * radius) & (np.abs(np.abs(up) - 0.25 * radius) < 0.1 * radius), WHITE)


def paint_traffic_light(view: View, x: float, z: float) -> None:
    """Paint a traffic light: a black case of three lamps, one of them shining."""
    phase = view.rng.integers(3)
    _bar(view, x, z, METAL[1], width=0.20, low=0, high=2.6)
    _bar(view, x, z, BLACK, width=0.44, low=2.3, high=3.4)
    for place, color in enumerate(LIGHTS):
        up = 3.20 - 0.33 * place
        on = place == phase
        patch = view.bar(x, z, width=0.25, low=up - 0.12, high=up + 0.12)
        if patch is not None and (on or view.camera.scale(z) > 8):
            patch.paint(True, view.weather.glowing(color) if on else color * 0.22)
    view.glow(x, 3.20 - 0.33 * phase, z, 0.5 if view.weather.lamps_on else 0.25, LIGHTS[phase])


def paint_bollards(view: View, x: float, z: float) -> None:
    """Paint a few bollards along the kerb, far to near."""
    color = _metal(view)
    for step in range(3, -1, -1):
        far = z + 1.8 * step
        _bar(view, x, far, color, width=0.17, low=0, high=0.95)
        _bar(view, x, far, WHITE, width=0.17, low=0.72, high=0.82)


def paint_masts(view: View, x: float, z: float) -> None:
    """Paint a row of wooden masts with sagging wires between them."""
    rng = view.rng
    spacing, height = rng.uniform(14, 20), rng.uniform(6.5, 8.0)
    wood = np.array([0.27, 0.21, 0.16], np.float32) * rng.uniform(0.8, 1.3)
    stops = z + spacing * np.arange(int((view.street.length - z) / spacing) + 1)
    for offset in (-0.7, 0.7):
        _paint_wires(view, x + offset, np.concatenate(([z - spacing], stops)), height - 0.35)
    for stop in stops[::-1]:
        _bar(view, x, stop, wood, width=0.2, low=0, high=height)
        _bar(view, x, stop, wood, width=1.7, low=height - 0.55, high=height - 0.4)


def _paint_wires(view: View, x: float, stops: np.ndarray, up: float) -> None:
    """Darken the fine pixels along wires that hang between masts at the distances `stops`."""
    steps = np.linspace(0, 1, 160, dtype=np.float32)
    z = (stops[:-1, None] + (stops[1:] - stops[:-1])[:, None] * steps).ravel()
    sag = np.tile(1.6 * steps * (1 - steps), len(stops) - 1)
    seen = z > 2
    scale = view.camera.focal / z[seen]
    columns = ((view.camera.center + x * scale) * FINE).astype(np.int64)
    rows = ((view.camera.horizon + (view.camera.height - up + sag[seen]) * scale) * FINE).astype(np.int64)
    height, width = view.canvas.label.shape
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    view.canvas.color[:, rows[inside], columns[inside]] *= np.float32(0.45)
