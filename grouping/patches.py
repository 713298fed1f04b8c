"""Patches of the map: neighbouring communities together, each unit in one patch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from grouping.cost import Floats, Ints, Prices
from grouping.ground import reach
from grouping.problem import Problem


def patches(
    problem: Problem, communities: Sequence[Sequence[int]], most: int, random: np.random.Generator | None = None
) -> list[Ints]:
    """The units of a grouping's communities in patches of no more than so many, neighbours mostly after each other.

    Args:
        problem: one level.
        communities: that are to stay whole, one at least.
        most: units of a patch, where a single community is not larger.
        random: where borders run; the same ones each time, if None.

    """
    first = np.array([members[0] for members in communities])
    size = np.array([len(members) for members in communities])
    found = []
    todo = [np.arange(len(communities))]
    while todo:
        part = todo.pop()
        if size[part].sum() <= most or len(part) < 2:
            found.append(np.sort(np.concatenate([communities[k] for k in part.tolist()])))
            continue
        # By whether they are nearer to one or to another, which are far from each other.
        if random is None:
            from_any = _away(problem.prices, int(first[part[0]]), first[part], regions=True)
            one = int(part[from_any.argmax()])
        else:
            one = int(random.choice(part))
        # By chance they are no more often between macro-regions than elsewhere: units on both sides of each one are
        # to be in one patch now and then.
        regions = random is None
        from_one = _away(problem.prices, int(first[one]), first[part], regions=regions)
        from_other = _away(problem.prices, int(first[part[from_one.argmax()]]), first[part], regions=regions)
        order = part[np.argsort(from_one - from_other, kind="stable")]
        half = int(np.searchsorted(np.cumsum(size[order]), size[part].sum() / 2))
        half = min(max(half, 1), len(order) - 1)
        todo += [order[half:], order[:half]]
    return found


def _away(prices: Prices, unit: int, others: Ints, *, regions: bool) -> Floats:
    """(m,) km from each site of a unit to each of others', on average; with surcharges between ``regions``."""
    units = np.arange(len(prices.weight))
    distance, cross = np.empty(len(units)), np.empty(len(units))
    reach(prices, unit, units, distance, cross)
    km = distance + cross if regions else distance
    return np.asarray(km[others] / (prices.weight[unit] * prices.weight[others]))


def allotted(units: Sequence[int], left: int, workers: int) -> tuple[Floats, Floats]:
    """What each of some patches may take of the (time, work) left, where these and others have ``left`` units.

    Args:
        units: of each patch.
        left: of all patches still to do, these among them.
        workers: where there are fewer than patches, these are done one after the other, and the second one has a share
            of what the first one leaves. Work is as much for any number of them.

    """
    own = np.array(units, dtype=np.float64)
    together = workers >= len(own)
    time = np.full(len(own), own.sum() / left) if together else own / (left - own.cumsum() + own)
    return time, own / left
