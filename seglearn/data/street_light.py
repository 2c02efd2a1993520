"""Weather in the air and light in the lens of a drawn street: from painted colors to a photograph."""

import numpy as np

from seglearn.data.painting import FINE
from seglearn.data.street_stage import PAVEMENT, ROAD
from seglearn.data.street_view import Glow, View, Weather
from seglearn.data.textures import blur, noise, value_noise

HOURS = {  # sky at the top, sky near the horizon, ambient light; chance, hardness of the sun
    "noon": ((0.26, 0.48, 0.84), (0.80, 0.89, 0.97), (1.02, 1.00, 0.96), 0.70, 1.0),
    "golden": ((0.34, 0.43, 0.68), (1.00, 0.74, 0.46), (1.00, 0.80, 0.62), 0.14, 0.9),
    "dusk": ((0.10, 0.15, 0.36), (0.70, 0.42, 0.40), (0.46, 0.46, 0.60), 0.08, 0.0),
    "night": ((0.015, 0.025, 0.07), (0.10, 0.11, 0.20), (0.44, 0.46, 0.60), 0.08, 0.0),
}
SKIES = {"clear": 0.64, "overcast": 0.20, "rain": 0.07, "fog": 0.05, "snow": 0.04}  # chances
GRAY_SKY = np.array([0.86, 0.88, 0.91], dtype=np.float32)


def choose_weather(rng: np.random.Generator) -> Weather:
    """Return the hour and the weather of a scene."""
    hour = _chosen(rng, {name: row[3] for name, row in HOURS.items()})
    name = _chosen(rng, SKIES)
    top, low, ambient = (np.array(color, np.float32) for color in HOURS[hour][:3])
    sun, cloud, haze = HOURS[hour][4], rng.uniform(0.1, 0.75), rng.uniform(0.001, 0.006)
    if name != "clear":
        brightness = np.float32(0.35 * low.max() + 0.65 * low.mean())
        gray = GRAY_SKY * brightness * rng.uniform(0.72, 0.98)
        top, low = 0.25 * top + 0.65 * gray, 0.2 * low + 0.8 * gray
        ambient, sun = 0.85 * ambient.mean() + 0.1 * ambient, 0.0
        cloud, haze = rng.uniform(0.5, 0.9), {"overcast": 0.004, "rain": 0.012, "fog": 0.024, "snow": 0.014}[name]
        haze = haze * rng.uniform(0.7, 1.2)
    if name == "fog":
        top, cloud = 0.3 * top + 0.7 * low, 0.0
    side = 1 if rng.random() < 0.5 else -1
    return Weather(name, hour, top, low, np.asarray(ambient, np.float32), cloud, haze, side, sun)


def _chosen(rng: np.random.Generator, chances: dict[str, float]) -> str:
    return list(chances)[np.searchsorted(np.cumsum(list(chances.values()))[:-1], rng.random())]


def shine(view: View) -> None:
    """Light the finished canvas: ambient light, haze that thickens with distance, reflections on a wet road."""
    canvas, weather = view.canvas, view.weather
    canvas.color *= weather.ambient[:, None, None]
    clear = np.exp(-weather.haze * canvas.depth)
    haze = weather.sky_low[:, None, None]
    canvas.color -= haze
    canvas.color *= clear
    canvas.color += haze
    if weather.wet:
        _mirror(view)


def _mirror(view: View) -> None:
    """Mirror what is above the horizon in the road below, broken up by puddles."""
    canvas = view.canvas
    horizon = int(np.clip(view.camera.horizon * FINE, 1, canvas.label.shape[0] - 1))
    depth = np.arange(canvas.label.shape[0] - horizon)
    above = canvas.color[:, np.maximum(horizon - 1 - depth, 0)]
    ground = (canvas.label[horizon:] == ROAD) | (canvas.label[horizon:] == PAVEMENT)
    nearness = depth[:, None] / len(depth)  # seen steeply, water mirrors less
    puddles = np.clip(0.45 + 0.16 * noise(view.rng, *ground.shape, slope=1.4) - 0.25 * nearness, 0, 1)
    canvas.color[:, horizon:] += (puddles * ground).astype(np.float32) * (above - canvas.color[:, horizon:])


def expose(view: View, image: np.ndarray) -> np.ndarray:
    """Return the photograph of a developed picture: halos, falling rain or snow, exposure and sensor noise.

    Shapes:
        image  (3, H, W) float32
        result (3, H, W) float32   in [0, 1]
    """
    rng, weather = view.rng, view.weather
    _, height, width = image.shape
    for glow in view.glows:
        if _is_seen(view, glow):
            _add_halo(image, glow.row, glow.column, max(glow.radius, 0.8), glow.color)
    if weather.name == "rain":
        image += 0.13 * _streaks(rng, height, width) * np.float32(0.4 + 0.6 * weather.sky_low.mean())
    if weather.name == "snow":
        flakes = value_noise(rng, height, width, step=max(1.0, height / 48)) > 0.955
        image += (0.9 * weather.ambient.max() - image) * (0.8 * blur(flakes, 0.004 * height))
    exposure = rng.uniform(0.9, 1.12) * (1.25 if weather.hour == "night" else 1.0)
    balance = rng.uniform(0.96, 1.04, (3, 1, 1))
    contrast = rng.uniform(1.05, 1.2) if weather.lamps_on else rng.uniform(1.15, 1.5)
    image = image * (contrast * exposure * balance).astype(np.float32) + np.float32(0.42 * (1 - contrast) + 0.03)
    image = blur(image, rng.uniform(0.0, 0.45) * np.sqrt(height / 64))
    grain = noise(rng, 3 * height, width, slope=0.0).reshape(3, height, width)
    image = image + grain * np.float32(rng.uniform(0.004, 0.014) * (1.5 if weather.lamps_on else 1.0))
    return np.clip(image, 0, 1)


def _is_seen(view: View, glow: Glow) -> bool:
    rows, columns = view.canvas.depth.shape
    row, column = int(glow.row * FINE), int(glow.column * FINE)
    return 0 <= row < rows and 0 <= column < columns and view.canvas.depth[row, column] > glow.z - 0.5


def _add_halo(image: np.ndarray, row: float, column: float, radius: float, color: np.ndarray) -> None:
    """Add a soft round light to the picture, near its lamp only."""
    _, height, width = image.shape
    top, bottom = (int(np.clip(row + sign * 3 * radius, 0, height)) for sign in (-1, 1))
    left, right = (int(np.clip(column + sign * 3 * radius, 0, width)) for sign in (-1, 1))
    if top < bottom and left < right:
        down = np.exp(-(((np.arange(top, bottom) + 0.5 - row) / radius) ** 2)).astype(np.float32)
        across = np.exp(-(((np.arange(left, right) + 0.5 - column) / radius) ** 2)).astype(np.float32)
        light = 0.6 * down[:, None] * across
        image[:, top:bottom, left:right] += color[:, None, None].astype(np.float32) * light


def _streaks(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Return rain as (H, W) in [0, 1]: noise stretched along a slightly slanted fall."""
    length = max(3, height // 10)
    drops = (rng.random((height // length + 2, width), dtype=np.float32) > 0.9).astype(np.float32)
    rows = (np.arange(height)[:, None] + rng.integers(0, length, (1, width))) // length
    return drops[rows, np.arange(width)[None]]
