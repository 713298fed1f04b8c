"""Who may join a root: the first look of pricing at all units, before the depth-first search among the few left.

And which root is the one, of all that a community could be found at.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from grouping.borders import SEVERAL, joined
from grouping.company import cheapest, factor_of, insert
from grouping.cost import Floats, Ints, parts
from grouping.levies import levy_on_all
from grouping.together import Together, entry

_CLUSTER = 12
"""Units of a cluster, on average."""
_FEWER = 0.8
"""Clusters are looked at again where no more than such a share of the units is left."""


@njit(cache=True, nogil=True)
def alone(prices, unit_dual, ties, smallest):  # type: ignore[no-untyped-def]
    """(sizes, u): what a unit adds to the reduced cost whoever else is there, its way to a host aside."""
    result = np.empty((len(ties.near), len(prices.weight)))
    for index in range(len(result)):
        factor = factor_of(prices.measure, smallest + index)
        for a in range(len(prices.weight)):
            result[index, a] = prices.apart[a] - unit_dual[a] + factor * ties.joint[a, a]
    start, other, km = prices.pair.start, prices.pair.other, prices.pair.km
    for a in range(len(start) - 1):
        result[:, a] += entry(other, km, start[a], start[a + 1], a)
    return result


@njit(cache=True, nogil=True)
def tolls_with(cuts, root, units):  # type: ignore[no-untyped-def]
    """(u,): what each unit is to pay for cuts that it is in with the root."""
    toll = np.zeros(units)
    for k in range(cuts.start[root], cuts.start[root + 1]):
        for b in cuts.units[cuts.of[k], :3]:
            toll[b] += cuts.price[cuts.of[k]]
    return toll


@njit(cache=True, nogil=True)
def outlook(  # type: ignore[no-untyped-def]
    prices, community_dual, areas, border, rank, ties, toll, root, host, own, index, size, keys, filled, rise, paid
):
    """What joins a root in a community of ``size`` sites adds at least.

    ``own`` (u,) is that of :func:`alone` and ``toll`` (u,) that of :func:`tolls_with`. Units join roots of the same
    ``rank`` (u,) or a lower one. Fills ``keys`` (u,), infinite for those that may not join, ``filled`` as
    :func:`cheapest` does, and ``paid`` as :func:`grouping.levies.levy_on_all` does.

    Returns (the reduced cost of the root by itself, what the set pays for areas besides what is in the keys).
    """
    factor = factor_of(prices.measure, size)
    need = size - prices.weight[root]
    base = prices.size_km * abs(size - prices.preferred) - community_dual
    base += own[root]
    if host >= 0:
        base += prices.host_distance[host, root] + prices.host_cross[host, root]
    if border.price > 0.0 and border.region[root] == SEVERAL:
        base += border.price
    # Plain arrays: a call for each unit would take most of the time.
    weight, near, row = prices.weight, ties.near[index], ties.joint[root]
    # Those of a lower rank are roots of their own; but a host may have anyone, and where there must be a lead, only
    # those that are able are roots.
    able = prices.able
    to_lead = len(able) > 0
    for b in range(len(weight)):
        rest = need - weight[b]
        if rest < 0 or (rank[b] < rank[root] and host < 0 and (not to_lead or able[b])):
            keys[b] = np.inf
        else:
            keys[b] = own[b] + factor * row[b] + 0.5 * (toll[b] + near[rest, b])
    if ties.pair.start.shape[0] > 0:
        # Each has its part of what it gains by all others, and of what it gains by the root the rest as well.
        gain = ties.split.gain
        for b in range(len(weight)):
            keys[b] -= gain[b]
        for k in range(ties.pair.start[root], ties.pair.start[root + 1]):
            keys[ties.pair.other[k]] += ties.split.km[k]
    if host >= 0:
        way, cross = prices.host_distance[host], prices.host_cross[host]
        for b in range(len(weight)):
            keys[b] += way[b] + cross[b]
    keys[root] = np.inf
    levied = 0.0
    if len(rise) > 0 and need > 0:
        levied = levy_on_all(areas, weight, root, need, keys, rise, paid)
    cheapest(keys, prices.weight, len(keys), need, filled)
    return base, levied


def clusters(joint: Floats, pair: Together) -> tuple[Ints, Floats, Floats]:
    """The last three of :class:`grouping.company.Ties`, around units far from one another (Gonzalez 1985)."""
    units = len(joint)
    count = -(-units // _CLUSTER)
    cluster = np.zeros(units, dtype=np.int64)
    away = np.full(units, np.inf)
    for number in range(count):
        centre = int(away.argmax())
        row = joint[centre].copy()
        row[centre] = 0.0
        cluster[row < away] = number
        away = np.minimum(away, row)
    at_least = np.full((count, units), np.inf)
    bond = np.zeros((count, units if pair.linked else 0))
    for unit in range(units):
        # A unit is not in company with itself.
        own = at_least[cluster[unit], unit]
        at_least[cluster[unit]] = np.minimum(at_least[cluster[unit]], joint[unit])
        at_least[cluster[unit], unit] = own
    others = pair.rows != pair.other
    np.minimum.at(bond, (cluster[pair.rows[others]], pair.other[others]), pair.km[others])
    return cluster, at_least, bond


@njit(cache=True, nogil=True)
def _filling(weight, near, row, bond, itself, factor, units, gains, lows, need, enough, rates, sizes):  # type: ignore[no-untyped-def]
    """What others of weight ``need`` among ``units`` add at least to a root and one with ``row`` (u,) of connections.

    That one is ``itself``, -1 if it may be several.

    It is the bound of :func:`cheapest`, or ``enough`` if that is seen to be more. For each site, each unit adds as much
    as its ``lows``, which ascend, or more.
    """
    if need == 0:
        return 0.0
    kept = 0
    covered = 0
    linked = len(bond) > 0
    for k in range(len(units)):
        c = units[k]
        w = weight[c]
        if covered >= need:
            if lows[k] >= rates[kept - 1]:
                break
            if lows[k] * need >= enough:
                # Whoever is still to come can lower what is kept no further than to that.
                total = 0.0
                left = need
                for i in range(kept):
                    part = min(left, sizes[i])
                    total += part * min(rates[i], lows[k])
                    left -= part
                if total >= enough:
                    return enough
        if w > need or c == itself:
            continue
        rate = gains[k] + factor * row[c] + 0.5 * near[need - w, c]
        if linked:
            rate += bond[c]
        if w > 1:
            rate /= w
        if covered >= need and rate >= rates[kept - 1]:
            continue
        insert(rates, sizes, kept, rate, w)
        kept += 1
        covered += w
        while covered - sizes[kept - 1] >= need:
            kept -= 1
            covered -= sizes[kept]
    if covered < need:
        return np.inf
    total = 0.0
    left = need
    for k in range(kept):
        part = min(left, sizes[k])
        total += part * rates[k]
        left -= part
    return total


@njit(cache=True, nogil=True)
def meeting(prices, ties, index, factor, root, base, need, limit, units, gains):  # type: ignore[no-untyped-def]
    """(m,) whether each of ``units`` may be in a set below ``limit`` with the root; ``gains`` (m,) is what it adds.

    Whoever else joins is charged for the way to it, too: first to the nearest of its cluster, then its own.
    """
    weight, near, cluster = prices.weight, ties.near[index], ties.cluster
    start, other, split = ties.pair.start, ties.pair.other, ties.split
    linked = start.shape[0] > 0
    heaviest = 1
    for unit in units:
        heaviest = max(heaviest, weight[unit])
    # What each adds if it has its part of all that it gains by others; by the root it has gained already.
    whole = gains
    bond = np.zeros(len(weight) if linked else 0)
    if linked:
        for k in range(start[root], start[root + 1]):
            if ties.pair.km[k] < 0.0:
                bond[other[k]] = split.km[k] - ties.pair.km[k]
        whole = gains - split.gain[units] + bond[units]
        bond[:] = 0.0
    lows = np.empty(len(units))
    for k in range(len(units)):
        w = weight[units[k]]
        lows[k] = (whole[k] + 0.5 * near[max(0, need - heaviest - w), units[k]]) / w
        if linked and start[units[k]] < start[units[k] + 1]:
            lows[k] = -np.inf
    order = np.argsort(lows)
    lows = lows[order]
    rates = np.empty(need + 1)
    sizes = np.empty(need + 1, dtype=np.int64)
    nobody = np.int64(-1)
    # What the cheapest unit of each cluster adds, by its weight.
    cheapest_there = np.empty((len(ties.cluster_joint), need + 1))
    # Each time fewer are left to join one of them.
    while True:
        before = len(order)
        listed, added, eased = units[order], gains[order], whole[order]
        cheapest_there[:] = np.inf
        for k in range(len(listed)):
            g, w = cluster[listed[k]], weight[listed[k]]
            cheapest_there[g, w] = min(cheapest_there[g, w], added[k])
        for g in range(len(cheapest_there)):
            for w in range(1, need + 1):
                if cheapest_there[g, w] < np.inf:
                    bonds, row = ties.cluster_pair[g], ties.cluster_joint[g]
                    enough = limit - base - cheapest_there[g, w]
                    if enough <= _filling(
                        weight,
                        near,
                        row,
                        bonds,
                        nobody,
                        factor,
                        listed,
                        eased,
                        lows,
                        need - w,
                        enough,
                        rates,
                        sizes,
                    ):
                        cheapest_there[g, w] = np.inf
        still = np.empty(before, dtype=np.bool_)
        for k in range(before):
            still[k] = cheapest_there[cluster[listed[k]], weight[listed[k]]] < np.inf
        order, lows = order[still], lows[still]
        if len(order) >= _FEWER * before:
            break
    there = np.zeros(len(units), dtype=np.bool_)
    listed, added, eased = units[order], gains[order], whole[order]
    for k in range(len(listed)):
        b = listed[k]
        for i in range(start[b] if linked else 0, start[b + 1] if linked else 0):
            bond[other[i]] = split.km[i]
        row, rest, enough = ties.joint[b], need - weight[b], limit - base - added[k]
        there[order[k]] = enough > _filling(
            weight, near, row, bond, b, factor, listed, eased, lows, rest, enough, rates, sizes
        )
        for i in range(start[b] if linked else 0, start[b + 1] if linked else 0):
            bond[other[i]] = 0.0
    return there


@njit(cache=True, nogil=True)
def promising(prices, own, border, ties, factor, root, host, base, need, limit, keys, filled):  # type: ignore[no-untyped-def]
    """(units that may join the root in a set below ``limit``, what each adds), after :func:`outlook`."""
    units = np.empty(len(keys), dtype=np.int64)
    count = 0
    # Plain arrays here, too.
    weight, region, row = prices.weight, border.region, ties.joint[root]
    limited = border.price > 0.0 and region[root] != SEVERAL
    for b in range(len(keys)):
        value = keys[b]
        if value < np.inf and base + filled[need - weight[b]] + value < limit:
            if limited and joined(region[root], region[b]) == SEVERAL:
                value += border.price
            if base + filled[need - weight[b]] + value < limit:
                units[count] = b
                count += 1
    units = units[:count].copy()
    gains = np.empty(count)
    for k in range(count):
        gains[k] = own[units[k]] + factor * row[units[k]]
    start, other, km = ties.pair.start, ties.pair.other, ties.pair.km
    if start.shape[0] > 0 and start[root] < start[root + 1]:
        for k in range(count):
            gains[k] += entry(other, km, start[root], start[root + 1], units[k])
    if host >= 0:
        way, cross = prices.host_distance[host], prices.host_cross[host]
        for k in range(count):
            gains[k] += way[units[k]] + cross[units[k]]
    return units, gains


@njit(cache=True, nogil=True)
def best_host(prices, twin, host, root, units, chosen, count):  # type: ignore[no-untyped-def]
    """Whether ``host`` is the one that the cost of this community takes, or a twin of that one.

    Twins see the same distances, but added up in another order, so the cost may take a later one by its last bit.
    """
    members = np.empty(count + 1, dtype=np.int64)
    members[0] = root
    for k in range(count):
        members[k + 1] = units[chosen[k]]
    best = parts(prices, np.sort(members), count + 1)[5]
    for member in members:
        offset = best - prices.host_start[member]
        if offset >= 0 and best < prices.host_start[member + 1]:
            return prices.host_start[twin[member]] + offset == host
    return False


@njit(cache=True, nogil=True)
def best_theme(miss, theme, root, units, chosen, count):  # type: ignore[no-untyped-def]
    """Whether ``theme`` is the first of those that the fewest sites of this community miss."""
    own = miss[root, theme]
    for k in range(count):
        own += miss[units[chosen[k]], theme]
    for other in range(miss.shape[1]):
        total = miss[root, other]
        for k in range(count):
            total += miss[units[chosen[k]], other]
        if total < own or (total == own and other < theme):
            return False
    return True
