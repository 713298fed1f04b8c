"""Communities and candidates at hand: what of them a problem takes up, and that they change no optimum."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from benchmarks.instances import make
from benchmarks.records import Spec
from grouping import InputError, Kind, Link, Links, level_problems, load_scenario
from grouping.clock import Clock
from grouping.known import Known
from grouping.link_files import applicable_links
from grouping.optimize import optimize
from grouping.optimum import Optimum
from grouping.problem import Problem
from grouping.result import Status
from grouping.solve import solve_linked
from grouping.warm_start import allowed, in_ids, valid_start

from instances import HERE, instances, problem_of
from oracle import Instance, best, community_cost

exhaustive = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


def ids_of(instance: Instance) -> st.SearchStrategy[list[tuple[str, ...]]]:
    """Sets of ids: of sites, of no site, too few, too many, and such as no community may be."""
    some = st.sampled_from([*map(str, range(instance.size)), "nobody"])
    return st.lists(st.lists(some, max_size=9).map(tuple), max_size=40)


def optimum(problem: Problem, known: list[tuple[str, ...]]) -> Optimum:
    with Clock(60.0) as clock:
        return optimize(
            problem,
            seed=1,
            gap=0.0,
            workers=1,
            clock=clock,
            report=lambda *_: None,
            known=allowed(problem, known),
        )


@exhaustive
@given(instances(), st.data())
def test_what_is_taken_up_may_be_a_community(instance: Instance, data: st.DataObject) -> None:
    problem = problem_of(instance)
    known = data.draw(ids_of(instance))
    taken = {tuple(sorted(int(one) for one in ids)) for ids in in_ids(problem, allowed(problem, known))}
    there = {tuple(sorted({int(one) for one in ids if one != "nobody"})) for ids in known}
    sizes = instance.scenario.size
    assert taken == {
        members
        for members in there
        if sizes.min <= len(members) <= sizes.max and community_cost(instance, members) is not None
    }
    start = in_ids(problem, allowed(problem, known))
    begun = valid_start(problem, known)
    placed = [unit for members in begun for unit in members]
    assert len(placed) == len(set(placed))
    assert bool(begun) == bool(start)


@exhaustive
@given(instances(), st.data())
def test_known_candidates_change_no_optimum(instance: Instance, data: st.DataObject) -> None:
    problem = problem_of(instance)
    assume(problem.most)
    try:
        found = optimum(problem, data.draw(ids_of(instance)))
    except InputError:
        assume(False)
        raise
    least = best(instance)
    assert least is not None
    assert (problem.left_out(found.communities), found.cost_km) == (least[0], pytest.approx(least[1], abs=0.01))
    assert found.bound_km <= least[1] + 1e-6
    for ids in in_ids(problem, found.columns):
        assert community_cost(instance, sorted(map(int, ids))) is not None


def test_a_forbidden_community_of_a_draft_goes_and_the_others_stay() -> None:
    """In whatever order they come."""
    sites = make(Spec("counties", 9, 1, 0, 0)).applications
    ids = [site.id for site in sites.sites]
    draft = [ids[6:9], ids[3:6], ids[0:3]]
    apart = Link(ids[6], ids[7], Kind.AVOID, HERE, must=True)
    (level,) = level_problems(sites, load_scenario("base"), (apart,), None)
    for order in (draft, draft[::-1]):
        begun = in_ids(level.problem, allowed(level.problem, order))
        assert sorted(map(sorted, begun)) == sorted(map(sorted, draft[1:]))
        assert len(valid_start(level.problem, order)) == 2


def test_runs_share_candidates_where_sizes_allow_them() -> None:
    sites = make(Spec("counties", 60, 1, 0, 0)).applications
    known = Known()
    costs = []
    for sizes in ({"size.max": 10}, {"size.max": 5, "size.preferred": 4}, {"size.max": 10}):
        scenario = load_scenario("base", **sizes)
        priced = applicable_links(sites, scenario, Links(()), None, None)
        before = len(known)
        result = solve_linked(sites, scenario, priced, None, known=known)
        assert result.status is Status.OPTIMAL
        assert len(known) > before or costs
        alone = solve_linked(sites, scenario, priced, None)
        assert result.cost.total_km == pytest.approx(alone.cost.total_km, abs=0.01)
        costs.append(result.cost.total_km)
        (level,) = level_problems(sites, scenario, priced.links, None)
        shared = allowed(level.problem, known)
        assert len(shared)
        assert np.all(shared.counts <= scenario.size.max)
    assert costs[0] == pytest.approx(costs[2], abs=0.01)


def test_only_the_latest_candidates_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grouping.known._MOST", 3)
    known = Known()
    known.add([("a",), ("b",), ("c",)])
    known.add([("a",), ("d",)])
    assert list(known) == [("c",), ("a",), ("d",)]
