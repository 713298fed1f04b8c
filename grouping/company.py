"""Bounds on what those who may still join a community add at least: what makes pricing fast.

For a community of q sites the cost is a sum over its members and pairs of members. So the cheapest way to add the
missing weight is a bound, where each addition is charged half of its cheapest connections to the others (which are
charged their half in turn).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from grouping.cost import HOSTED, ROTATING, Floats, Ints
from grouping.together import Split, Together

TABLED = 200
"""Units up to which what connects those that may join a root is put into a table, and bounds of their own are made."""


class Ties(NamedTuple):
    """Connections among all units.

    ``joint`` (u, u) is distance and border surcharge together, ``pair`` that of the prices, and ``split`` how these
    divide it. ``near`` (sizes, largest + 1, u) bounds, for each size of community, what connects a unit to others of so
    much weight in all, links aside. Units that are near to one another have the same ``cluster`` (u,);
    ``cluster_joint`` and ``cluster_pair`` (clusters, u) are what is at least between a unit and any of a cluster,
    (clusters, 0) where nothing is linked.
    """

    joint: Floats
    pair: Together
    split: Split
    near: Floats
    cluster: Ints
    cluster_joint: Floats
    cluster_pair: Floats


@njit(cache=True, nogil=True)
def factor_of(measure, size):  # type: ignore[no-untyped-def]
    """What a kilometre between two members counts in a community of ``size`` sites."""
    if measure == ROTATING:
        return 2.0 / size
    return 0.0 if measure == HOSTED else 1.0


@njit(cache=True, nogil=True)
def insert(rates, weights, count, rate, weight):  # type: ignore[no-untyped-def]
    """Put a rate and its weight among the first ``count``, which are sorted by rate."""
    place = count
    while place > 0 and rates[place - 1] > rate:
        rates[place] = rates[place - 1]
        weights[place] = weights[place - 1]
        place -= 1
    rates[place] = rate
    weights[place] = weight


@njit(cache=True, nogil=True)
def cheapest(keys, weights, count, need, filled):  # type: ignore[no-untyped-def]
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
        if covered >= need and keys[i] >= weight * rates[kept - 1]:
            continue
        rate = keys[i] / weight
        # No more than `need` items are kept before this one, for each weighs one at least.
        insert(rates, sizes, kept, rate, weight)
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


@njit(cache=True, nogil=True)
def cheapest_after(keys, weights, count, need, filled):  # type: ignore[no-untyped-def]
    """Fill ``filled[i]`` with a lower bound on item i and later ones of weight ``need`` in all.

    It is that of :func:`cheapest`, and infinite where they do not suffice.
    """
    rates = np.empty(need + 1)
    sizes = np.empty(need + 1, dtype=np.int64)
    kept = 0
    covered = 0
    for i in range(count - 1, -1, -1):
        weight = weights[i]
        filled[i] = np.inf
        if weight > need:
            continue
        if covered + weight >= need:
            total = keys[i]
            left = need - weight
            for k in range(kept):
                part = min(left, sizes[k])
                total += part * rates[k]
                left -= part
                if left == 0:
                    break
            filled[i] = total
        rate = keys[i] / weight
        if covered >= need and rate >= rates[kept - 1]:
            continue
        insert(rates, sizes, kept, rate, weight)
        kept += 1
        covered += weight
        while covered - sizes[kept - 1] >= need:
            kept -= 1
            covered -= sizes[kept]


class Company(NamedTuple):
    """Units that may be together, numbered 0 to m: their weights, and what is known of their connections.

    ``joint`` (m, m) is what two of them add by being together, (0, 0) if that is not worth a table. ``near`` (m, width)
    bounds what connects one to others of so much weight in all, links aside; ``partner[start[k] : start[k + 1]]`` are
    those whom unit k gains by being with, and ``uneven`` how much more of that gain the other one has than it. Only
    partners can undercut ``near``, and only while they may still join.
    """

    weight: Ints
    joint: Floats
    near: Floats
    start: Ints
    partner: Ints
    uneven: Floats


@njit(cache=True, nogil=True)
def company_of(weight, factor, ties, index, units):  # type: ignore[no-untyped-def]
    """The company of the given ``units`` in a community of the size of that ``index``.

    Without links a large company is not worth its own bounds: those among all units serve nearly as well.
    """
    width = ties.near.shape[1]
    count = len(units)
    weights = weight[units]
    first, other, added = ties.pair.start, ties.pair.other, ties.pair.km
    linked = first.shape[0] > 0
    tabled = linked or count <= TABLED
    joint = np.empty((count, count)) if tabled else np.empty((0, 0))
    near = np.zeros((count, width))
    start = np.zeros(count + 1, dtype=np.int64)
    keys = np.empty(count)
    others = np.empty(count, dtype=np.int64)
    most = 0
    spot = np.empty(0, dtype=np.int64)
    if linked:
        spot = np.full(len(first) - 1, -1, dtype=np.int64)
        for k in range(count):
            spot[units[k]] = k
            most += first[units[k] + 1] - first[units[k]]
    partner = np.empty(most, dtype=np.int64)
    uneven = np.empty(most)
    own = linked or factor > 0.0
    if not tabled:
        for k in range(count):
            near[k] = ties.near[index, :, units[k]]
        return Company(weights, joint, near, start, partner, uneven)
    for k in range(count):
        # Plain arrays: a call for each pair would take most of the time.
        row, own_joint = ties.joint[units[k]], joint[k]
        for j in range(count):
            own_joint[j] = factor * row[units[j]]
        if own:
            known = 0
            for j in range(count):
                if j != k:
                    keys[known] = own_joint[j]
                    others[known] = weights[j]
                    known += 1
            cheapest(keys, others, known, width - 1, near[k])
        else:
            near[k] = ties.near[index, :, units[k]]
        met = start[k]
        for place in range(first[units[k]] if linked else 0, first[units[k] + 1] if linked else 0):
            j = spot[other[place]]
            if j < 0:
                continue
            own_joint[j] += added[place]
            if j != k and added[place] < 0.0:
                partner[met] = j
                uneven[met] = 2.0 * ties.split.km[place] - added[place]
                met += 1
        start[k + 1] = met
    return Company(weights, joint, near, start, partner, uneven)


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
            joint = company.joint[a, b] + company.uneven[k]
            insert(rates, weights, count, joint / company.weight[b], company.weight[b])
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
def least_added(company, items, gains, tolls, count, need, here, keys, weights):  # type: ignore[no-untyped-def]
    """Fill ``keys`` with what each of ``items[:count]`` adds at least where weight ``need`` is missing.

    Their ``gains`` and ``tolls`` are known. A toll is paid for cuts by the first of two to join, so both together pay
    half of it each. Fills ``weights``, too.
    """
    linked = len(company.partner) > 0
    weight, near = company.weight, company.near
    for k in range(count):
        a = items[k]
        weights[k] = weight[a]
        keys[k] = gains[k] + 0.5 * (tolls[k] + near[a, max(0, need - weight[a])])
    if linked:
        for k in range(count):
            here[items[k]] = True
        for k in range(count):
            a = items[k]
            if company.start[a] < company.start[a + 1]:
                keys[k] = gains[k] + 0.5 * (tolls[k] + _linked(company, a, max(0, need - weight[a]), here))
    if linked:
        for k in range(count):
            here[items[k]] = False


@njit(cache=True, nogil=True)
def nearest(weight, joint, near):  # type: ignore[no-untyped-def]
    """Fill ``near`` (width, u), see :class:`Ties`, where a kilometre counts as one."""
    units = len(weight)
    filled = np.empty(len(near))
    keys = np.empty(units)
    weights = np.empty(units, dtype=np.int64)
    for a in range(units):
        count = 0
        for b in range(units):
            if a != b:
                keys[count] = joint[a, b]
                weights[count] = weight[b]
                count += 1
        cheapest(keys, weights, count, len(near) - 1, filled)
        near[:, a] = filled
