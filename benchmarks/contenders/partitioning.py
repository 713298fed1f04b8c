"""Set partitioning as a plain integer programme in HiGHS: each site in one candidate, from among near neighbours."""

from __future__ import annotations

from itertools import combinations
from math import comb

import highspy
import numpy as np

from benchmarks.instances import Instance
from benchmarks.referee import Referee
from grouping.candidates import Candidates
from grouping.cost import Floats, totals

_ALL = 20_000
"""So many candidates are all listed."""
_MOST = 200_000
"""Else so many are, about, some of them twice."""
_NEIGHBOURS = 11
"""Neighbours of a site at most: with more, HiGHS 1.14 is busy for minutes with rows of so many entries, and looks at no
clock meanwhile."""
_PRESOLVE_OFF = 1 << 15 | 1 << 16
"""Presolve rules that are busy in the same way: probing and enumeration."""


def contend(referee: Referee) -> None:
    """Choose among all candidates if they are few, else among those of each site and its nearest neighbours.

    In the second case the best choice is only the best of these candidates, and its bound is no bound of the cost.
    """
    instance = referee.instance
    candidates, neighbours = listed(instance)
    whole = neighbours == instance.size - 1
    among = "all candidates" if whole else f"restricted: {neighbours} nearest neighbours"
    costs = totals(instance.problem.prices, candidates.sets, candidates.counts)
    highs = highspy.Highs()
    highs.silent()
    highs.setOptionValue("threads", referee.cores)
    highs.setOptionValue("time_limit", max(0.1, referee.left))
    highs.setOptionValue("mip_rel_gap", 0.0)
    highs.setOptionValue("presolve_rule_off", _PRESOLVE_OFF)
    highs.passModel(_programme(instance.size, candidates, costs))
    highs.run()
    info = highs.getInfo()
    if info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible:
        taken = np.flatnonzero(np.array(highs.getSolution().col_value) > 0.5)
        referee.offer(candidates[taken])
    if whole:
        referee.prove(info.mip_dual_bound)
    proved = highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    referee.note(f"{among}, {len(candidates):,} candidates{', proved for these' if proved and not whole else ''}")


def listed(instance: Instance) -> tuple[Candidates, int]:
    """(candidates, neighbours): every candidate of a site and some of its so many nearest neighbours."""
    size = instance.scenario.size
    sizes = range(size.min, min(size.max, instance.size) + 1)
    if sum(comb(instance.size, members) for members in sizes) <= _ALL:
        communities = [list(members) for count in sizes for members in combinations(range(instance.size), count)]
        return Candidates.of(communities, size.max), instance.size - 1
    neighbours = size.min - 1
    while (
        neighbours < min(_NEIGHBOURS, instance.size - 1)
        and instance.size * sum(comb(neighbours + 1, members - 1) for members in sizes) <= _MOST
    ):
        neighbours += 1
    order = np.argsort(instance.weights + np.diag(np.full(instance.size, -1.0)), axis=1, kind="stable")
    near = order[:, 1 : neighbours + 1]
    sets = []
    for members in sizes:
        which = np.array(list(combinations(range(neighbours), members - 1)), dtype=np.int64).reshape(-1, members - 1)
        rows = np.full((instance.size, len(which), size.max), -1, dtype=np.int64)
        rows[:, :, 0] = np.arange(instance.size)[:, None]
        rows[:, :, 1:members] = near[:, which]
        sets.append(rows.reshape(-1, size.max))
    every = Candidates.of_rows(np.concatenate(sets))
    return Candidates.of_rows(np.unique(every.sets, axis=0)), neighbours


def _programme(sites: int, candidates: Candidates, costs: Floats) -> highspy.HighsLp:
    """Minimise the costs of the candidates taken, each site in exactly one."""
    programme = highspy.HighsLp()
    count = len(candidates)
    programme.num_col_, programme.num_row_ = count, sites
    programme.col_cost_ = costs
    programme.col_lower_, programme.col_upper_ = np.zeros(count), np.ones(count)
    programme.row_lower_ = programme.row_upper_ = np.ones(sites)
    programme.integrality_ = [highspy.HighsVarType.kInteger] * count
    programme.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    programme.a_matrix_.start_ = np.concatenate([[0], np.cumsum(candidates.counts)]).astype(np.int32)
    programme.a_matrix_.index_ = candidates.sets[candidates.sets >= 0].astype(np.int32)
    programme.a_matrix_.value_ = np.ones(int(candidates.counts.sum()))
    return programme
