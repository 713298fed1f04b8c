"""What a community costs, in kilometres: the one place where it is computed.

The solver, the audit and the reports all call :func:`parts`. It works on *units*: a unit is a site, or a block of
must-linked sites, and everything about pairs of sites is summed over the sites of the units, so one community costs
the same either way.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np
from numba import njit
from numpy.typing import NDArray

from grouping.ground import NOWHERE, Ground, Places, between, crossed, part_tables
from grouping.links import Link
from grouping.scenario import Scenario
from grouping.sites import Site
from grouping.together import Together, entry, together_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ROTATING, HOSTED, PAIRWISE = range(3)
_MEASURES = {"rotating": ROTATING, "hosted": HOSTED, "pairwise": PAIRWISE}


@dataclass(frozen=True, slots=True)
class Cost:
    """A cost in kilometres, part by part.

    ``travel_km`` is travel without the surcharge for macro-region borders, which is ``cross_region_km``.
    """

    travel_km: float = 0.0
    cross_region_km: float = 0.0
    size_km: float = 0.0
    links_km: float = 0.0

    @property
    def total_km(self) -> float:
        """All parts together."""
        return self.travel_km + self.cross_region_km + self.size_km + self.links_km

    def parts(self) -> dict[str, float]:
        """Each part by its name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def __add__(self, other: Cost) -> Cost:
        return Cost(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))


class Prices(NamedTuple):
    """The numbers behind the cost, for ``u`` units and ``h`` possible hosts. All in km unless said otherwise.

    A community of units S with q sites costs ``travel(S) + size(S) + links(S)``:

    - ``weight`` (u,): sites of each unit.
    - ``distance``, ``cross`` (u, u): distances and border surcharges summed over the pairs of sites; the diagonal
      holds the pairs inside a unit. (0, 0) where the ``ground`` tells.
    - ``ground``: the places that tell, or nothing where the tables do.
    - ``host_distance``, ``host_cross`` (h, u): the same from each site that may host to each unit; the hosts of
      unit k are the rows ``host_start[k]`` to ``host_start[k + 1]``. Only the hosted measure has hosts.
    - ``pair`` (u, u): what being together adds: prices of avoidances, less the prices of other links; infinite
      where the two must not meet.
    - ``apart`` (u,): half the prices of the links of a unit other than avoidances. A link whose ends are apart so
      costs its whole price, half in either community.
    """

    weight: Ints
    distance: Floats
    cross: Floats
    ground: Ground
    host_start: Ints
    host_distance: Floats
    host_cross: Floats
    pair: Together
    apart: Floats
    measure: int
    preferred: int
    size_km: float

    def part(self, units: Ints) -> Prices:
        """Those of some of the units, in tables. No hosts are among them."""
        distance, cross = part_tables(self, units)
        none = np.zeros((0, len(units)))
        return self._replace(
            weight=self.weight[units],
            distance=distance,
            cross=cross,
            ground=NOWHERE,
            host_start=np.zeros(len(units) + 1, dtype=np.int64),
            host_distance=none,
            host_cross=none,
            pair=self.pair.part(units),
            apart=self.apart[units],
        )


@njit(cache=True, nogil=True)
def pair_sums(prices, members, count):  # type: ignore[no-untyped-def]
    """(sites, km of distance, km of surcharges, km of links) of the units ``members[:count]``, over their pairs."""
    # Plain arrays in the loops: to take one out of a tuple there costs more than to read a number of it.
    weight, apart = prices.weight, prices.apart
    first, other, added = prices.pair.start, prices.pair.other, prices.pair.km
    sites = 0
    distance = 0.0
    cross = 0.0
    links = 0.0
    linked = first.shape[0] > 0
    for i in range(count):
        a = members[i]
        sites += weight[a]
        links += apart[a]
        if linked and first[a] < first[a + 1]:
            for j in range(i + 1):
                links += entry(other, added, first[a], first[a + 1], members[j])
    if prices.ground.start.shape[0] == 0:
        distances, crosses = prices.distance, prices.cross
        for i in range(count):
            a = members[i]
            for j in range(i + 1):
                distance += distances[a, members[j]]
                cross += crosses[a, members[j]]
        return sites, distance, cross, links
    start, place, region = prices.ground.start, prices.ground.place, prices.ground.region
    surcharge = prices.ground.surcharge
    for i in range(count):
        a = members[i]
        for p in range(start[a], start[a + 1]):
            for j in range(i + 1):
                b = members[j]
                # Inside a unit each pair counts once.
                for q in range(start[b], p if a == b else start[b + 1]):
                    distance += between(place, p, q)
                    cross += crossed(region, surcharge, p, q)
    return sites, distance, cross, links


@njit(cache=True, nogil=True)
def _each(measure, sites):  # type: ignore[no-untyped-def]
    """How often each kilometre between two of so many sites counts, unless the measure is hosted."""
    return 2.0 / sites if measure == ROTATING else 1.0


@njit(cache=True, nogil=True)
def cost_of_sums(measure, preferred, size_km, sites, km, links):  # type: ignore[no-untyped-def]
    """Total km of a community by its :func:`pair_sums`, distance and surcharges together; not if hosted.

    The first three are those of :class:`Prices`, which takes long to hand over.
    """
    return _each(measure, sites) * km + size_km * abs(sites - preferred) + links


@njit(cache=True, nogil=True)
def parts(prices, members, count):  # type: ignore[no-untyped-def]
    """(travel, cross, size, links, host) of the units ``members[:count]``: four floats in km and a host's row.

    The host is -1 unless the measure is hosted; without a possible host the travel is infinite.
    """
    sites, distance, cross, links = pair_sums(prices, members, count)
    size = prices.size_km * abs(sites - prices.preferred)
    if prices.measure != HOSTED:
        each = _each(prices.measure, sites)
        return each * distance, each * cross, size, links, -1
    host_start, host_distance, host_cross = prices.host_start, prices.host_distance, prices.host_cross
    start, place, region = prices.ground.start, prices.ground.place, prices.ground.region
    hosts, surcharge = prices.ground.host, prices.ground.surcharge
    tabled = start.shape[0] == 0
    best = np.inf
    best_distance = np.inf
    best_cross = 0.0
    host = -1
    for i in range(count):
        a = members[i]
        for h in range(host_start[a], host_start[a + 1]):
            distance = 0.0
            cross = 0.0
            for j in range(count):
                b = members[j]
                if tabled:
                    distance += host_distance[h, b]
                    cross += host_cross[h, b]
                else:
                    for q in range(start[b], start[b + 1]):
                        distance += between(place, hosts[h], q)
                        cross += crossed(region, surcharge, hosts[h], q)
            if distance + cross < best:
                best = distance + cross
                best_distance = distance
                best_cross = cross
                host = h
    return best_distance, best_cross, size, links, host


@njit(cache=True, nogil=True)
def totals(prices, sets, counts):  # type: ignore[no-untyped-def]
    """Total km of each community: ``sets`` (m, width) int64, of which row k uses the first ``counts[k]``."""
    result = np.empty(len(counts))
    for k in range(len(counts)):
        travel, cross, size, links, _ = parts(prices, sets[k], counts[k])
        result[k] = travel + cross + size + links
    return result


@dataclass(frozen=True)
class Terms:
    """What decides the costs among the sites of one level.

    Attributes:
        distance: (n, n) km between sites, or where they are.
        region: (n,) code of the macro-region, -1 where unknown; an unknown one never counts as another.
        can_lead: (n,) whether the site may lead, and so host.
        together: (n, n) km that being together adds, see :attr:`Prices.pair`.
        apart: (n,) km, see :attr:`Prices.apart`.

    """

    distance: Floats | Places
    region: Ints
    can_lead: NDArray[np.bool_]
    together: Together
    apart: Floats
    scenario: Scenario

    @classmethod
    def build(
        cls,
        sites: Sequence[Site],
        distance: Floats | Places,
        regions: Sequence[str | None],
        links: Iterable[Link],
        scenario: Scenario,
    ) -> Self:
        """The terms for ``sites`` of one level; links that lead out of them are left aside.

        Args:
            sites: n sites.
            distance: (n, n) km, or n places.
            regions: the macro-region of each site, None where unknown.
            links: must-links (of which only avoidances have a say here) and priced links.
            scenario: prices and measure.

        """
        codes = {name: code for code, name in enumerate(sorted({name for name in regions if name}))}
        place = {site.id: index for index, site in enumerate(sites)}
        together: dict[tuple[int, int], float] = defaultdict(float)
        apart = np.zeros(len(sites))
        for link in links:
            if link.a not in place or link.b not in place:
                continue
            a, b = place[link.a], place[link.b]
            if link.kind.apart:
                price = np.inf if link.must else link.km or 0.0
                together[a, b] += price
                together[b, a] += price
            elif not link.must:
                price = link.km or 0.0
                together[a, b] -= price
                together[b, a] -= price
                apart[[a, b]] += price / 2
        return cls(
            distance=distance if isinstance(distance, Places) else np.asarray(distance, dtype=np.float64),
            region=np.array([codes[name] if name else -1 for name in regions], dtype=np.int64),
            can_lead=np.array([site.can_lead for site in sites], dtype=np.bool_),
            together=together_of(len(sites), together),
            apart=apart,
            scenario=scenario,
        )

    @cached_property
    def prices(self) -> Prices:
        """The terms with every site as a unit of its own."""
        return self.merged([np.array([index]) for index in range(len(self.apart))])

    def merged(self, units: Sequence[Ints]) -> Prices:
        """The terms with the given sets of sites, a partition of them, as units."""
        hosted = self.scenario.travel.measure == "hosted"
        hosts = [site for unit in units for site in unit if hosted and self.can_lead[site]]
        per_unit = [sum(bool(hosted and self.can_lead[site]) for site in unit) for unit in units]
        tables = (np.zeros((0, 0)),) * 4
        ground = NOWHERE
        if isinstance(self.distance, Places):
            ground = self._ground(self.distance, units)
        else:
            everyone = np.arange(len(self.apart))
            cross = self._cross(everyone, everyone)
            tables = (
                _summed_pairs(self.distance, units),
                _summed_pairs(cross, units),
                _summed_columns(self.distance[hosts], units),
                _summed_columns(cross[hosts], units),
            )
        return Prices(
            weight=np.array([len(unit) for unit in units], dtype=np.int64),
            distance=tables[0],
            cross=tables[1],
            ground=ground,
            host_start=np.concatenate([[0], np.cumsum(per_unit)]).astype(np.int64),
            host_distance=tables[2],
            host_cross=tables[3],
            pair=self.together.merged(units),
            apart=np.array([self.apart[unit].sum() for unit in units]),
            measure=_MEASURES[self.scenario.travel.measure],
            preferred=self.scenario.size.preferred,
            size_km=self.scenario.size.km,
        )

    def _ground(self, places: Places, units: Sequence[Ints]) -> Ground:
        """Where the units are."""
        order = np.concatenate([*units, np.zeros(0, dtype=np.int64)])
        host = self.scenario.travel.measure == "hosted"
        return Ground(
            start=np.cumsum([0, *map(len, units)]).astype(np.int64),
            place=np.ascontiguousarray(places.vectors[order]),
            region=self.region[order],
            host=np.flatnonzero(self.can_lead[order]) if host else np.zeros(0, dtype=np.int64),
            surcharge=float(self.scenario.travel.cross_region_km),
        )

    def km(self, rows: Ints, columns: Ints) -> Floats:
        """(r, c) km from some of the sites to others."""
        if isinstance(self.distance, Places):
            return self.distance.km(rows, columns)
        return self.distance[np.ix_(rows, columns)]

    def _cross(self, rows: Ints, columns: Ints) -> Floats:
        """(r, c) border surcharges in km from some of the sites to others."""
        ours, theirs = self.region[rows][:, None], self.region[columns][None, :]
        return np.where((ours != theirs) & (ours >= 0) & (theirs >= 0), self.scenario.travel.cross_region_km, 0.0)

    def cost(self, members: Sequence[int] | Ints) -> Cost:
        """What the community of these sites costs; infinite where it may not be."""
        indices = np.asarray(members, dtype=np.int64)
        travel, cross, size, links, _ = parts(self.prices, indices, len(indices))
        return Cost(travel, cross, size, links)

    def unplaced_cost(self, site: int) -> Cost:
        """What a site without a community costs: its half of the links that are so broken."""
        return Cost(links_km=float(self.apart[site]))

    def lead(self, members: Sequence[int] | Ints) -> int | None:
        """The member that can lead with the least travel of all to it; None where nobody can."""
        indices = np.asarray(members, dtype=np.int64)
        able = indices[self.can_lead[indices]]
        if not len(able):
            return None
        reach = self.km(able, indices) + self._cross(able, indices)
        return int(able[np.argmin(reach.sum(axis=1))])


def _summed_columns(matrix: Floats, units: Sequence[Ints]) -> Floats:
    """(rows, u): the columns of ``matrix`` summed over each unit."""
    if all(len(unit) == 1 for unit in units):
        return np.ascontiguousarray(matrix[:, np.concatenate(units)]) if len(units) else matrix
    return np.stack([matrix[:, unit].sum(axis=1) for unit in units], axis=1)


def _summed_pairs(matrix: Floats, units: Sequence[Ints]) -> Floats:
    """(u, u): a symmetric ``matrix`` with zero diagonal summed over the pairs of sites of two units, or of one."""
    summed = _summed_columns(_summed_columns(matrix, units).T, units)
    diagonal = np.einsum("ii->i", summed)
    # Inside a unit every pair was met twice. A should-link inside a must-block is honoured for good.
    diagonal /= 2
    return np.ascontiguousarray(summed)
