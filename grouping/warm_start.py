"""A start at hand: what of a grouping, a draft or last year's, may still be a grouping of this problem."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from grouping.candidates import Candidates, Communities
from grouping.cost import totals
from grouping.problem import Problem


def valid_start(problem: Problem, communities: Iterable[Sequence[str]]) -> Communities:
    """Those of ``communities``, given by the ids of their sites, that this problem allows, as units.

    Sites of other levels and such as take no part any more are passed over. Of what then is no community by itself,
    too small, too large or with half a must-linked block, nothing remains.
    """
    unit_of = {problem.sites[site].id: number for number, unit in enumerate(problem.units) for site in unit}
    found: list[tuple[int, ...]] = []
    taken: set[int] = set()
    for ids in communities:
        there = [unit_of[one] for one in dict.fromkeys(ids) if one in unit_of]
        members = tuple(sorted(set(there)))
        sites = int(problem.prices.weight[list(members)].sum())
        if sites == len(there) and problem.smallest <= sites <= problem.largest and not taken & set(members):
            found.append(members)
            taken |= set(members)
    candidates = Candidates.of(found, problem.largest)
    costs = totals(problem.prices, candidates.sets, candidates.counts)
    return tuple(members for members, cost in zip(found, costs, strict=True) if np.isfinite(cost))
