"""Units that may change places without anything changing: sites at one seat, or all of them where nothing differs.

Groupings that differ only by such changes are one to the solver: of several twins a candidate holds the first ones,
and the set-partitioning rows of twins are one row for as many units as there are (Margot 2010, on symmetry).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numba import njit
from numpy.typing import NDArray

from grouping.cost import Floats, Ints, Prices
from grouping.together import alike


@dataclass(frozen=True)
class Twins:
    """Which units are twins: ``first`` (u,) is the lowest-numbered twin of each, itself where it has no other."""

    first: Ints

    @classmethod
    def of(cls, prices: Prices, kinds: Ints | None = None) -> Twins:
        """The twins among the units of ``prices``, by comparing every number, exactly; of the same ``kinds`` only."""
        units = len(prices.weight)
        looks = np.column_stack([prices.weight, np.diff(prices.host_start), prices.apart, prices.miss, _seen(prices)])
        if len(prices.able):
            looks = np.column_stack([looks, prices.able])
        if kinds is not None:
            looks = np.column_stack([looks, kinds])
        order = np.lexsort(looks.T)
        return cls(_first_twins(prices, np.ascontiguousarray(looks), order.astype(np.int64), np.arange(units)))

    @cached_property
    def count(self) -> Ints:
        """(u,): how many units a first twin stands for, itself included; 0 for the others."""
        return np.bincount(self.first, minlength=len(self.first)).astype(np.int64)

    @cached_property
    def before(self) -> Ints:
        """(u,): the twin numbered just before, -1 for a first one."""
        before = np.full(len(self.first), -1, dtype=np.int64)
        last: dict[int, int] = {}
        for unit, first in enumerate(self.first.tolist()):
            before[unit] = last.get(first, -1)
            last[first] = unit
        return before

    @property
    def alone(self) -> NDArray[np.bool_]:
        """(u,): whether a unit has no twin."""
        return np.asarray(self.count == 1)

    def mean(self, values: Floats) -> Floats:
        """(u,): what each unit has of the ``values`` (u,) if twins have the same."""
        sums = np.bincount(self.first, weights=values, minlength=len(self.first))
        return np.asarray(sums[self.first] / self.count[self.first])

    def canonical(self, communities: Iterable[Sequence[int]]) -> list[tuple[int, ...]]:
        """The same communities with of each kind of twins the first ones; several may come out the same."""
        return [self._draw(members, {}) for members in communities]

    def distinct(self, communities: Iterable[Sequence[int]]) -> list[tuple[int, ...]]:
        """Canonical communities with their twins handed out so that no unit is in two of them."""
        used: dict[int, int] = {}
        return [self._draw(members, used) for members in communities]

    def _draw(self, members: Sequence[int], used: dict[int, int]) -> tuple[int, ...]:
        drawn = []
        for unit in members:
            first = int(self.first[unit])
            drawn.append(self._of_first[first][used.get(first, 0)])
            used[first] = used.get(first, 0) + 1
        return tuple(sorted(drawn))

    @cached_property
    def _of_first(self) -> dict[int, list[int]]:
        groups: dict[int, list[int]] = {}
        for unit, first in enumerate(self.first.tolist()):
            groups.setdefault(first, []).append(unit)
        return groups


def _seen(prices: Prices) -> Floats:
    """(u, ...): what twins have in common; only where it agrees is a pair worth a full comparison."""
    if len(prices.ground.start):
        first = prices.ground.start[:-1]
        return np.column_stack([prices.ground.place[first], prices.ground.region[first]])
    # They see the same distances in some order.
    return np.asarray(prices.distance.sum(axis=1).round(6))


@njit(cache=True, nogil=True)
def _first_twins(prices, looks, order, first):  # type: ignore[no-untyped-def]
    """Lower ``first`` to the first twin of each unit; only those of the same ``looks``, which ``order`` sorts, are."""
    units = len(order)
    start = 0
    while start < units:
        end = start + 1
        while end < units and (looks[order[end]] == looks[order[start]]).all():
            end += 1
        group = np.sort(order[start:end])
        for k in range(1, len(group)):
            for j in range(k):
                # Being twins is an equivalence: comparing with firsts is enough.
                if first[group[j]] == group[j] and _twins(prices, group[j], group[k]):
                    first[group[k]] = group[j]
                    break
        start = end
    return first


@njit(cache=True, nogil=True)
def _twins(prices, a, b):  # type: ignore[no-untyped-def]
    """Whether all prices stay as they are when units ``a`` and ``b`` change places."""
    pair = prices.pair
    if pair.start.shape[0] > 0 and not alike(pair.start, pair.other, pair.km, a, b):
        return False
    if prices.ground.start.shape[0] > 0:
        return _same_places(prices, a, b)
    if not _interchangeable(prices.distance, a, b) or not _interchangeable(prices.cross, a, b):
        return False
    own = prices.host_start[a + 1] - prices.host_start[a]
    for host in range(len(prices.host_distance)):
        ours = prices.host_start[a] <= host < prices.host_start[a + 1]
        theirs = prices.host_start[b] <= host < prices.host_start[b + 1]
        if ours:
            # The hosts of the one must see everyone as those of the other do, in the same order.
            other = prices.host_start[b] + host - prices.host_start[a]
            for matrix in (prices.host_distance, prices.host_cross):
                for c in range(matrix.shape[1]):
                    seen = b if c == a else (a if c == b else c)
                    if matrix[host, c] != matrix[other, seen]:
                        return False
        elif not theirs:
            for matrix in (prices.host_distance, prices.host_cross):
                if matrix[host, a] != matrix[host, b]:
                    return False
    return own == prices.host_start[b + 1] - prices.host_start[b]


@njit(cache=True, nogil=True)
def _same_places(prices, a, b):  # type: ignore[no-untyped-def]
    """Whether the sites of two units are at the same places, in their order, and the same of them may host."""
    start, place, region = prices.ground.start, prices.ground.place, prices.ground.region
    if start[a + 1] - start[a] != start[b + 1] - start[b]:
        return False
    for k in range(start[a + 1] - start[a]):
        p, q = start[a] + k, start[b] + k
        if region[p] != region[q] or (place[p] != place[q]).any():
            return False
    hosts = prices.host_start[a + 1] - prices.host_start[a]
    if hosts != prices.host_start[b + 1] - prices.host_start[b]:
        return False
    host = prices.ground.host
    for k in range(hosts):
        if host[prices.host_start[a] + k] - start[a] != host[prices.host_start[b] + k] - start[b]:
            return False
    return True


@njit(cache=True, nogil=True)
def _interchangeable(matrix, a, b):  # type: ignore[no-untyped-def]
    """Whether a symmetric ``matrix`` stays as it is when rows and columns ``a`` and ``b`` change places."""
    same = matrix[a, a] == matrix[b, b]
    for c in range(len(matrix)):
        same = same and (c in (a, b) or matrix[a, c] == matrix[b, c])
    return same
