"""How many sites can have a community at all, before what it costs: sizes, blocks, hosts, avoidances."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from ortools.sat.python import cp_model

from grouping.clock import Clock
from grouping.cost import HOSTED, Prices

_MOST_PLACES = 40_000
"""Units times communities that the model of who is where may have; beyond, it takes gigabytes and finds nothing."""


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
    known = solver.solve(model) in (cp_model.OPTIMAL, cp_model.FEASIBLE)
    return math.floor(solver.best_objective_bound + 0.5) if known else int(prices.weight.sum())


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
    prices: Prices, smallest: int, largest: int, unplaced: int, work: float, clock: Clock
) -> tuple[list[tuple[int, ...]] | None, int]:
    """A grouping that leaves fewer than ``unplaced`` sites out, at whatever cost.

    Returns:
        The communities, None if none were found in CP-SAT's deterministic ``work`` seconds or before the clock stops;
        and how many sites must be left out at least, as far as was proved.

    """
    units = range(len(prices.weight))
    weights = prices.weight.tolist()
    most = sum(weights) // smallest
    if most * len(units) > _MOST_PLACES or clock.stopped():
        return None, 0
    hosts = np.flatnonzero(np.diff(prices.host_start) > 0).tolist()
    foes = np.argwhere(np.isposinf(np.triu(prices.pair, 1))).tolist() if prices.pair.size else []
    model = cp_model.CpModel()
    member = [[model.new_bool_var("") for _ in units] for _ in range(most)]
    used = [model.new_bool_var("") for _ in range(most)]
    for group, opened in zip(member, used, strict=True):
        size = cp_model.LinearExpr.weighted_sum(group, weights)
        model.add(size >= smallest * opened)
        model.add(size <= largest * opened)
        if prices.measure == HOSTED:
            model.add(sum(group[host] for host in hosts) >= opened)
        for a, b in foes:
            model.add_at_most_one([group[a], group[b]])
    for before, after in pairwise(used):
        model.add_implication(after, before)
    for unit in units:
        model.add_at_most_one([group[unit] for group in member])
    placed = sum(cp_model.LinearExpr.weighted_sum(group, weights) for group in member)
    model.add(placed >= sum(weights) - unplaced + 1)
    model.maximize(placed)
    solver = _solver(min(work, clock.work_left))
    solver.parameters.max_time_in_seconds = clock.remaining
    with clock.calling(solver.stop_search):
        status = solver.solve(model)
    clock.spend(solver.response_proto.deterministic_time)
    if status == cp_model.INFEASIBLE:
        return None, unplaced
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None, 0
    groups = [tuple(unit for unit in units if solver.boolean_value(group[unit])) for group in member]
    least = max(0, sum(weights) - math.floor(solver.best_objective_bound + 0.5))
    return [group for group in groups if group], least


def _solver(work: float) -> cp_model.CpSolver:
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_deterministic_time = work
    # Its own handler would leave Ctrl-C killing the process for good.
    solver.parameters.catch_sigint_signal = False
    return solver
