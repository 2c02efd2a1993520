"""Where we stand in a drawn street, and in what weather: a pinhole camera over a flat world measured in meters.

x runs to the right of the camera, `up` above the ground, z away from us. The street runs along z, so that three
kinds of planes are enough to draw it: the ground, walls along the street (constant x) and upright boards that face
us (constant z). Shapes on a plane are written in meters; the camera makes near ones large.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from seglearn.data.painting import Canvas, Patch

NEAREST = 1.0  # meters; nothing is drawn closer


class Plane(NamedTuple):
    """A patch of canvas and the place of each of its fine pixels in the world, in meters."""

    patch: Patch
    along: np.ndarray  # boards: sideways from the middle of the board (1, w); walls: z (1, w); ground: x (h, w)
    up: np.ndarray  # boards and walls: above the ground, (h, 1) and (h, w); ground: z (h, 1)


@dataclass(frozen=True)
class Camera:
    height: float  # meters above the ground
    focal: float  # pixels
    horizon: float  # row of everything that is infinitely far away
    center: float  # column in which the street vanishes

    def scale(self, z: float) -> float:
        """Return how many pixels a meter takes at distance z."""
        return self.focal / z

    def column(self, x: float, z: float) -> float:
        return self.center + x * self.scale(z)

    def row(self, up: float, z: float) -> float:
        return self.horizon + (self.height - up) * self.scale(z)


@dataclass(frozen=True)
class Weather:
    name: str  # clear, overcast, rain, fog or snow
    hour: str  # noon, golden, dusk or night
    sky_top: np.ndarray  # (3,) as seen, not multiplied by the ambient light
    sky_low: np.ndarray  # (3,) near the horizon; also the color of haze
    ambient: np.ndarray  # (3,) light that multiplies every color
    cloud: float  # 0 blue sky, 1 covered
    haze: float  # per meter: exp(-haze * z) of the light comes through
    sun_side: int  # -1 left, 1 right
    sun: float  # 0 soft light, 1 hard light and shadows

    @property
    def lamps_on(self) -> bool:
        return self.hour in ("dusk", "night")

    @property
    def wet(self) -> bool:
        return self.name == "rain"

    def glowing(self, color) -> np.ndarray:
        """Return what to paint so that `color` is seen whatever the ambient light."""
        return np.asarray(color, dtype=np.float32) / self.ambient

    def facing(self, side: int) -> float:
        """Return the light on a wall whose face looks to the given side."""
        return 1 + 0.28 * self.sun * side * self.sun_side


@dataclass(frozen=True)
class Street:
    road: tuple[float, float]  # x of the left and the right kerb, meters
    walls: tuple[float, float]  # x of the houses on both sides
    near: float  # z at which the houses begin
    length: float  # z at which the view is closed
    lane: float  # width, meters
    drive: int  # 1: traffic keeps right, -1: left
    parked: tuple[bool, bool]  # do cars park on the left, on the right?
    crossing: float | None  # z of a zebra crossing


class Glow(NamedTuple):
    """A lamp that shines: where it is seen, how far it is, how wide its halo is in pixels, and its color."""

    row: float
    column: float
    z: float
    radius: float
    color: np.ndarray


@dataclass
class View:
    """All that a painting function needs: chance, canvas, camera, weather and street; and the lamps seen so far."""

    rng: np.random.Generator
    canvas: Canvas
    camera: Camera
    weather: Weather
    street: Street
    glows: list[Glow] = field(default_factory=list)

    def glow(self, x: float, up: float, z: float, radius: float, color) -> None:
        """Remember a shining lamp; its halo is added over the finished picture, where nothing hides the lamp."""
        camera = self.camera
        self.glows.append(Glow(camera.row(up, z), camera.column(x, z), z, radius * camera.scale(z), np.asarray(color)))

    def bar(self, x: float, z: float, *, width: float, low: float, high: float) -> Patch | None:
        """Return an upright rectangle that is at least a pixel wide and high, with thin sides on whole pixels.

        A pole of half a pixel would be a pole that nobody could label; one that straddles two pixels would be
        half a pole in each. So thin ones take exactly the column (or row) that they cover most of.
        """
        camera = self.camera
        left, right = _at_least_a_pixel(camera.column(x - width / 2, z), camera.column(x + width / 2, z))
        top, bottom = _at_least_a_pixel(camera.row(high, z), camera.row(low, z))
        return self.canvas.patch(top, bottom, left, right)

    def board(self, x: float, z: float, *, half_width: float, top: float, bottom: float = 0.0) -> Plane | None:
        """Return an upright board that faces us, or None where it is outside the picture."""
        camera, scale = self.camera, self.camera.scale(z)
        middle = camera.column(x, z)
        patch = self.canvas.patch(
            camera.row(top, z), camera.row(bottom, z), middle - half_width * scale, middle + half_width * scale
        )
        if patch is None:
            return None
        up = camera.height - (patch.row - camera.horizon) / scale
        return Plane(patch, (patch.column - middle) / scale, up)

    def wall(self, x: float, *, near: float, far: float, top: float) -> Plane | None:
        """Return an upright wall along the street, or None where it is outside the picture."""
        camera = self.camera
        room = camera.center if x < 0 else self.canvas.width - camera.center
        near = max(near, NEAREST, abs(x) * camera.focal / room)  # closer, it has left the picture
        if near >= far:
            return None
        columns = sorted((camera.column(x, near), camera.column(x, far)))
        patch = self.canvas.patch(camera.row(top, near), camera.row(0, near), *columns)
        if patch is None or x == 0:
            return None
        offset = patch.column - camera.center
        z = x * camera.focal / np.copysign(np.maximum(np.abs(offset), 1e-3), x)
        up = camera.height - (patch.row - camera.horizon) * (z / camera.focal)
        return Plane(patch, z, up)

    def ground(self, *, near: float = 0.0, far: float | None = None) -> Plane | None:
        """Return the ground between two distances: `along` is x, `up` is z."""
        camera = self.camera
        top = camera.horizon if far is None else camera.row(0, far)
        bottom = np.inf if near <= 0 else camera.row(0, near)
        patch = self.canvas.patch(top, bottom)
        if patch is None:
            return None
        z = camera.height * camera.focal / np.maximum(patch.row - camera.horizon, 1e-2)
        x = (patch.column - camera.center) * (z / camera.focal)
        return Plane(patch, x, z)


def _at_least_a_pixel(start: float, stop: float) -> tuple[float, float]:
    if stop - start >= 1.5:
        return start, stop
    whole = round((start + stop) / 2 - 0.5)
    return whole, whole + 1
