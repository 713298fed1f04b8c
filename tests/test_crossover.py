"""The best of two groupings: of each piece the cheaper, and nothing that is in neither."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from grouping.crossover import best_of_both


def communities(label: np.ndarray) -> set[frozenset[int]]:
    """The communities that labels tell."""
    return {frozenset(np.flatnonzero(label == group).tolist()) for group in set(label.tolist())}


@given(st.data(), st.integers(1, 9))
def test_no_mixture_of_both_is_cheaper(data: st.DataObject, units: int) -> None:
    labels = st.lists(st.integers(0, 4), min_size=units, max_size=units).map(np.array)
    km = st.lists(st.integers(0, 9), min_size=5, max_size=5).map(lambda whole: np.array(whole, dtype=np.float64))
    label, other, cost, other_cost = data.draw(labels), data.draw(labels), data.draw(km), data.draw(km)
    for groups, km_of in ((label, cost), (other, other_cost)):
        km_of[np.setdiff1d(np.arange(5), groups)] = 0.0
    # What both have costs the same in either.
    price = {frozenset(np.flatnonzero(label == group).tolist()): cost[group] for group in label.tolist()}
    for group in set(other.tolist()):
        there = frozenset(np.flatnonzero(other == group).tolist())
        other_cost[group] = price.setdefault(there, other_cost[group])
    mixed = communities(best_of_both(label, cost, other, other_cost))
    assert mixed <= communities(label) | communities(other)
    every = sorted(communities(label) | communities(other), key=sorted)
    mixtures = [
        sum(price[one] for one in chosen)
        for count in range(1, len(every) + 1)
        for chosen in itertools.combinations(every, count)
        if sum(map(len, chosen)) == units and len(frozenset().union(*chosen)) == units
    ]
    assert sum(price[one] for one in mixed) == min(mixtures)
