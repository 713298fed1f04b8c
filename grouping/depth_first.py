"""Depth-first search over the members of a community: the compiled half of pricing.

For a community of q sites the cost is a sum over its members and pairs of members, so there is a strong bound: the
value of the partial set, plus the cheapest way to add the missing weight, where each addition is charged half of its
cheapest connections to the others (which are charged their half in turn).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from grouping.borders import SEVERAL, joined
from grouping.cost import HOSTED, ROTATING, Floats, Ints, parts

_TABLED = 200
"""Units up to which what connects those that may join a root is put into a table."""
_INTIMATE = 32
"""Units up to which bounds of their own are made for those that may join a root."""


class Ties(NamedTuple):
    """Connections among all units.

    ``joint`` (u, u) is distance and border surcharge together, ``pair`` that of the prices. ``near`` (sizes, u,
    largest + 1) bounds, for each size of community, what connects a unit to others of so much weight in all.
    """

    joint: Floats
    pair: Floats
    near: Floats


@njit(cache=True, nogil=True)
def factor_of(measure, size):  # type: ignore[no-untyped-def]
    """What a kilometre between two members counts in a community of ``size`` sites."""
    if measure == ROTATING:
        return 2.0 / size
    return 0.0 if measure == HOSTED else 1.0


@njit(cache=True, nogil=True)
def _connection(ties, factor, a, b):  # type: ignore[no-untyped-def]
    """What two units add by being together, or by being one unit."""
    value = factor * ties.joint[a, b]
    if ties.pair.shape[0] > 0:
        value += ties.pair[a, b]
    return value


@njit(cache=True, nogil=True)
def _alone(prices, unit_dual, factor, ties, host, a):  # type: ignore[no-untyped-def]
    """What a unit adds to the reduced cost whoever else is there."""
    value = prices.apart[a] - unit_dual[a] + _connection(ties, factor, a, a)
    if host >= 0:
        value += prices.host_distance[host, a] + prices.host_cross[host, a]
    return value


@njit(cache=True, nogil=True)
def _insert(rates, weights, count, rate, weight):  # type: ignore[no-untyped-def]
    """Put a rate and its weight among the first ``count``, which are sorted by rate."""
    place = count
    while place > 0 and rates[place - 1] > rate:
        rates[place] = rates[place - 1]
        weights[place] = weights[place - 1]
        place -= 1
    rates[place] = rate
    weights[place] = weight


@njit(cache=True, nogil=True)
def _cheapest(keys, weights, count, need, filled):  # type: ignore[no-untyped-def]
    """Fill ``filled[x]``, x = 0..need, with a lower bound on the cost of items of weight x in all.

    It is the linear relaxation of the knapsack (Dantzig 1957): items by cost per weight, the last one divided.
    Infinite where the items do not suffice. ``keys`` and ``weights`` hold ``count`` items.
    """
    rates = np.empty(need + 1)
    sizes = np.empty(need + 1, dtype=np.int64)
    kept = 0
    covered = 0
    for i in range(count):
        weight = weights[i]
        if weight > need:
            continue
        rate = keys[i] / weight
        if covered >= need and rate >= rates[kept - 1]:
            continue
        # No more than `need` items are kept before this one, for each weighs one at least.
        _insert(rates, sizes, kept, rate, weight)
        kept += 1
        covered += weight
        while covered - sizes[kept - 1] >= need:
            kept -= 1
            covered -= sizes[kept]
    x = 0
    total = 0.0
    filled[0] = 0.0
    for k in range(kept):
        for _ in range(sizes[k]):
            if x < need:
                total += rates[k]
                x += 1
                filled[x] = total
    for rest in range(x + 1, need + 1):
        filled[rest] = np.inf


class _Company(NamedTuple):
    """Units that may be together, numbered 0 to m: their weights, and what is known of their connections.

    ``joint`` (m, m) is what two of them add by being together, (0, 0) if that is not worth a table. ``near`` (m, width)
    bounds what connects one to others of so much weight in all, links aside; ``partner[start[k] : start[k + 1]]`` are
    those whom unit k gains by being with. Only partners can undercut ``near``, and only while they may still join.
    """

    weight: Ints
    joint: Floats
    near: Floats
    start: Ints
    partner: Ints


@njit(cache=True, nogil=True)
def _company(weight, factor, ties, index, units):  # type: ignore[no-untyped-def]
    """The company of the given ``units`` in a community of the size of that ``index``.

    Without links a large company is not worth its own bounds: those among all units serve nearly as well.
    """
    width = ties.near.shape[2]
    count = len(units)
    weights = weight[units]
    linked = ties.pair.shape[0] > 0
    tabled = linked or count <= _TABLED
    joint = np.empty((count, count)) if tabled else np.empty((0, 0))
    near = np.zeros((count, width))
    start = np.zeros(count + 1, dtype=np.int64)
    keys = np.empty(count)
    others = np.empty(count, dtype=np.int64)
    if linked:
        for k in range(count):
            start[k + 1] = start[k]
            for j in range(count):
                start[k + 1] += j != k and ties.pair[units[k], units[j]] < 0.0
    partner = np.empty(start[count], dtype=np.int64)
    own = linked or (factor > 0.0 and count <= _INTIMATE)
    if not tabled:
        for k in range(count):
            near[k] = ties.near[index, units[k]]
        return _Company(weights, joint, near, start, partner)
    for k in range(count):
        known = 0
        met = start[k]
        for j in range(count):
            joint[k, j] = _connection(ties, factor, units[k], units[j])
            if j != k:
                keys[known] = joint[k, j]
                others[known] = weights[j]
                if linked and ties.pair[units[k], units[j]] < 0.0:
                    keys[known] -= ties.pair[units[k], units[j]]
                    partner[met] = j
                    met += 1
                known += 1
        if own:
            _cheapest(keys, others, known, width - 1, near[k])
        else:
            near[k] = ties.near[index, units[k]]
    return _Company(weights, joint, near, start, partner)


@njit(cache=True, nogil=True)
def _linked(company, a, need, here):  # type: ignore[no-untyped-def]
    """A lower bound on what connects ``a``, which has partners, to others of weight ``need`` among those ``here``."""
    first, last = company.start[a], company.start[a + 1]
    near = company.near[a]
    # The best partners, each for its weight, and the rest by distance alone.
    rates = np.empty(last - first)
    weights = np.empty(last - first, dtype=np.int64)
    count = 0
    for k in range(first, last):
        b = company.partner[k]
        if here[b] and company.weight[b] <= need:
            _insert(rates, weights, count, company.joint[a, b] / company.weight[b], company.weight[b])
            count += 1
    least = near[need]
    total = 0.0
    left = need
    for k in range(count):
        # By single sites: the best split may be anywhere within a partner, for its bound is one of divisible items.
        for _ in range(min(left, weights[k])):
            total += rates[k]
            left -= 1
            least = min(least, total + near[left])
    return least


@njit(cache=True, nogil=True)
def _bounds(company, items, gains, tolls, count, need, here, keys, weights, filled):  # type: ignore[no-untyped-def]
    """Bounds for adding weight ``need`` out of ``items[:count]``, whose ``gains`` and ``tolls`` are known.

    A toll is paid for cuts by the first of two to join, so both together pay half of it each.

    Fills ``keys`` with what each item adds at least, ``weights``, and ``filled`` as :func:`_cheapest` does.
    """
    linked = len(company.partner) > 0
    if linked:
        for k in range(count):
            here[items[k]] = True
    for k in range(count):
        a = items[k]
        weights[k] = company.weight[a]
        rest = max(0, need - weights[k])
        if linked and company.start[a] < company.start[a + 1]:
            keys[k] = gains[k] + 0.5 * (tolls[k] + _linked(company, a, rest, here))
        else:
            keys[k] = gains[k] + 0.5 * (tolls[k] + company.near[a, rest])
    if linked:
        for k in range(count):
            here[items[k]] = False
    _cheapest(keys, weights, count, need, filled)


@njit(cache=True, nogil=True)
def _joiners(prices, unit_dual, cuts, first, factor, ties, root, host, need):  # type: ignore[no-untyped-def]
    """(units that may join the root, what each adds, its toll for cuts with the root)."""
    toll = np.zeros(len(prices.weight))
    for k in range(cuts.start[root], cuts.start[root + 1]):
        for b in cuts.units[cuts.of[k], :3]:
            toll[b] += cuts.price[cuts.of[k]]
    units = np.empty(len(prices.weight), dtype=np.int64)
    gains = np.empty(len(prices.weight))
    count = 0
    # The lower-numbered are roots of their own, and so are the first twins of others; but a host may have anyone.
    for b in range(0 if host >= 0 else root + 1, len(prices.weight)):
        joins = b != root and (host >= 0 or first[b] >= root)
        if joins and prices.weight[b] <= need:
            units[count] = b
            gains[count] = _alone(prices, unit_dual, factor, ties, host, b) + _connection(ties, factor, root, b)
            count += 1
    return units[:count], gains[:count], toll[units[:count]]


@njit(cache=True, nogil=True)
def nearest(weight, factor, ties, near):  # type: ignore[no-untyped-def]
    """Fill ``near`` (u, width) for one size, see :class:`Ties`."""
    units = len(weight)
    keys = np.empty(units)
    weights = np.empty(units, dtype=np.int64)
    for a in range(units):
        count = 0
        for b in range(units):
            if a != b:
                keys[count] = _connection(ties, factor, a, b)
                weights[count] = weight[b]
                count += 1
        _cheapest(keys, weights, count, near.shape[1] - 1, near[a])


@njit(cache=True, nogil=True)
def _write(row, root, units, chosen, count):  # type: ignore[no-untyped-def]
    """Put a candidate into ``row``."""
    row[0] = root
    row[1:] = -1
    for k in range(count):
        row[k + 1] = units[chosen[k]]


@njit(cache=True, nogil=True)
def _best_host(prices, twin, host, root, units, chosen, count):  # type: ignore[no-untyped-def]
    """Whether ``host`` is the one that the cost of this community takes, or a twin of that one.

    Twins see the same distances, but added up in another order, so the cost may take a later one by its last bit.
    """
    members = np.empty(count + 1, dtype=np.int64)
    members[0] = root
    for k in range(count):
        members[k + 1] = units[chosen[k]]
    best = parts(prices, np.sort(members), count + 1)[4]
    for member in members:
        offset = best - prices.host_start[member]
        if offset >= 0 and best < prices.host_start[member + 1]:
            return prices.host_start[twin[member]] + offset == host
    return False


@njit(cache=True, nogil=True)
def _outlook(prices, unit_dual, community_dual, cuts, border, first, ties, index, size, root, host):  # type: ignore[no-untyped-def]
    """What may join a root in a community of ``size`` sites.

    Returns (reduced cost of the root alone, units, what each adds, its toll, what each adds at least, bounds as
    :func:`_cheapest` fills them).
    """
    factor = factor_of(prices.measure, size)
    need = size - prices.weight[root]
    base = prices.size_km * abs(size - prices.preferred) - community_dual
    base += _alone(prices, unit_dual, factor, ties, host, root)
    if border.price > 0.0 and border.region[root] == SEVERAL:
        base += border.price
    units, gains, tolls = _joiners(prices, unit_dual, cuts, first, factor, ties, root, host, need)
    weights = prices.weight[units]
    keys = np.empty(len(units))
    for k in range(len(units)):
        keys[k] = gains[k] + 0.5 * (tolls[k] + ties.near[index, units[k], need - weights[k]])
    filled = np.empty(need + 1)
    _cheapest(keys, weights, len(units), need, filled)
    return base, units, gains, tolls, keys, filled


@njit(cache=True, nogil=True)
def _toll(cuts, units, spot, root, chosen, depth, change, share):  # type: ignore[no-untyped-def]
    """Write into ``change`` how the tolls change as ``chosen[depth]`` joins; with a ``share`` of 0, clear it again.

    The first unit of a cut makes the other two pay; once a second has paid, the third goes free.
    """
    newcomer = units[chosen[depth]]
    for k in range(cuts.start[newcomer], cuts.start[newcomer + 1]):
        cut = cuts.of[k]
        held = 0
        for member in cuts.units[cut, :3]:
            held += member == root
            for d in range(depth):
                held += member == units[chosen[d]]
        for member in cuts.units[cut, :3]:
            if member != newcomer and spot[member] >= 0:
                if share == 0.0:
                    change[spot[member]] = 0.0
                elif held == 0:
                    change[spot[member]] += cuts.price[cut]
                elif held == 1:
                    change[spot[member]] -= cuts.price[cut]


@njit(cache=True, nogil=True)
def _fine(border, region, units, items, count, keys):  # type: ignore[no-untyped-def]
    """Add to ``keys`` the price of those of ``items[:count]`` that take a set out of its only ``region``."""
    if region == SEVERAL:
        return
    for k in range(count):
        if joined(region, border.region[units[items[k]]]) == SEVERAL:
            keys[k] += border.price


@njit(cache=True, nogil=True)
def search_root(  # type: ignore[no-untyped-def]
    prices,
    unit_dual,
    community_dual,
    cuts,
    border,
    first,
    before,
    ties,
    smallest,
    root,
    host,
    threshold,
    best_only,
    nodes,
    halt,
    sets,
):
    """Search the candidates of one root with a reduced cost below ``threshold``.

    ``first`` and ``before`` (u,) are those of :class:`grouping.twins.Twins`: a unit joins after the twin before it.

    With ``best_only`` each that is better than those of its size before goes to ``sets``, the last ones if it is too
    small; else all of them do, and are only counted once it is full. Returns (how many, a lower bound on the reduced
    costs of the root's candidates or 0, whether the search was finished within ``nodes`` partial sets, how many units
    it looked at for partial sets in all); unfinished, the bound is the least one of what is still open.
    """
    sizes, _, width = ties.near.shape
    # At depth d of the search: items[d], gains[d], tolls[d], length[d]: who may join and what that adds; at[d]: the
    # next to try; value[d], need[d], region[d]: reduced cost so far, sites still missing, macro-region so far.
    length = np.zeros(width, dtype=np.int64)
    at = np.zeros(width, dtype=np.int64)
    value = np.empty(width)
    need = np.empty(width, dtype=np.int64)
    region = np.empty(width, dtype=np.int64)
    limited = border.price > 0.0
    chosen = np.empty(width, dtype=np.int64)
    filled = np.empty(width)
    spot = np.full(len(prices.weight), -1, dtype=np.int64)
    count = 0
    least = 0.0
    opened = 0
    looked = 0
    for index in range(sizes):
        size = smallest + index
        left = size - prices.weight[root]
        if left < 0:
            continue
        limit = threshold
        base, units, root_gains, root_tolls, root_keys, root_filled = _outlook(
            prices, unit_dual, community_dual, cuts, border, first, ties, index, size, root, host
        )
        looked += 8 * len(units)
        if base + root_filled[left] >= limit:
            continue
        if left == 0:
            if count < len(sets) or best_only:
                sets[count % len(sets), 0] = root
                sets[count % len(sets), 1:] = -1
            count += 1
            least = min(least, base)
            continue
        if limited:
            region[0] = border.region[root]
            _fine(border, region[0], units, np.arange(len(units)), len(units), root_keys)
        # The promising ones first, so that the limit falls early.
        order = np.argsort(root_keys, kind="mergesort")
        within = base + root_filled[left - prices.weight[units[order]]] + root_keys[order] < limit
        order = order[within]
        units, root_gains, root_tolls = units[order], root_gains[order], root_tolls[order]
        # With fewer left, each is farther from its nearest others, and more drop out.
        while True:
            looked += 2 * len(units) * (len(units) if len(units) <= _TABLED else 1)
            company = _company(prices.weight, factor_of(prices.measure, size), ties, index, units)
            here = np.zeros(len(units), dtype=np.bool_)
            keys = np.empty(len(units))
            weights = np.empty(len(units), dtype=np.int64)
            everyone = np.arange(len(units))
            _bounds(company, everyone, root_gains, root_tolls, len(units), left, here, keys, weights, filled)
            if limited:
                _fine(border, region[0], units, everyone, len(units), keys)
            within = base + filled[left - weights] + keys < limit
            kept = within.sum()
            if kept == len(units):
                break
            units, root_gains, root_tolls = units[within], root_gains[within], root_tolls[within]
        items = np.empty((width, len(units)), dtype=np.int64)
        gains = np.empty((width, len(units)))
        tolls = np.empty((width, len(units)))
        change = np.zeros(len(units))
        joint_row = np.empty(len(units))
        factor = factor_of(prices.measure, size)
        items[0] = everyone
        gains[0] = root_gains
        tolls[0] = root_tolls
        spot[:] = -1
        spot[units] = everyone
        length[0] = len(units)
        depth = 0
        at[0] = 0
        value[0] = base
        need[0] = left
        while depth >= 0:
            if at[depth] >= length[depth]:
                depth -= 1
                continue
            opened += 1
            if opened > nodes or halt[0] != 0:
                for d in range(depth + 1):
                    rest = length[d] - at[d]
                    open_items, open_gains, open_tolls = items[d, at[d] :], gains[d, at[d] :], tolls[d, at[d] :]
                    _bounds(company, open_items, open_gains, open_tolls, rest, need[d], here, keys, weights, filled)
                    least = min(least, value[d] + filled[need[d]])
                for later in range(index + 1, sizes):
                    size = smallest + later
                    base, _, _, _, _, root_filled = _outlook(
                        prices, unit_dual, community_dual, cuts, border, first, ties, later, size, root, host
                    )
                    least = min(least, base + root_filled[-1])
                return count, least, False, looked
            place = at[depth]
            at[depth] += 1
            a = items[depth, place]
            chosen[depth] = a
            left = need[depth] - company.weight[a]
            total = value[depth] + gains[depth, place] + tolls[depth, place]
            if left < 0 or total == np.inf:
                continue
            if limited:
                region[depth + 1] = joined(region[depth], border.region[units[a]])
                if region[depth + 1] == SEVERAL and region[depth] != SEVERAL:
                    total += border.price
            elder = before[units[a]]
            if elder >= 0 and elder != root:
                there = False
                for d in range(depth):
                    there = there or units[chosen[d]] == elder
                if not there:
                    continue
            if left == 0:
                if total < limit:
                    least = min(least, total)
                    if (
                        host >= 0
                        and not best_only
                        and not _best_host(prices, first, host, root, units, chosen, depth + 1)
                    ):
                        # Found at its best host, or else as often as it has hosts.
                        continue
                    if best_only:
                        limit = total
                    if count < len(sets) or best_only:
                        _write(sets[count % len(sets)], root, units, chosen, depth + 1)
                    count += 1
                continue
            found = 0
            looked += length[depth] - place
            joining, added, charged = items[depth + 1], gains[depth + 1], tolls[depth + 1]
            if len(company.joint) > 0:
                joint = company.joint[a]
            else:
                joint = joint_row
                for k in range(place + 1, length[depth]):
                    b = items[depth, k]
                    joint[b] = _connection(ties, factor, units[a], units[b])
            cutting = cuts.start[units[a] + 1] > cuts.start[units[a]]
            if cutting:
                _toll(cuts, units, spot, root, chosen, depth, change, 1.0)
            for k in range(place + 1, length[depth]):
                b = items[depth, k]
                if company.weight[b] <= left:
                    joining[found] = b
                    added[found] = gains[depth, k] + joint[b]
                    charged[found] = tolls[depth, k] + change[b]
                    found += 1
            if cutting:
                _toll(cuts, units, spot, root, chosen, depth, change, 0.0)
            _bounds(company, joining, added, charged, found, left, here, keys, weights, filled)
            if total + filled[left] >= limit:
                continue
            if limited:
                _fine(border, region[depth + 1], units, joining, found, keys)
            depth += 1
            length[depth] = 0
            for k in range(found):
                if total + filled[left - weights[k]] + keys[k] < limit:
                    joining[length[depth]] = joining[k]
                    added[length[depth]] = added[k]
                    charged[length[depth]] = charged[k]
                    length[depth] += 1
            at[depth] = 0
            value[depth] = total
            need[depth] = left
    return count, least, True, looked
