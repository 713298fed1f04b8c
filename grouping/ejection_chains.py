"""Ejection chains: what brings sizes that are off together, however far they are apart.

Ruin and recreate changes a few neighbouring communities at once. One that is too large here and one too small there it
brings no nearer, for each step on the way leaves as many of a wrong size; so where size counts for more than distance,
as among townships, most of what a grouping costs too much are these. A chain of moves from community to community, a
unit each, changes the sizes of its two ends only (Glover 1996; Thompson & Psaraftis 1993). The best one is a shortest
path, where units follow one another and a step costs what it adds to the community where one takes the other's place
(Ahuja, Orlin & Sharma 2000); sizes off by one are what a path gains at either end, so it is worth going on while less
than nothing is spent.

Six communities too large by one in six places need a community more: one is opened or dissolved, and chains put right
what that leaves, or all of it is taken back.
"""

from __future__ import annotations

import heapq
from typing import NamedTuple

import numpy as np
from numba import njit

from grouping.cost import Floats, Ints
from grouping.draft import accept, empty_group, join, meet, take_out, undo, worse_by
from grouping.trial import NOBODY, joint, pair, sums_tell, trial, trial_of

_FIRST = np.int64(0)
"""The first place of a community: as :data:`grouping.trial.NOBODY`, not a plain 0."""
_LONGEST = 100
"""Moves of a chain at most."""
_LOOKS = 3_000
"""Units at most from which a chain is looked for further."""
_PAYS = 1e-6
"""Less than so many km is not worth a chain."""
_ROUNDS = 20
"""How often those that are off are looked at one after another: by the last bits of large sums it might never end."""


class Chain(NamedTuple):
    """Room for the search of a chain, one after another.

    ``km`` (u,) is what the cheapest chain known costs up to each unit, infinite without one, and ``before`` (u,) the
    unit ahead of it, -1 for the first. ``unit`` and ``group`` (m,) are the moves that were found: who goes where.

    ``own_km`` and ``own_links`` (u,) are what each unit adds to the sums over pairs of its community, see
    :func:`grouping.trial.joint`; of the communities that are ``known`` (g,) by the present search's ``number[0]``, and
    those ``seen`` (g,) by ``number[1]`` are not looked at.
    """

    km: Floats
    before: Ints
    own_km: Floats
    own_links: Floats
    known: Ints
    seen: Ints
    number: Ints
    unit: Ints
    group: Ints


def room_for(units: int) -> Chain:
    """Room for chains of so many units."""
    return Chain(
        km=np.full(units, np.inf),
        before=np.full(units, -1, dtype=np.int64),
        own_km=np.zeros(units),
        own_links=np.zeros(units),
        known=np.zeros(units + 1, dtype=np.int64),
        seen=np.zeros(units + 1, dtype=np.int64),
        number=np.zeros(2, dtype=np.int64),
        unit=np.zeros(max(units, _LONGEST), dtype=np.int64),
        group=np.zeros(_LONGEST, dtype=np.int64),
    )


@njit(cache=True, nogil=True)
def _passed(label, before, unit, group):  # type: ignore[no-untyped-def]
    """Whether a chain up to ``unit`` has been to a community."""
    while unit >= 0:
        if label[unit] == group:
            return True
        unit = before[unit]
    return False


@njit(cache=True, nogil=True)
def _reach(chain, heap, reached, unit, before, km):  # type: ignore[no-untyped-def]
    """A chain of ``km`` up to ``unit``: go on from there if it is the cheapest one, and has something left to spend."""
    if km >= 0.0 or km >= chain.km[unit] - _PAYS:
        return
    if chain.km[unit] == np.inf:
        reached.append(unit)
    chain.km[unit] = km
    chain.before[unit] = before
    heapq.heappush(heap, (km, unit))


@njit(cache=True, nogil=True)
def _know(prices, held, chain, group):  # type: ignore[no-untyped-def]
    """Find out what each unit of a community adds to its sums, once a search."""
    if chain.known[group] == chain.number[0]:
        return
    chain.known[group] = chain.number[0]
    members = held.members[group]
    for m in range(held.counts[group]):
        unit = members[m]
        chain.own_km[unit], chain.own_links[unit] = joint(prices, unit, members, held.counts[group])


@njit(cache=True, nogil=True)
def _count(prices, around, held, chain, group, unit, counted, first, end):  # type: ignore[no-untyped-def]
    """Fill ``counted[first:end]`` with what a community counts once its unit of that place leaves; then, nobody.

    Before that ``unit`` enters, unless it is -1.
    """
    count = held.counts[group]
    members = held.members[group]
    more_km, more_links = joint(prices, unit, members, count) if unit >= 0 else (0.0, 0.0)
    # Of who must not meet, sums are infinite and tell nothing of what is left when one of them leaves.
    if more_links == np.inf or not sums_tell(prices, around, held, group):
        for m in range(first, end):
            counted[m] = trial(prices, around, held, group, unit, members[m] if m < count else -1)
        return
    _know(prices, held, chain, group)
    sites = held.weight[group] + (prices.weight[unit] if unit >= 0 else 0)
    km, links = held.km[group] + more_km, held.links[group] + more_links
    for m in range(first, end):
        less_sites, less_km, less_links = 0, 0.0, 0.0
        if m < count:
            other = members[m]
            less_sites, less_km, less_links = prices.weight[other], chain.own_km[other], chain.own_links[other]
            if unit >= 0:
                pair_km, pair_links = pair(prices, unit, other)
                less_km += pair_km
                less_links += pair_links
        counted[m] = trial_of(prices, around, sites - less_sites, km - less_km, links - less_links)


@njit(cache=True, nogil=True)
def _search(prices, around, draft, chain, group):  # type: ignore[no-untyped-def]
    """Find the best chain that ends in ``group``, from which a unit leaves if it is too large; else one comes.

    Returns:
        How many moves there are, none if no chain pays; from how many units it was looked for further.

    """
    now, label, near = draft.now, draft.label, around.near
    cost, counts, members = now.cost, now.counts, now.members
    seen, known_km = chain.seen, chain.km
    chain.number[0] += 1
    leaving = now.weight[group] > prices.preferred
    counted = np.empty(around.largest + 1)
    heap = [(0.0, np.int64(0))]
    heap.pop()
    reached = [np.int64(0)]
    reached.pop()
    count = counts[group]
    if leaving:
        _count(prices, around, now, chain, group, NOBODY, counted, _FIRST, count)
        for m in range(count):
            _reach(chain, heap, reached, members[group, m], -1, counted[m] - cost[group])
    else:
        for k in range(count):
            for other in near[members[group, k]]:
                if label[other] != group and known_km[other] == np.inf:
                    _count(prices, around, now, chain, group, other, counted, count, count + 1)
                    _reach(chain, heap, reached, other, -1, counted[count] - cost[group])
    best = -_PAYS
    last = where = np.int64(-1)
    looks = 0
    while len(heap) > 0 and looks < _LOOKS:
        km, unit = heapq.heappop(heap)
        if km > known_km[unit]:
            continue
        looks += 1
        own = label[unit]
        place = 0
        # By a number of its own are marked the communities that the chain has been to, and those seen from here.
        chain.number[1] += 1
        mark = chain.number[1]
        seen[group] = mark
        ahead = unit
        while ahead >= 0:
            seen[label[ahead]] = mark
            ahead = chain.before[ahead]
        if not leaving:
            while members[own, place] != unit:
                place += 1
            _count(prices, around, now, chain, own, NOBODY, counted, place, place + 1)
            if km + counted[place] - cost[own] < best:
                best, last = km + counted[place] - cost[own], unit
        for j in range(near.shape[1]):
            other = near[unit, j]
            there = label[other]
            if seen[there] == mark:
                continue
            if not leaving:
                _count(prices, around, now, chain, own, other, counted, place, place + 1)
                step = km + counted[place] - cost[own]
                # To hand over a heap costs more than to look whether there is anything to do.
                if step < 0.0 and step < known_km[other] - _PAYS:
                    _reach(chain, heap, reached, other, unit, step)
                continue
            seen[there] = mark
            count = counts[there]
            _count(prices, around, now, chain, there, unit, counted, _FIRST, count + 1)
            for m in range(count):
                step = km + counted[m] - cost[there]
                if step < 0.0 and step < known_km[members[there, m]] - _PAYS:
                    _reach(chain, heap, reached, members[there, m], unit, step)
            if km + counted[count] - cost[there] < best:
                best, last, where = km + counted[count] - cost[there], unit, there
    count = _trace(label, chain, last, where, group, leaving)
    for unit in reached:
        known_km[unit] = np.inf
    return count, looks


@njit(cache=True, nogil=True)
def _trace(label, chain, last, where, group, leaving):  # type: ignore[no-untyped-def]
    """Write down the moves of the chain up to ``last``; how many, none if it has been to a community twice since."""
    count = 0
    unit = last
    while unit >= 0:
        before = chain.before[unit]
        if count == _LONGEST or _passed(label, chain.before, before, label[unit]):
            return 0
        chain.unit[count] = unit
        if leaving:
            chain.group[count] = where
            where = label[unit]
        else:
            chain.group[count] = label[before] if before >= 0 else group
        count += 1
        unit = before
    return count


@njit(cache=True, nogil=True)
def _pass_on(prices, around, draft, chain, group):  # type: ignore[no-untyped-def]
    """Move units along the best chain that ends in ``group``: (whether any pays, looks)."""
    count, looks = _search(prices, around, draft, chain, group)
    take_out(prices, around, draft, chain.unit, count)
    for k in range(count):
        join(prices, around, draft, chain.unit[k], chain.group[k])
    return count > 0, looks


@njit(cache=True, nogil=True)
def _open_at(prices, around, draft, removed, centre):  # type: ignore[no-untyped-def]
    """Put a unit and those nearest to it into a community of their own."""
    removed[0] = centre
    count = np.int64(1)
    sites = prices.weight[centre]
    for unit in around.near[centre]:
        if sites + prices.weight[unit] <= prices.preferred:
            removed[count] = unit
            count += 1
            sites += prices.weight[unit]
    group = empty_group(draft, centre)
    take_out(prices, around, draft, removed, count)
    for k in range(count):
        join(prices, around, draft, removed[k], group)


@njit(cache=True, nogil=True)
def _dissolve(prices, around, draft, removed, group):  # type: ignore[no-untyped-def]
    """Have each unit of a community join the one nearby where it adds least; one that can join none stays alone."""
    now, label, near = draft.now, draft.label, around.near
    count = now.counts[group]
    for k in range(count):
        removed[k] = now.members[group, k]
    take_out(prices, around, draft, removed, count)
    for k in range(count):
        unit = removed[k]
        best = np.int64(-1)
        least = np.inf
        for j in range(near.shape[1]):
            there = label[near[unit, j]]
            if there >= 0 and there != group:
                added = trial(prices, around, now, there, unit, NOBODY) - now.cost[there]
                if added < least:
                    best, least = there, added
        join(prices, around, draft, unit, best if best >= 0 else empty_group(draft, unit))


@njit(cache=True, nogil=True)
def rearrange(prices, around, draft, chain, group, shifting):  # type: ignore[no-untyped-def]
    """Try a chain that ends in ``group``, whose size is off; or else open a community beside it, or dissolve it.

    One is opened, if it is ``shifting``, where ``group`` is too large. Further chains see to what is off then.

    Returns:
        Whether it is an improvement, otherwise all is as before; from how many units chains were looked for.

    """
    now = draft.now
    looks = 0
    if not shifting:
        looks += _pass_on(prices, around, draft, chain, group)[1]
    elif now.weight[group] > prices.preferred:
        _open_at(prices, around, draft, chain.unit, now.members[group, 0])
    else:
        _dissolve(prices, around, draft, chain.unit, group)
    for _ in range(_ROUNDS):
        again = False
        # Chains go on through further communities, whose sizes are as before.
        for k in range(draft.number[0]):
            group = draft.changed[k]
            if now.counts[group] > 0 and now.weight[group] != prices.preferred:
                moved, more = _pass_on(prices, around, draft, chain, group)
                looks += more
                again = again or moved
        if not again:
            break
    if draft.number[0] == 0:
        return False, looks
    if worse_by(around, draft) > -_PAYS:
        undo(draft)
        return False, looks
    meet(around, draft)
    accept(prices, around, draft)
    return True, looks
