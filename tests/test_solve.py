"""``solve`` on lists: levels, leftovers, proofs at the promised size, progress, limits and Ctrl-C."""

from __future__ import annotations

import _thread
import itertools
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grouping import (
    Applications,
    Distances,
    InputError,
    Kind,
    Level,
    Link,
    Links,
    Progress,
    Result,
    Scenario,
    Site,
    Status,
    StoppedBy,
    Where,
    compilation,
    list_scenarios,
    load_scenario,
    read_applications,
    solve,
    window_prices,
)
from grouping.candidates import Communities
from grouping.distances import great_circle
from grouping.problem import Problem
from grouping.regions import divisions
from grouping.window_prices import PricedWindow
from grouping.windows import Window

HERE = Where("test")
EXAMPLE = Path(__file__).parent.parent / "data" / "examples" / "demonstration-districts.csv"


def counties(count: int, seed: int = 1) -> tuple[Site, ...]:
    """So many counties of China, at their seats."""
    every = sorted((one for one in divisions().upper() if one.level is Level.COUNTY), key=lambda one: one.adcode)
    chosen = np.random.default_rng(seed).choice(len(every), count, replace=False)
    return tuple(
        Site(one.adcode, one.full_name, one.level, HERE, one.adcode, one.full_name, one.lon, one.lat, one.position)
        for one in (every[number] for number in sorted(chosen))
    )


def ids(result: Result) -> list[list[str]]:
    return sorted(sorted(site.id for site in one.members) for one in result.communities)


def test_levels_never_mix_and_too_few_are_told() -> None:
    provinces = [one for one in divisions().upper() if one.level is Level.PROVINCE][:2]
    upper = tuple(Site(one.adcode, one.name, one.level, HERE, one.adcode, None, one.lon, one.lat) for one in provinces)
    result = solve(Applications((*counties(9), *upper)))
    assert [level.level for level in result.levels] == [Level.PROVINCE, Level.COUNTY]
    assert {site.level for one in result.communities for site in one.members} == {Level.COUNTY}
    assert sorted(item.site.id for item in result.unplaced) == sorted(site.id for site in upper)
    assert all("2" in item.reason.text() and "3" in item.reason.text() for item in result.unplaced)
    assert result.status is Status.OPTIMAL


def test_nothing_to_group() -> None:
    result = solve(Applications(counties(2)))
    assert result.status is Status.NOTHING_TO_GROUP
    assert not result.communities
    assert len(result.unplaced) == 2
    assert solve(Applications(())).status is Status.NOTHING_TO_GROUP


@pytest.mark.parametrize(
    "scenario", ["base", "region-first", "larger-communities", "hosted", "pairwise", "pairing-first"]
)
def test_sixty_sites_are_proved_within_a_minute(scenario: str) -> None:
    result = solve(Applications(counties(60)), load_scenario(scenario, **{"stop.seconds": 60}))
    assert result.status is Status.OPTIMAL
    assert result.stopped_by is StoppedBy.PROOF
    assert 0 <= result.cost.total_km - result.bound_km <= 0.001


@pytest.mark.parametrize("scenario", list_scenarios())
def test_the_shipped_list_is_proved_too(scenario: str) -> None:
    """Districts of a few large cities overlap far more than counties at large, and bounds are weaker."""
    sites = read_applications(EXAMPLE)
    result = solve(sites, load_scenario(scenario, **{"stop.seconds": 180}))
    assert result.status is Status.OPTIMAL


@pytest.mark.parametrize(("count", "seats"), [(60, 8), (40, 6), (60, 20)])
def test_streets_that_share_seats_are_proved(count: int, seats: int) -> None:
    """Townships without coordinates stand at their county's seat, and their candidates are alike by the million."""
    places = counties(seats)
    random = np.random.default_rng(1)
    sites = tuple(
        replace(places[random.integers(seats)], id=f"t{k}", name=f"街道{k}", level=Level.TOWNSHIP) for k in range(count)
    )
    result = solve(Applications(sites), load_scenario("base", **{"stop.seconds": 60}))
    assert result.status is Status.OPTIMAL
    assert sorted(site.id for one in result.communities for site in one.members) == sorted(site.id for site in sites)


def test_sites_that_do_not_differ_are_proved() -> None:
    sites = counties(62)
    nowhere = tuple(replace(site, adcode=None, division=None) for site in sites)
    result = solve(Applications(nowhere), distances=Distances(np.full((62, 62), 10.0) - 10.0 * np.eye(62)))
    assert result.status is Status.OPTIMAL
    # Eight of six and two of seven; nine of six and one of eight cost as much.
    assert result.cost.total_km == pytest.approx(8 * 50 + 2 * (60 + 150))


@pytest.mark.parametrize("sizes", [(5, 5, 6), (6, 7, 8)])
def test_tight_sizes_are_proved_by_branching(sizes: tuple[int, int, int]) -> None:
    """The LP leaves a gap of 4 % on districts of a few large cities, which no pool of candidates closes at once."""
    sites = read_applications(EXAMPLE)
    least, preferred, most = sizes
    tight = {"size.min": least, "size.preferred": preferred, "size.max": most, "stop.seconds": 120}
    assert solve(sites, load_scenario("base", **tight)).status is Status.OPTIMAL


def test_sites_far_from_all_others_are_not_left_out() -> None:
    """Two of a hundred points, by squared distances, so far off that to leave them out would be much cheaper."""
    points = np.random.default_rng(1).uniform(0, 10, (100, 2))
    points[-2:] = 500.0
    squares = ((points[:, None, :] - points[None, :, :]) ** 2).sum(axis=2)
    sites = tuple(Site(str(k), str(k), Level.COUNTY, HERE) for k in range(100))
    scenario = load_scenario(**{"size.preferred": 3, "size.max": 5, "size.km": 0.0, "stop.seconds": 10})
    result = solve(Applications(sites), scenario, distances=Distances(squares))
    assert not result.unplaced


def test_must_links_bind_and_avoidances_separate() -> None:
    sites = counties(24)
    must = Link(sites[0].id, sites[-1].id, Kind.PAIRING, HERE, must=True)
    apart = [Link(sites[1].id, sites[2].id, Kind.AVOID, HERE, must=True)]
    result = solve(Applications(sites), links=Links((must, *apart)))
    home = {site.id: one.label for one in result.communities for site in one.members}
    assert home[sites[0].id] == home[sites[-1].id]
    assert home[sites[1].id] != home[sites[2].id]
    assert all(outcome.honoured for outcome in result.links)


def test_avoidances_may_leave_a_site_out() -> None:
    """Three sites that avoid one another among five: two communities of three are not to be had."""
    sites = counties(5)
    links = [Link(sites[a].id, sites[b].id, Kind.AVOID, HERE, must=True) for a, b in ((0, 1), (0, 2), (1, 2))]
    result = solve(Applications(sites), links=Links(tuple(links)))
    assert len(result.unplaced) == 2
    assert {item.site.id for item in result.unplaced} < {site.id for site in sites[:3]}
    assert result.status is Status.OPTIMAL


def test_a_higher_price_brings_linked_sites_together() -> None:
    sites = counties(30)
    pair = (sites[0].id, sites[-1].id)
    honoured = []
    for km in (0.0, 20_000.0):
        result = solve(Applications(sites), links=Links((Link(*pair, Kind.WISH, HERE, km=km),)))
        honoured.append(result.links[0].honoured)
        assert result.links[0].cost_km == (0.0 if honoured[-1] else km)
    assert honoured == [False, True]


def test_progress_only_gets_better() -> None:
    seen: list[Progress] = []
    result = solve(Applications(counties(120)), progress=seen.append)
    assert seen[-1].phase == "done"
    assert seen[-1].best_km == result.cost.total_km
    best = [one.best_km for one in seen if one.best_km is not None]
    bound = [one.bound_km for one in seen if one.bound_km is not None]
    assert _falls(best)
    assert _falls([-value for value in bound])
    assert all(one.bound_km <= one.best_km + 1e-6 for one in seen if one.bound_km and one.best_km)


def _falls(values: Sequence[float]) -> bool:
    return all(later <= earlier + 0.01 for earlier, later in itertools.pairwise(values))


def test_a_time_limit_returns_a_valid_grouping_and_says_so() -> None:
    scenario = load_scenario("base", **{"stop.seconds": 2})
    result = solve(Applications(counties(700)), scenario)
    assert result.stopped_by is StoppedBy.TIME
    assert result.status is Status.FEASIBLE
    assert result.seconds < 15
    assert sorted(site for one in ids(result) for site in one) == sorted(site.id for site in counties(700))
    assert all(3 <= len(one) <= 10 for one in ids(result))
    assert 0 <= result.bound_km <= result.cost.total_km


@pytest.mark.parametrize("work", [0.001, 0.3, 1.3, 1.9])
def test_a_work_limit_ends_every_run_alike(work: float) -> None:
    """In the search, the pricing or the choice; with any number of threads, one level after the other."""
    few = tuple(replace(site, id=f"p{site.id}", level=Level.PREFECTURE) for site in counties(40, seed=2))
    scenario = load_scenario("base", **{"stop.work": work})
    results = [solve(Applications((*few, *counties(240))), scenario, workers=workers) for workers in (1, 2, 2)]
    assert {result.stopped_by for result in results} == {StoppedBy.WORK}
    assert not any(result.time_limited for result in results)
    first, *others = results
    for other in others:
        assert ids(other) == ids(first)
        assert [level.bound_km for level in other.levels] == [level.bound_km for level in first.levels]


@pytest.mark.parametrize(("places", "work"), [(False, 0.6), (True, 6.0)])
def test_so_does_it_where_the_map_is_searched_in_parts(
    places: bool, work: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the exchanges; by places, also in the bound patch by patch, or what comes after it."""
    windows: list[int] = []

    def price(problem: Problem, communities: Communities, window: Window, *args: Any, **how: Any) -> PricedWindow:
        windows.append(window.own)
        return window_prices.price(problem, communities, window, *args, **how)

    monkeypatch.setattr("grouping.ascent.price", price)
    if places:
        monkeypatch.setattr("grouping.distances.MOST_TABLED", 1)
        for module in ("patchwork", "ascent"):
            monkeypatch.setattr(f"grouping.{module}._PATCH", 60)
    monkeypatch.setattr("grouping.search_whole._STEPS", (20, 20))
    monkeypatch.setattr("grouping.search_whole._TWO", 100)
    monkeypatch.setattr("grouping.search_in_parts._EXCHANGED", 100)
    scenario = load_scenario("base", **{"stop.work": work})
    one, other = (solve(Applications(counties(250)), scenario, workers=workers) for workers in (1, 2))
    assert bool(windows) is places
    assert one.stopped_by is StoppedBy.WORK
    assert (ids(one), one.bound_km, one.stopped_by) == (ids(other), other.bound_km, other.stopped_by)


def test_more_work_than_is_needed_changes_nothing() -> None:
    plain = solve(Applications(counties(40)))
    limited = solve(Applications(counties(40)), load_scenario("base", **{"stop.work": 100}))
    assert limited.stopped_by is StoppedBy.PROOF
    assert ids(limited) == ids(plain)


@pytest.mark.parametrize(
    ("limits", "numbers", "across"),
    [
        ({"fewest": 14}, (14, 18), 18),
        ({"most": 8, "cross_region_most": 2}, (6, 8), 2),
        ({"cross_region_most": 1}, (6, 18), 1),
    ],
)
def test_limits_on_all_communities_are_kept_and_proved(
    limits: dict[str, int], numbers: tuple[int, int], across: int
) -> None:
    sites = read_applications(EXAMPLE)
    plain = solve(sites)
    result = solve(sites, load_scenario("base", **{f"communities.{key}": value for key, value in limits.items()}))
    assert result.status is Status.OPTIMAL
    assert numbers[0] <= len(result.communities) <= numbers[1]
    assert sum(one.crosses_regions for one in result.communities) <= across
    assert result.cost.total_km > plain.cost.total_km
    assert not result.unplaced
    assert {"number", "crossing"} & {rule.rule for rule in result.audit.rules}


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        ({"fewest": 30}, ("communities.fewest = 30", "54", "6 至 18 个共同体")),
        ({"most": 3}, ("communities.most = 3", "54", "6 至 18 个共同体")),
        ({"cross_region_most": 0}, ("communities.cross_region_most = 0", "至少要有 1 个共同体跨片区")),
    ],
)
def test_limits_that_can_not_be_kept_say_what_could_be(limits: dict[str, int], says: tuple[str, ...]) -> None:
    scenario = load_scenario("base", **{f"communities.{key}": value for key, value in limits.items()})
    with pytest.raises(InputError) as caught:
        solve(read_applications(EXAMPLE), scenario)
    assert all(text in str(caught.value) for text in says)


def test_a_level_too_small_for_a_community_has_no_limits() -> None:
    few = tuple(replace(site, id=f"p{site.id}", level=Level.PREFECTURE) for site in counties(2, seed=2))
    result = solve(Applications((*few, *counties(30))), load_scenario("base", **{"communities.fewest": 9}))
    assert len(result.communities) == 9
    assert len(result.unplaced) == 2


def test_hundreds_of_sites_keep_within_their_macro_regions() -> None:
    scenario = load_scenario("base", **{"communities.cross_region_most": 0, "stop.work": 3})
    result = solve(Applications(counties(300)), scenario)
    assert not any(one.crosses_regions for one in result.communities)
    assert result.bound_km <= result.cost.total_km


def test_ctrl_c_returns_the_best_so_far() -> None:
    told: list[float] = []

    def progress(now: Progress) -> None:
        # While the bound is sought, in the midst of what is compiled.
        if now.phase == "bound" and not told:
            told.append(now.bound_km or 0.0)
            threading.Timer(0.5, _thread.interrupt_main).start()

    result = solve(Applications(counties(700)), Scenario(), progress=progress)
    assert told
    assert result.stopped_by is StoppedBy.INTERRUPT
    assert result.seconds < 30
    assert sum(map(len, ids(result))) == 700


def test_the_hash_seed_changes_nothing() -> None:
    program = (
        "from test_solve import *; result = solve(Applications(counties(40)), 'pairing-first');"
        "print([(one.label, [site.id for site in one.members]) for one in result.communities], result.cost)"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parent)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(printed) == 1


def test_enemies_without_end_do_not_outlast_the_time_limit() -> None:
    """Thirty sites that avoid one another among forty: who can be placed is a hard question of its own."""
    sites = counties(40)
    links = [Link(a.id, b.id, Kind.AVOID, HERE, must=True) for i, a in enumerate(sites[:30]) for b in sites[i + 1 : 30]]
    result = solve(Applications(sites), load_scenario(**{"stop.seconds": 1}), links=Links(tuple(links)))
    assert result.seconds < 10
    home = {site.id: one.label for one in result.communities for site in one.members}
    assert all(outcome.honoured for outcome in result.links)
    assert all(len(one.members) >= 3 for one in result.communities)
    assert len(home) + len(result.unplaced) == 40


@pytest.mark.parametrize("unit", [1e-6, 1e3])
def test_the_unit_of_the_matrix_does_not_matter(unit: float) -> None:
    sites = counties(20)
    plain = solve(Applications(sites))
    prices = {"size.km": 150.0 * unit, "travel.cross_region_km": 200.0 * unit}
    scaled = solve(Applications(sites), load_scenario(**prices), distances=Distances(great_circle(sites) * unit))
    assert ids(scaled) == ids(plain)
    assert scaled.cost.total_km == pytest.approx(plain.cost.total_km * unit, rel=1e-5)


def test_what_was_compiled_of_other_code_counts_for_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stale = tmp_path / "areas._grown-1.py311.nbi"
    stale.touch()
    monkeypatch.setattr(compilation, "_marker", lambda placed: tmp_path / f"compiled-{placed}.txt")
    assert not compilation.compiled()
    compilation.compile_all(load_scenario("base"), placed=False)
    assert compilation.compiled()
    assert not compilation.compiled(placed=True)
    assert not stale.exists()
    monkeypatch.setattr(compilation, "_digest", lambda: "of code that was changed")
    assert not compilation.compiled()
