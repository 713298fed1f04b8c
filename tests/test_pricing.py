"""Pricing against enumeration: the least reduced costs, all candidates below a threshold, bounds when cut short."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

import grouping.bound
import grouping.pricing
import grouping.roots
from grouping import Kind, Link, Scenario
from grouping.areas import Areas, PricedAreas
from grouping.borders import NO_BORDER, Border
from grouping.bound import certified, lower_bound
from grouping.bound import reduced_costs as own_reduced_costs
from grouping.candidates import Candidates
from grouping.clock import Clock
from grouping.cuts import Cuts, Rows
from grouping.placement import most_placed
from grouping.pricing import Duals, Pricer
from grouping.problem import Problem
from grouping.scenario import Size, Travel

from instances import HERE, instances, problem_of
from oracle import Instance, best, community_cost

thorough = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


def all_candidates(problem: Problem, instance: Instance) -> Candidates:
    """Every community that the oracle allows."""
    units = range(problem.size)
    sets = [
        members
        for count in range(1, problem.size + 1)
        for members in combinations(units, count)
        if community_cost(instance, np.concatenate([problem.units[u] for u in members]).tolist()) is not None
    ]
    return Candidates.of(sets, problem.largest)


def canonical(problem: Problem, candidates: Candidates) -> Candidates:
    """Those of the candidates that have of twins the first ones."""
    first = problem.twins.first
    same = [[unit for unit in range(problem.size) if first[unit] == first[member]] for member in range(problem.size)]
    return Candidates.of(
        [
            members
            for members in candidates
            if all(set(same[unit][: same[unit].index(unit)]) <= set(members) for unit in members)
        ],
        problem.largest,
    )


def some_duals(problem: Problem, seed: int) -> Duals:
    """As the LP has them: the same for twins, and without cuts on them."""
    random = np.random.default_rng(seed)
    unit, community = random.uniform(-20, 90, problem.size)[problem.twins.first], float(random.uniform(-30, 30))
    single = np.flatnonzero(problem.twins.count == 1).tolist()
    triples = np.array(list(combinations(single, 3)), dtype=np.int64).reshape(-1, 3)
    prices = random.uniform(0, 25, len(triples)) * (random.random(len(triples)) < random.choice([0.0, 0.1, 0.6]))
    border = Border(problem.region, float(random.uniform(0, 60))) if problem.crossing is not None else NO_BORDER
    cuts = Cuts.priced(Rows.of_triples(triples), prices, problem.size)
    return Duals(unit, community, cuts, some_areas(problem, random), border)


def some_areas(problem: Problem, random: np.random.Generator) -> PricedAreas:
    """None to three, with twins all in or all out."""
    number = int(random.integers(4))
    inside = (random.random((number, problem.size)) < 0.6)[:, problem.twins.first]
    sizes = [(1, 6), (5, 6), (1, 3), (2, 5), (1, 4)]
    multipliers = np.array(sizes)[random.integers(len(sizes), size=number)].reshape(-1, 2)
    areas = Areas.rounded(inside, inside @ problem.prices.weight, multipliers, problem.largest)
    return areas.priced(random.uniform(0, 25, number))


def reduced_costs(problem: Problem, candidates: Candidates, duals: Duals) -> np.ndarray:
    """By the definition, and so apart from the package's own."""
    reduced = []
    for members in candidates:
        cost = problem.terms.cost(np.concatenate([problem.units[unit] for unit in members])).total_km
        cost -= sum(duals.unit[unit] for unit in members) + duals.community
        for triple, price in zip(duals.cuts.units[:, :3].tolist(), duals.cuts.price, strict=True):
            cost += price * (len(set(triple) & set(members)) >= 2)
        areas = duals.areas.areas
        for inside, points, price in zip(areas.inside, areas.points, duals.areas.price, strict=True):
            cost += price * points[sum(problem.prices.weight[unit] for unit in members if inside[unit])]
        sites = np.concatenate([problem.units[unit] for unit in members])
        cost += duals.border.price * (len(set(problem.terms.region[sites].tolist()) - {-1}) > 1)
        reduced.append(cost)
    return np.array(reduced)


def optimum(instance: Instance) -> tuple[int, float]:
    """What brute force finds; an instance without a grouping within its limits is passed over."""
    found = best(instance)
    assume(found is not None)
    assert found is not None
    return found


def pricer_of(problem: Problem) -> Pricer:
    return Pricer(problem, 1, Clock(60.0))


@thorough
@given(instances(), st.integers(0, 10**6), st.sampled_from([(0, 1), (0, 3), (2, 2), (40, 12)]), st.floats(0, 0.6))
def test_pricing_misses_nothing(instance: Instance, seed: int, crowding: tuple[int, int], share: float) -> None:
    problem = problem_of(instance)
    duals = some_duals(problem, seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grouping.pricing, "_CROWD", crowding[0])
        patch.setattr(grouping.roots, "_CLUSTER", crowding[1])
        _misses_nothing(problem, instance, duals, share)


def _misses_nothing(problem: Problem, instance: Instance, duals: Duals, share: float) -> None:
    every = canonical(problem, all_candidates(problem, instance))
    reduced = reduced_costs(problem, every, duals)
    assert own_reduced_costs(problem, every, duals) == pytest.approx(reduced, rel=1e-12, abs=1e-9)
    threshold = float(np.quantile(reduced, share)) if len(reduced) else 0.0
    found = pricer_of(problem).below(duals, threshold, 10_000)
    assert found.exact
    expected = {members for members, value in zip(every, reduced, strict=True) if value < threshold - 1e-6}
    assert expected <= set(found.candidates) <= set(every)
    assert len(set(found.candidates)) == len(found.candidates)
    least = pricer_of(problem).least(duals)
    assert least.exact
    assert least.least.min(initial=0.0) == pytest.approx(min(0.0, reduced.min(initial=0.0)), abs=1e-6)


@thorough
@given(instances(), st.integers(0, 10**6), st.integers(1, 8), st.sampled_from([None, 1, 4]))
def test_a_candidate_of_a_window_counts_at_one_of_its_own_units(
    instance: Instance, seed: int, own: int, nodes: int | None
) -> None:
    """What a patch proves adds up the least of its core's units, for all candidates that hold no others of its own.

    No less so where the search is cut short.
    """
    problem = problem_of(instance)
    assume(not len(problem.prices.able))
    own = min(own, problem.size)
    duals = some_duals(problem, seed)
    least = Pricer(problem, 1, Clock(60.0), own).least(duals, nodes).least
    every = canonical(problem, all_candidates(problem, instance))
    for members, reduced in zip(every, reduced_costs(problem, every, duals), strict=True):
        if members[0] < own:
            assert reduced >= least[[unit for unit in members if unit < own]].min() - 1e-6


@pytest.mark.parametrize("nodes", [1, 3, 10])
@pytest.mark.parametrize("seed", range(5))
def test_nor_is_it_less_where_hosts_are_around(seed: int, nodes: int) -> None:
    """Two units of a window's own, and six around that host; all are paid so much that many candidates are below 0."""
    random = np.random.default_rng(seed)
    km = random.integers(1, 60, (8, 8)).astype(float)
    scenario = Scenario(size=Size(min=3, max=5, preferred=4, km=10.0), travel=Travel(measure="hosted"))
    able = [False, False, *[True] * 6]
    instance = Instance((km + km.T).tolist(), regions=["长三角"] * 8, can_lead=able, links=[], scenario=scenario)
    problem = problem_of(instance)
    duals = Duals.of(random.uniform(40.0, 90.0, 8), problem.largest)
    with Clock(60.0) as clock:
        least = Pricer(problem, 1, clock, 2).least(duals, nodes).least
    every = canonical(problem, all_candidates(problem, instance))
    reduced = reduced_costs(problem, every, duals)
    assert reduced.min() < -50.0
    assert not least[2:].any()
    for members, km_paid in zip(every, reduced, strict=True):
        if members[0] < 2:
            assert km_paid >= least[[unit for unit in members if unit < 2]].min() - 1e-6


@thorough
@given(instances(), st.integers(0, 10**6), st.integers(1, 25))
def test_any_prices_prove_a_bound_even_when_cut_short(instance: Instance, seed: int, nodes: int) -> None:
    problem = problem_of(instance)
    left_out, cost = optimum(instance)
    assume(left_out == problem.unplaced)
    duals = some_duals(problem, seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grouping.pricing, "_NODES", nodes)
        priced = pricer_of(problem).least(duals)
    for unplaced in (0.0, -15.0, 40.0):
        assert certified(problem, duals, unplaced, priced.least) <= cost + 1e-6


def test_prices_of_links_that_cancel_out_prove_nothing_either() -> None:
    """Three sites and a wish that is dear beyond measure: what floats lose of it is more than of all else."""
    km = [[0.0, 0.01, 0.01], [0.01, 0.0, 0.01], [0.01, 0.01, 0.0]]
    scenario = Scenario(size=Size(min=3, max=3, preferred=3, km=0.0))
    random = np.random.default_rng(1)
    for price in random.uniform(9e5, 1e6, 50).tolist():
        wish = Link("0", "1", Kind.WISH, HERE, False, price)
        problem = problem_of(Instance(km, [None] * 3, [True] * 3, [wish], scenario))
        # Of a single community any prices above its cost prove just that.
        duals = Duals.of(random.uniform(0.01, 0.05, 3), problem.largest)
        proved = certified(problem, duals, 0.0, pricer_of(problem).least(duals).least)
        assert 0.02 - 1e-6 < proved <= Fraction(2, 100)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(instances(), st.integers(0, 10**6))
def test_roots_that_are_searched_on_are_as_if_searched_at_once(instance: Instance, seed: int) -> None:
    problem = problem_of(instance)
    duals = some_duals(problem, seed)
    whole = pricer_of(problem).least(duals)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grouping.pricing, "_LONG", 0)
        patch.setattr(grouping.pricing, "_FEW", 1.0)
        resumed = pricer_of(problem).least(duals, 1)
        patch.setattr(grouping.pricing, "_FEW", 0.0)
        given_up = pricer_of(problem).least(duals, 1)
    assert resumed.exact
    assert (resumed.least == whole.least).all()
    assert set(whole.candidates) == set(resumed.candidates)
    # Whoever gives up says no more than what is true.
    assert (given_up.least <= whole.least + 1e-9).all()


def trio(km: list[list[float]]) -> Instance:
    """Three sites, two of which make the only community."""
    scenario = Scenario(size=Size(min=2, max=2, preferred=2, km=0.0), travel=Travel(cross_region_km=0.0))
    return Instance(km=km, regions=["长三角"] * 3, can_lead=[False] * 3, links=[], scenario=scenario)


CANCELLED = trio([[0.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
"""An optimum of nothing: units' prices of 1 and -1 that cancel out."""
LINKED = Instance(
    km=[[0.0] * 6] * 6,
    regions=["长三角"] * 6,
    can_lead=[False] * 6,
    links=[Link("0", "1", Kind.PAIRING, HERE, False, 1.0)],
    scenario=Scenario(size=Size(min=2, max=2, preferred=2, km=0.0), travel=Travel(cross_region_km=0.0)),
)
"""Nothing has a price but what the link costs, where it is not honoured."""
UNPRICED = trio([[0.0, 1.0, 1.0], [1.0, 0.0, 1.0], [1.0, 1.0, 0.0]])
"""Only the number of communities has a price, units have none."""


@thorough
@given(instances())
@example(CANCELLED)
@example(LINKED)
@example(UNPRICED)
def test_the_lp_bound_is_that_of_all_candidates(instance: Instance) -> None:
    """Started from every candidate or from few, and never above the optimum."""
    problem = problem_of(instance)
    left_out, cost = optimum(instance)
    assume(left_out == problem.unplaced and problem.most > 0)
    every = all_candidates(problem, instance)
    assume(len(every))
    full = lower_bound(problem, pricer_of(problem), every, -np.inf, Clock(60.0), lambda _: None)
    assert full.converged
    assert full.km <= cost + 1e-6
    worst = _a_grouping(problem, every)
    assume(worst is not None)
    grown = lower_bound(problem, pricer_of(problem), worst, -np.inf, Clock(60.0), lambda _: None)
    # How far the LP is solved, and what is taken off a bound for rounding, grow with the prices.
    sizes = [max(abs(one.km), float(np.abs(one.duals.unit).sum())) for one in (full, grown)]
    margin = 1e-3 + grouping.bound._CONVERGED * sum(sizes)
    assert grown.km == pytest.approx(full.km, abs=margin)
    cut = lower_bound(problem, pricer_of(problem), worst, cost + 1.0, Clock(60.0), lambda _: None)
    near = margin + grouping.bound._NEAR * (cost + 1.0 - grown.km)
    assert grown.km - near <= cut.km <= cost + 1e-6
    pool = pricer_of(problem).below(cut.duals, cost - cut.km + 1e-3, 10_000)
    assert pool.exact
    least = [v for v in own_reduced_costs(problem, canonical(problem, every), cut.duals) if v < cost - cut.km]
    assert len(least) <= len(pool.candidates)


def _a_grouping(problem: Problem, every: Candidates) -> Candidates | None:
    """The first grouping met that leaves out as many sites as must be, not a good one."""
    weight = problem.prices.weight

    def extend(left: frozenset[int], out: int, chosen: list[tuple[int, ...]]) -> list[tuple[int, ...]] | None:
        if not left:
            return chosen if out == problem.unplaced and not problem.excess(chosen) else None
        first = min(left)
        for members in every:
            if members[0] == first and left.issuperset(members):
                found = extend(left - set(members), out, [*chosen, members])
                if found is not None:
                    return found
        return extend(left - {first}, out + int(weight[first]), chosen) if out < problem.unplaced else None

    found = extend(frozenset(range(problem.size)), 0, [])
    return None if found is None else Candidates.of(found, problem.largest)


@thorough
@given(instances())
def test_no_more_sites_can_be_placed_than_is_said(instance: Instance) -> None:
    problem = problem_of(instance)
    left_out, _ = optimum(instance)
    placed = most_placed(problem.prices, problem.smallest, problem.largest)
    assert placed >= instance.size - left_out
    if not np.isinf(problem.prices.pair.km).any():
        assert placed == instance.size - left_out


def test_too_many_candidates_are_said_to_be_too_many() -> None:
    """Found when a pool larger than its limit must not pass for all candidates."""
    instance = Instance(
        [[float(abs(a * a - b * b)) for a in range(8)] for b in range(8)], [None] * 8, [True] * 8, [], _scenario()
    )
    problem = problem_of(instance)
    duals = Duals.of(np.zeros(8), problem.largest)
    every = len(all_candidates(problem, instance))
    assert pricer_of(problem).below(duals, 1e6, every).exact
    assert not pricer_of(problem).below(duals, 1e6, every - 1).exact


def test_a_halted_pricer_gives_up_with_a_bound() -> None:
    instance = Instance([[0.0] * 8 for _ in range(8)], [None] * 8, [True] * 8, [], _scenario())
    problem = problem_of(instance)
    clock = Clock(60.0)
    clock.interrupt()
    priced = Pricer(problem, 2, clock).least(Duals.of(np.full(8, 50.0), problem.largest))
    assert not priced.exact
    assert priced.least.min() <= 10.0 * 3 - 8 * 50.0 + 1e-6


@pytest.mark.parametrize("clustered", [1, 2, 4])
def test_what_connects_the_others_counts_once_where_each_is_looked_at_with_the_root(clustered: int) -> None:
    """Random instances leave so much between bound and truth that they did not see it counted twice."""
    at = [0.0, 3.0, 100.0, 110.0]
    km = [[abs(a - b) for b in at] for a in at]
    scenario = Scenario.model_validate({"size": {"min": 4, "preferred": 4, "max": 4, "km": 10.0}})
    problem = problem_of(Instance(km, [None] * 4, [True] * 4, [], scenario))
    duals = Duals.of(np.zeros(4), problem.largest)
    cost = 2 / 4 * sum(km[i][j] for i, j in combinations(range(4), 2))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grouping.pricing, "_CROWD", 0)
        patch.setattr(grouping.roots, "_CLUSTER", clustered)
        assert len(pricer_of(problem).below(duals, cost + 0.01, 9).candidates) == 1
        assert len(pricer_of(problem).below(duals, cost - 0.01, 9).candidates) == 0


def _scenario() -> Scenario:
    return Scenario.model_validate({"size": {"min": 3, "preferred": 5, "max": 8, "km": 10.0}})


def test_roots_with_hundreds_of_joiners_are_priced_right() -> None:
    """Where so many may join, what connects them is not tabled, and small instances never get there."""
    random = np.random.default_rng(5)
    points = random.uniform(0, 100, (300, 2))
    km = np.sqrt(((points[:, None] - points[None]) ** 2).sum(axis=2))
    problem = problem_of(Instance(km.tolist(), [None] * 300, [True] * 300, [], _scenario()))
    duals = Duals.of(random.uniform(10, 45, 300), problem.largest)
    priced = pricer_of(problem).least(duals, nodes=2_000)
    reduced = own_reduced_costs(problem, priced.candidates, duals)
    assert len(priced.candidates) > 300
    dearest_first = np.argsort(-duals.unit).tolist()
    roots = np.array([min(members, key=dearest_first.index) for members in priced.candidates])
    assert (reduced < 0).all()
    assert (reduced >= priced.least[roots] - 1e-6).all()
    for root in np.unique(roots):
        # All that could still undercut the best found here is what was left open, which is bounded, too.
        others = dearest_first[dearest_first.index(root) + 1 :]
        nearest = sorted(others, key=lambda unit: km[root, unit] - duals.unit[unit])[:3]
        trial = Candidates.of([(root, *nearest)], problem.largest)
        assert own_reduced_costs(problem, trial, duals)[0] >= priced.least[root] - 1e-6


@pytest.mark.parametrize("paid", [29.7, 31.1, 33.3, 37.9])
def test_blocks_that_are_twins_join_in_their_order_whatever_the_last_bits(paid: float) -> None:
    """What lies between two blocks, added up from either side, may differ in its last bit."""
    km = np.full((5, 5), 30.0)
    for (i, j), between in {(1, 2): 5, (3, 4): 5, (1, 3): 12.3, (1, 4): 12.3, (2, 3): 3.3, (2, 4): 8.9}.items():
        km[i, j] = km[j, i] = between
    np.fill_diagonal(km, 0.0)
    blocks = [Link(a, b, Kind.PAIRING, HERE, must=True) for a, b in (("1", "2"), ("3", "4"))]
    scenario = Scenario.model_validate({"size": {"min": 3, "preferred": 6, "max": 10, "km": 150.0}})
    instance = Instance(km.tolist(), [None] * 5, [True] * 5, blocks, scenario)
    problem = problem_of(instance)
    first, second = np.flatnonzero(problem.prices.weight == 2).tolist()
    assert problem.twins.first[second] == first
    assert problem.prices.distance[first, second] == problem.prices.distance[second, first]
    price = np.full(3, paid)
    price[problem.prices.weight == 1] = 400.0
    duals = Duals.of(price, problem.largest)
    every = all_candidates(problem, instance)
    priced = pricer_of(problem).least(duals)
    assert priced.exact
    assert priced.least.min() == pytest.approx(own_reduced_costs(problem, every, duals).min())
