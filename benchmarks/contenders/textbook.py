"""The textbook CP-SAT model: a Boolean for each site and community, a product for each pair of sites.

It is exact, so on small instances it is an oracle for the tests.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from ortools.sat.python import cp_model

from benchmarks.instances import Instance
from benchmarks.referee import Referee

_MOST_PRODUCTS = 6_000_000
"""Products that a model can have: beyond, it does not fit into an office computer's memory."""
_STEPS = 10_000_000
"""Whole units that the largest weight is divided into."""


@dataclass(frozen=True)
class Textbook:
    """The model. ``member[i][k]`` says that site i is in community k, for k up to i; ``scale`` is units per km."""

    model: cp_model.CpModel
    member: list[list[cp_model.IntVar]]
    scale: float

    def communities(self, value: cp_model.CpSolver | cp_model.CpSolverSolutionCallback) -> list[list[int]]:
        """The communities of a solution."""
        found: dict[int, list[int]] = {}
        for site, own in enumerate(self.member):
            for number, variable in enumerate(own):
                if value.boolean_value(variable):
                    found.setdefault(number, []).append(site)
        return list(found.values())


def products(instance: Instance) -> int:
    """How many products of two Booleans the model has."""
    most = instance.problem.most
    return sum((instance.size - 1 - site) * min(site + 1, most) for site in range(instance.size))


def build(instance: Instance) -> Textbook:
    """The model of an instance under the ``rotating`` measure, without links.

    Costs are rounded down to whole units, so that a bound of the model is one of the cost in km. Communities are
    numbered by their first members: site i may be in community k only if a site before it is in community k - 1.
    """
    scenario = instance.scenario
    if scenario.travel.measure != "rotating":
        raise ValueError("the textbook model is that of the rotating measure")
    weights = instance.weights
    scale = _STEPS / max(float(weights.max()), 1e-9)
    units = np.floor(scale * weights).astype(np.int64)
    sites, most = range(instance.size), instance.problem.most
    sizes = range(scenario.size.min, scenario.size.max + 1)
    model = cp_model.CpModel()
    member = [[model.new_bool_var("") for _ in range(min(site + 1, most))] for site in sites]
    for own in member:
        model.add_exactly_one(own)
    for site in sites:
        for number in range(1, len(member[site])):
            before = [member[other][number - 1] for other in range(number - 1, site)]
            model.add(member[site][number] <= cp_model.LinearExpr.sum(before))
    costs: list[cp_model.LinearExprT] = []
    for number in range(most):
        inside = {site: member[site][number] for site in sites if number < len(member[site])}
        has = {size: model.new_bool_var("") for size in sizes}
        model.add_at_most_one(has.values())
        model.add(cp_model.LinearExpr.sum(list(inside.values())) == sum(size * one for size, one in has.items()))
        both, between = [], []
        for a, b in combinations(inside, 2):
            product = model.new_bool_var("")
            # Weights are not negative, so the product is never 1 without need.
            model.add_bool_or(~inside[a], ~inside[b], product)
            both.append(product)
            between.append(int(units[a, b]))
        journeys = cp_model.LinearExpr.weighted_sum(both, between)
        travel = model.new_int_var(0, sizes[-1] * _STEPS, "")
        for size, one in has.items():
            # travel >= 2 / size * journeys, rounded down.
            model.add(size * travel + size - 1 >= 2 * journeys).only_enforce_if(one)
        costs.append(travel)
        costs += [
            int(scale * scenario.size.km * abs(size - scenario.size.preferred)) * one for size, one in has.items()
        ]
    model.minimize(cp_model.LinearExpr.sum(costs))
    return Textbook(model, member, scale)


class _Offers(cp_model.CpSolverSolutionCallback):
    """Hands in each solution."""

    def __init__(self, textbook: Textbook, referee: Referee) -> None:
        super().__init__()
        self._textbook = textbook
        self._referee = referee

    def on_solution_callback(self) -> None:
        """CP-SAT has a better solution."""
        self._referee.offer(self._textbook.communities(self))


def contend(referee: Referee) -> None:
    """Build the model and solve it in what time is left."""
    count = products(referee.instance)
    if count > _MOST_PRODUCTS:
        referee.note(f"not built: {count / 1e6:,.0f} million products")
        return
    begun = time.monotonic()
    textbook = build(referee.instance)
    if not referee.left:
        referee.note(f"building took {time.monotonic() - begun:.0f} s")
        return
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = referee.left
    solver.parameters.num_workers = referee.cores
    solver.parameters.random_seed = 1
    status = solver.solve(textbook.model, _Offers(textbook, referee))
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        # Not always for lack of time: CP-SAT may stop before its limit, between two steps of its presolve.
        referee.note(f"CP-SAT: {solver.status_name(status).lower()}, {count:,} products")
    referee.prove(max(0.0, solver.best_objective_bound / textbook.scale))
