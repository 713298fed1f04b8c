"""Many units improved patch by patch, two at a time: each is grouped anew, or chooses among likely candidates in it.

Patches hold whole communities, so that nothing in one of them touches another; borders run elsewhere in each sweep.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import repeat

import numpy as np

from grouping.borders import crossing
from grouping.bound import reduced_costs
from grouping.candidates import Candidates, Communities
from grouping.clock import Clock
from grouping.cost import Floats, Ints
from grouping.improve import Extent, improve
from grouping.optimum import Optimum
from grouping.patches import allotted, patches
from grouping.pricing import Duals
from grouping.problem import Problem
from grouping.scenario import Limits

_PATCH = 400
"""Units of a patch at most."""
LIKELY = 16
"""Candidates for each unit that are worth having."""
SMALL, LARGE = Extent(150, LIKELY, 0.5), Extent(220, 2 * LIKELY, 1.0)
"""Neighbourhoods of the first sweeps that only choose among likely candidates, and of those after them."""
_CLOSE = 0.002
"""Gap that is good enough for a patch as a problem of its own."""
_GAIN = 2e-4
"""The map is swept again while that gained such a share of the cost."""

Regroup = Callable[[Problem, Candidates, Floats, Communities, int, Clock], Communities]
"""(patch, likely candidates, (u,) unit prices, its communities, seed, clock): communities that are no worse."""
Optimize = Callable[..., Optimum]
""":func:`grouping.optimize.optimize`."""


def improve_in_patches(
    problem: Problem,
    communities: Communities,
    likely: Candidates,
    duals: Duals,
    ways: Sequence[Regroup],
    workers: int,
    seed: int,
    clock: Clock,
    report: Callable[[Communities], bool],
) -> Communities:
    """A grouping of all units improved, as long as that gains enough.

    Args:
        problem: one level.
        communities: the grouping; no patch goes farther beyond limits than it does there.
        likely: candidates to choose among.
        duals: prices that tell which of these are likely.
        ways: to group a patch anew, one after the other, each as long as a sweep of the map gains enough.
        workers: threads.
        seed: of CP-SAT, and of where patches end.
        clock: may stop it.
        report: told of the grouping each time some of it was looked at; where it returns True, that is good enough.

    """
    random = np.random.default_rng(seed)
    if len(problem.prices.able):
        likely = likely[np.flatnonzero(np.append(problem.prices.able, False)[likely.sets].any(axis=1))]
    reduced = reduced_costs(problem, likely, duals)
    # The likeliest first.
    likely = likely[np.argsort(reduced, kind="stable")]
    left = list(ways)
    while left and not clock.stopped():
        before = problem.cost_km(communities)
        # Those of patches that are next to each other, one after the other.
        todo = patches(problem, communities, _PATCH, random)
        while todo:
            parts = [_Part.of(problem, communities, units) for units in todo[:2]]
            time_and_work = allotted([len(units) for units in todo[:2]], sum(map(len, todo)), workers)
            del todo[:2]
            how = map(repeat, (likely, duals.unit, left[0], seed, clock))
            with ThreadPoolExecutor(min(workers, len(parts))) as pool:
                better = list(pool.map(_improved, parts, *how, *time_and_work))
            for part, (after, spent) in zip(parts, better, strict=True):
                clock.spend(spent)
                gone = set(part.before)
                communities = tuple(sorted([one for one in communities if one not in gone] + after))
            if report(communities):
                return communities
        if before - problem.cost_km(communities) <= _GAIN * before:
            del left[0]
    return communities


@dataclass(frozen=True, slots=True)
class _Part:
    """A patch: its units, its problem, and its communities, in units of the map."""

    units: Ints
    problem: Problem
    before: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, problem: Problem, communities: Communities, units: Ints) -> _Part:
        inside = np.zeros(problem.size, dtype=np.bool_)
        inside[units] = True
        before = tuple(members for members in communities if inside[members[0]])
        part = problem.part(units, np.zeros(len(units), dtype=np.int64))
        return cls(units, _limited(part, problem, before), before)


def _limited(part: Problem, problem: Problem, before: Communities) -> Problem:
    """A patch's problem within limits: of what these allow to all, it has what its communities take up ``before``."""
    limits, count = problem.limits, len(before)
    candidates = Candidates.of(before, problem.largest)
    across = int(crossing(problem.region, candidates.sets, candidates.counts).sum())
    own = Limits(
        fewest=count if limits.fewest else 0,
        most=count if limits.most else 0,
        cross_region_most=across if problem.crossing is not None else -1,
    )
    return replace(part, limits=own, fewest=own.fewest, most=own.most or part.most)


def _improved(
    part: _Part, likely: Candidates, price: Floats, way: Regroup, seed: int, clock: Clock, share: float, work: float
) -> tuple[list[tuple[int, ...]], float]:
    """(communities of a patch, in units of the map, what was spent on them)."""
    problem, units = part.problem, part.units
    place = np.full(len(price), -1, dtype=np.int64)
    place[units] = np.arange(len(units))
    before = tuple(tuple(sorted(place[list(members)].tolist())) for members in part.before)
    with clock.apart(share, work) as apart:
        better = way(problem, likely.within(place), price[units], before, seed, apart)
    return [tuple(np.sort(units[list(members)]).tolist()) for members in better], apart.spent


def chosen_anew(extent: Extent) -> Regroup:
    """The way that chooses among the likeliest candidates, in neighbourhoods of such an extent."""

    def way(
        problem: Problem, likely: Candidates, price: Floats, best: Communities, seed: int, clock: Clock
    ) -> Communities:
        pool = problem.twins.canonical(likely[np.arange(min(len(likely), extent.likely * problem.size))])
        return improve(
            problem,
            Candidates.of(pool, problem.largest),
            # Of twins each is paid as much.
            Duals.of(problem.twins.mean(price), problem.largest),
            best,
            clock=clock,
            seed=seed,
            report=lambda _: None,
            extent=extent,
            again=False,
        )

    return way


def on_its_own(optimize: Optimize) -> Regroup:
    """The way that takes a patch for a problem of its own, from search to proof."""

    def way(problem: Problem, likely: Candidates, _: Floats, best: Communities, seed: int, clock: Clock) -> Communities:
        how = {"seed": seed, "gap": _CLOSE, "workers": 1, "clock": clock, "report": lambda *_: None}
        return optimize(problem, **how, start=best, known=likely).communities

    return way
