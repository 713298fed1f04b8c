"""The grouping that the search changes step by step: what its communities cost, and what a step would undo.

What a community costs is always asked of :mod:`grouping.cost`. A community may be too small on the way, at a price; it
is never too large. A step touches only what it changes, so that its time does not depend on the number of units.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from grouping.borders import spans
from grouping.cost import HOSTED, Floats, Ints, cost_of_sums, led, missing, pair_sums, parts, total_of
from grouping.met import note


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


class Held(NamedTuple):
    """Communities on the way, empty ones among them.

    ``members`` (g, width) of which the first ``counts`` (g,) are there, their sites ``weight`` (g,); ``km`` and
    ``links`` (g,) are sums over their pairs, see :func:`grouping.cost.pair_sums`; ``cost`` (g,) is what each counts on
    the way, and ``allowed`` (g,) tells whether it may be at all, its size aside.
    """

    members: Ints
    counts: Ints
    weight: Ints
    km: Floats
    links: Floats
    cost: Floats
    allowed: NDArray[np.bool_]


class Draft(NamedTuple):
    """The grouping at hand, the best one, and what changed since the last step that was kept.

    ``label`` (u,) is each unit's community, ``now`` describes them. ``totals`` are of all of them: sites without a
    valid community, valid communities, those of them across macro-regions, all communities, those of them across, the
    cost.

    ``best`` is the label of the best grouping; only ``moved[: number[2]]``, which are ``marked`` (u,), may have another
    label at hand. ``score`` holds its (sites without a valid community, communities beyond the limits, cost). ``met``
    (m, width) holds the latest communities that were tried, of ``number[1]`` in all.

    ``changed[: number[0]]`` are the communities ``touched`` by the present step; ``before`` is what they were.
    """

    label: Ints
    now: Held
    totals: Floats
    best: Ints
    score: Floats
    met: Ints
    number: Ints
    touched: NDArray[np.bool_]
    changed: Ints
    before: Held
    moved: Ints
    marked: NDArray[np.bool_]


def empty_draft(units: int, largest: int, met: int) -> Draft:
    """No unit is anywhere yet; so many communities that are ``met`` will be kept."""
    return Draft(
        label=np.full(units, -1, dtype=np.int64),
        now=_nothing(units + 1, largest),
        totals=np.zeros(6),
        best=np.arange(units, dtype=np.int64),
        score=np.array([np.inf, np.inf, np.inf]),
        met=np.full((met, largest), -1, dtype=np.int64),
        number=np.zeros(3, dtype=np.int64),
        touched=np.zeros(units + 1, dtype=np.bool_),
        changed=np.zeros(units + 1, dtype=np.int64),
        before=_nothing(units + 1, largest),
        moved=np.zeros(units, dtype=np.int64),
        marked=np.zeros(units, dtype=np.bool_),
    )


def _nothing(groups: int, largest: int) -> Held:
    return Held(
        members=np.zeros((groups, largest), dtype=np.int64),
        counts=np.zeros(groups, dtype=np.int64),
        weight=np.zeros(groups, dtype=np.int64),
        km=np.zeros(groups),
        links=np.zeros(groups),
        cost=np.zeros(groups),
        allowed=np.ones(groups, dtype=np.bool_),
    )


@njit(cache=True, nogil=True)
def valid_parts(prices, smallest, units, starts):  # type: ignore[no-untyped-def]
    """(parts,) whether the units ``units[starts[k] : starts[k + 1]]`` may be a community as they are."""
    result = np.zeros(len(starts) - 1, dtype=np.bool_)
    for k in range(len(result)):
        members = units[starts[k] : starts[k + 1]]
        sites = 0
        for unit in members:
            sites += prices.weight[unit]
        result[k] = sites >= smallest and total_of(prices, members, len(members)) < np.inf
    return result


@njit(cache=True, nogil=True)
def on_the_way(missing_km, forbidden_km, smallest, crossing_km, total, sites):  # type: ignore[no-untyped-def]
    """What a community of that ``total`` cost in km counts on the way.

    The first three are those of :class:`Neighbourhood`, and ``crossing_km``, too, if it lies across macro-regions.
    """
    if total == np.inf:
        total = forbidden_km * sites
    return total + crossing_km + missing_km * max(0, smallest - sites)


@njit(cache=True, nogil=True)
def reckoned(prices, around, members, count, sites):  # type: ignore[no-untyped-def]
    """(km, links, cost, allowed) of the units ``members[:count]``, which have so many sites, as in :class:`Held`."""
    if count == 0:
        return 0.0, 0.0, 0.0, True
    km, links = 0.0, 0.0
    if prices.measure == HOSTED:
        travel, cross, size, theme, linked, _ = parts(prices, members, count)
        total = travel + cross + size + theme + linked
    else:
        sites, distance, cross, links = pair_sums(prices, members, count)
        km = distance + cross
        total = cost_of_sums(prices.measure, prices.preferred, prices.size_km, sites, km, links)
        if prices.miss.shape[1] > 0:
            total += prices.theme_km * missing(prices.miss, members, count, -1)
        if len(prices.able) > 0 and not led(prices.able, members, count, -1):
            total = np.inf
    across = around.crossing_km > 0.0 and spans(around.region, members, count)
    crossing_km = around.crossing_km * across
    cost = on_the_way(around.missing_km, around.forbidden_km, around.smallest, crossing_km, total, sites)
    return km, links, cost, total < np.inf


@njit(cache=True, nogil=True)
def reckon(prices, around, held, group):  # type: ignore[no-untyped-def]
    """Find out anew what a community costs."""
    km, links, cost, allowed = reckoned(prices, around, held.members[group], held.counts[group], held.weight[group])
    held.km[group], held.links[group], held.cost[group], held.allowed[group] = km, links, cost, allowed


# The next three become parts of their callers: to hand over so many arrays takes longer than what they do.


@njit(inline="always")
def _copy(source, target, group):  # type: ignore[no-untyped-def]
    """Let a community in ``target`` be as it is in ``source``."""
    for k in range(source.counts[group]):
        target.members[group, k] = source.members[group, k]
    target.counts[group] = source.counts[group]
    target.weight[group] = source.weight[group]
    target.km[group] = source.km[group]
    target.links[group] = source.links[group]
    target.cost[group] = source.cost[group]
    target.allowed[group] = source.allowed[group]


@njit(inline="always")
def _touch(draft, group):  # type: ignore[no-untyped-def]
    """Keep what a community is before it changes."""
    if draft.touched[group]:
        return
    draft.touched[group] = True
    draft.changed[draft.number[0]] = group
    draft.number[0] += 1
    _copy(draft.now, draft.before, group)


@njit(inline="always")
def _enter(prices, draft, unit, group):  # type: ignore[no-untyped-def]
    now = draft.now
    now.members[group, now.counts[group]] = unit
    now.counts[group] += 1
    now.weight[group] += prices.weight[unit]
    draft.label[unit] = group


@njit(cache=True, nogil=True)
def join(prices, around, draft, unit, group):  # type: ignore[no-untyped-def]
    """Put a unit that is nowhere into a community."""
    _touch(draft, group)
    _enter(prices, draft, unit, group)
    reckon(prices, around, draft.now, group)


@njit(cache=True, nogil=True)
def take_out(prices, around, draft, removed, count):  # type: ignore[no-untyped-def]
    """Take the units ``removed[:count]`` out of their communities."""
    now = draft.now
    for k in range(count):
        unit = removed[k]
        group = draft.label[unit]
        _touch(draft, group)
        last = now.counts[group] - 1
        for m in range(last + 1):
            if now.members[group, m] == unit:
                now.members[group, m] = now.members[group, last]
                break
        now.counts[group] = last
        now.weight[group] -= prices.weight[unit]
        draft.label[unit] = -1
    for k in range(draft.number[0]):
        reckon(prices, around, now, draft.changed[k])


@njit(cache=True, nogil=True)
def set_labels(prices, around, draft, label):  # type: ignore[no-untyped-def]
    """Make ``label`` the grouping at hand."""
    wanted = label.copy()
    now = draft.now
    now.counts[:] = 0
    now.weight[:] = 0
    for unit in range(len(wanted)):
        _enter(prices, draft, unit, wanted[unit])
    for group in range(len(now.counts)):
        reckon(prices, around, now, group)
    start_over(prices, around, draft)


@njit(cache=True, nogil=True)
def start_over(prices, around, draft):  # type: ignore[no-untyped-def]
    """Add up what is at hand, and let nothing of it be taken back."""
    draft.touched[:] = False
    draft.number[0] = 0
    draft.totals[:] = 0.0
    for group in range(len(draft.now.counts)):
        _count(prices, around, draft.totals, 1.0, draft.now, group)
    count = 0
    for unit in range(len(draft.label)):
        draft.marked[unit] = draft.label[unit] != draft.best[unit]
        if draft.marked[unit]:
            draft.moved[count] = unit
            count += 1
    draft.number[2] = count
    _remember(around, draft)


@njit(cache=True, nogil=True)
def _count(prices, around, totals, times, held, group):  # type: ignore[no-untyped-def]
    """Add a community to the ``totals`` so many ``times``, as :class:`Draft` has them."""
    count = held.counts[group]
    if count == 0:
        return
    across = around.limited and spans(around.region, held.members[group], count)
    totals[3] += times
    totals[4] += times * across
    if held.allowed[group] and held.weight[group] >= around.smallest:
        totals[1] += times
        totals[2] += times * across
        totals[5] += times * (held.cost[group] - across * around.crossing_km)
    else:
        totals[0] += times * held.weight[group]
        for k in range(count):
            totals[5] += times * prices.apart[held.members[group, k]]


@njit(cache=True, nogil=True)
def _remember(around, draft):  # type: ignore[no-untyped-def]
    """Keep the grouping at hand if it is the best: fewer sites without a community, or as many at less cost.

    One that is nearer to the limits comes before one of less cost.
    """
    unserved, valid, across, cost = draft.totals[0], draft.totals[1], draft.totals[2], draft.totals[5]
    excess = _beyond(around, valid, across) if around.limited else 0.0
    same = unserved == draft.score[0]
    better = unserved < draft.score[0] or (same and excess < draft.score[1])
    if better or (same and excess == draft.score[1] and cost < draft.score[2] - 1e-9):
        draft.score[0] = unserved
        draft.score[1] = excess
        draft.score[2] = cost
        # A step in twenty is a new best: to copy all labels each time would take most of the time of many units.
        best, label, moved, marked = draft.best, draft.label, draft.moved, draft.marked
        for k in range(draft.number[2]):
            best[moved[k]] = label[moved[k]]
            marked[moved[k]] = False
        draft.number[2] = 0


@njit(cache=True, nogil=True)
def _beyond(around, communities, across):  # type: ignore[no-untyped-def]
    """How many communities are too few, too many or too many across macro-regions."""
    excess = max(0.0, around.fewest - communities) + max(0.0, communities - around.most)
    return excess + max(0.0, across - around.across)


@njit(cache=True, nogil=True)
def _fault(around, draft):  # type: ignore[no-untyped-def]
    """What the step at hand adds to what is paid for being beyond the limits, in km."""
    communities, across = draft.totals[3], draft.totals[4]
    before = _beyond(around, communities, across)
    for k in range(draft.number[0]):
        group = draft.changed[k]
        if draft.now.counts[group] > 0:
            communities += 1
            across += spans(around.region, draft.now.members[group], draft.now.counts[group])
        if draft.before.counts[group] > 0:
            communities -= 1
            across -= spans(around.region, draft.before.members[group], draft.before.counts[group])
    return around.missing_km * (_beyond(around, communities, across) - before)


@njit(cache=True, nogil=True)
def worse_by(around, draft):  # type: ignore[no-untyped-def]
    """What the step at hand costs in km, less than nothing if it is an improvement."""
    worse = 0.0
    for k in range(draft.number[0]):
        group = draft.changed[k]
        worse += draft.now.cost[group] - draft.before.cost[group]
    if around.limited:
        worse += _fault(around, draft)
    return worse


@njit(cache=True, nogil=True)
def empty_group(draft, start):  # type: ignore[no-untyped-def]
    """An empty community, looked for from ``start`` on; there are more communities than units."""
    counts = draft.now.counts
    group = start
    while counts[group] > 0:
        group = group + 1 if group + 1 < len(counts) else 0
    return group


@njit(cache=True, nogil=True)
def meet(around, draft):  # type: ignore[no-untyped-def]
    """Note the valid communities that a step made."""
    now, before = draft.now, draft.before
    for k in range(draft.number[0]):
        group = draft.changed[k]
        if now.cost[group] != before.cost[group] and now.allowed[group] and now.weight[group] >= around.smallest:
            note(draft.met, draft.number, now.members[group], now.counts[group])


@njit(cache=True, nogil=True)
def accept(prices, around, draft):  # type: ignore[no-untyped-def]
    """Let what changed stand."""
    # Plain arrays in the loops, as in grouping.cost.
    counts, members, label, best = draft.now.counts, draft.now.members, draft.label, draft.best
    moved, marked = draft.moved, draft.marked
    count = draft.number[2]
    for changed in range(draft.number[0]):
        group = draft.changed[changed]
        _count(prices, around, draft.totals, 1.0, draft.now, group)
        _count(prices, around, draft.totals, -1.0, draft.before, group)
        for k in range(counts[group]):
            unit = members[group, k]
            if not marked[unit] and label[unit] != best[unit]:
                marked[unit] = True
                moved[count] = unit
                count += 1
        draft.touched[group] = False
    draft.number[0] = 0
    draft.number[2] = count
    _remember(around, draft)


@njit(cache=True, nogil=True)
def undo(draft):  # type: ignore[no-untyped-def]
    """Take back what changed."""
    for k in range(draft.number[0]):
        group = draft.changed[k]
        _copy(draft.before, draft.now, group)
        for m in range(draft.now.counts[group]):
            draft.label[draft.now.members[group, m]] = group
        draft.touched[group] = False
    draft.number[0] = 0
