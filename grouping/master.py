"""The set-partitioning LP over the candidates at hand, in HiGHS: the master problem of column generation."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import highspy
import numpy as np
from numpy.typing import NDArray

from grouping.areas import MUCH_VIOLATED, VIOLATED, Areas, broken_areas, broken_map
from grouping.borders import NO_BORDER, Border, crossing
from grouping.candidates import Candidates
from grouping.clock import Clock
from grouping.cost import Floats, Ints, totals
from grouping.cuts import NO_CUTS, Cuts, Rows, charged, violated, violated_wider
from grouping.pricing import Duals
from grouping.problem import Problem
from grouping.surroundings import Surroundings

_CUTS = (120, 0.5)
"""Cuts of each kind added at a time: so many, or so many for each unit where that is more."""
_LACKING = 1e-6
"""Penalties below this are HiGHS's tolerance."""
_WORK = (1e-4, 1e-7)
"""Deterministic seconds of a look at the LP, and of each row in each iteration of the simplex method."""
_BASIC = highspy.HighsBasisStatus.kBasic
"""Of a column, that it is in the basis; of a row, that it does not bind."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """The ``price`` (m,) of each cut of one kind, and its ``number`` (m,) in the order in which they were added."""

    price: Floats
    number: Ints

    @classmethod
    def first(cls, price: Floats) -> Numbered:
        """The prices of all that there were first."""
        return cls(price, np.arange(len(price)))

    def towards(self, other: Numbered, share: float) -> Numbered:
        """The prices so far on the way to those of ``other``; one that was not there before had none."""
        before = np.zeros(len(other.price))
        _, own, others = np.intersect1d(self.number, other.number, assume_unique=True, return_indices=True)
        before[others] = self.price[own]
        return Numbered((1 - share) * before + share * other.price, other.number)


@dataclass(frozen=True, slots=True)
class Point:
    """Dual prices: those that have a say.

    ``unplaced`` is that of the row of sites left out, ``cuts`` those of all cuts, ``areas`` of all areas.
    """

    duals: Duals
    unplaced: float
    cuts: Numbered
    areas: Numbered

    def towards(self, other: Point, share: float, rows: Rows, areas: Areas) -> Point:
        """The point so far on the way to ``other``, whose cuts are ``rows`` and ``areas``.

        What others there were, which do not bind any more, has no price there.
        """
        cuts, area_prices = self.cuts.towards(other.cuts, share), self.areas.towards(other.areas, share)
        duals = Duals(
            (1 - share) * self.duals.unit + share * other.duals.unit,
            (1 - share) * self.duals.community + share * other.duals.community,
            Cuts.priced(rows, cuts.price, len(self.duals.unit)),
            areas.priced(area_prices.price),
            other.duals.border._replace(price=(1 - share) * self.duals.border.price + share * other.duals.border.price),
        )
        return Point(duals, (1 - share) * self.unplaced + share * other.unplaced, cuts, area_prices)


class Master:
    """The LP over the candidates at hand.

    Rows: each unit once, or twins together as often as there are; the number of communities; if sites must stay
    unplaced, how many; if only so many communities may lie across macro-regions, those; the cuts.

    Args:
        problem: one level.
        start: candidates, canonical as :class:`grouping.twins.Twins` has it.
        penalty_km: at this price a unit or a community may be missing, so that there is a solution whatever the start;
            None if the start has one.
        cuts, areas: those known before.
        clock: told of the work.
        around: what is around the units of a part, whose prices are to stay; None if all are its own.

    """

    def __init__(
        self,
        problem: Problem,
        start: Candidates,
        penalty_km: float | None,
        cuts: Rows,
        areas: Areas,
        clock: Clock,
        around: Surroundings | None = None,
    ) -> None:
        self._problem = problem
        self._clock = clock
        self._around = around
        self._highs = highspy.Highs()
        self._highs.silent()
        self._highs.setOptionValue("threads", 1)
        units = problem.size
        twins = problem.twins.count
        firsts = np.flatnonzero(twins).tolist()
        for unit in range(units):
            self._highs.addRow(float(twins[unit]), float(twins[unit]), 0, [], [])
        self._highs.addRow(float(problem.fewest), float(problem.most), 0, [], [])
        if problem.unplaced:
            self._highs.addRow(float(problem.unplaced), float(problem.unplaced), 0, [], [])
            for unit in firsts:
                entries = np.array([unit, units + 1], dtype=np.int32)
                values = np.array([1.0, float(problem.prices.weight[unit])])
                self._highs.addCol(float(problem.prices.apart[unit]), 0.0, float(twins[unit]), 2, entries, values)
        self._border_row = units + 1 + bool(problem.unplaced)
        if problem.crossing is not None:
            self._highs.addRow(-highspy.kHighsInf, float(problem.crossing), 0, [], [])
        self._penalty_km = penalty_km or 0.0
        before = len(firsts) * bool(problem.unplaced)
        lenient = [*firsts, units] if penalty_km is not None else []
        for row in lenient:
            self._highs.addCol(self._penalty_km, 0.0, highspy.kHighsInf, 1, np.array([row], dtype=np.int32), np.ones(1))
        self._fixed_rows = self._border_row + (problem.crossing is not None)
        self._fixed_columns = before + len(lenient)
        self._penalties = np.arange(before, self._fixed_columns, dtype=np.int32)
        self.columns = Candidates.of([], problem.largest)
        self.cuts = NO_CUTS
        self.areas = Areas.none(units, problem.largest)
        self._cut_rows = self._area_rows = np.zeros(0, dtype=np.int32)
        self._cut_number = self._area_number = np.zeros(0, dtype=np.int64)
        self._cuts_ever = self._areas_ever = 0
        self._cut(cuts)
        self._round(areas)
        if around is not None:
            self._keep(around)
        self.add(start)
        self._started = len(start)

    def add(self, chosen: Candidates) -> None:
        """Take in candidates that were not there before."""
        if not len(chosen):
            return
        costs = totals(self._problem.prices, chosen.sets, chosen.counts)
        charging, cut, charge = charged(Cuts.of_rows(self.cuts, self._problem.size), chosen.sets, chosen.counts)
        charges = np.searchsorted(charging, np.arange(len(chosen) + 1))
        counted = self.areas.counted(self._problem.prices.weight, chosen.sets, chosen.counts)
        limited = self._problem.crossing is not None
        across = crossing(self._problem.region, chosen.sets, chosen.counts) if limited else np.zeros(len(chosen))
        first = self._problem.twins.first
        starts, entries, values = [0], list[int](), list[int]()
        for k, (row, count, areas, over) in enumerate(zip(chosen.sets, chosen.counts, counted, across, strict=True)):
            times = Counter(first[row[:count]].tolist())
            cuts, there = slice(charges[k], charges[k + 1]), np.flatnonzero(areas)
            entries += [*times, self._problem.size, *[self._border_row] * bool(over)]
            entries += [*self._cut_rows[cut[cuts]].tolist(), *self._area_rows[there].tolist()]
            values += [*times.values(), 1, *[1] * bool(over), *charge[cuts].tolist(), *areas[there].tolist()]
            starts.append(len(entries))
        zeros, free = np.zeros(len(chosen)), np.full(len(chosen), highspy.kHighsInf)
        self._highs.addCols(
            len(chosen),
            costs,
            zeros,
            free,
            len(entries),
            np.array(starts[:-1], dtype=np.int32),
            np.array(entries, dtype=np.int32),
            np.array(values, dtype=np.float64),
        )
        # In the order of the LP's columns, which tidying would lose.
        self.columns = Candidates(
            np.concatenate([self.columns.sets, chosen.sets]), np.concatenate([self.columns.counts, chosen.counts])
        )

    def tidy(self, most: int) -> Ints:
        """Take out the cuts that do not bind, and columns but for ``most`` of the likeliest; those that stay.

        For after a solution, and where nothing is around.
        """
        basis, solution = self._highs.getBasis(), self._highs.getSolution()
        slack, kept = (np.array([one == _BASIC for one in status]) for status in (basis.row_status, basis.col_status))
        gone = np.zeros(len(slack), dtype=np.bool_)
        added = np.concatenate([self._cut_rows, self._area_rows])
        gone[added] = slack[added]
        fixed = self._fixed_columns
        # Besides the basis, the columns it began with: with them there is a solution, whatever cuts come.
        kept[fixed : fixed + self._started] = True
        dear = np.where(kept, -np.inf, np.array(solution.col_dual))[fixed:]
        stay = np.sort(np.argsort(dear, kind="stable")[: max(most, int(kept[fixed:].sum()))])
        without = np.ones(len(kept), dtype=np.bool_)
        without[:fixed] = without[fixed + stay] = False
        rows, columns = (np.flatnonzero(one).astype(np.int32) for one in (gone, without))
        self._highs.deleteRows(len(rows), rows)
        self._highs.deleteCols(len(columns), columns)
        basis.row_status = [one for one, out in zip(basis.row_status, gone, strict=True) if not out]
        basis.col_status = [one for one, out in zip(basis.col_status, without, strict=True) if not out]
        self._highs.setBasis(basis)
        number = np.cumsum(~gone) - 1
        binding = [~gone[kind] for kind in (self._cut_rows, self._area_rows)]
        self.cuts, self.areas = self.cuts.chosen(binding[0]), self.areas.chosen(binding[1])
        self._cut_number, self._area_number = self._cut_number[binding[0]], self._area_number[binding[1]]
        self._cut_rows = number[self._cut_rows[binding[0]]].astype(np.int32)
        self._area_rows = number[self._area_rows[binding[1]]].astype(np.int32)
        self.columns = Candidates(self.columns.sets[stay], self.columns.counts[stay])
        return stay

    def solve(self) -> tuple[Point, float]:
        """(dual prices, value in km) of the LP over the candidates at hand."""
        self._run()
        prices = np.array(self._highs.getSolution().row_dual)
        units = self._problem.size
        unplaced = float(prices[units + 1]) if self._problem.unplaced else 0.0
        cuts = np.maximum(0.0, -prices[self._cut_rows])
        areas = np.maximum(0.0, -prices[self._area_rows])
        unit = prices[:units][self._problem.twins.first]
        if self._around is not None:
            # To the last bit.
            unit[self._around.own :] = self._around.unit
            cuts[: len(self._around.cuts.price)] = self._around.cuts.price
            areas[: len(self._around.areas.price)] = self._around.areas.price
        border = NO_BORDER
        if self._problem.crossing is not None:
            border = Border(self._problem.region, max(0.0, -float(prices[self._border_row])))
        cut = Cuts.priced(self.cuts, cuts, units)
        duals = Duals(unit, float(prices[units]), cut, self.areas.priced(areas), border)
        numbered = Numbered(cuts, self._cut_number), Numbered(areas, self._area_number)
        return Point(duals, unplaced, *numbered), float(self._highs.getObjectiveValue())

    def values(self) -> Floats:
        """(m,) how much of each of the ``columns`` the LP takes."""
        self._run()
        return np.array(self._highs.getSolution().col_value)[self._fixed_columns :]

    def lacking(self) -> bool:
        """Whether the LP pays penalties, as it has no solution at all or the penalty is too small."""
        self._run()
        return bool(np.array(self._highs.getSolution().col_value)[self._penalties].sum() > _LACKING)

    def punish(self, factor: float) -> None:
        """Let penalties cost so many times more."""
        self._penalty_km *= factor
        costs = np.full(len(self._penalties), self._penalty_km)
        self._highs.changeColsCost(len(self._penalties), self._penalties, costs)

    def fix(self, columns: Ints) -> None:
        """Let the LP take each of these, by their numbers, once."""
        chosen, ones = (self._fixed_columns + columns).astype(np.int32), np.ones(len(columns))
        self._highs.changeColsBounds(len(chosen), chosen, ones, ones)

    def without(self, columns: NDArray[np.bool_]) -> float:
        """What the LP would be worth in km without these (m,) of its columns."""
        chosen = (self._fixed_columns + np.flatnonzero(columns)).astype(np.int32)
        zeros = np.zeros(len(chosen))
        self._highs.changeColsBounds(len(chosen), chosen, zeros, zeros)
        self._run()
        value = float(self._highs.getObjectiveValue())
        self._highs.changeColsBounds(len(chosen), chosen, zeros, np.full(len(chosen), highspy.kHighsInf))
        return value

    def cut(self, *, wider: bool) -> int:
        """Add the cuts that the solution breaks most; how many there were.

        Those of four and five rows, which pricing does not know, are only added if ``wider`` and no others are broken.
        """
        values = self.values()
        used = np.flatnonzero(values > 1e-9)
        solution = self.columns.sets[used], self.columns.counts[used], values[used]
        most = max(_CUTS[0], round(_CUTS[1] * self._problem.size))
        twins = self._problem.twins
        sizes = range(self._problem.smallest, self._problem.largest + 1)
        # Together: each kind lets the other's part of the gap be seen sooner.
        least = VIOLATED if self._around is None else MUCH_VIOLATED
        areas = broken_areas(*solution, self._problem.prices.weight, twins.first, sizes, most, least)
        if self._around is None and not areas.inside.all(axis=1).any():
            areas += broken_map(*solution, self._problem.prices.weight, sizes, least)
        triples = violated(*solution, twins.alone, most)
        self._round(areas)
        self._cut(triples)
        count = len(areas) + len(triples.whole)
        if count or not wider:
            return count
        found = violated_wider(*solution, twins.alone, most)
        self._cut(found)
        return len(found.whole)

    def _keep(self, around: Surroundings) -> None:
        """Let others' prices stay: their rows may be met otherwise, at that price."""
        self._cut(around.cuts.rows)
        self._round(around.areas.areas)
        firsts = np.flatnonzero(self._problem.twins.count[around.own :])
        rows = np.concatenate([(around.own + firsts).astype(np.int32), self._cut_rows, self._area_rows])
        prices = np.concatenate([around.unit[firsts], -around.cuts.price, -around.areas.price])
        count, free = len(rows), np.full(len(rows), highspy.kHighsInf)
        starts = np.arange(count, dtype=np.int32)
        self._highs.addCols(count, prices, -free, free, count, starts, rows, np.ones(count))
        self._fixed_columns += count
        self._cut(around.more_cuts.rows)
        self._round(around.more_areas.areas)

    def _run(self) -> None:
        self._highs.run()
        rows = self._fixed_rows + len(self.cuts.whole) + len(self.areas)
        iterations = max(0, self._highs.getInfo().simplex_iteration_count)
        self._clock.spend(_WORK[0] + _WORK[1] * rows * iterations)

    def _cut(self, cuts: Rows) -> None:
        columns, number, times = charged(Cuts.of_rows(cuts, self._problem.size), self.columns.sets, self.columns.counts)
        self._cut_rows = np.concatenate(
            [self._cut_rows, self._limit(number, self._fixed_columns + columns, times, cuts.most)]
        )
        self.cuts += cuts
        self._cut_number = np.append(self._cut_number, self._cuts_ever + np.arange(len(cuts.most)))
        self._cuts_ever += len(cuts.most)

    def _round(self, areas: Areas) -> None:
        problem = self._problem
        every = areas.counted(problem.prices.weight, self.columns.sets, self.columns.counts)
        number, columns = np.nonzero(every.T)
        points = every[columns, number]
        columns += self._fixed_columns
        if problem.unplaced:
            # Sites left out are in areas too.
            firsts = np.flatnonzero(problem.twins.count)[:, None]
            alone = areas.counted(problem.prices.weight, firsts, np.ones(len(firsts), dtype=np.int64))
            left_number, left = np.nonzero(alone.T)
            number, columns = np.concatenate([left_number, number]), np.concatenate([left, columns])
            points = np.concatenate([alone[left, left_number], points])
        self._area_rows = np.concatenate([self._area_rows, self._limit(number, columns, points, areas.most)])
        self.areas += areas
        self._area_number = np.append(self._area_number, self._areas_ever + np.arange(len(areas)))
        self._areas_ever += len(areas)

    def _limit(self, number: Ints, columns: Ints, values: NDArray[np.integer], most: Ints) -> NDArray[np.int32]:
        """Add rows of at most so much each, with ``values`` in their ``columns``; what they are called."""
        before = self._highs.getNumRow()
        order = np.argsort(number, kind="stable")
        self._highs.addRows(
            len(most),
            np.full(len(most), -highspy.kHighsInf),
            most.astype(np.float64),
            len(order),
            np.searchsorted(number[order], np.arange(len(most))).astype(np.int32),
            columns[order].astype(np.int32),
            values[order].astype(np.float64),
        )
        return np.arange(before, self._highs.getNumRow(), dtype=np.int32)
