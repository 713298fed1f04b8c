"""A grouping's communities, and the sites that have none, in the user's terms."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from grouping.cost import HOSTED, Ints
from grouping.messages import Message, message
from grouping.problem import Problem
from grouping.result import Community


def described(
    problem: Problem,
    regions: Sequence[str | None],
    group: Ints,
    label: str,
    leads: tuple[int | None, Sequence[int]] | None = None,
) -> Community:
    """The community of some sites.

    Args:
        problem: of the level.
        regions: the macro-region of each of its sites, None where unknown.
        group: the numbers of the members, ascending.
        label: its name.
        leads: the lead unit, None where it has none, and the vice-lead units; as the costs suggest them where that is
            not given.

    """
    lead, vice_leads = leads or (problem.terms.lead(group), problem.terms.vice_leads(group))
    first = [] if lead is None else [lead]
    members = tuple(problem.sites[site] for site in (*first, *(site for site in group.tolist() if site != lead)))
    distances = problem.terms.km(group, group)[np.triu_indices(len(group), 1)]
    there = [region for site in group.tolist() if (region := regions[site]) is not None]
    return Community(
        label=label,
        level=problem.level,
        members=members,
        lead=None if lead is None else problem.sites[lead],
        cost=problem.terms.cost(group),
        regions=tuple(sorted(set(there), key=lambda region: (-there.count(region), region))),
        mean_km=float(distances.mean()),
        max_km=float(distances.max()),
        vice_leads=tuple(problem.sites[site] for site in vice_leads),
    )


def why_unplaced(problem: Problem, site: int, unplaced: int, proved: bool) -> Message:
    """Why a site has no community.

    Args:
        problem: of the level.
        site: its number.
        unplaced: how many sites of the level have none.
        proved: whether fewer can't be.

    """
    sites = len(problem.sites)
    sizes = {"min": problem.smallest, "max": problem.largest}
    level = message(f"level.{problem.level}")
    if sites < problem.smallest:
        return message("solve.too_few", level=level, count=sites, min=problem.smallest)
    if problem.prices.must_be_led and not problem.terms.can_lead.any():
        key = "solve.no_host" if problem.prices.measure == HOSTED else "solve.no_lead"
        return message(key, level=level)
    block = int(problem.sites_of_unit[site])
    if block > 1:
        return message("solve.block_too_few", count=block, **sizes)
    key = "solve.left_over" if proved else "solve.left_over_unproved"
    return message(key, level=level, count=sites, unplaced=unplaced, **sizes)
