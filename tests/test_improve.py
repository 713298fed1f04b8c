"""Neighbourhoods chosen anew, two at a time: nothing gets lost or dearer, whatever the number of threads."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import grouping.improve
from benchmarks.instances import make
from benchmarks.records import Spec
from grouping import Applications, Links, level_problems
from grouping.bound import shares
from grouping.candidates import Candidates, Communities
from grouping.clock import Clock
from grouping.cost import totals
from grouping.improve import NARROW, improve
from grouping.pricing import Duals
from grouping.problem import Problem
from grouping.search import Search

from instances import both_problems, placed
from oracle import Instance

Case = tuple[Instance, Applications, Links]


def cost(problem: Problem, communities: Communities) -> float:
    made = Candidates.of(communities, problem.largest)
    return float(totals(problem.prices, made.sets, made.counts).sum())


def improved(problem: Problem, search: Search, start: Communities, workers: int, size: int) -> list[Communities]:
    """The start and what comes of it, in neighbourhoods of so many units."""
    pool = Candidates.of(problem.twins.canonical(search.met), problem.largest)
    duals = Duals.of(shares(problem, Candidates.of(start, problem.largest)), problem.largest)
    with Clock(600.0) as clock:
        found = improve(
            *(problem, pool, duals, start),
            clock=clock,
            seed=1,
            report=lambda _: None,
            extent=replace(NARROW, units=size),
            workers=workers,
        )
    return [start, found]


def all_there(problem: Problem, start: Communities, found: Communities) -> None:
    """As many sites as before are each in one community, and that may be."""
    units = [unit for members in found for unit in members]
    assert len(set(units)) == len(units)
    # Others may be left out than before, but no more.
    assert problem.prices.weight[units].sum() == sum(problem.prices.weight[list(members)].sum() for members in start)
    for members in found:
        assert problem.smallest <= problem.prices.weight[list(members)].sum() <= problem.largest


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(placed(), st.integers(2, 6), st.booleans())
def test_nothing_gets_lost_or_dearer(case: Case, size: int, by_places: bool) -> None:
    problem = both_problems(case)[by_places]
    search = Search(problem.prices, problem.smallest, problem.largest, 1, problem.limits, problem.region)
    start = tuple(sorted(search.best))
    assume(sum(map(len, start)) == problem.size - problem.unplaced)
    search.steps(500, 10.0, 0.1)
    (_, found), (_, again) = (improved(problem, search, start, workers, size) for workers in (1, 2))
    assert again == found
    all_there(problem, start, found)
    assert cost(problem, found) <= cost(problem, start) + 1e-6


def test_two_at_a_time_find_as_much(monkeypatch: pytest.MonkeyPatch) -> None:
    made = make(Spec("counties", 100, 1, 0, 0))
    (level,) = level_problems(made.applications, made.scenario, (), None)
    problem = level.problem
    search = Search(problem.prices, problem.smallest, problem.largest, 1, problem.limits, problem.region)
    start = tuple(sorted(search.best))
    search.steps(20_000, 100.0, 1.0)
    pairs = improved(problem, search, start, 2, 20)[1]
    monkeypatch.setattr(grouping.improve, "_AT_ONCE", 1)
    alone = improved(problem, search, start, 1, 20)[1]
    for found in (pairs, alone):
        all_there(problem, start, found)
    before = cost(problem, start)
    gained, alone_gained = (before - cost(problem, found) for found in (pairs, alone))
    assert gained > 0
    assert np.isclose(gained, alone_gained, rtol=0.2)


@pytest.mark.parametrize(
    ("gone", "new"),
    [
        (((3, 4, 5), (6, 7, 8)), ((3, 4, 6), (5, 7, 8))),  # of communities that are no more
        (((6, 7, 8),), ((2, 7, 8),)),  # with a unit that is in another by now
    ],
)
def test_of_two_changes_that_do_not_go_together_one_is_made(
    gone: tuple[tuple[int, ...], ...], new: tuple[tuple[int, ...], ...]
) -> None:
    best = ((0, 1, 9), (3, 4, 5), (6, 7, 8))
    change = grouping.improve.Change
    changed = change(frozenset({(0, 1, 9), (3, 4, 5)}), ((0, 1, 3), (2, 4, 5))).made(best)
    assert changed == ((0, 1, 3), (2, 4, 5), (6, 7, 8))
    assert change(frozenset(gone), new).made(changed) == changed
    assert change(frozenset({(6, 7, 8)}), ((6, 7, 9),)).made(changed) == ((0, 1, 3), (2, 4, 5), (6, 7, 9))
