"""The instances: divisions of China, and clustered points for microaggregation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from benchmarks.records import Spec
from benchmarks.townships import townships
from grouping import Applications, Distances, Level, Scenario, Site, Where, load_scenario
from grouping.cost import Floats
from grouping.distances import great_circles
from grouping.ground import EARTH_RADIUS_KM, joint_table
from grouping.link_files import applicable_links
from grouping.links import Kind, Link, Links
from grouping.problem import Problem, build_problem
from grouping.regions import Division, divisions, read_macro_regions

_HERE = Where("benchmark")
_SIDE = 100.0
"""Side of the square or cube in which the points lie."""
_PER_CLUSTER = 25
"""Points of a cluster, on average."""
_NO_LINKS = Links()
_NEAR = 8
"""Of so many nearest ones a site is linked with one."""
_BACKGROUND = 0.1
"""Share of the points that lie in no cluster."""


@dataclass(frozen=True)
class Instance:
    """An instance as every contender gets it. Site k is number k everywhere.

    Attributes:
        applications: the sites, as :func:`grouping.solve` takes them.
        scenario: sizes, measure and prices.
        distances: a matrix, None where great circles between the sites count.
        points: (n, 2 or 3) coordinates whose Euclidean distances stand for those of the sites: in km through the
            Earth for divisions, the points themselves for microaggregation.
        problem: the same in terms of :mod:`grouping.cost`, by which all are judged; of the first level, if several.
        links: must-links and should-links.
        others: the problems of other levels.

    """

    applications: Applications
    scenario: Scenario
    distances: Distances | None
    points: Floats
    problem: Problem
    links: Links
    others: tuple[Problem, ...] = ()

    @property
    def size(self) -> int:
        """How many sites there are."""
        return len(self.applications)

    @cached_property
    def weights(self) -> Floats:
        """(n, n): what the cost sums over pairs, distance and border surcharge together."""
        return joint_table(self.problem.prices)

    @cached_property
    def _home(self) -> list[tuple[Problem, int]]:
        """The problem of each site, and its number there."""
        there = {
            site.id: (problem, number)
            for problem in (self.problem, *self.others)
            for number, site in enumerate(problem.sites)
        }
        return [there[site.id] for site in self.applications]

    def cost_km(self, communities: Iterable[Sequence[int]]) -> float:
        """What a grouping of all sites costs; infinite if it breaks a must-link, or a community has several levels."""
        total = 0.0
        there: dict[str, int] = {}
        for number, members in enumerate(communities):
            problem, _ = self._home[members[0]]
            if any(self._home[site][0] is not problem for site in members):
                return np.inf
            total += problem.terms.cost([self._home[site][1] for site in members]).total_km
            there.update((self.applications.sites[site].id, number) for site in members)
        must = (link for link in self.links.links if link.must)
        return np.inf if any(there[link.a] != there[link.b] for link in must) else total

    def numbers(self, most: int = 5) -> list[int]:
        """Numbers of communities worth trying: those that make the sizes nearest to the preferred one."""
        size = self.scenario.size
        sizes = sorted(range(size.min, size.max + 1), key=lambda members: (abs(members - size.preferred), members))
        tried = [round(self.size / members) for members in sizes[:most]]
        return list(dict.fromkeys(min(max(one, self.problem.fewest), self.problem.most) for one in tried))


def make(spec: Spec) -> Instance:
    """The instance that ``spec`` names; the same for the same seed."""
    match spec.kind:
        case "counties":
            return _divisions(_some_counties(spec), spec)
        case "country":
            return _divisions(country(), spec)
        case "townships":
            return _divisions(townships(spec.seed, spec.size), spec)
        case "points":
            return _points(spec)
    raise ValueError(spec.kind)


def counties() -> list[Site]:
    """All counties of the shipped table of divisions, at their seats, by adcode."""
    return [site for site in country() if site.level is Level.COUNTY]


def country() -> list[Site]:
    """All provinces, prefectures and counties of the shipped table, at their seats, by adcode: three levels in one."""
    return [_at_seat(one) for one in sorted(divisions().upper(), key=lambda one: one.adcode)]


def _at_seat(one: Division) -> Site:
    return Site(one.adcode, one.full_name, one.level, _HERE, one.adcode, one.full_name, one.lon, one.lat, one.position)


def _some_counties(spec: Spec) -> list[Site]:
    every = counties()
    chosen = sorted(np.random.default_rng(spec.seed).choice(len(every), spec.size, replace=False).tolist())
    return [every[number] for number in chosen]


def _divisions(sites: Sequence[Site], spec: Spec) -> Instance:
    """Divisions on the globe, under the scenario ``base`` but for what ``spec`` says."""
    lon, lat = np.radians(np.array([(site.lon, site.lat) for site in sites], dtype=np.float64)).T
    globe = EARTH_RADIUS_KM * np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)
    scenario = load_scenario("base", **({"travel.measure": spec.measure} if spec.measure else {}))
    return assembled(sites, scenario, None, globe, _links(sites, globe, spec))


def _links(sites: Sequence[Site], globe: Floats, spec: Spec) -> Links:
    """Pairings: a share of the sites are in ones that must be honoured, and as many others in ones that should be.

    They are of a site and one of the nearest not yet linked.
    """
    random = np.random.default_rng([spec.seed, spec.size])
    free = np.ones(len(sites), dtype=np.bool_)
    links = []
    count = round(spec.linked * len(sites) / 2)
    for must in [True] * count + [False] * count:
        one = int(random.choice(np.flatnonzero(free)))
        free[one] = False
        others = np.flatnonzero(free)
        near = others[np.argsort(np.linalg.norm(globe[others] - globe[one], axis=1))[:_NEAR]]
        other = int(random.choice(near))
        free[other] = False
        links.append(Link(sites[one].id, sites[other].id, Kind.PAIRING, _HERE, must))
    return Links(tuple(links))


def _points(spec: Spec) -> Instance:
    """Microaggregation: groups of ``spec.smallest`` points or more with the least squares within groups.

    A group's sum of squares is (1/|S|) times the sum over its pairs of the squared distance. That is what the
    ``rotating`` measure makes of half the squared distances. A group of 2k points or more can be split in two at no
    loss, so 2k - 1 points are enough for the largest (Domingo-Ferrer & Mateo-Sanz 2002).
    """
    points = clustered(spec.size, spec.dimensions, spec.seed)
    squares = ((points[:, None, :] - points[None, :, :]) ** 2).sum(axis=2)
    sites = [Site(f"{k:06}", f"{k:06}", Level.COUNTY, _HERE) for k in range(spec.size)]
    sizes = {"size.min": spec.smallest, "size.preferred": spec.smallest, "size.max": 2 * spec.smallest - 1}
    scenario = load_scenario("base", **sizes, **{"size.km": 0.0, "travel.cross_region_km": 0.0})
    return assembled(sites, scenario, Distances(squares / 2), points)


def clustered(size: int, dimensions: int, seed: int) -> Floats:
    """(size, dimensions) points in a square or cube: Gaussian clusters of different spread, and some background."""
    random = np.random.default_rng([seed, dimensions, size])
    count = max(2, size // _PER_CLUSTER)
    centres = random.uniform(0.0, _SIDE, (count, dimensions))
    spread = random.uniform(0.01 * _SIDE, 0.06 * _SIDE, count)
    home = random.integers(count, size=size)
    points = centres[home] + spread[home, None] * random.standard_normal((size, dimensions))
    lost = random.random(size) < _BACKGROUND
    points[lost] = random.uniform(0.0, _SIDE, (int(lost.sum()), dimensions))
    return points


def assembled(
    sites: Sequence[Site], scenario: Scenario, distances: Distances | None, points: Floats, links: Links = _NO_LINKS
) -> Instance:
    """The instance of these sites, which are of one level where ``distances`` are given; see :class:`Instance`."""
    links = applicable_links(Applications(tuple(sites)), scenario, links)
    macro_regions = read_macro_regions(scenario.travel.regions)

    def problem_of(level: Level) -> Problem:
        own = [site for site in sites if site.level is level]
        km = great_circles(own) if distances is None else distances.km
        return build_problem(level, own, km, [macro_regions.of(site.adcode) for site in own], links.links, scenario)

    first, *others = map(problem_of, dict.fromkeys(site.level for site in sites))
    return Instance(Applications(tuple(sites)), scenario, distances, points, first, links, tuple(others))
