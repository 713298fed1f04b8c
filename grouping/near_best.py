"""Near-best candidates: all that a grouping may hold which costs no more than so much above the one at hand.

No such grouping holds a candidate whose reduced cost is above what the budget leaves over the bound (Baldacci et al.
2008), so choosing among the candidates below that is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from grouping.borders import crossing
from grouping.bound import exact_km, lower_bound, reduced_costs
from grouping.candidates import Candidates
from grouping.cases import Case, LevelCase
from grouping.clock import Clock
from grouping.cost import Floats, Ints
from grouping.pricing import Duals, Pricer
from grouping.problem import Problem

_MOST = 400_000
"""Candidates of a level at most."""
_SHARES = (1.0, 0.5, 0.25, 0.125, 0.0625, 0.03125)
"""Shares of the slack that are tried until the candidates are few enough."""
_LARGEST_KM = 1e8
"""Prices of units beyond this are left aside: sums of the model's whole numbers must be whole as floats."""


@dataclass(frozen=True)
class NearBest:
    """A level's candidates, cheapest first, and whether they are all there can be.

    ``km`` (m,) is what each costs beyond the ``prices`` (u,) of its units, which every grouping pays: numbers near
    zero, on which the solver's bounds are strong.
    """

    case: LevelCase
    problem: Problem
    candidates: Candidates
    prices: Floats
    km: Floats
    exact: bool

    def __len__(self) -> int:
        return len(self.km)

    @property
    def across(self) -> NDArray[np.bool_]:
        """(m,) whether each lies across macro-regions."""
        return np.asarray(crossing(self.problem.region, self.candidates.sets, self.candidates.counts), dtype=np.bool_)

    def sites(self, candidate: int) -> tuple[int, ...]:
        """The numbers of a candidate's sites."""
        units = self.candidates.sets[candidate, : self.candidates.counts[candidate]]
        return tuple(sorted(int(site) for unit in units for site in self.problem.units[unit]))

    def holding(self, communities: Sequence[Sequence[int]]) -> Ints:
        """Which candidates the communities are, given by the numbers of their sites; all must be among them."""
        row = {units: number for number, units in enumerate(self.candidates)}
        unit_of = self.case.unit_of
        return np.array([row[tuple(sorted({unit_of[site] for site in members}))] for members in communities], np.int64)

    def pairs_kept(self, communities: Sequence[Sequence[int]]) -> Ints:
        """(m,) how many pairs of sites that are together in the ``communities`` each candidate holds."""
        home = np.full(self.problem.size + 1, -1, dtype=np.int64)
        for number, members in enumerate(communities):
            home[sorted({self.case.unit_of[site] for site in members})] = number
        weight = np.append(self.problem.prices.weight, 0).astype(np.int64)
        sets = self.candidates.sets
        # Of blocks the pairs within them are kept by all.
        placed = np.where(home >= 0, weight * (weight - 1) // 2, 0)
        kept: Ints = placed[sets].sum(axis=1)
        for one in range(sets.shape[1]):
            for other in range(one):
                together = (home[sets[:, one]] == home[sets[:, other]]) & (home[sets[:, one]] >= 0)
                kept += np.where(together, weight[sets[:, one]] * weight[sets[:, other]], 0)
        return kept


def near_best(case: Case, budget_km: float, workers: int, clock: Clock) -> list[NearBest]:
    """The near-best candidates of each level, where one level may use all of the budget.

    Args:
        case: the grouping at hand.
        budget_km: what may be paid more.
        workers: threads.
        clock: may stop it.

    """
    found = []
    for level in case.levels:
        # Which of several twins goes where matters here: each unit is of its own kind.
        problem = replace(level.problem.leaving(level.unplaced), kind=np.arange(level.problem.size))
        if problem.most and level.communities:
            found.append(_level(level, problem, budget_km, Pricer(problem, workers, clock), clock))
        else:
            none = Candidates.of([], max(1, problem.largest))
            found.append(NearBest(level, problem, none, np.zeros(problem.size), np.zeros(0), True))
    return found


def _level(level: LevelCase, problem: Problem, budget_km: float, pricer: Pricer, clock: Clock) -> NearBest:
    own = [tuple(sorted({level.unit_of[site] for site in members})) for members in level.communities.values()]
    start = Candidates.of(own, problem.largest)
    lp = lower_bound(problem, pricer, start, level.cost_km, clock, lambda _: None)
    slack = level.cost_km + budget_km - lp.km + 2 * exact_km(level.cost_km)
    listed, exact = start, False
    for share in _SHARES:
        priced = pricer.below(lp.duals, share * slack, _MOST)
        if priced.exact:
            listed, exact = priced.candidates + start, share == 1.0
            break
    prices = lp.duals.unit
    if np.abs(prices).max(initial=0.0) > _LARGEST_KM:
        # Prices of an LP with penalties may be far beyond all costs.
        prices = np.zeros_like(prices)
    km = reduced_costs(problem, listed, Duals.of(prices, problem.largest))
    cheapest = np.argsort(km, kind="stable")
    return NearBest(level, problem, listed[cheapest], prices, km[cheapest], exact)
