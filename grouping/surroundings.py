"""What lies around a part of the map: units that communities of the part may hold, at prices that stay as they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grouping.cost import Floats


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The units of a part come first; all others are around, with their prices.

    Attributes:
        begin: (own,) km, dual prices of the part's own units to begin with.
        unit: (u - own,) km, the dual prices of the others.

    """

    begin: Floats
    unit: Floats

    @property
    def own(self) -> int:
        """How many units the part has."""
        return len(self.begin)

    @property
    def prices(self) -> Floats:
        """(u,) km: those to begin with, and those that stay."""
        return np.concatenate([self.begin, self.unit])

    @property
    def worth(self) -> float:
        """Km that the others add to any bound."""
        return float(self.unit.sum())
