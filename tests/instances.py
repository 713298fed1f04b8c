"""Small random instances, and how the package is asked about them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from grouping import Applications, Distances, InputError, Kind, Level, Link, Links, Scenario, Site, Where
from grouping.distances import great_circle, places_of
from grouping.problem import Problem, build_problem

from oracle import Instance

PLACES = {"长三角": "310104", "京津冀": "110101", "成渝": "510104", None: None}
"""A division in each macro-region, so that regions come in the way they do in life."""

HERE = Where("test")

WANTED = ((), ("1",), ("2",), ("3",), ("1", "2"), ("3", "2"), ("1", "2", "3"))
"""What a site may list as themes."""


@st.composite
def instances(draw: st.DrawFn, most: int = 9) -> Instance:
    """Any symmetric distances, metric or not, ties and zeros included; all measures; links of every kind.

    Half of them have sites that stand at the same few seats and differ in nothing else, links aside.
    """
    n = draw(st.integers(3, most))
    seats = draw(st.lists(st.integers(0, 2), min_size=n, max_size=n)) if draw(st.booleans()) else list(range(n))
    upper = draw(st.lists(st.integers(0, 60), min_size=n * (n - 1) // 2, max_size=n * (n - 1) // 2))
    km = np.zeros((n, n))
    # Tenths are not exact in binary, and so two sums of the same distances may differ in the last bit.
    km[np.triu_indices(n, 1)] = np.array(upper) / draw(st.sampled_from([1, 10]))
    if draw(st.booleans()):
        # A few sites may be a hundred thousand times as far away as the others are from one another.
        far = np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n)))
        km[far[:, None] != far[None, :]] *= 1e5
    km = np.triu(km) + np.triu(km).T
    km = np.where(np.equal.outer(seats, seats), 0.0, km[np.ix_(seats, seats)])
    regions = draw(st.lists(st.sampled_from(list(PLACES)), min_size=n, max_size=n))
    able = draw(st.lists(st.booleans(), min_size=n, max_size=n))
    wanted = draw(st.lists(st.sampled_from(WANTED), min_size=n, max_size=n)) if draw(st.booleans()) else [()] * n
    smallest = draw(st.integers(2, 4))
    preferred = draw(st.integers(smallest, 6))
    largest = draw(st.integers(preferred, 7))
    pairs = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(lambda pair: pair[0] != pair[1])
    links = []
    for a, b in draw(st.lists(pairs, max_size=4, unique_by=lambda pair: tuple(sorted(pair)))):
        kind = draw(st.sampled_from([kind for kind in Kind if kind.asked_for]))
        must = draw(st.booleans()) and kind is not Kind.WISH
        links.append(Link(str(a), str(b), kind, HERE, must, None if must else float(draw(st.integers(0, 80)))))
    limits = {}
    if draw(st.booleans()):
        # Around what can be, so that some are out of reach.
        fewest = draw(st.sampled_from([0, 0, 1, 2, 3]))
        most = draw(st.sampled_from([0, 0, 1, 2, 3, 4]))
        limits = {
            "fewest": min(fewest, most) if most else fewest,
            "most": most,
            "cross_region_most": draw(st.sampled_from([-1, 0, 1, 2])),
        }
    scenario = Scenario.model_validate(
        {
            "communities": limits,
            "size": {"min": smallest, "preferred": preferred, "max": largest, "km": float(draw(st.integers(0, 40)))},
            "travel": {
                "measure": draw(st.sampled_from(["rotating", "hosted", "pairwise"])),
                "cross_region_km": float(draw(st.integers(0, 50))),
            },
            "themes": {"km": float(draw(st.sampled_from([0, 5, 30])))},
            "leads": {"required": draw(st.booleans())},
            # Far beyond what any needs: one that would go on for ever fails.
            "stop": {"seconds": 30.0},
        }
    )
    return Instance(
        km.tolist(),
        [regions[seat] for seat in seats],
        [able[seat] for seat in seats],
        links,
        scenario,
        [wanted[seat] for seat in seats],
    )


def asked(instance: Instance) -> tuple[Applications, Links, Distances]:
    """The instance as the package takes it: a list, links and a matrix. Site k has the id and name ``str(k)``."""
    sites = tuple(
        Site(str(k), str(k), Level.COUNTY, HERE, adcode=PLACES[region], can_lead=able, themes=tuple(themes))
        for k, (region, able, themes) in enumerate(
            zip(instance.regions, instance.can_lead, instance.themes or [()] * instance.size, strict=True)
        )
    )
    return Applications(sites), Links(tuple(instance.links)), Distances(np.array(instance.km))


def problem_of(instance: Instance) -> Problem:
    """The instance as the solver takes it; one whose must-links contradict each other is passed over."""
    applications, links, distances = asked(instance)
    try:
        return build_problem(
            Level.COUNTY, applications.sites, distances.km, instance.regions, links.links, instance.scenario
        )
    except InputError:
        assume(False)
        raise


@st.composite
def placed(draw: st.DrawFn) -> tuple[Instance, Applications, Links]:
    """Instances on the globe, some of whose sites are at one place; mostly in China, now and then anywhere."""
    instance = draw(instances())
    far = draw(st.booleans())
    degrees = st.tuples(
        st.floats(-180.0, 180.0) if far else st.floats(80.0, 130.0),
        st.floats(-90.0, 90.0) if far else st.floats(20, 50),
    )
    spots = draw(st.lists(degrees, min_size=1, max_size=instance.size))
    seats = draw(st.lists(st.integers(0, len(spots) - 1), min_size=instance.size, max_size=instance.size))
    applications, links, _ = asked(instance)
    sites = [
        replace(site, lon=spots[seat][0], lat=spots[seat][1])
        for site, seat in zip(applications.sites, seats, strict=True)
    ]
    return replace(instance, km=great_circle(sites).tolist()), Applications(tuple(sites)), links


def both_problems(case: tuple[Instance, Applications, Links]) -> tuple[Problem, Problem]:
    instance, applications, links = case
    try:
        by_table, by_places = (
            build_problem(Level.COUNTY, applications.sites, distance, instance.regions, links.links, instance.scenario)
            for distance in (great_circle(applications.sites), places_of(applications.sites))
        )
    except InputError:
        assume(False)
        raise
    return by_table, by_places
