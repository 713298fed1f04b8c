"""Many units, patch by patch: a bound, a better one, and what it helps to improve."""

from __future__ import annotations

from collections.abc import Callable

from grouping.ascent import ascend
from grouping.candidates import Candidates, Communities
from grouping.clock import Clock
from grouping.cost import Ints
from grouping.improve_in_patches import LARGE, SMALL, Optimize, chosen_anew, improve_in_patches, on_its_own
from grouping.patchwork import patchwork
from grouping.problem import Problem

_FIRST, _BETTER = 0.4, 0.7
"""Shares of the time left that pricing may take, for a bound at all and for a better one."""
_REGROUPED = 0.6
"""Share of what is left then for patches as problems of their own: CP-SAT and the LP as a whole have the rest."""


def patch_by_patch(
    problem: Problem,
    communities: Communities,
    met: Candidates,
    near: Ints,
    optimize: Optimize,
    workers: int,
    seed: int,
    clock: Clock,
    proved: Callable[[float], bool],
    improved: Callable[[Communities], bool],
) -> None:
    """Prove a bound, and better ones with cuts; improve the grouping by what came of it.

    Args:
        problem: one level, as :func:`grouping.patchwork.may_be_patched` has it.
        communities: the grouping.
        met: candidates worth knowing.
        near: (u, count) the nearest units of each, nearest first.
        optimize: solves a patch that is taken for a problem of its own.
        workers: threads.
        seed: of random choices.
        clock: may stop it.
        proved: told each bound in km; where it returns True, that is good enough.
        improved: told each grouping, likewise.

    """
    first = patchwork(problem, communities, met, near, workers=workers, clock=clock, share=_FIRST)
    if proved(first.km):
        return
    settled, likely = first.settled, first.likely
    if settled.units.all() and not clock.stopped():
        known = met + likely
        with clock.apart(_BETTER) as own:
            settled, better = ascend(
                *(problem, communities, known, settled), workers=workers, seed=seed, clock=own, proved=proved
            )
        clock.spend(own.spent)
        # Where time was over before the last patch, what was likely before is all that is known of the rest.
        likely += better
        if proved(settled.km):
            return
    what = likely, settled.duals
    with clock.apart(_REGROUPED) as own:
        ways = (on_its_own(optimize),)
        communities = improve_in_patches(problem, communities, *what, ways, workers, seed, own, improved)
    clock.spend(own.spent)
    if not improved(communities):
        wider = chosen_anew(SMALL), chosen_anew(LARGE)
        # Where borders run is another matter now.
        improve_in_patches(problem, communities, *what, wider, workers, seed + 1, clock, improved)
