"""A certified lower bound: the set-partitioning LP over all candidates, by column generation.

Any dual prices give a bound (Lagrange): what the units' rows are worth, plus for each root the least reduced cost of
its candidates if negative. Prices are smoothed between the best known and the LP's (Wentges 1997; Pessoa et al. 2018).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import highspy
import numpy as np

from grouping.cost import Floats, totals
from grouping.pricing import Candidates, Duals, Pricer
from grouping.problem import Problem

_SMOOTHING = 0.6
_ROUNDS = 400
_CONVERGED = 1e-7
_ROUNDING = 1e-10
"""Taken off a bound, relative to the sizes of its terms, for floating-point errors, which are near 1e-13."""


@dataclass(frozen=True, slots=True)
class Bound:
    """The best bound found, the dual prices that prove it, and the candidates met on the way.

    ``unplaced`` is the dual price of a site left without a community; ``converged`` tells that the LP is solved.
    """

    km: float
    duals: Duals
    unplaced: float
    candidates: Candidates
    converged: bool


def lower_bound(
    problem: Problem, pricer: Pricer, start: Candidates, stopped: Callable[[], bool], report: Callable[[float], None]
) -> Bound:
    """Solve the LP as far as ``stopped`` allows.

    Args:
        problem: one level.
        pricer: of the same problem.
        start: candidates that hold a grouping leaving no more sites unplaced than ``problem.unplaced``.
        stopped: asked between rounds.
        report: told each better bound, in km.

    """
    master = _Master(problem, start)
    # Shares of what a good grouping costs are nearer to the best prices than the first LPs' are.
    best = Bound(-np.inf, Duals(_shares(problem, start)), 0.0, start, False)
    smoothing = _SMOOTHING
    for _ in range(_ROUNDS):
        duals, unplaced, value = master.solve()
        at = Duals(
            smoothing * best.duals.unit + (1 - smoothing) * duals.unit,
            smoothing * best.duals.community + (1 - smoothing) * duals.community,
        )
        at_unplaced = smoothing * best.unplaced + (1 - smoothing) * unplaced
        priced = pricer.least(at)
        km = certified(problem, at, at_unplaced, priced.least)
        if km > best.km:
            best = Bound(km, at, at_unplaced, start, False)
            report(km)
        if value - best.km <= _CONVERGED * abs(value):
            return Bound(best.km, best.duals, best.unplaced, master.candidates, True)
        added = master.add(priced.candidates, duals)
        if added:
            smoothing = _SMOOTHING
        elif smoothing:
            # Mispriced at the smoothed point; go nearer to the LP's own prices until something is found there.
            smoothing = 0.0 if smoothing < 0.1 else smoothing / 2
        else:
            # Nothing at the LP's own prices: solved, or the pricing could not be finished.
            return Bound(best.km, best.duals, best.unplaced, master.candidates, priced.exact)
        if stopped():
            break
    return Bound(best.km, best.duals, best.unplaced, master.candidates, False)


def certified(problem: Problem, duals: Duals, unplaced: float, least: Floats) -> float:
    """The bound in km that dual prices prove when ``least`` (u,) bounds the reduced costs of each root's candidates.

    There are at most ``problem.most`` communities, so no more than so many roots can count.
    """
    weight = problem.prices.weight
    roots = np.sort(np.minimum(least, 0.0))[: problem.most]
    count = problem.fewest if duals.community > 0 else problem.most
    terms = [duals.unit.sum(), duals.community * count, unplaced * problem.unplaced, roots.sum()]
    if problem.unplaced:
        terms.append(np.minimum(problem.prices.apart - duals.unit - unplaced * weight, 0.0).sum())
    sizes = np.abs(duals.unit).sum() + np.abs(roots).sum() + sum(map(abs, terms))
    return float(sum(terms) - _ROUNDING * sizes)


def _shares(problem: Problem, grouping: Candidates) -> Floats:
    """(u,) km: what each community of ``grouping`` costs, shared among its units by weight."""
    shares = np.zeros(problem.size)
    costs = totals(problem.prices, grouping.sets, grouping.counts)
    for members, cost in zip(grouping, costs, strict=True):
        weight = problem.prices.weight[list(members)]
        shares[list(members)] = cost * weight / weight.sum()
    return shares


class _Master:
    """The LP over the candidates at hand, in HiGHS.

    Rows: each unit once; the number of communities; if sites must stay unplaced, how many.
    """

    def __init__(self, problem: Problem, start: Candidates) -> None:
        self._problem = problem
        self.candidates = start
        self._highs = highspy.Highs()
        self._highs.silent()
        self._highs.setOptionValue("threads", 1)
        units = problem.size
        for _ in range(units):
            self._highs.addRow(1.0, 1.0, 0, [], [])
        self._highs.addRow(float(problem.fewest), float(problem.most), 0, [], [])
        if problem.unplaced:
            self._highs.addRow(float(problem.unplaced), float(problem.unplaced), 0, [], [])
            for unit in range(units):
                entries = np.array([unit, units + 1], dtype=np.int32)
                values = np.array([1.0, float(problem.prices.weight[unit])])
                self._highs.addCol(float(problem.prices.apart[unit]), 0.0, 1.0, 2, entries, values)
        self._known: set[bytes] = set()
        self._append(start)

    def _append(self, candidates: Candidates) -> int:
        fresh = [k for k, row in enumerate(candidates.sets) if row.tobytes() not in self._known]
        self._known.update(candidates.sets[k].tobytes() for k in fresh)
        chosen = candidates[np.array(fresh, dtype=np.int64)]
        if not fresh:
            return 0
        costs = totals(self._problem.prices, chosen.sets, chosen.counts)
        starts = np.concatenate([[0], np.cumsum(chosen.counts + 1)[:-1]]).astype(np.int32)
        rows = np.concatenate(
            [np.append(row[:count], self._problem.size) for row, count in zip(chosen.sets, chosen.counts, strict=True)]
        ).astype(np.int32)
        zeros, ones = np.zeros(len(fresh)), np.full(len(fresh), highspy.kHighsInf)
        self._highs.addCols(len(fresh), costs, zeros, ones, len(rows), starts, rows, np.ones(len(rows)))
        return len(fresh)

    def add(self, candidates: Candidates, duals: Duals) -> int:
        """Take in candidates; how many of the new ones have a negative reduced cost at ``duals``."""
        if not len(candidates):
            return 0
        reduced = reduced_costs(self._problem, candidates, duals)
        self._append(candidates)
        self.candidates = self.candidates + candidates
        return int((reduced < -1e-7).sum())

    def solve(self) -> tuple[Duals, float, float]:
        """(duals, dual price of an unplaced site, value in km) of the LP over the candidates at hand."""
        self._highs.run()
        prices = np.array(self._highs.getSolution().row_dual)
        units = self._problem.size
        unplaced = float(prices[units + 1]) if self._problem.unplaced else 0.0
        return Duals(prices[:units].copy(), float(prices[units])), unplaced, float(self._highs.getObjectiveValue())


def reduced_costs(problem: Problem, candidates: Candidates, duals: Duals) -> Floats:
    """(m,) km: what candidates cost less the prices of their units and of a community."""
    padded = np.append(duals.unit, 0.0)
    costs = totals(problem.prices, candidates.sets, candidates.counts)
    return np.asarray(costs - padded[candidates.sets].sum(axis=1) - duals.community)
