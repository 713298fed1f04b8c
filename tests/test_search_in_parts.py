"""The search on parts of the map: no unit is lost, nothing gets worse, and threads change nothing."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import grouping.search
import grouping.search_in_parts
from grouping import Applications, Links
from grouping.candidates import Candidates, Communities
from grouping.cost import totals
from grouping.problem import Problem
from grouping.search import Search
from grouping.search_in_parts import exchange_in_parts, may_be_exchanged, may_be_parted, search_in_parts

from instances import both_problems, placed
from oracle import Instance

Case = tuple[Instance, Applications, Links]


def parted(problem: Problem, workers: int, stopped: bool = False) -> tuple[Search, list[Communities]]:
    """A search in parts, and its best groupings after each turn, that at the beginning first."""
    search = Search(problem.prices, problem.smallest, problem.largest, 1, problem.limits, problem.region)
    told = [tuple(search.best)]

    def tell(_: int) -> bool:
        told.append(tuple(search.best))
        return stopped

    how = np.random.default_rng(1), workers, lambda: stopped, tell
    search_in_parts(problem, search, *how)
    exchange_in_parts(problem, search, *how)
    return search, told


def worth(problem: Problem, communities: Communities) -> tuple[int, float]:
    """(sites left out, km of the rest)."""
    made = Candidates.of(communities, problem.largest)
    placed = problem.prices.weight[[unit for members in communities for unit in members]].sum()
    return int(problem.prices.weight.sum() - placed), float(totals(problem.prices, made.sets, made.counts).sum())


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(placed(), st.integers(3, 6), st.booleans())
def test_in_parts_nothing_gets_lost_or_worse(case: Case, size: int, by_places: bool) -> None:
    problem = both_problems(case)[by_places]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grouping.search_in_parts, "_PART", size)
        patch.setattr(grouping.search_in_parts, "_MANY", size)
        patch.setattr(grouping.search_in_parts, "_EXCHANGED", size)
        patch.setattr(grouping.search_in_parts, "_EXCHANGES", 500)
        patch.setattr(grouping.search, "_CHUNK", 30)
        assume(may_be_parted(problem))
        assume(may_be_exchanged(problem))
        search, told = parted(problem, 2)
        again = [parted(problem, workers)[1] for workers in (1, 3)]
    assert again == [told, told]
    assert len(told) > 1
    left = [worth(problem, communities)[0] for communities in told]
    assert left == sorted(left, reverse=True)
    for before, after in itertools.pairwise(told):
        old, new = worth(problem, before), worth(problem, after)
        # Of sites left out, others may be cheaper to leave out.
        assert new[0] < old[0] or new[0] > 0 or new[1] <= old[1] + 1e-6
    units = [unit for members in search.held for unit in members]
    assert sorted(units) == list(range(problem.size))
    for row, count in zip(search.met.sets, search.met.counts, strict=True):
        assert problem.smallest <= problem.prices.weight[row[:count]].sum() <= problem.largest


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(placed())
def test_in_parts_there_is_a_grouping_when_it_is_time_to_stop(case: Case) -> None:
    problem = both_problems(case)[0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grouping.search_in_parts, "_PART", 4)
        patch.setattr(grouping.search_in_parts, "_MANY", 4)
        assume(may_be_parted(problem))
        _, told = parted(problem, 2, stopped=True)
    # One turn of each.
    assert len(told) == 3
    assert worth(problem, told[2])[0] <= worth(problem, told[1])[0] <= worth(problem, told[0])[0]
