"""Places instead of tables: the same kilometres, neighbours, twins and optima."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grouping import Applications, InputError, Level, Links, Site, Where, load_scenario, solve
from grouping import distances as distances_module
from grouping.cost import Floats, Ints, parts
from grouping.cost_terms import Terms
from grouping.distances import Distances, by_places, great_circle, great_circles, places_of
from grouping.ground import joint_table, with_host_tables
from grouping.nearest import leaf_order, nearest
from grouping.problem import build_problem
from grouping.search import Search
from grouping.together import together_of

from instances import both_problems, placed
from oracle import Instance

thorough = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def both_terms(case: tuple[Instance, Applications, Links]) -> tuple[Terms, Terms]:
    instance, applications, links = case
    by_table, by_places = (
        Terms.build(applications.sites, distance, instance.regions, links.links, instance.scenario)
        for distance in (great_circle(applications.sites), places_of(applications.sites))
    )
    return by_table, by_places


def same(a: object, b: object) -> bool:
    """Half the way around the Earth the arcsine turns the last bits into centimetres."""
    return bool(np.allclose(a, b, rtol=1e-9, atol=1e-3))  # type: ignore[arg-type]


def test_arcs_are_great_circles() -> None:
    """From metres to the other side of the Earth."""
    random = np.random.default_rng(1)
    near = 110.0 + np.cumsum(10.0 ** -random.uniform(0, 5, 60)), 30.0 + np.cumsum(10.0 ** -random.uniform(0, 5, 60))
    wide = random.uniform(-180, 180, 60), random.uniform(-90, 90, 60)
    lon, lat = np.concatenate([near[0], wide[0]]), np.concatenate([near[1], wide[1]])
    sites = [Site(str(k), str(k), Level.COUNTY, Where(""), lon=lon[k], lat=lat[k]) for k in range(120)]
    every = np.arange(120)
    table, arcs = great_circle(sites), places_of(sites).km(every, every)
    # A millionth of a metre of rounding in the coordinates themselves.
    assert np.allclose(arcs, table, rtol=1e-9, atol=1e-9)
    assert (arcs == arcs.T).all()


def test_many_sites_are_placed_and_few_are_tabled(monkeypatch: pytest.MonkeyPatch) -> None:
    sites = [Site(str(k), str(k), Level.COUNTY, Where(""), lon=100.0 + k, lat=30.0) for k in range(3)]
    assert isinstance(great_circles(sites), np.ndarray)
    assert not by_places(sites, None)
    monkeypatch.setattr(distances_module, "MOST_TABLED", 2)
    # Whoever announces what is to come, and whoever does it, must agree.
    assert by_places(sites, None)
    assert not by_places([replace(site, level=level) for site, level in zip(sites, Level, strict=False)], None)
    assert not by_places(sites, Distances(np.zeros((3, 3))))
    assert len(great_circles(sites)) == 3
    assert not isinstance(great_circles(sites), np.ndarray)
    with pytest.raises(InputError):
        great_circles([*sites, replace(sites[0], lon=None)])


@thorough
@given(placed(), st.data())
def test_costs_are_the_same(case: tuple[Instance, Applications, Links], data: st.DataObject) -> None:
    by_table, by_places = both_terms(case)
    size = case[0].size
    members = sorted(data.draw(st.sets(st.integers(0, size - 1), min_size=1)))
    assert same(list(by_table.cost(members).parts().values()), list(by_places.cost(members).parts().values()))
    labels = data.draw(st.lists(st.integers(0, 3), min_size=size, max_size=size))
    units = [np.flatnonzero(np.array(labels) == label) for label in sorted(set(labels))]
    chosen = np.array(sorted(data.draw(st.sets(st.integers(0, len(units) - 1), min_size=1))))
    tabled, grounded = by_table.merged(units), by_places.merged(units)
    assert same(parts(tabled, chosen, len(chosen))[:4], parts(grounded, chosen, len(chosen))[:4])
    assert same(joint_table(tabled), joint_table(grounded))
    hosted = with_host_tables(grounded)
    assert not len(tabled.host_distance) or same(hosted.host_distance, tabled.host_distance)
    assert not len(tabled.host_cross) or same(hosted.host_cross, tabled.host_cross)


@thorough
@given(placed(), st.data())
def test_of_some_units_the_costs_are_the_same(case: tuple[Instance, Applications, Links], data: st.DataObject) -> None:
    _, problem = both_problems(case)
    prices = problem.prices
    units = np.array(data.draw(st.permutations(range(problem.size)))[: data.draw(st.integers(1, problem.size))])
    tabled, grounded = prices.part(units), prices.part(units, tables=False)
    assert len(grounded.ground.start) and not len(tabled.ground.start)
    assert same(joint_table(tabled), joint_table(grounded))
    some = np.arange(len(units))[: data.draw(st.integers(1, len(units)))]
    assert same(parts(tabled, some, len(some))[:5], parts(grounded, some, len(some))[:5])
    # With their hosts, they cost what they do on the map.
    assert same(parts(prices, units[some], len(some))[:5], parts(grounded, some, len(some))[:5])


@thorough
@given(placed())
def test_the_nearest_are_those_of_the_table(case: tuple[Instance, Applications, Links]) -> None:
    _, problem = both_problems(case)
    prices = problem.prices
    units = problem.size
    table = joint_table(prices)
    np.fill_diagonal(table, np.inf)
    count = min(4, units - 1)
    for linked in (True, False):
        value = table
        if linked and prices.pair.linked:
            value = np.nan_to_num(table + prices.pair.table * units)
            np.fill_diagonal(value, np.inf)
        near, km = nearest(prices, count, linked)
        expected = np.sort(value, axis=1)[:, :count]
        assert np.allclose(km, expected, rtol=1e-9, atol=1e-9)
        assert np.allclose(np.take_along_axis(value, near, axis=1), expected, rtol=1e-9, atol=1e-9)
        assert all(len(set(row)) == count for row in near.tolist())
    assert sorted(leaf_order(prices).tolist()) == list(range(units))


@thorough
@given(placed())
def test_twins_at_one_place_may_change_places(case: tuple[Instance, Applications, Links]) -> None:
    problem, grounded = both_problems(case)
    prices = problem.prices
    first = grounded.twins.first
    vectors = places_of(problem.sites).vectors
    for a in range(problem.size):
        for b in range(a):
            order = np.arange(problem.size)
            order[[a, b]] = b, a
            if first[a] == first[b]:
                assert (prices.miss[a] == prices.miss[b]).all()
                assert not len(prices.able) or prices.able[a] == prices.able[b]
                for matrix in (prices.distance, prices.cross, prices.pair.table):
                    assert not matrix.size or np.allclose(matrix[np.ix_(order, order)], matrix, rtol=1e-9, atol=1e-6)
            elif len(problem.units[a]) == len(problem.units[b]) == 1 and not prices.pair.linked:
                p, q = problem.units[a][0], problem.units[b][0]
                hosts = prices.measure == 1 and problem.terms.can_lead[p] != problem.terms.can_lead[q]
                differ = problem.terms.region[p] != problem.terms.region[q]
                themes = (prices.miss[a] != prices.miss[b]).any()
                lead = len(prices.able) > 0 and prices.able[a] != prices.able[b]
                assert (vectors[p] != vectors[q]).any() or differ or hosts or themes or lead


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(placed())
def test_the_optimum_is_the_same(case: tuple[Instance, Applications, Links]) -> None:
    instance, applications, links = case
    # Compiling, too, counts against the limit where only a part of the package was compiled before.
    stop = instance.scenario.stop.model_copy(update={"seconds": 300.0})
    scenario = instance.scenario.model_copy(update={"stop": stop})
    with pytest.MonkeyPatch.context() as patch:
        found: list[float | None] = []
        for most in (distances_module.MOST_TABLED, 0):
            patch.setattr(distances_module, "MOST_TABLED", most)
            try:
                result = solve(applications, scenario, links=links, workers=1)
                found.append(sum(level.cost.total_km for level in result.levels))
            except InputError:
                found.append(None)
    assert (found[0] is None) == (found[1] is None)
    assert found[0] is None or found[0] == pytest.approx(found[1], rel=1e-9, abs=1e-6)


@thorough
@given(st.integers(1, 8), st.data())
def test_links_are_summed_over_units(sites: int, data: st.DataObject) -> None:
    index = st.integers(0, sites - 1)
    entries = data.draw(st.dictionaries(st.tuples(index, index), st.integers(-9, 9).map(float)))
    table: Floats = np.zeros((sites, sites))
    for (a, b), km in entries.items():
        if a != b:
            table[a, b] = table[b, a] = km
    together = together_of(sites, {(a, b): table[a, b] for a in range(sites) for b in range(sites)})
    labels = np.array(data.draw(st.lists(st.integers(0, 3), min_size=sites, max_size=sites)))
    units: list[Ints] = [np.flatnonzero(labels == label) for label in sorted(set(labels.tolist()))]
    expected = np.array([[table[np.ix_(a, b)].sum() for b in units] for a in units])
    np.fill_diagonal(expected, np.diag(expected) / 2)
    assert together.linked == table.any()
    merged = together.merged(units)
    assert merged.linked == expected.any()
    assert not merged.linked or (merged.table == expected).all()


@thorough
@given(st.integers(2, 8), st.data())
def test_what_two_gain_is_divided_so_that_both_are_worth_the_same(units: int, data: st.DataObject) -> None:
    index = st.integers(0, units - 1)
    km = {}
    for (a, b), value in data.draw(
        st.dictionaries(st.tuples(index, index), st.sampled_from([-9.0, -4, 5, np.inf]))
    ).items():
        km[a, b] = km[b, a] = value
    together = together_of(units, km)
    worth = np.array(data.draw(st.lists(st.integers(-20, 20).map(float), min_size=units, max_size=units)))
    split = together.split(worth)
    part = dict(zip(zip(together.rows.tolist(), together.other.tolist(), strict=True), split.km.tolist(), strict=True))
    assert part.keys() == km.keys()
    for (a, b), value in km.items():
        if a == b or value > 0:
            assert part[a, b] == value
            continue
        assert part[a, b] + part[b, a] == pytest.approx(value)
        assert max(part[a, b], part[b, a]) <= 0
        # Where one has all of it, it is worth less even so.
        assert worth[a] - part[a, b] == pytest.approx(worth[b] - part[b, a]) or (
            max(part[a, b], part[b, a]) == 0 and (worth[a] > worth[b]) == (part[a, b] == 0)
        )
    gains = [-sum(part[a, b] for b in range(units) if b != a and km.get((a, b), 0) < 0) for a in range(units)]
    assert split.gain.tolist() == pytest.approx(gains)


def test_a_search_by_places_is_as_good() -> None:
    """It starts otherwise, and so ends elsewhere, but not far off; each of its communities may be one."""
    random = np.random.default_rng(7)
    sites = [
        Site(str(k), str(k), Level.COUNTY, Where(""), lon=lon, lat=lat)
        for k, (lon, lat) in enumerate(zip(random.uniform(100, 120, 240), random.uniform(25, 40, 240), strict=True))
    ]
    scenario = load_scenario("base")
    costs = []
    for distance in (great_circle(sites), places_of(sites)):
        problem = build_problem(Level.COUNTY, sites, distance, [None] * 240, [], scenario)
        search = Search(problem.prices, problem.smallest, problem.largest, 1, problem.limits, problem.region)
        search.steps(40_000, 0.1 * search.mean_cost, 0.002 * search.mean_cost)
        assert sorted(unit for members in search.best for unit in members) == list(range(240))
        costs.append(sum(problem.terms.cost(members).total_km for members in search.best))
    assert costs[1] == pytest.approx(costs[0], rel=0.02)
