"""Who can have a community at all, before what it costs: sizes, blocks, hosts, avoidances, limits on communities."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from ortools.sat.python import cp_model

from grouping.borders import SEVERAL, UNKNOWN
from grouping.clock import Clock
from grouping.cost import Ints, Prices

_MOST_PLACES = 40_000
"""Units times communities that the model of who is where may have; beyond, it takes gigabytes and finds nothing."""


def most_placed(prices: Prices, smallest: int, largest: int) -> int:
    """The most sites that communities of ``smallest`` to ``largest`` can take, avoidances aside.

    Units differ only in their weight and, where a community must be led, in whether they can lead. A community is then
    one of a few hundred patterns, and how many of each is a small integer program. With avoidances it is a bound.
    """
    units = [(int(weight), bool(lead)) for weight, lead in zip(prices.weight, prices.may_lead, strict=True)]
    kinds = sorted(set(units))
    model = cp_model.CpModel()
    uses: list[list[cp_model.LinearExpr]] = [[] for _ in kinds]
    for pattern in _patterns([weight for weight, _ in kinds], largest):
        weight = sum(count * kind[0] for count, kind in zip(pattern, kinds, strict=True))
        able = not prices.must_be_led or any(count and kind[1] for count, kind in zip(pattern, kinds, strict=True))
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


def least_crossing(
    prices: Prices, region: Ints, smallest: int, largest: int, placed: int, fewest: int, most: int
) -> int | None:
    """How many communities must lie across macro-regions at least, avoidances aside; None if none are possible.

    As in :func:`most_placed`, but for each macro-region; what lies across them is only counted, so blocks and leads
    may make it a bound.

    Args:
        prices: what communities cost.
        region: (u,) the macro-region of each unit, see :mod:`grouping.borders`.
        smallest: fewest sites of a community.
        largest: most sites of one.
        placed: sites of all of them.
        fewest: fewest communities.
        most: most communities.

    """
    units = [
        (int(code), int(weight), bool(lead))
        for code, weight, lead in zip(region, prices.weight, prices.may_lead, strict=True)
    ]
    kinds = sorted(set(units))
    model = cp_model.CpModel()
    across = model.new_int_var(0, most, "")
    free = [model.new_int_var(0, units.count(kind), "") for kind in kinds]
    uses: list[list[cp_model.LinearExpr]] = [[taken] for taken in free]
    weights = [weight for _, weight, _ in kinds]
    sites = cp_model.LinearExpr.weighted_sum(free, weights)
    model.add(sites >= smallest * across)
    model.add(sites <= largest * across)
    if prices.must_be_led:
        model.add(sum(taken for taken, kind in zip(free, kinds, strict=True) if kind[2]) >= across)
    numbers: list[cp_model.LinearExpr] = []
    total = [sites]
    known = sorted({code for code, _, _ in kinds if code >= 0})
    for code in known or [UNKNOWN]:
        own = [number for number, kind in enumerate(kinds) if kind[0] in (code, UNKNOWN)]
        for pattern in _patterns([weights[number] for number in own], largest):
            weight = sum(count * weights[number] for count, number in zip(pattern, own, strict=True))
            able = not prices.must_be_led or any(
                count and kinds[number][2] for count, number in zip(pattern, own, strict=True)
            )
            if weight >= smallest and able:
                times = model.new_int_var(0, most, "")
                numbers.append(times)
                total.append(weight * times)
                for count, number in zip(pattern, own, strict=True):
                    if count:
                        uses[number].append(count * times)
    for use, kind in zip(uses, kinds, strict=True):
        model.add(sum(use) <= units.count(kind))
    model.add(sum(total) == placed)
    model.add_linear_constraint(sum(numbers) + across, fewest, most)
    model.minimize(across)
    solver = _solver(60.0)
    status = solver.solve(model)
    if status == cp_model.INFEASIBLE:
        return None
    known_status = status in (cp_model.OPTIMAL, cp_model.FEASIBLE)
    return max(0, math.ceil(solver.best_objective_bound - 0.5)) if known_status else 0


def place(
    prices: Prices, smallest: int, largest: int, unplaced: int, work: float, clock: Clock
) -> tuple[list[tuple[int, ...]] | None, int]:
    """A grouping that leaves fewer than ``unplaced`` sites out, at whatever cost.

    Returns:
        The communities, None if none were found in CP-SAT's deterministic ``work`` seconds or before the clock stops;
        and how many sites must be left out at least, as far as was proved.

    """
    sites = int(prices.weight.sum())
    if _too_many(prices, sites // smallest, clock):
        return None, 0
    places = _Places(prices, smallest, largest, sites // smallest)
    places.model.add(places.placed >= sites - unplaced + 1)
    places.model.maximize(places.placed)
    solver, status = places.solve(work, clock)
    if status == cp_model.INFEASIBLE:
        return None, unplaced
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None, 0
    return places.communities(solver), max(0, sites - math.floor(solver.best_objective_bound + 0.5))


@dataclass(frozen=True, slots=True)
class Within:
    """What became of the look for a grouping within limits.

    ``communities`` is None if none was found; ``impossible`` tells that there is none, and ``least`` then how many
    communities must lie across macro-regions, None if that is not known or not what is wrong.
    """

    communities: list[tuple[int, ...]] | None
    impossible: bool = False
    least: int | None = None


def place_within(
    prices: Prices,
    region: Ints,
    smallest: int,
    largest: int,
    unplaced: int,
    numbers: tuple[int, int],
    crossing: int | None,
    work: float,
    clock: Clock,
) -> Within:
    """A grouping that leaves exactly so many sites out and is within limits, at whatever cost.

    Args:
        prices: what communities cost.
        region: (u,) the macro-region of each unit, see :mod:`grouping.borders`.
        smallest: fewest sites of a community.
        largest: most sites of one.
        unplaced: sites.
        numbers: the fewest and the most communities.
        crossing: the most communities across macro-regions; None if any number.
        work: CP-SAT's deterministic seconds.
        clock: may stop it.

    """
    fewest, most = numbers
    if _too_many(prices, most, clock):
        return Within(None)
    places = _Places(prices, smallest, largest, most)
    places.model.add(places.placed == int(prices.weight.sum()) - unplaced)
    places.model.add(sum(places.used) >= fewest)
    across = places.across(region) if crossing is not None else []
    if crossing is not None:
        # Few are as good as any, and the fewest are told where they are too many.
        places.model.minimize(cp_model.LinearExpr.sum(across))
    solver, status = places.solve(work, clock, None if crossing is None else crossing)
    if status == cp_model.INFEASIBLE:
        return Within(None, impossible=True)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return Within(None)
    if crossing is None or solver.objective_value <= crossing + 0.5:
        return Within(places.communities(solver))
    least = math.ceil(solver.best_objective_bound - 0.5)
    return Within(None, least > crossing, least)


def _too_many(prices: Prices, communities: int, clock: Clock) -> bool:
    return communities * len(prices.weight) > _MOST_PLACES or clock.stopped()


class _Places:
    """Who is where: a Boolean for each unit and community, of which there are ``most``."""

    def __init__(self, prices: Prices, smallest: int, largest: int, most: int) -> None:
        units = range(len(prices.weight))
        weights = prices.weight.tolist()
        leads = np.flatnonzero(prices.may_lead).tolist()
        rows, others = prices.pair.rows, prices.pair.other
        foes = np.stack([rows, others], axis=1)[np.isposinf(prices.pair.km) & (rows < others)].tolist()
        self.model = model = cp_model.CpModel()
        self._member = member = [[model.new_bool_var("") for _ in units] for _ in range(most)]
        self.used = [model.new_bool_var("") for _ in range(most)]
        for group, opened in zip(member, self.used, strict=True):
            size = cp_model.LinearExpr.weighted_sum(group, weights)
            model.add(size >= smallest * opened)
            model.add(size <= largest * opened)
            if prices.must_be_led:
                model.add(sum(group[lead] for lead in leads) >= opened)
            for a, b in foes:
                model.add_at_most_one([group[a], group[b]])
        for before, after in pairwise(self.used):
            model.add_implication(after, before)
        for unit in units:
            model.add_at_most_one([group[unit] for group in member])
        self.placed = sum(cp_model.LinearExpr.weighted_sum(group, weights) for group in member)

    def across(self, region: Ints) -> list[cp_model.IntVar]:
        """For each community whether it lies across macro-regions."""
        codes = sorted(set(region[region >= 0].tolist()))
        across = [self.model.new_bool_var("") for _ in self._member]
        for group, over in zip(self._member, across, strict=True):
            home = {code: self.model.new_bool_var("") for code in codes}
            self.model.add_at_most_one(list(home.values()))
            for there, code in zip(group, region.tolist(), strict=True):
                if code >= 0:
                    self.model.add_bool_or([there.negated(), home[code], over])
                elif code == SEVERAL:
                    self.model.add_implication(there, over)
        return across

    def solve(
        self, work: float, clock: Clock, enough: int | None = None
    ) -> tuple[cp_model.CpSolver, cp_model.CpSolverStatus]:
        """Solve in ``work`` deterministic seconds and until the clock stops, or a cost is down to ``enough``."""
        solver = _solver(min(work, clock.work_left))
        solver.parameters.max_time_in_seconds = clock.remaining
        watcher = None if enough is None else _Enough(enough)
        with clock.calling(solver.stop_search):
            status = solver.solve(self.model, watcher)
        clock.spend(solver.response_proto.deterministic_time)
        return solver, status

    def communities(self, solver: cp_model.CpSolver) -> list[tuple[int, ...]]:
        """Those of a solution."""
        groups = [
            tuple(unit for unit, there in enumerate(group) if solver.boolean_value(there)) for group in self._member
        ]
        return [group for group in groups if group]


class _Enough(cp_model.CpSolverSolutionCallback):
    def __init__(self, enough: int) -> None:
        super().__init__()
        self._enough = enough

    def on_solution_callback(self) -> None:
        if self.objective_value <= self._enough:
            self.stop_search()


def _solver(work: float) -> cp_model.CpSolver:
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_deterministic_time = work
    # See grouping.model.
    solver.parameters.presolve_inclusion_work_limit = 0
    # Its own handler would leave Ctrl-C killing the process for good.
    solver.parameters.catch_sigint_signal = False
    return solver
