"""Twins: units that may change places without anything changing, and no others."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from grouping.cost import Prices

from instances import instances, problem_of
from oracle import Instance, community_cost

thorough = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


def unchanged(prices: Prices, a: int, b: int) -> bool:
    """Whether everything is as before when two units without hosts change places."""
    order = np.arange(len(prices.weight))
    order[[a, b]] = b, a
    same = (prices.weight[order] == prices.weight).all() and (prices.apart[order] == prices.apart).all()
    same = same and (prices.miss[order] == prices.miss).all()
    same = same and (not len(prices.able) or (prices.able[order] == prices.able).all())
    for matrix in (prices.distance, prices.cross, prices.pair.table):
        same = same and (not matrix.size or (matrix[np.ix_(order, order)] == matrix).all())
    return bool(same)


@thorough
@given(instances())
def test_twins_are_those_that_may_change_places(instance: Instance) -> None:
    problem = problem_of(instance)
    assume(not len(problem.prices.host_distance))
    first = problem.twins.first
    # Where communities across macro-regions are counted, regions matter even if crossing a border costs nothing.
    counted = problem.crossing is not None
    for a in range(problem.size):
        for b in range(a):
            same_region = not counted or problem.region[a] == problem.region[b]
            assert (first[a] == first[b]) == (same_region and unchanged(problem.prices, a, b))


@thorough
@given(instances(), st.randoms(use_true_random=False))
def test_a_community_costs_the_same_with_either_twin(instance: Instance, random: object) -> None:
    """By the oracle, which knows nothing of units."""
    problem = problem_of(instance)
    units = list(range(problem.size))
    random.shuffle(units)  # type: ignore[attr-defined]
    community = units[: max(1, problem.size // 2)]
    changed = problem.twins.canonical([community])[0]

    def cost(members: list[int] | tuple[int, ...]) -> float | None:
        return community_cost(instance, np.concatenate([problem.units[unit] for unit in members]).tolist())

    given_cost, canonical_cost = cost(community), cost(changed)
    assert (given_cost is None) == (canonical_cost is None)
    assert given_cost is None or abs(given_cost - canonical_cost) < 1e-9


@thorough
@given(instances(), st.randoms(use_true_random=False))
def test_a_partition_comes_back_as_one(instance: Instance, random: object) -> None:
    problem = problem_of(instance)
    home = [random.randrange(3) for _ in range(problem.size)]  # type: ignore[attr-defined]
    groups = [[unit for unit in range(problem.size) if home[unit] == group] for group in range(3)]
    groups = [members for members in groups if members]
    canonical = problem.twins.canonical(groups)
    distinct = problem.twins.distinct(canonical)
    assert sorted(unit for members in distinct for unit in members) == list(range(problem.size))
    assert problem.twins.canonical(distinct) == canonical
