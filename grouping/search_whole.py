"""The search on the whole map; of more than some hundred units two at a time, and the best of both, piece by piece.

What one search finds in one part of the map says little about another part, and two searches fail in different ones.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from grouping.clock import Clock
from grouping.problem import Problem
from grouping.scenario import Limits
from grouping.search import STEP, Search

_STEPS, _MANY = (200, 60), 6_000
"""Steps for each unit, and for each beyond so many."""
_TWO = 700
"""Fewer units than that are no map of many parts, and more than the other number take too long to be searched twice."""
_HOT, _COLD = 0.1, 0.002
"""Temperatures at first and in the end, as shares of what a community costs at first."""
_AGAIN, _SHARE, _AGAIN_HOT = 2, 0.5, 0.6
"""How often both go on from their best, for such a share of the steps and from such a share of the temperature, where
units are linked: pairs that are to stay together leave fewer ways from one good grouping to another."""
_SOME = 1e-9
"""Km that communities cost at least, so that there is a temperature."""


def search_whole(
    problem: Problem,
    search: Search,
    hotter: float,
    clock: Clock,
    random: np.random.Generator,
    workers: int,
    stopped: Callable[[], bool],
    told: Callable[[int], bool],
) -> None:
    """Find a grouping, which is the best of ``search`` then.

    Args:
        problem: one level.
        search: a search of all its units.
        hotter: so many times as hot as is usual, and as long.
        clock: may stop a second search.
        random: makes the choices of a second search other ones.
        workers: threads; what is found does not depend on them.
        stopped: whether to come to an end.
        told: every now and then how many steps were taken since; where it returns True, that is all.

    """
    size = problem.size
    steps = round(hotter * (2_000 + _STEPS[0] * min(size, _MANY) + _STEPS[1] * max(0, size - _MANY)))
    hot, cold = hotter * _HOT * search.mean_cost + _SOME, _COLD * search.mean_cost + _SOME
    if not _TWO < size <= _MANY or problem.limits != Limits():
        search.cool(steps, hot, cold, told)
        return
    seed = int(random.integers(2**62))
    other = Search(problem.prices, problem.smallest, problem.largest, seed, problem.limits, problem.region)
    for turn in range(1 + _AGAIN * problem.prices.pair.linked):

        def go_on(one: Search, told: Callable[[int], bool], turn: int = turn) -> None:
            if turn:
                one.reheat(round(_SHARE * steps), _AGAIN_HOT * hot, cold, told)
            else:
                one.cool(steps, hot, cold, told)

        taken = _with_other(search, other, go_on, clock, workers, told)
        search.keep_better(other.best)
        search.note(other.met)
        other.resume(search.best)
        if told(taken) or stopped():
            break


def _with_other(
    search: Search,
    other: Search,
    go_on: Callable[[Search, Callable[[int], bool]], None],
    clock: Clock,
    workers: int,
    told: Callable[[int], bool],
) -> int:
    """Let two searches ``go_on``; how many steps the other one took, which has its own share of the work left."""
    taken = 0
    with ThreadPoolExecutor(1) as thread, clock.apart() as apart:

        def heard(steps: int) -> bool:
            nonlocal taken
            taken += steps
            apart.spend(steps * STEP)
            return apart.stopped()

        gone_on = thread.submit(go_on, other, heard)
        if workers < 2:
            gone_on.result()
        go_on(search, told)
        gone_on.result()
    return taken
