"""Prices that stay, patch after patch: those of units, and those of cuts among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from grouping.areas import Areas, PricedAreas
from grouping.cost import Floats, Ints
from grouping.cuts import Cuts, Rows
from grouping.pricing import Duals
from grouping.problem import Problem
from grouping.surroundings import Surroundings


class Settled:
    """Which units are settled, and the prices.

    A cut stays, at its price, if a candidate of settled units may count in it. All others are of no matter for what is
    proved of these; they are worth knowing where the next units are priced. What stays takes its worth off the bound
    once. What candidates pay for it only makes them dearer, so it does no harm where a window does not know it.

    Args:
        problem: one level.
        price: (u,) km, the first guess.

    """

    def __init__(self, problem: Problem, price: Floats) -> None:
        self.price = price
        self.units: NDArray[np.bool_] = np.zeros(problem.size, dtype=np.bool_)
        self._weight = problem.prices.weight
        self._largest = problem.largest
        self._kept = self._more = _OnMap.none()

    @property
    def duals(self) -> Duals:
        """All prices that stay."""
        return Duals(self.price, 0.0, *self.around(np.arange(len(self.price)), len(self.price)))

    def around(self, place: Ints, units: int) -> tuple[Cuts, PricedAreas]:
        """The cuts that stay, where candidates of a window of so many ``units`` count in them.

        ``place`` (u,) is where a unit of the map is there, or -1. Triples are left out if one of the three is not.
        """
        return self._kept.within(place, units, self._weight, self._largest)

    def more(self, place: Ints, units: int) -> tuple[Cuts, PricedAreas]:
        """Other cuts that lie in a window."""
        return self._more.chosen(self._more.inside(place)).within(place, units, self._weight, self._largest)

    def settle(self, units: Ints, core: int, around: Surroundings, duals: Duals) -> Floats:
        """Let the prices of a window's core stay, and those of its cuts that matter; what that adds to the bound.

        Args:
            units: of the map, by their numbers in the window.
            core: how many of them, the first ones, are to be settled.
            around: what was so before.
            duals: the prices found.

        Returns:
            Terms in km, for their sizes tell how exact the sum is.

        """
        place = np.full(len(self.price), -1, dtype=np.int64)
        place[units] = np.arange(len(units))
        self.price[units[: around.own]] = duals.unit[: around.own]
        self.units[units[:core]] = True
        # Those that stayed before come first.
        known, known_areas = len(around.cuts.price), len(around.areas.price)
        areas = duals.areas.areas
        found = _OnMap(
            units[duals.cuts.units[known:, :3]],
            duals.cuts.price[known:],
            tuple(
                _Area(units[np.flatnonzero(areas.inside[k])], areas.points[k], int(areas.most[k]), float(price))
                for k, price in enumerate(duals.areas.price)
                if k >= known_areas
            ),
        )
        matters = (
            self.units[found.triples].sum(axis=1) > 1,
            [area.counts(self._weight, self.units) for area in found.areas],
        )
        kept = found.chosen(matters)
        triples, others = self._more.inside(place)
        self._more = self._more.chosen((~triples, [not one for one in others]))
        self._more += found.chosen((~matters[0], [not one for one in matters[1]]))
        self._kept += kept
        return np.concatenate([self.price[units[:core]], -kept.price, [-area.price * area.most for area in kept.areas]])


@dataclass(frozen=True, slots=True)
class _Area:
    """An area's units, what a candidate counts in it, what a grouping may, and its price."""

    units: Ints
    points: Ints
    most: int
    price: float

    def counts(self, weight: Ints, there: NDArray[np.bool_]) -> bool:
        """Whether a candidate of the units that are ``there`` may count something."""
        return bool(weight[self.units[there[self.units]]].sum() >= np.argmax(self.points > 0))


@dataclass(frozen=True, slots=True)
class _OnMap:
    """Cuts by the numbers of the map: ``triples`` (m, 3) with their ``price`` (m,), and areas."""

    triples: Ints
    price: Floats
    areas: tuple[_Area, ...]

    @classmethod
    def none(cls) -> Self:
        return cls(np.zeros((0, 3), dtype=np.int64), np.zeros(0), ())

    def __add__(self, other: _OnMap) -> _OnMap:
        return _OnMap(
            np.concatenate([self.triples, other.triples]),
            np.concatenate([self.price, other.price]),
            self.areas + other.areas,
        )

    def inside(self, place: Ints) -> tuple[NDArray[np.bool_], list[bool]]:
        """Which of them lie in a window as a whole."""
        here = place >= 0
        return np.asarray(here[self.triples].all(axis=1)), [bool(here[area.units].all()) for area in self.areas]

    def chosen(self, which: tuple[NDArray[np.bool_], Sequence[bool]]) -> _OnMap:
        """Some of them."""
        triples, areas = which
        chosen = tuple(area for area, one in zip(self.areas, areas, strict=True) if one)
        return _OnMap(self.triples[triples], self.price[triples], chosen)

    def within(self, place: Ints, units: int, weight: Ints, largest: int) -> tuple[Cuts, PricedAreas]:
        """Those in which candidates of a window of so many ``units`` may count."""
        triples = place[self.triples]
        there = (triples >= 0).all(axis=1)
        cuts = Cuts.priced(Rows.of_triples(triples[there]), self.price[there], units)
        areas = [area for area in self.areas if area.counts(weight, place >= 0)]
        inside = np.zeros((len(areas), units), dtype=np.bool_)
        for row, area in zip(inside, areas, strict=True):
            own = place[area.units]
            row[own[own >= 0]] = True
        points = np.array([area.points for area in areas], dtype=np.int64).reshape(len(areas), largest + 1)
        most = np.array([area.most for area in areas], dtype=np.int64)
        return cuts, Areas(inside, points, most).priced(np.array([area.price for area in areas]))
