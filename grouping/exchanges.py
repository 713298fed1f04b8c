"""Exchanges under simulated annealing: what arranges communities anew once their sizes are right.

Two units of neighbouring communities change places. Where size counts for more than distance, as among townships,
nearly all that takes units out and puts them back leaves sizes that are off, and is taken back again; and a step of
this is several hundred times as fast.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from grouping.cost import HOSTED, cost_of_sums
from grouping.draft import on_the_way, reckon, set_labels
from grouping.met import note
from grouping.trial import trial
from grouping.xorshift import next_below

NEAREST = 8
"""Of so many nearest neighbours one's community is where a unit goes."""


@njit(inline="always")
def _find_ways(hosts, ways, members, count, way):  # type: ignore[no-untyped-def]
    """Put into ``way`` (h,) the km from each possible host of ``members[:count]`` to all of them."""
    for i in range(count):
        for host in range(hosts[members[i]], hosts[members[i] + 1]):
            total = 0.0
            for j in range(count):
                total += ways[host, members[j]]
            way[host] = total


@njit(inline="always")
def _hosted_km(hosts, ways, way, members, count, entering, leaving):  # type: ignore[no-untyped-def]
    """The km from the best host of ``members[:count]`` to all of them, once a unit is in another's place."""
    best = np.inf
    for m in range(count):
        mate = members[m]
        if mate != leaving:
            for host in range(hosts[mate], hosts[mate + 1]):
                best = min(best, way[host] + ways[host, entering] - ways[host, leaving])
    for host in range(hosts[entering], hosts[entering + 1]):
        total = ways[host, entering]
        for m in range(count):
            if members[m] != leaving:
                total += ways[host, members[m]]
        best = min(best, total)
    return best


@njit(cache=True, nogil=True)
def exchange(prices, around, draft, random, steps, hot, cold):  # type: ignore[no-untyped-def]
    """Take so many ``steps`` while the temperature falls from ``hot`` to ``cold`` km; limits are not looked at."""
    # Plain arrays in the loop, as in grouping.cost, and what they count is put right in the end.
    now, label, near, met, number = draft.now, draft.label, around.near, draft.met, draft.number
    members, counts, sites, km, links, cost = now.members, now.counts, now.weight, now.km, now.links, now.cost
    allowed, weight, apart, start = now.allowed, prices.weight, prices.apart, prices.pair.start
    measure, preferred, size_km = prices.measure, prices.preferred, prices.size_km
    missing_km, forbidden_km, smallest, largest = (
        around.missing_km,
        around.forbidden_km,
        around.smallest,
        around.largest,
    )
    by_sums = prices.ground.start.shape[0] == 0 and prices.miss.shape[1] == 0
    by_sums = by_sums and len(prices.able) == 0 and around.crossing_km == 0.0
    hosted = by_sums and measure == HOSTED
    pairs = prices.distance + prices.cross
    hosts, ways = prices.host_start, prices.host_distance + prices.host_cross
    # From each possible host to all of its community.
    way = np.zeros(len(ways))
    for group in range(len(counts) if hosted else 0):
        _find_ways(hosts, ways, members[group], counts[group], way)
    linked = start.shape[0] > 0
    units, width = len(label), min(NEAREST, near.shape[1])
    for step in range(steps if width else 0):
        unit = next_below(random, units)
        group, target = label[unit], label[near[unit, next_below(random, width)]]
        if target == group:
            continue
        place = next_below(random, counts[target])
        other = members[target, place]
        plain = by_sums and allowed[group] and allowed[target]
        if linked and plain:
            plain = start[unit] == start[unit + 1] and start[other] == start[other + 1]
        own = 0
        here_km, there_km, here_links, there_links = 0.0, 0.0, 0.0, 0.0
        if plain:
            more = weight[other] - weight[unit]
            if sites[group] + more > largest or sites[target] - more > largest:
                continue
            if hosted:
                here_km = _hosted_km(hosts, ways, way, members[group], counts[group], other, unit)
                there_km = _hosted_km(hosts, ways, way, members[target], counts[target], unit, other)
                if max(here_km, there_km) == np.inf:
                    continue
            else:
                here_km = km[group] - pairs[unit, unit] + pairs[other, other]
                there_km = km[target] + pairs[unit, unit] - pairs[other, other]
            for m in range(counts[group]):
                mate = members[group, m]
                if mate == unit:
                    own = m
                elif not hosted:
                    here_km += pairs[other, mate] - pairs[unit, mate]
            for m in range(0 if hosted else counts[target]):
                mate = members[target, m]
                if mate != other:
                    there_km += pairs[unit, mate] - pairs[other, mate]
            # Whom both are linked to are elsewhere, and may be in another part of the map.
            here_links = links[group] + apart[other] - apart[unit]
            there_links = links[target] + apart[unit] - apart[other]
            here = cost_of_sums(measure, preferred, size_km, sites[group] + more, here_km, here_links)
            here = on_the_way(missing_km, forbidden_km, smallest, 0.0, here, sites[group] + more)
            there = cost_of_sums(measure, preferred, size_km, sites[target] - more, there_km, there_links)
            there = on_the_way(missing_km, forbidden_km, smallest, 0.0, there, sites[target] - more)
        else:
            here = trial(prices, around, now, group, other, unit)
            there = trial(prices, around, now, target, unit, other)
            for m in range(counts[group]):
                if members[group, m] == unit:
                    own = m
        worse = here + there - cost[group] - cost[target]
        if worse > 0.0:
            temperature = hot * (cold / hot) ** (step / steps)
            if worse > -temperature * np.log((next_below(random, 1 << 30) + 1) / (1 << 30)):
                continue
        members[group, own], members[target, place] = other, unit
        label[unit], label[other] = target, group
        sites[group] += weight[other] - weight[unit]
        sites[target] += weight[unit] - weight[other]
        if plain:
            km[group], km[target] = here_km, there_km
            links[group], links[target] = here_links, there_links
            cost[group], cost[target] = here, there
        else:
            reckon(prices, around, now, group)
            reckon(prices, around, now, target)
        if hosted:
            _find_ways(hosts, ways, members[group], counts[group], way)
            _find_ways(hosts, ways, members[target], counts[target], way)
        if sites[group] >= smallest and sites[target] >= smallest and allowed[group] and allowed[target]:
            note(met, number, members[group], counts[group])
            note(met, number, members[target], counts[target])
    set_labels(prices, around, draft, label)
