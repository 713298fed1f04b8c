"""Windows on a part of the map: its units, those around whose prices are settled, and which of these can matter."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from grouping.areas import PricedAreas
from grouping.candidates import Candidates
from grouping.cost import Ints
from grouping.cuts import Cuts
from grouping.problem import Problem
from grouping.settled import CutsOnMap, Settled
from grouping.surroundings import Surroundings


@dataclass(frozen=True, slots=True)
class Window:
    """The units of a window in order: ``core`` of them first, ``own`` with those ahead, and then those around.

    ``place`` (u,) is where a unit of the map is among them, -1 for those elsewhere.
    """

    units: Ints
    core: int
    place: Ints
    problem: Problem
    around: Surroundings

    @property
    def own(self) -> int:
        """Units of the core and ahead."""
        return self.around.own

    @classmethod
    def of(
        cls, problem: Problem, settled: Settled, core: Ints, ahead: Ints, around: Ints, cuts: CutsOnMap | None = None
    ) -> Window:
        """The window of ``core`` and ``ahead``, which begin at the prices there are; what is ``around`` is settled.

        ``cuts`` are others that are worth knowing: triples that lie in it, and of areas what does.
        """
        price = settled.price
        units = np.concatenate([core, ahead, around])
        own = len(core) + len(ahead)
        place = np.full(problem.size, -1, dtype=np.int64)
        place[units] = np.arange(len(units))
        inherited = *settled.around(place, len(units)), *settled.there(cuts or CutsOnMap.none(), place, len(units))
        free = ~settled.units[units[:own]]
        # Of twins that were priced apart each has a price of its own, and in cuts that are known already it counts by
        # itself: pricing looks at the first of twins only, and another one may not be paid less for.
        state = np.concatenate([np.where(free, 0, 1), np.full(len(around), 2)])
        kinds = np.column_stack(
            [state, np.where(state > 0, price[units], 0.0), problem.prices.may_lead[units], *_counted(*inherited)]
        )
        part = problem.part(units, np.unique(kinds, axis=0, return_inverse=True)[1].ravel())
        # Whoever may lead a candidate need not be one of the window's own units, at which it is found.
        part = replace(part, prices=part.prices._replace(able=np.zeros(0, dtype=np.bool_)))
        # All others begin at the same price, as pricing has it, though some may have been ahead before.
        first = part.twins.first[:own]
        begin = np.bincount(first, weights=price[units[:own]], minlength=own) / np.maximum(1, part.twins.count[:own])
        return cls(units, len(core), place, part, Surroundings(begin[first], price[around], *inherited))

    def within(self, candidates: Candidates) -> Candidates:
        """Those of the map's candidates that lie in the window and hold a unit of its own, by its numbers."""
        inside = candidates.within(self.place)
        return inside[np.flatnonzero(((inside.sets >= 0) & (inside.sets < self.own)).any(axis=1))]

    def on_map(self, candidates: Candidates) -> Candidates:
        """The window's candidates by the numbers of the map."""
        return Candidates.of_rows(np.append(self.units, -1)[candidates.sets])


def _counted(cuts: Cuts, areas: PricedAreas, more_cuts: Cuts, more_areas: PricedAreas) -> tuple[Ints, Ints]:
    """(which unit it is, which areas it is in): for each unit a number, where cuts count those with another apart.

    A unit in no triple has -1.
    """
    units = areas.areas.inside.shape[1]
    itself = np.full(units, -1, dtype=np.int64)
    for one in (cuts, more_cuts):
        in_any = one.units[one.units >= 0]
        itself[in_any] = in_any
    inside = np.concatenate([areas.areas.inside, more_areas.areas.inside])
    alike = np.unique(np.packbits(inside, axis=0), axis=1, return_inverse=True)[1] if len(inside) else np.zeros(units)
    return itself, np.asarray(alike, dtype=np.int64).ravel()
