"""A sweep: the same list under a grid of scenarios, each point begun from its neighbours' groupings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from grouping.axes import Axis, Value, neighbours, walk
from grouping.check import check
from grouping.clock import StoppedBy
from grouping.distances import Distances
from grouping.errors import InputError, Problem
from grouping.known import Known
from grouping.link_files import applicable_links
from grouping.links import Links
from grouping.locks import Locks
from grouping.result import Result
from grouping.scenario import Scenario
from grouping.scenario_files import load_scenario
from grouping.sites import Applications
from grouping.solve import Tell, solve_linked
from grouping.terms import Previous

_MEANINGS = "travel.measure", "travel.regions"
"""Settings that change what travel or purity is."""
_SAME_SHARE = 1e-9
_SAME_KM = 0.01
"""Costs no farther apart are the same."""


@dataclass(frozen=True)
class Point:
    """A point of the grid: the ``values`` of its axes by key, and the grouping found there."""

    values: Mapping[str, Value]
    result: Result

    @property
    def travel_km(self) -> float:
        """The travel that the groupings cost, without the surcharge for borders."""
        return self.result.cost.travel_km

    @cached_property
    def pure(self) -> float:
        """The share of the sites with a community that are in one within a single macro-region."""
        placed = sum(len(one.members) for one in self.result.communities)
        within = sum(len(one.members) for one in self.result.communities if not one.crosses_regions)
        return within / placed if placed else 1.0

    @cached_property
    def honoured(self) -> int:
        """How many links are honoured."""
        return sum(item.honoured for item in self.result.links)


@dataclass(frozen=True)
class Family:
    """The points of a sweep that differ in the first axis only: ``values`` are those of the others, by key.

    ``points`` are their numbers. On the ``frontier``, by travel, are those than which no other has less travel and as
    pure macro-regions, or the other way; of equal ones the first. The ``knee`` is the one farthest beyond the line
    between the frontier's ends, both objectives scaled to their range (Das 1999, *On characterizing the "knee" of the
    Pareto curve*); None where none is.
    """

    values: Mapping[str, Value]
    points: tuple[int, ...]
    frontier: tuple[int, ...] = ()
    knee: int | None = None


@dataclass(frozen=True)
class Sweep:
    """All points, in the order of the grid: the last axis changes fastest."""

    axes: tuple[Axis, ...]
    points: tuple[Point, ...]

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C cut it short."""
        return any(point.result.stopped_by is StoppedBy.INTERRUPT for point in self.points)

    @property
    def comparable(self) -> bool:
        """Whether travel and purity mean the same along the first axis, so that there are frontiers."""
        return self.axes[0].key not in _MEANINGS

    @cached_property
    def families(self) -> tuple[Family, ...]:
        """The families, in the order of the grid."""
        found: dict[tuple[Value, ...], list[int]] = {}
        for number, point in enumerate(self.points):
            found.setdefault(tuple(point.values[axis.key] for axis in self.axes[1:]), []).append(number)
        return tuple(
            self._family({axis.key: value for axis, value in zip(self.axes[1:], values, strict=True)}, numbers)
            for values, numbers in found.items()
        )

    def frame(self) -> pd.DataFrame:
        """A row for each point: the values of its axes, figures, and whether it is on a frontier, or its knee."""
        frontier = {number for family in self.families for number in family.frontier}
        knees = {family.knee for family in self.families}
        rows = []
        for number, point in enumerate(self.points):
            result = point.result
            rows.append(
                {
                    **point.values,
                    "cost_km": round(result.cost.total_km, 3),
                    "bound_km": round(result.bound_km, 3),
                    "gap": result.gap,
                    "status": result.status.value,
                    **{name: round(km, 3) for name, km in result.cost.parts().items()},
                    "communities": len(result.communities),
                    "cross_region_communities": sum(one.crosses_regions for one in result.communities),
                    "pure_share": round(point.pure, 6),
                    "links": len(result.links),
                    "links_honoured": point.honoured,
                    "sites_unplaced": len(result.unplaced),
                    "frontier": number in frontier,
                    "knee": number in knees,
                    "stopped_by": result.stopped_by.value,
                    "seconds": round(result.seconds, 3),
                }
            )
        return pd.DataFrame(rows)

    def _family(self, values: Mapping[str, Value], numbers: Sequence[int]) -> Family:
        points = tuple(numbers)
        if not self.comparable:
            return Family(values, points)
        travel = np.array([self.points[number].travel_km for number in points])
        pure = np.array([self.points[number].pure for number in points])
        on = []
        best = -np.inf
        for one in np.lexsort((np.arange(len(points)), -pure, travel)):
            if pure[one] > best + _SAME_SHARE:
                on.append(int(one))
                best = pure[one]
        frontier = tuple(points[one] for one in on)
        if len(on) < 3:
            return Family(values, points, frontier)
        travel, pure = travel[on], pure[on]
        beyond = (pure - pure[0]) / (pure[-1] - pure[0]) - (travel - travel[0]) / (travel[-1] - travel[0])
        return Family(values, points, frontier, frontier[int(beyond.argmax())] if beyond.max() > _SAME_SHARE else None)


PointDone = Callable[[int, int, Point], None]
"""Told of each point that is done: its number, how many there are, and the point."""


def scenarios(source: str | Path | None, axes: Sequence[Axis], **overrides: object) -> dict[tuple[int, ...], Scenario]:
    """The scenario of each point of the grid, in the order of :func:`grouping.axes.walk`.

    Raises:
        InputError: with all that is wrong at any point, each thing once.

    """
    found: dict[tuple[int, ...], Scenario] = {}
    wrong: dict[str, Problem] = {}
    for point in walk(axes):
        values = {axis.key: axis.values[number] for axis, number in zip(axes, point, strict=True)}
        try:
            found[point] = load_scenario(source, **{**overrides, **values})
        except InputError as error:
            wrong.update({problem.text("en"): problem for problem in error.problems})
    if wrong:
        raise InputError(list(wrong.values()))
    return found


def sweep(
    applications: Applications,
    source: str | Path | None,
    axes: Sequence[Axis],
    *,
    links: Links | None = None,
    distances: Distances | None = None,
    previous: Previous | None = None,
    locks: Locks | None = None,
    start: Mapping[str, Sequence[str]] | None = None,
    overrides: Mapping[str, object] | None = None,
    workers: int | None = None,
    done: PointDone | None = None,
    progress: Tell | None = None,
) -> Sweep:
    """Group the sites at each point of the grid.

    A point begins with the cheapest of its neighbours' groupings, by its own costs, and with the candidates that proofs
    of points before it needed. A point that is not proved optimal is gone over once more if a neighbour that came later
    found a grouping that is cheaper by its costs.

    Args:
        applications: the list.
        source: the scenario that is varied, as :func:`grouping.load_scenario` takes it.
        axes: what is varied.
        links: what a links file says.
        distances: a matrix, or None.
        previous: last year's grouping.
        locks: what must be as it is.
        start: a draft that the first point begins with.
        overrides: settings for all points.
        workers: threads.
        done: told of each point.
        progress: as :func:`grouping.solve` takes it.

    Ctrl-C ends the search at the point under way, and the sweep with it.

    Raises:
        InputError: as :func:`grouping.solve`, and for scenarios that can't be.

    """
    grid = scenarios(source, axes, **(overrides or {}))
    found: dict[tuple[int, ...], Result] = {}
    known = Known()

    def begin(point: tuple[int, ...]) -> tuple[float, Mapping[str, Sequence[str]]] | None:
        """The cheapest of what the neighbours have: its cost here, and the ids of its members by label."""
        scenario = grid[point]
        near = [found[one] for one in neighbours(point) if one in found]
        priced = applicable_links(applications, scenario, links, previous, locks)
        costs = [_cost(one, applications, scenario, priced, distances) for one in near]
        best = min(range(len(near)), key=costs.__getitem__, default=None)
        return None if best is None else (costs[best], _members(near[best]))

    def solved(point: tuple[int, ...], first: Mapping[str, Sequence[str]] | None) -> Result:
        scenario = grid[point]
        priced = applicable_links(applications, scenario, links, previous, locks)
        return solve_linked(
            *(applications, scenario, priced, distances),
            previous=previous,
            start=first,
            workers=workers,
            progress=progress,
            known=known,
        )

    for number, point in enumerate(grid, 1):
        near = begin(point)
        found[point] = solved(point, near[1] if near else start)
        if done:
            done(number, len(grid), _point(axes, point, found[point]))
        if found[point].stopped_by is StoppedBy.INTERRUPT:
            break
    for point in grid if len(found) == len(grid) else ():
        near = begin(point)
        if near and found[point].gap != 0 and near[0] < found[point].cost.total_km - _SAME_KM:
            found[point] = solved(point, near[1])
    return Sweep(tuple(axes), tuple(_point(axes, point, found[point]) for point in sorted(found)))


def _point(axes: Sequence[Axis], point: tuple[int, ...], result: Result) -> Point:
    return Point({axis.key: axis.values[number] for axis, number in zip(axes, point, strict=True)}, result)


def _members(result: Result) -> dict[str, list[str]]:
    return {one.label: [site.id for site in one.members] for one in result.communities}


def _cost(
    result: Result, applications: Applications, scenario: Scenario, links: Links, distances: Distances | None
) -> float:
    """What a grouping costs by another scenario; infinite where that forbids it."""
    unplaced = [one.site.id for one in result.unplaced]
    report = check(_members(result), applications, scenario, links, distances, unplaced=unplaced)
    return report.cost.total_km if report.passed else np.inf
