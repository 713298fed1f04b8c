"""Candidates: possible communities, many at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from grouping.cost import Ints

Communities = tuple[tuple[int, ...], ...]
"""A grouping in units: the unit numbers of each community."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Possible communities: row k of ``sets`` (m, width) begins with ``counts[k]`` unit numbers, ascending."""

    sets: Ints
    counts: Ints

    def __len__(self) -> int:
        return len(self.counts)

    def __iter__(self) -> Iterator[tuple[int, ...]]:
        return (tuple(row[:count].tolist()) for row, count in zip(self.sets, self.counts, strict=True))

    def __add__(self, other: Candidates) -> Candidates:
        return Candidates.of_rows(np.unique(np.concatenate([self.sets, other.sets]), axis=0))

    def __getitem__(self, rows: NDArray[np.generic]) -> Candidates:
        return Candidates(self.sets[rows], self.counts[rows])

    @classmethod
    def of(cls, communities: Iterable[Sequence[int]], width: int) -> Candidates:
        """The candidates with the given members, each once, in a fixed order."""
        listed = list(communities)
        sets = np.full((len(listed), width), -1, dtype=np.int64)
        for row, members in zip(sets, listed, strict=True):
            row[: len(members)] = members
        return cls.of_rows(np.unique(cls.of_rows(sets).sets, axis=0))

    @classmethod
    def of_rows(cls, sets: Ints) -> Candidates:
        """The candidates whose members stand in the rows of ``sets``, in any order, with -1 where there is none."""
        last = np.iinfo(np.int64).max
        rows = np.sort(np.where(sets < 0, last, sets), axis=1)
        return cls(np.where(rows == last, -1, rows), (rows != last).sum(axis=1))

    def within(self, place: Ints) -> Candidates:
        """Those whose members all have a place, in their places: ``place`` (u,) is -1 for units that have none."""
        sets = np.append(place, -1)[self.sets]
        return Candidates.of_rows(sets[((sets >= 0) | (self.sets < 0)).all(axis=1)])


@njit(cache=True, nogil=True)
def by_unit(sets, counts, units):  # type: ignore[no-untyped-def]
    """(start, of): the candidates of unit k, among so many, are ``of[start[k] : start[k + 1]]``."""
    start = np.zeros(units + 1, dtype=np.int64)
    for k in range(len(counts)):
        for j in range(counts[k]):
            start[sets[k, j] + 1] += 1
    start = np.cumsum(start)
    of = np.empty(start[-1], dtype=np.int64)
    fill = start[:-1].copy()
    for k in range(len(counts)):
        for j in range(counts[k]):
            of[fill[sets[k, j]]] = k
            fill[sets[k, j]] += 1
    return start, of
