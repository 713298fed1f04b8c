"""Large neighbourhoods: CP-SAT chooses anew on one part of the map while the rest stays (Shaw 1998)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from grouping.bound import exact_km
from grouping.candidates import Candidates, Communities
from grouping.clock import Clock
from grouping.cost import Ints
from grouping.ground import joint_row
from grouping.model import ChoiceModel
from grouping.pricing import Duals
from grouping.problem import Problem

NEIGHBOURHOOD = 150
"""Units of a neighbourhood, about: the size that CP-SAT settles in a fraction of a second."""
LIKELY = 8
"""Candidates for each unit among which neighbourhoods choose: more make them slow and hardly better."""
_WORK = 0.5
"""CP-SAT's deterministic seconds for one neighbourhood."""


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
        again: whether neighbourhoods are looked at again when something changed; each once, if not.

    """
    best_km = cost(best)
    centres = _centres(problem)
    # Each centre is done with until something changes near to it.
    stale = 0
    turn = 0
    while (stale if again else turn) < len(centres) and not clock.stopped():
        around = _around(problem, best, centres[turn % len(centres)])
        turn += 1
        stale += 1
        inside = np.zeros(problem.size + 1, dtype=np.bool_)
        inside[problem.twins.first[[unit for members in around for unit in members]]] = True
        # Of a set's padding, -1, too.
        inside[-1] = True
        first = np.append(problem.twins.first, -1)
        there = pool[np.flatnonzero(inside[first[pool.sets]].all(axis=1))]
        kept = Candidates.of(problem.twins.canonical(best), problem.largest)
        choice = ChoiceModel(problem, there + kept, duals, best_km).solve(
            best, clock=clock, work=_WORK, seed=seed, report=lambda *_: None
        )
        if choice.communities is not None and (km := cost(choice.communities)) < best_km - exact_km(best_km):
            best, best_km = choice.communities, km
            stale = 0
            report(best_km)
    return best


def _centres(problem: Problem) -> Ints:
    """Units far from one another, so that their neighbourhoods overlap but are not the same (Gonzalez 1985)."""
    count = max(1, round(3 * problem.size / NEIGHBOURHOOD))
    centres = [0]
    nearest = joint_row(problem.prices, 0)
    while len(centres) < count:
        centres.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, joint_row(problem.prices, centres[-1]))
    return np.array(centres, dtype=np.int64)


def _around(problem: Problem, best: Communities, centre: int) -> list[tuple[int, ...]]:
    """The communities nearest to a unit, by their members' mean distance, up to so many units."""
    away = joint_row(problem.prices, centre)
    nearest = sorted(best, key=lambda members: (away[list(members)].mean(), members))
    units = np.cumsum([len(members) for members in nearest])
    return nearest[: max(2, int(np.searchsorted(units, NEIGHBOURHOOD, side="right")))]
