"""A small painter: what is painted later hides what was painted before, in color, label and depth alike.

It paints on a canvas with twice the rows and columns of the picture. Four fine pixels make one pixel: their colors
are averaged, which makes edges soft, and their labels vote, so that a pixel belongs to what covers half of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

FINE = 2  # fine pixels per pixel, each way


@dataclass
class Patch:
    """A rectangle of the canvas to paint on: views of its arrays, and where its fine pixels lie, in pixels."""

    color: np.ndarray  # (3, h, w) float32
    label: np.ndarray  # (h, w) uint8
    depth: np.ndarray  # (h, w) float32, meters
    row: np.ndarray  # (h, 1) float32, centers of the fine pixels
    column: np.ndarray  # (1, w) float32

    @property
    def shape(self) -> tuple[int, int]:
        return self.label.shape

    def paint(self, shape, color, *, label: int | None = None, depth=None, opacity=1.0) -> None:
        """Lay a color, and a label and a depth if given, over the fine pixels where `shape` is true.

        Shapes:
            shape   (h, w) bool, or what broadcasts to it; True is the whole patch
            color   (3,) or what broadcasts to (3, h, w)
            opacity number or what broadcasts to (h, w); below 1 the old color shines through
        """
        color = np.asarray(color, dtype=np.float32)
        color = color[:, None, None] if color.ndim == 1 else color
        if not (isinstance(opacity, float) and opacity == 1):
            color = self.color + opacity * (color - self.color)
        np.copyto(self.color, color, where=shape)
        if label is not None:
            np.copyto(self.label, np.uint8(label), where=shape)
        if depth is not None:
            np.copyto(self.depth, depth, where=shape)

    def shade(self, shape, factor: float) -> None:
        """Multiply the color where `shape` is true: below 1 a shadow or a seam, above 1 a pool of light."""
        np.multiply(self.color, np.float32(factor), out=self.color, where=shape)


class Canvas:
    """A picture in the making: color, label and depth of every fine pixel."""

    def __init__(self, height: int, width: int):
        self.height, self.width = height, width
        fine = (height * FINE, width * FINE)
        self.color = np.zeros((3, *fine), dtype=np.float32)
        self.label = np.zeros(fine, dtype=np.uint8)
        self.depth = np.zeros(fine, dtype=np.float32)
        self._rows = ((np.arange(fine[0], dtype=np.float32) + 0.5) / FINE)[:, None]
        self._columns = ((np.arange(fine[1], dtype=np.float32) + 0.5) / FINE)[None]

    def patch(self, top: float = 0, bottom: float = np.inf, left: float = 0, right: float = np.inf) -> Patch | None:
        """Return the patch that covers these pixel bounds, or None where nothing of it is on the canvas."""
        first_row, last_row = _fine_span(top, bottom, self.height)
        first_column, last_column = _fine_span(left, right, self.width)
        if first_row >= last_row or first_column >= last_column:
            return None
        rows, columns = slice(first_row, last_row), slice(first_column, last_column)
        return Patch(
            self.color[:, rows, columns],
            self.label[rows, columns],
            self.depth[rows, columns],
            self._rows[rows],
            self._columns[:, columns],
        )

    def develop(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the picture in its own size.

        The vote is the second-highest of the four labels: whatever covers two of the four fine pixels wins, and of
        two halves the higher label does. Give thin things the highest labels, or they lose every tie.

        Shapes:
            image (3, H, W) float32
            mask  (H, W) uint8
        """
        a, b, c, d = (self.color[:, y::FINE, x::FINE] for y in range(FINE) for x in range(FINE))
        image = (a + b + c + d) * np.float32(0.25)
        a, b, c, d = (self.label[y::FINE, x::FINE] for y in range(FINE) for x in range(FINE))
        runners_up = np.maximum(np.minimum(a, b), np.minimum(c, d))
        return image, np.maximum(np.minimum(np.maximum(a, b), np.maximum(c, d)), runners_up)


def _fine_span(start: float, stop: float, length: int) -> tuple[int, int]:
    """Return the fine pixels whose centers may lie between two pixel positions, cut to the canvas."""
    return math.floor(min(max(start, 0), length) * FINE), math.ceil(min(max(stop, 0), length) * FINE)


def ellipse(x: np.ndarray, y: np.ndarray, center: tuple[float, float], radii: tuple[float, float]) -> np.ndarray:
    """Return where points lie inside an axis-parallel ellipse."""
    return ((x - center[0]) / radii[0]) ** 2 + ((y - center[1]) / radii[1]) ** 2 < 1


def box(x: np.ndarray, y: np.ndarray, left: float, right: float, low: float, high: float) -> np.ndarray:
    """Return where points lie inside a rectangle."""
    return (x > left) & (x < right) & (y > low) & (y < high)


def limb(x: np.ndarray, y: np.ndarray, start: tuple[float, float], end: tuple[float, float], half: float) -> np.ndarray:
    """Return where points lie within `half` of the slanted line between two heights (y), measured sideways."""
    (x0, y0), (x1, y1) = start, end
    middle = x0 + (x1 - x0) / (y1 - y0) * (y - y0)
    return (np.abs(x - middle) < half) & (y > min(y0, y1)) & (y < max(y0, y1))
