"""What a community pays for cuts, areas and macro-region borders: a part of the compiled half of pricing."""

from __future__ import annotations

import numpy as np
from numba import njit

from grouping.borders import SEVERAL, joined

_PLAYED = 8
"""How often lines are chosen for all who may join a root."""


@njit(cache=True, nogil=True)
def areas_of_root(areas, root, units):  # type: ignore[no-untyped-def]
    """(areas that the root and all ``units`` are in, areas that only some of them are in)."""
    there = np.zeros(len(areas.toll), dtype=np.int64)
    for place in range(areas.start[root], areas.start[root + 1]):
        there[areas.of[place]] += 1
    for unit in units:
        for place in range(areas.start[unit], areas.start[unit + 1]):
            there[areas.of[place]] += 1
    return np.flatnonzero(there == len(units) + 1), np.flatnonzero((there > 0) & (there <= len(units)))


@njit(cache=True, nogil=True)
def among(areas, some, unit, row):  # type: ignore[no-untyped-def]
    """Write into ``row`` which of ``some`` areas a unit is in, by their places there; how many."""
    count = 0
    for place in range(areas.start[unit], areas.start[unit + 1]):
        k = np.searchsorted(some, areas.of[place])
        if k < len(some) and some[k] == areas.of[place]:
            row[count] = k
            count += 1
    return count


@njit(cache=True, nogil=True)
def kinds_of(areas_of, number):  # type: ignore[no-untyped-def]
    """((m,) the kind of each unit, (kinds,) one unit of each): those of a kind are in the same areas.

    Unit k is in ``areas_of[k, : number[k]]``.
    """
    kind = np.empty(len(number), dtype=np.int64)
    example = np.empty(len(number), dtype=np.int64)
    count = 0
    for k in range(len(number)):
        kind[k] = count
        for c in range(count):
            other = example[c]
            same = number[other] == number[k]
            place = 0
            while same and place < number[k]:
                same = areas_of[other, place] == areas_of[k, place]
                place += 1
            if same:
                kind[k] = c
                break
        if kind[k] == count:
            example[count] = k
            count += 1
    return kind, example[:count]


@njit(cache=True, nogil=True)
def levy(areas, some, areas_of, number, kind, example, held, items, weights, count, need, there, rise, paid, keys):  # type: ignore[no-untyped-def]
    """Add to ``keys`` what those of ``items[:count]`` pay for areas that they are in, at least, and return the rest.

    ``held`` (m,) are the sites that the set has in each of ``some`` areas; unit k is in ``areas_of[k, : number[k]]``
    of them, as all of its :func:`kinds_of` are. The lines are those for the first items that fill ``need``, see
    :class:`grouping.areas.AreaTolls`.
    """
    slope, least = areas.slope, areas.least
    there[:] = 0
    missing = need
    for i in range(count):
        part = min(missing, weights[i])
        for place in range(number[items[i]]):
            there[areas_of[items[i], place]] += part
        missing -= part
        if missing == 0:
            break
    total = 0.0
    rising = False
    for k in range(len(held)):
        rise[k] = slope[some[k], held[k], need, there[k]]
        total += least[some[k], held[k], need, there[k]] - rise[k] * there[k]
        rising = rising or rise[k] > 0.0
    if rising:
        for c in range(len(example)):
            paid[c] = 0.0
            for place in range(number[example[c]]):
                paid[c] += rise[areas_of[example[c], place]]
        for i in range(count):
            keys[i] += weights[i] * paid[kind[items[i]]]
    return total


@njit(cache=True, nogil=True)
def levy_on_all(areas, weight, root, need, keys, rise, paid):  # type: ignore[no-untyped-def]
    """The same where everyone may join a root: ``paid`` (kinds,) is added to the ``keys`` (u,), for each site.

    What seems cheapest before they pay may well not be after that. So lines are chosen again and again, for those that
    are the cheapest at the mean of the lines before, and the mean of all is what is paid (fictitious play, Brown 1951).
    """
    first = np.empty(need, dtype=np.int64)
    there = np.zeros(len(rise), dtype=np.int64)
    total = 0.0
    mean = np.zeros(len(rise))
    paid[:] = 0.0
    for done in range(_PLAYED):
        count = _first(keys, weight, areas.kind, paid, need, first)
        there[:] = 0
        missing = need
        for i in range(count):
            part = min(missing, weight[first[i]])
            for place in range(areas.start[first[i]], areas.start[first[i] + 1]):
                there[areas.of[place]] += part
            missing -= part
        rise[:] = 0.0
        for place in range(areas.start[root], areas.start[root + 1]):
            rise[areas.of[place]] = 1.0
        levied = 0.0
        for k in range(len(rise)):
            held = weight[root] if rise[k] > 0.0 else 0
            slope = areas.slope[k, held, need, there[k]]
            levied += areas.least[k, held, need, there[k]] - slope * there[k]
            mean[k] += (slope - mean[k]) / (done + 1)
        total += (levied - total) / (done + 1)
        for c in range(len(paid)):
            paid[c] = 0.0
            for place in range(areas.start[areas.example[c]], areas.start[areas.example[c] + 1]):
                paid[c] += mean[areas.of[place]]
    for b in range(len(keys)):
        keys[b] += weight[b] * paid[areas.kind[b]]
    return total


@njit(cache=True, nogil=True)
def _first(keys, weight, kind, paid, need, first):  # type: ignore[no-untyped-def]
    """Put those of the least ``keys`` (u,) per site, with what each kind has ``paid``, into ``first``: how many."""
    rates = np.empty(need)
    count = 0
    for b in range(len(keys)):
        rate = keys[b] / weight[b] + paid[kind[b]]
        if rate == np.inf or (count == need and rate >= rates[count - 1]):
            continue
        place = count if count < need else count - 1
        while place > 0 and rates[place - 1] > rate:
            rates[place], first[place] = rates[place - 1], first[place - 1]
            place -= 1
        rates[place], first[place] = rate, b
        count = min(count + 1, need)
    return count


@njit(cache=True, nogil=True)
def change_tolls(cuts, units, spot, root, chosen, depth, change, clear):  # type: ignore[no-untyped-def]
    """Write into ``change`` how the tolls change as ``chosen[depth]`` joins; or ``clear`` it again.

    The first unit of a cut makes the other two pay; once a second has paid, the third goes free.
    """
    newcomer = units[chosen[depth]]
    for k in range(cuts.start[newcomer], cuts.start[newcomer + 1]):
        cut = cuts.of[k]
        held = 0
        for member in cuts.units[cut, :3]:
            held += member == root
            for d in range(depth):
                held += member == units[chosen[d]]
        for member in cuts.units[cut, :3]:
            if member != newcomer and spot[member] >= 0:
                if clear:
                    change[spot[member]] = 0.0
                elif held == 0:
                    change[spot[member]] += cuts.price[cut]
                elif held == 1:
                    change[spot[member]] -= cuts.price[cut]


@njit(cache=True, nogil=True)
def fine(border, region, units, items, count, fines):  # type: ignore[no-untyped-def]
    """Write into ``fines`` what those of ``items[:count]`` cost that take a set out of its only ``region``."""
    fines[:count] = 0.0
    if region == SEVERAL:
        return
    for k in range(count):
        if joined(region, border.region[units[items[k]]]) == SEVERAL:
            fines[k] = border.price
