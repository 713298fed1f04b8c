"""A bound of many units raised: patch after patch is priced anew, with cuts, while all prices around it stay.

Prices of all units prove a bound (:mod:`grouping.patchwork`). They still do where those of one patch are found anew, if
all candidates that hold any of its units are priced with it; so that the bound rises by what the patch is worth more
(block coordinate ascent of the Lagrangian dual, Bertsekas 1999). What is not worth more is left as it was. Borders run
elsewhere in each sweep: near to them there is little to be gained.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import repeat

import numpy as np

from grouping.candidates import Candidates, Communities
from grouping.clock import Clock
from grouping.cost import Floats, Ints
from grouping.patches import allotted, patches
from grouping.problem import Problem
from grouping.reach import Reach
from grouping.settled import Settled, Worth
from grouping.window_prices import PricedWindow, price, settle
from grouping.windows import Window

_PATCH, _LINKED_PATCH = 700, 1_600
"""Units of a patch at most, and where some are linked: 3,111 townships with links are 2.69 % below the cost after 81 s
so, and 2.96 % after 100 s in patches of 700."""
_SWEEPS = 2, 20
"""Sweeps of the map that there is to be time for, and those that there are at most."""
_GAIN = 0.01
"""It is swept again while that closed such a share of what was between bound and cost."""
_AROUND = 6000
"""Units around a patch at most: tables of all pairs are made of what is in its window."""
_DEARER = 0.5
"""Of a patch with more around, communities with a unit dearer than so much of its dearest one stay as they are: for it
those may be paid who are far away."""
_TRIED = 4
"""Patches that are tried at most as the second of two at a time."""


def ascend(
    problem: Problem,
    communities: Communities,
    known: Candidates,
    settled: Settled,
    *,
    workers: int,
    seed: int,
    clock: Clock,
    proved: Callable[[float], bool],
) -> tuple[Settled, Candidates]:
    """Raise the bound, as long as a sweep of the map gains enough.

    Args:
        problem: one level, as :func:`grouping.patchwork.may_be_patched` has it.
        communities: a good grouping.
        known: candidates worth knowing.
        settled: prices of all units.
        workers: threads.
        seed: of where borders run.
        clock: may stop it.
        proved: told each better bound in km; where it returns True, that is good enough.

    Returns:
        The prices, and likely candidates by these.

    """
    ascent = _Ascent(problem, communities, known, settled, workers)
    random = np.random.default_rng(seed)
    cost = problem.cost_km(communities)
    for sweep in range(_SWEEPS[1]):
        before = ascent.settled.km
        ascent.begin(random if sweep else None)
        still = max(0, _SWEEPS[0] - 1 - sweep) * problem.size
        while ascent.todo and not clock.stopped():
            # Two at a time, whatever the number of threads, so that it changes nothing.
            lifted = ascent.next()
            if not lifted:
                break
            windows = [one.window for one in lifted]
            own = [window.own for window in windows]
            time_and_work = allotted(own, sum(own) + still + sum(map(len, ascent.todo)), workers)
            threads = max(1, workers // len(windows))
            with ThreadPoolExecutor(min(workers, len(windows))) as pool:
                priced = list(pool.map(ascent.price, windows, repeat(threads), repeat(clock), *time_and_work))
            for one, found in zip(lifted, priced, strict=True):
                ascent.settle(one, found, workers, clock)
            if proved(ascent.settled.km):
                return ascent.settled, ascent.likely
        if clock.stopped() or ascent.settled.km - before <= _GAIN * (cost - before):
            break
    return ascent.settled, ascent.likely


@dataclass(frozen=True, slots=True)
class _Lifted:
    """A patch to be priced anew: its window, and what it was worth."""

    window: Window
    worth: Worth


class _Ascent:
    def __init__(
        self, problem: Problem, communities: Communities, known: Candidates, settled: Settled, workers: int
    ) -> None:
        self._problem = problem
        self._communities = communities
        self._known = known
        self._reach = Reach(problem, workers)
        self._found: list[Candidates] = []
        self._before = Candidates.of([], problem.largest)
        self.settled = settled.copy()
        self.todo: list[Ints] = []

    @property
    def likely(self) -> Candidates:
        """Candidates found likely in this sweep and the one before."""
        rows = np.concatenate([self._before.sets, *(one.sets for one in self._found)])
        return Candidates.of_rows(np.unique(rows, axis=0))

    def begin(self, random: np.random.Generator | None) -> None:
        """Begin a sweep, with borders that are drawn by chance or not."""
        none = np.zeros((0, self._problem.largest), dtype=np.int64)
        self._before = Candidates.of_rows(np.concatenate([none, *(one.sets for one in self._found)]))
        self._found = []
        most = _LINKED_PATCH if self._problem.prices.pair.linked else _PATCH
        self.todo = patches(self._problem, self._communities, most, random)

    def next(self) -> list[_Lifted]:
        """The next patch, and one from the other half of what is left if neither is around the other; none at the end.

        Those with too much around are passed over.
        """
        while self.todo:
            units, around = self._narrowed(self.todo.pop(0))
            if not len(units):
                continue
            first = self._lift(units, around)
            half = len(self.todo) // 2
            for k in range(half, min(half + _TRIED, len(self.todo))):
                if (first.window.place[self.todo[k]] >= 0).any():
                    continue
                units, around = self._narrowed(self.todo[k])
                if np.isin(around, first.worth.units).any():
                    continue
                del self.todo[k]
                return [first, self._lift(units, around)] if len(units) else [first]
            return [first]
        return []

    def _narrowed(self, units: Ints) -> tuple[Ints, Ints]:
        """(those of a patch to be priced anew, and who may be paid too much for with them, were their prices to rise).

        None of it where too much would be around.
        """
        while len(units):
            every = np.ones(self._problem.size, dtype=np.bool_)
            there = np.zeros(self._problem.size, dtype=np.bool_)
            there[units] = True
            risen = self._reach.risen(self.settled.price, there)
            around = self._reach.around(every, risen, units, _AROUND)
            if len(around) <= _AROUND:
                return units, around
            dearest = self._dearest(units)
            # At least the dearest ones are left out.
            units = units[(dearest <= _DEARER * dearest.max()) & (dearest < dearest.max())]
        return units, units

    def _dearest(self, units: Ints) -> Floats:
        """What is paid for the dearest unit of each one's community."""
        paid = self._reach.paid(self.settled.price)
        for members in self._communities:
            paid[list(members)] = paid[list(members)].max()
        return paid[units]

    def _lift(self, units: Ints, around: Ints) -> _Lifted:
        """The window of a patch.

        To all others its units are settled at the prices that they had. So what is proved of another patch meanwhile
        holds if this one is restored; and if it is not, candidates of both are priced with it.
        """
        settled = self.settled
        worth = settled.lift(units)
        none = np.zeros(0, dtype=np.int64)
        window = Window.of(self._problem, settled, units, none, around, worth.cuts)
        settled.units[units] = True
        return _Lifted(window, worth)

    def price(self, window: Window, workers: int, clock: Clock, share: float, work: float) -> PricedWindow:
        """Find prices for a window, within a share of the time and of the work that are left of the clock."""
        known = self._known, self._before, *self._found
        how = workers, clock, share, work
        return price(self._problem, self._communities, window, known, *how, cuts=True)

    def settle(self, lifted: _Lifted, priced: PricedWindow, workers: int, clock: Clock) -> None:
        """Keep the prices of a patch if they are worth more."""
        clock.spend(priced.spent)
        self._found.append(priced.likely)
        if priced.bound.km - priced.window.around.worth > lifted.worth.km:
            after = self.settled.copy()
            worth = settle(self._problem, self._reach, after, priced, workers, clock, _AROUND)
            if worth.km > lifted.worth.km:
                self.settled = after
                return
        self.settled.restore(lifted.worth)
