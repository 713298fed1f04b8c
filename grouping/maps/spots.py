"""Where the dots of a panel stand: those of sites at one place side by side, so that all are seen.

All lengths are pixels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grouping.maps.frames import Points

DOT = 5.0
"""Radius of a site's dot."""
STAR = 8.0
"""Radius of a lead unit's star."""
_SAME_PLACE = 4.0
"""Dots nearer than this would hide each other."""
_RING_AT_MOST = 10
_BESIDE = 2.3 * DOT


@dataclass(frozen=True, slots=True)
class Spot:
    """Sites at one place: their ``rows`` in the scene, and the (n, 2) positions of their dots around ``middle``."""

    rows: NDArray[np.int64]
    middle: Points
    dots: Points

    @property
    def radius(self) -> float:
        """How far the dots reach from the middle."""
        return float(np.hypot(*(self.dots - self.middle).T).max()) + DOT


def spots(pixels: Points, shown: NDArray[np.bool_], apart: NDArray[np.bool_]) -> Iterator[Spot]:
    """The places of the sites at (n, 2) ``pixels``, of those that are ``shown``; dots that are ``apart`` move apart."""
    left = np.flatnonzero(shown)
    while len(left):
        together = np.hypot(*(pixels[left] - pixels[left[0]]).T) < _SAME_PLACE
        rows, left = left[together], left[~together]
        middle = pixels[rows].mean(axis=0)
        dots = middle + _side_by_side(len(rows)) if apart[rows].all() else pixels[rows]
        yield Spot(rows, middle, dots)


def _side_by_side(count: int) -> Points:
    """Positions of ``count`` dots around the origin, in the order of their angles: a ring, or rings within rings."""
    if count == 1:
        return np.zeros((1, 2))
    if count <= _RING_AT_MOST:
        angles = 2 * np.pi * np.arange(count) / count
        radius = max(1.1 * DOT, _BESIDE * count / (2 * np.pi))
        return radius * np.column_stack([np.cos(angles), np.sin(angles)])
    rings: list[tuple[float, float]] = []
    number = 1
    while len(rings) < count:
        room = min(6 * number, count - len(rings))
        rings += [(2 * np.pi * (k + 0.5) / room, number * _BESIDE) for k in range(room)]
        number += 1
    angles, radii = np.array(sorted(rings)).T
    return np.asarray(radii[:, None] * np.column_stack([np.cos(angles), np.sin(angles)]))
