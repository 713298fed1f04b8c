"""Subset-row cuts: of any three units, at most one community can hold two or more.

They are implied for groupings but not for the LP, whose fractions like to overlap in threes; each closes part of its
gap (Jepsen, Petersen, Spoorendonk & Pisinger 2008).
"""

from __future__ import annotations

from typing import NamedTuple, Self

import numpy as np
from numba import njit
from numpy.typing import NDArray

from grouping.cost import Floats, Ints

_VIOLATED = 0.02
"""A cut that is broken by less than this is not worth a row."""
NO_CUTS: Ints = np.zeros((0, 3), dtype=np.int64)
_EXAMINED = 5_000
"""Triples whose excess is computed; the likeliest."""


class Cuts(NamedTuple):
    """Cuts with their dual prices.

    ``triples`` (m, 3) are their units, ``price`` (m,) what a candidate with two or three of them pays in km. The cuts
    of unit k are ``of[start[k] : start[k + 1]]``.
    """

    triples: Ints
    price: Floats
    start: Ints
    of: Ints

    @classmethod
    def priced(cls, triples: Ints, price: Floats, units: int) -> Self:
        """Those of the cuts among ``units`` units that have a price."""
        charged = price > 0.0
        triples = np.ascontiguousarray(triples[charged])
        flat = triples.ravel()
        start = np.concatenate([[0], np.cumsum(np.bincount(flat, minlength=units))]).astype(np.int64)
        return cls(triples, price[charged], start, np.argsort(flat, kind="stable") // 3)

    @classmethod
    def none(cls, units: int) -> Self:
        """No cuts."""
        return cls.priced(NO_CUTS, np.zeros(0), units)


@njit(cache=True, nogil=True)
def charged(triples, sets, counts):  # type: ignore[no-untyped-def]
    """(m, c) whether each of the candidates in ``sets`` (m, width) holds two or more units of each cut."""
    result = np.zeros((len(counts), len(triples)), dtype=np.bool_)
    for k in range(len(counts)):
        for t in range(len(triples)):
            held = 0
            for j in range(counts[k]):
                unit = sets[k, j]
                held += unit == triples[t, 0] or unit == triples[t, 1] or unit == triples[t, 2]
            result[k, t] = held >= 2
    return result


@njit(cache=True, nogil=True)
def tolls(cuts, sets, counts):  # type: ignore[no-untyped-def]
    """(m,) km that each of the candidates in ``sets`` (m, width) pays for the cuts."""
    result = np.zeros(len(counts))
    held = np.zeros(len(cuts.price), dtype=np.int64)
    for k in range(len(counts)):
        for j in range(counts[k]):
            for place in range(cuts.start[sets[k, j]], cuts.start[sets[k, j] + 1]):
                held[cuts.of[place]] += 1
                if held[cuts.of[place]] == 2:
                    result[k] += cuts.price[cuts.of[place]]
        for j in range(counts[k]):
            for place in range(cuts.start[sets[k, j]], cuts.start[sets[k, j] + 1]):
                held[cuts.of[place]] = 0
    return result


def violated(sets: Ints, counts: Ints, values: Floats, eligible: NDArray[np.bool_], most: int) -> Ints:
    """(m, 3): the ``most`` cuts that an LP solution breaks most.

    Args:
        sets: (k, width) the candidates with a positive value, row by row.
        counts: (k,) how many units each has.
        values: their values.
        eligible: (u,) the units that may be in a cut.
        most: how many cuts to return at most.

    """
    # Two communities at least that are not whole must hold two of the three.
    split = values < 1.0 - _VIOLATED
    sets, counts, values = sets[split], counts[split], values[split]
    held = np.zeros((len(values), len(eligible)), dtype=np.bool_)
    for row, members, count in zip(held, sets, counts, strict=True):
        row[members[:count]] = True
    held &= eligible
    together = (held.T * values) @ held
    triples: Ints = _overlaps(together, 1.0 + _VIOLATED)
    a, b, c = triples.T
    # What the pairs overlap is a bound for the cut's excess, and quick to have.
    likely = np.argsort(-(together[a, b] + together[a, c] + together[b, c]), kind="stable")[:_EXAMINED]
    triples = triples[likely]
    twice = held[:, triples].sum(axis=2) >= 2
    excess = values @ twice - 1.0
    order = np.argsort(-excess, kind="stable")[:most]
    worst: Ints = triples[order[excess[order] > _VIOLATED]]
    return worst


@njit(cache=True, nogil=True)
def _overlaps(together, least):  # type: ignore[no-untyped-def]
    """(m, 3): the triples that are together by pairs, in all, at least so much, which must be more than 1.

    No pair is together more than once, so two of the three pairs are, and one unit is in both of them.
    """
    units = len(together)
    found = []
    for a in range(units):
        partners = np.flatnonzero(together[a] > 0.0)
        for i in range(len(partners)):
            b = partners[i]
            if b == a:
                continue
            for j in range(i + 1, len(partners)):
                c = partners[j]
                if c == a or together[a, b] + together[a, c] + together[b, c] < least:
                    continue
                # If all are together, each of them is in two pairs; it is the first one's to tell.
                if together[b, c] > 0.0 and a > b:
                    continue
                found.append((min(a, b), min(max(a, b), c), max(a, c)))
    triples = np.empty((len(found), 3), dtype=np.int64)
    for k in range(len(found)):
        triples[k, 0], triples[k, 1], triples[k, 2] = found[k]
    return triples
