"""Ruin and recreate under simulated annealing: the compiled half of the search.

A step takes out a few neighbouring units, or whole neighbouring communities, and puts them back where they add least
(Schrimpf et al. 2000; Christiaens & Vanden Berghe 2020). What a community costs is always asked of
:mod:`grouping.cost`. A community may be too small on the way, at a price; it is never too large. A step touches only
what it changes, so that its time does not depend on the number of units.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from grouping.borders import spans
from grouping.cost import Floats, Ints, parts


class Neighbourhood(NamedTuple):
    """What the search knows besides prices.

    ``near`` (u, k) are the units nearest to each, those it is linked to first. On the way ``missing_km`` is paid for
    each site that a community lacks, and ``forbidden_km`` for each site of one that may not be, instead of its
    infinite cost.

    If ``limited``, there should be ``fewest`` to ``most`` communities and no more than ``across`` of them across
    macro-regions, which are the ``region`` (u,) of each unit; ``missing_km`` is paid for each one too few or too many,
    and ``crossing_km`` for each one across.
    """

    near: Ints
    smallest: int
    largest: int
    missing_km: float
    forbidden_km: float
    limited: bool
    fewest: int
    most: int
    across: int
    region: Ints
    crossing_km: float


class State(NamedTuple):
    """The grouping at hand, the best one, and what changed since the last step that was kept.

    ``label`` (u,) is each unit's community; ``members`` (g, width), ``counts``, ``weight``, ``cost`` describe those on
    the way, ``allowed`` tells whether one may be at all. ``totals`` are of all of them: sites without a valid
    community, valid communities, those of them across macro-regions, all communities, those of them across, the cost.

    ``best`` is the label of the best grouping, ``score`` holds its (sites without a valid community, communities
    beyond the limits, cost). ``met`` (m, width) holds the latest communities
    that were tried, of ``number[1]`` in all.

    ``changed[: number[0]]`` are the communities ``touched`` by the present step; ``old_...`` is what they were.
    """

    label: Ints
    members: Ints
    counts: Ints
    weight: Ints
    cost: Floats
    allowed: NDArray[np.bool_]
    totals: Floats
    best: Ints
    score: Floats
    met: Ints
    number: Ints
    touched: NDArray[np.bool_]
    changed: Ints
    old_members: Ints
    old_counts: Ints
    old_weight: Ints
    old_cost: Floats
    old_allowed: NDArray[np.bool_]


@njit(cache=True, nogil=True)
def _next(random, below):  # type: ignore[no-untyped-def]
    """A random whole number below ``below`` (xorshift64*, Vigna 2016)."""
    x = random[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    random[0] = x
    return np.int64((x * np.uint64(0x2545F4914F6CDD1D) >> np.uint64(33)) % np.uint64(below))


@njit(cache=True, nogil=True)
def _price(prices, around, members, count):  # type: ignore[no-untyped-def]
    """(what a community counts on the way, in km; whether it may be, its size aside)."""
    if count == 0:
        return 0.0, True
    travel, cross, size, links, _ = parts(prices, members, count)
    sites = 0
    for k in range(count):
        sites += prices.weight[members[k]]
    total = travel + cross + size + links
    allowed = total < np.inf
    if not allowed:
        total = around.forbidden_km * sites
    if around.crossing_km > 0.0 and spans(around.region, members, count):
        total += around.crossing_km
    return total + around.missing_km * max(0, around.smallest - sites), allowed


@njit(cache=True, nogil=True)
def valid(prices, smallest, members, count):  # type: ignore[no-untyped-def]
    """Whether units may be a community as they are."""
    travel, cross, size, links, _ = parts(prices, members, count)
    sites = 0
    for k in range(count):
        sites += prices.weight[members[k]]
    return sites >= smallest and travel + cross + size + links < np.inf


@njit(cache=True, nogil=True)
def _touch(state, group):  # type: ignore[no-untyped-def]
    """Keep what a community is before it changes."""
    if state.touched[group]:
        return
    state.touched[group] = True
    state.changed[state.number[0]] = group
    state.number[0] += 1
    for k in range(state.counts[group]):
        state.old_members[group, k] = state.members[group, k]
    state.old_counts[group] = state.counts[group]
    state.old_weight[group] = state.weight[group]
    state.old_cost[group] = state.cost[group]
    state.old_allowed[group] = state.allowed[group]


@njit(cache=True, nogil=True)
def _join(prices, around, state, unit, group):  # type: ignore[no-untyped-def]
    _touch(state, group)
    state.members[group, state.counts[group]] = unit
    state.counts[group] += 1
    state.weight[group] += prices.weight[unit]
    state.label[unit] = group
    state.cost[group], state.allowed[group] = _price(prices, around, state.members[group], state.counts[group])


@njit(cache=True, nogil=True)
def _take_out(prices, around, state, removed, count):  # type: ignore[no-untyped-def]
    """Take the units ``removed[:count]`` out of their communities."""
    for k in range(count):
        unit = removed[k]
        group = state.label[unit]
        _touch(state, group)
        members = state.members[group]
        last = state.counts[group] - 1
        for m in range(last + 1):
            if members[m] == unit:
                members[m] = members[last]
                break
        state.counts[group] = last
        state.weight[group] -= prices.weight[unit]
        state.label[unit] = -1
    for k in range(state.number[0]):
        group = state.changed[k]
        state.cost[group], state.allowed[group] = _price(prices, around, state.members[group], state.counts[group])


@njit(cache=True, nogil=True)
def set_labels(prices, around, state, label):  # type: ignore[no-untyped-def]
    """Make ``label`` the grouping at hand."""
    wanted = label.copy()
    state.counts[:] = 0
    state.weight[:] = 0
    state.cost[:] = 0.0
    state.allowed[:] = True
    for unit in range(len(wanted)):
        _join(prices, around, state, unit, wanted[unit])
    start_over(prices, around, state)


@njit(cache=True, nogil=True)
def start_over(prices, around, state):  # type: ignore[no-untyped-def]
    """Add up what is at hand, and let nothing of it be taken back."""
    state.touched[:] = False
    state.number[0] = 0
    state.totals[:] = 0.0
    for group in range(len(state.counts)):
        _count(
            prices, around, state.totals, 1, state.members, state.counts, state.weight, state.cost, state.allowed, group
        )
    _remember(around, state)


@njit(cache=True, nogil=True)
def _count(  # type: ignore[no-untyped-def]
    prices, around, totals, times, members, counts, weight, cost, allowed, group
):
    """Add a community to the ``totals`` so many ``times``, as :class:`State` has them."""
    count = counts[group]
    if count == 0:
        return
    across = around.limited and spans(around.region, members[group], count)
    totals[3] += times
    totals[4] += times * across
    if allowed[group] and weight[group] >= around.smallest:
        totals[1] += times
        totals[2] += times * across
        totals[5] += times * (cost[group] - across * around.crossing_km)
    else:
        totals[0] += times * weight[group]
        for k in range(count):
            totals[5] += times * prices.apart[members[group, k]]


@njit(cache=True, nogil=True)
def _remember(around, state):  # type: ignore[no-untyped-def]
    """Keep the grouping at hand if it is the best: fewer sites without a community, or as many at less cost.

    One that is nearer to the limits comes before one of less cost.
    """
    unserved, valid, across, cost = state.totals[0], state.totals[1], state.totals[2], state.totals[5]
    excess = _beyond(around, valid, across) if around.limited else 0.0
    same = unserved == state.score[0]
    better = unserved < state.score[0] or (same and excess < state.score[1])
    if better or (same and excess == state.score[1] and cost < state.score[2] - 1e-9):
        state.score[0] = unserved
        state.score[1] = excess
        state.score[2] = cost
        state.best[:] = state.label


@njit(cache=True, nogil=True)
def _beyond(around, communities, across):  # type: ignore[no-untyped-def]
    """How many communities are too few, too many or too many across macro-regions."""
    excess = max(0.0, around.fewest - communities) + max(0.0, communities - around.most)
    return excess + max(0.0, across - around.across)


@njit(cache=True, nogil=True)
def _fault(around, state):  # type: ignore[no-untyped-def]
    """What the step at hand adds to what is paid for being beyond the limits, in km."""
    communities, across = state.totals[3], state.totals[4]
    before = _beyond(around, communities, across)
    for k in range(state.number[0]):
        group = state.changed[k]
        if state.counts[group] > 0:
            communities += 1
            across += spans(around.region, state.members[group], state.counts[group])
        if state.old_counts[group] > 0:
            communities -= 1
            across -= spans(around.region, state.old_members[group], state.old_counts[group])
    return around.missing_km * (_beyond(around, communities, across) - before)


@njit(cache=True, nogil=True)
def _empty_group(state, start):  # type: ignore[no-untyped-def]
    """An empty community, looked for from ``start`` on; there are more communities than units."""
    group = start
    while state.counts[group] > 0:
        group = group + 1 if group + 1 < len(state.counts) else 0
    return group


@njit(cache=True, nogil=True)
def recreate(prices, around, state, removed, count, seeds, random):  # type: ignore[no-untyped-def]
    """Put ``removed[:count]`` back, after opening ``seeds`` communities with units of them far from one another."""
    for k in range(count - 1, 0, -1):
        other = _next(random, k + 1)
        removed[k], removed[other] = removed[other], removed[k]
    seeds = min(seeds, count)
    for s in range(1, seeds):
        # Of a few random units, the one farthest from the seeds chosen before it.
        best = s
        far = -1.0
        for _ in range(4):
            k = s + _next(random, count - s)
            nearest = np.inf
            for earlier in range(s):
                nearest = min(nearest, prices.distance[removed[k], removed[earlier]])
            if nearest > far:
                far = nearest
                best = k
        removed[s], removed[best] = removed[best], removed[s]
    for k in range(seeds):
        _join(prices, around, state, removed[k], _empty_group(state, removed[k]))
    trial = np.empty(around.largest, dtype=np.int64)
    groups = np.empty(around.near.shape[1] + 1 + seeds, dtype=np.int64)
    for k in range(seeds, count):
        unit = removed[k]
        known = 0
        for s in range(seeds):
            groups[known] = state.label[removed[s]]
            known += 1
        for j in range(around.near.shape[1]):
            group = state.label[around.near[unit, j]]
            if group >= 0:
                groups[known] = group
                known += 1
        best_group = -1
        best_added = np.inf
        for j in range(known):
            group = groups[j]
            seen = False
            for earlier in range(j):
                seen = seen or groups[earlier] == group
            if seen or state.weight[group] + prices.weight[unit] > around.largest:
                continue
            # A unit now and then overlooks a community, which keeps the search from repeating itself.
            if best_group >= 0 and _next(random, 64) == 0:
                continue
            size = state.counts[group]
            for m in range(size):
                trial[m] = state.members[group, m]
            trial[size] = unit
            added = _price(prices, around, trial, size + 1)[0] - state.cost[group]
            if added < best_added:
                best_added = added
                best_group = group
        trial[0] = unit
        if best_group < 0 or _price(prices, around, trial, 1)[0] < best_added:
            best_group = _empty_group(state, unit)
        _join(prices, around, state, unit, best_group)


@njit(cache=True, nogil=True)
def anneal(prices, around, state, random, steps, hot, cold):  # type: ignore[no-untyped-def]
    """Take so many ``steps`` while the temperature falls from ``hot`` to ``cold`` km."""
    units = len(prices.weight)
    removed = np.empty(units, dtype=np.int64)
    # What steps add to the totals is not exact to the last bit.
    start_over(prices, around, state)
    for step in range(steps):
        temperature = hot * (cold / hot) ** (step / steps)
        # Ruin.
        centre = _next(random, units)
        count = 0
        seeds = 0
        if _next(random, 2) == 0:
            wanted = 1 + _next(random, min(12, units))
            removed[count] = centre
            count += 1
            for j in range(around.near.shape[1]):
                if count < wanted and _next(random, 4) > 0:
                    removed[count] = around.near[centre, j]
                    count += 1
        else:
            wanted = 1 + _next(random, 3)
            dissolved = 0
            for j in range(-1, around.near.shape[1]):
                unit = centre if j < 0 else around.near[centre, j]
                group = state.label[unit]
                fresh = dissolved < wanted and (j < 0 or _next(random, 3) > 0)
                for k in range(count):
                    fresh = fresh and state.label[removed[k]] != group
                if fresh:
                    for k in range(state.counts[group]):
                        removed[count] = state.members[group, k]
                        count += 1
                    dissolved += 1
            seeds = max(1, dissolved + _next(random, 3) - 1)
        _take_out(prices, around, state, removed, count)
        recreate(prices, around, state, removed, count, seeds, random)
        worse = 0.0
        for k in range(state.number[0]):
            group = state.changed[k]
            worse += state.cost[group] - state.old_cost[group]
        if around.limited:
            worse += _fault(around, state)
        _meet(around, state)
        threshold = -temperature * np.log((_next(random, 1 << 30) + 1) / (1 << 30))
        if worse <= threshold:
            _accept(prices, around, state)
        else:
            _undo(state)


@njit(cache=True, nogil=True)
def _meet(around, state):  # type: ignore[no-untyped-def]
    """Note the valid communities that a step made."""
    for k in range(state.number[0]):
        group = state.changed[k]
        if (
            state.cost[group] != state.old_cost[group]
            and state.allowed[group]
            and state.weight[group] >= around.smallest
        ):
            row = state.met[state.number[1] % len(state.met)]
            state.number[1] += 1
            row[:] = -1
            for m in range(state.counts[group]):
                row[m] = state.members[group, m]


@njit(cache=True, nogil=True)
def _accept(prices, around, state):  # type: ignore[no-untyped-def]
    """Let what changed stand."""
    for k in range(state.number[0]):
        group = state.changed[k]
        _count(
            prices, around, state.totals, 1, state.members, state.counts, state.weight, state.cost, state.allowed, group
        )
        _count(
            prices,
            around,
            state.totals,
            -1,
            state.old_members,
            state.old_counts,
            state.old_weight,
            state.old_cost,
            state.old_allowed,
            group,
        )
        state.touched[group] = False
    state.number[0] = 0
    _remember(around, state)


@njit(cache=True, nogil=True)
def _undo(state):  # type: ignore[no-untyped-def]
    """Take back what changed."""
    for k in range(state.number[0]):
        group = state.changed[k]
        for m in range(state.old_counts[group]):
            state.members[group, m] = state.old_members[group, m]
            state.label[state.old_members[group, m]] = group
        state.counts[group] = state.old_counts[group]
        state.weight[group] = state.old_weight[group]
        state.cost[group] = state.old_cost[group]
        state.allowed[group] = state.old_allowed[group]
        state.touched[group] = False
    state.number[0] = 0
