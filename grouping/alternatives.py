"""Other groupings that cost little more and differ as much as possible.

How far a grouping differs from another is the number of pairs of sites that are together there and parted here. Each
alternative parts as many pairs as possible of that one of the groupings before it to which it is nearest; of those that
differ as much, it is one of the cheapest found.

No grouping within the budget holds a candidate whose reduced cost is above what the budget leaves over the bound
(Baldacci et al. 2008), so choosing among the candidates below that is exact. All levels share one budget.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from ortools.sat.python import cp_model

from grouping.borders import crossing
from grouping.bound import exact_km, lower_bound, reduced_costs
from grouping.candidates import Candidates, Communities
from grouping.cases import Case, LevelCase
from grouping.clock import Clock
from grouping.cost import Floats
from grouping.pricing import Duals, Pricer
from grouping.problem import Problem

_POOL = 60_000
"""Candidates of a level that the model is given at most."""
_LISTED = 400_000
"""Candidates that are listed, of which the likeliest are taken where they are more."""
_SHARES = (1.0, 0.5, 0.25, 0.125, 0.0625, 0.03125)
"""Shares of the slack that are tried until the candidates are few enough to be listed."""
_SCALE = 1_000_000
"""The model's whole numbers for a kilometre of the budget."""
_LARGEST_KM = 1e8
"""Prices of units beyond this are left aside: sums of the model's whole numbers must be whole as floats."""
_FOR_EVER = 604_800.0
"""Seconds, where nobody asks it to stop."""
_FEW = 5_000
"""Candidates of a level among which a first alternative is looked for."""
_FIRST = 0.5
"""The part of the work that this may take, beside what is for the whole."""
_TIDY = 0.25
"""The part of the work that may go into making an alternative cheaper."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another grouping: the members (numbers of sites) of each level's communities.

    ``parted`` is how many pairs of sites that are together in the grouping at hand are not here; ``apart`` the same
    against the nearest of all groupings before it. ``proved`` tells that nothing within the budget differs more, as far
    as the ``candidates`` go: all there can be if ``exact``.
    """

    levels: tuple[tuple[tuple[int, ...], ...], ...]
    cost_km: float
    parted: int
    apart: int
    proved: bool
    exact: bool
    candidates: int


@dataclass(frozen=True)
class Found:
    """The alternatives, and whether it is proved that there are no more where they are fewer than asked for."""

    alternatives: tuple[Alternative, ...]
    complete: bool


@dataclass(frozen=True)
class _Pool:
    """A level's candidates, each with the sites it holds, and whether they are all there can be.

    ``km`` is what each costs beyond the ``prices`` (u,) of its units, which every grouping pays: numbers near zero, on
    which the solver's bounds are strong.
    """

    case: LevelCase
    problem: Problem
    members: tuple[tuple[int, ...], ...]
    prices: Floats
    km: Floats
    across: tuple[int, ...]
    exact: bool

    def likeliest(self, most: int) -> _Pool:
        """The same with so many candidates; the grouping at hand is among them."""
        own = set(self.case.communities.values())
        order = np.argsort(self.km, kind="stable")
        kept = sorted({*order[:most].tolist(), *(k for k, members in enumerate(self.members) if members in own)})
        members = tuple(self.members[k] for k in kept)
        return replace(self, members=members, km=self.km[kept], across=tuple(self.across[k] for k in kept), exact=False)


def alternatives(
    case: Case, count: int, within: float, *, work: float = 60.0, workers: int = 1, clock: Clock | None = None
) -> Found:
    """Up to ``count`` alternatives that cost no more than the grouping at hand and the fraction ``within`` of it.

    They leave out as many sites as it does, level by level, and keep all hard rules. The same case gives the same
    alternatives, unless the ``clock`` cuts it short.

    Args:
        case: the grouping at hand.
        count: how many.
        within: such as 0.02.
        work: CP-SAT's deterministic seconds for each.
        workers: threads for pricing.
        clock: may stop it.

    """
    clock = clock or Clock(_FOR_EVER)
    total = sum(level.cost_km for level in case.levels)
    budget = within * total
    pools = _pools(case, budget, workers, clock)
    before = [tuple(tuple(level.communities.values()) for level in case.levels)]
    found: list[Alternative] = []
    complete = True
    for _ in range(count):
        if clock.stopped():
            complete = False
            break
        seed = case.scenario.seed
        model = _Model(pools, before, total + budget)
        if sum(len(pool.km) for pool in pools) > _FEW:
            # Among many candidates the solver may find nothing at all; among the likeliest it soon does.
            likeliest = _Model([pool.likeliest(_FEW) for pool in pools], before, total + budget)
            hint, _ = likeliest.most_different(_FIRST * work, seed, clock)
            if hint is not None:
                model.start_from(hint)
        chosen, proved = model.most_different(work, seed, clock)
        exact = all(pool.exact for pool in pools)
        if chosen is None:
            complete = exact and proved
            break
        apart = min(_parted(one, chosen) for one in before)
        cost = sum(
            level.problem.terms.cost(members).total_km
            for level, there in zip(case.levels, chosen, strict=True)
            for members in there
        ) + sum(_alone_km(level, there) for level, there in zip(case.levels, chosen, strict=True))
        pairs = _parted(before[0], chosen)
        found.append(Alternative(chosen, cost, pairs, apart, proved, exact, sum(len(pool.km) for pool in pools)))
        before.append(chosen)
    return Found(tuple(found), complete)


def cores(case: LevelCase, others: Sequence[Sequence[Sequence[int]]]) -> Mapping[str, tuple[int, ...]]:
    """For each community of the grouping at hand, the largest part of it that stays together in all ``others``.

    A site alone is no such part; a site of none of them swings.
    """
    homes = [{site: number for number, members in enumerate(one) for site in members} for one in others]
    found = {}
    for label, members in case.communities.items():
        parts: dict[tuple[int, ...], list[int]] = {}
        for site in members:
            parts.setdefault(tuple(home.get(site, -1 - site) for home in homes), []).append(site)
        largest = max(parts.values(), key=len)
        if len(largest) > 1:
            found[label] = tuple(largest)
    return found


def _alone_km(case: LevelCase, communities: Sequence[Sequence[int]]) -> float:
    placed = {site for members in communities for site in members}
    alone = [site for site in range(len(case.problem.sites)) if site not in placed]
    return sum(case.problem.terms.unplaced_cost(site).total_km for site in alone)


def _parted(before: Sequence[Sequence[Sequence[int]]], now: Sequence[Sequence[Sequence[int]]]) -> int:
    """How many pairs that were together are not any more."""
    parted = 0
    for old, new in zip(before, now, strict=True):
        home = {site: number for number, members in enumerate(new) for site in members}
        for members in old:
            counts: dict[int, int] = {}
            for site in members:
                key = home.get(site, -1 - site)
                counts[key] = counts.get(key, 0) + 1
            parted += math.comb(len(members), 2) - sum(math.comb(n, 2) for n in counts.values())
    return parted


# --- Candidates ----------------------------------------------------------------------------------------


def _pools(case: Case, budget: float, workers: int, clock: Clock) -> list[_Pool]:
    pools = []
    for level in case.levels:
        # Which of several twins goes where matters here: each unit is of its own kind.
        problem = replace(level.problem.leaving(level.unplaced), kind=np.arange(level.problem.size))
        if not problem.most or not level.communities:
            pools.append(_Pool(level, problem, (), np.zeros(0), np.zeros(0), (), True))
            continue
        pools.append(_pool(level, problem, budget, Pricer(problem, workers, clock), clock))
    return pools


def _pool(level: LevelCase, problem: Problem, budget: float, pricer: Pricer, clock: Clock) -> _Pool:
    own: Communities = tuple(
        sorted(tuple(sorted({level.unit_of[site] for site in members})) for members in level.communities.values())
    )
    start = Candidates.of(own, problem.largest)
    lp = lower_bound(problem, pricer, start, level.cost_km, clock, lambda _: None)
    slack = level.cost_km + budget - lp.km + 2 * exact_km(level.cost_km)
    listed, exact = start, False
    for share in _SHARES:
        priced = pricer.below(lp.duals, share * slack, _LISTED)
        if priced.exact:
            listed, exact = priced.candidates, share == 1.0
            break
    order = np.argsort(reduced_costs(problem, listed, lp.duals), kind="stable")
    if len(order) > _POOL:
        exact = False
    pool = listed[order[:_POOL]] + start
    prices = lp.duals.unit
    if np.abs(prices).max(initial=0.0) > _LARGEST_KM:
        # Prices of an LP with penalties may be far beyond all costs.
        prices = np.zeros_like(prices)
    km = reduced_costs(problem, pool, Duals.of(prices, problem.largest))
    members = tuple(tuple(sorted(int(site) for unit in units for site in problem.units[unit])) for units in pool)
    across = crossing(problem.region, pool.sets, pool.counts)
    return _Pool(level, problem, members, prices, km, tuple(int(one) for one in across), exact)


# --- The model -----------------------------------------------------------------------------------------


class _Model:
    """Chooses the grouping that parts most pairs of the nearest of those ``before`` at no more than ``most_km``."""

    def __init__(
        self, pools: Sequence[_Pool], before: Sequence[Sequence[Sequence[Sequence[int]]]], most_km: float
    ) -> None:
        self._pools = pools
        self._model = cp_model.CpModel()
        self._chosen = [[self._model.new_bool_var("") for _ in pool.members] for pool in pools]
        cost: list[tuple[cp_model.IntVar, float]] = []
        for pool, chosen in zip(pools, self._chosen, strict=True):
            cost += zip(chosen, pool.km.tolist(), strict=True)
            cost += self._rows(pool, chosen)
        # Rounded to the nearest millimetre: the budget allows for what that may come to.
        numbers = [round(km * _SCALE) for _, km in cost]
        places = sum(pool.problem.most + pool.problem.unplaced for pool in pools)
        self._cost = cp_model.LinearExpr.weighted_sum([one for one, _ in cost], numbers)
        left = most_km - sum(float(pool.prices.sum()) for pool in pools)
        self._model.add(self._cost <= math.floor(left * _SCALE) + places // 2)
        self._together = self._model.new_int_var(-(2**40), 2**40, "")
        for one in before:
            self._nearer(one)

    def _rows(self, pool: _Pool, chosen: Sequence[cp_model.IntVar]) -> list[tuple[cp_model.IntVar, float]]:
        """Each unit once, and what spans communities; the costs of leaving units out."""
        problem = pool.problem
        if not pool.members:
            return []
        takers: list[list[cp_model.IntVar]] = [[] for _ in range(problem.size)]
        for taken, members in zip(chosen, pool.members, strict=True):
            for unit in {pool.case.unit_of[site] for site in members}:
                takers[unit].append(taken)
        alone = []
        if problem.unplaced:
            alone = [self._model.new_bool_var("") for _ in range(problem.size)]
            for unit, one in enumerate(alone):
                takers[unit].append(one)
            weights = problem.prices.weight.tolist()
            self._model.add(cp_model.LinearExpr.weighted_sum(alone, weights) == problem.unplaced)
        for taking in takers:
            self._model.add_exactly_one(taking)
        self._model.add_linear_constraint(sum(chosen), problem.fewest, problem.most)
        if problem.crossing is not None:
            across = [one for one, over in zip(chosen, pool.across, strict=True) if over]
            self._model.add(sum(across) <= problem.crossing)
        return list(zip(alone, (problem.prices.apart - pool.prices).tolist(), strict=True)) if alone else []

    def _nearer(self, before: Sequence[Sequence[Sequence[int]]]) -> None:
        """Count the pairs of a grouping that stay together, and part one at least."""
        variables: list[cp_model.IntVar] = []
        pairs: list[int] = []
        whole = 0
        for pool, chosen, communities in zip(self._pools, self._chosen, before, strict=True):
            home = {site: number for number, members in enumerate(communities) for site in members}
            if pool.members:
                whole += sum(math.comb(len(members), 2) for members in communities)
            for one, members in zip(chosen, pool.members, strict=True):
                counts: dict[int, int] = {}
                for site in members:
                    if site in home:
                        counts[home[site]] = counts.get(home[site], 0) + 1
                if together := sum(math.comb(n, 2) for n in counts.values()):
                    variables.append(one)
                    pairs.append(together)
        kept = cp_model.LinearExpr.weighted_sum(variables, pairs)
        self._model.add(kept - whole <= self._together)
        self._model.add(kept - whole <= -1)

    def start_from(self, grouping: Sequence[Sequence[Sequence[int]]]) -> None:
        """Begin with a grouping of these candidates."""
        for pool, chosen, communities in zip(self._pools, self._chosen, grouping, strict=True):
            wanted = {tuple(members) for members in communities}
            for one, members in zip(chosen, pool.members, strict=True):
                self._model.add_hint(one, members in wanted)

    def most_different(
        self, work: float, seed: int, clock: Clock
    ) -> tuple[tuple[tuple[tuple[int, ...], ...], ...] | None, bool]:
        """(the grouping, or None if none was found; whether that is proved)."""
        self._model.minimize(self._together)
        first = self._solver(work, seed, clock)
        with clock.calling(first.stop_search):
            status = first.solve(self._model)
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return None, status == cp_model.INFEASIBLE
        best = self._read(first)
        self._model.add(self._together <= first.value(self._together))
        self._model.clear_hints()  # type: ignore[no-untyped-call]
        for chosen in self._chosen:
            for one in chosen:
                self._model.add_hint(one, first.value(one))
        self._model.minimize(self._cost)
        second = self._solver(_TIDY * work, seed, clock)
        with clock.calling(second.stop_search):
            tidied = second.solve(self._model)
        if tidied in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            best = self._read(second)
        return best, status == cp_model.OPTIMAL

    def _solver(self, work: float, seed: int, clock: Clock) -> cp_model.CpSolver:
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
        return solver

    def _read(self, solver: cp_model.CpSolver) -> tuple[tuple[tuple[int, ...], ...], ...]:
        return tuple(
            tuple(
                sorted(members for one, members in zip(chosen, pool.members, strict=True) if solver.boolean_value(one))
            )
            for pool, chosen in zip(self._pools, self._chosen, strict=True)
        )
