"""Area cuts hold for every grouping, and what breaks one is found."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grouping.areas import MUCH_VIOLATED, VIOLATED, Areas, area_tolls, broken_areas, broken_map
from grouping.candidates import Candidates

LARGEST = 10
MULTIPLIERS = [(times, whole) for whole in range(2, LARGEST + 1) for times in range(1, whole)]


def areas_of(inside: np.ndarray, weight: np.ndarray, multipliers: list[tuple[int, int]]) -> Areas:
    return Areas.rounded(inside, inside @ weight, np.array(multipliers, dtype=np.int64).reshape(-1, 2), LARGEST)


@settings(deadline=None)
@given(st.integers(0, 10**6), st.integers(4, 40), st.sampled_from([1, 3]))
def test_no_grouping_breaks_one(seed: int, units: int, heaviest: int) -> None:
    random = np.random.default_rng(seed)
    weight = random.integers(1, heaviest + 1, units)
    order, groups = random.permutation(units).tolist(), []
    while order:
        group = [order.pop()]
        room = int(random.integers(1, LARGEST + 1))
        while order and weight[[*group, order[-1]]].sum() <= room:
            group.append(order.pop())
        groups.append(group)
    candidates = Candidates.of(groups, LARGEST)
    inside = random.random((len(MULTIPLIERS), units)) < random.random()
    areas = areas_of(inside, weight, MULTIPLIERS)
    counted = areas.counted(weight, candidates.sets, candidates.counts)
    assert (counted.sum(axis=0) <= areas.most).all()
    # More in an area never pays less, and none pays nothing: pricing relies on both.
    assert (np.diff(areas.points, axis=1) >= 0).all()
    assert (areas.points[:, 0] == 0).all()
    price = random.uniform(0, 9, len(areas)) * (random.random(len(areas)) < 0.5)
    paid = area_tolls(areas.priced(price).tolls, weight, candidates.sets, candidates.counts)
    assert paid == pytest.approx(counted @ price)


def halves(ring: int, size: int) -> Candidates:
    """All stretches of ``size`` on a ring of sites: half of each serves all, with ``ring / size`` communities."""
    return Candidates.of([[(start + k) % ring for k in range(size)] for start in range(ring)], LARGEST)


def test_what_the_lp_fills_with_half_a_community_is_found() -> None:
    # 15 sites have room for two communities of six and a half.
    candidates = halves(15, 6)
    values = np.full(len(candidates), 1 / 6)
    unit = np.arange(15)
    areas = broken_areas(
        candidates.sets, candidates.counts, values, np.ones_like(unit), unit, range(3, 11), 9, MUCH_VIOLATED
    )
    counted = areas.counted(np.ones_like(unit), candidates.sets, candidates.counts)
    assert len(areas) == 1
    assert (values @ counted > areas.most + 0.2).all()


def test_so_is_what_all_sites_leave_over() -> None:
    # 1,003 sites are 167 communities of six, and one site.
    candidates = halves(1_003, 6)
    values, weight = np.full(len(candidates), 1 / 6), np.ones(1_003, dtype=np.int64)
    whole = broken_map(candidates.sets, candidates.counts, values, weight, range(3, 11), VIOLATED)
    assert len(whole) == 1
    assert whole.inside.all()
    counted = whole.counted(weight, candidates.sets, candidates.counts)
    assert (values @ counted > whole.most + VIOLATED).all()


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(1, 2), min_size=3, max_size=5), min_size=1, max_size=200))
def test_no_grouping_breaks_that_of_all_sites(blocks: list[list[int]]) -> None:
    units = iter(range(sum(map(len, blocks))))
    candidates = Candidates.of([[next(units) for _ in group] for group in blocks], LARGEST)
    weight = np.concatenate(blocks)
    found = broken_map(candidates.sets, candidates.counts, np.ones(len(blocks)), weight, range(3, 11), VIOLATED)
    assert len(found) == 0


def test_nothing_is_found_in_a_grouping() -> None:
    candidates = Candidates.of([range(0, 6), range(6, 12), range(12, 19), range(19, 22)], LARGEST)
    unit = np.arange(22)
    areas = broken_areas(
        candidates.sets, candidates.counts, np.ones(4), np.ones_like(unit), unit, range(3, 11), 9, MUCH_VIOLATED
    )
    assert len(areas) == 0


def test_twins_are_in_the_same_areas() -> None:
    # 15 sites, of which five are one kind and stand at their first.
    first = np.array([0, 0, 0, 0, 0, *range(5, 15)])
    sets = [
        [0, 1, 2, 5, 6, 7],
        [0, 1, 8, 9, 10, 11],
        [0, 1, 2, 12, 13, 14],
        [0, 5, 6, 7, 8, 9],
        [0, 10, 11, 12, 13, 14],
    ]
    candidates = Candidates.of(sets, LARGEST)
    weight = np.ones_like(first)
    areas = broken_areas(
        candidates.sets, candidates.counts, np.full(5, 0.5), weight, first, range(3, 11), 9, MUCH_VIOLATED
    )
    assert len(areas) == 1
    assert (areas.inside == areas.inside[:, first]).all()
    assert areas.inside[0, 0]
