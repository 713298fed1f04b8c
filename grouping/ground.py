"""How far units are from one another: by tables of all pairs, or by the places of their sites on the globe.

Tables of 41,000 sites would take 14 GB each, so many sites have places only, and what is between two is computed each
time. Functions take :class:`grouping.cost.Prices` and find either there; kilometres are sums over pairs of sites.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import asin, sqrt
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np
from numba import njit
from numpy.typing import NDArray

if TYPE_CHECKING:
    from grouping.cost import Prices

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

EARTH_RADIUS_KM = 6371.0088
"""Mean radius of the Earth (IUGG)."""
_NEAR = 0.01
"""Square of half a chord up to which the series of :func:`arc` is exact to the last bits: 1,270 km."""


@dataclass(frozen=True)
class Places:
    """Where n sites are: ``vectors`` (n, 3) of length 1 from the centre of the Earth."""

    vectors: Floats

    @classmethod
    def of_degrees(cls, lon: Floats, lat: Floats) -> Self:
        """The places at longitudes and latitudes, both (n,)."""
        east, north = np.radians(lon), np.radians(lat)
        return cls(np.stack([np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)], axis=1))

    def __len__(self) -> int:
        return len(self.vectors)

    def km(self, rows: Ints, columns: Ints) -> Floats:
        """(r, c) km of great circles from some of the sites to others."""
        return np.asarray(_block(self.vectors[rows], self.vectors[columns]))


class Ground(NamedTuple):
    """The places of ``u`` units of ``s`` sites and ``h`` possible hosts; all empty where tables tell.

    - ``start`` (u + 1,): the sites of unit k are rows ``start[k]`` to ``start[k + 1]`` of the next two.
    - ``place`` (s, 3): of length 1, see :class:`Places`.
    - ``region`` (s,): codes of macro-regions, -1 where unknown.
    - ``host`` (h,): the row of each possible host.
    - ``surcharge``: km for each pair of sites of two macro-regions.
    """

    start: Ints
    place: Floats
    region: Ints
    host: Ints
    surcharge: float


NOWHERE = Ground(
    np.zeros(0, dtype=np.int64), np.zeros((0, 3)), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), 0.0
)
"""Tables tell."""


@njit(cache=True, nogil=True)
def arc(x, y, z):  # type: ignore[no-untyped-def]  # numba compiles it; the types are in the docstring
    """The km along the great circle under the chord (x, y, z) of the sphere of radius 1."""
    square = 0.25 * (x * x + y * y + z * z)
    half = sqrt(square)
    if square < _NEAR:
        # The arcsine's series: a third of the time, and nearly all that is asked.
        series = 945.0 / 42240.0 + square * (10395.0 / 599040.0)
        series = 15.0 / 336.0 + square * (105.0 / 3456.0 + square * series)
        series = 1.0 + square * (1.0 / 6.0 + square * (3.0 / 40.0 + square * series))
        return 2.0 * EARTH_RADIUS_KM * half * series
    return 2.0 * EARTH_RADIUS_KM * asin(min(1.0, half))


@njit(cache=True, nogil=True)
def _block(rows, columns):  # type: ignore[no-untyped-def]
    result = np.empty((len(rows), len(columns)))
    for i in range(len(rows)):
        for j in range(len(columns)):
            result[i, j] = arc(rows[i, 0] - columns[j, 0], rows[i, 1] - columns[j, 1], rows[i, 2] - columns[j, 2])
    return result


@njit(inline="always")
def crossed(region, surcharge, p, q):  # type: ignore[no-untyped-def]
    """The surcharge between two sites."""
    return surcharge if region[p] != region[q] and region[p] >= 0 and region[q] >= 0 else 0.0


@njit(inline="always")
def between(place, p, q):  # type: ignore[no-untyped-def]
    """The km between two sites."""
    # It becomes a part of its caller: to hand arrays to a function costs more than to compute an arc.
    return arc(place[p, 0] - place[q, 0], place[p, 1] - place[q, 1], place[p, 2] - place[q, 2])


@njit(cache=True, nogil=True)
def reach(prices, unit, units, distance, cross):  # type: ignore[no-untyped-def]
    """Fill ``distance`` and ``cross`` (m,) with what is between a unit and each of ``units`` (m,), or inside it."""
    if prices.ground.start.shape[0] == 0:
        own_distance, own_cross = prices.distance[unit], prices.cross[unit]
        for k in range(len(units)):
            distance[k] = own_distance[units[k]]
            cross[k] = own_cross[units[k]]
        return
    start, place, region = prices.ground.start, prices.ground.place, prices.ground.region
    surcharge = prices.ground.surcharge
    for k in range(len(units)):
        other = units[k]
        km = 0.0
        across = 0.0
        for p in range(start[unit], start[unit + 1]):
            for q in range(start[other], p if other == unit else start[other + 1]):
                km += between(place, p, q)
                across += crossed(region, surcharge, p, q)
        distance[k] = km
        cross[k] = across


@njit(cache=True, nogil=True)
def ways(prices, host, units, distance, cross):  # type: ignore[no-untyped-def]
    """Fill ``distance`` and ``cross`` (m,) with what is between a possible host and each of ``units`` (m,)."""
    if prices.ground.start.shape[0] == 0:
        for k in range(len(units)):
            distance[k] = prices.host_distance[host, units[k]]
            cross[k] = prices.host_cross[host, units[k]]
        return
    start, place, region = prices.ground.start, prices.ground.place, prices.ground.region
    surcharge = prices.ground.surcharge
    p = prices.ground.host[host]
    for k in range(len(units)):
        km = 0.0
        across = 0.0
        for q in range(start[units[k]], start[units[k] + 1]):
            km += between(place, p, q)
            across += crossed(region, surcharge, p, q)
        distance[k] = km
        cross[k] = across


def joint_row(prices: Prices, unit: int) -> Floats:
    """(u,): distance and surcharge together from a unit to each."""
    units = np.arange(len(prices.weight))
    distance, cross = np.empty(len(units)), np.empty(len(units))
    reach(prices, unit, units, distance, cross)
    return distance + cross


def joint_table(prices: Prices) -> Floats:
    """(u, u): distance and surcharge together among all units, gigabytes for tens of thousands of them."""
    if not len(prices.ground.start):
        return prices.distance + prices.cross
    table = np.empty((len(prices.weight), len(prices.weight)))
    for unit in range(len(table)):
        table[unit] = joint_row(prices, unit)
    return table


def part_of(ground: Ground, units: Ints, hosts: Ints) -> Ground:
    """That of some of the units, with some of the hosts, which are among their sites."""
    start, sites = rows_of(ground.start, units)
    place = np.full(len(ground.place), -1, dtype=np.int64)
    place[sites] = np.arange(len(sites))
    return Ground(start, ground.place[sites], ground.region[sites], place[ground.host[hosts]], ground.surcharge)


def rows_of(start: Ints, units: Ints) -> tuple[Ints, Ints]:
    """(where the rows of each of the ``units`` start among theirs, which they are): unit k's start at ``start[k]``."""
    counts = np.diff(start)[units]
    own = np.concatenate([[0], counts.cumsum()])
    return own, np.arange(own[-1]) + np.repeat(start[units] - own[:-1], counts)


def part_tables(prices: Prices, units: Ints) -> tuple[Floats, Floats]:
    """``distance`` and ``cross`` (m, m) among some of the units."""
    if not len(prices.ground.start):
        some = np.ix_(units, units)
        return prices.distance[some], prices.cross[some]
    distance, cross = np.empty((2, len(units), len(units)))
    for row, unit in enumerate(units):
        reach(prices, unit, units, distance[row], cross[row])
    return distance, cross


def part_host_tables(prices: Prices, hosts: Ints, units: Ints) -> tuple[Floats, Floats]:
    """``host_distance`` and ``host_cross`` (h, m) from some of the hosts to some of the units."""
    if not len(prices.ground.start):
        some = np.ix_(hosts, units)
        return prices.host_distance[some], prices.host_cross[some]
    distance, cross = np.empty((2, len(hosts), len(units)))
    for row, host in enumerate(hosts):
        ways(prices, host, units, distance[row], cross[row])
    return distance, cross


def with_host_tables(prices: Prices) -> Prices:
    """The same with ``host_distance`` and ``host_cross``, for those who read them."""
    if not len(prices.ground.host):
        return prices
    hosts, units = np.arange(len(prices.ground.host)), np.arange(len(prices.weight))
    distance, cross = part_host_tables(prices, hosts, units)
    return prices._replace(host_distance=distance, host_cross=cross)
