"""What a drawn street will show: where we stand, which houses line it, and what stands and moves in it."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import numpy as np

from seglearn.data.painting import Canvas
from seglearn.data.street_houses import Houses, plan_houses
from seglearn.data.street_light import choose_weather
from seglearn.data.street_poles import paint_bollards, paint_lamp, paint_masts, paint_sign, paint_traffic_light
from seglearn.data.street_things import paint_car, paint_person, paint_tree
from seglearn.data.street_view import Camera, Street, View


class Thing(NamedTuple):
    """Something that stands on the ground at (x, z), and who paints it."""

    z: float
    x: float
    paint: Callable[[View, float, float], None]


def plan_view(rng: np.random.Generator, height: int, width: int) -> View:
    """Return an empty canvas in front of a street: its weather, its plan and our place in it."""
    weather = choose_weather(rng)
    drive = 1 if rng.random() < 0.5 else -1
    lane = rng.uniform(2.9, 3.5)
    parked = rng.random() < 0.5, rng.random() < 0.5  # left, right
    ours = lane * rng.uniform(0.5, 0.65)
    theirs = lane * (int(rng.integers(1, 3)) + rng.uniform(0.45, 0.55))
    left, right = (-theirs, ours) if drive > 0 else (-ours, theirs)
    left, right = left - 2.0 * parked[0], right + 2.0 * parked[1]
    street = Street(
        road=(left, right),
        walls=(left - rng.uniform(2.5, 4.5), right + rng.uniform(2.5, 4.5)),
        near=2.0,
        length=rng.uniform(55, 75) if weather.name == "fog" else rng.uniform(60, 120),
        lane=lane,
        drive=drive,
        parked=parked,
        crossing=rng.uniform(6, 10) if rng.random() < 0.3 else None,
    )
    unit = float(np.sqrt(height * width / 1.5))  # the height of a picture of this area in the usual 2:3
    camera = Camera(
        height=rng.uniform(1.35, 2.1),
        focal=unit * rng.uniform(1.2, 1.45),
        horizon=height * rng.uniform(0.40, 0.54),
        center=width * rng.uniform(0.36, 0.64),
    )
    return View(rng, Canvas(height, width), camera, weather, street)


def plan_rows(view: View) -> tuple[dict[int, Houses], int]:
    """Return the rows of houses by side (-1 left, 1 right), and the side of a park or 0."""
    rng, street = view.rng, view.street
    park = int(rng.integers(0, 2)) * 2 - 1 if rng.random() < 0.3 else 0
    tall = rng.uniform(5.5, 12)
    sides = [side for side in (-1, 1) if side != park]
    return {side: plan_houses(rng, street.near - 8, street.length, tall=tall, gaps=0.14) for side in sides}, park


def plan_things(view: View) -> list[Thing]:
    """Return everything that stands on the ground, in no order."""
    return [*_trees(view), *_cars(view), *_people(view), *_poles(view)]


def _in_sight(view: View, x: float, z: float, margin: float) -> float:
    """Return z, or the distance at which something at x comes into the picture where that is farther."""
    camera = view.camera
    room = camera.center if x < 0 else view.canvas.width - camera.center
    return max(z, abs(x) * camera.focal / (margin * room))


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(low * (high / low) ** rng.random())


def _trees(view: View) -> Iterator[Thing]:
    rng, street = view.rng, view.street
    for side in (0, 1):
        if rng.random() < 0.6:
            kerb, wall = street.road[side], street.walls[side]
            x = kerb + rng.uniform(0.25, 0.6) * (wall - kerb)
            z, spacing = rng.uniform(9, 22), rng.uniform(7, 16)
            for place in range(int(rng.integers(1, 5))):
                yield Thing(z + place * spacing, x, paint_tree)


def _cars(view: View) -> Iterator[Thing]:
    rng, street = view.rng, view.street
    for side in (0, 1):
        if street.parked[side]:
            x = street.road[side] + (1.05 if side == 0 else -1.05)
            z = _in_sight(view, x, rng.uniform(5, 14), 1.0)
            with_us = (x > 0) == (street.drive > 0)
            for _ in range(int(rng.integers(1, 5))):
                yield Thing(z, x + rng.normal(0, 0.06), partial(paint_car, toward_us=not with_us))
                z += rng.uniform(5.6, 9)
    if rng.random() < 0.65:
        yield Thing(_log_uniform(rng, 7, 40), rng.normal(0, 0.15), partial(paint_car, toward_us=False))
    if rng.random() < 0.65 or not any(street.parked):
        x = -street.drive * street.lane
        yield Thing(_in_sight(view, x, _log_uniform(rng, 7, 40), 0.9), x, partial(paint_car, toward_us=True))


def _people(view: View) -> Iterator[Thing]:
    rng, street = view.rng, view.street
    for _ in range(int(rng.integers(2, 6))):
        side = int(rng.integers(2))
        kerb, wall = street.road[side], street.walls[side]
        x = kerb + rng.uniform(0.2, 0.8) * (wall - kerb)
        z = _in_sight(view, x, _log_uniform(rng, 3.8, 9), 0.9)
        yield Thing(z, x, paint_person)
        if rng.random() < 0.3:  # not alone
            yield Thing(z + rng.uniform(-0.3, 0.3), x + 0.6, paint_person)
    if street.crossing is not None:
        for _ in range(int(rng.integers(1, 4))):
            yield Thing(street.crossing + rng.uniform(0.4, 2.6), rng.uniform(*street.road), paint_person)


def _poles(view: View) -> Iterator[Thing]:
    rng, street = view.rng, view.street
    lamp_side = int(rng.integers(2))
    kerbs = street.road[0] - 0.4, street.road[1] + 0.4
    z = _in_sight(view, kerbs[lamp_side], rng.uniform(5, 11), 0.9)
    spacing = rng.uniform(8, 14)
    if rng.random() < 0.8:
        for place in range(int(rng.integers(1, 3))):
            yield Thing(z + place * spacing, kerbs[lamp_side], paint_lamp)
    if rng.random() < 0.12:
        yield Thing(z + 4, street.walls[1 - lamp_side] + (0.5 if lamp_side else -0.5), paint_masts)
    for _ in range(int(rng.integers(1, 4))):
        x = kerbs[int(rng.integers(2))]
        yield Thing(_in_sight(view, x, _log_uniform(rng, 4.0, 10), 0.9), x, paint_sign)
    if street.crossing is not None and rng.random() < 0.7:
        for x in kerbs:
            yield Thing(street.crossing - 0.3, x, paint_traffic_light)
    if rng.random() < 0.1:
        x = kerbs[int(rng.integers(2))]
        yield Thing(_in_sight(view, x, rng.uniform(5, 12), 0.9), x, paint_bollards)
