"""The LP over the candidates at hand: what is taken out of it changes nothing, and there is always a solution."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grouping import Level, Scenario, Site, Where
from grouping.areas import Areas
from grouping.candidates import Candidates
from grouping.clock import Clock
from grouping.cuts import NO_CUTS
from grouping.master import Master
from grouping.problem import Problem, build_problem

SITES = 13


def some_problem(seed: int, measure: str) -> Problem:
    points = np.random.default_rng(seed).uniform(0.0, 100.0, (SITES, 2))
    km = np.linalg.norm(points[:, None] - points[None], axis=2)
    sites = [Site(f"{number:02}", "", Level.COUNTY, Where("")) for number in range(SITES)]
    scenario = Scenario.model_validate({"travel": {"measure": measure}, "size": {"preferred": 4, "max": 5}})
    return build_problem(Level.COUNTY, sites, km, [None] * SITES, [], scenario)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1_000), st.sampled_from(["rotating", "hosted", "pairwise"]), st.integers(0, 3))
def test_tidied_it_is_worth_the_same_and_goes_on(seed: int, measure: str, most: int) -> None:
    problem = some_problem(seed, measure)
    whole = [range(0, 5), range(5, 9), range(9, 13)]
    every = [members for size in (3, 4, 5) for members in combinations(range(SITES), size)]
    start = Candidates.of(whole, problem.largest)
    rest = Candidates.of([one for one in every if one not in set(map(tuple, whole))], problem.largest)
    rounds = 0
    with pytest.MonkeyPatch.context() as patch, Clock(1e6) as clock:
        patch.setattr("grouping.areas._UNITS", (2, 400))
        master = Master(problem, start, None, NO_CUTS, Areas.none(SITES, problem.largest), clock)
        master.add(rest)
        _, value = master.solve()
        columns = np.concatenate([start.sets, rest.sets])
        while True:
            stay = master.tidy(most * SITES)
            assert master.columns.sets.tolist() == columns[stay].tolist()
            # Those of a grouping stay, which every cut leaves in.
            assert stay[: len(start)].tolist() == list(range(len(start)))
            assert len(stay) < len(columns) or rounds
            assert master.solve()[1] == pytest.approx(value, abs=1e-6)
            if not master.cut(wider=True):
                break
            columns = master.columns.sets
            before, (_, value) = value, master.solve()
            assert before - 1e-6 <= value <= problem.cost_km([list(members) for members in whole]) + 1e-6
            rounds += 1
