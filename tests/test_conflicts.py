"""Rules that can't all be kept: the set is a smallest one, and the ways out cost what brute force says."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from grouping import InputError, Kind, Link, Scenario, solve
from grouping.blocks import contradictions
from grouping.conflicts import Conflict, conflicts, in_words
from grouping.link_files import applicable_links
from grouping.scenario import Limits, Size

from instances import HERE, asked, instances
from oracle import Instance, best

thorough = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def contradicting(draw: st.DrawFn) -> Instance:
    """An instance of many must-links and avoidances; at least one of them can't be kept."""
    instance = draw(instances(most=7))
    n = instance.size
    pairs = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(lambda pair: pair[0] < pair[1])
    kinds = st.sampled_from([Kind.PAIRING, Kind.PAIRING, Kind.AVOID])
    links = [
        Link(str(a), str(b), draw(kinds), HERE, must=True)
        for a, b in draw(st.lists(pairs, min_size=3, max_size=7, unique=True))
    ]
    scenario = instance.scenario.model_copy(update={"communities": Limits()})
    return replace(instance, links=links, scenario=scenario)


def found_in(instance: Instance) -> tuple[Conflict, ...]:
    applications, links, distances = asked(instance)
    bearing = applicable_links(applications, instance.scenario, links)
    return conflicts(applications, instance.scenario, bearing, distances)


@thorough
@given(contradicting())
def test_the_set_is_a_smallest_one(instance: Instance) -> None:
    ids = [str(k) for k in range(instance.size)]
    found = contradictions(ids, instance.links, instance.scenario.size.max)
    assume(found)
    for one in found:
        assert contradictions(ids, one.links, instance.scenario.size.max)
        for link in one.links:
            rest = [other for other in one.links if other != link]
            assert not contradictions(ids, rest, instance.scenario.size.max)


@thorough
@given(contradicting())
def test_ways_out_cost_what_brute_force_says(instance: Instance) -> None:
    ids = [str(k) for k in range(instance.size)]
    found = contradictions(ids, instance.links, instance.scenario.size.max)
    assume(len(found) == 1)
    (conflict,) = found_in(instance)
    expected = []
    for link in found[0].links:
        fewer = replace(instance, links=[other for other in instance.links if other != link])
        if not contradictions(ids, fewer.links, instance.scenario.size.max):
            outcome = best(fewer)
            assert outcome is not None
            expected.append(outcome)
    singles = [way for way in conflict.ways if way.what.key in ("conflicts.let_part", "conflicts.let_meet")]
    assert [(way.unplaced, pytest.approx(way.cost_km, abs=0.01)) for way in singles] == sorted(expected)
    assert list(conflict.ways) == sorted(conflict.ways, key=lambda way: (way.unplaced, way.cost_km))
    assert conflict.ways


def ring(n: int, scenario: Scenario) -> Instance:
    """Sites on a line, a kilometre apart, bound together in a ring."""
    km = [[float(abs(a - b)) for b in range(n)] for a in range(n)]
    links = [Link(str(k), str((k + 1) % n), Kind.PAIRING, HERE, must=True) for k in range(n)]
    return Instance(km, ["长三角"] * n, [True] * n, links, scenario)


def test_a_block_that_is_too_large_may_grow_or_part() -> None:
    # A ring of eleven: no single link is enough, two are, and so is a community of eleven.
    (conflict,) = found_in(ring(11, Scenario(size=Size(km=1.0))))
    keys = [way.what.key for way in conflict.ways]
    assert sorted(keys) == ["conflicts.let_all_part", "conflicts.let_grow"]
    parted = next(way for way in conflict.ways if way.what.key == "conflicts.let_all_part")
    assert parted.what.values["count"] == 2
    instance = ring(11, Scenario(size=Size(km=1.0)))
    cheapest = min(
        outcome[1]
        for a in range(11)
        for b in range(a)
        if 3 <= a - b <= 8
        and (outcome := best(replace(instance, links=[x for k, x in enumerate(instance.links) if k not in (a, b)])))
    )
    assert parted.cost_km == pytest.approx(cheapest, abs=0.01)
    text = "\n".join(line.text() for line in in_words((conflict,), Size()))
    assert "最少要放宽 2 条" in text
    assert "允许共同体有 11 个成员" in text


def test_limits_are_named_that_can_not_be_kept_and_what_they_would_have_to_be() -> None:
    scenario = Scenario(size=Size(km=1.0), communities=Limits(fewest=5, cross_region_most=3))
    instance = replace(ring(9, scenario), links=[])
    with pytest.raises(InputError):
        applications, links, distances = asked(instance)
        solve(applications, scenario, links=links, distances=distances)
    (conflict,) = found_in(instance)
    assert [rule.key for rule in conflict.rules] == ["conflicts.fewest", "conflicts.sizes"]
    (way,) = conflict.ways
    free = best(replace(instance, scenario=scenario.model_copy(update={"communities": Limits(cross_region_most=3)})))
    assert free is not None
    assert way.cost_km == pytest.approx(free[1], abs=0.01)


def test_where_there_is_no_conflict_none_is_told() -> None:
    assert found_in(replace(ring(6, Scenario()), links=[])) == ()
