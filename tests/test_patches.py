"""Where the borders of patches run: around what is near together, whatever else is there."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from grouping import Kind, Level, Link, Site, Where, load_scenario
from grouping.candidates import Communities
from grouping.patches import patches
from grouping.problem import Problem, build_problem

HERE = Where("test")
SIZE = 6


def in_line(count: int, blocks: list[int], regions: list[str]) -> tuple[Problem, Communities]:
    """So many communities of neighbours in a line, farther apart to one end; the ``blocks`` begin with two sites."""
    sites = [Site(f"{k:06}", f"{k:06}", Level.COUNTY, HERE) for k in range(SIZE * count)]
    places = 0.01 * np.arange(len(sites)) ** 2
    pairs = [Link(sites[SIZE * k].id, sites[SIZE * k + 1].id, Kind.PAIRING, HERE, True) for k in blocks]
    scenario = load_scenario("base")
    km = np.abs(places[:, None] - places[None, :])
    homes = [regions[k // SIZE] for k in range(len(sites))]
    problem = build_problem(Level.COUNTY, sites, km, homes, tuple(pairs), scenario)
    ends = np.searchsorted(np.cumsum(problem.prices.weight), SIZE * np.arange(count + 1), side="right")
    return problem, tuple(tuple(range(one, other)) for one, other in pairwise(ends.tolist()))


def held(problem: Problem, communities: Communities, random: np.random.Generator | None) -> list[set[int]]:
    """Which of the communities each patch holds."""
    found = patches(problem, communities, 4 * SIZE, random)
    return [{k for k, members in enumerate(communities) if members[0] in units} for units in found]


def met(problem: Problem, communities: Communities) -> set[tuple[int, int]]:
    """Which neighbours are ever in one patch where borders are drawn by chance."""
    random = np.random.default_rng(1)
    every = [there for _ in range(12) for there in held(problem, communities, random)]
    return {(one, other) for one, other in pairwise(range(len(communities))) if any({one, other} <= x for x in every)}


def test_blocks_are_with_their_neighbours() -> None:
    """The km to a block are those to two sites; were it for these, its community would be nearer to the end."""
    problem, communities = in_line(16, [9], ["东北"] * 16)
    assert problem.prices.weight.max() == 2
    for there in held(problem, communities, None):
        assert max(there) - min(there) < len(there)
    assert met(problem, communities) == set(pairwise(range(16)))


def test_borders_drawn_by_chance_do_not_keep_to_those_of_macro_regions() -> None:
    """Or else communities on both sides of one would never be arranged together."""
    problem, communities = in_line(16, [], ["东北", "长三角"] * 8)
    assert met(problem, communities) == set(pairwise(range(16)))
