"""Depth-first search over the members of a community: the compiled half of pricing.

A partial set is left alone once its value, with the bound of :mod:`grouping.company` on what is missing, reaches the
limit.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from grouping.borders import SEVERAL, joined
from grouping.company import TABLED, cheapest, cheapest_after, company_of, factor_of, least_added
from grouping.levies import among, areas_of_root, change_tolls, fine, kinds_of, levy
from grouping.roots import best_host, best_theme, meeting, outlook, promising, tolls_with


@njit(cache=True, nogil=True)
def _write(row, root, units, chosen, count):  # type: ignore[no-untyped-def]
    """Put a candidate into ``row``."""
    row[0] = root
    row[1:] = -1
    for k in range(count):
        row[k + 1] = units[chosen[k]]


@njit(cache=True, nogil=True)
def search_root(  # type: ignore[no-untyped-def]
    prices,
    own,
    community_dual,
    cuts,
    areas,
    border,
    first,
    before,
    rank,
    ties,
    smallest,
    root,
    host,
    theme,
    threshold,
    best_only,
    nodes,
    crowd,
    halt,
    sets,
    least_with,
):
    """Search the candidates of one root with a reduced cost below ``threshold``.

    ``own`` (sizes, u) is what units add by themselves, see :func:`grouping.roots.alone`, where the community runs a
    ``theme``, -1 if there are none: then its cost is a sum over members and pairs.
    Where more than a ``crowd`` may join, each is looked at together with the root first, see
    :func:`grouping.roots.meeting`.
    ``first`` and ``before`` (u,) are those of :class:`grouping.twins.Twins`: a unit joins after the twin before it.
    Of all roots that a candidate may be found at, it is the one of the lowest ``rank`` (u,). At a host that comes after
    as many units as there are ``least_with`` (o,), only candidates that hold one of these count, each with the one that
    is chosen first: its number in ``least_with`` is lowered to what bounds these candidates.

    With ``best_only`` each that is better than those of its size before goes to ``sets``, the last ones if it is too
    small; else all of them do, and are only counted once it is full. Returns (how many, a lower bound on the reduced
    costs of the root's candidates or 0, whether the search was finished within ``nodes`` partial sets, how many units
    it looked at for partial sets in all); unfinished, the bound is the least one of what is still open.
    """
    sizes, width, _ = ties.near.shape
    # At depth d of the search: items[d], gains[d], tolls[d], length[d]: who may join and what that adds; at[d]: the
    # next to try; value[d], need[d], region[d]: reduced cost so far, sites still missing, macro-region so far.
    length = np.zeros(width, dtype=np.int64)
    at = np.zeros(width, dtype=np.int64)
    value = np.empty(width)
    need = np.empty(width, dtype=np.int64)
    region = np.empty(width, dtype=np.int64)
    limited = border.price > 0.0
    outside = root >= len(least_with)
    chosen = np.empty(width, dtype=np.int64)
    filled = np.empty(width)
    spot = np.full(len(prices.weight), -1, dtype=np.int64)
    count = 0
    least = 0.0
    opened = 0
    looked = 0
    everyones_keys = np.empty(len(prices.weight))
    root_filled = np.empty(width)
    root_toll = tolls_with(cuts, root, len(prices.weight))
    all_rise = np.empty(len(areas.toll))
    all_paid = np.zeros(len(areas.example))
    of_root = community_dual, areas, border, rank, ties, root_toll, root, host
    for index in range(sizes):
        size = smallest + index
        left = size - prices.weight[root]
        if left < 0:
            continue
        limit = threshold
        base, levied = outlook(
            prices, *of_root, own[index], index, size, everyones_keys, root_filled, all_rise, all_paid
        )
        looked += len(everyones_keys)
        if base + levied + root_filled[left] >= limit:
            continue
        if left == 0 and outside:
            continue
        if left == 0:
            for place in range(areas.start[root], areas.start[root + 1]):
                base += areas.toll[areas.of[place], size]
            if base >= limit:
                continue
            if theme >= 0 and not best_only and not best_theme(prices.miss, theme, root, chosen, chosen, 0):
                continue
            if host >= 0 and not best_only and not best_host(prices, first, host, root, chosen, chosen, 0):
                continue
            if count < len(sets) or best_only:
                sets[count % len(sets), 0] = root
                sets[count % len(sets), 1:] = -1
            count += 1
            least = min(least, base)
            continue
        if limited:
            region[0] = border.region[root]
        factor = factor_of(prices.measure, size)
        within_km = limit - levied
        units, root_gains = promising(
            prices, own[index], border, ties, factor, root, host, base, left, within_km, everyones_keys, root_filled
        )
        if factor > 0.0 and len(units) > crowd:
            charged_gains = root_gains + 0.5 * root_toll[units] + prices.weight[units] * all_paid[areas.kind[units]]
            there = meeting(prices, ties, index, factor, root, base, left, within_km, units, charged_gains)
            units, root_gains = units[there], root_gains[there]
        root_tolls = root_toll[units]
        # With fewer left, each is farther from its nearest others, and more drop out.
        while True:
            looked += 2 * len(units) * (len(units) if len(units) <= TABLED else 1)
            company = company_of(prices.weight, factor, ties, index, units)
            here = np.zeros(len(units), dtype=np.bool_)
            keys = np.empty(len(units))
            fines = np.zeros(len(units))
            weights = np.empty(len(units), dtype=np.int64)
            everyone = np.arange(len(units))
            least_added(company, everyone, root_gains, root_tolls, len(units), left, here, keys, weights)
            if limited:
                fine(border, region[0], units, everyone, len(units), fines)
            common, some = areas_of_root(areas, root, units)
            paid = areas.toll[common, size].sum()
            toll = areas.toll[some]
            number = np.zeros(len(units) + 1, dtype=np.int64)
            areas_of = np.empty((len(units) + 1, len(some)), dtype=np.int64)
            for k in range(len(units)):
                number[k] = among(areas, some, units[k], areas_of[k])
            held = np.zeros((width, len(some)), dtype=np.int64)
            held[0][areas_of[-1, : among(areas, some, root, areas_of[-1])]] = prices.weight[root]
            there = np.empty(len(some), dtype=np.int64)
            rise = np.empty(len(some))
            kind, example = kinds_of(areas_of, number[:-1])
            paid_by = np.empty(len(example))
            order = np.argsort(keys, kind="mergesort")
            sorted_keys = keys[order]
            levied = levy(
                areas,
                some,
                areas_of,
                number,
                kind,
                example,
                held[0],
                order,
                weights[order],
                len(units),
                left,
                there,
                rise,
                paid_by,
                sorted_keys,
            )
            keys[order] = sorted_keys
            cheapest(keys, weights, len(units), left, filled)
            within = base + paid + levied + filled[left - weights] + keys + fines < limit
            kept = within.sum()
            if kept == len(units):
                break
            units, root_gains, root_tolls = units[within], root_gains[within], root_tolls[within]
        base += paid
        items = np.empty((width, len(units)), dtype=np.int64)
        gains = np.empty((width, len(units)))
        tolls = np.empty((width, len(units)))
        change = np.zeros(len(units))
        joint_row = np.empty(len(units))
        spot[:] = -1
        spot[units] = everyone
        # By their keys, so that soon all that is left is too dear together; but twins in their order, in which alone
        # they may join, whatever the last bits of their keys.
        ordered = keys.copy()
        for k in range(len(units)):
            elder = before[units[k]]
            if elder >= 0 and spot[elder] >= 0:
                ordered[k] = ordered[spot[elder]]
        order = np.argsort(ordered, kind="mergesort")
        may_begin = len(order)
        if outside:
            inside = units[order] < len(least_with)
            order = np.concatenate((order[inside], order[~inside]))
            may_begin = inside.sum()
        items[0] = order
        gains[0] = root_gains[order]
        tolls[0] = root_tolls[order]
        together = np.empty(len(units))
        cheapest_after(keys[order], weights[order], len(units), left, together)
        opens = np.empty((width, len(units)), dtype=np.bool_)
        opens[0] = base + levied + together + fines[order] < limit
        opens[0, may_begin:] = False
        length[0] = len(units)
        # Plain zeros would have what they are handed to compiled for them alone, and then once more.
        depth = np.int64(0)
        at[0] = 0
        value[0] = base
        need[0] = left
        # Plain arrays: to take one out of a tuple in a loop costs more than to read a number of it.
        own_weight, table = company.weight, company.joint
        while depth >= 0:
            if at[depth] >= length[depth]:
                depth -= 1
                continue
            if not opens[depth, at[depth]]:
                at[depth] += 1
                continue
            opened += 1
            if opened > nodes or halt[0] != 0:
                for d in range(depth + 1):
                    rest = length[d] - at[d]
                    open_items, open_gains, open_tolls = items[d, at[d] :], gains[d, at[d] :], tolls[d, at[d] :]
                    least_added(company, open_items, open_gains, open_tolls, rest, need[d], here, keys, weights)
                    levied = levy(
                        areas,
                        some,
                        areas_of,
                        number,
                        kind,
                        example,
                        held[d],
                        open_items,
                        weights,
                        rest,
                        need[d],
                        there,
                        rise,
                        paid_by,
                        keys,
                    )
                    cheapest(keys, weights, rest, need[d], filled)
                    least = min(least, value[d] + levied + filled[need[d]])
                for later in range(index + 1, sizes):
                    size = smallest + later
                    room = everyones_keys, root_filled, all_rise, all_paid
                    base, levied = outlook(prices, *of_root, own[later], later, size, *room)
                    least = min(least, base + levied + root_filled[size - prices.weight[root]])
                if outside:
                    least_with[:] = np.minimum(least_with, least)
                return count, least, False, looked
            place = at[depth]
            at[depth] += 1
            a = items[depth, place]
            chosen[depth] = a
            if outside and depth == 0:
                limit = threshold
            left = need[depth] - own_weight[a]
            total = value[depth] + gains[depth, place] + tolls[depth, place]
            if left < 0 or total == np.inf:
                continue
            if limited:
                region[depth + 1] = joined(region[depth], border.region[units[a]])
                if region[depth + 1] == SEVERAL and region[depth] != SEVERAL:
                    total += border.price
            elder = before[units[a]]
            if elder >= 0 and elder != root:
                joined_before = False
                for d in range(depth):
                    joined_before = joined_before or units[chosen[d]] == elder
                if not joined_before:
                    continue
            held[depth + 1] = held[depth]
            for k in range(number[a]):
                held[depth + 1, areas_of[a, k]] += own_weight[a]
            if left == 0:
                for k in range(len(some)):
                    total += toll[k, held[depth + 1, k]]
                if total < limit:
                    least = min(least, total)
                    if outside:
                        least_with[units[chosen[0]]] = min(least_with[units[chosen[0]]], total)
                    if (
                        host >= 0
                        and not best_only
                        and not best_host(prices, first, host, root, units, chosen, depth + 1)
                    ):
                        # Found at its best host, or else as often as it has hosts.
                        continue
                    if (
                        theme >= 0
                        and not best_only
                        and not best_theme(prices.miss, theme, root, units, chosen, depth + 1)
                    ):
                        # So with themes.
                        continue
                    if best_only:
                        limit = total
                    if count < len(sets) or best_only:
                        _write(sets[count % len(sets)], root, units, chosen, depth + 1)
                    count += 1
                continue
            found = np.int64(0)
            looked += length[depth] - place
            joining, added, charged = items[depth + 1], gains[depth + 1], tolls[depth + 1]
            if len(table) > 0:
                joint = table[a]
            else:
                # Only where there are no links.
                joint, way = joint_row, ties.joint[units[a]]
                for k in range(place + 1, length[depth]):
                    joint[items[depth, k]] = factor * way[units[items[depth, k]]]
            cutting = cuts.start[units[a] + 1] > cuts.start[units[a]]
            if cutting:
                change_tolls(cuts, units, spot, root, chosen, depth, change, False)
            for k in range(place + 1, length[depth]):
                b = items[depth, k]
                if own_weight[b] <= left:
                    joining[found] = b
                    added[found] = gains[depth, k] + joint[b]
                    charged[found] = tolls[depth, k] + change[b]
                    found += 1
            if cutting:
                change_tolls(cuts, units, spot, root, chosen, depth, change, True)
            least_added(company, joining, added, charged, found, left, here, keys, weights)
            levied = levy(
                areas,
                some,
                areas_of,
                number,
                kind,
                example,
                held[depth + 1],
                joining,
                weights,
                found,
                left,
                there,
                rise,
                paid_by,
                keys,
            )
            cheapest(keys, weights, found, left, filled)
            if total + levied + filled[left] >= limit:
                continue
            if limited:
                fine(border, region[depth + 1], units, joining, found, fines)
            kept = np.int64(0)
            for k in range(found):
                if total + levied + filled[left - weights[k]] + keys[k] + fines[k] < limit:
                    joining[kept] = joining[k]
                    added[kept] = added[k]
                    charged[kept] = charged[k]
                    keys[kept] = keys[k]
                    fines[kept] = fines[k]
                    weights[kept] = weights[k]
                    kept += 1
            found = kept
            if found == 0:
                continue
            depth += 1
            length[depth] = found
            cheapest_after(keys, weights, found, left, together)
            for k in range(found):
                opens[depth, k] = total + levied + together[k] + fines[k] < limit
            at[depth] = 0
            value[depth] = total
            need[depth] = left
    return count, least, True, looked
