"""Windows on a part of the map: its units, those around whose prices are settled, and which of these can matter."""

from __future__ import annotations

import heapq
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numba import njit
from numpy.typing import NDArray

from grouping.areas import PricedAreas
from grouping.candidates import Candidates
from grouping.company import factor_of
from grouping.cost import HOSTED, Floats, Ints
from grouping.cuts import Cuts
from grouping.ground import Places, between
from grouping.nearest import nearest
from grouping.problem import Problem
from grouping.settled import CutsOnMap, Settled
from grouping.surroundings import Surroundings

_SAFE = 1.0 + 1e-9
"""Arcs may be longer than two others that lead there, by the last bits."""
_RISE = 0.3
"""What is paid may rise by such a part before more units have to be around."""


@dataclass(frozen=True, slots=True)
class Window:
    """The units of a window in order: ``core`` of them first, ``own`` with those ahead, and then those around.

    ``place`` (u,) is where a unit of the map is among them, -1 for those elsewhere.
    """

    units: Ints
    core: int
    place: Ints
    problem: Problem
    around: Surroundings

    @property
    def own(self) -> int:
        """Units of the core and ahead."""
        return self.around.own

    @classmethod
    def of(
        cls, problem: Problem, settled: Settled, core: Ints, ahead: Ints, around: Ints, cuts: CutsOnMap | None = None
    ) -> Window:
        """The window of ``core`` and ``ahead``, which begin at the prices there are; what is ``around`` is settled.

        ``cuts`` are others that are worth knowing: triples that lie in it, and of areas what does.
        """
        price = settled.price
        units = np.concatenate([core, ahead, around])
        own = len(core) + len(ahead)
        place = np.full(problem.size, -1, dtype=np.int64)
        place[units] = np.arange(len(units))
        inherited = *settled.around(place, len(units)), *settled.there(cuts or CutsOnMap.none(), place, len(units))
        free = ~settled.units[units[:own]]
        # Of twins that were priced apart each has a price of its own, and in cuts that are known already it counts by
        # itself: pricing looks at the first of twins only, and another one may not be paid less for.
        state = np.concatenate([np.where(free, 0, 1), np.full(len(around), 2)])
        kinds = np.column_stack(
            [state, np.where(state > 0, price[units], 0.0), problem.prices.may_lead[units], *_counted(*inherited)]
        )
        part = problem.part(units, np.unique(kinds, axis=0, return_inverse=True)[1].ravel())
        # Whoever may lead a candidate need not be one of the window's own units, at which it is found.
        part = replace(part, prices=part.prices._replace(able=np.zeros(0, dtype=np.bool_)))
        # All others begin at the same price, as pricing has it, though some may have been ahead before.
        first = part.twins.first[:own]
        begin = np.bincount(first, weights=price[units[:own]], minlength=own) / np.maximum(1, part.twins.count[:own])
        return cls(units, len(core), place, part, Surroundings(begin[first], price[around], *inherited))

    def within(self, candidates: Candidates) -> Candidates:
        """Those of the map's candidates that lie in the window and hold a unit of its own, by its numbers."""
        sets = np.append(self.place, -1)[candidates.sets]
        there = ((sets >= 0) | (candidates.sets < 0)).all(axis=1) & ((sets >= 0) & (sets < self.own)).any(axis=1)
        return Candidates.of_rows(sets[there])

    def on_map(self, candidates: Candidates) -> Candidates:
        """The window's candidates by the numbers of the map."""
        return Candidates.of_rows(np.append(self.units, -1)[candidates.sets])


def _counted(cuts: Cuts, areas: PricedAreas, more_cuts: Cuts, more_areas: PricedAreas) -> tuple[Ints, Ints]:
    """(which unit it is, which areas it is in): for each unit a number, where cuts count those with another apart.

    A unit in no triple has -1.
    """
    units = areas.areas.inside.shape[1]
    itself = np.full(units, -1, dtype=np.int64)
    for one in (cuts, more_cuts):
        in_any = one.units[one.units >= 0]
        itself[in_any] = in_any
    inside = np.concatenate([areas.areas.inside, more_areas.areas.inside])
    alike = np.unique(np.packbits(inside, axis=0), axis=1, return_inverse=True)[1] if len(inside) else np.zeros(units)
    return itself, np.asarray(alike, dtype=np.int64).ravel()


class Reach:
    """Tells who may be in a candidate that is paid more than it costs; of problems whose places are known.

    Let D km be from a site to the farthest one of a candidate of q sites. The pairs of the two and of each other site
    with either of them make (q - 1) D at least, by the triangle inequality; and what is paid for it is no more than for
    the two, and the q - 2 dearest sites within D. Of those who may be the farthest by this, each is looked at with the
    site: all others pay their ways to both, and half of those to their nearest. With a site of a block are all of it.

    What is paid for a site that is linked counts less what its links cost it by itself, and with its part of what it
    gains by those it is linked to, whether they are there or not.

    Under the hosted measure the ways to the host make D at least. At each host that may be near enough, a site gains
    what is paid for it less its way; who comes there with that of the core which gains most, besides them the others
    that gain anything, is needed if that is more than nothing.

    Args:
        problem: one level.
        workers: threads.

    """

    def __init__(self, problem: Problem, workers: int) -> None:
        prices = problem.prices
        self._workers = workers
        self._prices = prices
        self._size = np.arange(max(2, problem.smallest), problem.largest + 1)
        self._fixed = prices.size_km * np.abs(self._size - prices.preferred)
        self._factor = np.array([factor_of(prices.measure, int(size)) for size in self._size])
        # Km that a candidate counts at least for each one between two of its sites.
        self._counted = self._factor * (self._size - 1) if prices.measure != HOSTED else np.ones(len(self._size))
        self._hosts = np.zeros(len(prices.ground.place), dtype=np.bool_)
        self._hosts[prices.ground.host] = True
        start = prices.ground.start
        self._unit = np.repeat(np.arange(problem.size), np.diff(start))
        # Site by site, for those of a block may be nearer to one another than to all other units.
        count = len(self._unit)
        ones, starts = np.ones(count, dtype=np.int64), np.arange(count + 1)
        each = prices._replace(weight=ones, ground=prices.ground._replace(start=starts))
        near = nearest(each, min(problem.largest, count - 1), linked=False)[1]
        self._near = np.zeros((count, problem.largest + 1))
        self._near[:, 1 : near.shape[1] + 1] = near.cumsum(axis=1)

    def paid(self, price: Floats) -> Floats:
        """(u,) km: what such prices (u,) pay for each unit more than its links cost it, however many are honoured."""
        worth = price - self._prices.by_itself
        return worth + self._prices.pair.split(worth).gain

    def risen(self, price: Floats, units: NDArray[np.bool_]) -> Floats:
        """The prices (u,) if what is paid for some of the ``units`` (u,) rises."""
        return np.where(units, price + _RISE * np.maximum(0.0, self.paid(price)), price)

    def around(self, priced: NDArray[np.bool_], price: Floats, core: Ints, most: int | None = None) -> Ints:
        """Of the units ``priced`` (u,), who may be paid too much for with one of the ``core``.

        Args:
            priced: of which units the ``price`` (u,) in km counts; those of the core among them.
            price: dual prices.
            core: units.
            most: where they are more than that, not all of them are looked for.

        """
        ours = np.zeros(len(priced), dtype=np.bool_)
        ours[core] = True
        sites = np.flatnonzero(priced[self._unit])
        here = ours[self._unit[sites]]
        if here.all():
            return np.zeros(0, dtype=np.int64)
        paid = np.maximum(0.0, self.paid(price) / self._prices.weight)[self._unit[sites]]
        places = Places(self._prices.ground.place[sites])
        inside = np.flatnonzero(here)
        away = places.km(inside[[len(inside) // 2]], np.arange(len(sites)))[0]
        least = np.maximum(0.0, away - away[inside].max())
        order = np.argsort(least, kind="stable")
        near = np.flatnonzero((least <= self._most(least[order], paid[order]) * _SAFE) | here)
        # The dearest first: they reach farthest, and so tell soonest whether it is too much.
        ours_near = np.flatnonzero(here[near])
        ours_near = ours_near[np.argsort(-paid[near[ours_near]], kind="stable")]
        unit = self._unit[sites[near]]
        there = places.vectors[near], paid[near]
        most = len(ours) if most is None else most
        hosted = self._prices.measure == HOSTED

        def reached(part: Ints) -> NDArray[np.bool_]:
            if hosted:
                return np.asarray(_hosted(part, ours_near, *there, unit, ours, self._size, self._fixed, most))
            how = self._near[sites[near]], unit, ours, self._size, self._fixed, self._factor, most
            return np.asarray(_reached(part, *there, *how))

        # Of a block its first site.
        firsts = ours_near[(ours_near == 0) | (unit[ours_near] != unit[ours_near - 1])]
        looked_from = np.flatnonzero(self._hosts[sites[near]]) if hosted else firsts
        with ThreadPoolExecutor(self._workers) as pool:
            parts = [looked_from[k :: self._workers] for k in range(self._workers)]
            needed = np.logical_or.reduce(list(pool.map(reached, parts)))
        return np.flatnonzero(needed & ~ours)

    def _most(self, least: Floats, paid: Floats) -> float:
        """How far at most two sites are, if ``paid`` (s,) are those ``least`` (s,) km away or more, in that order."""
        dearest: list[float] = []
        most = 0.0
        end = self._worth(np.sort(paid)[::-1].cumsum())
        for km, price in zip(least.tolist(), paid.tolist(), strict=True):
            if km > end:
                break
            if len(dearest) < self._size[-1]:
                heapq.heappush(dearest, price)
            elif price > dearest[0]:
                heapq.heapreplace(dearest, price)
            else:
                continue
            there = self._worth(np.cumsum(sorted(dearest, reverse=True)))
            if there >= km:
                most = max(most, there)
        return most

    def _worth(self, total: Floats) -> float:
        paid = total[np.minimum(self._size, len(total)) - 1]
        return float(((paid - self._fixed) / self._counted).max())


@njit(inline="always")
def _insert(dearest, count, most, value):  # type: ignore[no-untyped-def]  # numba compiles it
    """Put a value into the ``most`` dearest, which descend; how many there are then."""
    place = min(count, most)
    while place > 0 and dearest[place - 1] < value:
        if place < most:
            dearest[place] = dearest[place - 1]
        place -= 1
    if place < most:
        dearest[place] = value
        return min(count + 1, most)
    return count


@njit(cache=True, nogil=True)
def _reached(inside, place, paid, near, unit, ours, size, fixed, factor, most):  # type: ignore[no-untyped-def]
    """(u,) which units have a site that may be in a candidate with the unit of one of the first sites ``inside`` (c,).

    ``place`` (s, 3) is where sites are, ``near`` (s, q) are the km between one and q others at least, and ``unit`` (s,)
    is whose it is; those of one follow each other. ``ours`` (u,) are taken to be; the search ends with more than
    ``most`` others.
    """
    result = ours.copy()
    found = 0
    dearest = np.zeros(size[-1])
    away = np.empty(len(paid))
    own = np.empty(len(paid))
    some = np.empty(len(paid), dtype=np.int64)
    gains = np.empty(len(paid))
    for i in inside:
        end = i + 1
        while end < len(paid) and unit[end] == unit[i]:
            end += 1
        block = end - i
        within = 0.0
        for j in range(len(paid)):
            away[j] = own[j] = between(place, i, j)
            for other in range(i + 1, end):
                own[j] += between(place, other, j)
            if i <= j < end:
                within += 0.5 * own[j]
        order = np.argsort(away)
        reach = 0.0
        count = 0
        for j in order:
            if i <= j < end:
                continue
            for q in range(len(size)):
                both = block * paid[i] + paid[j] - fixed[q]
                for k in range(min(count, size[q] - block - 1)):
                    both += dearest[k]
                if block < size[q] and factor[q] * (size[q] - 1) * away[j] < both:
                    reach = away[j]
            count = _insert(dearest, count, size[-1] - 2, paid[j])
        reach *= _SAFE
        last = 0
        while last < len(order) and away[order[last]] <= reach:
            last += 1
        for q in range(len(size)):
            rest = size[q] - block - 1
            if rest < 0:
                continue
            # Whoever gains something by joining this unit, and what all that could gain a candidate.
            joining = 0
            count = 0
            for k in order[:last]:
                gain = paid[k] - factor[q] * (own[k] + 0.5 * near[k, max(0, rest - 1)])
                if not i <= k < end and gain > 0.0:
                    some[joining], gains[joining] = k, gain
                    joining += 1
                    count = _insert(dearest, count, rest, gain)
            all_others = dearest[:count].sum()
            for j in order[:last]:
                over = block * paid[i] + paid[j] - fixed[q] - factor[q] * (within + own[j])
                if i <= j < end or result[unit[j]] or over + all_others <= 0.0:
                    continue
                count = 0
                for k in range(joining):
                    gain = gains[k] - factor[q] * between(place, j, some[k])
                    if gain > 0.0 and some[k] != j:
                        count = _insert(dearest, count, rest, gain)
                if over + dearest[:count].sum() > 0.0:
                    result[unit[j]] = True
                    found += 1
                    if found > most:
                        return result
    return result


@njit(cache=True, nogil=True)
def _hosted(hosts, inside, place, paid, unit, ours, size, fixed, most):  # type: ignore[no-untyped-def]
    """The same under the hosted measure, of candidates at some ``hosts`` (h,) that hold one of the sites ``inside``."""
    result = ours.copy()
    found = 0
    dearest = np.zeros(size[-1])
    count = 0
    for price in paid:
        count = _insert(dearest, count, size[-1] - 2, price)
    at_most = dearest[:count].sum() - fixed.min()
    own = np.empty(len(paid))
    for h in hosts:
        at_home = ours[unit[h]]
        # Whoever hosts, somebody of the core is there.
        gain, first = 0.0, h
        if not at_home:
            gain = -np.inf
            for i in inside:
                if paid[i] - between(place, h, i) > gain:
                    gain, first = paid[i] - between(place, h, i), i
            if paid[h] + gain + at_most <= 0.0:
                continue
        count = 0
        for j in range(len(paid)):
            own[j] = paid[j] - between(place, h, j)
            if own[j] > 0.0 and j not in (h, first):
                count = _insert(dearest, count, size[-1], own[j])
        # What another one has to gain at least, lest a candidate with it is not paid more than it costs.
        least = np.inf
        for q in range(len(size)):
            rest = size[q] - 1 if at_home else size[q] - 2
            total = paid[h] + gain - fixed[q]
            if total + dearest[: min(count, max(0, rest))].sum() > 0.0 and not result[unit[h]]:
                result[unit[h]] = True
                found += 1
            if rest > 0:
                least = min(least, -total - dearest[: min(count, rest - 1)].sum())
        for j in range(len(paid)):
            if own[j] > least and j != h and not result[unit[j]]:
                result[unit[j]] = True
                found += 1
        if found > most:
            return result
    return result
