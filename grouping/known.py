"""Candidates that runs over the same list share, whatever each has them cost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

_MOST = 100_000
"""Candidates at most: those of the latest runs."""


class Known:
    """Candidates, by the ids of their sites, that proofs of earlier runs needed: a later one's are likely to be near.

    They save rounds of pricing and prove nothing themselves.
    """

    def __init__(self) -> None:
        self._ids: dict[tuple[str, ...], None] = {}

    def __iter__(self) -> Iterator[tuple[str, ...]]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, candidates: Iterable[tuple[str, ...]]) -> None:
        """Take in those of a run."""
        for ids in candidates:
            # Those needed again are the last to go.
            self._ids.pop(ids, None)
            self._ids[ids] = None
        while len(self._ids) > _MOST:
            del self._ids[next(iter(self._ids))]
