"""Chains of moves: sizes that are off come together from afar, nothing gets worse, and trials tell what moves do."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grouping import Level, Scenario, Site, Where
from grouping.cost import total_of
from grouping.draft import Neighbourhood, empty_draft, set_labels
from grouping.problem import Problem, build_problem
from grouping.search import Search
from grouping.trial import joint, pair, sums_tell, trial, trial_of

from instances import instances, problem_of
from oracle import Instance


def row_of(units: int, measure: str = "rotating") -> Problem:
    """Sites a kilometre from one another along a road; a community of six is what is preferred by far."""
    scenario = Scenario.model_validate({"travel": {"measure": measure}})
    km = np.abs(np.subtract.outer(np.arange(units), np.arange(units))).astype(float)
    sites = [Site(str(number), "", Level.COUNTY, Where("")) for number in range(units)]
    return build_problem(Level.COUNTY, sites, km, [None] * units, [], scenario)


def evened_out(problem: Problem, sizes: list[int]) -> Search:
    """The search that goes on from neighbours in communities of such sizes, by chains alone."""
    ends = np.cumsum([0, *sizes])
    start = [range(start, end) for start, end in itertools.pairwise(ends)]
    search = Search(problem.prices, problem.smallest, problem.largest, 1, problem.limits, problem.region, start)
    assert sorted(map(len, search.best)) == sorted(sizes)
    search.cool(0, 1.0, 1.0, lambda _: False)
    return search


@pytest.mark.parametrize("measure", ["rotating", "hosted", "pairwise"])
@pytest.mark.parametrize(
    "sizes",
    [
        [7, *[6] * 30, 5],
        [5, *[6] * 30, 7],
        [8, *[6] * 20, 5, 6, 5],
        # One community more, or less, is what these need.
        [7, 6, 6, 7, 6, 7, 6, 6, 7, 7, 6, 7, 6],
        [6, 5, 5, 6, 6, 5, 6, 5, 5, 6, 6, 5],
    ],
)
def test_sizes_that_are_off_come_together_from_afar(sizes: list[int], measure: str) -> None:
    problem = row_of(sum(sizes), measure)
    search = evened_out(problem, sizes)
    assert {len(members) for members in search.best} == {6}
    assert sorted(unit for members in search.best for unit in members) == list(range(problem.size))
    # As good as neighbours by sixes but for a few who go by.
    sixes = problem.cost_km([range(start, start + 6) for start in range(0, problem.size, 6)])
    assert problem.cost_km(search.best) < 1.5 * sixes


def test_without_a_pair_of_sizes_that_are_off_all_stays() -> None:
    problem = row_of(61)
    sizes = [6, 6, 7, *[6] * 7]
    before = [tuple(range(start, start + size)) for start, size in zip(np.cumsum([0, *sizes]), sizes, strict=False)]
    assert problem.cost_km(evened_out(problem, sizes).best) <= problem.cost_km(before)


def test_whoever_is_told_may_end_it() -> None:
    problem = row_of(60)
    search = Search(problem.prices, problem.smallest, problem.largest, 1, problem.limits, problem.region)
    told: list[int] = []

    def tell(steps: int) -> bool:
        told.append(steps)
        return len(told) == 2

    search.cool(100_000, 10.0, 0.1, tell)
    assert len(told) == 2


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(instances(most=12), st.integers(0, 2**31), st.data())
def test_nothing_gets_worse(instance: Instance, seed: int, data: st.DataObject) -> None:
    problem = problem_of(instance)
    label = data.draw(st.lists(st.integers(0, 3), min_size=problem.size, max_size=problem.size))
    groups = [np.flatnonzero(np.array(label) == group).tolist() for group in range(4)]
    start = [members for members in groups if 0 < problem.prices.weight[members].sum() <= problem.largest]
    search = Search(problem.prices, problem.smallest, problem.largest, seed, problem.limits, problem.region, start)

    def standing() -> tuple[int, int, float]:
        best = search.best
        return problem.left_out(best), problem.excess(best), problem.cost_km(best)

    before = standing()
    search.cool(0, 1.0, 1.0, lambda _: False)
    left, excess, km = standing()
    assert (left, excess, km) <= (before[0], before[1], before[2] + 1e-6 * (1 + before[2]))
    units = [unit for members in search.held for unit in members]
    assert sorted(units) == list(range(problem.size))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(instances(most=12), st.data())
def test_a_trial_tells_what_the_move_does(instance: Instance, data: st.DataObject) -> None:
    problem = problem_of(instance)
    prices, units = problem.prices, problem.size
    # A draft has room for one community more than there are units.
    label = np.array(data.draw(st.lists(st.integers(0, min(3, units)), min_size=units, max_size=units)))
    missing, forbidden = 7.0, 7000.0
    around = Neighbourhood(
        near=np.zeros((units, 0), dtype=np.int64),
        smallest=problem.smallest,
        largest=int(prices.weight.sum()),
        missing_km=missing,
        forbidden_km=forbidden,
        limited=False,
        fewest=0,
        most=units,
        across=units,
        region=problem.region,
        crossing_km=0.0,
    )
    draft = empty_draft(units, around.largest, 0)
    set_labels(prices, around, draft, label)
    group = int(label[0])
    inside, outside = np.flatnonzero(label == group), np.flatnonzero(label != group)
    for leaving in (-1, *inside):
        for entering in (-1, *outside):
            members = np.array([unit for unit in (*inside, entering) if unit not in (leaving, -1)], dtype=np.int64)
            sites = int(prices.weight[members].sum())
            expected = total_of(prices, members, len(members)) if len(members) else 0.0
            if expected == np.inf:
                expected = forbidden * sites
            if len(members):
                expected += missing * max(0, problem.smallest - sites)
            assert trial(prices, around, draft.now, group, entering, leaving) == pytest.approx(expected, abs=1e-6)
            if not sums_tell(prices, around, draft.now, group):
                continue
            km, links = draft.now.km[group], draft.now.links[group]
            for unit, sign in ((entering, 1), (leaving, -1)):
                if unit >= 0:
                    more = joint(prices, unit, inside, len(inside))
                    km, links = km + sign * more[0], links + sign * more[1]
            if np.isfinite(links) and entering >= 0 and leaving >= 0:
                less = pair(prices, entering, leaving)
                km, links = km - less[0], links - less[1]
            if np.isfinite(links):
                assert trial_of(prices, around, sites, km, links) == pytest.approx(expected, rel=1e-9, abs=1e-6)
