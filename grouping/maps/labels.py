"""Labels that don't cover each other: places around each label's anchors, and which of them each label gets.

All lengths are pixels, y upwards. Nothing here knows what a map is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

Boxes = Floats
"""(k, 4): left, bottom, right, top."""

_STEPS = (0.0, 9.0, 20.0, 33.0, 48.0, 66.0, 88.0, 115.0, 150.0, 190.0)
"""How much farther from its anchor a label may stand, ring by ring."""
_DIRECTIONS = 16
_COVERED_DOT = 40.0
"""Covering a dot is as bad as standing so much farther away."""
_IN_THE_WAY = 6.0
"""Taking a place beside another label's anchor is as bad as standing so much farther away."""
_CROSSED_STROKE = 7.0
"""So much is it worth to stand beside a stroke, not on it."""
_NEXT_ANCHOR = 6.0
_NEXT_SIZE = 15.0
_LEAD = 7.0
"""Farther from its anchor than its gap and this, a label needs a line that leads to it."""
_LINE = 2.0
"""Half the width that a line keeps free of other labels."""
_SPACING = 5.0


@dataclass(frozen=True, slots=True)
class Label:
    """Something to be read that belongs to ``anchors``.

    ``anchors`` is (k, 2), the preferred one first. ``sizes`` are widths and heights that it can take, the preferred
    one first. It keeps ``gap`` from its anchor, and may stand up to ``reach`` farther away. ``centred``: the first
    anchor is no dot, so that it may lie right on it. ``covers``: it may cover dots where there is no other place.
    """

    anchors: Floats
    sizes: tuple[tuple[float, float], ...]
    gap: float
    reach: float = 0.0
    centred: bool = False
    covers: bool = False


@dataclass(frozen=True, slots=True)
class Placed:
    """Where labels stand: ``boxes`` (n, 4), NaN for those that have no place; ``sizes``, which of its sizes each has.

    ``lines`` (n, 2, 2) lead from a label to its anchor; NaN where it stands right beside it.
    """

    boxes: Boxes
    sizes: NDArray[np.int64]
    lines: Floats

    @property
    def kept(self) -> Bools:
        """Which labels have a place."""
        return np.asarray(~np.isnan(self.boxes[:, 0]))

    def taken(self) -> Boxes:
        """The boxes that later labels must leave free, those along the lines among them."""
        along = [_along(line) for line in self.lines if not np.isnan(line[0, 0])]
        return np.vstack([self.boxes[self.kept], *along])


@dataclass(frozen=True, slots=True)
class Ground:
    """What labels stand on.

    They must stay in ``bounds`` (4,) and off the boxes ``taken`` (k, 4). They should keep off the ``dots`` (m, 3:
    middle, radius) and off the ``strokes`` (k, 2, 2).
    """

    bounds: Floats
    taken: Boxes = field(default_factory=lambda: np.empty((0, 4)))
    dots: Floats = field(default_factory=lambda: np.empty((0, 3)))
    strokes: Floats = field(default_factory=lambda: np.empty((0, 2, 2)))


def place(labels: Sequence[Label], ground: Ground, wanted: Boxes | None = None) -> Placed:
    """Give each label a place where it covers no other; those that have the fewest places left choose first.

    Args:
        labels: what to place.
        ground: what they stand on.
        wanted: (k, 4) boxes that other labels would like to have afterwards, see :func:`nearest`.

    """
    placed = Placed(
        np.full((len(labels), 4), np.nan), np.zeros(len(labels), dtype=np.int64), np.full((len(labels), 2, 2), np.nan)
    )
    if not labels:
        return placed
    choice = _Choice(labels, ground, np.empty((0, 4)) if wanted is None else wanted)
    while (index := choice.next_label()) is not None:
        if (chosen := choice.best(index)) is not None:
            placed.boxes[index] = choice.boxes[chosen]
            placed.sizes[index] = choice.size[chosen]
            if choice.led[chosen]:
                placed.lines[index] = choice.lines[chosen]
        choice.settle(index, chosen)
    return placed


def nearest(labels: Sequence[Label]) -> Boxes:
    """The boxes right beside the labels' anchors."""
    found = [_candidates(label) for label in labels]
    return np.vstack([np.empty((0, 4)), *(one.boxes[one.extra == 0.0] for one in found)])


# --- One panel's labels and where they may stand -------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Candidates:
    boxes: Boxes
    ends: Floats
    """The anchors that they belong to."""
    extra: Floats
    """How much farther away than the gap they stand."""
    cost: Floats
    size: NDArray[np.int64]


class _Choice:
    """The candidates of all labels, one below the other, and which of them are still free."""

    def __init__(self, labels: Sequence[Label], ground: Ground, wanted: Boxes) -> None:
        every = [_candidates(label) for label in labels]
        self.owner = np.repeat(np.arange(len(labels)), [len(one.boxes) for one in every])
        self.boxes = np.vstack([one.boxes for one in every])
        self.size = np.concatenate([one.size for one in every])
        ends = np.vstack([one.ends for one in every])
        extra = np.concatenate([one.extra for one in every])
        gaps = np.array([label.gap for label in labels])[self.owner]
        near = np.clip(ends, self.boxes[:, :2], self.boxes[:, 2:])
        away = np.hypot(*(near - ends).T)
        self.led = away > gaps + _LEAD
        # A line ends where the gap begins, short of the dot.
        self.lines = np.stack([near, ends + (near - ends) * (gaps / np.maximum(away, gaps))[:, None]], axis=1)
        self.weight = 1.0 / (1.0 + extra)
        self.beside = extra == 0.0
        covers = np.array([label.covers for label in labels])[self.owner]
        dots = np.hstack([ground.dots[:, :2] - ground.dots[:, 2:], ground.dots[:, :2] + ground.dots[:, 2:]])
        covered = _covered(self.boxes, dots)
        self.cost = np.concatenate([one.cost for one in every]) + _COVERED_DOT * covered
        self.cost += _IN_THE_WAY * np.minimum(_covered(self.boxes, wanted), 8)
        self.cost += _CROSSED_STROKE * np.minimum(_crossed(self.boxes, ground.strokes), 3)
        self.free = _inside(self.boxes, ground.bounds) & ((covered == 0) | covers)
        self.free &= _covered(self.boxes, ground.taken) == 0
        self.dots = ground.dots
        self.taken = ground.taken
        self.drawn = np.empty((0, 2, 2))
        self.open = np.ones(len(labels), dtype=np.bool_)

    def next_label(self) -> int | None:
        """The open label with the fewest places left, the near ones weighing more."""
        if not self.open.any():
            return None
        left = np.bincount(self.owner, self.weight * self.free, minlength=len(self.open))
        return int(np.argmin(np.where(self.open, left, np.inf)))

    def best(self, index: int) -> int | None:
        """The best candidate of a label, if any is free: near, in nobody's way, its line crossing nothing."""
        own = np.flatnonzero(self.free & (self.owner == index))
        if not len(own):
            return None
        box = np.concatenate([self.boxes[own, :2].min(axis=0), self.boxes[own, 2:].max(axis=0)])
        others = self.free & self.beside & self.open[self.owner] & (self.owner != index)
        rivals = np.flatnonzero(others)[_overlaps(self.boxes[others], box[None])[:, 0]]
        hindered = _overlaps(self.boxes[own], self.boxes[rivals])
        cost = self.cost[own] + _IN_THE_WAY * np.minimum(hindered.sum(axis=1), 8)
        order = own[np.argsort(cost, kind="stable")]
        return next((int(one) for one in order if not self.led[one] or self._clear(self.lines[one])), None)

    def settle(self, index: int, chosen: int | None) -> None:
        """Close a label, and take its place from the others."""
        self.open[index] = False
        self.free[self.owner == index] = False
        if chosen is None:
            return
        new = self.boxes[chosen][None]
        if self.led[chosen]:
            new = np.vstack([new, _along(self.lines[chosen])])
            self.drawn = np.concatenate([self.drawn, self.lines[chosen][None]])
        self.taken = np.vstack([self.taken, new])
        still = np.flatnonzero(self.free)
        around = np.concatenate([new[:, :2].min(axis=0), new[:, 2:].max(axis=0)])
        close = still[_overlaps(self.boxes[still], around[None])[:, 0]]
        self.free[close] = ~_overlaps(self.boxes[close], new).any(axis=1)

    def _clear(self, line: Floats) -> bool:
        """Whether a line crosses no label, no dot and no other line."""
        along = _along(line)
        if _overlaps(along, self.taken).any() or _crosses(line, self.drawn).any():
            return False
        middles = (along[:, :2] + along[:, 2:]) / 2
        apart = np.hypot(*(self.dots[:, None, :2] - middles[None]).transpose(2, 0, 1))
        return not (apart < self.dots[:, 2:]).any()


def _candidates(label: Label) -> _Candidates:
    return _joined(list(_rings(label)))


def _rings(label: Label) -> Iterator[_Candidates]:
    angles = 2 * np.pi * np.arange(_DIRECTIONS) / _DIRECTIONS
    unit = np.column_stack([np.cos(angles), np.sin(angles)])
    toward = np.clip(np.sqrt(2.0) * unit, -1.0, 1.0)
    # To the right and the left a text reads best, then above and below, then askew.
    askew = np.where(np.abs(unit).max(axis=1) > 0.99, np.where(np.abs(unit[:, 0]) > 0.5, 0.0, 2.0), 4.0)
    for number, (width, height) in enumerate(label.sizes):
        half = np.array([width, height]) / 2
        if label.centred:
            yield _around(label.anchors[:1], np.zeros((1, 2)), half, np.zeros(1), 0.0, number)
        for extra in _STEPS:
            if extra <= label.reach:
                offsets = (label.gap + extra) * unit + half * toward
                yield _around(label.anchors, offsets, half, askew + extra, extra, number)


def _around(anchors: Floats, offsets: Floats, half: Floats, cost: Floats, extra: float, size: int) -> _Candidates:
    centres = (anchors[:, None, :] + offsets[None]).reshape(-1, 2)
    order = np.repeat(np.arange(len(anchors)), len(offsets))
    return _Candidates(
        np.hstack([centres - half, centres + half]),
        np.repeat(anchors, len(offsets), axis=0),
        np.full(len(centres), extra),
        np.tile(cost, len(anchors)) + _NEXT_ANCHOR * order + _NEXT_SIZE * size,
        np.full(len(centres), size),
    )


def _joined(parts: Sequence[_Candidates]) -> _Candidates:
    return _Candidates(
        np.vstack([part.boxes for part in parts]),
        np.vstack([part.ends for part in parts]),
        np.concatenate([part.extra for part in parts]),
        np.concatenate([part.cost for part in parts]),
        np.concatenate([part.size for part in parts]),
    )


# --- Geometry ------------------------------------------------------------------------------------------


def _inside(boxes: Boxes, bounds: Floats) -> Bools:
    return np.asarray((boxes[:, :2] >= bounds[:2]).all(axis=1) & (boxes[:, 2:] <= bounds[2:]).all(axis=1))


def _overlaps(boxes: Boxes, others: Boxes) -> Bools:
    """(k, m): whether two boxes share more than an edge."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    return np.asarray((high > low).all(axis=2))


def _covered(boxes: Boxes, others: Boxes) -> NDArray[np.int64]:
    """(k,): how many of ``others`` each box overlaps."""
    first, second = _close(boxes, others)
    low = np.maximum(boxes[first, :2], others[second, :2])
    high = np.minimum(boxes[first, 2:], others[second, 2:])
    return np.bincount(first[(high > low).all(axis=1)], minlength=len(boxes))


def _crossed(boxes: Boxes, strokes: Floats) -> NDArray[np.int64]:
    """(k,): how many strokes enter each box."""
    first, second = _close(boxes, np.hstack([strokes.min(axis=1), strokes.max(axis=1)]))
    # Where neither axis separates them, only the stroke's own normal may.
    way = strokes[:, 1] - strokes[:, 0]
    normal = np.column_stack([-way[:, 1], way[:, 0]])[second]
    middle = (boxes[first, :2] + boxes[first, 2:]) / 2 - strokes[second, 0]
    half = (boxes[first, 2:] - boxes[first, :2]) / 2
    met = np.abs((middle * normal).sum(axis=1)) < (half * np.abs(normal)).sum(axis=1)
    return np.bincount(first[met], minlength=len(boxes))


def _close(boxes: Boxes, others: Boxes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The pairs that share at least an edge: a list of places in ``boxes``, and one in ``others``."""
    first, second = shapely.STRtree(shapely.box(*others.T)).query(shapely.box(*boxes.T))
    return first, second


def _along(line: Floats) -> Boxes:
    """Small boxes along a line from end to end."""
    count = max(2, int(np.ceil(np.hypot(*(line[1] - line[0])) / _SPACING)) + 1)
    points = line[0] + np.linspace(0.0, 1.0, count)[:, None] * (line[1] - line[0])
    return np.hstack([points - _LINE, points + _LINE])


def _crosses(line: Floats, others: Floats) -> Bools:
    """Which of ``others`` (k, 2, 2) a line crosses."""

    def side(a: Floats, b: Floats, c: Floats) -> Floats:
        ab, ac = b - a, c - a
        return np.asarray(ab[..., 0] * ac[..., 1] - ab[..., 1] * ac[..., 0])

    a, b, c, d = line[0], line[1], others[:, 0], others[:, 1]
    return np.asarray((side(a, b, c) * side(a, b, d) < 0) & (side(c, d, a) * side(c, d, b) < 0))
