"""The stage of a drawn street: the sky, the road and the pavements."""

import numpy as np

from seglearn.data.painting import Patch
from seglearn.data.street_view import Plane, View
from seglearn.data.textures import noise, value_noise
from seglearn.labels import STREETS

SKY, ROAD, PAVEMENT = (STREETS.index(name) for name in ("sky", "road", "pavement"))
SNOW = np.array([0.90, 0.92, 0.96], dtype=np.float32)
PAVING = np.array([[0.62, 0.58, 0.53], [0.55, 0.55, 0.56], [0.60, 0.50, 0.44]], dtype=np.float32)


def paint_sky(view: View) -> None:
    """Fill the canvas with sky: a gradient, sun or moon or stars, and clouds that flatten toward the horizon."""
    rng, camera, weather = view.rng, view.camera, view.weather
    patch = view.canvas.patch(0, camera.horizon + 1)
    if patch is None:
        return
    rise = np.clip(1 - patch.row / max(camera.horizon, 1), 0, 1)  # (h, 1), 0 at the horizon
    blend = rise**0.7
    sky = weather.sky_low[:, None, None] * (1 - blend) + weather.sky_top[:, None, None] * blend  # (3, h, 1)
    patch.paint(True, weather.glowing(sky.reshape(3, -1).T).T[:, :, None], label=SKY, depth=0.0)
    _paint_sun_or_stars(view, patch)
    heaps = value_noise(rng, *patch.shape, step=view.canvas.height / 4)
    thick = 0.35 * noise(rng, *patch.shape, slope=1.5) + 1.6 * heaps + (2.2 * weather.cloud - 1.9)
    thick = np.clip(1.3 * thick, 0, 1) * (0.3 + 0.7 * blend)
    bright = 0.65 * weather.sky_low + 0.35 * np.float32(weather.sky_low.max())
    cloud = weather.glowing(bright * (0.82 if weather.name in ("rain", "snow") else 1.0))
    patch.paint(True, cloud[:, None, None] * (1.06 - 0.22 * thick), opacity=0.85 * thick)


def _paint_sun_or_stars(view: View, patch: Patch) -> None:
    rng, weather, camera = view.rng, view.weather, view.camera
    if weather.hour == "night":
        sparks = rng.random(patch.shape, dtype=np.float32)
        patch.paint(sparks > 0.9975, weather.glowing([0.8, 0.8, 0.9]), opacity=0.8 * (1 - weather.cloud))
    if weather.name == "clear":
        height = 0.12 if weather.hour == "golden" else 0.75
        column = camera.center + weather.sun_side * rng.uniform(0.05, 0.6) * view.canvas.width
        row = camera.horizon * (1 - height * rng.uniform(0.6, 1.2))
        size = 0.045 * view.canvas.height
        away = ((patch.row - row) ** 2 + (patch.column - column) ** 2) / size**2
        halo = {"noon": 0.5, "golden": 0.6, "dusk": 0.08, "night": 0.1}[weather.hour]
        patch.paint(True, weather.glowing([1.0, 0.93, 0.8]), opacity=halo / (1 + 0.25 * away))
        patch.paint(away < (1 if weather.hour != "noon" else 1.6), weather.glowing([1.1, 1.05, 0.95]))


def paint_ground(view: View) -> None:
    """Lay road and pavements in perspective, with kerbs, marks, tiles, grain, snow and hard shadows."""
    rng, weather, (left, right) = view.rng, view.weather, view.street.road
    plane = view.ground()
    if plane is None:
        return
    patch, x, z = plane
    on_road = (x > left) & (x < right)
    grain = 1 + 0.05 * noise(rng, *patch.shape, slope=0.5) + 0.07 * noise(rng, *patch.shape, slope=1.6)
    gray = rng.uniform(0.24, 0.42)
    asphalt = np.array([gray, gray, gray * rng.uniform(0.98, 1.1)], np.float32) * (0.6 if weather.wet else 1.0)
    paving = PAVING[rng.integers(len(PAVING))] * rng.uniform(0.85, 1.1) * (0.75 if weather.wet else 1.0)
    if weather.name == "snow":
        asphalt, paving = asphalt * 0.6 + 0.25, SNOW * 0.9
    patch.paint(True, paving[:, None, None] * grain, label=PAVEMENT, depth=z)
    near = z < 14
    joints = near & (((x % 0.9) < 0.07) | ((z % 0.9) < 0.07))
    patch.shade(joints, 0.86)
    patch.paint(on_road, asphalt[:, None, None] * grain, label=ROAD)
    kerb = np.maximum(0.14, 0.5 * z / view.camera.focal)
    patch.paint(((x < left) & (x > left - kerb)) | ((x > right) & (x < right + kerb)), np.minimum(paving * 1.25, 1))
    patch.shade(((x > left) & (x < left + kerb)) | ((x < right) & (x > right - kerb)), 0.7)
    if weather.name == "snow":
        from_track = np.abs(np.abs(x - (left + right) / 2) - 1.6) + 3 * (grain - 1)
        patch.paint(on_road & (from_track > 0.9), SNOW[:, None, None] * grain, opacity=0.65)
    _paint_marks(view, plane, on_road)
    _paint_shadows(view, plane)


def _paint_marks(view: View, plane: Plane, on_road: np.ndarray) -> None:
    rng, (left, right), (patch, x, z) = view.rng, view.street.road, plane
    thin = np.maximum(0.07, 0.3 * z / view.camera.focal)  # half a mark: never below a third of a pixel
    fade = np.exp(-z / 60) * rng.uniform(0.5, 0.95) * (0.35 if view.weather.name == "snow" else 1.0)
    white = np.array([0.90, 0.90, 0.86], np.float32)
    start = rng.uniform(0, 6)
    patch.paint((np.abs(x - (left + right) / 2) < thin) & ((z + start) % 6 < 3), white, opacity=fade)
    if rng.random() < 0.55:
        edge = white if rng.random() < 0.6 else np.array([0.92, 0.72, 0.15], np.float32)
        patch.paint((np.abs(np.abs(x - (left + right) / 2) - (right - left) / 2 + 0.45) < thin), edge, opacity=fade)
    if view.street.crossing is not None:
        band = on_road & (np.abs(z - view.street.crossing - 1.5) < 1.5)
        patch.paint(band & ((x - left) % 1.0 < 0.5), white, opacity=np.maximum(fade, 0.5))


def _paint_shadows(view: View, plane: Plane) -> None:
    """Let the houses on the sun's side shade the street, and lamps light it at night."""
    rng, weather, (patch, x, z) = view.rng, view.weather, plane
    if weather.sun > 0.3 and rng.random() < 0.7:
        reach = rng.uniform(0.5, 4)
        wall = view.street.walls[0 if weather.sun_side < 0 else 1]
        edge = np.abs(x - wall) < reach + 0.8 * np.sign(np.sin(z * 0.35 + rng.uniform(0, 6)))
        patch.shade(edge, 0.72)
    if weather.lamps_on:  # our own headlights
        strength = (1.3 if weather.hour == "night" else 0.5) * (0.3 if weather.name == "snow" else 1.0)
        patch.color *= 1 + strength * np.exp(-((x / (1.2 + 0.22 * z)) ** 2) - ((z - 9) / 9) ** 2)
