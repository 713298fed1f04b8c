"""A bound for more units than one LP is good for: the map patch by patch, each priced in view of what is around it.

Dual prices prove a bound if no candidate is paid more than it costs. Patch after patch gets prices that are worth most
(:func:`grouping.bound.lower_bound`) while those of patches before it stay: candidates across may hold units of these.
So each candidate is priced with the last of its patches, and in the end the worth of all patches adds up.

Were it only for that, each patch would leave as little as it can to those after it. So its LP looks ahead: units
beyond its border are priced with it, as if they were its own, but only the prices of the patch itself are settled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from grouping.bound import ROUNDING, Bound, lower_bound, reduced_costs, shares
from grouping.candidates import Candidates, Communities
from grouping.clock import Clock
from grouping.cost import Ints, totals
from grouping.ground import joint_row
from grouping.improve import LIKELY, improve
from grouping.pricing import Duals, Pricer
from grouping.problem import Problem
from grouping.windows import Reach, Window

_PATCH = 400
"""Units of a patch at most."""
_AHEAD = 2, 10
"""How often the neighbours of what is in the window are taken in, and how many of each."""
_RISE = 1.3
"""Prices may be so many times what they are taken to be, before more units have to be around."""


def may_be_patched(problem: Problem) -> bool:
    """Whether :func:`patchwork` knows such problems: by places, no lead is needed, and no site stays unplaced."""
    prices = problem.prices
    return len(prices.ground.start) > 0 and not prices.must_be_led and not problem.unplaced


def patchwork(
    problem: Problem,
    communities: Communities,
    met: Candidates,
    near: Ints,
    *,
    workers: int,
    seed: int,
    clock: Clock,
    report: Callable[[Communities], None],
) -> float:
    """A bound in km, proved patch by patch; -inf if that did not come to an end.

    Args:
        problem: one level, as :func:`may_be_patched` has it.
        communities: a good grouping.
        met: candidates worth knowing.
        near: (u, count) the nearest units of each, nearest first.
        workers: threads.
        seed: of CP-SAT.
        clock: may stop it.
        report: told of the grouping, improved on the way.

    """
    sweep = _Sweep(problem, communities, met, near, seed)
    while sweep.todo and not clock.stopped():
        # Two at a time, whatever the number of threads, so that it changes nothing.
        windows = sweep.next()
        threads = max(1, workers // len(windows))
        with ThreadPoolExecutor(min(workers, len(windows))) as pool:
            priced = list(pool.map(sweep.price, windows, repeat(threads), repeat(clock)))
        for one in priced:
            sweep.settle(one, workers, clock)
        report(sweep.communities)
    return sweep.km if not sweep.todo else -np.inf


def patches(problem: Problem, communities: Communities, most: int) -> list[Ints]:
    """The units of a grouping's communities in patches of no more than so many, neighbours mostly after each other."""
    first = np.array([members[0] for members in communities])
    size = np.array([len(members) for members in communities])
    found = []
    todo = [np.arange(len(communities))]
    while todo:
        part = todo.pop()
        if size[part].sum() <= most or len(part) < 2:
            found.append(np.sort(np.concatenate([communities[k] for k in part])))
            continue
        # By whether they are nearer to one or to another of two that are far from each other.
        from_any = joint_row(problem.prices, int(first[part[0]]))[first[part]]
        from_one = joint_row(problem.prices, int(first[part[from_any.argmax()]]))[first[part]]
        from_other = joint_row(problem.prices, int(first[part[from_one.argmax()]]))[first[part]]
        order = part[np.argsort(from_one - from_other, kind="stable")]
        half = int(np.searchsorted(np.cumsum(size[order]), size[part].sum() / 2))
        half = min(max(half, 1), len(order) - 1)
        todo += [order[half:], order[:half]]
    return found


@dataclass(frozen=True, slots=True)
class _Priced:
    """A window priced: its bound, and its communities in units of the map, ``before`` and after."""

    window: Window
    bound: Bound
    before: Communities
    after: Communities
    likely: Candidates
    spent: float


class _Sweep:
    def __init__(self, problem: Problem, communities: Communities, met: Candidates, near: Ints, seed: int) -> None:
        self._problem = problem
        self._met = met
        self._near = near
        self._seed = seed
        self.communities = communities
        self._reach = Reach(problem)
        self._settled = np.zeros(problem.size, dtype=np.bool_)
        # What communities cost their units is the first guess at prices.
        self._price = shares(problem, Candidates.of(communities, problem.largest))
        self._worth = 0.0
        self._sizes = 0.0
        every = patches(problem, communities, _PATCH)
        half = -(-len(every) // 2)
        # From both halves of the map in turn.
        self.todo = [patch for pair in zip(every[:half], every[half:], strict=False) for patch in pair]
        self.todo += every[len(every) // 2 : half]

    @property
    def km(self) -> float:
        """The bound, once nothing is left to do."""
        return self._worth - ROUNDING * self._sizes

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
        settled = self._settled
        own = np.zeros(self._problem.size, dtype=np.bool_)
        own[core] = True
        times, count = _AHEAD
        for _ in range(times):
            own[self._near[own, :count]] = True
        own &= ~settled
        for members in self._touching(own):
            own[list(members)] = True
        own &= ~settled
        ahead = own.copy()
        ahead[core] = False
        price = np.where(settled, self._price, _RISE * self._price)
        there = np.zeros(self._problem.size, dtype=np.bool_)
        there[self._reach.around(settled | own, price, np.flatnonzero(own))] = True
        for members in self._touching(own):
            there[list(members)] = True
        return Window.of(self._problem, self._price, core, np.flatnonzero(ahead), np.flatnonzero(there & settled))

    def _touching(self, own: NDArray[np.bool_]) -> list[tuple[int, ...]]:
        return [members for members in self.communities if own[list(members)].any()]

    def price(self, window: Window, workers: int, clock: Clock) -> _Priced:
        """Find prices for a window, and a better grouping within it."""
        problem = window.problem
        own = np.zeros(self._problem.size, dtype=np.bool_)
        own[window.units[: window.own]] = True
        before = tuple(self._touching(own))
        choice = _Choice(window, before, self._seed)
        with clock.apart() as own_clock:
            bound = lower_bound(
                problem,
                Pricer(problem, workers, own_clock, window.own),
                Candidates.of([np.sort(window.place[list(members)]).tolist() for members in before], problem.largest),
                choice.km,
                own_clock,
                lambda _: None,
                window.within(self._met),
                lambda bound, likely: choice.improve(bound, likely, own_clock),
                window.around,
                cuts=False,
            )
            return _Priced(window, bound, before, choice.communities, window.on_map(choice.likely), own_clock.spent)

    def settle(self, priced: _Priced, workers: int, clock: Clock) -> None:
        """Keep the prices of a patch, and count what they are worth."""
        window, duals = priced.window, priced.bound.duals
        clock.spend(priced.spent)
        gone = set(priced.before)
        self.communities = tuple(sorted([one for one in self.communities if one not in gone] + list(priced.after)))
        self._met = Candidates(
            np.concatenate([self._met.sets, priced.likely.sets]),
            np.concatenate([self._met.counts, priced.likely.counts]),
        )
        core = window.units[: window.core]
        self._price[window.units[: window.own]] = duals.unit[: window.own]
        self._settled[core] = True
        # A price of the number of communities is that of no row of the whole problem.
        least = priced.bound.least[: len(core)] + min(0.0, duals.community)
        needed = self._reach.around(self._settled, self._price, core)
        if (window.place[needed] < 0).any():
            # Others may be in candidates of negative reduced costs after all.
            wider = Window.of(self._problem, self._price, core, np.zeros(0, dtype=np.int64), needed)
            paid = Duals.of(wider.around.prices, self._problem.largest)
            least = Pricer(wider.problem, workers, clock, len(core)).least(paid).least[: len(core)]
        terms = np.concatenate([duals.unit[: len(core)], np.minimum(0.0, least)])
        self._worth += terms.sum()
        self._sizes += np.abs(terms).sum()


class _Choice:
    """The communities of a window, of which those within may be chosen anew."""

    def __init__(self, window: Window, communities: Communities, seed: int) -> None:
        self._window = window
        self._seed = seed
        self.communities = communities
        problem = window.problem
        prices = window.around.prices
        prices[: window.own] = 0.0
        self.likely = Candidates.of([], problem.largest)
        listed = Candidates.of([np.sort(window.place[list(one)]).tolist() for one in communities], problem.largest)
        # What those around pay for goes to no one else.
        paid = Duals.of(prices, problem.largest)
        self.km = float(reduced_costs(problem, listed, paid).sum()) + window.around.worth

    def improve(self, bound: Bound, likely: Candidates, clock: Clock) -> float:
        """Choose anew among ``likely`` candidates; what the communities cost then in view of what is around."""
        window = self._window
        problem = window.problem
        place = [window.place[list(one)] for one in self.communities]
        free = [one for one, there in zip(self.communities, place, strict=True) if (there < window.own).all()]
        fixed = [one for one, there in zip(self.communities, place, strict=True) if not (there < window.own).all()]
        if not free:
            return self.km
        units = np.sort(window.place[[unit for one in free for unit in one]])
        inside = np.full(len(window.units) + 1, -1, dtype=np.int64)
        inside[units] = np.arange(len(units))
        reduced = reduced_costs(problem, likely, bound.duals)
        self.likely = likely[np.argsort(reduced, kind="stable")[: LIKELY * window.own]]
        sets = inside[likely.sets]
        there = np.flatnonzero(((sets >= 0) | (likely.sets < 0)).all(axis=1))
        there = there[np.argsort(reduced[there], kind="stable")][: LIKELY * len(units)]
        part = problem.part(units, np.zeros(len(units), dtype=np.int64))

        def cost(communities: Sequence[Sequence[int]]) -> float:
            candidates = Candidates.of(communities, problem.largest)
            return float(totals(part.prices, candidates.sets, candidates.counts).sum())

        before = tuple(tuple(np.sort(inside[window.place[list(one)]]).tolist()) for one in free)
        better = improve(
            part,
            Candidates.of_rows(sets[there]),
            Duals.of(bound.duals.unit[units], problem.largest),
            before,
            cost,
            clock=clock,
            seed=self._seed,
            report=lambda _: None,
            again=False,
        )
        self.km -= cost(before) - cost(better)
        chosen = [tuple(np.sort(window.units[units[list(one)]]).tolist()) for one in better]
        self.communities = tuple(chosen + fixed)
        return self.km
