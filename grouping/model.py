"""The CP-SAT model: which candidates become communities.

Costs enter less the dual prices of the LP bound. That changes nothing in what is best, for each unit's price is paid
once in any grouping, but it leaves numbers near zero on which the solver's bounds are strong.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from ortools.sat.python import cp_model

from grouping.bound import reduced_costs
from grouping.clock import Clock
from grouping.cost import Floats, Ints
from grouping.cuts import charged
from grouping.pricing import Candidates, Duals
from grouping.problem import Problem

_ROUNDING = 0.25
"""How much of the exactness that is asked for may be lost by rounding all the communities of a grouping."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What the model found among the candidates it was given.

    ``communities`` is None if nothing was found; ``bound_km`` holds for all groupings of these candidates;
    ``proved`` tells that none of them is better by more than the gap that was asked for.
    """

    communities: tuple[tuple[int, ...], ...] | None
    bound_km: float
    proved: bool


class ChoiceModel:
    """Chooses communities among ``candidates`` at least cost.

    Args:
        problem: one level.
        candidates: possible communities.
        duals: the prices of the LP bound.
        exact_km: differences below this do not matter.

    """

    def __init__(self, problem: Problem, candidates: Candidates, duals: Duals, exact_km: float) -> None:
        self._problem = problem
        self._candidates = candidates
        self._base = float(duals.unit.sum())
        # Whole numbers of the model for a kilometre; each choice is rounded by less than one of them.
        self._scale = (problem.most + problem.unplaced) / (_ROUNDING * exact_km)
        self._model = cp_model.CpModel()
        self._chosen = [self._model.new_bool_var("") for _ in range(len(candidates))]
        self._alone = [self._model.new_bool_var("") for _ in range(problem.size if problem.unplaced else 0)]
        self._each_unit_once()
        self._number_of_communities()
        self._unplaced_sites()
        self._subset_rows(duals.cuts.triples)
        self._least_cost(duals.unit)

    def _each_unit_once(self) -> None:
        takers: list[list[cp_model.IntVar]] = [[] for _ in range(self._problem.size)]
        for chosen, members in zip(self._chosen, self._candidates, strict=True):
            for unit in members:
                takers[unit].append(chosen)
        for unit, alone in enumerate(self._alone):
            takers[unit].append(alone)
        for taking in takers:
            self._model.add_exactly_one(taking)

    def _number_of_communities(self) -> None:
        # Implied, but the solver's bound gains much from it where groups are as small as they may be.
        self._model.add_linear_constraint(sum(self._chosen), self._problem.fewest, self._problem.most)

    def _unplaced_sites(self) -> None:
        if self._alone:
            weights = self._problem.prices.weight.tolist()
            self._model.add(cp_model.LinearExpr.weighted_sum(self._alone, weights) == self._problem.unplaced)

    def _subset_rows(self, triples: Ints) -> None:
        # Implied too; with them the solver starts from the LP that gave the bound.
        for column in charged(triples, self._candidates.sets, self._candidates.counts).T:
            self._model.add_at_most_one([self._chosen[k] for k in np.flatnonzero(column)])

    def _least_cost(self, unit_duals: Floats) -> None:
        # Rounded down, so that the bound stays one.
        reduced = reduced_costs(self._problem, self._candidates, Duals.of(unit_duals))
        alone = self._problem.prices.apart - unit_duals if self._alone else np.zeros(0)
        costs = np.floor(np.concatenate([reduced, alone]) * self._scale).astype(np.int64)
        self._model.minimize(cp_model.LinearExpr.weighted_sum([*self._chosen, *self._alone], costs.tolist()))

    def solve(
        self,
        hint: Sequence[tuple[int, ...]],
        *,
        clock: Clock,
        gap_km: float,
        work: float,
        seed: int,
        report: Callable[[float, float], None],
    ) -> Choice:
        """Search until it is proved to within ``gap_km``, ``work`` is done, or the clock stops.

        Args:
            hint: the best grouping so far.
            clock: may stop it.
            gap_km: good enough.
            work: CP-SAT's deterministic seconds.
            seed: of the solver.
            report: told each (cost, bound) in km of the model, to within its rounding.

        """
        wanted = {tuple(sorted(members)) for members in hint}
        placed = {unit for members in hint for unit in members}
        for chosen, members in zip(self._chosen, self._candidates, strict=True):
            self._model.add_hint(chosen, members in wanted)
        for unit, alone in enumerate(self._alone):
            self._model.add_hint(alone, unit not in placed)
        solver = cp_model.CpSolver()
        parameters = solver.parameters
        # One worker: deterministic, and on these models faster than several. Probing and the search for symmetries
        # take longer than the rest.
        parameters.num_workers = 1
        parameters.cp_model_probing_level = 0
        parameters.symmetry_level = 0
        parameters.linearization_level = 2
        parameters.random_seed = seed
        parameters.max_deterministic_time = work
        # Presolve heeds a time limit, though not always stop_search.
        parameters.max_time_in_seconds = clock.remaining
        parameters.absolute_gap_limit = max(0.5, math.floor(gap_km * self._scale))
        parameters.catch_sigint_signal = False
        solver.best_bound_callback = lambda bound: report(math.inf, self._km(bound))
        with clock.calling(solver.stop_search):
            status = solver.solve(self._model, _Watcher(lambda cost: report(self._km(cost), -math.inf)))
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            # Cut short before anything was known; the solver's own bound is then a mere 0.
            return Choice(None, -math.inf, False)
        communities = tuple(
            members
            for chosen, members in zip(self._chosen, self._candidates, strict=True)
            if solver.boolean_value(chosen)
        )
        return Choice(communities, self._km(solver.best_objective_bound), status == cp_model.OPTIMAL)

    def _km(self, value: float) -> float:
        return self._base + value / self._scale


class _Watcher(cp_model.CpSolverSolutionCallback):
    def __init__(self, tell: Callable[[float], None]) -> None:
        super().__init__()
        self._tell = tell

    def on_solution_callback(self) -> None:
        self._tell(self.objective_value)
