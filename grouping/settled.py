"""Prices that stay, patch after patch: those of units, and those of cuts among them; and what all of them prove."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from grouping.areas import Areas, PricedAreas
from grouping.bound import rounding_km
from grouping.cost import Floats, Ints
from grouping.cuts import Cuts, Rows
from grouping.pricing import Duals
from grouping.problem import Problem
from grouping.surroundings import Surroundings


class Settled:
    """Which units are settled, the prices, and the least reduced cost of the candidates that each unit answers for.

    A cut stays, at its price, if a candidate of settled units may count in it. It takes its worth off the bound once.
    What candidates pay for it only makes them dearer, so it does no harm where a window does not know it.

    Args:
        problem: one level.
        price: (u,) km, the first guess.

    """

    def __init__(self, problem: Problem, price: Floats) -> None:
        self.price = price
        self.units: NDArray[np.bool_] = np.zeros(problem.size, dtype=np.bool_)
        self.least = np.zeros(problem.size)
        """(u,) km, at most 0: for each candidate of settled units one of them bounds its reduced cost."""
        self._problem = problem
        self._weight = problem.prices.weight
        self._largest = problem.largest
        self._kept = CutsOnMap.none()

    @property
    def duals(self) -> Duals:
        """All prices that stay."""
        return Duals(self.price, 0.0, *self.around(np.arange(len(self.price)), len(self.price)))

    @property
    def km(self) -> float:
        """The bound that they prove, once all units are settled."""
        terms = np.concatenate([self.price, self.least, -self._kept.worth])
        return float(terms.sum() - rounding_km(self._problem, float(np.abs(terms).sum())))

    def around(self, place: Ints, units: int) -> tuple[Cuts, PricedAreas]:
        """The cuts that stay, where candidates of a window of so many ``units`` count in them.

        ``place`` (u,) is where a unit of the map is there, or -1. Triples are left out if one of the three is not.
        """
        return self.there(self._kept, place, units)

    def there(self, cuts: CutsOnMap, place: Ints, units: int) -> tuple[Cuts, PricedAreas]:
        """Any cuts as :meth:`around` has those that stay."""
        return cuts.within(place, units, self._weight, self._largest)

    def copy(self) -> Settled:
        """The same, for what may have to be undone."""
        other = copy(self)
        other.price, other.units, other.least = self.price.copy(), self.units.copy(), self.least.copy()
        return other

    def lift(self, units: Ints) -> Worth:
        """Let the prices of units be found anew, and those of cuts where no candidate of others may count."""
        self.units[units] = False
        stays = self._matters(self._kept)
        cuts = self._kept.chosen((~stays[0], [not one for one in stays[1]]))
        self._kept = self._kept.chosen(stays)
        return Worth(units, self.price[units], self.least[units], cuts)

    def restore(self, lifted: Worth) -> None:
        """Let units be as they were before they were lifted.

        Where others were settled since, candidates of both must have been priced with the prices that these units had.
        """
        self.units[lifted.units] = True
        self.price[lifted.units] = lifted.price
        self.least[lifted.units] = lifted.least
        self._kept += lifted.cuts

    def settle(self, units: Ints, core: int, around: Surroundings, duals: Duals) -> CutsOnMap:
        """Let the prices of a window's core stay, and those of its cuts that matter; which ones these are.

        Args:
            units: of the map, by their numbers in the window.
            core: how many of them, the first ones, are to be settled.
            around: what was so before.
            duals: the prices found.

        """
        self.price[units[: around.own]] = duals.unit[: around.own]
        self.units[units[:core]] = True
        # Those that stayed before come first.
        known, known_areas = len(around.cuts.price), len(around.areas.price)
        areas = duals.areas.areas
        found = CutsOnMap(
            units[duals.cuts.units[known:, :3]],
            duals.cuts.price[known:],
            tuple(
                _Area(units[np.flatnonzero(areas.inside[k])], areas.points[k], int(areas.most[k]), float(price))
                for k, price in enumerate(duals.areas.price)
                if k >= known_areas
            ),
        )
        kept = found.chosen(self._matters(found))
        self._kept += kept
        return kept

    def _matters(self, cuts: CutsOnMap) -> tuple[NDArray[np.bool_], list[bool]]:
        return (
            np.asarray(self.units[cuts.triples].sum(axis=1) > 1),
            [area.counts(self._weight, self.units) for area in cuts.areas],
        )


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
class CutsOnMap:
    """Cuts by the numbers of the map: ``triples`` (m, 3) with their ``price`` (m,), and areas."""

    triples: Ints
    price: Floats
    areas: tuple[_Area, ...]

    @classmethod
    def none(cls) -> Self:
        """None at all."""
        return cls(np.zeros((0, 3), dtype=np.int64), np.zeros(0), ())

    def __add__(self, other: CutsOnMap) -> CutsOnMap:
        return CutsOnMap(
            np.concatenate([self.triples, other.triples]),
            np.concatenate([self.price, other.price]),
            self.areas + other.areas,
        )

    @property
    def worth(self) -> Floats:
        """Km that each of them takes off the bound."""
        return np.concatenate([self.price, [area.price * area.most for area in self.areas]])

    def chosen(self, which: tuple[NDArray[np.bool_], Sequence[bool]]) -> CutsOnMap:
        """Some of them."""
        triples, areas = which
        chosen = tuple(area for area, one in zip(self.areas, areas, strict=True) if one)
        return CutsOnMap(self.triples[triples], self.price[triples], chosen)

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


@dataclass(frozen=True, slots=True)
class Worth:
    """What some units add to the bound: their prices, their least reduced costs, and cuts."""

    units: Ints
    price: Floats
    least: Floats
    cuts: CutsOnMap

    @property
    def km(self) -> float:
        """The sum of it."""
        return float(self.price.sum() + self.least.sum() - self.cuts.worth.sum())
