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
from grouping.cost import Ints
from grouping.patches import patches
from grouping.problem import Problem
from grouping.settled import Settled, Worth
from grouping.window_prices import RISE, Priced, price, settle
from grouping.windows import Reach, Window

_PATCH = 700
"""Units of a patch at most."""
_SWEEPS = 2
"""Sweeps of the map that there is to be time for."""
_GAIN = 0.01
"""It is swept again while that closed such a share of what was between bound and cost."""
_DEAR = 30.0
"""A community stays as it is priced if its dearest unit is so many times as dear as the median community's. It was
priced before all others; with all others' prices settled, thousands of them would be around it."""
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
    for sweep in range(problem.size):
        before = ascent.settled.km
        ascent.begin(random if sweep else None)
        still = max(0, _SWEEPS - 1 - sweep) * problem.size
        while ascent.todo and not clock.stopped():
            # Two at a time, whatever the number of threads, so that it changes nothing.
            lifted = ascent.next()
            own = sum(len(one.worth.units) for one in lifted)
            share = own / (own + still + sum(map(len, ascent.todo)))
            threads = max(1, workers // len(lifted))
            windows = [one.window for one in lifted]
            with ThreadPoolExecutor(min(workers, len(windows))) as pool:
                priced = list(pool.map(ascent.price, windows, repeat(threads), repeat(clock), repeat(share)))
            for one, found in zip(lifted, priced, strict=True):
                ascent.settle(one, found, workers, clock)
            if proved(ascent.settled.km):
                return ascent.settled, ascent.likely
        if clock.stopped() or ascent.settled.km - before < _GAIN * (cost - before):
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
        self.settled = settled
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
        dearest = np.array([self.settled.price[list(members)].max() for members in self._communities])
        usual = np.flatnonzero(dearest <= _DEAR * max(0.0, np.median(dearest))).tolist()
        self.todo = patches(self._problem, [self._communities[k] for k in usual], _PATCH, random)

    def next(self) -> list[_Lifted]:
        """The next patch, and one from the other half of what is left if neither is around the other."""
        first = self._lift(self.todo.pop(0))
        lifted = [first]
        half = len(self.todo) // 2
        for k in range(half, min(half + _TRIED, len(self.todo))):
            units = self.todo[k]
            if (first.window.place[units] >= 0).any():
                continue
            second = self._lift(units)
            if (second.window.place[first.worth.units] >= 0).any():
                self.settled.restore(second.worth)
                continue
            del self.todo[k]
            lifted.append(second)
            break
        return lifted

    def _lift(self, units: Ints) -> _Lifted:
        """The window of a patch. To all others its units are settled at the prices that they had."""
        settled = self.settled
        worth = settled.lift(units)
        own = np.zeros(self._problem.size, dtype=np.bool_)
        own[units] = True
        risen = np.where(own, RISE * settled.price, settled.price)
        there = np.zeros(self._problem.size, dtype=np.bool_)
        there[self._reach.around(settled.units | own, risen, units)] = True
        none = np.zeros(0, dtype=np.int64)
        window = Window.of(self._problem, settled, units, none, np.flatnonzero(there & ~own), worth.cuts)
        settled.units[units] = True
        return _Lifted(window, worth)

    def price(self, window: Window, workers: int, clock: Clock, share: float) -> Priced:
        """Find prices for a window, within a share of what is left of the clock."""
        known = self._known, self._before, *self._found
        return price(self._problem, self._communities, window, known, workers, clock, cuts=True, share=share)

    def settle(self, lifted: _Lifted, priced: Priced, workers: int, clock: Clock) -> None:
        """Keep the prices of a patch if they are worth more."""
        clock.spend(priced.spent)
        if np.isfinite(priced.bound.km):
            self._found.append(priced.likely)
            after = self.settled.copy()
            worth = settle(self._problem, self._reach, after, priced, workers, clock)
            if worth.km > lifted.worth.km:
                self.settled = after
                return
        self.settled.restore(lifted.worth)
