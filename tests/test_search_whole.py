"""The search of a whole map: two at a time come to the same with any threads, and stop at the same work."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import grouping.search_whole
from grouping import Applications, Links
from grouping.clock import Clock
from grouping.problem import Problem
from grouping.scenario import Limits
from grouping.search import Search
from grouping.search_whole import search_whole

from instances import both_problems, placed
from oracle import Instance

Case = tuple[Instance, Applications, Links]


def searched(problem: Problem, workers: int, work: float = np.inf) -> tuple[list[tuple[int, ...]], list[float], float]:
    """(the best grouping found, its score at every look, the work that was counted)."""
    search = Search(problem.prices, problem.smallest, problem.largest, 1, problem.limits, problem.region)
    scores = []
    with Clock(60.0, work) as clock:

        def told(steps: int) -> bool:
            clock.spend(steps)
            scores.append(tuple(search._draft.score))
            return clock.stopped()

        search_whole(problem, search, 1.0, clock, np.random.default_rng(1), workers, clock.stopped, told)
        return search.best, scores, clock.spent


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(placed(), st.booleans(), st.sampled_from([np.inf, 500.0]))
def test_threads_change_nothing_and_nothing_gets_worse(case: Case, by_places: bool, work: float) -> None:
    problem = both_problems(case)[by_places]
    assume(problem.limits == Limits())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grouping.search_whole, "_TWO", 2)
        patch.setattr(grouping.search_whole, "_STEPS", (20, 20))
        patch.setattr(grouping.search, "_CHUNK", 100)
        found = [searched(problem, workers, work) for workers in (1, 2)]
    assert found[0] == found[1]
    best, scores, _ = found[0]
    units = [unit for members in best for unit in members]
    assert len(units) == len(set(units))
    assert scores == sorted(scores, reverse=True)
