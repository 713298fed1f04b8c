"""How many pairs of sites can be parted at most: an LP over all columns, in HiGHS."""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np

from grouping.clock import Clock
from grouping.columns import SCALE, Columns
from grouping.cost import Floats, Ints

_BEGIN = 3_000
"""Candidates with which the LP begins."""
_ROUND = 2_000
"""Candidates that it takes in at a time."""
_EXACT = 1e-7
"""Reduced costs, in pairs, that count as zero."""


@dataclass(frozen=True)
class FewestKept:
    """A bound: ``pairs`` of the nearest grouping before, less all it has, stay together at least.

    ``taken`` (m,) is by how many pairs the bound rises with each candidate, ``alone`` (u,) with each unit left out;
    ``shares`` (b,) is how much each of the groupings before has a say.
    """

    pairs: float
    taken: Floats
    alone: Floats
    shares: Floats


def fewest_kept(columns: Columns, clock: Clock) -> FewestKept:
    """The bound that the LP proves; a weaker one where the clock stops it.

    It takes in those candidates whose reduced costs are negative until there are none.

    Args:
        columns: what may be chosen.
        clock: may stop it.

    """
    lp = _Lp(columns)
    there = np.zeros(len(columns.km), dtype=np.bool_)
    new = np.union1d(np.argsort(columns.km, kind="stable")[:_BEGIN], columns.own)
    while True:
        there[new] = True
        bound = lp.with_candidates(new)
        missing = np.flatnonzero((bound.taken < -_EXACT) & ~there)
        if not len(missing) or clock.stopped():
            return bound
        new = missing[np.argsort(bound.taken[missing], kind="stable")[:_ROUND]]


class _Lp:
    """Rows: units, each level's number of communities, its sites left out, its communities across; the budget; pairs.

    Its first column is what is minimised.
    """

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._problems = [pool.problem for pool in columns.pools]
        self._budget_km = (columns.budget + len(columns.weight)) / SCALE
        units, levels = columns.nobody, len(self._problems)
        self._count, self._unplaced, self._across = (units + number * levels for number in range(3))
        self._budget = units + 3 * levels
        infinite = highspy.kHighsInf
        self._highs = highspy.Highs()
        self._highs.silent()
        self._highs.setOptionValue("threads", 1)
        for _ in range(units):
            self._row(1.0, 1.0)
        for one in self._problems:
            self._row(one.fewest, one.most)
        for one in self._problems:
            self._row(one.unplaced, one.unplaced)
        for one in self._problems:
            self._row(-infinite, infinite if one.crossing is None else one.crossing)
        self._row(-infinite, self._budget_km)
        for whole in columns.whole:
            self._row(-infinite, whole)
        pairs = self._budget + 1 + np.arange(len(columns.whole), dtype=np.int32)
        self._highs.addCol(1.0, -infinite, 0.0, len(pairs), pairs, -np.ones(len(pairs)))
        for unit in columns.alone:
            rows = np.array([unit, self._unplaced + columns.unit_level[unit], self._budget], dtype=np.int32)
            values = np.array([1.0, columns.weight[unit], columns.alone_km[unit]], dtype=np.float64)
            self._highs.addCol(0.0, 0.0, 1.0, len(rows), rows, values)

    def _row(self, least: float, most: float) -> None:
        self._highs.addRow(float(least), float(most), 0, [], [])

    def with_candidates(self, new: Ints) -> FewestKept:
        """Take in candidates, and tell what the LP proves."""
        columns = self._columns
        starts, rows, values = [0], list[int](), list[float]()
        for one in new:
            units = columns.sets[one]
            mine = units[units < columns.nobody].tolist()
            level, across = int(columns.level[one]), bool(columns.across[one])
            pairs = columns.kept[:, one].tolist()
            rows += [*mine, self._count + level, *[self._across + level] * across]
            rows += range(self._budget, self._budget + 1 + len(pairs))
            values += [*[1.0] * (len(mine) + 1 + across), float(columns.km[one]), *pairs]
            starts.append(len(rows))
        self._highs.addCols(
            len(new),
            np.zeros(len(new)),
            np.zeros(len(new)),
            np.full(len(new), highspy.kHighsInf),
            len(rows),
            np.array(starts[:-1], dtype=np.int32),
            np.array(rows, dtype=np.int32),
            np.array(values, dtype=np.float64),
        )
        self._highs.run()
        return self._proved(np.array(self._highs.getSolution().row_dual))

    def _proved(self, dual: Floats) -> FewestKept:
        """What dual prices prove whatever the LP's tolerances, by weak duality.

        Prices of a wrong sign count as zero; what a reduced cost lacks to zero is paid for each community there can be.
        """
        columns = self._columns
        levels = len(self._problems)
        shares = np.maximum(0.0, -dual[self._budget + 1 :])
        if shares.sum() <= 0:
            dual = np.zeros_like(dual)
            shares = np.ones_like(shares)
        dual, shares = dual / shares.sum(), shares / shares.sum()
        unit, count, unplaced, across = np.split(dual[: self._budget], columns.nobody + levels * np.arange(3))
        across = np.minimum(0.0, across)
        budget = min(0.0, float(dual[self._budget]))
        taken = shares @ columns.kept - np.append(unit, 0.0)[columns.sets].sum(axis=1) - count[columns.level]
        taken -= budget * columns.km + np.where(columns.across, across[columns.level], 0.0)
        alone = np.full(columns.nobody, np.inf)
        of = columns.unit_level[columns.alone]
        out = (
            unit[columns.alone]
            + unplaced[of] * columns.weight[columns.alone]
            + budget * columns.alone_km[columns.alone]
        )
        alone[columns.alone] = -out
        pairs = float(unit.sum()) + budget * self._budget_km - float(shares @ columns.whole)
        pairs += float(np.minimum(0.0, alone[columns.alone]).sum())
        for level, one in enumerate(self._problems):
            pairs += float(count[level]) * (one.fewest if count[level] > 0 else one.most)
            pairs += float(unplaced[level]) * one.unplaced + float(across[level]) * (one.crossing or 0)
            pairs += one.most * min(0.0, float(taken[columns.level == level].min(initial=0.0)))
        return FewestKept(pairs, taken, alone, shares)
