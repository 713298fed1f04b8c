"""What a community costs, in kilometres: the one place where it is computed.

The solver, the audit and the reports all call :func:`parts`. It works on *units*: a unit is a site, or a block of
must-linked sites, and everything about pairs of sites is summed over the sites of the units, so one community costs
the same either way.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from grouping.ground import NOWHERE, Ground, between, crossed, part_host_tables, part_of, part_tables, rows_of
from grouping.together import Together, entry

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ROTATING, HOSTED, PAIRWISE = range(3)
MEASURES = {"rotating": ROTATING, "hosted": HOSTED, "pairwise": PAIRWISE}


@dataclass(frozen=True, slots=True)
class Cost:
    """A cost in kilometres, part by part.

    ``travel_km`` is travel without the surcharge for macro-region borders, which is ``cross_region_km``.
    """

    travel_km: float = 0.0
    cross_region_km: float = 0.0
    size_km: float = 0.0
    theme_km: float = 0.0
    links_km: float = 0.0

    @property
    def total_km(self) -> float:
        """All parts together."""
        return self.travel_km + self.cross_region_km + self.size_km + self.theme_km + self.links_km

    def parts(self) -> dict[str, float]:
        """Each part by its name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def __add__(self, other: Cost) -> Cost:
        return Cost(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))


class Prices(NamedTuple):
    """The numbers behind the cost, for ``u`` units and ``h`` possible hosts. All in km unless said otherwise.

    A community of units S with q sites costs ``travel(S) + size(S) + theme(S) + links(S)``:

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
    - ``miss`` (u, t): how many sites of each unit have preferences among themes, but not for theme t; (u, 0) where no
      site has any, or they cost nothing. A community runs the theme that the fewest miss, at ``theme_km`` for each.
    - ``able`` (u,): whether each unit has a site that may lead, where a community must hold one and the measure is not
      hosted; (0,) where it need not.
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
    miss: Ints
    theme_km: float
    able: NDArray[np.bool_]

    @property
    def must_be_led(self) -> bool:
        """Whether a community needs a site that may lead."""
        return self.measure == HOSTED or len(self.able) > 0

    @property
    def may_lead(self) -> NDArray[np.bool_]:
        """(u,): where a community must be led, whether each unit has a site that may do so; else nothing but False."""
        return self.able if len(self.able) else np.diff(self.host_start) > 0

    @property
    def by_itself(self) -> Floats:
        """(u,): what its links cost a unit that is with none of those it is linked to."""
        within = self.pair.rows == self.pair.other
        by_itself = self.apart.copy()
        by_itself[self.pair.other[within]] += self.pair.km[within]
        return by_itself

    def part(self, units: Ints, *, tables: bool = True) -> Prices:
        """Those of some of the units, and of hosts among these: in tables, or else by places if these are."""
        tables = tables or not len(self.ground.start)
        distance, cross = part_tables(self, units) if tables else (self.distance, self.cross)
        host_start, hosts = rows_of(self.host_start, units)
        ways = part_host_tables(self, hosts, units) if tables else (self.host_distance, self.host_cross)
        return self._replace(
            weight=self.weight[units],
            distance=distance,
            cross=cross,
            ground=NOWHERE if tables else part_of(self.ground, units, hosts),
            host_start=host_start,
            host_distance=ways[0],
            host_cross=ways[1],
            pair=self.pair.part(units),
            apart=self.apart[units],
            miss=self.miss[units],
            able=self.able[units] if len(self.able) else self.able,
        )


@njit(cache=True, nogil=True)
def missing(miss, members, count, another):  # type: ignore[no-untyped-def]
    """How many sites of ``members[:count]``, and of ``another`` unit unless it is -1, miss the theme that fewest miss.

    ``miss`` is that of :class:`Prices`.
    """
    least = 0
    for theme in range(miss.shape[1]):
        total = miss[another, theme] if another >= 0 else 0
        for k in range(count):
            total += miss[members[k], theme]
        if theme == 0 or total < least:
            least = total
    return least


@njit(cache=True, nogil=True)
def led(able, members, count, another):  # type: ignore[no-untyped-def]
    """Whether one of ``members[:count]``, or ``another`` unit unless it is -1, is ``able`` to lead; or need not be."""
    if len(able) == 0 or (another >= 0 and able[another]):
        return True
    found = False
    for k in range(count):
        found = found or able[members[k]]
    return found


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

    What its theme costs is not among it, see :func:`missing`, nor whether it is :func:`led`.

    The first three are those of :class:`Prices`, which takes long to hand over.
    """
    return _each(measure, sites) * km + size_km * abs(sites - preferred) + links


@njit(cache=True, nogil=True)
def parts(prices, members, count):  # type: ignore[no-untyped-def]
    """(travel, cross, size, theme, links, host) of the units ``members[:count]``: five floats in km and a host's row.

    The host is -1 unless the measure is hosted; without a possible host, or a lead where there must be one, the travel
    is infinite.
    """
    sites, distance, cross, links = pair_sums(prices, members, count)
    size = prices.size_km * abs(sites - prices.preferred)
    theme = prices.theme_km * missing(prices.miss, members, count, -1) if prices.miss.shape[1] > 0 else 0.0
    if prices.measure != HOSTED:
        if len(prices.able) > 0 and not led(prices.able, members, count, -1):
            return np.inf, 0.0, size, theme, links, -1
        each = _each(prices.measure, sites)
        return each * distance, each * cross, size, theme, links, -1
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
    return best_distance, best_cross, size, theme, links, host


@njit(cache=True, nogil=True)
def total_of(prices, members, count):  # type: ignore[no-untyped-def]
    """Total km of the community of the units ``members[:count]``; where it matters, :func:`parts` takes less time."""
    travel, cross, size, theme, links, _ = parts(prices, members, count)
    return travel + cross + size + theme + links


@njit(cache=True, nogil=True)
def totals(prices, sets, counts):  # type: ignore[no-untyped-def]
    """Total km of each community: ``sets`` (m, width) int64, of which row k uses the first ``counts[k]``."""
    result = np.empty(len(counts))
    for k in range(len(counts)):
        result[k] = total_of(prices, sets[k], counts[k])
    return result
