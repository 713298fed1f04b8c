"""The cost of a community against its definition, with sites or blocks of them as units."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grouping import Scenario
from grouping.cost import parts
from grouping.cost_terms import Terms

from instances import asked, instances
from oracle import Instance, grouping_cost

relaxed = settings(max_examples=200, deadline=None)


def terms_of(instance: Instance) -> Terms:
    applications, links, distances = asked(instance)
    return Terms.build(applications.sites, distances.km, instance.regions, links.links, instance.scenario)


@relaxed
@given(instances(), st.randoms(use_true_random=False))
def test_a_grouping_costs_what_its_communities_cost(instance: Instance, random: object) -> None:
    """Links included: each is shared by the two communities it is broken between, so the parts add up."""
    numbers = list(range(instance.size))
    random.shuffle(numbers)  # type: ignore[attr-defined]
    smallest = instance.scenario.size.min
    communities, left = [], numbers
    while len(left) >= smallest:
        size = min(len(left), instance.scenario.size.max)
        communities.append(left[:size])
        left = left[size:]
    expected = grouping_cost(instance, communities)
    if expected is None:
        return
    terms = terms_of(instance)
    total = sum(terms.cost(members).total_km for members in communities)
    total += sum(terms.unplaced_cost(site).total_km for site in left)
    assert total == pytest.approx(expected, rel=1e-12, abs=1e-9)


@relaxed
@given(instances(), st.data())
def test_blocks_cost_what_their_sites_cost(instance: Instance, data: st.DataObject) -> None:
    terms = terms_of(instance)
    labels = data.draw(st.lists(st.integers(0, 3), min_size=instance.size, max_size=instance.size))
    units = [np.flatnonzero(np.array(labels) == label) for label in sorted(set(labels))]
    chosen = data.draw(st.sets(st.integers(0, len(units) - 1), min_size=1))
    members = np.concatenate([units[unit] for unit in chosen])
    as_sites = terms.cost(members)
    *as_units, host = parts(terms.merged(units), np.array(sorted(chosen)), len(chosen))
    assert as_units == pytest.approx(list(as_sites.parts().values()), rel=1e-12, abs=1e-9)
    if instance.scenario.travel.measure == "hosted" and np.isfinite(as_sites.total_km):
        hosts = [site for unit in units for site in unit if instance.can_lead[site]]
        assert hosts[host] in members


@relaxed
@given(instances(), st.data())
def test_the_lead_unit_is_able_and_nearest_to_all(instance: Instance, data: st.DataObject) -> None:
    terms = terms_of(instance)
    members = sorted(data.draw(st.sets(st.integers(0, instance.size - 1), min_size=2)))
    lead = terms.lead(members)
    able = [site for site in members if instance.can_lead[site]]
    assert (lead in able) if able else (lead is None)
    if instance.scenario.travel.measure == "hosted" and lead is not None:
        cost = terms.cost(members)
        around = [instance.km[lead][site] for site in members]
        borders = sum(
            instance.scenario.travel.cross_region_km
            for site in members
            if instance.regions[lead] and instance.regions[site] and instance.regions[lead] != instance.regions[site]
        )
        assert sum(around) + borders == pytest.approx(cost.travel_km + cost.cross_region_km)


def test_an_example_by_hand() -> None:
    """Three sites, 30, 40 and 50 km apart; one in another region. Host in turn: 2/3 of 120 km, and of two borders."""
    km = [[0, 30, 40], [30, 0, 50], [40, 50, 0]]

    instance = Instance(km, ["长三角", "长三角", "京津冀"], [True] * 3, [], Scenario())
    cost = terms_of(instance).cost([0, 1, 2])
    assert cost.travel_km == pytest.approx(80)
    assert cost.cross_region_km == pytest.approx(2 / 3 * 400)
    assert cost.size_km == 450
    assert cost.links_km == 0
