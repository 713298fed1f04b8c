"""A grouping from what the LP is nearly sure of: communities are settled one after the other, and the rest is searched.

The LP sees the whole map at once: which side of a border pairs are on, and where sizes that are off belong. A search
only sees what is near. So communities that the LP takes nearly whole are fixed, the LP is solved again, and so on until
half of the map is settled (diving; Sadykov, Vanderbeck, Pessoa, Tahiri & Uchoa 2019). What is left has few candidates
at hand that fit: it is a problem of its own, for the search.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from grouping.candidates import Candidates, Communities
from grouping.clock import Clock
from grouping.cost import Floats, Ints, totals
from grouping.master import Master
from grouping.pricing import Duals
from grouping.problem import Problem
from grouping.search import STEP, Search
from grouping.search_in_parts import exchange_in_parts, may_be_exchanged
from grouping.search_whole import search_whole

_NEAR = 0.002
"""Gap within which the LP has little to say about what is better than the best grouping."""
_SETTLED = 0.5
"""Share of the units in communities that are settled, about."""
_SURE, _CERTAIN, _AT_ONCE = 0.7, 0.995, 24
"""How much of a community the LP must take before it is settled, and beyond so many at a time."""
_COLUMNS, _ADDED, _ROUNDS = 20, 500, 3
"""Likeliest candidates for each unit in the LP at first, and further ones it asks for at a time, so often."""
_PENALTY = 10.0
"""Price of a unit without a community, in mean costs of one."""
_NEGATIVE = 1e-6
"""Reduced costs below this ask for a candidate."""


def may_be_dived(problem: Problem, best_km: float, bound_km: float) -> bool:
    """Whether :func:`dive` is for such a case: a problem without limits, neither small nor nearly solved."""
    return may_be_exchanged(problem) and best_km - bound_km > _NEAR * best_km


def dive(
    problem: Problem, pool: Candidates, duals: Duals, best: Communities, *, clock: Clock, seed: int, workers: int
) -> Communities:
    """A grouping around what the LP is nearly sure of; or ``best``, where that is cheaper, piece by piece.

    Args:
        problem: as :func:`may_be_dived` has it.
        pool: likely candidates, canonical as :class:`grouping.twins.Twins` has it.
        duals: the prices of the LP bound.
        best: the best known grouping.
        clock: may stop it.
        seed: of the search.
        workers: threads; what is found does not depend on them.

    """
    settled = _settled(problem, pool, duals, best, clock)
    held = np.zeros(problem.size, dtype=np.bool_)
    held[[unit for members in settled for unit in members]] = True
    rest = np.flatnonzero(~held)
    if not len(settled) or clock.stopped():
        return best
    found = [*settled, *_searched(problem, rest, clock, seed, workers)]
    whole = Search(problem.prices, problem.smallest, problem.largest, seed, problem.limits, problem.region, found)
    whole.keep_better(best)
    return tuple(whole.best)


def _searched(problem: Problem, rest: Ints, clock: Clock, seed: int, workers: int) -> list[tuple[int, ...]]:
    """Communities of some of the units that the search finds as if there were no others."""
    part = problem.part(rest, np.zeros(len(rest), dtype=np.int64))
    search = Search(part.prices, part.smallest, part.largest, seed, part.limits, part.region)

    def told(steps: int) -> bool:
        clock.spend(steps * STEP)
        return clock.stopped()

    how = np.random.default_rng(seed), workers, clock.stopped, told
    search_whole(part, search, 1.0, clock, *how)
    if may_be_exchanged(part) and not clock.stopped():
        exchange_in_parts(part, search, *how)
    return [tuple(rest[list(members)].tolist()) for members in search.best]


def _settled(
    problem: Problem, pool: Candidates, duals: Duals, best: Communities, clock: Clock
) -> list[tuple[int, ...]]:
    """Communities that the LP settles on, one after the other."""
    weight = problem.prices.weight
    costs = totals(problem.prices, pool.sets, pool.counts)
    likeliest = np.argsort(costs - duals.worth(pool, weight), kind="stable")[: _COLUMNS * problem.size]
    missing = np.ones(len(pool), dtype=np.bool_)
    missing[likeliest] = False
    penalty_km = _PENALTY * problem.cost_km(best) / len(best)
    master = Master(problem, pool[np.sort(likeliest)], penalty_km, duals.cuts.rows, duals.areas.areas, clock)
    held = np.zeros(problem.size + 1, dtype=np.bool_)
    settled: list[tuple[int, ...]] = []
    while held.sum() < _SETTLED * problem.size and not clock.stopped():
        for _ in range(_ROUNDS):
            point, _ = master.solve()
            reduced = costs - point.duals.worth(pool, weight)
            asked = np.flatnonzero(missing & (reduced < -_NEGATIVE))
            if not len(asked):
                break
            asked = asked[np.argsort(reduced[asked], kind="stable")[:_ADDED]]
            master.add(pool[asked])
            missing[asked] = False
        values = master.values()
        chosen = _surest(problem, master.columns, values, held)
        if not len(chosen) or master.lacking():
            break
        settled += [tuple(sorted(members)) for members in master.columns[chosen]]
        held[[unit for members in master.columns[chosen] for unit in members]] = True
        master.fix(chosen)
        # What has a unit in common with them is out of the question.
        missing &= ~held[pool.sets].any(axis=1)
    return settled


def _surest(problem: Problem, columns: Candidates, values: Floats, held: NDArray[np.bool_]) -> Ints:
    """The columns that the LP takes nearly whole, and that have nothing in common with each other or what is held."""
    taken = held.copy()
    # Which of several twins is meant, a column does not tell.
    taken[:-1] |= ~problem.twins.alone
    chosen: list[int] = []
    for k in np.argsort(-values, kind="stable").tolist():
        if values[k] < (_SURE if len(chosen) < _AT_ONCE else _CERTAIN):
            break
        members = columns.sets[k, : columns.counts[k]]
        if not taken[members].any():
            taken[members] = True
            chosen.append(k)
    return np.array(chosen, dtype=np.int64)
