"""A bound for more units than one LP is good for: the map patch by patch, each priced in view of what is around it.

Dual prices prove a bound if no candidate is paid more than it costs. Patch after patch gets prices that are worth most
(:func:`grouping.bound.lower_bound`) while those of patches before it stay: candidates across may hold units of these.
So each candidate is priced with the last of its patches, and in the end the worth of all patches adds up.

Were it only for that, each patch would leave as little as it can to those after it. So its LP looks ahead: units
beyond its border are priced with it, as if they were its own, but only the prices of the patch itself are settled.

The grouping is improved afterwards, among the candidates that were likely at these prices.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from grouping.bound import ROUNDING, Bound, lower_bound, reduced_costs, shares
from grouping.candidates import Candidates, Communities
from grouping.clock import Clock
from grouping.cost import Floats, Ints
from grouping.improve_in_patches import LIKELY
from grouping.patches import patches
from grouping.pricing import Duals, Pricer
from grouping.problem import Problem
from grouping.settled import Settled
from grouping.windows import Reach, Window

_PATCH = 400, 700
"""Units of a patch at most, without and with cuts."""
_AHEAD = (2, 10), (5, 10)
"""How often the neighbours of what is in the window are taken in, and how many of each. With cuts farther: what is
settled too early costs more than they are worth."""
_DEAR = 5.0
"""A patch is priced before all others if its dearest unit is so many times as dear as the median patch's. To begin with
more of them would leave the map in pieces."""
_STILL_AHEAD = 0.8
"""Units ahead of windows to come, for each one that they settle, while nothing is settled."""
_HOPE = 0.25
"""Share of what is between bound and best cost that a window is priced for: the rest will be of the grouping."""
_RISE = 1.3
"""Prices may be so many times what they are taken to be, before more units have to be around."""


def may_be_patched(problem: Problem) -> bool:
    """Whether :func:`patchwork` knows such problems: by places, no lead is needed, and no site stays unplaced."""
    prices = problem.prices
    return len(prices.ground.start) > 0 and not prices.must_be_led and not problem.unplaced


@dataclass(frozen=True, slots=True)
class Patchwork:
    """A bound in km, -inf if it did not come to an end; the prices, and likely candidates by these."""

    km: float
    duals: Duals
    likely: Candidates


def patchwork(
    problem: Problem,
    communities: Communities,
    met: Candidates,
    near: Ints,
    price: Floats | None = None,
    *,
    cuts: bool = True,
    workers: int,
    clock: Clock,
) -> Patchwork:
    """A bound, proved patch by patch. Each has a share of the time left; what is done beside pricing is not in it.

    Args:
        problem: one level, as :func:`may_be_patched` has it.
        communities: a good grouping.
        met: candidates worth knowing.
        near: (u, count) the nearest units of each, nearest first.
        price: (u,) km, a guess at the units' prices; None for what they cost in ``communities``.
        cuts: whether there are to be any.
        workers: threads.
        clock: may stop it.

    """
    # What communities cost their units is the first guess at prices.
    guess = shares(problem, Candidates.of(communities, problem.largest)) if price is None else price.copy()
    sweep = _Sweep(problem, communities, met, near, Settled(problem, guess), cuts)
    while sweep.todo and not clock.stopped():
        # Two at a time, whatever the number of threads, so that it changes nothing.
        windows = sweep.next()
        threads = max(1, workers // len(windows))
        own, core = sum(window.own for window in windows), sum(window.core for window in windows)
        share = _share(own, core, sweep.left, problem.size)
        with ThreadPoolExecutor(min(workers, len(windows))) as pool:
            priced = list(pool.map(sweep.price, windows, repeat(threads), repeat(clock), repeat(share)))
        for one in priced:
            sweep.settle(one, workers, clock)
    return sweep.patchwork


def _share(own: int, core: int, left: int, units: int) -> float:
    """Of the time left, what windows may take for ``own`` units, of which they settle ``core``, of ``left`` to settle.

    Time goes with the units of their own, and the last ones have none ahead. One that is as large as these is thought
    to come after all others: there would be no bound, were they not settled in time.
    """
    rest = (left - core) * (1.0 + _STILL_AHEAD * left / units)
    return own / (2 * own + rest)


@dataclass(frozen=True, slots=True)
class _Priced:
    """A window priced: its bound, and likely candidates in units of the map."""

    window: Window
    bound: Bound
    likely: Candidates
    spent: float


class _Sweep:
    def __init__(
        self,
        problem: Problem,
        communities: Communities,
        met: Candidates,
        near: Ints,
        settled: Settled,
        cuts: bool,
    ) -> None:
        self._problem = problem
        self._cuts = cuts
        self._met = met
        # Of patches before, those that later ones may hold.
        self._ahead = Candidates.of([], problem.largest)
        self._near = near
        self._communities = communities
        self._likely: list[Candidates] = []
        self._reach = Reach(problem)
        self._settled = settled
        self._worth = 0.0
        self._sizes = 0.0
        every = patches(problem, communities, _PATCH[cuts])
        # What is dearest may be paid for far away. Priced first, it has nothing around; later, it would have thousands.
        dearest = np.array([settled.price[patch].max() for patch in every])
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
        km = -np.inf if self.todo else self._worth - ROUNDING * self._sizes
        none = np.zeros((0, self._problem.largest), dtype=np.int64)
        likely = np.unique(np.concatenate([none, *(one.sets for one in self._likely)]), axis=0)
        return Patchwork(km, self._settled.duals, Candidates.of_rows(likely))

    def next(self) -> list[Window]:
        """The windows of the next patch, and of the one after it if they share no units of their own."""
        windows: list[Window] = []
        taken = np.zeros(self._problem.size, dtype=np.bool_)
        while self.todo and len(windows) < 2:
            window = self._window(self.todo[0])
            own = window.units[: window.own]
            if taken[own].any():
                break
            taken[own] = True
            windows.append(window)
            del self.todo[0]
        return windows

    def _window(self, core: Ints) -> Window:
        """The window of a patch: with what is ahead of it, communities undivided, and what is around that."""
        settled = self._settled.units
        own = np.zeros(self._problem.size, dtype=np.bool_)
        own[core] = True
        times, count = _AHEAD[self._cuts]
        for _ in range(times):
            own[self._near[own, :count]] = True
        own &= ~settled
        for members in self._touching(own):
            own[list(members)] = True
        own &= ~settled
        ahead = own.copy()
        ahead[core] = False
        price = np.where(settled, self._settled.price, _RISE * self._settled.price)
        there = np.zeros(self._problem.size, dtype=np.bool_)
        there[self._reach.around(settled | own, price, np.flatnonzero(own))] = True
        for members in self._touching(own):
            there[list(members)] = True
        return Window.of(self._problem, self._settled, core, np.flatnonzero(ahead), np.flatnonzero(there & settled))

    def _touching(self, own: NDArray[np.bool_]) -> list[tuple[int, ...]]:
        return [members for members in self._communities if own[list(members)].any()]

    def price(self, window: Window, workers: int, clock: Clock, share: float) -> _Priced:
        """Find prices for a window, within a share of what is left of the clock."""
        problem = window.problem
        own = np.zeros(self._problem.size, dtype=np.bool_)
        own[window.units[: window.own]] = True
        touching = self._touching(own)
        start = Candidates.of([np.sort(window.place[list(one)]).tolist() for one in touching], problem.largest)
        # What those around pay for goes to no one else.
        paid = window.around.duals(np.zeros(window.own))
        km = float(reduced_costs(problem, start, paid).sum()) + window.around.worth
        likely = start

        def keep(bound: Bound, near: Candidates, _: Clock) -> float:
            nonlocal likely
            reduced = reduced_costs(problem, near, bound.duals)
            likely = near[np.argsort(reduced, kind="stable")[: LIKELY * window.own]]
            return bound.km + _HOPE * (km - bound.km)

        with clock.apart(share) as apart:
            bound = lower_bound(
                problem,
                Pricer(problem, workers, apart, window.own),
                start,
                km,
                apart,
                lambda _: None,
                Candidates.of_rows(np.concatenate([window.within(one).sets for one in (self._met, self._ahead)])),
                keep,
                window.around,
                cuts=self._cuts,
            )
            return _Priced(window, bound, window.on_map(likely), apart.spent)

    def settle(self, priced: _Priced, workers: int, clock: Clock) -> None:
        """Keep the prices of a patch, and count what they are worth."""
        window, duals, least = priced.window, priced.bound.duals, priced.bound.least
        clock.spend(priced.spent)
        if not np.isfinite(priced.bound.km):
            # Its time was over before anything was proved. At the prices to begin with something is, soon.
            duals = window.around.beginning
            least = Pricer(window.problem, workers, clock, window.own).least(duals).least
        self._likely.append(priced.likely)
        core = window.units[: window.core]
        settled = self._settled
        worth = settled.settle(window.units, window.core, window.around, duals)
        known = np.concatenate([self._ahead.sets, priced.likely.sets])
        self._ahead = Candidates.of_rows(known[~np.append(settled.units, True)[known].all(axis=1)])
        # A price of the number of communities is that of no row of the whole problem.
        least = least[: len(core)] + min(0.0, duals.community)
        needed = self._reach.around(settled.units, settled.price, core)
        if (window.place[needed] < 0).any():
            # Others may be in candidates of negative reduced costs after all.
            wider = Window.of(self._problem, settled, core, np.zeros(0, dtype=np.int64), needed)
            paid = wider.around.duals(wider.around.begin)
            least = Pricer(wider.problem, workers, clock, len(core)).least(paid).least[: len(core)]
        terms = np.concatenate([worth, np.minimum(0.0, least)])
        self._worth += terms.sum()
        self._sizes += np.abs(terms).sum()
