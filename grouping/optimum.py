"""What optimising one level comes to."""

from __future__ import annotations

from dataclasses import dataclass

from grouping.candidates import Candidates, Communities
from grouping.clock import StoppedBy


@dataclass(frozen=True, slots=True)
class Optimum:
    """The best grouping of a level's units, as sorted tuples of unit numbers, and what is proved about it.

    ``bound_km`` holds for all groupings that leave as many sites out as this one; ``fewest_unplaced`` tells whether it
    is proved that none leaves out fewer; ``proved`` that none is cheaper either, to :func:`grouping.bound.exact_km`.
    ``columns`` are candidates that the proof needed, where there was one to be: they are worth knowing when costs are
    others.
    """

    communities: Communities
    cost_km: float
    bound_km: float
    fewest_unplaced: bool
    proved: bool
    stopped_by: StoppedBy
    columns: Candidates
