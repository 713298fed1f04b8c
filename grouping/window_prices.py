"""The dual prices of a window: found by its LP, and kept with what they prove of all candidates that hold its units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grouping.bound import Bound, lower_bound, reduced_costs
from grouping.candidates import Candidates, Communities
from grouping.clock import Clock
from grouping.improve_in_patches import LIKELY
from grouping.pricing import Pricer
from grouping.problem import Problem
from grouping.reach import Reach
from grouping.settled import Settled, Worth
from grouping.windows import Window

_HOPE = 0.25
"""Share of what is between bound and best cost that a window is priced for: the rest will be of the grouping."""


@dataclass(frozen=True, slots=True)
class PricedWindow:
    """A window priced: its bound, likely candidates in units of the map, and the work it took."""

    window: Window
    bound: Bound
    likely: Candidates
    spent: float


def touching(communities: Communities, units: NDArray[np.bool_]) -> list[tuple[int, ...]]:
    """The communities that hold any of the ``units`` (u,)."""
    return [members for members in communities if units[list(members)].any()]


def price(
    problem: Problem,
    communities: Communities,
    window: Window,
    known: Sequence[Candidates],
    workers: int,
    clock: Clock,
    share: float,
    work: float,
    *,
    cuts: bool,
) -> PricedWindow:
    """Find prices for a window.

    Args:
        problem: the whole map.
        communities: a good grouping of it. Those that touch the window's own units lie within it.
        window: a part of the map.
        known: candidates worth knowing.
        workers: threads.
        clock: may stop it.
        share: what part of the time left it may take.
        work: what part of the work left.
        cuts: whether there are to be any.

    """
    part = window.problem
    own = np.zeros(problem.size, dtype=np.bool_)
    own[window.units[: window.own]] = True
    here = touching(communities, own)
    start = Candidates.of([np.sort(window.place[list(one)]).tolist() for one in here], part.largest)
    # What those around pay for goes to no one else.
    paid = window.around.duals(np.zeros(window.own))
    km = float(reduced_costs(part, start, paid).sum()) + window.around.worth
    likely = start

    def keep(bound: Bound, near: Candidates, _: Clock) -> float:
        nonlocal likely
        reduced = reduced_costs(part, near, bound.duals)
        likely = near[np.argsort(reduced, kind="stable")[: LIKELY * window.own]]
        return bound.km + _HOPE * (km - bound.km)

    with clock.apart(share, work) as apart:
        bound = lower_bound(
            part,
            Pricer(part, workers, apart, window.own),
            start,
            km,
            apart,
            lambda _: None,
            Candidates.of_rows(np.concatenate([window.within(one).sets for one in known])),
            keep,
            window.around,
            cuts=cuts,
        )
        return PricedWindow(window, bound, window.on_map(likely), apart.spent)


def settle(
    problem: Problem,
    reach: Reach,
    settled: Settled,
    priced: PricedWindow,
    workers: int,
    clock: Clock,
    most: int | None = None,
) -> Worth:
    """Keep the prices of a window's core, with what they prove of each candidate of settled units that holds any of it.

    Args:
        problem: the whole map.
        reach: of the same.
        settled: where to keep them.
        priced: the window.
        workers: threads.
        clock: may stop it.
        most: nothing is proved, -inf, if more units than that have to be looked at around it.

    Returns:
        What that adds to the bound.

    """
    window, duals, least = priced.window, priced.bound.duals, priced.bound.least
    core = window.units[: window.core]
    kept = settled.settle(window.units, window.core, window.around, duals)
    # A price of the number of communities is that of no row of the whole problem.
    least = least[: len(core)] + min(0.0, duals.community)
    needed = reach.around(settled.units, settled.price, core, most)
    if most is not None and len(needed) > most:
        least = np.full(len(core), -np.inf)
    elif (window.place[needed] < 0).any():
        # Others may be in candidates of negative reduced costs after all.
        wider = Window.of(problem, settled, core, np.zeros(0, dtype=np.int64), needed)
        paid = wider.around.duals(wider.around.begin)
        least = Pricer(wider.problem, workers, clock, len(core)).least(paid).least[: len(core)]
    settled.least[core] = np.minimum(0.0, least)
    return Worth(core, settled.price[core], settled.least[core], kept)
