"""What a community would count on the way with one unit more, one less, or one in another's place: before any moves."""

from __future__ import annotations

import numpy as np
from numba import njit

from grouping.borders import SEVERAL, UNKNOWN, joined
from grouping.cost import HOSTED, cost_of_sums, parts
from grouping.draft import on_the_way
from grouping.ground import between, crossed
from grouping.together import entry

NOBODY = np.int64(-1)
"""No unit, or no community yet. A plain -1 would have what it is handed to compiled for it alone, then once more."""


@njit(cache=True, nogil=True)
def trial(prices, around, held, group, entering, leaving):  # type: ignore[no-untyped-def]
    """The km that ``group`` would count after a unit enters and another leaves, infinite if it is too large then.

    Each of the three may be ``NOBODY``: no community yet, nobody enters, nobody leaves.
    """
    members = np.empty(around.largest + 1, dtype=np.int64)
    # A plain 0 would have what it is handed to compiled for it alone, and then once more.
    count = np.int64(0)
    for m in range(held.counts[group] if group >= 0 else 0):
        if held.members[group, m] != leaving:
            members[count] = held.members[group, m]
            count += 1
    if entering >= 0:
        members[count] = entering
        count += 1
    sites = 0
    region = UNKNOWN
    for m in range(count):
        sites += prices.weight[members[m]]
        if around.crossing_km > 0.0:
            region = joined(region, around.region[members[m]])
    if sites > around.largest:
        return np.inf
    if count == 0:
        return 0.0
    travel, cross, size, theme, links, _ = parts(prices, members, count)
    total = travel + cross + size + theme + links
    crossing_km = around.crossing_km * (region == SEVERAL)
    return on_the_way(around.missing_km, around.forbidden_km, around.smallest, crossing_km, total, sites)


@njit(cache=True, nogil=True)
def joint(prices, unit, members, count):  # type: ignore[no-untyped-def]
    """(km, links): what a unit adds to the sums over pairs of a community of the others of ``members[:count]``."""
    linked_to, added = prices.pair.other, prices.pair.km
    some, end = np.int64(0), np.int64(0)
    if prices.pair.start.shape[0] > 0:
        some, end = prices.pair.start[unit], prices.pair.start[unit + 1]
    links = prices.apart[unit]
    if some < end:
        links += entry(linked_to, added, some, end, unit)
        for m in range(count):
            if members[m] != unit:
                links += entry(linked_to, added, some, end, members[m])
    km = 0.0
    if prices.ground.start.shape[0] == 0:
        distances, crosses = prices.distance[unit], prices.cross[unit]
        km = distances[unit] + crosses[unit]
        for m in range(count):
            if members[m] != unit:
                km += distances[members[m]] + crosses[members[m]]
        return km, links
    start, place, region = prices.ground.start, prices.ground.place, prices.ground.region
    surcharge = prices.ground.surcharge
    for p in range(start[unit], start[unit + 1]):
        for q in range(start[unit], p):
            km += between(place, p, q) + crossed(region, surcharge, p, q)
        for m in range(count):
            if members[m] != unit:
                for q in range(start[members[m]], start[members[m] + 1]):
                    km += between(place, p, q) + crossed(region, surcharge, p, q)
    return km, links


@njit(inline="always")
def pair(prices, a, b):  # type: ignore[no-untyped-def]
    """(km, links): what two units add to the sums over pairs of a community that they are in together."""
    links = 0.0
    if prices.pair.start.shape[0] > 0 and prices.pair.start[a] < prices.pair.start[a + 1]:
        links = entry(prices.pair.other, prices.pair.km, prices.pair.start[a], prices.pair.start[a + 1], b)
    km = 0.0
    if prices.ground.start.shape[0] == 0:
        km = prices.distance[a, b] + prices.cross[a, b]
    else:
        for p in range(prices.ground.start[a], prices.ground.start[a + 1]):
            for q in range(prices.ground.start[b], prices.ground.start[b + 1]):
                km += between(prices.ground.place, p, q)
                km += crossed(prices.ground.region, prices.ground.surcharge, p, q)
    return km, links


@njit(cache=True, nogil=True)
def sums_tell(prices, around, held, group):  # type: ignore[no-untyped-def]
    """Whether sums over pairs tell what a community counts, whoever enters or leaves; not if it may not be."""
    by_pairs = prices.measure != HOSTED and prices.miss.shape[1] == 0 and len(prices.able) == 0
    return by_pairs and around.crossing_km == 0.0 and held.allowed[group]


@njit(inline="always")
def trial_of(prices, around, sites, km, links):  # type: ignore[no-untyped-def]
    """The same as :func:`trial` by the sums over pairs of such a community."""
    counted = np.inf
    if sites == 0:
        counted = 0.0
    elif sites <= around.largest:
        total = cost_of_sums(prices.measure, prices.preferred, prices.size_km, sites, km, links)
        counted = on_the_way(around.missing_km, around.forbidden_km, around.smallest, 0.0, total, sites)
    return counted
