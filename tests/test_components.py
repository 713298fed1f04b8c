"""Parts of a level that have nothing in common: together they are the level, here and elsewhere."""

from __future__ import annotations

import math
import pickle
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from benchmarks.instances import make
from benchmarks.records import Spec
from grouping import Applications, InputError, Level, Result, Scenario, Site, level_problems, load_scenario, solve
from grouping.clock import Clock, StoppedBy
from grouping.components import components, joined
from grouping.errors import Problem as Wrong
from grouping.errors import Where
from grouping.messages import message
from grouping.optimize import optimize
from grouping.optimum import Optimum
from grouping.pieces import Piece, search_piece, shared
from grouping.problem import Problem
from grouping.scenario import Limits

from instances import asked, instances, problem_of
from oracle import Instance, best

APART = Limits(cross_region_most=0)


def optimum(problem: Problem) -> Optimum:
    with Clock(60.0) as clock:
        return optimize(problem, seed=1, gap=0.0, workers=1, clock=clock, report=lambda *_: None)


def counties(count: int) -> Applications:
    """So many counties, but for those of macro-regions that have too few for a community."""
    sites = make(Spec("counties", count, 1, 0, 0)).applications
    (level,) = level_problems(sites, load_scenario("base"), (), None)
    many = {region for region, some in Counter(level.regions).items() if some >= 3}
    enough = {site.id for site, region in zip(level.problem.sites, level.regions, strict=True) if region in many}
    return Applications(tuple(site for site in sites.sites if site.id in enough))


def strictly(scenario: Scenario | None = None) -> Scenario:
    return (scenario or load_scenario("base")).model_copy(update={"communities": APART})


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(instances(), st.booleans())
def test_together_they_cost_what_brute_force_says(instance: Instance, lenient: bool) -> None:
    small = instance.scenario.size.model_copy(update={"min": 2})
    scenario = instance.scenario.model_copy(update={"communities": APART} | ({"size": small} if lenient else {}))
    instance = replace(instance, scenario=scenario)
    parts = components(problem_of(instance))
    assume(len(parts) > 1)
    applications, links, distances = asked(instance)
    result = solve(applications, scenario, links=links, distances=distances)
    least = best(instance)
    assert least is not None
    assert len(result.unplaced) == least[0]
    assert result.cost.total_km == pytest.approx(least[1], abs=1e-6)
    assert result.bound_km <= least[1] + 1e-6
    assert result.audit.passed


def test_they_are_the_level() -> None:
    (level,) = level_problems(counties(90), strictly(), (), None)
    parts = components(level.problem)
    assert len(parts) > 3
    assert sorted(np.concatenate([part.units for part in parts]).tolist()) == list(range(level.problem.size))
    whole, together = optimum(level.problem), joined(parts, [optimum(part.problem) for part in parts])
    assert together.proved and whole.proved
    assert together.cost_km == pytest.approx(whole.cost_km, abs=0.01)
    assert together.bound_km <= whole.cost_km + 1e-6
    assert level.problem.excess(together.communities) == 0


def test_large_ones_have_places_if_the_level_has(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for most in (6000, 14, 0):
        monkeypatch.setattr("grouping.distances.MOST_TABLED", most)
        (level,) = level_problems(counties(90), strictly(), (), None)
        parts = components(level.problem)
        sizes = sorted(len(part.units) for part in parts)
        assert sizes[0] < 14 < sizes[-1]
        assert all(bool(len(part.problem.prices.ground.start)) == (len(part.units) > most) for part in parts)
        found.append(joined(parts, [optimum(part.problem) for part in parts]))
    assert all(one.proved for one in found)
    assert [one.cost_km for one in found] == pytest.approx([found[0].cost_km] * 3, abs=0.01)


def test_a_level_is_one_where_macro_regions_may_mix_or_sites_would_be_weighed_up() -> None:
    sites = counties(90)
    (level,) = level_problems(sites, load_scenario("base"), (), None)
    assert len(components(level.problem)) == 1
    (level,) = level_problems(sites, strictly().model_copy(update={"communities": Limits(most=20)}), (), None)
    assert len(components(level.problem)) == 1
    # Two sites of a macro-region are left out there, and taken in by another.
    by_region = sorted(zip(level.regions, level.problem.sites, strict=True), key=lambda pair: str(pair[0]))
    first, other = by_region[0][0], by_region[-1][0]
    some = [site for region, site in by_region if region == first][:2] + [
        site for region, site in by_region if region == other
    ][:4]
    (level,) = level_problems(Applications(tuple(some)), load_scenario("base"), (), None)
    assert (level.problem.size, level.problem.unplaced) == (6, 0)
    assert len(components(replace(level.problem, limits=APART))) == 1


def test_the_gentlest_reason_gives_way() -> None:
    (level,) = level_problems(counties(90), strictly(), (), None)
    parts = components(level.problem)[:2]
    proved = optimum(parts[0].problem)
    cut = replace(optimum(parts[1].problem), proved=False, stopped_by=StoppedBy.WORK)
    together = joined(parts, [proved, cut])
    assert (together.proved, together.stopped_by) == (False, StoppedBy.WORK)


def test_work_is_shared_out_and_few_sites_have_enough() -> None:
    (level,) = level_problems(counties(90), strictly(), (), None)
    problems = [part.problem for part in components(level.problem)]
    works = shared(10.0, problems)
    assert sum(works) == pytest.approx(10.0)
    assert min(works) > 0.3
    assert shared(math.inf, problems) == [math.inf] * len(problems)


# --- Elsewhere -----------------------------------------------------------------------------------------


def several_levels() -> Applications:
    """Sites of three levels, with enough in each macro-region of each."""
    sites = counties(60).sites
    (level,) = level_problems(Applications(sites), load_scenario("base"), (), None)
    (first, _), (second, _) = Counter(level.regions).most_common(2)
    raised = [
        replace(site, id=f"{higher}{site.id}", level=higher)
        for higher, count in ((Level.PREFECTURE, 9), (Level.PROVINCE, 4))
        for region in (first, second)
        for site in [site for site, its in level.placed() if its == region][:count]
    ]
    return Applications((*sites, *raised))


def told(result: Result) -> list[tuple[str, float, float, str, list[tuple[str, ...]]]]:
    return [
        (
            str(level.level),
            level.cost.total_km,
            level.bound_km,
            str(level.stopped_by),
            [tuple(site.id for site in one.members) for one in level.communities],
        )
        for level in result.levels
    ]


@pytest.mark.parametrize("stop", [{}, {"stop.work": 0.3}])
def test_elsewhere_the_same_is_found(stop: dict[str, float]) -> None:
    sites, scenario = several_levels(), strictly(load_scenario("base", **stop))
    given_away: list[Site] = []

    def elsewhere(pieces: Sequence[Piece], workers: int) -> list[Optimum]:
        given_away.extend(piece.problem.sites[unit[0]] for piece in pieces for unit in piece.problem.units)
        sent = [pickle.loads(pickle.dumps(piece)) for piece in reversed(pieces)]
        back = [pickle.loads(pickle.dumps(search_piece(piece, workers))) for piece in sent]
        return back[::-1]

    here, there = solve(sites, scenario, workers=2), solve(sites, scenario, workers=1, elsewhere=elsewhere)
    assert told(here) == told(there)
    assert len(here.levels) == 3
    assert len(given_away) == len({site.id for site in given_away}) == len(sites.sites)
    assert (here.levels[-1].stopped_by is StoppedBy.WORK) == bool(stop) or not stop


def test_what_is_wrong_comes_back_from_another_process() -> None:
    error = InputError([Wrong(Where("名单.xlsx", row=3, column="名称"), message("solve.workers", found=0))])
    again = pickle.loads(pickle.dumps(error))
    assert again.problems == error.problems
    assert str(again) == str(error)
