"""How many sites can have a community at all, before what it costs: sizes, blocks, hosts, avoidances."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from ortools.sat.python import cp_model

from grouping.cost import HOSTED, Prices


def most_placed(prices: Prices, smallest: int, largest: int) -> int:
    """The most sites that communities of ``smallest`` to ``largest`` can take, avoidances aside.

    Units differ only in their weight and, under the hosted measure, in whether they can host. A community is then
    one of a few hundred patterns, and how many of each is a small integer program. With avoidances it is a bound.
    """
    hosts = np.diff(prices.host_start) > 0
    units = [(int(weight), bool(host)) for weight, host in zip(prices.weight, hosts, strict=True)]
    kinds = sorted(set(units))
    model = cp_model.CpModel()
    uses: list[list[cp_model.LinearExpr]] = [[] for _ in kinds]
    for pattern in _patterns([weight for weight, _ in kinds], largest):
        weight = sum(count * kind[0] for count, kind in zip(pattern, kinds, strict=True))
        able = prices.measure != HOSTED or any(count and kind[1] for count, kind in zip(pattern, kinds, strict=True))
        if weight >= smallest and able:
            number = model.new_int_var(0, len(units), "")
            for use, count in zip(uses, pattern, strict=True):
                if count:
                    use.append(count * number)
    for use, kind in zip(uses, kinds, strict=True):
        model.add(sum(use) <= units.count(kind))
    model.maximize(sum(kind[0] * sum(use) for use, kind in zip(uses, kinds, strict=True)))
    solver = _solver(60.0)
    solver.solve(model)
    return round(solver.objective_value)


def _patterns(weights: Sequence[int], room: int) -> list[tuple[int, ...]]:
    """Every way to take units of the given weights, so many of each, that weigh no more than ``room`` together."""
    if not weights:
        return [()]
    return [
        (count, *rest)
        for count in range(room // weights[0] + 1)
        for rest in _patterns(weights[1:], room - count * weights[0])
    ]


def place(
    prices: Prices, smallest: int, largest: int, unplaced: int, work: float
) -> tuple[list[tuple[int, ...]] | None, int]:
    """A grouping that leaves fewer than ``unplaced`` sites out, at whatever cost.

    Returns:
        The communities, None if none were found in CP-SAT's deterministic ``work`` seconds; and how many sites must
        be left out at least, as far as was proved.

    """
    units = range(len(prices.weight))
    weights = prices.weight.tolist()
    hosts = np.flatnonzero(np.diff(prices.host_start) > 0).tolist()
    model = cp_model.CpModel()
    most = (sum(weights) - 1) // smallest + 1
    member = [[model.new_bool_var("") for _ in units] for _ in range(most)]
    for group in member:
        used = model.new_bool_var("")
        size = cp_model.LinearExpr.weighted_sum(group, weights)
        model.add(size >= smallest * used)
        model.add(size <= largest * used)
        if prices.measure == HOSTED:
            model.add(sum(group[host] for host in hosts) >= used)
        if prices.pair.size:
            for a, b in np.argwhere(np.isposinf(np.triu(prices.pair, 1))).tolist():
                model.add_at_most_one([group[a], group[b]])
    for unit in units:
        model.add_at_most_one([group[unit] for group in member])
    placed = sum(cp_model.LinearExpr.weighted_sum(group, weights) for group in member)
    model.add(placed >= sum(weights) - unplaced + 1)
    model.maximize(placed)
    solver = _solver(work)
    status = solver.solve(model)
    if status == cp_model.INFEASIBLE:
        return None, unplaced
    least = max(0, sum(weights) - math.floor(solver.best_objective_bound + 0.5))
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None, least
    groups = [tuple(unit for unit in units if solver.boolean_value(group[unit])) for group in member]
    return [group for group in groups if group], least


def _solver(work: float) -> cp_model.CpSolver:
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_deterministic_time = work
    # Its own handler would leave Ctrl-C killing the process for good.
    solver.parameters.catch_sigint_signal = False
    return solver
