"""Rank-one cuts: rows of the set-partitioning LP added up in fractions, and rounded down.

Whatever is chosen, each unit is in one community. So with a share p of each row of some units, a community that holds
units of shares P in all counts floor(P) in the cut, and all of them together no more than the floor of the sum. They
are implied for groupings but not for the LP, whose fractions like to overlap; each closes part of its gap.

*Triples* take halves of three rows: of any three units, at most one community can hold two or more (subset-row cuts:
Jepsen, Petersen, Spoorendonk & Pisinger 2008). Pricing knows them. Those of four and five rows (Pecin, Pessoa, Poggi,
Uchoa & Santos 2017) are for where all candidates are at hand.
"""

from __future__ import annotations

from itertools import permutations
from typing import NamedTuple, Self

import numpy as np
from numba import njit
from numpy.typing import NDArray

from grouping.candidates import by_unit
from grouping.cost import Floats, Ints

_WIDEST = 5
"""Rows of a cut at most."""
_SHARES = (
    ((2, 1, 1, 1), 3),
    ((1, 1, 1, 1, 1), 2),
    ((1, 1, 1, 1, 1), 3),
    ((2, 2, 1, 1, 1), 3),
    ((2, 2, 1, 1, 1), 4),
    ((3, 1, 1, 1, 1), 4),
    ((3, 3, 2, 2, 1), 4),
    ((3, 2, 2, 1, 1), 5),
)
"""The shares of four and five rows that no others dominate, and what they are parts of (Pecin et al. 2017)."""
_VIOLATED = 0.02
"""A cut that is broken by less than this is not worth a row."""
_EXAMINED = 5_000
"""Triples whose excess is computed; the likeliest."""
_COMPANIONS = 9
"""Units that are together with another most, among which cuts of four and five rows are looked for."""
_OFTEN = 3
"""Cuts of four and five rows that a unit may enter at a time."""


class Rows(NamedTuple):
    """Cuts: ``units`` (m, 5), -1 where there are fewer, with ``shares`` (m, 5), 0 there, of ``whole`` (m,)."""

    units: Ints
    shares: Ints
    whole: Ints

    @classmethod
    def of_triples(cls, triples: Ints) -> Self:
        """Those of (m, 3) units, half of each."""
        units = np.full((len(triples), _WIDEST), -1, dtype=np.int64)
        units[:, :3] = triples
        return cls(units, (units >= 0).astype(np.int64), np.full(len(triples), 2, dtype=np.int64))

    def __add__(self, other: Rows) -> Rows:  # type: ignore[override]
        return Rows(*(np.concatenate(pair) for pair in zip(self, other, strict=True)))

    def chosen(self, which: NDArray[np.generic]) -> Rows:
        """Some of them."""
        return Rows(self.units[which], self.shares[which], self.whole[which])

    @property
    def most(self) -> Ints:
        """(m,) what a grouping may count in each."""
        return np.asarray(self.shares.sum(axis=1) // self.whole)


NO_CUTS = Rows.of_triples(np.zeros((0, 3), dtype=np.int64))


class Cuts(NamedTuple):
    """Cuts with their dual prices.

    ``units``, ``shares`` and ``whole`` are those of :class:`Rows`; ``price`` (m,) is what a candidate pays in km for
    each time it counts. The cuts of unit k are ``of[start[k] : start[k + 1]]``, with ``share`` of it in each.
    """

    units: Ints
    shares: Ints
    whole: Ints
    price: Floats
    start: Ints
    of: Ints
    share: Ints

    @classmethod
    def priced(cls, rows: Rows, price: Floats, units: int) -> Self:
        """Those of the cuts among ``units`` units that have a price."""
        rows = rows.chosen(price > 0.0)
        number, place = np.nonzero(rows.shares)
        unit = rows.units[number, place]
        order = np.argsort(unit, kind="stable")
        start = np.concatenate([[0], np.cumsum(np.bincount(unit, minlength=units))]).astype(np.int64)
        share = rows.shares[number, place][order]
        return cls(rows.units, rows.shares, rows.whole, price[price > 0.0], start, number[order], share)

    @classmethod
    def of_rows(cls, rows: Rows, units: int) -> Self:
        """All of the cuts among ``units`` units, at a price of 1."""
        return cls.priced(rows, np.ones(len(rows.whole)), units)

    @classmethod
    def none(cls, units: int) -> Self:
        """No cuts."""
        return cls.of_rows(NO_CUTS, units)

    def __add__(self, other: Cuts) -> Cuts:  # type: ignore[override]
        units = len(self.start) - 1
        return Cuts.priced(self.rows + other.rows, np.concatenate([self.price, other.price]), units)

    @property
    def rows(self) -> Rows:
        """Without their prices."""
        return Rows(self.units, self.shares, self.whole)

    @property
    def are_triples(self) -> bool:
        """Whether pricing knows all of them."""
        return bool((self.whole == 2).all() and (self.units[:, 3:] < 0).all())

    @property
    def worth(self) -> float:
        """Km that all of them take off a bound."""
        return float((self.price * self.rows.most).sum())


@njit(cache=True, nogil=True)
def charged(cuts, sets, counts):  # type: ignore[no-untyped-def]
    """(row of ``sets`` (m, width), cut, times) where a candidate counts in a cut, candidate by candidate."""
    start, of, whole, share = cuts.start, cuts.of, cuts.whole, cuts.share
    held = np.zeros(len(whole), dtype=np.int64)
    candidates, numbers, times = [], [], []
    for k in range(len(counts)):
        for j in range(counts[k]):
            for place in range(start[sets[k, j]], start[sets[k, j] + 1]):
                held[of[place]] += share[place]
        for j in range(counts[k]):
            for place in range(start[sets[k, j]], start[sets[k, j] + 1]):
                cut = of[place]
                if held[cut] >= whole[cut]:
                    candidates.append(k)
                    numbers.append(cut)
                    times.append(held[cut] // whole[cut])
                held[cut] = 0
    return np.array(candidates, np.int64), np.array(numbers, np.int64), np.array(times, np.int64)


@njit(cache=True, nogil=True)
def tolls(cuts, sets, counts):  # type: ignore[no-untyped-def]
    """(m,) km that each of the candidates in ``sets`` (m, width) pays for the cuts."""
    result = np.zeros(len(counts))
    held = np.zeros(len(cuts.price), dtype=np.int64)
    for k in range(len(counts)):
        for j in range(counts[k]):
            for place in range(cuts.start[sets[k, j]], cuts.start[sets[k, j] + 1]):
                cut = cuts.of[place]
                before = held[cut] // cuts.whole[cut]
                held[cut] += cuts.share[place]
                if held[cut] // cuts.whole[cut] > before:
                    result[k] += cuts.price[cut] * (held[cut] // cuts.whole[cut] - before)
        for j in range(counts[k]):
            for place in range(cuts.start[sets[k, j]], cuts.start[sets[k, j] + 1]):
                held[cuts.of[place]] = 0
    return result


def violated(sets: Ints, counts: Ints, values: Floats, eligible: NDArray[np.bool_], most: int) -> Rows:
    """The ``most`` triples that an LP solution breaks most.

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
    triples, overlap = _overlaps(sets, counts, values, eligible, 1.0 + _VIOLATED)
    # What the pairs overlap is a bound for the cut's excess, and quick to have.
    triples = triples[np.argsort(-overlap, kind="stable")[:_EXAMINED]]
    excess = _excess(sets, counts, values, triples, len(eligible))
    order = np.argsort(-excess, kind="stable")[:most]
    return Rows.of_triples(triples[order[excess[order] > _VIOLATED]])


@njit(cache=True, nogil=True)
def _partners(sets, counts, values, eligible):  # type: ignore[no-untyped-def]
    """(start, partner, share): how much each unit is together with its partners, in ascending order."""
    units = len(eligible)
    first, of = by_unit(sets, counts, units)
    start = np.zeros(units + 1, dtype=np.int64)
    partner = np.empty(len(of) * sets.shape[1], dtype=np.int64)
    share = np.empty(len(partner))
    together = np.zeros(units)
    for a in range(units):
        count = start[a]
        for place in range(first[a], first[a + 1] if eligible[a] else first[a]):
            k = of[place]
            for j in range(counts[k]):
                b = sets[k, j]
                if b != a and eligible[b]:
                    if together[b] == 0.0:
                        partner[count] = b
                        count += 1
                    together[b] += values[k]
        own = partner[start[a] : count]
        own.sort()
        for place in range(start[a], count):
            share[place] = together[partner[place]]
            together[partner[place]] = 0.0
        start[a + 1] = count
    return start, partner[: start[-1]].copy(), share[: start[-1]].copy()


@njit(cache=True, nogil=True)
def _overlaps(sets, counts, values, eligible, least):  # type: ignore[no-untyped-def]
    """((m, 3) triples, (m,) how much) that are together by pairs, in all, at least so much, which is more than 1.

    No pair is together more than once, so two of the three pairs are, and one unit is in both of them.
    """
    start, partner, share = _partners(sets, counts, values, eligible)
    position = np.full(len(eligible), -1, dtype=np.int64)
    found = []
    overlap = []
    for a in range(len(eligible)):
        own, together = partner[start[a] : start[a + 1]], share[start[a] : start[a + 1]]
        for i in range(len(own)):
            position[own[i]] = i
        others = np.zeros((len(own), len(own)))
        for i in range(len(own)):
            for place in range(start[own[i]], start[own[i] + 1]):
                if position[partner[place]] >= 0:
                    others[i, position[partner[place]]] = share[place]
        for i in range(len(own)):
            b = own[i]
            position[b] = -1
            for j in range(i + 1, len(own)):
                c = own[j]
                total = together[i] + together[j] + others[i, j]
                # If all are together, each of them is in two pairs; it is the first one's to tell.
                if total >= least and not (others[i, j] > 0.0 and a > b):
                    found.append((min(a, b), min(max(a, b), c), max(a, c)))
                    overlap.append(total)
    triples = np.empty((len(found), 3), dtype=np.int64)
    much = np.empty(len(found))
    for k in range(len(found)):
        triples[k, 0], triples[k, 1], triples[k, 2] = found[k]
        much[k] = overlap[k]
    return triples, much


@njit(cache=True, nogil=True)
def _excess(sets, counts, values, triples, units):  # type: ignore[no-untyped-def]
    """(m,): by how much the triples are broken."""
    start, of = by_unit(sets, counts, units)
    held = np.zeros(len(counts), dtype=np.int64)
    excess = np.full(len(triples), -1.0)
    for t in range(len(triples)):
        for unit in triples[t]:
            for place in range(start[unit], start[unit + 1]):
                held[of[place]] += 1
                if held[of[place]] == 2:
                    excess[t] += values[of[place]]
        for unit in triples[t]:
            for place in range(start[unit], start[unit + 1]):
                held[of[place]] = 0
    return excess


def violated_wider(sets: Ints, counts: Ints, values: Floats, eligible: NDArray[np.bool_], most: int) -> Rows:
    """Cuts of four and five rows that an LP solution breaks; arguments as for :func:`violated`."""
    split = values < 1.0 - _VIOLATED
    shares, whole = _every_share()
    held = (shares[:, :, None] * ((np.arange(2**_WIDEST) >> np.arange(_WIDEST)[:, None]) & 1)).sum(axis=1)
    counted = (held // whole[:, None]).astype(np.float64)
    found, kinds, excess = _broken(
        sets[split],
        counts[split],
        values[split],
        eligible,
        _COMPANIONS,
        counted,
        counted[:, -1].copy(),
        _VIOLATED,
    )
    chosen = []
    times = np.zeros(len(eligible), dtype=np.int64)
    seen = set()
    for k in np.argsort(-excess, kind="stable").tolist():
        units = found[k][shares[kinds[k]] > 0]
        key = (frozenset(zip(found[k].tolist(), shares[kinds[k]].tolist(), strict=True)), int(whole[kinds[k]]))
        if key in seen or times[units].max() >= _OFTEN:
            continue
        seen.add(key)
        times[units] += 1
        chosen.append(k)
        if len(chosen) == most:
            break
    kind = kinds[chosen]
    return Rows(np.where(shares[kind] > 0, found[chosen], -1), shares[kind], whole[kind])


def _every_share() -> tuple[Ints, Ints]:
    """((k, 5) shares, (k,) wholes): those of four and five rows in all orders."""
    every = [(order, whole) for shares, whole in _SHARES for order in sorted(set(permutations((*shares, 0)[:_WIDEST])))]
    return np.array([order for order, _ in every]), np.array([whole for _, whole in every])


@njit(cache=True, nogil=True)
def _broken(sets, counts, values, eligible, companions, counted, most, least):  # type: ignore[no-untyped-def]
    """((m, 5) units, (m,) kinds, (m,) excess) of the worst cut of each five units, if it is broken by ``least``.

    ``counted`` (k, 32) is what a candidate counts in a cut of each kind by which of its five units it holds, as bits;
    ``most`` (k,) what a grouping may.
    """
    units = len(eligible)
    start, of = by_unit(sets, counts, units)
    first, partner, share = _partners(sets, counts, values, eligible)
    five = np.empty(5, dtype=np.int64)
    bits = np.zeros(len(counts), dtype=np.int64)
    weight = np.empty(counted.shape[1])
    found = []
    kinds = []
    excess = []
    for a in range(units):
        if not eligible[a] or start[a] == start[a + 1]:
            continue
        own = slice(first[a], first[a + 1])
        near = partner[own][np.argsort(-share[own], kind="mergesort")[:companions]]
        m = len(near)
        five[0] = a
        for i in range(m):
            for j in range(i + 1, m):
                for k in range(j + 1, m):
                    for last in range(k + 1, m):
                        five[1], five[2], five[3], five[4] = near[i], near[j], near[k], near[last]
                        weight[:] = 0.0
                        for b in range(5):
                            for place in range(start[five[b]], start[five[b] + 1]):
                                bits[of[place]] |= 1 << b
                        for b in range(5):
                            for place in range(start[five[b]], start[five[b] + 1]):
                                weight[bits[of[place]]] += values[of[place]]
                                bits[of[place]] = 0
                        weight[0] = 0.0
                        worst = least
                        kind = -1
                        for t in range(len(most)):
                            value = -most[t]
                            for pattern in range(3, len(weight)):
                                value += weight[pattern] * counted[t, pattern]
                            if value > worst:
                                worst = value
                                kind = t
                        if kind >= 0:
                            found.append((a, near[i], near[j], near[k], near[last]))
                            kinds.append(kind)
                            excess.append(worst)
    rows = np.empty((len(found), 5), dtype=np.int64)
    for k in range(len(found)):
        for b in range(5):
            rows[k, b] = found[k][b]
    return rows, np.array(kinds, dtype=np.int64), np.array(excess, dtype=np.float64)
