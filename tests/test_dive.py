"""Dives into the LP: nothing gets lost or dearer, threads change nothing, and where the LP is whole, that is found."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import grouping.dive
import grouping.search_whole
from benchmarks.instances import make
from benchmarks.records import Spec
from grouping import Applications, Links, level_problems
from grouping.bound import lower_bound, shares
from grouping.candidates import Candidates, Communities
from grouping.clock import Clock
from grouping.dive import dive, may_be_dived
from grouping.pricing import Duals, Pricer
from grouping.problem import Problem
from grouping.scenario import Limits
from grouping.search import Search

from instances import both_problems, placed
from oracle import Instance

Case = tuple[Instance, Applications, Links]


def dived(problem: Problem, pool: Candidates, start: Communities, workers: int) -> Communities:
    duals = Duals.of(shares(problem, Candidates.of(start, problem.largest)), problem.largest)
    with Clock(600.0) as clock:
        return dive(problem, pool, duals, start, clock=clock, seed=1, workers=workers)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(placed(), st.booleans())
def test_nothing_gets_lost_or_dearer(case: Case, by_places: bool) -> None:
    problem = both_problems(case)[by_places]
    assume(problem.limits == Limits())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grouping.search_whole, "_STEPS", (2, 2))
        patch.setattr(grouping.search_whole, "_TWO", 2)
        patch.setattr("grouping.search_in_parts._EXCHANGED", 4)
        patch.setattr("grouping.search_in_parts._EXCHANGES", 100)
        search = Search(problem.prices, problem.smallest, problem.largest, 1, problem.limits, problem.region)
        start = tuple(sorted(search.best))
        assume(start and problem.left_out(start) == problem.unplaced)
        search.steps(300, 10.0, 0.1)
        pool = Candidates.of(problem.twins.canonical(search.met), problem.largest)
        found, again = (dived(problem, pool, start, workers) for workers in (1, 2))
    assert sorted(again) == sorted(found)
    units = [unit for members in found for unit in members]
    assert len(set(units)) == len(units)
    assert problem.left_out(found) <= problem.unplaced
    for members in found:
        assert problem.smallest <= problem.prices.weight[list(members)].sum() <= problem.largest
    if problem.left_out(found) == problem.unplaced:
        assert problem.cost_km(found) <= problem.cost_km(start) + 1e-6


def test_where_the_lp_is_whole_that_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """All is settled, from a start that knows nothing, and nothing is left for the search."""
    made = make(Spec("counties", 100, 1, 0, 0))
    (level,) = level_problems(made.applications, made.scenario, (), None)
    problem = level.problem
    search = Search(problem.prices, problem.smallest, problem.largest, 1, problem.limits, problem.region)
    start = tuple(search.best)
    with Clock(600.0) as clock:
        pricer = Pricer(problem, 2, clock)
        lp = lower_bound(
            problem, pricer, Candidates.of(start, problem.largest), problem.cost_km(start), clock, lambda _: None
        )
        pool = pricer.below(lp.duals, 10.0, 1_000_000).candidates
        monkeypatch.setattr(grouping.dive, "_SETTLED", 1.0)
        monkeypatch.setattr(grouping.dive, "_searched", lambda *_: [])
        found = dive(problem, pool, lp.duals, start, clock=clock, seed=1, workers=2)
    assert problem.cost_km(start) > 1.1 * lp.km
    assert problem.left_out(found) == 0
    assert problem.cost_km(found) == pytest.approx(lp.km, rel=1e-3)


def test_it_is_for_many_units_that_are_not_nearly_settled() -> None:
    many, few = (make(Spec("counties", size, 1, 0, 0)).problem for size in (750, 100))
    assert may_be_dived(many, 100.0, 99.0)
    assert not may_be_dived(many, 100.0, 99.9)
    assert not may_be_dived(few, 100.0, 99.0)
