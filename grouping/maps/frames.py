"""Where on the ground a panel of the map looks: the projection, and the parts of the country that need a closer look.

Points are kilometres in an Albers projection; arrays are (n, 2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyproj
from numpy.typing import ArrayLike, NDArray

Points = NDArray[np.float64]

_LEAST_KM = 60.0
"""A frame never shows less than this: closer, the outlines would be too coarse."""
_SAME_KM = 0.2
"""Sites no farther apart than this stand at one place, however closely one looks."""
_NEIGHBOUR_PIXELS = 26.0
_ZOOM = 6.5
_WORTH_A_LOOK = 5


def project(lon: ArrayLike, lat: ArrayLike) -> Points:
    """Kilometres east and north of 105°E 35°N in the Albers projection usual for China (parallels 25°N and 47°N)."""
    x, y = _albers()(np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64))
    return np.column_stack([x, y]) / 1000


@cache
def _albers() -> pyproj.Proj:
    return pyproj.Proj("+proj=aea +lat_1=25 +lat_2=47 +lat_0=35 +lon_0=105 +datum=WGS84")


@dataclass(frozen=True, slots=True)
class Frame:
    """A rectangle on the ground, in km."""

    left: float
    bottom: float
    right: float
    top: float

    @property
    def width(self) -> float:
        """East to west, km."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """North to south, km."""
        return self.top - self.bottom

    def holds(self, points: Points) -> NDArray[np.bool_]:
        """Which points lie in it."""
        low, high = (self.left, self.bottom), (self.right, self.top)
        return np.asarray(((points >= low) & (points <= high)).all(axis=1))

    def shaped(self, aspect: float) -> Frame:
        """The smallest frame around this one with width / height = ``aspect``."""
        width = max(self.width, self.height * aspect)
        height = width / aspect
        x, y = (self.left + self.right) / 2, (self.bottom + self.top) / 2
        return Frame(x - width / 2, y - height / 2, x + width / 2, y + height / 2)


NATION = Frame(-2730.0, -2420.0, 2330.0, 2200.0)
"""The country from its northernmost point to beyond Hainan and Taiwan; the islands farther south are in an inset."""
SOUTH_CHINA_SEA = Frame(180.0, -3560.0, 1900.0, -1270.0)


def around(points: Points, aspect: float) -> Frame:
    """A frame that shows all ``points`` with a margin."""
    low, high = points.min(axis=0), points.max(axis=0)
    margin = np.maximum(0.09 * (high - low).max(), (_LEAST_KM - (high - low)) / 2).clip(min=_LEAST_KM / 4)
    left, bottom = low - margin
    right, top = high + margin
    return Frame(float(left), float(bottom), float(right), float(top)).shaped(aspect)


def is_regional(points: Points) -> bool:
    """Whether the points lie so close together that a map of the whole country would waste its paper."""
    extent = points.max(axis=0) - points.min(axis=0)
    return bool(extent[0] < 0.4 * NATION.width and extent[1] < 0.4 * NATION.height)


def crowded_frames(points: Points, frame: Frame, pixels: float, aspect: float, most: int) -> Sequence[Frame]:
    """Up to ``most`` parts of ``frame`` where sites stand too close to be told apart, the most crowded first.

    Args:
        points: the sites.
        frame: what the main panel shows, ``pixels`` wide.
        pixels: width of the main panel.
        aspect: width / height of the panels that will show these parts.
        most: at most so many.

    """
    near = _NEIGHBOUR_PIXELS * frame.width / pixels
    distance = np.hypot(*(points[:, None, :] - points[None, :, :]).transpose(2, 0, 1))
    crowded = ((distance < near) & (distance > _SAME_KM)).any(axis=1) & frame.holds(points)
    half = np.array([1.0, 1.0 / aspect]) * frame.width / _ZOOM / 2
    found: list[Frame] = []
    while crowded.any() and len(found) < most:
        windows = [_settled(points[crowded], centre, half) for centre in points[crowded]]
        counts = [int(inside.sum()) for inside in windows]
        best = int(np.argmax(counts))
        if counts[best] < _WORTH_A_LOOK:
            break
        look = around(points[crowded][windows[best]], aspect)
        found.append(look)
        crowded &= ~look.holds(points)
    return found


def _settled(points: Points, centre: Points, half: Points) -> NDArray[np.bool_]:
    """The points inside a window that starts at ``centre`` and moves to the middle of what it holds."""
    inside = (np.abs(points - centre) <= half).all(axis=1)
    for _ in range(4):
        held = points[inside]
        moved = (np.abs(points - (held.min(axis=0) + held.max(axis=0)) / 2) <= half).all(axis=1)
        if moved.sum() <= inside.sum():
            break
        inside = moved
    return np.asarray(inside)
