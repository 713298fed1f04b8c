"""What a community pays for areas and for macro-region borders: a part of the compiled half of pricing."""

from __future__ import annotations

import numpy as np
from numba import njit

from grouping.borders import SEVERAL, joined


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
def levy(areas, some, areas_of, number, held, items, weights, count, need, there, rise, keys):  # type: ignore[no-untyped-def]
    """Add to ``keys`` what those of ``items[:count]`` pay for areas that they are in, at least, and return the rest.

    ``held`` (m,) are the sites that the set has in each of ``some`` areas; unit k is in ``areas_of[k, : number[k]]``
    of them. The lines are those for the first items that fill ``need``, see :class:`grouping.areas.AreaTolls`.
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
        for i in range(count):
            paid = 0.0
            for place in range(number[items[i]]):
                paid += rise[areas_of[items[i], place]]
            keys[i] += weights[i] * paid
    return total


@njit(cache=True, nogil=True)
def fine(border, region, units, items, count, fines):  # type: ignore[no-untyped-def]
    """Write into ``fines`` what those of ``items[:count]`` cost that take a set out of its only ``region``."""
    fines[:count] = 0.0
    if region == SEVERAL:
        return
    for k in range(count):
        if joined(region, border.region[units[items[k]]]) == SEVERAL:
            fines[k] = border.price
