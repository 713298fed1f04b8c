"""The latest communities that a search tried: what pricing starts from."""

from __future__ import annotations

from numba import njit


@njit(inline="always")
def note(met, number, members, count):  # type: ignore[no-untyped-def]  # numba compiles it
    """Keep a community in place of the oldest of those ``met`` (m, width), of ``number[1]`` in all."""
    row = met[number[1] % len(met)]
    number[1] += 1
    row[:] = -1
    for m in range(count):
        row[m] = members[m]
