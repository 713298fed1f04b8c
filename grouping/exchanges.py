"""Exchanges under simulated annealing: what arranges communities anew once their sizes are right.

Two units of neighbouring communities change places, and with them those that they had better be with: a pair that is
linked, or a block of two sites, and as many sites in return. Where size counts for more than distance, as among
townships, nearly all that takes units out and puts them back leaves sizes that are off, and is taken back again; and a
step of this is several hundred times as fast.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from grouping.cost import HOSTED, cost_of_sums
from grouping.draft import on_the_way, reckoned, set_labels
from grouping.met import note
from grouping.together import entry
from grouping.xorshift import next_below

NEAREST = 8
"""Of so many nearest neighbours one's community is where a unit goes."""
_SELDOM = 4
"""One time in so many a unit goes without one that it had better be with, and other sites come back than go."""


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
def _choose(weight, first, other, km, members, count, unit, leaving, random):  # type: ignore[no-untyped-def]
    """Mark as ``leaving`` a unit of ``members[:count]`` and most of those there that it had better be with: sites."""
    linked = first.shape[0] > 0
    sites = 0
    for m in range(count):
        mate = members[m]
        leaving[m] = mate == unit
        if linked and mate != unit and entry(other, km, first[unit], first[unit + 1], mate) < 0.0:
            leaving[m] = next_below(random, _SELDOM) > 0
        if leaving[m]:
            sites += weight[mate]
    return sites


@njit(cache=True, nogil=True)
def _choose_more(weight, members, count, sites, leaving, random):  # type: ignore[no-untyped-def]
    """Mark further ones as ``leaving``, up to so many ``sites``; how many these have."""
    found = 0
    if sites <= 0:
        return found
    begin = next_below(random, count)
    for k in range(count):
        m = (begin + k) % count
        if not leaving[m] and found + weight[members[m]] <= sites:
            leaving[m] = True
            found += weight[members[m]]
    return found


@njit(inline="always")
def _put(members, count, leaving, left, entering, to):  # type: ignore[no-untyped-def]
    """Put after ``to[:left]`` those of ``members[:count]`` that are leaving, or else those that are not: how many."""
    for m in range(count):
        if leaving[m] == entering:
            to[left] = members[m]
            left += 1
    return left


@njit(inline="always")
def _sums(pairs, start, other, added, apart, units, count):  # type: ignore[no-untyped-def]
    """(km, links) over the pairs of ``units[:count]``, as :func:`grouping.cost.pair_sums` has them."""
    km = links = 0.0
    for i in range(count):
        a = units[i]
        links += apart[a]
        for j in range(i + 1):
            km += pairs[a, units[j]]
        if start.shape[0] > 0:
            for k in range(start[a], start[a + 1]):
                for j in range(i + 1):
                    if other[k] == units[j]:
                        links += added[k]
    return km, links


@njit(inline="always")
def _take(members, units, count, label, group):  # type: ignore[no-untyped-def]
    """Let a community have the ``units[:count]``."""
    for m in range(count):
        members[m] = units[m]
        label[units[m]] = group


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
    leaving, coming = np.zeros(members.shape[1], dtype=np.bool_), np.zeros(members.shape[1], dtype=np.bool_)
    here_units, there_units = members[0].copy(), members[0].copy()
    linked, linked_to, added = start.shape[0] > 0, prices.pair.other, prices.pair.km
    units, width = len(label), min(NEAREST, near.shape[1])
    for step in range(steps if width else 0):
        unit = next_below(random, units)
        group, target = label[unit], label[near[unit, next_below(random, width)]]
        if target == group:
            continue
        place = next_below(random, counts[target])
        other = members[target, place]
        plain = by_sums and allowed[group] and allowed[target] and weight[unit] == weight[other]
        if linked and plain:
            plain = start[unit] == start[unit + 1] and start[other] == start[other + 1]
        # Plain zeros would have what counts are handed to compiled for them alone, and then once more.
        own, more, here_count, there_count = 0, 0, np.int64(0), np.int64(0)
        if plain:
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
            here = cost_of_sums(measure, preferred, size_km, sites[group], here_km, here_links)
            here = on_the_way(missing_km, forbidden_km, smallest, 0.0, here, sites[group])
            there = cost_of_sums(measure, preferred, size_km, sites[target], there_km, there_links)
            there = on_the_way(missing_km, forbidden_km, smallest, 0.0, there, sites[target])
            here_allowed = there_allowed = True
        else:
            links_of = start, linked_to, added
            gone = _choose(weight, *links_of, members[group], counts[group], unit, leaving, random)
            come = _choose(weight, *links_of, members[target], counts[target], other, coming, random)
            if next_below(random, _SELDOM) > 0:
                gone += _choose_more(weight, members[group], counts[group], come - gone, leaving, random)
                come += _choose_more(weight, members[target], counts[target], gone - come, coming, random)
            more = come - gone
            if sites[group] + more > largest or sites[target] - more > largest:
                continue
            here_count = _put(members[group], counts[group], leaving, here_count, False, here_units)
            here_count = _put(members[target], counts[target], coming, here_count, True, here_units)
            there_count = _put(members[target], counts[target], coming, there_count, False, there_units)
            there_count = _put(members[group], counts[group], leaving, there_count, True, there_units)
            if by_sums and not hosted:
                here_km, here_links = _sums(pairs, start, linked_to, added, apart, here_units, here_count)
                there_km, there_links = _sums(pairs, start, linked_to, added, apart, there_units, there_count)
                here = cost_of_sums(measure, preferred, size_km, sites[group] + more, here_km, here_links)
                there = cost_of_sums(measure, preferred, size_km, sites[target] - more, there_km, there_links)
                here_allowed, there_allowed = here < np.inf, there < np.inf
                here = on_the_way(missing_km, forbidden_km, smallest, 0.0, here, sites[group] + more)
                there = on_the_way(missing_km, forbidden_km, smallest, 0.0, there, sites[target] - more)
            else:
                here_km, here_links, here, here_allowed = reckoned(
                    prices, around, here_units, here_count, sites[group] + more
                )
                there_km, there_links, there, there_allowed = reckoned(
                    prices, around, there_units, there_count, sites[target] - more
                )
        worse = here + there - cost[group] - cost[target]
        if worse > 0.0:
            temperature = hot * (cold / hot) ** (step / steps)
            if worse > -temperature * np.log((next_below(random, 1 << 30) + 1) / (1 << 30)):
                continue
        if plain:
            members[group, own], members[target, place] = other, unit
            label[unit], label[other] = target, group
        else:
            _take(members[group], here_units, here_count, label, group)
            _take(members[target], there_units, there_count, label, target)
            counts[group], counts[target] = here_count, there_count
            sites[group] += more
            sites[target] -= more
        km[group], km[target] = here_km, there_km
        links[group], links[target] = here_links, there_links
        cost[group], cost[target] = here, there
        allowed[group], allowed[target] = here_allowed, there_allowed
        if hosted:
            _find_ways(hosts, ways, members[group], counts[group], way)
            _find_ways(hosts, ways, members[target], counts[target], way)
        if sites[group] >= smallest and sites[target] >= smallest and allowed[group] and allowed[target]:
            note(met, number, members[group], counts[group])
            note(met, number, members[target], counts[target])
    set_labels(prices, around, draft, label)
