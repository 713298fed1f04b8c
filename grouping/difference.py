"""The grouping that differs most from some others within a budget.

How far it differs from another is the number of pairs of sites that are together there and parted here. An LP over all
candidates tells how many pairs can be parted at most, and which candidates no better grouping than one at hand can hold
(reduced-cost fixing; Baldacci et al. 2008): so CP-SAT looks among few, and then among all that matter.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from ortools.sat.python import cp_model

from grouping.clock import Clock
from grouping.columns import SCALE, Columns
from grouping.cost import Floats, Ints
from grouping.ground import joint_row
from grouping.improve import far_apart
from grouping.most_pairs import FewestKept, fewest_kept

_WHOLE = 1e-6
"""Parts of a pair that are no more than rounding."""
_MANY = 20_000
"""Candidates among which CP-SAT looks without neighbourhoods: of more it finds nothing in time."""
_FEW = 4_000
"""Candidates among which a cheaper one is looked for."""
_TRADES = 0.5
"""The part of the work that goes into neighbourhoods at most."""
_PRICES = 1.2, 0.6, 0.35, 0.25, 0.15, 0.05, 0.0
"""Times what a kilometre would part on average if the bound were reached."""
_DEAREST = 1_000.0
"""Pairs for a kilometre at most."""
_NEIGHBOURHOOD = 50
"""Units of a neighbourhood, about."""
_CHOICES = 2_000
"""Candidates of a neighbourhood at most."""
_TRADE = 2.0
"""CP-SAT's deterministic seconds for a neighbourhood."""
_PAIR = 1_000
"""The model's whole numbers for a pair in trade."""
_TIDY = 0.25
"""The part of the work that may go into making what was found cheaper."""


@dataclass(frozen=True)
class Different:
    """What was found: the candidates, None where there is none.

    ``apart`` is how many pairs it parts of the grouping to which it is nearest, ``most`` how many can be parted at most
    as far as the candidates go; ``proved`` where nothing parts more.
    """

    chosen: Ints | None
    apart: int
    most: int

    @property
    def proved(self) -> bool:
        """Whether nothing differs more."""
        return self.apart == self.most


def most_different(columns: Columns, work: float, seed: int, clock: Clock) -> Different:
    """The grouping that parts most pairs of that one to which it is nearest, and of such a cheap one.

    Args:
        columns: what may be chosen.
        work: CP-SAT's deterministic seconds.
        seed: of CP-SAT.
        clock: may stop it.

    """
    bound = fewest_kept(columns, clock)
    least = math.ceil(bound.pairs - _WHOLE)
    best = columns.own
    kept = 0
    if least < 0:
        best, left = _traded(columns, bound, work, seed, clock)
        kept = columns.together(best)
    # Nothing else is in a grouping that parts one pair more.
    some = _likeliest(bound, kept - 1)
    if least < kept and len(some) <= _MANY:
        model = _Model(columns, some, bound, least, kept - 1)
        found, done = model.most_different(best, left, seed, clock)
        if found is not None:
            best, kept = found, columns.together(found)
        if done:
            least = kept
    if kept >= 0:
        return Different(None, 0, -min(0, least))
    some = np.union1d(_likeliest(bound, kept)[:_FEW], best)
    model = _Model(columns, some, bound, kept, kept)
    return Different(model.cheapest(best, _TIDY * work, seed, clock), -kept, -least)


def _traded(columns: Columns, bound: FewestKept, work: float, seed: int, clock: Clock) -> tuple[Ints, float]:
    """(candidates, work left): neighbourhood by neighbourhood, pairs are parted at a price, which is lowered.

    At the beginning only where it costs little: else the first neighbourhoods would use up the budget.
    """
    now = best = columns.at_hand
    left = work * _TRADES
    neighbourhoods = _neighbourhoods(columns)
    room_km = columns.budget / SCALE - columns.cost_km(now)
    average = min(_DEAREST, -bound.pairs / max(room_km, 1 / SCALE))
    for factor in _PRICES:
        for units in neighbourhoods:
            if left <= 0 or clock.stopped():
                return best, left + work * (1 - _TRADES)
            there = columns.within(units, now)
            likely = there[np.argsort(bound.taken[there], kind="stable")[:_CHOICES]]
            model = _Model(columns, np.union1d(likely, now), bound, math.ceil(bound.pairs - _WHOLE), 0)
            now, spent = model.trade(now, factor * average, bound.shares, min(left, _TRADE), seed, clock)
            left -= spent
            best = min(best, now, key=lambda one: (columns.together(one), columns.cost_km(one)))
    return best, left + work * (1 - _TRADES)


def _neighbourhoods(columns: Columns) -> list[Ints]:
    """Units near to one another."""
    found = []
    start = np.searchsorted(columns.unit_level, np.arange(len(columns.pools)))
    for first, pool in zip(start, columns.pools, strict=True):
        if len(pool):
            for centre in far_apart(pool.problem, max(1, round(3 * pool.problem.size / _NEIGHBOURHOOD))):
                near = np.argsort(joint_row(pool.problem.prices, int(centre)), kind="stable")
                found.append(first + near[:_NEIGHBOURHOOD])
    return found


def _likeliest(bound: FewestKept, kept: int) -> Ints:
    """The candidates that may be in a grouping which keeps so many pairs, the likeliest first."""
    within = np.flatnonzero(bound.taken <= kept - bound.pairs + _WHOLE)
    return within[np.argsort(bound.taken[within], kind="stable")]


class _Model:
    """CP-SAT's model among ``some`` candidates; from ``least`` to ``kept`` pairs stay together, less all there are."""

    def __init__(self, columns: Columns, some: Ints, bound: FewestKept, least: int, kept: int) -> None:
        self._some = some
        self._model = cp_model.CpModel()
        self._taken = [self._model.new_bool_var("") for _ in some]
        alone = columns.alone[bound.alone[columns.alone] <= kept - bound.pairs + _WHOLE]
        self._alone = [self._model.new_bool_var("") for _ in alone]
        takers: list[list[cp_model.IntVar]] = [[] for _ in range(columns.nobody + 1)]
        for one, units in zip(self._taken, columns.sets[some].tolist(), strict=True):
            for unit in set(units):
                takers[unit].append(one)
        for one, unit in zip(self._alone, alone.tolist(), strict=True):
            takers[unit].append(one)
        for taking in takers[:-1]:
            self._model.add_exactly_one(taking)
        for level, pool in enumerate(columns.pools):
            mine = columns.level[some] == level
            self._model.add_linear_constraint(sum(self._where(mine)), pool.problem.fewest, pool.problem.most)
            if pool.problem.unplaced:
                left_out = [
                    one for one, unit in zip(self._alone, alone, strict=True) if columns.unit_level[unit] == level
                ]
                weights = columns.weight[alone[columns.unit_level[alone] == level]].tolist()
                self._model.add(cp_model.LinearExpr.weighted_sum(left_out, weights) == pool.problem.unplaced)
            if pool.problem.crossing is not None:
                self._model.add(sum(self._where(mine & columns.across[some])) <= pool.problem.crossing)
        self._numbers = [round(km * SCALE) for km in [*columns.km[some].tolist(), *columns.alone_km[alone].tolist()]]
        self._cost = cp_model.LinearExpr.weighted_sum([*self._taken, *self._alone], self._numbers)
        self._model.add(self._cost <= columns.budget)
        self._together = self._model.new_int_var(least, kept, "")
        self._pairs = columns.kept[:, some].tolist()
        for pairs, whole in zip(self._pairs, columns.whole.tolist(), strict=True):
            self._model.add(cp_model.LinearExpr.weighted_sum(self._taken, pairs) - whole <= self._together)

    def _where(self, rows: NDArray[np.bool_]) -> list[cp_model.IntVar]:
        return [self._taken[row] for row in np.flatnonzero(rows)]

    def most_different(self, start: Ints, work: float, seed: int, clock: Clock) -> tuple[Ints | None, bool]:
        """(the candidates, None if nothing was found; whether nothing better is among these)."""
        self._model.minimize(self._together)
        return self._solved(start, work, seed, clock)[:2]

    def trade(self, start: Ints, km: float, shares: Floats, work: float, seed: int, clock: Clock) -> tuple[Ints, float]:
        """(candidates, work): parted pairs at the price of so many for a kilometre."""
        parts = [_PAIR // 2 * self._together]
        for share, pairs in zip(shares.tolist(), self._pairs, strict=True):
            parts.append(
                cp_model.LinearExpr.weighted_sum(self._taken, [round(_PAIR / 2 * share * one) for one in pairs])
            )
        prices = [round(_PAIR * km * one / SCALE) for one in self._numbers]
        parts.append(cp_model.LinearExpr.weighted_sum([*self._taken, *self._alone], prices))
        self._model.minimize(sum(parts))
        found, _, spent = self._solved(start, work, seed, clock)
        return (start if found is None else found), spent

    def cheapest(self, start: Ints, work: float, seed: int, clock: Clock) -> Ints:
        """A cheap one, at least as ``start``."""
        self._model.minimize(self._cost)
        found, _, _ = self._solved(start, work, seed, clock)
        return start if found is None else found

    def _solved(self, start: Ints, work: float, seed: int, clock: Clock) -> tuple[Ints | None, bool, float]:
        for one, wanted in zip(self._taken, np.isin(self._some, start).tolist(), strict=True):
            self._model.add_hint(one, wanted)
        solver = cp_model.CpSolver()
        parameters = solver.parameters
        parameters.num_workers = 1
        parameters.random_seed = seed
        parameters.linearization_level = 2
        parameters.symmetry_level = 0
        parameters.cp_model_probing_level = 0
        # With this part of presolve OR-tools 9.15 proves false optima (https://github.com/google/or-tools/issues/5293).
        parameters.presolve_inclusion_work_limit = 0
        parameters.max_deterministic_time = work
        parameters.max_time_in_seconds = max(0.1, clock.remaining)
        parameters.catch_sigint_signal = False
        with clock.calling(solver.stop_search):
            status = solver.solve(self._model)
        done = status in (cp_model.OPTIMAL, cp_model.INFEASIBLE)
        spent = solver.response_proto.deterministic_time
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return None, done, spent
        return self._some[[solver.boolean_value(one) for one in self._taken]], done, spent
