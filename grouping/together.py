"""What being together adds, in km: of the few pairs that links speak of, row by row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Together(NamedTuple):
    """A symmetric matrix (u, u) in km of which few entries are not 0.

    Row k has the ``km[start[k] : start[k + 1]]`` in the columns ``other[...]``, which ascend; on the diagonal stands
    what a unit adds by being one. ``start`` (u + 1,) is (0,) where no entry is left: then nothing is linked.
    """

    start: Ints
    other: Ints
    km: Floats

    @property
    def linked(self) -> bool:
        """Whether there is any entry."""
        return len(self.start) > 0

    @property
    def rows(self) -> Ints:
        """The row of each entry."""
        if not self.linked:
            return np.zeros(0, dtype=np.int64)
        return np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))

    @property
    def table(self) -> Floats:
        """The whole matrix, (u, u); (0, 0) where nothing is linked."""
        units = max(0, len(self.start) - 1)
        table = np.zeros((units, units))
        table[self.rows, self.other] = self.km
        return table

    def merged(self, units: Sequence[Ints]) -> Together:
        """The sums over the pairs of sites of two of the ``units``, or of one."""
        if not self.linked:
            return self
        home = np.empty(len(self.start) - 1, dtype=np.int64)
        for unit, sites in enumerate(units):
            home[sites] = unit
        sums: dict[tuple[int, int], float] = {}
        for a, b, km in zip(self.rows.tolist(), home[self.other].tolist(), self.km.tolist(), strict=True):
            sums[a, b] = sums.get((a, b), 0.0) + km
        both: dict[tuple[int, int], float] = {}
        for (a, unit), km in sorted(sums.items()):
            pair = int(home[a]), unit
            both[pair] = both.get(pair, 0.0) + km
        # To the last bit, whichever of the two was summed first: twins must see the same. And inside a unit every pair
        # was met twice. A should-link inside a must-block is honoured for good.
        same = {pair: both[min(pair), max(pair)] for pair in both}
        return together_of(len(units), {pair: km / 2 if pair[0] == pair[1] else km for pair, km in same.items()})

    def split(self, worth: Floats) -> Split:
        """What two gain by being together, divided between them so that both are worth the same, as far as it goes.

        That is so for each link by itself: units of several links may have more or less in the end.

        ``worth`` (u,) is what is paid for each unit more than it costs by itself. Dual prices of two that are better
        together leave any part of the gain to either, and often all of it to one: halves would make that one look
        cheap with anybody, and the other one dear.
        """
        rows = self.rows
        gain = np.where((self.km < 0.0) & (rows != self.other), -self.km, 0.0)
        gains = gain > 0.0
        more = np.divide(worth[self.other] - worth[rows], 2.0 * gain, out=np.zeros(len(gain)), where=gains)
        part = gain * np.clip(0.5 + more, 0.0, 1.0)
        units = np.bincount(rows, weights=part, minlength=len(worth)).astype(np.float64)
        return Split(np.where(gains, -part, self.km), units)

    def part(self, units: Ints) -> Together:
        """The rows and columns of some of the ``units``, in their order."""
        if not self.linked:
            return self
        place = np.full(len(self.start) - 1, -1, dtype=np.int64)
        place[units] = np.arange(len(units))
        rows, columns = place[self.rows], place[self.other]
        there = (rows >= 0) & (columns >= 0)
        entries = zip(rows[there].tolist(), columns[there].tolist(), strict=True)
        return together_of(len(units), dict(zip(entries, self.km[there].tolist(), strict=True)))


class Split(NamedTuple):
    """The entries of a :class:`Together`, each that is below 0 divided between its two units.

    ``km`` (entries,) is what the row has of each, all of it where that is not below 0 or on the diagonal; and ``gain``
    (u,) what each unit has of what it gains by being with others, if they all come.
    """

    km: Floats
    gain: Floats


def together_of(units: int, km: Mapping[tuple[int, int], float]) -> Together:
    """The matrix of so many ``units`` with the given entries."""
    entries = sorted((pair, value) for pair, value in km.items() if value)
    if not entries:
        return NOTHING
    rows = np.array([a for (a, _), _ in entries])
    return Together(
        np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=units))]).astype(np.int64),
        np.array([b for (_, b), _ in entries], dtype=np.int64),
        np.array([value for _, value in entries], dtype=np.float64),
    )


NOTHING = Together(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0))
"""Nothing is linked."""


@njit(inline="always")
def entry(other, km, first, last, column):  # type: ignore[no-untyped-def]
    """The entry in a ``column`` of the row ``[first, last)``, 0 where there is none."""
    # It becomes a part of its caller: to hand arrays to a function costs more than to look an entry up.
    low = first
    high = last
    while low < high:
        middle = (low + high) // 2
        if other[middle] < column:
            low = middle + 1
        else:
            high = middle
    return km[low] if low < last and other[low] == column else 0.0


@njit(cache=True, nogil=True)
def alike(start, other, km, a, b):  # type: ignore[no-untyped-def]
    """Whether the matrix stays as it is when rows and columns ``a`` and ``b`` change places."""
    if entry(other, km, start[a], start[a + 1], a) != entry(other, km, start[b], start[b + 1], b):
        return False
    for one, two in ((a, b), (b, a)):
        for k in range(start[one], start[one + 1]):
            column = other[k]
            if column not in (a, b) and entry(other, km, start[two], start[two + 1], column) != km[k]:
                return False
    return True
