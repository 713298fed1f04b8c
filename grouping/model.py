"""The CP-SAT model: which candidates become communities.

Twins are one: a candidate then is chosen so many times, and only in the end its units are told apart.

Costs enter less the dual prices of the LP bound. That changes nothing in what is best, for each unit's price is paid
once in any grouping, but it leaves numbers near zero on which the solver's bounds are strong.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from ortools.sat.python import cp_model

from grouping.areas import Areas
from grouping.borders import crossing
from grouping.bound import exact_km, reduced_costs
from grouping.candidates import Candidates, Communities
from grouping.clock import Clock
from grouping.cost import Floats
from grouping.cuts import Cuts, Rows, charged
from grouping.pricing import Duals
from grouping.problem import Problem

_ROUNDING = 0.25
"""How much of the exactness that is asked for may be lost by rounding all the communities of a grouping."""
_LARGEST = 2.0**52
"""Sums of the model's whole numbers are below this, where floats are whole."""
_BUILT = 4e-5
"""Deterministic seconds that a candidate takes before CP-SAT begins."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What the model found among the candidates it was given.

    ``communities`` is None if nothing was found; ``bound_km`` holds for all groupings of these candidates;
    ``proved`` tells that none of them is better by more than the gap that was asked for, or that none is of interest.
    """

    communities: Communities | None
    bound_km: float
    proved: bool


class ChoiceModel:
    """Chooses communities among ``candidates`` at least cost.

    Args:
        problem: one level.
        candidates: possible communities, canonical as :class:`grouping.twins.Twins` has it.
        duals: the prices of the LP bound.
        best_km: what the best known grouping costs; dearer ones are of no interest.

    """

    def __init__(self, problem: Problem, candidates: Candidates, duals: Duals, best_km: float) -> None:
        self._problem = problem
        self._candidates = candidates
        # Whole numbers of the model for a kilometre; each choice is rounded by less than one of them.
        self._choices = problem.most + problem.unplaced
        self._scale = self._choices / (_ROUNDING * exact_km(best_km))
        self._model = cp_model.CpModel()
        twins = problem.twins
        self._times = [Counter(twins.first[list(members)].tolist()) for members in candidates]
        self._chosen = [
            self._taken(min(int(twins.count[unit]) // n for unit, n in times.items())) for times in self._times
        ]
        self._firsts = np.flatnonzero(twins.count)
        self._alone = [self._taken(int(twins.count[unit])) for unit in self._firsts] if problem.unplaced else []
        self._each_unit_once()
        self._number_of_communities()
        self._unplaced_sites()
        self._across_regions()
        self._cuts(duals.cuts.rows)
        self._areas(duals.areas.areas)
        self._least_cost(duals.unit, best_km)

    def _taken(self, most: int) -> cp_model.IntVar:
        return self._model.new_bool_var("") if most == 1 else self._model.new_int_var(0, int(most), "")

    def _each_unit_once(self) -> None:
        takers: list[list[tuple[cp_model.IntVar, int]]] = [[] for _ in range(self._problem.size)]
        for chosen, times in zip(self._chosen, self._times, strict=True):
            for unit, n in times.items():
                takers[unit].append((chosen, n))
        for unit, alone in zip(self._firsts, self._alone, strict=bool(self._alone)):
            takers[unit].append((alone, 1))
        for unit in self._firsts:
            count = int(self._problem.twins.count[unit])
            taking = [chosen for chosen, _ in takers[unit]]
            if count == 1:
                self._model.add_exactly_one(taking)
            else:
                numbers = [n for _, n in takers[unit]]
                self._model.add(cp_model.LinearExpr.weighted_sum(taking, numbers) == count)

    def _number_of_communities(self) -> None:
        # Implied, but the solver's bound gains much from it where groups are as small as they may be.
        self._model.add_linear_constraint(sum(self._chosen), self._problem.fewest, self._problem.most)

    def _unplaced_sites(self) -> None:
        if self._alone:
            weights = self._problem.prices.weight[self._firsts].tolist()
            self._model.add(cp_model.LinearExpr.weighted_sum(self._alone, weights) == self._problem.unplaced)

    def _across_regions(self) -> None:
        if self._problem.crossing is not None:
            across = np.flatnonzero(crossing(self._problem.region, self._candidates.sets, self._candidates.counts))
            self._model.add(sum(self._chosen[k] for k in across) <= self._problem.crossing)

    def _cuts(self, rows: Rows) -> None:
        # Implied too; with them the solver starts from the LP that gave the bound.
        cuts = Cuts.of_rows(rows, self._problem.size)
        counting, number, times = charged(cuts, self._candidates.sets, self._candidates.counts)
        order = np.argsort(number, kind="stable")
        parts = np.split(order, np.searchsorted(number[order], np.arange(1, len(rows.whole))))
        for there, most in zip(parts[: len(rows.whole)], rows.most.tolist(), strict=True):
            chosen = [self._chosen[candidate] for candidate in counting[there]]
            if most == 1:
                self._model.add_at_most_one(chosen)
            else:
                self._model.add(cp_model.LinearExpr.weighted_sum(chosen, times[there].tolist()) <= most)

    def _areas(self, areas: Areas) -> None:
        weight = self._problem.prices.weight
        every = areas.counted(weight, self._candidates.sets, self._candidates.counts)
        alone = areas.counted(weight, self._firsts[:, None], np.ones(len(self._firsts), dtype=np.int64))
        for column, left, most in zip(every.T, alone.T, areas.most.tolist(), strict=True):
            counting = np.flatnonzero(column)
            points = column[counting].tolist()
            chosen = [self._chosen[k] for k in counting]
            if self._alone:
                chosen += self._alone
                points += left.tolist()
            self._model.add(cp_model.LinearExpr.weighted_sum(chosen, points) <= most)

    def _least_cost(self, unit_duals: Floats, best_km: float) -> None:
        self._base, costs = self._shifted(unit_duals, best_km)
        if np.abs(costs).max(initial=0.0) * self._scale * self._choices > _LARGEST:
            # Prices of an LP with penalties may be far beyond all costs.
            self._base, costs = self._shifted(np.zeros_like(unit_duals), best_km)
        # Rounded down, so that the bound stays one.
        numbers = np.floor(costs * self._scale).astype(np.int64)
        self._cost = cp_model.LinearExpr.weighted_sum([*self._chosen, *self._alone], numbers.tolist())
        self._model.minimize(self._cost)

    def _shifted(self, unit_duals: Floats, best_km: float) -> tuple[float, Floats]:
        """(km that all groupings cost, km that each choice costs beyond), no more than makes a grouping too dear."""
        base = float(unit_duals.sum())
        reduced = reduced_costs(self._problem, self._candidates, Duals.of(unit_duals, self._problem.largest))
        alone = (self._problem.prices.apart - unit_duals)[self._firsts] if self._alone else np.zeros(0)
        costs = np.concatenate([reduced, alone])
        least = self._choices * costs.min(initial=0.0)
        return base, np.minimum(costs, best_km - base - least + exact_km(best_km))

    def solve(
        self,
        hint: Sequence[tuple[int, ...]],
        *,
        clock: Clock,
        work: float,
        seed: int,
        report: Callable[[float, float], None],
        gap_km: float = 0.0,
        below_km: float = math.inf,
    ) -> Choice:
        """Search until it is proved to within ``gap_km``, ``work`` is done, or the clock stops.

        Args:
            hint: the best grouping so far.
            clock: may stop it.
            work: CP-SAT's deterministic seconds.
            seed: of the solver.
            report: told each (cost, bound) in km of the model, to within its rounding.
            gap_km: good enough.
            below_km: only groupings that cost less are of interest.

        """
        twins = self._problem.twins
        wanted = Counter(twins.canonical(hint))
        missing = Counter(twins.first.tolist())
        missing.subtract(twins.first[[unit for members in hint for unit in members]].tolist())
        for chosen, members in zip(self._chosen, self._candidates, strict=True):
            self._model.add_hint(chosen, wanted[members])
        for unit, alone in zip(self._firsts.tolist(), self._alone, strict=bool(self._alone)):
            self._model.add_hint(alone, missing[unit])
        if below_km < math.inf:
            # Costs are rounded down, so no such grouping is excluded.
            self._model.add(self._cost <= math.floor((below_km - self._base) * self._scale))
        solver = cp_model.CpSolver()
        parameters = solver.parameters
        # One worker: deterministic, and on these models faster than several. Probing and the search for symmetries
        # take longer than the rest.
        parameters.num_workers = 1
        parameters.cp_model_probing_level = 0
        parameters.symmetry_level = 0
        parameters.linearization_level = 2
        # With this part of presolve OR-tools 9.15 proves false optima (https://github.com/google/or-tools/issues/5293).
        parameters.presolve_inclusion_work_limit = 0
        parameters.random_seed = seed
        clock.spend(_BUILT * len(self._candidates))
        if clock.stopped():
            return Choice(None, -math.inf, False)
        if (most := min(work, clock.work_left)) < math.inf:
            parameters.max_deterministic_time = most
        # Presolve heeds a time limit, though not always stop_search.
        parameters.max_time_in_seconds = clock.remaining
        parameters.absolute_gap_limit = max(0.5, math.floor(gap_km * self._scale))
        parameters.catch_sigint_signal = False
        solver.best_bound_callback = lambda bound: report(math.inf, self._km(bound))
        with clock.calling(solver.stop_search):
            status = solver.solve(self._model, _Watcher(lambda cost: report(self._km(cost), -math.inf)))
        clock.spend(solver.response_proto.deterministic_time)
        if status == cp_model.INFEASIBLE and below_km < math.inf:
            return Choice(None, below_km, True)
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            # Cut short before anything was known; the solver's own bound is then a mere 0.
            return Choice(None, -math.inf, False)
        patterns = [
            members
            for chosen, members in zip(self._chosen, self._candidates, strict=True)
            for _ in range(solver.value(chosen))
        ]
        communities = tuple(twins.distinct(patterns))
        return Choice(communities, self._km(solver.best_objective_bound), status == cp_model.OPTIMAL)

    def _km(self, value: float) -> float:
        return self._base + value / self._scale


class _Watcher(cp_model.CpSolverSolutionCallback):
    def __init__(self, tell: Callable[[float], None]) -> None:
        super().__init__()
        self._tell = tell

    def on_solution_callback(self) -> None:
        self._tell(self.objective_value)
