"""The search on a part of the map at a time, several of them at once: for thousands of units.

Where a part ends changes from turn to turn, so that every border is inside a part soon after. Parts have tables of
their own, which are small enough to stay near to the processor; the temperature falls as if all were one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np

from grouping.candidates import Candidates
from grouping.cost import HOSTED, Ints
from grouping.patches import patches
from grouping.problem import Problem
from grouping.scenario import Limits
from grouping.search import Search

_PART = 1_500
"""Units of a part at most."""
_TURNS = 8
"""How often the map is parted."""
_MANY = 6_000
"""Units that are searched as one: that takes longer, and what it finds is better (2,886 counties: by 0.4 %)."""


def may_be_parted(problem: Problem) -> bool:
    """Whether :func:`search_in_parts` is for such problems: large ones, without hosts and limits on all communities."""
    return problem.size > _MANY and problem.prices.measure != HOSTED and problem.limits == Limits()


def search_in_parts(
    problem: Problem,
    search: Search,
    steps: int,
    hot: float,
    cold: float,
    seed: int,
    workers: int,
    stopped: Callable[[], bool],
    told: Callable[[int], bool],
) -> None:
    """Take so many ``steps`` while the temperature falls from ``hot`` to ``cold`` km, and let ``search`` go on from it.

    Args:
        problem: as :func:`may_be_parted` has it.
        search: a search of all units.
        steps: on all parts together.
        hot: temperature at first.
        cold: temperature in the end.
        seed: of all random choices.
        workers: threads.
        stopped: whether to come to an end, asked by all threads.
        told: after each turn how many steps it took; where it returns True, that is all.

    """
    random = np.random.default_rng(seed)
    for turn in range(_TURNS):
        warm, cool = (hot * (cold / hot) ** (done / _TURNS) for done in (turn, turn + 1))
        parts = patches(problem, search.held, _PART, random)
        # The largest first, lest one thread is left with it in the end.
        parts.sort(key=len, reverse=True)
        seeds = random.integers(2**62, size=len(parts)).tolist()
        counts = [round(steps * len(part) / (_TURNS * problem.size)) for part in parts]
        take = partial(_searched, problem, search.held, warm, cool, stopped)
        with ThreadPoolExecutor(workers) as pool:
            found = list(pool.map(take, parts, seeds, counts))
        for units, part in zip(parts, found, strict=True):
            search.note(Candidates.of_rows(np.append(units, -1)[part.met.sets]))
        # The best first, for what is at hand need not be better than it.
        search.resume(_on_map(parts, [part.best for part in found]))
        if turn + 1 < _TURNS:
            search.resume(_on_map(parts, [part.held for part in found]))
        if told(sum(counts)):
            return
    # Sizes that are off in one part may have their like in another.
    search.cool(0, hot, cold, told, turns=1)


def _searched(
    problem: Problem,
    held: Sequence[tuple[int, ...]],
    warm: float,
    cool: float,
    stopped: Callable[[], bool],
    units: Ints,
    seed: int,
    count: int,
) -> Search:
    """The search of some of the units, after so many steps."""
    place = np.full(problem.size, -1, dtype=np.int64)
    place[units] = np.arange(len(units))
    part = problem.part(units, np.zeros(len(units), dtype=np.int64))
    start = [place[list(members)].tolist() for members in held if place[members[0]] >= 0]
    search = Search(part.prices, part.smallest, part.largest, seed, part.limits, part.region, start)
    search.cool(count, warm, cool, lambda _: stopped(), turns=1)
    return search


def _on_map(parts: list[Ints], found: list[list[tuple[int, ...]]]) -> list[tuple[int, ...]]:
    """The communities of all parts in units of the map."""
    return [tuple(units[list(members)].tolist()) for units, part in zip(parts, found, strict=True) for members in part]
