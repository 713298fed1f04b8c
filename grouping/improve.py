"""Large neighbourhoods: CP-SAT chooses anew on one part of the map while the rest stays (Shaw 1998)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np

from grouping.bound import exact_km
from grouping.candidates import Candidates, Communities
from grouping.clock import Clock
from grouping.cost import Ints
from grouping.ground import joint_row
from grouping.model import ChoiceModel
from grouping.pricing import Duals
from grouping.problem import Problem
from grouping.scenario import Limits


@dataclass(frozen=True, slots=True)
class Extent:
    """How large neighbourhoods are.

    Attributes:
        units: of one, about.
        likely: candidates for each unit among which it chooses.
        work: CP-SAT's deterministic seconds for one choice.

    """

    units: int
    likely: int
    work: float


NARROW = Extent(150, 8, 0.5)
"""What CP-SAT settles in a fraction of a second; more candidates make it slow and hardly better."""
DEEP, WIDE, MANY = Extent(150, 50, 2.0), Extent(600, 8, 10.0), 600
"""For more units than that, once prices are near to the LP's, one after the other: where nothing is found any more in
one kind, the other one finds something."""
_AT_ONCE = 2
"""Neighbourhoods that are chosen anew at a time if they have nothing in common."""


def improve(
    problem: Problem,
    pool: Candidates,
    duals: Duals,
    best: Communities,
    *,
    clock: Clock,
    seed: int,
    report: Callable[[float], None],
    extent: Extent = NARROW,
    workers: int = 1,
    again: bool = True,
) -> Communities:
    """A grouping that no choice from the ``pool`` within one neighbourhood makes cheaper, as far as CP-SAT finds.

    Args:
        problem: one level.
        pool: likely candidates, canonical as :class:`grouping.twins.Twins` has it.
        duals: the prices of the LP bound.
        best: the grouping to start from.
        clock: may stop it.
        seed: of CP-SAT, and of where neighbourhoods are.
        report: told each better cost in km.
        extent: how large neighbourhoods are.
        workers: threads; what is found does not depend on them.
        again: whether neighbourhoods are looked at again when something changed; each once, if not.

    """
    best_km = problem.cost_km(best)
    first = int(np.random.default_rng(seed).integers(problem.size))
    centres = far_apart(problem, max(1, round(3 * problem.size / extent.units)), first)
    turns = _Turns(problem, centres, extent.units, again=again)
    with ThreadPoolExecutor(workers) as threads:
        while (neighbourhoods := turns.next(best)) and not clock.stopped():
            choose = partial(_chosen, problem, pool, duals, best, best_km, extent.work, clock, seed)
            for near, (better, spent) in zip(neighbourhoods, threads.map(choose, neighbourhoods), strict=True):
                clock.spend(spent)
                changed = better.made(best)
                if (km := problem.cost_km(changed)) < best_km - exact_km(best_km):
                    best, best_km = changed, km
                    turns.changed()
                    report(best_km)
                elif better.new and changed is best:
                    turns.forget(near)
    return best


class _Turns:
    """Which neighbourhoods are next: each centre's in turn, until all were looked at as they are."""

    def __init__(self, problem: Problem, centres: Ints, units: int, *, again: bool) -> None:
        self._problem = problem
        self._centres = centres.tolist()
        self._units = units
        self._again = again
        # Limits are on all communities, so what may be chosen depends on those elsewhere.
        self._alone = problem.limits != Limits()
        self._turn = 0
        self._left = len(self._centres)
        self._looked_at: dict[int, Communities] = {}
        """What was around each centre when it was looked at: as long as that stays, nothing better is found there."""

    def changed(self) -> None:
        """The grouping is another one now."""
        if self._again:
            self._left = len(self._centres)

    def forget(self, near: Communities) -> None:
        """A neighbourhood could not be changed as it would have been, for the sake of another."""
        self._looked_at = {centre: seen for centre, seen in self._looked_at.items() if seen != near}

    def next(self, best: Communities) -> list[Communities]:
        """Neighbourhoods that may change at a time, no two with a community in common; none at the end."""
        found: list[Communities] = []
        while self._left and len(found) < (1 if self._alone else _AT_ONCE):
            centre = self._centres[self._turn % len(self._centres)]
            near = tuple(nearest_communities(self._problem, best, centre, self._units))
            new = self._alone or self._looked_at.get(centre) != near
            if new and any(not set(one).isdisjoint(near) for one in found):
                break
            self._turn += 1
            self._left -= 1
            if new:
                self._looked_at[centre] = near
                found.append(near)
        return found


@dataclass(frozen=True, slots=True)
class Change:
    """Communities that are to be replaced, and by which."""

    gone: frozenset[tuple[int, ...]]
    new: tuple[tuple[int, ...], ...]

    def made(self, best: Communities) -> Communities:
        """``best`` with the change; as it is, if another change has put a unit, or its twin, elsewhere meanwhile."""
        stay = [members for members in best if members not in self.gone]
        after = sorted([*stay, *self.new])
        units = [unit for members in after for unit in members]
        fits = len(stay) + len(self.gone) == len(best) and len(set(units)) == len(units)
        return tuple(after) if fits else best


def _chosen(
    problem: Problem,
    pool: Candidates,
    duals: Duals,
    best: Communities,
    best_km: float,
    work: float,
    clock: Clock,
    seed: int,
    neighbourhood: Communities,
) -> tuple[Change, float]:
    """(what CP-SAT changes in a neighbourhood, what was spent on it)."""
    inside = np.zeros(problem.size + 1, dtype=np.bool_)
    inside[problem.twins.first[[unit for members in neighbourhood for unit in members]]] = True
    # Of a set's padding, -1, too.
    inside[-1] = True
    first = np.append(problem.twins.first, -1)
    there = pool[np.flatnonzero(inside[first[pool.sets]].all(axis=1))]
    kept = Candidates.of(problem.twins.canonical(best), problem.largest)
    model = ChoiceModel(problem, there + kept, duals, best_km)
    with clock.apart() as apart:
        choice = model.solve(best, clock=apart, work=work, seed=seed, report=lambda *_: None)
    after = best if choice.communities is None else choice.communities
    return Change(frozenset(best).difference(after), tuple(set(after).difference(best))), apart.spent


def far_apart(problem: Problem, count: int, first: int = 0) -> Ints:
    """So many units far from one another, so that neighbourhoods overlap but are not the same (Gonzalez 1985)."""
    centres = [first]
    nearest = joint_row(problem.prices, first)
    while len(centres) < count:
        centres.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, joint_row(problem.prices, centres[-1]))
    return np.array(centres, dtype=np.int64)


def nearest_communities(problem: Problem, best: Communities, centre: int, units: int) -> list[tuple[int, ...]]:
    """The communities nearest to a unit, by their members' mean distance, up to so many units; two at least."""
    away = joint_row(problem.prices, centre)
    nearest = sorted(best, key=lambda members: (away[list(members)].mean(), members))
    count = np.cumsum([len(members) for members in nearest])
    return nearest[: max(2, int(np.searchsorted(count, units, side="right")))]
