"""Many units, patch by patch: a bound without cuts, a better one with cuts, and what it helps to improve."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from grouping.candidates import Candidates, Communities
from grouping.clock import Clock
from grouping.cost import Floats, Ints
from grouping.improve_in_patches import LARGE, SMALL, improve_in_patches
from grouping.patchwork import patchwork
from grouping.problem import Problem

_TURNS = (False, 0.3), (True, 0.75)
"""Whether cuts are made, and what share of the time left pricing may take. With cuts a patch may need more than its
share; so much the better that it begins at good prices."""


def patch_by_patch(
    problem: Problem,
    communities: Communities,
    met: Candidates,
    near: Ints,
    workers: int,
    seed: int,
    clock: Clock,
    proved: Callable[[float], bool],
    improved: Callable[[Communities], bool],
) -> None:
    """Prove a bound, and a better one with cuts, which take long; improve the grouping by what came of it.

    Args:
        problem: one level, as :func:`grouping.patchwork.may_be_patched` has it.
        communities: the grouping.
        met: candidates worth knowing.
        near: (u, count) the nearest units of each, nearest first.
        workers: threads.
        seed: of random choices.
        clock: may stop it.
        proved: told each bound in km; where it returns True, that is good enough.
        improved: told each grouping, likewise.

    """
    price: Floats | None = None
    likely = Candidates.of([], problem.largest)
    for cuts, share in _TURNS:
        with clock.apart(share) as own:
            found = patchwork(problem, communities, met, near, price, cuts=cuts, workers=workers, clock=own)
        clock.spend(own.spent)
        if proved(found.km):
            return
        # Where time was over before the last patch, what was likely before is all that is known of the rest.
        likely = found.likely if np.isfinite(found.km) else likely + found.likely
        met, price = met + found.likely, found.duals.unit
    improve_in_patches(problem, communities, likely, found.duals, (SMALL, LARGE), workers, seed, clock, improved)
