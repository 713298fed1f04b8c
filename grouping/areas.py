"""Area cuts: the sites of a part of the map, divided by a size, and rounded.

The rows of an area's units, added up, say that communities hold all its sites. Of communities of six, an area of 135
sites has room for 22 and a half, and that is what the LP fills it with, while a grouping has 22 or 23 of them and some
of other sizes. Mixed-integer rounding of that one row (Nemhauser & Wolsey 1990; Marchand & Wolsey 2001), multiplied
by j/m, tells them apart: a community with c of its b sites counts floor(cj / m) and part of the rest, and all together
no more than floor(bj / m). It is to sizes what rounded capacity cuts are to vehicle routes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import gcd
from typing import NamedTuple, Self

import numpy as np
from numba import njit
from numpy.typing import NDArray

from grouping.candidates import by_unit
from grouping.cost import Floats, Ints

VIOLATED, MUCH_VIOLATED = 0.03, 0.2
"""Area cuts broken by less are not worth a row: the first for a whole level, the second where time is short."""
_UNITS = (11, 400)
"""Units of an area at least and at most: those of fewer rather make pricing hard."""
_OFTEN = 1
"""New areas that a unit may be in at a time."""


class AreaTolls(NamedTuple):
    """What candidates pay for areas.

    The areas of unit k are ``of[start[k] : start[k + 1]]``, the same for all of a ``kind`` (u,), such as the unit
    ``example`` (kinds,). A candidate with c sites in area t pays ``toll[t, c]`` km for it, which is 0 for none and
    never falls with c.

    Where h of its sites are there and n of them are still to be chosen, x of these in the area, it pays no less than
    ``least[t, h, n, y] + slope[t, h, n, y] * (x - y)``, whatever y: that line supports what it pays at y.
    """

    start: Ints
    of: Ints
    kind: Ints
    example: Ints
    toll: Floats
    least: Floats
    slope: Floats


@dataclass(frozen=True)
class Areas:
    """Areas of the map.

    Attributes:
        inside: (k, u) which units are in each.
        points: (k, width + 1) what a candidate counts by the number of its sites in the area.
        most: (k,) what a grouping counts at most.

    """

    inside: NDArray[np.bool_]
    points: Ints
    most: Ints

    @classmethod
    def none(cls, units: int, largest: int) -> Self:
        """No areas, where communities have so many sites at most."""
        return cls(
            np.zeros((0, units), dtype=np.bool_),
            np.zeros((0, largest + 1), dtype=np.int64),
            np.zeros(0, dtype=np.int64),
        )

    @classmethod
    def rounded(cls, inside: NDArray[np.bool_], sites: Ints, multipliers: Ints, largest: int) -> Self:
        """Areas of so many ``sites`` (k,), each with its multiplier (k, 2): j and m."""
        times, whole = multipliers.T[:, :, None]
        over = (sites[:, None] * times) % whole
        parts = np.arange(largest + 1) * times
        # All of it times m - over, which makes the numbers whole.
        points = parts // whole * (whole - over) + np.maximum(0, parts % whole - over)
        most = sites[:, None] * times // whole * (whole - over)
        return cls(inside, points.astype(np.int64), most[:, 0].astype(np.int64))

    def __len__(self) -> int:
        return len(self.most)

    def __add__(self, other: Areas) -> Areas:
        return Areas(
            np.concatenate([self.inside, other.inside]),
            np.concatenate([self.points, other.points]),
            np.concatenate([self.most, other.most]),
        )

    def chosen(self, which: NDArray[np.generic]) -> Areas:
        """Some of them."""
        return Areas(self.inside[which], self.points[which], self.most[which])

    def priced(self, price: Floats) -> PricedAreas:
        """Those that have a ``price`` (k,) in km for each point."""
        return PricedAreas(self.chosen(price > 0.0), price[price > 0.0])

    def counted(self, weight: Ints, sets: Ints, counts: Ints) -> NDArray[np.int16]:
        """(m, k): what each of the candidates in ``sets`` (m, width) counts in each area."""
        held: NDArray[np.int16] = _held(*self.of_units, len(self), weight, sets, counts)
        return np.take_along_axis(self.points.T.astype(np.int16), held, axis=0)

    @cached_property
    def of_units(self) -> tuple[Ints, Ints]:
        """(start, of) as :class:`AreaTolls` has them."""
        unit, area = np.nonzero(self.inside.T)
        start = np.concatenate([[0], np.cumsum(np.bincount(unit, minlength=self.inside.shape[1]))])
        return start.astype(np.int64), area.astype(np.int64)


@dataclass(frozen=True)
class PricedAreas:
    """Areas with what each point costs in km, ``price`` (k,)."""

    areas: Areas
    price: Floats

    def __add__(self, other: PricedAreas) -> PricedAreas:
        return PricedAreas(self.areas + other.areas, np.concatenate([self.price, other.price]))

    @cached_property
    def tolls(self) -> AreaTolls:
        """What candidates pay."""
        toll = self.areas.points * self.price[:, None]
        return AreaTolls(*self.areas.of_units, *_alike(self.areas.inside), toll, *_supported(toll))

    @property
    def worth(self) -> float:
        """Km that all of them take off a bound."""
        return float((self.price * self.areas.most).sum())


def _alike(inside: NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """(the kind of each unit, one of each kind), where those of a kind are in the same areas."""
    if not len(inside):
        return np.zeros(inside.shape[1], dtype=np.int64), np.zeros(1, dtype=np.int64)
    packed = np.packbits(inside, axis=0)
    _, example, kind = np.unique(packed, axis=1, return_index=True, return_inverse=True)
    return kind.ravel().astype(np.int64), example.astype(np.int64)


@njit(cache=True, nogil=True)
def _supported(toll):  # type: ignore[no-untyped-def]
    """(least, slope) of :class:`AreaTolls`: the convex envelope of what is paid, and its slope."""
    areas, width = toll.shape
    least = np.zeros((areas, width, width, width))
    slope = np.zeros((areas, width, width, width))
    for t in range(areas):
        for held in range(width):
            for need in range(1, width - held):
                paid = toll[t, held : held + need + 1]
                for y in range(need + 1):
                    value = paid[y]
                    left, right = y, y
                    for i in range(y):
                        for j in range(y + 1, need + 1):
                            between = paid[i] + (paid[j] - paid[i]) * (y - i) / (j - i)
                            if between < value:
                                value = between
                                left, right = i, j
                    rise = (paid[right] - paid[left]) / (right - left) if left < right else _steepness(paid, y)
                    least[t, held, need, y] = value
                    slope[t, held, need, y] = rise
    return least, slope


@njit(cache=True, nogil=True)
def _steepness(paid, y):  # type: ignore[no-untyped-def]
    """The slope of a line through a corner of the convex envelope of ``paid``, halfway between the slopes beside it."""
    before, after = -np.inf, np.inf
    for i in range(y):
        before = max(before, (paid[y] - paid[i]) / (y - i))
    for j in range(y + 1, len(paid)):
        after = min(after, (paid[j] - paid[y]) / (j - y))
    if y == 0:
        return after
    return before if y == len(paid) - 1 else (before + after) / 2


@njit(cache=True, nogil=True)
def _held(start, of, areas, weight, sets, counts):  # type: ignore[no-untyped-def]
    """(m, k): how many sites of each candidate are in each of so many areas."""
    result = np.zeros((len(counts), areas), dtype=np.int16)
    for k in range(len(counts)):
        for j in range(counts[k]):
            unit = sets[k, j]
            for place in range(start[unit], start[unit + 1]):
                result[k, of[place]] += weight[unit]
    return result


@njit(cache=True, nogil=True)
def area_tolls(areas, weight, sets, counts):  # type: ignore[no-untyped-def]
    """(m,) km that each of the candidates in ``sets`` (m, width) pays for the areas."""
    result = np.zeros(len(counts))
    held = np.zeros(len(areas.toll), dtype=np.int64)
    for k in range(len(counts)):
        for j in range(counts[k]):
            unit = sets[k, j]
            for place in range(areas.start[unit], areas.start[unit + 1]):
                area = areas.of[place]
                result[k] += areas.toll[area, held[area] + weight[unit]] - areas.toll[area, held[area]]
                held[area] += weight[unit]
        for j in range(counts[k]):
            unit = sets[k, j]
            for place in range(areas.start[unit], areas.start[unit + 1]):
                held[areas.of[place]] = 0
    return result


def broken_areas(
    sets: Ints, counts: Ints, values: Floats, weight: Ints, first: Ints, sizes: range, most: int, least: float
) -> Areas:
    """Area cuts that an LP solution breaks.

    Around each unit an area grows by the unit that shares most communities with it, and is kept as it was when it broke
    a cut most.

    Args:
        sets: (k, width) the candidates with a positive value, row by row.
        counts: (k,) how many units each has.
        values: their values.
        weight: (u,) sites of each unit.
        first: (u,) the first twin of each unit; twins are in the same areas.
        sizes: how many sites a community may have.
        most: how many to return at most.
        least: by how much they are broken at least.

    """
    multipliers = _multipliers(sizes)
    twins = np.bincount(first, minlength=len(first))
    order, length, best, excess = _grown(first[sets], counts, values, weight, twins, multipliers, sizes[-1], *_UNITS)
    chosen: list[int] = []
    inside = np.zeros((len(order), len(weight)), dtype=np.bool_)
    times = np.zeros(len(weight), dtype=np.int64)
    seen = set()
    for k in np.argsort(-excess, kind="stable").tolist():
        if excess[k] <= least or len(chosen) == most:
            break
        units = order[k, : length[k]]
        key = (np.sort(units).tobytes(), int(best[k]))
        if key in seen or times[units].max() >= _OFTEN:
            continue
        seen.add(key)
        times[units] += 1
        inside[k, units] = True
        chosen.append(k)
    inside = inside[chosen][:, first]
    return Areas.rounded(inside, inside @ weight, multipliers[best[chosen]], sizes[-1])


def broken_map(sets: Ints, counts: Ints, values: Floats, weight: Ints, sizes: range, least: float) -> Areas:
    """The cut of all units, with the multiplier that an LP solution breaks most; none if it breaks none.

    Of many units no area grows so large. Where units are close to each other, what the last sites cost that make a
    community larger or smaller than is preferred may be most of what the LP is below the best grouping.

    Args:
        sets: (k, width) the candidates with a positive value, row by row.
        counts: (k,) how many units each has.
        values: their values.
        weight: (u,) sites of each unit.
        sizes: how many sites a community may have.
        least: by how much it is broken at least.

    """
    multipliers = _multipliers(sizes)
    times, whole = multipliers.T
    sites = int(weight.sum())
    held = (weight[sets] * (np.arange(sets.shape[1]) < counts[:, None])).sum(axis=1)
    much = np.bincount(held, weights=values, minlength=sizes[-1] + 1)
    points = _points_table(multipliers, sizes[-1])[np.arange(len(times)), sites * times % whole]
    excess = points @ much - sites * times // whole
    best = np.argsort(-excess, kind="stable")[:1]
    best = best[excess[best] > least]
    inside = np.ones((len(best), len(weight)), dtype=np.bool_)
    return Areas.rounded(inside, np.full(len(best), sites), multipliers[best], sizes[-1])


def _multipliers(sizes: range) -> Ints:
    """(m, 2) the j and m that there are for communities of such sizes."""
    every = [(times, whole) for whole in sizes for times in range(1, whole) if gcd(times, whole) == 1]
    return np.array(every, dtype=np.int64).reshape(-1, 2)


@njit(cache=True, nogil=True)
def _points_table(multipliers, largest):  # type: ignore[no-untyped-def]
    """(multipliers, over, sites): what a candidate counts with so many sites in an area that is ``over`` whole ones."""
    table = np.zeros((len(multipliers), largest + 1, largest + 1))
    for number in range(len(multipliers)):
        times, whole = multipliers[number]
        for over in range(whole):
            for sites in range(largest + 1):
                part = sites * times
                table[number, over, sites] = part // whole + max(0, part % whole - over) / (whole - over)
    return table


@njit(cache=True, nogil=True)
def _grown(sets, counts, values, weight, twins, multipliers, largest, narrowest, widest):  # type: ignore[no-untyped-def]
    """The area around each first twin that breaks a cut most: (units in order, how many, which multiplier, excess).

    ``sets`` has first twins only, and a unit as often as there are of it.
    """
    units = len(weight)
    start, of = by_unit(sets, counts, units)
    widest = min(widest, units)
    counting = _points_table(multipliers, largest)
    order = np.empty((units, widest), dtype=np.int64)
    length = np.zeros(units, dtype=np.int64)
    best = np.zeros(units, dtype=np.int64)
    excess = np.zeros(units)
    shared = np.zeros(units)
    state = np.zeros(units, dtype=np.int64)
    near = np.empty(units, dtype=np.int64)
    held = np.zeros(len(counts), dtype=np.int64)
    touched = np.empty(len(counts), dtype=np.int64)
    # How much of the LP's communities has so many sites in the area.
    much = np.zeros(largest + 1)
    for seed in range(units):
        if twins[seed] == 0:
            continue
        sites = size = reached = columns = 0
        unit = seed
        while True:
            state[unit] = 2
            order[seed, size] = unit
            size += 1
            sites += weight[unit] * twins[unit]
            for place in range(start[unit], start[unit + 1]):
                k = of[place]
                if held[k] == 0:
                    touched[columns] = k
                    columns += 1
                much[held[k]] -= values[k]
                held[k] += weight[unit]
                much[held[k]] += values[k]
                for j in range(counts[k]):
                    other = sets[k, j]
                    shared[other] += values[k]
                    if state[other] == 0:
                        state[other] = 1
                        near[reached] = other
                        reached += 1
            for number in range(len(multipliers) if size >= narrowest else 0):
                times, whole = multipliers[number]
                over = sites * times % whole
                if over == 0:
                    continue
                broken = -float(sites * times // whole)
                for sites_there in range(1, largest + 1):
                    broken += much[sites_there] * counting[number, over, sites_there]
                if broken > excess[seed] + 1e-9:
                    excess[seed] = broken
                    length[seed] = size
                    best[seed] = number
            if size == widest:
                break
            if reached == 0:
                break
            closest = 0
            unit = near[0]
            most = shared[unit]
            for r in range(1, reached):
                other = near[r]
                if shared[other] > most + 1e-9 or (shared[other] > most - 1e-9 and other < unit):
                    closest, unit, most = r, other, shared[other]
            reached -= 1
            near[closest] = near[reached]
        for r in range(reached):
            state[near[r]] = 0
        for r in range(size):
            state[order[seed, r]] = 0
        for c in range(columns):
            held[touched[c]] = 0
            for j in range(counts[touched[c]]):
                shared[sets[touched[c], j]] = 0.0
        much[:] = 0.0
    return order, length, best, excess
