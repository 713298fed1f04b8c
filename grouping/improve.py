"""Large neighbourhoods: CP-SAT chooses anew on one part of the map while the rest stays (Shaw 1998)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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

NEIGHBOURHOOD = 150
"""Units of a neighbourhood, about: the size that CP-SAT settles in a fraction of a second."""
LIKELY = 8
"""Candidates for each unit among which neighbourhoods choose: more make them slow and hardly better."""
_WORK = 0.5
"""CP-SAT's deterministic seconds for one neighbourhood."""
_AT_ONCE = 2
"""Neighbourhoods that are chosen anew at a time if they have nothing in common."""


def improve(
    problem: Problem,
    pool: Candidates,
    duals: Duals,
    best: Communities,
    cost: Callable[[Sequence[Sequence[int]]], float],
    *,
    clock: Clock,
    seed: int,
    report: Callable[[float], None],
    workers: int = 1,
    again: bool = True,
) -> Communities:
    """A grouping that no choice from the ``pool`` within one neighbourhood makes cheaper, as far as CP-SAT finds.

    Args:
        problem: one level.
        pool: likely candidates, canonical as :class:`grouping.twins.Twins` has it.
        duals: the prices of the LP bound.
        best: the grouping to start from.
        cost: what a grouping costs in km.
        clock: may stop it.
        seed: of CP-SAT.
        report: told each better cost in km.
        workers: threads; what is found does not depend on them.
        again: whether neighbourhoods are looked at again when something changed; each once, if not.

    """
    best_km = cost(best)
    centres = far_apart(problem, max(1, round(3 * problem.size / NEIGHBOURHOOD)))
    # Each centre is done with until something changes near to it.
    stale = 0
    turn = 0
    with ThreadPoolExecutor(workers) as threads:
        while (left := len(centres) - (stale if again else turn)) > 0 and not clock.stopped():
            neighbourhoods = _disjoint(problem, best, [int(centres[(turn + k) % len(centres)]) for k in range(left)])
            turn += len(neighbourhoods)
            stale += len(neighbourhoods)
            choose = partial(_chosen, problem, pool, duals, best, best_km, clock, seed)
            for better, spent in threads.map(choose, neighbourhoods):
                clock.spend(spent)
                changed = better.made(best)
                if (km := cost(changed)) < best_km - exact_km(best_km):
                    best, best_km = changed, km
                    stale = 0
                    report(best_km)
    return best


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


def _disjoint(problem: Problem, best: Communities, centres: Sequence[int]) -> list[list[tuple[int, ...]]]:
    """The neighbourhood of the first centre, and that of the second if both may change at a time."""
    first, *others = (nearest_communities(problem, best, centre, NEIGHBOURHOOD) for centre in centres[:_AT_ONCE])
    alone = problem.limits != Limits()
    return [first, *(other for other in others if not alone and set(first).isdisjoint(other))]


def _chosen(
    problem: Problem,
    pool: Candidates,
    duals: Duals,
    best: Communities,
    best_km: float,
    clock: Clock,
    seed: int,
    neighbourhood: list[tuple[int, ...]],
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
        choice = model.solve(best, clock=apart, work=_WORK, seed=seed, report=lambda *_: None)
    after = best if choice.communities is None else choice.communities
    return Change(frozenset(best).difference(after), tuple(set(after).difference(best))), apart.spent


def far_apart(problem: Problem, count: int) -> Ints:
    """So many units far from one another, so that neighbourhoods overlap but are not the same (Gonzalez 1985)."""
    centres = [0]
    nearest = joint_row(problem.prices, 0)
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
