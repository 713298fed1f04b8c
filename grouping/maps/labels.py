"""Labels that don't cover each other: a greedy placement among positions around each label's anchors.

All lengths are pixels, y upwards. Nothing here knows what a map is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.float64]
"""(k, 4): left, bottom, right, top."""

_DIRECTIONS = np.array([(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1)], dtype=np.float64)
_RINGS = 14
_COVERED_POINT = 40.0
"""A label on a site's dot is as bad as one that is so many pixels farther away."""


@dataclass(frozen=True, slots=True)
class Label:
    """A text of ``width`` by ``height`` that belongs to ``anchors`` (k, 2), of which the first is preferred.

    ``gap`` is kept between it and its anchor. A label that ``may_drop`` is left out when there is no room
    beside its anchor; any other goes farther and farther away until there is.
    """

    anchors: NDArray[np.float64]
    width: float
    height: float
    gap: float
    may_drop: bool = False


def place(labels: Sequence[Label], points: NDArray[np.float64], radius: float, bounds: Boxes, taken: Boxes) -> Boxes:
    """A box for each label, in the order given: the earlier choose first. NaN for one that was dropped.

    Args:
        labels: what to place.
        points: (m, 2) dots that labels should not cover; droppable ones must not.
        radius: of the dots.
        bounds: (4,) the box that labels must stay in.
        taken: (k, 4) boxes that no label may cover.

    """
    dots = np.hstack([points - radius, points + radius]) if len(points) else np.empty((0, 4))
    placed = np.full((len(labels), 4), np.nan)
    occupied = taken.reshape(-1, 4)
    for index, label in enumerate(labels):
        boxes, distance = _candidates(label)
        free = _inside(boxes, bounds) & ~_overlaps(boxes, occupied).any(axis=1)
        covered = _overlaps(boxes, dots).sum(axis=1)
        if label.may_drop:
            free &= covered == 0
            if not free.any():
                continue
        cost = np.where(free, distance + _COVERED_POINT * covered, np.inf)
        if not free.any():
            # The panel is full: the least bad is where it covers the least of the other labels.
            cost = _covered_area(boxes, occupied) + np.where(_inside(boxes, bounds), 0.0, 1e9)
        placed[index] = boxes[np.argmin(cost)]
        occupied = np.vstack([occupied, placed[index]])
    return placed


def _candidates(label: Label) -> tuple[Boxes, NDArray[np.float64]]:
    """Boxes around the anchors, and how far each is from where one would like it."""
    rings = np.array([1.0]) if label.may_drop else 1.0 + 0.6 * np.arange(_RINGS)
    half = np.array([label.width, label.height]) / 2
    steps = (
        rings[:, None, None] * _DIRECTIONS * label.gap
        + _DIRECTIONS * half
        + ((rings[:, None, None] - 1.0) * _DIRECTIONS * half)
    )
    offsets = steps.reshape(-1, 2)
    centres = (label.anchors[:, None, :] + offsets[None, :, :]).reshape(-1, 2)
    boxes = np.hstack([centres - half, centres + half])
    preference = np.repeat(np.arange(len(label.anchors)), len(offsets)) * label.gap
    distance = np.hypot(*np.tile(offsets, (len(label.anchors), 1)).T) + preference
    return boxes, distance


def _inside(boxes: Boxes, bounds: Boxes) -> NDArray[np.bool_]:
    return np.asarray((boxes[:, :2] >= bounds[:2]).all(axis=1) & (boxes[:, 2:] <= bounds[2:]).all(axis=1))


def _overlaps(boxes: Boxes, others: Boxes) -> NDArray[np.bool_]:
    """(k, m): whether two boxes share more than an edge."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    return np.asarray((high > low).all(axis=2))


def _covered_area(boxes: Boxes, others: Boxes) -> NDArray[np.float64]:
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    return np.asarray(np.clip(high - low, 0, None).prod(axis=2).sum(axis=1))
