"""Exchanges: no unit is lost, none that pays is left, and communities that were mixed up are found again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grouping import Kind, Level, Link, Scenario, Site, Where
from grouping.cost import total_of
from grouping.draft import on_the_way
from grouping.problem import Problem, build_problem
from grouping.search import Search

from instances import both_problems, instances, placed, problem_of
from oracle import Instance


def exchanged(problem: Problem, start: Sequence[Sequence[int]], steps: int, hot: float, cold: float) -> Search:
    """The search that goes on from communities by exchanges alone."""
    search = Search(problem.prices, problem.smallest, problem.largest, 1, problem.limits, problem.region, start)
    search.exchange(steps, hot, cold)
    return search


def km_on_the_way(search: Search, problem: Problem, held: Sequence[Sequence[int]]) -> float:
    """What a search counts for communities that need not be valid; infinite if one has too many sites."""
    around = search._around
    km = 0.0
    for members in held:
        sites = int(problem.prices.weight[list(members)].sum())
        if sites > problem.largest:
            return np.inf
        total = total_of(problem.prices, np.array(members, dtype=np.int64), len(members))
        km += on_the_way(around.missing_km, around.forbidden_km, problem.smallest, 0.0, total, sites)
    return km


def others(held: Sequence[Sequence[int]]) -> Iterator[list[list[int]]]:
    """All that an exchange could make of communities."""
    for k, one in enumerate(held):
        for other in held[:k]:
            for a in one:
                for b in other:
                    rest = [list(members) for members in held if members not in (one, other)]
                    yield [
                        *rest,
                        [b if unit == a else unit for unit in one],
                        [a if unit == b else unit for unit in other],
                    ]


def check_all_is_settled(problem: Problem, data: st.DataObject) -> None:
    label = data.draw(st.lists(st.integers(0, 3), min_size=problem.size, max_size=problem.size))
    groups = [np.flatnonzero(np.array(label) == group).tolist() for group in range(4)]
    start = [members for members in groups if 0 < problem.prices.weight[members].sum() <= problem.largest]
    search = Search(problem.prices, problem.smallest, problem.largest, 1, problem.limits, problem.region, start)
    before = search.held
    search.exchange(4_000, 1e-12, 1e-12)
    after = search.held
    assert sorted(unit for members in after for unit in members) == list(range(problem.size))
    km = km_on_the_way(search, problem, after)
    exact = 1e-9 * (1.0 + abs(km))
    assert km <= km_on_the_way(search, problem, before) + exact
    assert all(km <= km_on_the_way(search, problem, made) + exact for made in others(after))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(instances(), st.data())
def test_no_exchange_that_pays_is_left(instance: Instance, data: st.DataObject) -> None:
    """With hosts, themes, links and blocks: nearly without temperature, it ends where no exchange pays."""
    check_all_is_settled(problem_of(instance), data)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(placed(), st.booleans(), st.data())
def test_nor_by_places(case: tuple[Instance, object, object], by_places: bool, data: st.DataObject) -> None:
    check_all_is_settled(both_problems(case)[by_places], data)


@pytest.mark.parametrize("measure", ["rotating", "hosted", "pairwise"])
def test_communities_that_were_mixed_up_are_found_again(measure: str) -> None:
    random = np.random.default_rng(3)
    towns, each = 20, 6
    points = np.repeat(random.uniform(0.0, 100.0, (towns, 2)), each, axis=0) + random.normal(size=(towns * each, 2))
    km = np.linalg.norm(points[:, None] - points[None], axis=2)
    sites = [Site(f"{number:03}", "", Level.COUNTY, Where("")) for number in range(len(points))]
    scenario = Scenario.model_validate({"travel": {"measure": measure}})
    problem = build_problem(Level.COUNTY, sites, km, [None] * len(points), [], scenario)
    mixed = np.sort(random.permutation(len(points)).reshape(towns, each), axis=1)
    wanted = [tuple(range(start, start + each)) for start in range(0, len(points), each)]
    found = exchanged(problem, mixed.tolist(), 400_000, 40.0, 0.1)
    assert problem.cost_km(found.best) <= problem.cost_km(wanted) < 0.2 * problem.cost_km(mixed.tolist())
    # What it met on the way may all be communities.
    assert len(found.met)
    assert (found.met.counts == each).all()


@pytest.mark.parametrize("must", [True, False], ids=["blocks", "pairs"])
@pytest.mark.parametrize("measure", ["rotating", "hosted"])
def test_pairs_change_places_with_as_many_others(measure: str, must: bool) -> None:
    """One pair in each town: of two towns whose pairs are both in one of them, neither finds a pair to exchange."""
    random = np.random.default_rng(4)
    towns, each = 10, 6
    points = np.repeat(10.0 * np.arange(towns)[:, None], each, axis=0) + random.normal(size=(towns * each, 1))
    km = np.abs(points - points.T)
    sites = [Site(f"{number:03}", "", Level.COUNTY, Where("")) for number in range(len(points))]
    firsts = range(0, len(points), each)
    links = [Link(f"{k:03}", f"{k + 1:03}", Kind.PAIRING, Where(""), must) for k in firsts]
    problem = build_problem(
        Level.COUNTY, sites, km, [None] * len(points), links, Scenario.model_validate({"travel": {"measure": measure}})
    )
    unit = {site: number for number, group in enumerate(problem.units) for site in group}

    def grouping(communities: Sequence[Sequence[int]]) -> list[tuple[int, ...]]:
        return [tuple(sorted({unit[site] for site in members})) for members in communities]

    wanted = [list(range(first, first + each)) for first in firsts]
    mixed = [list(members) for members in wanted]
    for one, other in zip(mixed[::2], mixed[1::2], strict=True):
        one[2:4], other[:2] = other[:2], one[2:4]
    found = exchanged(problem, grouping(mixed), 20_000, 1e-9, 1e-9)
    assert problem.cost_km(found.best) <= problem.cost_km(grouping(wanted)) < problem.cost_km(grouping(mixed))


def test_no_steps_and_no_neighbours_are_nothing() -> None:
    sites = [Site("0", "", Level.COUNTY, Where(""))]
    problem = build_problem(Level.COUNTY, sites, np.zeros((1, 1)), [None], [], Scenario())
    assert exchanged(problem, [[0]], 10, 1.0, 1.0).held == [(0,)]
