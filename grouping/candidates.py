"""Candidates: possible communities, many at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grouping.cost import Ints


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
        return tidy(np.concatenate([self.sets, other.sets]))

    def __getitem__(self, rows: NDArray[np.generic]) -> Candidates:
        return Candidates(self.sets[rows], self.counts[rows])

    @classmethod
    def of(cls, communities: Iterable[Sequence[int]], width: int) -> Candidates:
        """The candidates with the given members."""
        listed = list(communities)
        sets = np.full((len(listed), width), -1, dtype=np.int64)
        for row, members in zip(sets, listed, strict=True):
            row[: len(members)] = members
        return tidy(sets)


def tidy(sets: Ints) -> Candidates:
    """The candidates with the members in the rows of ``sets``, -1 where there is none: each once, in a fixed order."""
    last = np.iinfo(np.int64).max
    rows = np.unique(np.sort(np.where(sets < 0, last, sets), axis=1), axis=0)
    return Candidates(np.where(rows == last, -1, rows), (rows != last).sum(axis=1))
