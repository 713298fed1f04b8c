"""All candidates below a reduced cost, as far up as they can be listed."""

from __future__ import annotations

from collections.abc import Sequence

from grouping.candidates import Candidates
from grouping.clock import Clock
from grouping.pricing import Duals, Pricer


def listed(
    pricer: Pricer, duals: Duals, slack: float, shares: Sequence[float], most: int, clock: Clock
) -> tuple[Candidates, float]:
    """(all candidates below a reduced cost, that in km): ``slack``, or less where the list would not be finished.

    Args:
        pricer: of the problem.
        duals: the prices.
        slack: the reduced cost to reach, in km.
        shares: of it, ascending, that are tried one after the other; each is about twice the one before.
        most: how many to list at most.
        clock: asked between them.

    """
    found, reached = Candidates.of([], pricer.largest), 0.0
    for share in shares:
        priced = pricer.below(duals, share * slack, most)
        if not priced.exact or clock.stopped():
            break
        before, found, reached = len(found), priced.candidates, share * slack
        # Once they are not just a few, their number grows as before, or faster; and time goes with it.
        if share < shares[-1] and before >= pricer.units and len(found) ** 2 > most * before:
            break
    return found, reached
