"""The map in patches: what all of them prove together holds, and whoever may matter around a patch is there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations, count, pairwise
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import grouping.ascent
import grouping.improve_in_patches
import grouping.patchwork
import grouping.reach
from benchmarks.instances import assembled, counties
from grouping import Applications, Kind, Level, Link, Links, Where, load_scenario
from grouping.areas import Areas
from grouping.ascent import ascend
from grouping.bound import lower_bound
from grouping.candidates import Candidates, Communities
from grouping.clock import Clock
from grouping.cost import totals
from grouping.cuts import Cuts, Rows
from grouping.distances import great_circles
from grouping.improve_in_patches import LARGE, SMALL, chosen_anew, improve_in_patches, on_its_own
from grouping.optimize import optimize
from grouping.patch_by_patch import patch_by_patch
from grouping.patches import patches
from grouping.patchwork import may_be_patched, patchwork
from grouping.pricing import Duals, Priced, Pricer
from grouping.problem import Problem, build_problem
from grouping.reach import Reach
from grouping.regions import read_macro_regions
from grouping.search import Search
from grouping.settled import Settled
from grouping.window_prices import PricedWindow
from grouping.windows import Window

from instances import both_problems, placed
from oracle import Instance, best

thorough = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
Case = tuple[Instance, Applications, Links]


def listed(problem: Problem) -> Callable[[Communities], Candidates]:
    """Communities as candidates."""
    return lambda communities: Candidates.of(communities, problem.largest)


def searched(problem: Problem, steps: int = 500) -> tuple[Communities, Search]:
    """A grouping of all sites, and the search that found it; hardly a good one after 0 ``steps``."""
    search = Search(problem.prices, problem.smallest, problem.largest, 1, problem.limits, problem.region)
    search.steps(steps, 10.0, 0.1)
    communities = tuple(sorted(search.best))
    assume(sum(map(len, communities)) == problem.size)
    return communities, search


def optimum(instance: Instance) -> float:
    """What the best grouping of all sites costs in km; instances without one are passed over."""
    found = best(instance)
    assume(found is not None and found[0] == 0)
    assert found is not None
    return found[1]


@thorough
@given(
    placed(),
    st.integers(2, 6),
    st.integers(0, 2),
    st.sampled_from([-1.0, 0.5]),
    st.sampled_from([1, 3, 4000]),
    st.sampled_from([0, 500]),
    st.sampled_from([0.0, 1.0, 1.0]),
)
def test_patches_never_prove_too_much(
    case: Case, size: int, ahead: int, rise: float, around: int, steps: int, share: float
) -> None:
    """No patch proves more than its communities cost, so it takes bad ones to see what is wrong with its prices."""
    instance = case[0]
    problem = both_problems(case)[1]
    assume(may_be_patched(problem))
    communities, search = searched(problem, steps)
    cost = optimum(instance)
    with pytest.MonkeyPatch.context() as patch, Clock(600.0) as clock:
        patch.setattr(grouping.patchwork, "_PATCH", size)
        patch.setattr(grouping.patchwork, "_AHEAD", (ahead, 2))
        patch.setattr(grouping.reach, "_RISE", rise)
        patch.setattr(grouping.ascent, "_PATCH", size + 1)
        patch.setattr(grouping.ascent, "_LINKED_PATCH", size + 1)
        patch.setattr(grouping.ascent, "_AROUND", around)
        patch.setattr(grouping.ascent, "_GAIN", -1.0)
        patch.setattr(grouping.ascent, "_SWEEPS", (2, 4))
        made = patchwork(problem, communities, search.met, search.near, workers=2, clock=clock, share=share)
        # Even where there is no time for pricing.
        assert np.isfinite(made.km)
        raised = [made.km]
        settled, _ = ascend(
            *(problem, communities, search.met, made.settled),
            workers=2,
            seed=1,
            clock=clock,
            proved=lambda km: bool(raised.append(km)),
        )
    assert raised[-1] == (settled.km if len(raised) > 1 else made.km)
    assert all(before <= after + 1e-6 for before, after in pairwise(raised))
    assert raised[-1] <= cost + 1e-6


@thorough
@given(placed(), st.integers(2, 6), st.sampled_from([0, 500]), st.sampled_from([0.05, 1e9]))
def test_improved_in_patches_all_units_are_there_and_it_gets_no_dearer(
    case: Case, size: int, steps: int, work: float
) -> None:
    problem = both_problems(case)[1]
    assume(may_be_patched(problem))
    communities, search = searched(problem, steps)
    ways = on_its_own(optimize), chosen_anew(SMALL), chosen_anew(LARGE)
    made = []
    for workers in (1, 2):
        told = [communities]
        found = patchwork(problem, communities, search.met, search.near, workers=workers, clock=Clock(600.0))
        with pytest.MonkeyPatch.context() as patch, Clock(600.0, work) as clock:
            patch.setattr(grouping.improve_in_patches, "_PATCH", size)
            improve_in_patches(
                *(problem, communities, found.likely, found.settled.duals, ways),
                workers=workers,
                seed=1,
                clock=clock,
                report=lambda one, told=told: bool(told.append(one)),
            )
        made.append(told)
    told = made[0]
    assert made[1] == told
    costs = [float(totals(problem.prices, one.sets, one.counts).sum()) for one in map(listed(problem), told)]
    assert all(after <= before + 1e-6 for before, after in pairwise(costs))
    able = problem.prices.able
    for one in told:
        assert sorted(unit for members in one for unit in members) == list(range(problem.size))
        assert not len(able) or all(able[list(members)].any() for members in one)
        assert problem.excess(one) <= problem.excess(communities)


@thorough
@given(placed(), st.integers(0, 10**6), st.floats(0.2, 3.0))
def test_whoever_may_be_paid_for_is_around(case: Case, seed: int, dear: float) -> None:
    problem = both_problems(case)[1]
    random = np.random.default_rng(seed)
    every = Candidates.of(
        [
            members
            for count in range(1, problem.size + 1)
            for members in combinations(range(problem.size), count)
            if problem.smallest <= problem.prices.weight[list(members)].sum() <= problem.largest
        ],
        problem.largest,
    )
    costs = totals(problem.prices, every.sets, every.counts)
    assume(np.isfinite(costs).any())
    price = random.uniform(-0.2, 1.0, problem.size) * dear * np.median(costs[np.isfinite(costs)]) / problem.smallest
    core = np.flatnonzero(random.random(problem.size) < 0.4)
    priced = random.random(problem.size) < 0.7
    priced[core] = True
    assume(len(core))
    reach = Reach(problem, 2)
    there = set(reach.around(priced, price, core).tolist())
    for most in range(problem.size):
        some = set(reach.around(priced, price, core, most).tolist())
        assert some == there if len(there) <= most else len(some) > most and some <= there
    assert not there & set(core.tolist())
    for members, cost in zip(every, costs, strict=True):
        if set(members) & set(core.tolist()) and priced[list(members)].all() and cost < price[list(members)].sum():
            assert set(members) - set(core.tolist()) <= there


@pytest.mark.parametrize("measure", ["rotating", "pairwise"])
def test_whoever_matters_by_little_is_around(measure: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """At prices at which few communities are paid more than they cost, each of their members counts."""
    monkeypatch.setattr("grouping.distances.MOST_TABLED", 10)
    there_are = [site for site in counties() if site.adcode[:2] in ("37", "41")]
    changes = {"travel.measure": measure, "size.preferred": 4, "size.max": 5, "size.km": 30.0, "links.pairing_km": 30.0}
    scenario = load_scenario("base", **changes)
    regions = read_macro_regions(scenario.travel.regions)
    for seed in range(60):
        random = np.random.default_rng(seed)
        sites = [there_are[k] for k in sorted(random.choice(len(there_are), 14, replace=False))]
        # Blocks of two and three, links of their own and chains of them, and sites whose macro-region is not known.
        order = random.permutation(14)
        must = [order[0:2], order[1:3], order[3:5]][: random.integers(0, 4)]
        should = [*order[5:11].reshape(-1, 2), *random.choice(order[9:], (2, 2), replace=False)][
            : random.integers(0, 6)
        ]
        links = [
            Link(sites[a].id, sites[b].id, Kind.PAIRING, Where("test"), number < len(must))
            for number, (a, b) in enumerate([*must, *should])
        ]
        there = [regions.of(site.adcode) if random.random() < 0.9 else None for site in sites]
        problem = build_problem(Level.COUNTY, sites, great_circles(sites), there, links, scenario)
        every = Candidates.of(
            [
                members
                for count in range(2, 6)
                for members in combinations(range(problem.size), count)
                if 3 <= problem.prices.weight[list(members)].sum() <= 5
            ],
            problem.largest,
        )
        costs = totals(problem.prices, every.sets, every.counts)
        core = np.flatnonzero(random.random(problem.size) < random.uniform(0.05, 0.5))
        holds = [k for k, members in enumerate(every) if set(members) & set(core.tolist())]
        if not holds:
            continue
        share = problem.prices.weight * random.uniform(0.5, 1.0, problem.size) ** random.integers(0, 4)
        share /= share.mean()
        paid = np.array([share[list(members)].sum() for members in every])
        own = np.array([problem.prices.by_itself[list(members)].sum() for members in every])
        # Links cost what they cost; the rest of the prices is so high that some are paid a little too much.
        high = np.quantile(((costs - own) / paid)[holds], random.choice([0.002, 0.01, 0.05]))
        price = problem.prices.by_itself + high * share
        priced = np.ones(problem.size, dtype=np.bool_)
        around = Reach(problem, 1).around(priced, price, core).tolist()
        assert around == Reach(problem, 3).around(priced, price, core).tolist()
        for k in holds:
            members = set(every.sets[k][: every.counts[k]].tolist())
            if costs[k] < price[list(members)].sum():
                assert members - set(core.tolist()) <= set(around), seed


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(placed())
def test_one_patch_proves_what_the_lp_does(case: Case) -> None:
    problem = both_problems(case)[1]
    assume(may_be_patched(problem) and not problem.set_limits)
    communities, search = searched(problem)
    with Clock(600.0) as clock:
        km = patchwork(problem, communities, search.met, search.near, workers=1, clock=clock).km
        start = listed(problem)(communities)
        cost = float(totals(problem.prices, start.sets, start.counts).sum())
        # A patch knows nothing of how many communities there are in all, nor that somebody is to lead each of them.
        free = problem.part(np.arange(problem.size), np.zeros(problem.size, dtype=np.int64))
        free = replace(free, prices=free.prices._replace(able=np.zeros(0, dtype=np.bool_)))
        pricer = Pricer(free, 1, clock)
        whole = lower_bound(free, pricer, start, cost, clock, lambda _: None, cuts=False)
    # What the LP's solution may lack, and cuts may add to it.
    assert whole.km - 0.02 * (cost - whole.km) - 1e-6 <= km <= cost + 1e-6


def test_with_cuts_that_stay_no_candidate_is_paid_more_than_was_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """What all prices are worth, less what is proved, is more than what any candidate anywhere is paid too much."""
    sites = [site for site in counties() if site.adcode[:2] in ("37", "41")]
    tabled = assembled(sites, load_scenario("base"), None, np.zeros((len(sites), 3))).problem
    monkeypatch.setattr("grouping.distances.MOST_TABLED", 10)
    problem = assembled(sites, load_scenario("base"), None, np.zeros((len(sites), 3))).problem
    assert may_be_patched(problem)
    search = Search(problem.prices, problem.smallest, problem.largest, 1, problem.limits, problem.region)
    search.steps(20_000, 10.0, 0.1)
    communities = tuple(sorted(search.best))
    monkeypatch.setattr(grouping.patchwork, "_PATCH", 60)
    monkeypatch.setattr(grouping.patchwork, "_AHEAD", (5, 10))
    monkeypatch.setattr(grouping.ascent, "_PATCH", 80)
    monkeypatch.setattr(grouping.ascent, "_LINKED_PATCH", 80)
    price = grouping.ascent.price
    calls = count()

    def unlucky(*args: Any, **kwargs: Any) -> PricedWindow:
        priced = price(*args, **kwargs)
        bad = replace(priced, bound=replace(priced.bound, km=-np.inf))
        return bad if next(calls) % 3 == 2 else priced

    # Some windows come to nothing, so that of two that were priced together one is restored.
    monkeypatch.setattr(grouping.ascent, "price", unlucky)
    with Clock(600.0) as clock:
        first = patchwork(problem, communities, search.met, search.near, workers=2, clock=clock)
        found, _ = ascend(
            *(problem, communities, search.met + first.likely, first.settled),
            workers=2,
            seed=1,
            clock=clock,
            proved=lambda _: False,
        )
        duals = found.duals
        priced = Pricer(tabled, 2, clock).least(duals)
        without = lower_bound(
            tabled,
            Pricer(tabled, 2, clock),
            listed(tabled)(communities),
            tabled.cost_km(communities),
            clock,
            lambda _: None,
            cuts=False,
        )
    assert priced.exact
    assert len(duals.cuts.price) > 20
    assert len(duals.areas.price) > 2
    worth = duals.unit.sum() - duals.cuts.worth - duals.areas.worth
    assert found.km <= worth
    assert priced.least.min() >= found.km - worth - 1e-6
    # Patches without cuts could not come to as much.
    assert without.km < found.km < tabled.cost_km(communities)


@thorough
@given(placed(), st.integers(2, 6), st.booleans())
def test_patch_by_patch_nothing_is_told_that_is_not_so(case: Case, size: int, hurried: bool) -> None:
    """Nor where the time for a patch is over before it has begun."""
    problem = both_problems(case)[1]
    assume(may_be_patched(problem))
    cost = optimum(case[0])
    communities, search = searched(problem, 0)
    bounds: list[float] = []
    costs = [problem.cost_km(communities)]
    with pytest.MonkeyPatch.context() as patch, Clock(600.0) as clock:
        patch.setattr(grouping.patchwork, "_PATCH", size)
        patch.setattr(grouping.ascent, "_PATCH", size)
        patch.setattr(grouping.ascent, "_LINKED_PATCH", size)
        if hurried:
            patch.setattr(grouping.patchwork, "_share", lambda *_: 1e-9)
            patch.setattr(grouping.ascent, "_SWEEPS", (10**9, 2))
        patch_by_patch(
            *(problem, communities, search.met, search.near, optimize),
            workers=2,
            seed=1,
            clock=clock,
            proved=lambda km: bool(bounds.append(km)),
            improved=lambda one: bool(costs.append(problem.cost_km(one))),
        )
        assert clock.hurried is hurried
    assert len(bounds) > 1
    assert np.isfinite(bounds).all()
    assert all(before <= after + 1e-6 for before, after in pairwise(bounds))
    assert max(bounds) <= cost + 1e-6
    # Limits are for those who are told to keep to.
    assert problem.set_limits or min(costs) >= cost - 1e-6
    assert all(after <= before + 1e-6 for before, after in pairwise(costs))


@thorough
@given(placed(), st.integers(2, 4), st.integers(0, 12), st.randoms(use_true_random=False))
def test_what_is_left_half_done_never_proves_too_much(case: Case, size: int, rounds: int, random: Random) -> None:
    """Windows that come to nothing are as they were, whatever others do; and time may be over at any moment."""
    problem = both_problems(case)[1]
    assume(may_be_patched(problem))
    cost = optimum(case[0])
    communities, search = searched(problem, 0)
    least, price = Pricer.least, grouping.ascent.price
    raised: list[float] = []
    with pytest.MonkeyPatch.context() as patch, Clock(600.0) as clock:
        patch.setattr(grouping.patchwork, "_PATCH", size)
        first = patchwork(problem, communities, search.met, search.near, workers=2, clock=clock)

        def hurried(self: Pricer, duals: Duals, nodes: int | None = None) -> Priced:
            nonlocal rounds
            rounds -= 1
            if rounds < 0:
                clock.interrupt()
            return least(self, duals, nodes)

        def unlucky(*args: Any, **kwargs: Any) -> PricedWindow:
            priced = price(*args, **kwargs)
            bad = replace(priced, bound=replace(priced.bound, km=-np.inf))
            return bad if random.random() < 0.3 else priced

        patch.setattr(grouping.ascent, "_PATCH", size)
        patch.setattr(grouping.ascent, "_LINKED_PATCH", size)
        patch.setattr(grouping.ascent, "_GAIN", -1.0)
        patch.setattr(grouping.ascent, "_SWEEPS", (2, 4))
        patch.setattr(grouping.ascent, "price", unlucky)
        patch.setattr(Pricer, "least", hurried)
        ascend(
            *(problem, communities, search.met, first.settled),
            workers=1,
            seed=1,
            clock=clock,
            proved=lambda km: bool(raised.append(km)),
        )
    assert all(before <= after + 1e-6 for before, after in pairwise([first.km, *raised]))
    assert max(raised, default=first.km) <= cost + 1e-6


@settings(max_examples=15, deadline=None)
@given(placed(), st.integers(1, 9))
def test_patches_are_all_units_once(case: Case, most: int) -> None:
    problem = both_problems(case)[1]
    communities, _ = searched(problem)
    parts = patches(problem, communities, most)
    assert sorted(np.concatenate(parts).tolist()) == list(range(problem.size))
    largest = max(map(len, communities))
    assert all(len(part) <= max(most, largest) for part in parts)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(placed(), st.integers(2, 4))
def test_the_number_of_threads_changes_nothing(case: Case, size: int) -> None:
    problem = both_problems(case)[1]
    assume(may_be_patched(problem))
    communities, search = searched(problem, 0)
    made = []
    for workers in (1, 2, 4):
        with pytest.MonkeyPatch.context() as patch, Clock(600.0) as clock:
            patch.setattr(grouping.patchwork, "_PATCH", size)
            patch.setattr(grouping.patchwork, "_AHEAD", (1, 2))
            patch.setattr(grouping.ascent, "_PATCH", size)
            patch.setattr(grouping.ascent, "_LINKED_PATCH", size)
            how = {"workers": workers, "clock": clock}
            found = patchwork(problem, communities, search.met, search.near, **how)
            made.append((found.km, found.settled.price.tolist(), found.likely.sets.tolist()))
            settled, likely = ascend(
                *(problem, communities, search.met, found.settled), seed=1, proved=lambda _: False, **how
            )
        made[-1] += settled.km, settled.price.tolist(), likely.sets.tolist()
    assert made[0] == made[1] == made[2]


@pytest.mark.parametrize("area", [False, True])
def test_of_twins_each_counts_by_itself_in_cuts_that_are_known(area: bool) -> None:
    """Pricing looks at the first of twins only: another one that pays less must not stand behind it."""
    sites = [site for site in counties() if site.adcode[:2] == "64"][:6]
    sites.append(replace(sites[0], id=f"{sites[0].id}-2"))
    points = np.zeros((len(sites), 3))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("grouping.distances.MOST_TABLED", 1)
        problem = assembled(sites, load_scenario("base"), None, points).problem
    first, second = sorted(unit for unit in range(problem.size) if problem.sites[unit].adcode == sites[0].adcode)
    assert problem.twins.first[second] == first
    a, b, c, *others = (unit for unit in range(problem.size) if unit not in (first, second))
    # What pays best holds unit a and so, lest it pays for what stays, the second of the twins alone.
    price = np.full(problem.size, 120.0)
    price[[a, b]] = 2000.0, -5000.0
    settled = Settled(problem, price)
    none = np.zeros(0, dtype=np.int64)
    # The first of the twins is ahead, the second is nowhere; what three units pay for stays.
    window = Window.of(problem, settled, np.array([a, b, c]), np.array([first]), none)
    cuts = Cuts.priced(Rows.of_triples(window.place[[[a, b, first]]]), np.full(1, 500.0), 4)
    areas = Areas.none(4, problem.largest).priced(np.zeros(0))
    if area:
        inside = np.isin(window.units, [a, b, first])[None]
        counts = np.maximum(0, np.arange(problem.largest + 1) - 1)[None]
        cuts, areas = Cuts.none(4), Areas(inside, counts, np.ones(1, dtype=np.int64)).priced(np.full(1, 500.0))
    settled.settle(window.units, 3, window.around, Duals(price[window.units], 0.0, cuts, areas))
    assert len(settled.duals.cuts.price) + len(settled.duals.areas.price) == 1
    later = Window.of(problem, settled, np.array([first, second, *others]), none, np.array([a, b, c]))
    paid = later.around.duals(later.around.begin)
    apart = replace(later.problem, kind=np.arange(later.problem.size))
    with Clock(600.0) as clock:
        found, wanted = (Pricer(one, 1, clock, later.own).least(paid).least for one in (later.problem, apart))
    assert wanted.min() < 0.0
    assert found.min() <= wanted.min() + 1e-9
