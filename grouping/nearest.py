"""The nearest units of each where places tell: a k-d tree (Bentley 1975), and the order of its leaves."""

from __future__ import annotations

import numpy as np
from numba import njit

from grouping.cost import Ints, Prices
from grouping.ground import Floats, arc, between, crossed
from grouping.together import NOTHING, entry

_LEAF = 8
"""Units of a leaf at most."""
_DEPTH = 64
"""Halves of halves that there may be; what is open at a time is no more."""
_SAFE = 1.0 + 1e-12
"""What is farther by its box may be nearer by its own arc, but by the last bits only."""


def nearest(prices: Prices, count: int, linked: bool = True) -> tuple[Ints, Floats]:
    """The ``count`` nearest units of each, nearest first, and what is between in km, both (u, count).

    What counts is distance and surcharge together, and if ``linked`` what links add u-fold: whoever is linked comes
    first, whoever is avoided last. Of equally near ones the lower-numbered comes first.
    """
    units = len(prices.weight)
    near = np.full((units, count), -1, dtype=np.int64)
    km = np.full((units, count), np.inf)
    if count:
        single = prices.weight == 1
        alone = np.flatnonzero(single)
        order, boxes = _tree(prices.ground.place[prices.ground.start[:-1][single]])
        pair = prices.pair if linked else NOTHING
        _search(prices.ground, pair, single, np.flatnonzero(~single), alone[order], boxes, near, km)
    return near, km


def leaf_order(prices: Prices) -> Ints:
    """All units, so that most of those that follow one another are near to one another."""
    order, _ = _tree(prices.ground.place[prices.ground.start[:-1]])
    return np.asarray(order)


@njit(cache=True, nogil=True)
def _tree(points):  # type: ignore[no-untyped-def]  # numba compiles it; the types are in the docstring
    """(n,) numbers of ``points`` (n, 3) in the order of the leaves, and the boxes (nodes, 6) around nodes.

    Node 0 is all of the order; the children of node k, 2k + 1 and 2k + 2, are the halves of its part, if it has more
    than a leaf may have.
    """
    count = len(points)
    order = np.arange(count)
    nodes = 1
    while nodes * _LEAF < 2 * count:
        nodes *= 2
    boxes = np.zeros((2 * nodes, 6))
    todo = [(0, 0, count)]
    while todo:
        node, low, high = todo.pop()
        if low == high:
            continue
        part = points[order[low:high]]
        widest = 0
        for axis in range(3):
            boxes[node, axis] = part[:, axis].min()
            boxes[node, axis + 3] = part[:, axis].max()
            if boxes[node, axis + 3] - boxes[node, axis] > boxes[node, widest + 3] - boxes[node, widest]:
                widest = axis
        if high - low > _LEAF:
            # Equal ones by their numbers, so that the tree is the same everywhere.
            order[low:high] = order[low:high][np.argsort(part[:, widest], kind="mergesort")]
            middle = (low + high) // 2
            todo.append((2 * node + 1, low, middle))
            todo.append((2 * node + 2, middle, high))
    return order, boxes


@njit(cache=True, nogil=True)
def _away(boxes, node, x, y, z):  # type: ignore[no-untyped-def]
    """The km from a point to what is in a box, at least."""
    return arc(
        max(0.0, boxes[node, 0] - x, x - boxes[node, 3]),
        max(0.0, boxes[node, 1] - y, y - boxes[node, 4]),
        max(0.0, boxes[node, 2] - z, z - boxes[node, 5]),
    )


@njit(cache=True, nogil=True)
def _keep(near, km, unit, value):  # type: ignore[no-untyped-def]
    """Put a unit among the nearest if it is one of them."""
    place = len(near) - 1
    if value > km[place] or (value == km[place] and 0 <= near[place] < unit):
        return
    while place > 0 and (value < km[place - 1] or (value == km[place - 1] and not 0 <= near[place - 1] < unit)):
        near[place] = near[place - 1]
        km[place] = km[place - 1]
        place -= 1
    near[place] = unit
    km[place] = value


@njit(cache=True, nogil=True)
def _value(ground, a, b):  # type: ignore[no-untyped-def]
    """What is between two units."""
    start, place, region = ground.start, ground.place, ground.region
    value = 0.0
    for p in range(start[a], start[a + 1]):
        for q in range(start[b], start[b + 1]):
            value += between(place, p, q) + crossed(region, ground.surcharge, p, q)
    return value


@njit(cache=True, nogil=True)
def _search(ground, pair, single, blocks, order, boxes, near, km):  # type: ignore[no-untyped-def]
    """Fill ``near`` and ``km``; ``order`` and ``boxes`` are a tree of the ``single`` units, the others ``blocks``."""
    start, place, region, surcharge = ground.start, ground.place, ground.region, ground.surcharge
    first, other, added = pair.start, pair.other, pair.km
    units = len(single)
    dearest = np.finfo(np.float64).max
    for a in range(units):
        ours, ours_km = near[a], km[a]
        begin, end = (first[a], first[a + 1]) if len(first) > 0 else (0, 0)
        for k in range(begin, end):
            if other[k] != a:
                _keep(ours, ours_km, other[k], min(dearest, _value(ground, a, other[k]) + added[k] * units))
        if not single[a]:
            # Blocks are few, and a sum over their sites is near to nothing in particular.
            for b in range(units):
                if b != a and entry(other, added, begin, end, b) == 0.0:
                    _keep(ours, ours_km, b, _value(ground, a, b))
            continue
        for b in blocks:
            if entry(other, added, begin, end, b) == 0.0:
                _keep(ours, ours_km, b, _value(ground, a, b))
        p = start[a]
        x, y, z = place[p, 0], place[p, 1], place[p, 2]
        nodes = np.empty(_DEPTH, dtype=np.int64)
        lows = np.empty(_DEPTH, dtype=np.int64)
        highs = np.empty(_DEPTH, dtype=np.int64)
        aways = np.empty(_DEPTH)
        nodes[0], lows[0], highs[0], aways[0] = 0, 0, len(order), 0.0
        todo = 1
        while todo > 0:
            todo -= 1
            node, low, high = nodes[todo], lows[todo], highs[todo]
            if aways[todo] > ours_km[-1] * _SAFE:
                continue
            if high - low <= _LEAF:
                for k in range(low, high):
                    b = order[k]
                    q = start[b]
                    value = between(place, p, q) + crossed(region, surcharge, p, q)
                    if value <= ours_km[-1] and b != a and entry(other, added, begin, end, b) == 0.0:
                        _keep(ours, ours_km, b, value)
                continue
            middle = (low + high) // 2
            left, right = _away(boxes, 2 * node + 1, x, y, z), _away(boxes, 2 * node + 2, x, y, z)
            # The nearer half last, to be looked at first.
            for turn in range(2):
                if (turn == 0) == (left > right):
                    nodes[todo], lows[todo], highs[todo], aways[todo] = 2 * node + 1, low, middle, left
                else:
                    nodes[todo], lows[todo], highs[todo], aways[todo] = 2 * node + 2, middle, high, right
                todo += 1
