"""Communities at hand, of a draft, last year's grouping or another run, that may still be some of this problem."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from grouping.candidates import Candidates, Communities
from grouping.cost import totals
from grouping.problem import Problem


def valid_start(problem: Problem, communities: Iterable[Sequence[str]]) -> Communities:
    """A start: of ``communities``, given by the ids of their sites, those that this problem allows, as units.

    Of such as have a site in common one is kept.
    """
    found: list[tuple[int, ...]] = []
    taken: set[int] = set()
    for members in allowed(problem, communities):
        if taken.isdisjoint(members):
            found.append(members)
            taken.update(members)
    return tuple(found)


def allowed(problem: Problem, communities: Iterable[Sequence[str]]) -> Candidates:
    """Those of ``communities``, given by the ids of their sites, that this problem allows.

    Sites of other levels and such as take no part any more are passed over. Of what then is no community by itself,
    too small, too large or with half a must-linked block, nothing remains.
    """
    unit_of = {problem.sites[site].id: number for number, unit in enumerate(problem.units) for site in unit}
    found: list[tuple[int, ...]] = []
    for ids in communities:
        there = [unit_of[one] for one in dict.fromkeys(ids) if one in unit_of]
        members = tuple(sorted(set(there)))
        sites = int(problem.prices.weight[list(members)].sum())
        if sites == len(there) and problem.smallest <= sites <= problem.largest:
            found.append(members)
    candidates = Candidates.of(found, problem.largest)
    costs = totals(problem.prices, candidates.sets, candidates.counts)
    return candidates[np.flatnonzero(np.isfinite(costs))]


def in_ids(problem: Problem, candidates: Candidates) -> list[tuple[str, ...]]:
    """The ids of the sites of each candidate."""
    ids = [tuple(problem.sites[site].id for site in unit) for unit in problem.units]
    return [tuple(one for unit in members for one in ids[unit]) for members in candidates]
