"""Parts of a level that have no community in common: each is a problem of its own, and all together are the level.

Where no community may lie across macro-regions, each macro-region is such a part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from grouping.borders import SEVERAL, UNKNOWN
from grouping.candidates import Candidates
from grouping.clock import StoppedBy
from grouping.cost import Ints
from grouping.distances import tabled
from grouping.optimum import Optimum
from grouping.placement import most_placed
from grouping.problem import Problem
from grouping.scenario import Limits


@dataclass(frozen=True, slots=True)
class Component:
    """``problem`` is that of some ``units`` (c,) of a level, which are in communities of their own."""

    problem: Problem
    units: Ints


def components(problem: Problem) -> tuple[Component, ...]:
    """The parts of a level's problem; the level itself if it has one only, or they would have to be weighed up.

    That is so where sites must be left out that another part could take in instead.
    """
    whole = (Component(problem, np.arange(problem.size)),)
    if problem.limits != Limits(cross_region_most=0) or np.isposinf(problem.prices.pair.km).any():
        return whole
    codes = np.unique(problem.region)
    if len(codes) < 2 or {UNKNOWN, SEVERAL} & set(codes.tolist()):
        return whole
    parts = []
    for code in codes:
        units = np.flatnonzero(problem.region == code)
        tables = tabled(int(problem.prices.weight[units].sum()))
        part = problem.part(units, np.zeros(len(units), dtype=np.int64), tables=tables)
        placed = most_placed(part.prices, part.smallest, part.largest)
        parts.append(Component(part.leaving(part.site_count - placed), units))
    return tuple(parts) if sum(part.problem.unplaced for part in parts) == problem.unplaced else whole


def joined(parts: Sequence[Component], optima: Sequence[Optimum | None]) -> Optimum:
    """The level's optimum from those of its parts; None stands for a part that can have no community."""
    cost = bound = 0.0
    communities: list[tuple[int, ...]] = []
    columns: list[tuple[int, ...]] = []
    reasons = [StoppedBy.PROOF]
    for part, optimum in zip(parts, optima, strict=True):
        if optimum is None:
            alone = float(part.problem.prices.apart.sum())
            cost, bound = cost + alone, bound + alone
            continue
        communities += [tuple(part.units[list(members)].tolist()) for members in optimum.communities]
        columns += [tuple(part.units[list(members)].tolist()) for members in optimum.columns]
        cost, bound = cost + optimum.cost_km, bound + optimum.bound_km
        reasons.append(optimum.stopped_by)
    found = [optimum for optimum in optima if optimum is not None]
    return Optimum(
        communities=tuple(sorted(communities)),
        cost_km=cost,
        bound_km=bound,
        fewest_unplaced=all(optimum.fewest_unplaced for optimum in found),
        proved=all(optimum.proved for optimum in found),
        stopped_by=max(reasons, key=list(StoppedBy).index),
        columns=Candidates.of(columns, max(1, *(part.problem.largest for part in parts))),
    )
