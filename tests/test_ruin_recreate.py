"""Ruin and recreate: two units that had better be together are put back at once, where they add least."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from grouping.cost import total_of
from grouping.draft import on_the_way, take_out
from grouping.problem import Problem
from grouping.ruin_recreate import cheapest_of_two
from grouping.search import Search

from instances import instances, problem_of
from oracle import Instance


def counted(problem: Problem, search: Search, members: list[int]) -> float:
    """What a community counts on the way, infinite if it has too many sites."""
    around = search._around
    sites = int(problem.prices.weight[members].sum())
    if sites > problem.largest:
        return np.inf
    total = total_of(problem.prices, np.array(members, dtype=np.int64), len(members)) if members else 0.0
    return float(on_the_way(around.missing_km, around.forbidden_km, problem.smallest, 0.0, total, sites))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(instances(), st.data())
def test_two_go_where_they_add_least(instance: Instance, data: st.DataObject) -> None:
    problem = problem_of(instance)
    assume(problem.size > 2)
    label = data.draw(st.lists(st.integers(0, 3), min_size=problem.size, max_size=problem.size))
    groups = [np.flatnonzero(np.array(label) == group).tolist() for group in range(4)]
    start = [members for members in groups if 0 < problem.prices.weight[members].sum() <= problem.largest]
    search = Search(problem.prices, problem.smallest, problem.largest, 1, problem.limits, problem.region, start)
    draft, around, prices = search._draft, search._around, problem.prices
    two = np.array(data.draw(st.lists(st.integers(0, problem.size - 1), min_size=2, max_size=2, unique=True)))
    assume(prices.weight[two].sum() <= problem.largest)
    take_out(prices, around, draft, two, 2)
    filled = np.flatnonzero(draft.now.counts)
    room = np.empty(problem.largest, dtype=np.int64)
    best = cheapest_of_two(prices, around, draft.now, two[0], two[1], filled, len(filled), room)
    held = {int(group): draft.now.members[group, : draft.now.counts[group]].tolist() for group in filled}
    added = {
        group: counted(problem, search, [*members, *two.tolist()]) - counted(problem, search, members)
        for group, members in held.items()
    }
    added[-1] = counted(problem, search, two.tolist())
    least = min(added.values())
    assert added[best] <= least + 1e-9 * (1.0 + abs(least))
