"""The search on a part of the map at a time, several of them at once: for thousands of units.

Where a part ends changes from turn to turn, so that every border is inside a part soon after. Parts have tables of
their own, which are small enough to stay near to the processor, and are as hot as their own communities are wide: in
dense and in sparse parts of the map alike.

Ruin and recreate finds the sizes, and few steps are enough for that; exchanges arrange what it finds. Each time sizes
that are off in one part are brought together with their like in another.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from grouping.candidates import Candidates
from grouping.cost import Ints
from grouping.patches import patches
from grouping.problem import Problem
from grouping.scenario import Limits
from grouping.search import Search

_PART, _STEPS, _TURNS = 1_500, 20, 8
"""Units of a part at most, steps for each unit in all, and turns, of ruin and recreate."""
_MANY = 6_000
"""Units that are searched as one: that takes longer, and what it finds is better (2,886 counties: by 0.4 %)."""
_HOT, _COLD = 0.1, 0.002
"""Temperatures at first and in the end, as shares of what a community of the part costs."""
_EXCHANGED, _EXCHANGE_TURNS = 700, (6, 9)
"""Units of a part at most, and turns, of exchanges: more of them for many units, whose bound takes long anyway. Fewer
units than a part holds are all arranged without."""
_AGAIN, _EXCHANGES, _SLOW = 5, 15_000, 25
"""Steps of ruin and recreate, and of exchanges after them, for each unit in each of these turns. Where sums don't
tell what a community costs, with themes or a required lead, an exchange takes so many times as long, and so many times
fewer are tried."""
_AGAIN_HOT, _EXCHANGE_HOT, _EXCHANGE_COLD = 0.03, 0.17, 0.01
"""Temperatures then, as shares again."""
_SOME = 1e-9
"""Km that communities cost at least, so that there is a temperature."""
_FASTER = 400
"""Exchanges that take as long as a step of ruin and recreate."""


def may_be_parted(problem: Problem) -> bool:
    """Whether :func:`search_in_parts` is for such problems: large ones, without limits on all communities."""
    return problem.size > _MANY and problem.limits == Limits()


def may_be_exchanged(problem: Problem) -> bool:
    """Whether :func:`exchange_in_parts` is for such problems."""
    return problem.size > _EXCHANGED and problem.limits == Limits()


def search_in_parts(
    problem: Problem,
    search: Search,
    random: np.random.Generator,
    workers: int,
    stopped: Callable[[], bool],
    told: Callable[[int], bool],
) -> None:
    """Find a grouping part by part, and let ``search`` go on from it.

    Args:
        problem: as :func:`may_be_parted` has it.
        search: a search of all units.
        random: makes all choices; where it goes on from another time, parts and steps are others.
        workers: threads.
        stopped: whether to come to an end, asked by all threads.
        told: after each turn how many steps it took; where it returns True, that is all.

    """
    for turn in range(_TURNS):
        hot, cold = (_HOT * (_COLD / _HOT) ** (done / _TURNS) for done in (turn, turn + 1))

        def recreate(part: Search, units: int, hot: float = hot, cold: float = cold) -> None:
            scale = part.mean_cost + _SOME
            part.cool(_STEPS * units // _TURNS, hot * scale, cold * scale, lambda _: stopped(), turns=1)

        parts, found = _turn(problem, search, _PART, random, workers, recreate)
        if turn + 1 < _TURNS:
            # The best is known by now, and what is at hand need not be better than it.
            search.resume(_on_map(parts, [part.held for part in found]))
        if told(_STEPS * problem.size // _TURNS):
            return
    search.even_out(told)


def exchange_in_parts(
    problem: Problem,
    search: Search,
    random: np.random.Generator,
    workers: int,
    stopped: Callable[[], bool],
    told: Callable[[int], bool],
) -> None:
    """Arrange the best grouping of a search anew, part by part; each piece of a part keeps the better of its two.

    Args:
        problem: as :func:`may_be_exchanged` has it.
        search: a search of all units; it goes on from what is found.
        random: makes all choices; where it goes on from another time, parts and steps are others.
        workers: threads.
        stopped: whether to come to an end, asked by all threads.
        told: after each turn how many steps of the search would have taken as long; where it returns True, that is all.

    """
    prices = problem.prices
    by_sums = prices.miss.shape[1] == 0 and len(prices.able) == 0
    exchanges = _EXCHANGES if by_sums else _EXCHANGES // _SLOW

    def arrange(part: Search, units: int) -> None:
        if not stopped():
            scale = part.mean_cost + _SOME
            part.reheat(_AGAIN * units, _AGAIN_HOT * scale, _COLD * scale, lambda _: stopped())
            before = part.best
            part.exchange(exchanges * units, _EXCHANGE_HOT * scale, _EXCHANGE_COLD * scale)
            part.keep_better(before)

    search.resume(search.best)
    few, many = _EXCHANGE_TURNS
    for _ in range(many if may_be_parted(problem) else few):
        _turn(problem, search, _EXCHANGED, random, workers, arrange)
        if told((_AGAIN + _EXCHANGES // _FASTER) * problem.size) or search.even_out(told):
            return


def _turn(
    problem: Problem,
    search: Search,
    most: int,
    random: np.random.Generator,
    workers: int,
    go_on: Callable[[Search, int], None],
) -> tuple[list[Ints], list[Search]]:
    """Let the search of each part of the map ``go_on``, and this one from the best of all; (parts, their searches)."""
    held = search.held
    parts = patches(problem, held, most, random)
    # The largest first, lest one thread is left with it in the end.
    parts.sort(key=len, reverse=True)

    def take(units: Ints, seed: int) -> Search:
        place = np.full(problem.size, -1, dtype=np.int64)
        place[units] = np.arange(len(units))
        part = problem.part(units, np.zeros(len(units), dtype=np.int64))
        start = [place[list(members)].tolist() for members in held if place[members[0]] >= 0]
        own = Search(part.prices, part.smallest, part.largest, seed, part.limits, part.region, start)
        go_on(own, len(units))
        return own

    with ThreadPoolExecutor(workers) as pool:
        found = list(pool.map(take, parts, random.integers(2**62, size=len(parts)).tolist()))
    for units, part in zip(parts, found, strict=True):
        search.note(Candidates.of_rows(np.append(units, -1)[part.met.sets]))
    search.resume(_on_map(parts, [part.best for part in found]))
    return parts, found


def _on_map(parts: list[Ints], found: list[list[tuple[int, ...]]]) -> list[tuple[int, ...]]:
    """The communities of all parts in units of the map."""
    return [tuple(units[list(members)].tolist()) for units, part in zip(parts, found, strict=True) for members in part]
