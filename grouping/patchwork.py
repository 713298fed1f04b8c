"""A bound for more units than one LP is good for: the map patch by patch, each priced in view of what is around it.

Dual prices prove a bound if no candidate is paid more than it costs. Patch after patch gets prices that are worth most
(:func:`grouping.bound.lower_bound`) while those of patches before it stay: candidates across may hold units of these.
So each candidate is priced with the last of its patches, and in the end the worth of all patches adds up. Communities
that nobody may lead are priced like any others: that lowers the bound, though hardly where most sites may lead.

Were it only for that, each patch would leave as little as it can to those after it. So its LP looks ahead: units
beyond its border are priced with it, as if they were its own, but only the prices of the patch itself are settled.

The grouping is improved afterwards, among the candidates that were likely at these prices.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import repeat

import numpy as np

from grouping.bound import shares
from grouping.candidates import Candidates, Communities
from grouping.clock import Clock
from grouping.cost import Ints
from grouping.patches import patches
from grouping.pricing import Pricer
from grouping.problem import Problem
from grouping.reach import Reach
from grouping.settled import Settled
from grouping.window_prices import PricedWindow, price, settle, touching
from grouping.windows import Window

_PATCH = 400
"""Units of a patch at most."""
_AHEAD = 2, 10
"""How often the neighbours of what is in the window are taken in, and how many of each."""
_DEAR = 5.0
"""A patch is priced before all others if its dearest unit is so many times as dear as the median patch's. To begin with
more of them would leave the map in pieces."""
_STILL_AHEAD = 0.8
"""Units ahead of windows to come, for each one that they settle, while nothing is settled."""


def may_be_patched(problem: Problem) -> bool:
    """Whether :func:`patchwork` knows such problems: by places, and no site stays unplaced."""
    return len(problem.prices.ground.start) > 0 and not problem.unplaced


@dataclass(frozen=True, slots=True)
class Patchwork:
    """A bound in km, -inf if it did not come to an end; the prices settled, and likely candidates by these."""

    km: float
    settled: Settled
    likely: Candidates


def patchwork(
    problem: Problem,
    communities: Communities,
    met: Candidates,
    near: Ints,
    *,
    workers: int,
    clock: Clock,
    share: float = 1.0,
) -> Patchwork:
    """A bound, proved patch by patch. Each has a share of the time left; what is done beside pricing is not in it.

    Where that time is over before the last one, the others stay at the prices to begin with: a bound is a bound.

    Args:
        problem: one level, as :func:`may_be_patched` has it.
        communities: a good grouping.
        met: candidates worth knowing.
        near: (u, count) the nearest units of each, nearest first.
        workers: threads.
        clock: may stop it.
        share: of its time, for pricing.

    """
    # What communities cost their units is the first guess at prices.
    guess = shares(problem, Candidates.of(communities, problem.largest))
    sweep = _Sweep(problem, communities, met, near, Settled(problem, guess), workers)
    with clock.apart(share) as own:
        while sweep.todo and not clock.stopped():
            # Two at a time, whatever the number of threads, so that it changes nothing.
            windows = sweep.next(ahead=not own.stopped())
            threads = max(1, workers // len(windows))
            units, core = sum(window.own for window in windows), sum(window.core for window in windows)
            part = _share(units, core, sweep.left, problem.size)
            with ThreadPoolExecutor(min(workers, len(windows))) as pool:
                priced = list(pool.map(sweep.price, windows, repeat(threads), repeat(own), repeat(part)))
            for one in priced:
                own.spend(one.spent)
                sweep.settle(one, workers, clock)
    clock.spend(own.spent)
    return sweep.patchwork


def _share(own: int, core: int, left: int, units: int) -> float:
    """Of the time left, what windows may take for ``own`` units, of which they settle ``core``, of ``left`` to settle.

    Time goes with the units of their own, and the last ones have none ahead. One that is as large as these is thought
    to come after all others: there would be no bound, were they not settled in time.
    """
    rest = (left - core) * (1.0 + _STILL_AHEAD * left / units)
    return own / (2 * own + rest)


class _Sweep:
    def __init__(
        self,
        problem: Problem,
        communities: Communities,
        met: Candidates,
        near: Ints,
        settled: Settled,
        workers: int,
    ) -> None:
        self._problem = problem
        self._met = met
        # Of patches before, those that later ones may hold.
        self._ahead = Candidates.of([], problem.largest)
        self._near = near
        self._communities = communities
        self._likely: list[Candidates] = []
        self._reach = Reach(problem, workers)
        self._settled = settled
        every = patches(problem, communities, _PATCH)
        # What is dearest may be paid for far away. Priced first, it has nothing around; later, it would have thousands.
        paid = self._reach.paid(settled.price)
        dearest = np.array([paid[patch].max() for patch in every])
        order = np.argsort(-dearest, kind="stable")
        first = order[dearest[order] > _DEAR * np.median(dearest)].tolist()
        self.todo = [every[k] for k in first]
        every = [patch for k, patch in enumerate(every) if k not in first]
        half = -(-len(every) // 2)
        # From both halves of the map in turn.
        self.todo += [patch for pair in zip(every[:half], every[half:], strict=False) for patch in pair]
        self.todo += every[len(every) // 2 : half]

    @property
    def left(self) -> int:
        """Units that are not settled."""
        return int(len(self._settled.units) - self._settled.units.sum())

    @property
    def patchwork(self) -> Patchwork:
        """What came of it; a bound only once nothing is left to do."""
        km = -np.inf if self.todo else self._settled.km
        none = np.zeros((0, self._problem.largest), dtype=np.int64)
        likely = np.unique(np.concatenate([none, *(one.sets for one in self._likely)]), axis=0)
        return Patchwork(km, self._settled, Candidates.of_rows(likely))

    def next(self, *, ahead: bool) -> list[Window]:
        """The windows of the next patch, and of the one after it if they share no units of their own.

        Unless they are to be priced, nothing needs to be ``ahead`` of them, nor around them for prices that rise.
        """
        windows: list[Window] = []
        taken = np.zeros(self._problem.size, dtype=np.bool_)
        while self.todo and len(windows) < 2:
            window = self._window(self.todo[0], ahead=ahead)
            own = window.units[: window.own]
            if taken[own].any():
                break
            taken[own] = True
            windows.append(window)
            del self.todo[0]
        return windows

    def _window(self, core: Ints, *, ahead: bool) -> Window:
        """The window of a patch: with what is ahead of it, communities undivided, and what is around that."""
        settled = self._settled.units
        own = np.zeros(self._problem.size, dtype=np.bool_)
        own[core] = True
        price = self._settled.price
        if ahead:
            times, count = _AHEAD
            for _ in range(times):
                own[self._near[own, :count]] = True
            own &= ~settled
            for members in touching(self._communities, own):
                own[list(members)] = True
            own &= ~settled
            price = self._reach.risen(price, ~settled)
        beyond = own.copy()
        beyond[core] = False
        there = np.zeros(self._problem.size, dtype=np.bool_)
        there[self._reach.around(settled | own, price, np.flatnonzero(own))] = True
        for members in touching(self._communities, own):
            there[list(members)] = True
        return Window.of(self._problem, self._settled, core, np.flatnonzero(beyond), np.flatnonzero(there & settled))

    def price(self, window: Window, workers: int, clock: Clock, share: float) -> PricedWindow:
        """Find prices for a window, within a share of what is left of the clock."""
        known = self._met, self._ahead
        return price(self._problem, self._communities, window, known, workers, clock, share, share, cuts=False)

    def settle(self, priced: PricedWindow, workers: int, clock: Clock) -> None:
        """Keep the prices of a patch."""
        window = priced.window
        if not np.isfinite(priced.bound.km):
            # Its time was over before anything was proved. At the prices to begin with something is, soon.
            duals = window.around.beginning
            least = Pricer(window.problem, workers, clock, window.own).least(duals).least
            priced = replace(priced, bound=replace(priced.bound, duals=duals, least=least))
        settle(self._problem, self._reach, self._settled, priced, workers, clock)
        self._likely.append(priced.likely)
        known = np.concatenate([self._ahead.sets, priced.likely.sets])
        self._ahead = Candidates.of_rows(known[~np.append(self._settled.units, True)[known].all(axis=1)])
