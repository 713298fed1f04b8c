"""Who may join a root: the first look of pricing at all units, before the depth-first search among the few left."""

from __future__ import annotations

import numpy as np
from numba import njit

from grouping.borders import SEVERAL, joined
from grouping.company import cheapest, connection, factor_of


@njit(cache=True, nogil=True)
def alone(prices, unit_dual, ties, smallest):  # type: ignore[no-untyped-def]
    """(sizes, u): what a unit adds to the reduced cost whoever else is there, its way to a host aside."""
    result = np.empty((len(ties.near), len(prices.weight)))
    for index in range(len(result)):
        factor = factor_of(prices.measure, smallest + index)
        for a in range(len(prices.weight)):
            result[index, a] = prices.apart[a] - unit_dual[a] + connection(ties, factor, a, a)
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
def _gain(prices, own, ties, factor, root, host, b):  # type: ignore[no-untyped-def]
    """What a unit adds by joining the root, which has ``own`` (u,) of :func:`alone`."""
    value = own[b] + connection(ties, factor, root, b)
    if host >= 0:
        value += prices.host_distance[host, b] + prices.host_cross[host, b]
    return value


@njit(cache=True, nogil=True)
def outlook(prices, own, community_dual, border, first, ties, toll, index, size, root, host, keys, filled):  # type: ignore[no-untyped-def]
    """What joins a root in a community of ``size`` sites adds at least; the reduced cost of the root by itself.

    ``own`` (u,) is that of :func:`alone` and ``toll`` (u,) that of :func:`tolls_with`. Fills ``keys`` (u,), infinite
    for those that may not join, and ``filled`` as :func:`cheapest` does.
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
    # The lower-numbered are roots of their own, and so are the first twins of others; but a host may have anyone.
    start = 0 if host >= 0 else root + 1
    keys[:start] = np.inf
    for b in range(start, len(weight)):
        rest = need - weight[b]
        if rest < 0 or (first[b] < root and host < 0):
            keys[b] = np.inf
        else:
            keys[b] = own[b] + factor * row[b] + 0.5 * (toll[b] + near[rest, b])
    if ties.pair.shape[0] > 0:
        pair = ties.pair[root]
        for b in range(start, len(weight)):
            keys[b] += pair[b]
    if host >= 0:
        way, cross = prices.host_distance[host], prices.host_cross[host]
        for b in range(len(weight)):
            keys[b] += way[b] + cross[b]
    keys[root] = np.inf
    cheapest(keys, prices.weight, len(keys), need, filled)
    return base


@njit(cache=True, nogil=True)
def promising(prices, own, border, ties, factor, root, host, base, need, limit, keys, filled):  # type: ignore[no-untyped-def]
    """(units that may join the root in a set below ``limit``, what each adds), after :func:`outlook`."""
    units = np.empty(len(keys), dtype=np.int64)
    count = 0
    for b in range(len(keys)):
        value = keys[b]
        if value < np.inf and base + filled[need - prices.weight[b]] + value < limit:
            if border.price > 0.0 and border.region[root] != SEVERAL:
                value += border.price * (joined(border.region[root], border.region[b]) == SEVERAL)
            if base + filled[need - prices.weight[b]] + value < limit:
                units[count] = b
                count += 1
    units = units[:count].copy()
    gains = np.empty(count)
    for k in range(count):
        gains[k] = _gain(prices, own, ties, factor, root, host, units[k])
    return units, gains
