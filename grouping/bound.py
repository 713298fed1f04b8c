"""A certified lower bound: the set-partitioning LP over all candidates, by column generation.

Any dual prices give a bound (Lagrange): what the rows are worth, plus for each root the least reduced cost of its
candidates if negative. Prices are smoothed between the best known and the LP's (Wentges 1997; Pessoa et al. 2018). Once
the LP is solved, subset-row cuts are added as long as they help.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import highspy
import numpy as np

from grouping.cost import Floats, Ints, totals
from grouping.cuts import Cuts, charged, violated
from grouping.pricing import Candidates, Duals, Pricer
from grouping.problem import Problem

_SMOOTHING = 0.6
_FIRST_NODES = 500
"""Partial sets that pricing may open for each root in the first rounds; eight times more each time nothing is found."""
_CUTS = 120
"""Cuts added at a time."""
_WORTH = 0.005
"""Cuts go on while a round of them closes so much of what is between the bound and the best cost."""
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
    problem: Problem,
    pricer: Pricer,
    start: Candidates,
    best_km: float,
    stopped: Callable[[], bool],
    report: Callable[[float], None],
) -> Bound:
    """Solve the LP, and go on with cuts, as far as ``stopped`` allows and the bound is below ``best_km``.

    Args:
        problem: one level.
        pricer: of the same problem.
        start: candidates that hold a grouping leaving as many sites unplaced as ``problem.unplaced``.
        best_km: what the best known grouping costs.
        stopped: asked between rounds.
        report: told each better bound, in km.

    """
    master = _Master(problem, start)
    # Shares of what a good grouping costs are nearer to the best prices than the first LPs' are.
    centre = _Point(Duals.of(_shares(problem, start)), 0.0, np.zeros(0))
    best = Bound(-np.inf, centre.duals, 0.0, start, False)
    before_cuts = -np.inf
    smoothing = _SMOOTHING
    # At first a quick look for candidates does; bounds of unfinished searches hold, though they are weak.
    nodes = min(_FIRST_NODES, pricer.most_nodes)
    while not stopped():
        out, value = master.solve()
        at = centre.towards(out, 1 - smoothing, master.triples, problem.size)
        priced = pricer.least(at.duals, nodes)
        km = certified(problem, at.duals, at.unplaced, priced.least)
        if km > best.km:
            best = Bound(km, at.duals, at.unplaced, start, False)
            centre = at
            report(km)
        found = master.add(priced.candidates, out.duals)
        deeper = not priced.exact and nodes < pricer.most_nodes
        if value - best.km <= _CONVERGED * abs(value) or not (found or smoothing or deeper):
            # Solved, or the pricing at the LP's own prices could not be finished.
            best = replace(best, candidates=master.candidates, converged=priced.exact)
            done = best.km - before_cuts < _WORTH * (best_km - best.km) or best_km <= best.km
            if done or not master.cut():
                return best
            before_cuts = best.km
            smoothing = _SMOOTHING
        elif found:
            smoothing = _SMOOTHING
        elif deeper:
            nodes = min(8 * nodes, pricer.most_nodes)
        else:
            # Mispriced at the smoothed point; go nearer to the LP's own prices until something is found there.
            smoothing = 0.0 if smoothing < 0.1 else smoothing / 2
    return replace(best, candidates=master.candidates)


@dataclass(frozen=True, slots=True)
class _Point:
    """Dual prices, ``cuts`` (m,) being those of all the master's cuts, charged or not."""

    duals: Duals
    unplaced: float
    cuts: Floats

    def towards(self, other: _Point, share: float, triples: Ints, units: int) -> _Point:
        """The point so far on the way to ``other``, whose cuts are those of ``triples``."""
        own = np.concatenate([self.cuts, np.zeros(len(other.cuts) - len(self.cuts))])
        cuts = (1 - share) * own + share * other.cuts
        duals = Duals(
            (1 - share) * self.duals.unit + share * other.duals.unit,
            (1 - share) * self.duals.community + share * other.duals.community,
            Cuts.priced(triples, cuts, units),
        )
        return _Point(duals, (1 - share) * self.unplaced + share * other.unplaced, cuts)


def certified(problem: Problem, duals: Duals, unplaced: float, least: Floats) -> float:
    """The bound in km that dual prices prove when ``least`` (u,) bounds the reduced costs of each root's candidates.

    There are at most ``problem.most`` communities, so no more than so many roots can count.
    """
    weight = problem.prices.weight
    roots = np.sort(np.minimum(least, 0.0))[: problem.most]
    count = problem.fewest if duals.community > 0 else problem.most
    terms = [
        duals.unit.sum(),
        duals.community * count,
        -duals.cuts.price.sum(),
        unplaced * problem.unplaced,
        roots.sum(),
    ]
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

    Rows: each unit once; the number of communities; if sites must stay unplaced, how many; the cuts.
    """

    def __init__(self, problem: Problem, start: Candidates) -> None:
        self._problem = problem
        self.candidates = start
        self.triples = np.zeros((0, 3), dtype=np.int64)
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
        self._fixed_rows = units + 1 + bool(problem.unplaced)
        self._fixed_columns = units if problem.unplaced else 0
        self._known: set[bytes] = set()
        self._columns = Candidates.of([], problem.largest)
        self._append(start)

    def _append(self, candidates: Candidates) -> Candidates:
        """Add columns; those that were not there before."""
        fresh = [k for k, row in enumerate(candidates.sets) if row.tobytes() not in self._known]
        self._known.update(candidates.sets[k].tobytes() for k in fresh)
        chosen = candidates[np.array(fresh, dtype=np.int64)]
        if not fresh:
            return chosen
        costs = totals(self._problem.prices, chosen.sets, chosen.counts)
        cut = charged(self.triples, chosen.sets, chosen.counts)
        rows = [
            np.concatenate([row[:count], [self._problem.size], self._fixed_rows + np.flatnonzero(cuts)])
            for row, count, cuts in zip(chosen.sets, chosen.counts, cut, strict=True)
        ]
        starts = np.concatenate([[0], np.cumsum([len(row) for row in rows])[:-1]]).astype(np.int32)
        entries = np.concatenate(rows).astype(np.int32)
        zeros, ones = np.zeros(len(fresh)), np.full(len(fresh), highspy.kHighsInf)
        self._highs.addCols(len(fresh), costs, zeros, ones, len(entries), starts, entries, np.ones(len(entries)))
        # In the order of the LP's columns, which tidying would lose.
        self._columns = Candidates(
            np.concatenate([self._columns.sets, chosen.sets]), np.concatenate([self._columns.counts, chosen.counts])
        )
        return chosen

    def add(self, candidates: Candidates, duals: Duals) -> int:
        """Take in candidates; how many of the new ones have a negative reduced cost at ``duals``."""
        if not len(candidates):
            return 0
        fresh = self._append(candidates)
        self.candidates = self.candidates + candidates
        return int((reduced_costs(self._problem, fresh, duals) < -1e-7).sum())

    def solve(self) -> tuple[_Point, float]:
        """(dual prices, value in km) of the LP over the candidates at hand."""
        self._highs.run()
        prices = np.array(self._highs.getSolution().row_dual)
        units = self._problem.size
        unplaced = float(prices[units + 1]) if self._problem.unplaced else 0.0
        cuts = np.maximum(0.0, -prices[self._fixed_rows :])
        duals = Duals(prices[:units].copy(), float(prices[units]), Cuts.priced(self.triples, cuts, units))
        return _Point(duals, unplaced, cuts), float(self._highs.getObjectiveValue())

    def cut(self) -> int:
        """Add the cuts that the solution breaks most; how many there were."""
        self._highs.run()
        values = np.array(self._highs.getSolution().col_value)[self._fixed_columns :]
        used = np.flatnonzero(values > 1e-9)
        found = violated(self._columns.sets[used], self._columns.counts[used], values[used], self._problem.size, _CUTS)
        every = charged(found, self._columns.sets, self._columns.counts)
        for column in every.T:
            entries = (self._fixed_columns + np.flatnonzero(column)).astype(np.int32)
            self._highs.addRow(-highspy.kHighsInf, 1.0, len(entries), entries, np.ones(len(entries)))
        self.triples = np.concatenate([self.triples, found])
        return len(found)


def reduced_costs(problem: Problem, candidates: Candidates, duals: Duals) -> Floats:
    """(m,) km: what candidates cost, with their cuts, less the prices of their units and of a community."""
    padded = np.append(duals.unit, 0.0)
    costs = totals(problem.prices, candidates.sets, candidates.counts)
    costs += charged(duals.cuts.triples, candidates.sets, candidates.counts) @ duals.cuts.price
    return np.asarray(costs - padded[candidates.sets].sum(axis=1) - duals.community)
