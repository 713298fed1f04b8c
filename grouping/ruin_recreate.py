"""Ruin and recreate under simulated annealing: the compiled half of the search.

A step takes out a few neighbouring units, or whole neighbouring communities, and puts them back where they add least
(Schrimpf et al. 2000; Christiaens & Vanden Berghe 2020). Blocks and linked units come first, and pairs at once: what is
left for one after the other is sizes that are off.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from grouping.cost import HOSTED, cost_of_sums, led, missing
from grouping.draft import accept, empty_group, join, meet, on_the_way, reckoned, start_over, take_out, undo, worse_by
from grouping.ground import between, crossed
from grouping.together import entry
from grouping.trial import NOBODY, trial
from grouping.xorshift import next_below

_SELDOM = 8
"""One time in so many a unit is put back without one that it had better be with."""


@njit(cache=True, nogil=True)
def _open(prices, around, draft, removed, count, seeds, random):  # type: ignore[no-untyped-def]
    """Open communities with ``seeds`` of the units ``removed[:count]`` far from one another, and put them first."""
    distances, start, place = prices.distance, prices.ground.start, prices.ground.place
    tabled = start.shape[0] == 0
    for s in range(1, seeds):
        # Of a few random units, the one farthest from the seeds chosen before it.
        best = s
        far = -1.0
        for _ in range(4):
            k = s + next_below(random, count - s)
            nearest = np.inf
            for earlier in range(s):
                a, b = removed[k], removed[earlier]
                if tabled:
                    away = distances[a, b]
                else:
                    away = 0.0
                    for p in range(start[a], start[a + 1]):
                        for q in range(start[b], start[b + 1]):
                            away += between(place, p, q)
                nearest = min(nearest, away)
            if nearest > far:
                far = nearest
                best = k
        removed[s], removed[best] = removed[best], removed[s]
    for k in range(seeds):
        join(prices, around, draft, removed[k], empty_group(draft, removed[k]))


@njit(cache=True, nogil=True)
def _cheapest(prices, around, held, unit, groups, count, random):  # type: ignore[no-untyped-def]
    """(which of ``groups[:count]`` a unit joins at the least cost or -1, that in km).

    What it adds is made up from sums over pairs; each community is looked at anew only under the hosted measure, or
    where those across macro-regions have a price.
    """
    counts, members, kms, links, weights, costs = (
        held.counts,
        held.members,
        held.km,
        held.links,
        held.weight,
        held.cost,
    )
    start, place, region = prices.ground.start, prices.ground.place, prices.ground.region
    surcharge = prices.ground.surcharge
    tabled = start.shape[0] == 0
    # Places have no tables, and any row will do.
    distances = prices.distance[unit] if tabled else costs
    crosses = prices.cross[unit] if tabled else costs
    first, linked_to, added = prices.pair.start, prices.pair.other, prices.pair.km
    linked = first.shape[0] > 0 and first[unit] < first[unit + 1]
    measure, preferred, size_km = prices.measure, prices.preferred, prices.size_km
    themed, to_lead = prices.miss.shape[1] > 0, len(prices.able) > 0
    missing_km, forbidden_km, smallest, largest = (
        around.missing_km,
        around.forbidden_km,
        around.smallest,
        around.largest,
    )
    slow = measure == HOSTED or around.crossing_km > 0.0
    weight = prices.weight[unit]
    own_links = prices.apart[unit]
    if linked:
        own_links += entry(linked_to, added, first[unit], first[unit + 1], unit)
    if tabled:
        own_km = distances[unit] + crosses[unit]
    else:
        own_km = 0.0
        for p in range(start[unit], start[unit + 1]):
            for q in range(start[unit], p):
                own_km += between(place, p, q) + crossed(region, surcharge, p, q)
    best = -1
    least = np.inf
    for j in range(count):
        group = groups[j]
        sites = weights[group] + weight
        if sites > largest:
            continue
        # A unit now and then overlooks a community, which keeps the search from repeating itself.
        if best >= 0 and next_below(random, 64) == 0:
            continue
        if slow:
            total = trial(prices, around, held, group, unit, NOBODY)
        else:
            km = kms[group] + own_km
            value = links[group] + own_links
            for m in range(counts[group]):
                other = members[group, m]
                if tabled:
                    km += distances[other] + crosses[other]
                else:
                    for p in range(start[unit], start[unit + 1]):
                        for q in range(start[other], start[other + 1]):
                            km += between(place, p, q) + crossed(region, surcharge, p, q)
                if linked:
                    value += entry(linked_to, added, first[unit], first[unit + 1], other)
            total = cost_of_sums(measure, preferred, size_km, sites, km, value)
            if themed:
                total += prices.theme_km * missing(prices.miss, members[group], counts[group], unit)
            if to_lead and not led(prices.able, members[group], counts[group], unit):
                total = np.inf
            total = on_the_way(missing_km, forbidden_km, smallest, 0.0, total, sites)
        if total - costs[group] < least:
            least = total - costs[group]
            best = group
    return best, least


@njit(cache=True, nogil=True)
def _waiting(prices, around, label, unit, random):  # type: ignore[no-untyped-def]
    """A unit without a community that ``unit`` had better be with, most times and if there may be both; or else -1."""
    start, other, km = prices.pair.start, prices.pair.other, prices.pair.km
    room = around.largest - prices.weight[unit]
    if start.shape[0] > 0:
        for k in range(start[unit], start[unit + 1]):
            mate = other[k]
            waits = km[k] < 0.0 and mate != unit and label[mate] < 0 and prices.weight[mate] <= room
            if waits and next_below(random, _SELDOM) > 0:
                return mate
    return -1


@njit(cache=True, nogil=True)
def cheapest_of_two(prices, around, held, unit, other, groups, count, members):  # type: ignore[no-untyped-def]
    """Which of ``groups[:count]`` two units join at the least cost, or -1 if they do so on their own.

    ``members`` (largest,) is room for the units of a community.
    """
    best = -1
    sites = prices.weight[unit] + prices.weight[other]
    members[0], members[1] = unit, other
    # A plain 2 would have what it is handed to compiled for it alone, and then once more.
    _, _, least, _ = reckoned(prices, around, members, np.int64(2), sites)
    for j in range(count):
        group = groups[j]
        size = held.counts[group]
        if held.weight[group] + sites > around.largest:
            continue
        for m in range(size):
            members[m] = held.members[group, m]
        members[size], members[size + 1] = unit, other
        _, _, cost, _ = reckoned(prices, around, members, size + 2, held.weight[group] + sites)
        if cost - held.cost[group] < least:
            least = cost - held.cost[group]
            best = group
    return best


@njit(cache=True, nogil=True)
def _sort(prices, removed, first, count):  # type: ignore[no-untyped-def]
    """Put those of ``removed[first:count]`` first that are hard to place later: blocks, and who has links."""
    start = prices.pair.start
    linked = start.shape[0] > 0
    for k in range(first, count):
        unit = removed[k]
        if prices.weight[unit] > 1 or (linked and start[unit] < start[unit + 1]):
            removed[k], removed[first] = removed[first], unit
            first += 1


@njit(cache=True, nogil=True)
def recreate(prices, around, draft, removed, count, seeds, random):  # type: ignore[no-untyped-def]
    """Put ``removed[:count]`` back, after opening ``seeds`` communities with units of them far from one another."""
    for k in range(count - 1, 0, -1):
        other = next_below(random, k + 1)
        removed[k], removed[other] = removed[other], removed[k]
    seeds = min(seeds, count)
    _open(prices, around, draft, removed, count, seeds, random)
    _sort(prices, removed, seeds, count)
    near, label = around.near, draft.label
    groups = np.empty(near.shape[1] + seeds, dtype=np.int64)
    members = np.empty(around.largest, dtype=np.int64)
    for k in range(seeds, count):
        unit = removed[k]
        if label[unit] >= 0:
            continue
        # A plain 0 would have what it is handed to compiled for it alone, and then once more.
        known = np.int64(0)
        for s in range(seeds):
            group = label[removed[s]]
            groups[known] = group
            known += 1
        for j in range(near.shape[1]):
            group = label[near[unit, j]]
            fresh = group >= 0
            for earlier in range(known):
                fresh = fresh and groups[earlier] != group
            if fresh:
                groups[known] = group
                known += 1
        other = _waiting(prices, around, label, unit, random)
        if other >= 0:
            best = cheapest_of_two(prices, around, draft.now, unit, other, groups, known, members)
            if best < 0:
                best = empty_group(draft, unit)
            join(prices, around, draft, unit, best)
            join(prices, around, draft, other, best)
            continue
        best, least = _cheapest(prices, around, draft.now, unit, groups, known, random)
        if best < 0 or trial(prices, around, draft.now, NOBODY, unit, NOBODY) < least:
            best = empty_group(draft, unit)
        join(prices, around, draft, unit, best)


@njit(cache=True, nogil=True)
def _ruin(around, draft, removed, centre, random):  # type: ignore[no-untyped-def]
    """(how many units around ``centre`` are put into ``removed``, how many communities are to be opened instead)."""
    units = len(draft.label)
    near = around.near
    if next_below(random, 2) == 0:
        wanted = 1 + next_below(random, min(12, units))
        removed[0] = centre
        count = 1
        for j in range(near.shape[1]):
            if count < wanted and next_below(random, 4) > 0:
                removed[count] = near[centre, j]
                count += 1
        return count, 0
    wanted = 1 + next_below(random, 3)
    dissolved = 0
    count = 0
    for j in range(-1, near.shape[1]):
        unit = centre if j < 0 else near[centre, j]
        group = draft.label[unit]
        fresh = dissolved < wanted and (j < 0 or next_below(random, 3) > 0)
        for k in range(count):
            fresh = fresh and draft.label[removed[k]] != group
        if fresh:
            for k in range(draft.now.counts[group]):
                removed[count] = draft.now.members[group, k]
                count += 1
            dissolved += 1
    return count, max(1, dissolved + next_below(random, 3) - 1)


@njit(cache=True, nogil=True)
def anneal(prices, around, draft, random, steps, hot, cold):  # type: ignore[no-untyped-def]
    """Take so many ``steps`` while the temperature falls from ``hot`` to ``cold`` km."""
    units = len(prices.weight)
    removed = np.empty(units, dtype=np.int64)
    # What steps add to the totals is not exact to the last bit.
    start_over(prices, around, draft)
    for step in range(steps):
        temperature = hot * (cold / hot) ** (step / steps)
        count, seeds = _ruin(around, draft, removed, next_below(random, units), random)
        take_out(prices, around, draft, removed, count)
        recreate(prices, around, draft, removed, count, seeds, random)
        worse = worse_by(around, draft)
        meet(around, draft)
        threshold = -temperature * np.log((next_below(random, 1 << 30) + 1) / (1 << 30))
        if worse <= threshold:
            accept(prices, around, draft)
        else:
            undo(draft)
