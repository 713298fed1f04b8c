"""Who may be in a community with units of a part of the map that is paid more than it costs: others can't matter."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from grouping.company import factor_of
from grouping.cost import HOSTED, Floats, Ints
from grouping.ground import Places
from grouping.in_reach import SAFE, hosted, reached, ways_from
from grouping.nearest import nearest
from grouping.problem import Problem

_RISE = 0.3
"""What is paid may rise by such a part before more units have to be around."""


class Reach:
    """Tells who may be in a candidate that is paid more than it costs; of problems whose places are known.

    Let D km be from a site to the farthest one of a candidate of q sites. The pairs of the two and of each other site
    with either of them make (q - 1) D at least, by the triangle inequality; and what is paid for it is no more than for
    the two, and the q - 2 dearest sites within D. Of those who may be the farthest by this, each is looked at with the
    site: as many others as q asks for pay their ways to both, with surcharges, and half of those to their nearest, even
    if they lose by it. With a site of a block are all of it.

    What is paid for a unit that is linked counts less what its links cost it by itself. With it counts its part of what
    it gains by another one; of a single link only where the other is there, and then it pays half of the way there.

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
        # To sites, for those of a block may be nearer than any other unit.
        count = len(self._unit)
        ones, starts = np.ones(count, dtype=np.int64), np.arange(count + 1)
        each = prices._replace(weight=ones, ground=prices.ground._replace(start=starts))
        near = nearest(each, min(problem.largest, count - 1), linked=False)[1][start[:-1]]
        ways_from(np.flatnonzero(prices.weight > 1), prices.ground, near)
        self._near = np.zeros((problem.size, problem.largest + 1))
        self._near[:, 1 : near.shape[1] + 1] = near.cumsum(axis=1)
        # With whom each one is better together, if both are so with nobody else.
        rows, others = prices.pair.rows, prices.pair.other
        better = (prices.pair.km < 0.0) & (rows != others)
        single = np.bincount(rows[better], minlength=problem.size) == 1
        pairs = better & single[rows] & single[others]
        self._partner = np.full(problem.size, -1)
        self._partner[rows[pairs]] = others[pairs]

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
        weight = self._prices.weight
        paid = np.maximum(0.0, self.paid(price) / weight)
        places = Places(self._prices.ground.place[sites])
        inside = np.flatnonzero(here)
        away = places.km(inside[[len(inside) // 2]], np.arange(len(sites)))[0]
        least = np.maximum(0.0, away - away[inside].max())
        order = np.argsort(least, kind="stable")
        end = self._most(least[order], paid[self._unit[sites[order]]]) * SAFE
        # Whoever is there is so with all sites.
        farthest = np.zeros(len(priced))
        np.maximum.at(farthest, self._unit[sites], least)
        units = np.flatnonzero(priced & ((farthest <= end) | ours))
        # The dearest first: they reach farthest, and so tell soonest whether it is too much.
        core = np.flatnonzero(ours[units])
        core = core[np.argsort(-paid[units[core]], kind="stable")]
        most = len(ours) if most is None else most
        if self._prices.measure == HOSTED:
            needed = self._reached_at_hosts(units, paid, core, most)
        else:
            needed = self._reached(units, price, core, most)
        return units[needed & ~ours[units]]

    def _reached(self, units: Ints, price: Floats, core: Ints, most: int) -> NDArray[np.bool_]:
        """(v,) which of the ``units`` (v,) may be in one community with any of those whose numbers are ``core``."""
        prices = self._prices
        ground = prices.ground
        start = np.concatenate([[0], np.cumsum(prices.weight[units])])
        rows = np.flatnonzero(np.isin(self._unit, units))
        there = ground._replace(start=start, place=ground.place[rows], region=ground.region[rows])
        place = np.full(len(price) + 1, -1)
        place[units] = np.arange(len(units))
        partner = place[self._partner[units]]
        worth = price - prices.by_itself
        gain = prices.pair.split(worth).gain[units]
        # Where the partner is not among them, nothing is gained.
        paid = worth[units] + np.where(self._partner[units] < 0, gain, 0.0)
        gain = np.where(partner >= 0, gain, 0.0)
        how = there, paid, partner, gain, self._near[units], core, self._size, self._fixed, self._factor, most
        return self._each(core, lambda part: reached(part, *how))

    def _reached_at_hosts(self, units: Ints, paid: Floats, core: Ints, most: int) -> NDArray[np.bool_]:
        """The same under the hosted measure."""
        rows = np.flatnonzero(np.isin(self._unit, units))
        unit = np.searchsorted(units, self._unit[rows])
        inside = np.flatnonzero(np.isin(unit, core))
        hosts = np.flatnonzero(self._hosts[rows])
        how = self._prices.ground.place[rows], paid[units][unit], unit, core, self._size, self._fixed
        return self._each(hosts, lambda part: hosted(part, inside, *how, most))

    def _each(self, looked_from: Ints, look: Callable[[Ints], NDArray[np.bool_]]) -> NDArray[np.bool_]:
        with ThreadPoolExecutor(self._workers) as pool:
            # Compiled for such arrays only.
            parts = [np.ascontiguousarray(looked_from[k :: self._workers]) for k in range(self._workers)]
            return np.asarray(np.logical_or.reduce(list(pool.map(look, parts))))

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
