"""Which units may be in a candidate that is paid more than it costs with some of a part of the map: the inner loops.

:mod:`grouping.reach` says why those that are not found can't be.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from grouping.ground import between, crossed

SAFE = 1.0 + 1e-9
"""Arcs may be longer than two others that lead there, by the last bits. Where that is compared with what is paid, it is
within what is taken off a bound for rounding."""
_FARTHER = 1.2
"""What others add at most is found anew for units so many times as far away."""


@njit(inline="always")
def _insert(dearest, count, most, value):  # type: ignore[no-untyped-def]  # numba compiles it
    """Put a value into the ``most`` dearest, which descend; how many there are then."""
    place = min(count, most)
    while place > 0 and dearest[place - 1] < value:
        if place < most:
            dearest[place] = dearest[place - 1]
        place -= 1
    if place < most:
        dearest[place] = value
        return min(count + 1, most)
    return count


@njit(inline="always")
def _way(start, place, region, surcharge, a, b):  # type: ignore[no-untyped-def]
    """The km and surcharges between the sites of two units, or twice those inside one."""
    value = 0.0
    for p in range(start[a], start[a + 1]):
        for q in range(start[b], start[b + 1]):
            value += between(place, p, q) + crossed(region, surcharge, p, q)
    return value


@njit(cache=True, nogil=True)
def ways_from(blocks, ground, near):  # type: ignore[no-untyped-def]
    """Fill rows of ``near`` (u, q), of some ``blocks``, with the least sums of ways from one other site, ascending."""
    start, place, region, surcharge = ground.start, ground.place, ground.region, ground.surcharge
    for block in blocks:
        ways = near[block]
        count = 0
        for p in range(len(place)):
            if start[block] <= p < start[block + 1]:
                continue
            way = 0.0
            for q in range(start[block], start[block + 1]):
                way += between(place, p, q) + crossed(region, surcharge, p, q)
            count = _insert(ways, count, len(ways), -way)
        ways[:count] *= -1.0


@njit(cache=True, nogil=True)
def _others(there, adds, weight, far, away, factor, rest, dearest):  # type: ignore[no-untyped-def]
    """What so many sites as are missing, the ``rest``, add at most to a candidate with a unit so far ``away``.

    By the triangle inequality they pay for the way there at least what it is farther than they are themselves.
    """
    count = 0
    for k in there:
        if adds[k] == -np.inf or (count == rest and (rest == 0 or adds[k] <= dearest[rest - 1])):
            continue
        add = adds[k] - factor * max(0.0, away - far[k])
        if count < rest or add > dearest[rest - 1]:
            for _ in range(weight[k]):
                count = _insert(dearest, count, rest, add)
    return dearest[:rest].sum() if count == rest else -np.inf


@njit(cache=True, nogil=True)
def _farthest(i, block, away, paid, size, fixed, factor, dearest):  # type: ignore[no-untyped-def]
    """How far at most from site i, the first of a ``block``, another one is in a candidate that is paid too much.

    ``away`` (s,) is how far each site is, and ``paid`` (s,) what is for it at most.
    """
    farthest = 0.0
    count = 0
    # What the dearest ones so far are paid together.
    together = np.zeros(len(dearest) + 1)
    for j in np.argsort(away):
        if i <= j < i + block:
            continue
        for q in range(len(size)):
            rest = size[q] - block - 1
            if rest >= 0:
                both = block * paid[i] + paid[j] + together[min(count, rest)] - fixed[q]
                if factor[q] * (size[q] - 1) * away[j] < both:
                    farthest = away[j]
        if count < size[-1] - 2 or paid[j] > dearest[count - 1]:
            count = _insert(dearest, count, size[-1] - 2, paid[j])
            for k in range(count):
                together[k + 1] = together[k] + dearest[k]
    return farthest


@njit(cache=True, nogil=True)
def reached(inside, ground, paid, partner, gain, near, core, size, fixed, factor, most):  # type: ignore
    """(v,) which units may be in a candidate with one of ``inside`` (c,), which are some of the ``core``.

    ``ground`` is of v units, ``paid`` (v,) is for all sites of each, and ``gain`` (v,) where its ``partner`` (v,) is
    there, who may be -1; ``near`` (v, q) are the km from one to q other sites at least. The core is taken to be; the
    search ends with more than ``most`` others.
    """
    start, place, region, surcharge = ground.start, ground.place, ground.region, ground.surcharge
    units = len(paid)
    weight = start[1:] - start[:-1]
    heaviest = weight.max()
    result = np.zeros(units, dtype=np.bool_)
    result[core] = True
    found = 0
    dearest = np.zeros(size[-1])
    each = np.empty(len(place))
    within = np.empty(units)
    to_partner = np.zeros(units)
    together = np.zeros(units)
    for unit in range(units):
        each[start[unit] : start[unit + 1]] = max(0.0, paid[unit] + gain[unit]) / weight[unit]
        within[unit] = 0.5 * _way(start, place, region, surcharge, unit, unit)
        if partner[unit] >= 0:
            to_partner[unit] = _way(start, place, region, surcharge, unit, partner[unit])
            together[unit] = gain[unit] + gain[partner[unit]]
    away = np.empty(len(place))
    far = np.empty(units)
    own = np.empty(units)
    adds = np.empty(units)
    over = np.empty(units)
    ceiling = np.empty(units)
    sought = np.zeros(heaviest + 1, dtype=np.bool_)
    looked_at = np.empty(units, dtype=np.int64)
    some = np.empty(units, dtype=np.int64)
    joins = np.zeros(units, dtype=np.bool_)
    for a in inside:
        i = start[a]
        block = weight[a]
        for j in range(len(place)):
            away[j] = between(place, i, j)
        reach = _farthest(i, block, away, each, size, fixed, factor, dearest) * SAFE
        last = 0
        there = np.empty(units, dtype=np.int64)
        for unit in range(units):
            if unit == a or away[start[unit]] > reach:
                continue
            ways = away[start[unit] : start[unit + 1]]
            if ways.max() <= reach:
                there[last] = unit
                far[unit] = ways.mean()
                own[unit] = within[unit] + _way(start, place, region, surcharge, a, unit)
                last += 1
        there = there[:last][np.argsort(far[there[:last]])]
        sought[:] = False
        for k in there:
            sought[weight[k]] |= not result[k]
        for q in range(len(size)):
            for heavy in range(1, heaviest + 1):
                rest = size[q] - block - heavy
                if rest < 0:
                    break
                if not sought[heavy]:
                    continue
                # What each one adds, for each of its sites, by joining this unit and one so heavy.
                for k in there:
                    adds[k] = -np.inf
                    need = rest - weight[k]
                    if need < 0:
                        continue
                    add = paid[k] - factor[q] * (own[k] + 0.5 * near[k, need])
                    other = partner[k]
                    if other == a:
                        add += together[k]
                    elif other >= 0 and need >= weight[other]:
                        with_partner = to_partner[k] + near[k, need - weight[other]]
                        add = max(add, paid[k] + gain[k] - factor[q] * (own[k] + 0.5 * with_partner))
                    adds[k] = add / weight[k]
                best = _others(there, adds, weight, far, 0.0, 0.0, rest, dearest)
                left = 0
                highest = 0.0
                for b in there:
                    if weight[b] == heavy and not result[b]:
                        over[b] = paid[a] + paid[b] + together[b] - fixed[q] - factor[q] * (within[a] + own[b])
                        if over[b] + best > 0.0:
                            looked_at[left] = b
                            left += 1
                            highest = max(highest, over[b] + best)
                if left == 0:
                    continue
                # Of the others those that may be there instead of the one that adds least; site by site, so that who is
                # found does not depend on who was so before.
                count = 0
                for k in there:
                    if rest > 0 and highest - dearest[rest - 1] + adds[k] > 0.0:
                        some[count] = k
                        count += 1
                joining = some[:count][np.argsort(-adds[some[:count]])]
                joins[joining] = True
                looked = 0.0
                ceiling[:] = np.inf
                for number in range(left):
                    b = looked_at[number]
                    if far[b] > _FARTHER * looked:
                        looked = far[b]
                        best = _others(joining, adds, weight, far, looked, factor[q] * heavy, rest, dearest)
                    if over[b] + min(best, ceiling[b]) <= 0.0:
                        continue
                    total = over[b]
                    if partner[b] != a:
                        total -= together[b]
                    count = 0
                    mate = partner[b]
                    if mate >= 0 and joins[mate] and adds[mate] > -np.inf:
                        way = own[mate] + 0.5 * near[mate, rest - weight[mate]]
                        way += _way(start, place, region, surcharge, b, mate)
                        add = (paid[mate] + together[b] - factor[q] * way) / weight[mate]
                        for _ in range(weight[mate]):
                            count = _insert(dearest, count, rest, add)
                    for k in joining:
                        if adds[k] == -np.inf or (count == rest and adds[k] <= dearest[rest - 1]):
                            break
                        farther = factor[q] * heavy * max(0.0, far[b] - far[k])
                        if k in (b, mate) or (count == rest and adds[k] - farther <= dearest[rest - 1]):
                            continue
                        add = adds[k] - factor[q] * _way(start, place, region, surcharge, b, k) / weight[k]
                        for _ in range(weight[k]):
                            count = _insert(dearest, count, rest, add)
                    if count < rest:
                        continue
                    added = dearest[:rest].sum()
                    if total + added > 0.0:
                        result[b] = True
                        found += 1
                        if found > most:
                            return result
                    elif rest == 0 or partner[b] < 0:
                        # Nor do others add more to units near to this one than what its ways are longer. It may be one.
                        if rest > 0:
                            added += heavy * max(0.0, adds[b] - dearest[rest - 1])
                        for other in looked_at[number + 1 : left]:
                            if over[other] + added <= 0.0:
                                aside = 0.0
                                for s in range(heavy):
                                    p, r = start[b] + s, start[other] + s
                                    aside += between(place, p, r) + (surcharge if region[p] != region[r] else 0.0)
                                ceiling[other] = min(ceiling[other], added + factor[q] * rest * aside)
                joins[joining] = False
    return result


@njit(cache=True, nogil=True)
def hosted(hosts, inside, place, paid, unit, core, size, fixed, most):  # type: ignore[no-untyped-def]
    """The same under the hosted measure, of candidates at some ``hosts`` (h,) that hold one of the sites ``inside``."""
    ours = np.zeros(unit.max() + 1, dtype=np.bool_)
    ours[core] = True
    result = ours.copy()
    found = 0
    dearest = np.zeros(size[-1])
    count = 0
    for price in paid:
        count = _insert(dearest, count, size[-1] - 2, price)
    at_most = dearest[:count].sum() - fixed.min()
    own = np.empty(len(paid))
    for h in hosts:
        at_home = ours[unit[h]]
        # Whoever hosts, somebody of the core is there.
        gain, first = 0.0, h
        if not at_home:
            gain = -np.inf
            for i in inside:
                if paid[i] - between(place, h, i) > gain:
                    gain, first = paid[i] - between(place, h, i), i
            if paid[h] + gain + at_most <= 0.0:
                continue
        count = 0
        for j in range(len(paid)):
            own[j] = paid[j] - between(place, h, j)
            if own[j] > 0.0 and j not in (h, first):
                count = _insert(dearest, count, size[-1], own[j])
        # What another one has to gain at least, lest a candidate with it is not paid more than it costs.
        least = np.inf
        for q in range(len(size)):
            rest = size[q] - 1 if at_home else size[q] - 2
            total = paid[h] + gain - fixed[q]
            if total + dearest[: min(count, max(0, rest))].sum() > 0.0 and not result[unit[h]]:
                result[unit[h]] = True
                found += 1
            if rest > 0:
                least = min(least, -total - dearest[: min(count, rest - 1)].sum())
        for j in range(len(paid)):
            if own[j] > least and j != h and not result[unit[j]]:
                result[unit[j]] = True
                found += 1
        if found > most:
            return result
    return result
