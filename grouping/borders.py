"""Communities across macro-regions: which are, and what each pays while there may only be so many.

The limit is one row of the set-partitioning LP; its dual price is paid by every candidate whose members lie in more
than one macro-region. A member whose macro-region is unknown counts for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import njit

from grouping.cost import Ints

UNKNOWN, SEVERAL = -1, -2
"""Instead of the code of a macro-region: none is known, or there are two or more."""


class Border(NamedTuple):
    """``region`` (u,) is the macro-region of each unit, ``price`` what a candidate across them pays in km.

    Without a price nobody asks for the regions.
    """

    region: Ints
    price: float


NO_BORDER = Border(np.zeros(0, dtype=np.int64), 0.0)


def unit_regions(region: Ints, units: Sequence[Ints]) -> Ints:
    """(u,): the macro-region of each unit, where ``region`` holds those of the sites."""
    found = np.full(len(units), UNKNOWN, dtype=np.int64)
    for number, sites in enumerate(units):
        codes = np.unique(region[sites][region[sites] != UNKNOWN])
        if len(codes):
            found[number] = codes[0] if len(codes) == 1 else SEVERAL
    return found


@njit(cache=True, nogil=True)
def joined(a, b):  # type: ignore[no-untyped-def]
    """The macro-region of what lies in ``a`` and what lies in ``b`` together."""
    if a == UNKNOWN:
        return b
    if b in (UNKNOWN, a):
        return a
    return SEVERAL


@njit(cache=True, nogil=True)
def spans(region, members, count):  # type: ignore[no-untyped-def]
    """Whether the units ``members[:count]`` lie in more than one macro-region."""
    found = UNKNOWN
    for k in range(count):
        found = joined(found, region[members[k]])
    return found == SEVERAL


@njit(cache=True, nogil=True)
def crossing(region, sets, counts):  # type: ignore[no-untyped-def]
    """(m,) whether each of the candidates in ``sets`` (m, width) lies in more than one macro-region."""
    result = np.zeros(len(counts), dtype=np.bool_)
    for k in range(len(counts)):
        result[k] = spans(region, sets[k], counts[k])
    return result
