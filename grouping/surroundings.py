"""What lies around a part of the map: units that communities of the part may hold, at prices that stay as they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grouping.areas import PricedAreas
from grouping.cost import Floats
from grouping.cuts import Cuts
from grouping.pricing import Duals


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The units of a part come first; all others are around, with their prices.

    Attributes:
        begin: (own,) km, dual prices of the part's own units to begin with.
        unit: (u - own,) km, the dual prices of the others.
        cuts, areas: those whose prices stay.
        more_cuts, more_areas: others worth knowing, at prices to begin with.

    """

    begin: Floats
    unit: Floats
    cuts: Cuts
    areas: PricedAreas
    more_cuts: Cuts
    more_areas: PricedAreas

    @property
    def own(self) -> int:
        """How many units the part has."""
        return len(self.begin)

    def duals(self, own: Floats) -> Duals:
        """What stays, and prices (own,) of the part's units."""
        return Duals(np.concatenate([own, self.unit]), 0.0, self.cuts, self.areas)

    @property
    def beginning(self) -> Duals:
        """What stays, and all prices to begin with."""
        units = np.concatenate([self.begin, self.unit])
        return Duals(units, 0.0, self.cuts + self.more_cuts, self.areas + self.more_areas)

    @property
    def worth(self) -> float:
        """Km that what stays adds to any bound."""
        return float(self.unit.sum() - self.cuts.worth - self.areas.worth)
