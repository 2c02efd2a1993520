"""What stands and moves in a drawn street: trees, hedges, cars and people, each drawn in meters on boards and walls."""

import math

import numpy as np

from seglearn.data.painting import box, ellipse, limb
from seglearn.data.street_view import View
from seglearn.data.textures import hsv, noise
from seglearn.labels import STREETS

TREE, CAR, PERSON = (STREETS.index(name) for name in ("tree", "car", "person"))
PAINTS = np.array(  # of cars: white, silver, gray, black, blue, dark blue, red, dark green, yellow
    [
        [0.88, 0.88, 0.88],
        [0.66, 0.68, 0.70],
        [0.36, 0.37, 0.39],
        [0.09, 0.09, 0.10],
        [0.16, 0.32, 0.66],
        [0.10, 0.16, 0.36],
        [0.68, 0.10, 0.09],
        [0.10, 0.30, 0.20],
        [0.90, 0.70, 0.12],
    ],
    dtype=np.float32,
)
SKIN = np.array([[0.87, 0.68, 0.57], [0.74, 0.54, 0.40], [0.50, 0.34, 0.24], [0.33, 0.22, 0.16]], dtype=np.float32)
HAIR = np.array([[0.10, 0.07, 0.05], [0.28, 0.17, 0.09], [0.62, 0.47, 0.24], [0.55, 0.54, 0.53]], dtype=np.float32)
RUBBER = np.array([0.05, 0.05, 0.06], dtype=np.float32)
HEADLAMP, TAILLAMP = np.array([1.0, 0.96, 0.82], np.float32), np.array([0.85, 0.08, 0.05], np.float32)
PLATE = np.array([0.85, 0.85, 0.78], dtype=np.float32)
GLASS = np.array([0.10, 0.13, 0.16], dtype=np.float32)


def paint_contact_shadow(view: View, x: float, z: float, half_width: float) -> None:
    """Darken the ground under a thing: without it, things float."""
    if z > 30:
        return
    deep = 0.5 * half_width
    plane = view.board(x, z, half_width=1.2 * half_width, top=deep, bottom=-deep)
    if plane is not None:
        flat = deep * view.camera.height / z + 0.03
        plane.patch.shade(ellipse(plane.along, plane.up, (0, 0), (1.15 * half_width, flat)), 0.55)


def leaf_color(view: View) -> np.ndarray:
    """Return the green of a tree, or its autumn color, or snow on twigs."""
    rng = view.rng
    if view.weather.name == "snow":
        return hsv(0.10, 0.15, rng.uniform(0.45, 0.65))
    if rng.random() < 0.15:
        return hsv(rng.uniform(0.05, 0.13), 0.65, rng.uniform(0.45, 0.65))
    return hsv(rng.uniform(0.21, 0.34), rng.uniform(0.4, 0.65), rng.uniform(0.26, 0.46))


def paint_tree(view: View, x: float, z: float) -> None:
    """Paint a trunk and a crown of a few round lobes with ragged edges, lit from the sun's side and from above."""
    rng, weather = view.rng, view.weather
    height = rng.uniform(5, 10)
    radius = height * rng.uniform(0.24, 0.36)
    board = view.board(x, z, half_width=1.5 * radius, top=1.15 * height)
    if board is None:
        return
    paint_contact_shadow(view, x, z, 0.5 * radius)
    patch, side, up = board
    trunk = max(0.022 * height, 0.4 / view.camera.scale(z))
    bark = np.array([0.24, 0.18, 0.13], np.float32)
    trunk_shape = (np.abs(side) < trunk * (1.3 - 0.5 * up / height)) & (up < 0.7 * height) & (up > 0)
    patch.paint(trunk_shape, bark[:, None, None] * (1 + 0.3 * weather.sun_side * side / trunk), label=TREE, depth=z)
    middle = height - 1.05 * radius
    ragged = noise(rng, *patch.shape, slope=1.1)
    away = (side**2 + ((up - middle) / 1.1) ** 2) / radius**2  # squared
    for _ in range(3):
        turn = rng.uniform(0, 2 * math.pi)
        lobe = (side - 0.6 * radius * math.cos(turn)) ** 2 + (up - middle - 0.5 * radius * math.sin(turn)) ** 2
        away = np.minimum(away, lobe / (radius * rng.uniform(0.5, 0.75)) ** 2)
    crown = (away + 0.10 * ragged < 1) & (up > 0.2 * height)
    light = 0.80 + 0.30 * (up - middle) / radius + 0.22 * weather.sun * weather.sun_side * side / radius + 0.20 * ragged
    patch.paint(crown, leaf_color(view)[:, None, None] * np.clip(light, 0.3, 1.7), label=TREE, depth=z)
    if weather.name == "snow":
        patch.paint(crown & (light > 1.1), np.array([0.9, 0.92, 0.96], np.float32))


def paint_hedge(view: View, side: int) -> None:
    """Paint a hedge along one wall of the street, with a leafy mass of park behind it."""
    rng, x = view.rng, view.street.walls[0 if side < 0 else 1]
    for tall, offset, darker in ((rng.uniform(3, 6), 7.0, 0.75), (rng.uniform(0.9, 1.7), 0.0, 1.0)):
        plane = view.wall(x + side * offset, near=view.street.near, far=view.street.length, top=tall * 1.6)
        if plane is None:
            continue
        leaves = noise(rng, *plane.patch.shape, slope=0.9)
        waves = np.sin(plane.along * rng.uniform(0.3, 0.6) + rng.uniform(0, 6)) * (0.3 if offset else 0.05)
        edge = tall * (1 + waves + (0.16 if offset else 0.05) * leaves)
        light = view.weather.facing(-side) * (0.55 + 0.4 * np.clip(plane.up / tall, 0, 1.2)) + 0.16 * leaves
        color = leaf_color(view)[:, None, None] * darker * np.clip(light, 0.25, 1.6)
        plane.patch.paint((plane.up > 0) & (plane.up < edge), color, label=TREE, depth=plane.along)


def paint_car(view: View, x: float, z: float, *, toward_us: bool) -> None:
    """Paint a car or a van that drives or parks along the street: first the flank we can see, then its end."""
    rng = view.rng
    van = rng.random() < 0.18
    half, height = (0.98, rng.uniform(2.0, 2.5)) if van else (0.90, rng.uniform(1.42, 1.68))
    length = 5.2 if van else rng.uniform(3.8, 4.6)
    paint = PAINTS[rng.integers(len(PAINTS))] * rng.uniform(0.85, 1.1)
    paint_contact_shadow(view, x, z, half)
    side = 1 if x > 0 else -1
    if abs(x) > half:
        _paint_flank(view, x - side * half, side, z, length, height, paint, van=van, toward_us=toward_us)
    setback = 0.15 if van else 0.9 if toward_us else 0.3  # behind the bumper the windows begin
    _paint_cabin(view, x, z + setback, half, height, paint, side)
    _paint_bumper(view, x, z, half, height, paint, toward_us=toward_us)


def _paint_flank(view: View, x, side, z, length, height, paint, *, van: bool, toward_us: bool) -> None:
    plane = view.wall(x, near=z, far=z + length, top=height)
    if plane is None:
        return
    patch, along, up = plane.patch, plane.along - z, plane.up
    hood = 0.15 if van else 0.9  # meters of bonnet, at our end of the car or at the far one
    front, back = (hood, 0.3) if toward_us else (0.3 if not van else 0.15, hood + 0.3)
    rise = np.clip((up - 0.55 * height) / (0.45 * height), 0, 1)  # windows lean inwards
    body = (up > 0.26) & (up < 0.58 * height)
    cabin = (up >= 0.5 * height) & (up < height) & (along > front) & (along < length - back - 0.5 * rise)
    light = view.weather.facing(-side) * (0.70 + 0.22 * up)
    patch.paint(body | cabin, paint[:, None, None] * light, label=CAR, depth=plane.along)
    glass = cabin & (np.abs(up - 0.75 * height) < 0.16 * height) & (np.abs(along - 0.55 * length) > 0.06)
    glass &= (along > front + 0.35) & (along < length - back - 0.3 - 0.5 * rise)
    patch.paint(glass, GLASS + 0.12)
    for axle in (0.18 * length, 0.80 * length):
        patch.paint(ellipse(along, up, (axle, 0.32), (0.34, 0.33)), RUBBER, label=CAR, depth=plane.along)
        patch.paint(ellipse(along, up, (axle, 0.32), (0.18, 0.18)), np.array([0.45, 0.45, 0.47]))


def _paint_cabin(view: View, x, z, half, height, paint, flank: int) -> None:
    """Paint roof and window; on the side where the flank is seen the cabin goes straight up and meets it."""
    board = view.board(x, z, half_width=half, top=height, bottom=0.45 * height)
    if board is None:
        return
    patch, side, up = board
    rise = np.clip(up / (0.45 * height) - 0.55 / 0.45, 0, 1)
    inset = np.where(side * flank < 0, 0.0, 0.06 + 0.18 * rise) if abs(x) > half else 0.06 + 0.18 * rise
    patch.paint((np.abs(side) < half - inset) & (up < height), paint * 0.92, label=CAR, depth=z)
    glass = (np.abs(side) < half - 0.16 - 0.2 * rise) & (np.abs(up - 0.76 * height) < 0.165 * height)
    sky = np.minimum(0.35 * view.weather.sky_low / view.weather.ambient.max(), 0.5)
    patch.paint(glass, GLASS[:, None, None] + sky[:, None, None] * rise)


def _paint_bumper(view: View, x, z, half, height, paint, *, toward_us: bool) -> None:
    """Paint the lower body with wheels, lamps and the number plate."""
    board = view.board(x, z, half_width=half, top=0.62 * height)
    if board is None:
        return
    patch, side, up = board.patch, np.abs(board.along), board.up  # a car is symmetric
    patch.paint(box(side, up, half - 0.26, half - 0.03, 0, 0.4), RUBBER, label=CAR, depth=z)
    body = (side < half - 0.06 * (up < 0.5)) & (up > 0.24) & (up < 0.6 * height - 0.05 * (side / half) ** 4)
    patch.paint(body, paint[:, None, None] * (0.66 + 0.4 * up / height), label=CAR, depth=z)
    patch.shade(body & (up < 0.42), 0.55)
    patch.shade(body & (side < 0.45) & (np.abs(up - 0.66) < 0.07), 0.35 if toward_us else 1.0)  # grille
    patch.paint(box(side, up, -1, 0.26, 0.44, 0.56), PLATE)
    low, wide = (0.66, 0.20) if toward_us else (0.72, 0.14)
    tint = HEADLAMP if toward_us else TAILLAMP
    on = view.weather.lamps_on or view.weather.name in ("rain", "fog")
    patch.paint(ellipse(side, up, (half - 0.22, low), (wide, 0.11)), view.weather.glowing(tint) if on else 0.85 * tint)
    if view.weather.lamps_on:
        for sign in (-1, 1):
            view.glow(x + sign * (half - 0.22), low, z, 0.45 if toward_us else 0.25, tint)


def paint_person(view: View, x: float, z: float) -> None:
    """Paint somebody who stands or walks: legs, coat or jacket, arms, head, hair; sometimes a bag or an umbrella."""
    rng = view.rng
    tall = rng.uniform(1.15, 1.35) if rng.random() < 0.12 else rng.uniform(1.58, 1.9)
    umbrella = view.weather.wet and rng.random() < 0.5
    board = view.board(x, z, half_width=0.5 * tall, top=(1.25 if umbrella else 1.02) * tall)
    if board is None:
        return
    paint_contact_shadow(view, x, z, 0.3)
    patch = board.patch
    side, up = board.along / tall, board.up / tall  # in units of the person's height
    stride = rng.uniform(0.03, 0.12)
    jacket, trousers = _clothes(rng), np.array([0.12, 0.13, 0.18], np.float32) * rng.uniform(0.5, 2.2)
    skin, hair = SKIN[rng.integers(len(SKIN))], HAIR[rng.integers(len(HAIR))]
    light = 0.95 + 0.25 * view.weather.sun * view.weather.sun_side * np.clip(side / 0.12, -1, 1)
    legs = limb(np.abs(side), up, (0.045, 0.5), (stride, 0.0), 0.058)
    patch.paint(legs, trousers[:, None, None] * light, label=PERSON, depth=z)
    hem = 0.30 if rng.random() < 0.25 else 0.46
    swing = stride * 0.6
    body = (np.abs(side) < 0.105 + 0.035 * np.clip((up - 0.5) / 0.3, -0.5, 1)) & (up > hem) & (up < 0.845)
    arms = limb(np.abs(side), up, (0.13, 0.82), (0.13 + swing, 0.47), 0.035)
    patch.paint(arms, jacket[:, None, None] * light * 0.85, label=PERSON, depth=z)
    patch.paint(body, jacket[:, None, None] * light, label=PERSON, depth=z)
    patch.paint(ellipse(side, up, (0, 0.92), (0.064, 0.082)), skin[:, None, None] * light, label=PERSON, depth=z)
    away = rng.random() < 0.5  # seen from behind, hair is all there is of a head
    patch.paint(ellipse(side, up, (0, 0.945), (0.068, 0.06)) & ((up > 0.935) | away), hair)
    if rng.random() < 0.35:
        patch.paint(ellipse(side, up, (0.15 + swing, 0.42), (0.06, 0.075)), _clothes(rng) * 0.7, label=PERSON, depth=z)
    if umbrella:
        roof = ellipse(side, up, (0, 1.02), (0.34, 0.2)) & (up > 1.02)
        patch.paint(roof, _clothes(rng), label=PERSON, depth=z)


def _clothes(rng: np.random.Generator) -> np.ndarray:
    if rng.random() < 0.25:
        return np.full(3, rng.uniform(0.1, 0.9), np.float32)
    return hsv(rng.random(), rng.uniform(0.5, 0.9), rng.uniform(0.5, 0.95))
