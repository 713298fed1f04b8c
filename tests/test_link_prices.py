"""What honouring a link would have cost, against brute force."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, given, settings

from grouping import InputError, Status, solve
from grouping.cases import Resolver, build_case
from grouping.link_prices import with_link_prices
from grouping.rule_prices import with_prices
from grouping.wording import honour_price

from instances import asked, instances
from oracle import Instance, best

thorough = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))


@thorough
@given(instances(most=7))
def test_honouring_a_link_costs_what_brute_force_says(instance: Instance) -> None:
    applications, links, distances = asked(instance)
    try:
        result = solve(applications, instance.scenario, links=links, distances=distances)
    except InputError:
        assume(False)
        raise
    broken = [item for item in result.links if not item.honoured and not item.link.must]
    assume(broken and result.status is Status.OPTIMAL)
    groups = {one.label: [site.id for site in one.members] for one in result.communities}
    leads = {one.label: [one.lead.id] for one in result.communities if one.lead is not None}
    bounds = {level.level: level.bound_km for level in result.levels}
    case = build_case(applications, instance.scenario, links, distances, groups, leads, bounds)
    priced = with_link_prices(result, case, Resolver(30.0))
    alone = with_prices(result, distances)
    for item, simple in zip(priced.links, alone.links, strict=True):
        if item.honoured or item.link.must:
            assert item.honour is None
            continue
        assert item.honour is not None
        assert simple.honour is not None
        assert simple.honour.simple_km == item.honour.simple_km
        assert honour_price(item.honour).text()
        must = [replace(one, must=True) if _same(one, item.link) else one for one in instance.links]
        found = best(replace(instance, links=must))
        if item.honour.refused or not result.communities or found is None or found[0] != len(result.unplaced):
            continue
        assert item.honour.high_km is not None
        assert item.honour.proved
        assert item.honour.high_km == pytest.approx(found[1] - result.cost.total_km, abs=0.01)
        assert item.honour.high_km >= -0.01
        if item.honour.simple_km is not None:
            # Where only two sites are moved there is no more freedom than where all are.
            assert item.honour.simple_km >= item.honour.high_km - 0.01


def _same(one: object, other: object) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in ("a", "b", "kind"))
