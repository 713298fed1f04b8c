"""What a grouping costs by the rules of another run: so that costs under several scenarios can be compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from grouping.check import check
from grouping.cost import Cost
from grouping.levels import Level
from grouping.links import Links
from grouping.outcomes import CheckReport, RuleOutcome
from grouping.result import Result
from grouping.sites import Applications

_COUNTING = frozenset({"size", "scenario_size", "number", "crossing"})
"""Rules that communities may seem to break only because sites are left aside."""


@dataclass(frozen=True, slots=True)
class Repriced:
    """A grouping by the first run's scenario, links and distances, over the ``sites`` that both lists have.

    ``cost`` is the grouping's, ``first`` that of the first run's own over the same sites. ``broken`` are that run's
    hard rules that the grouping breaks.
    """

    cost: Cost
    first: Cost
    sites: int
    broken: tuple[RuleOutcome, ...]


def repriced(first: Result, other: Result, same: Mapping[str, str]) -> dict[Level, Repriced]:
    """The costs of ``other`` by the rules of ``first``, level by level.

    Args:
        first: whose rules count.
        other: the grouping.
        same: the id in the first list of each site of the other that is there, by its id in the other.

    """
    common = set(same.values())
    whole = len(common) == len(first.applications) == len(other.applications)
    found = {}
    for level in Level:
        ids = {site.id for site in first.applications if site.level is level and site.id in common}
        if not ids:
            continue
        theirs = _audited(first, ids, _members(other, same, ids))
        ours = theirs if other is first else _audited(first, ids, _members(first, {id_: id_ for id_ in ids}, ids))
        broken = tuple(
            rule for rule in theirs.rules if rule.hard and not rule.passed and (whole or rule.rule not in _COUNTING)
        )
        found[level] = Repriced(theirs.cost, ours.cost, len(ids), broken)
    return found


def _members(result: Result, same: Mapping[str, str], ids: set[str]) -> dict[str, list[str]]:
    """The communities by those of their members that are among ``ids`` of the first list."""
    members = {one.label: [same[site.id] for site in one.members if site.id in same] for one in result.communities}
    return {label: here for label, there in members.items() if (here := [id_ for id_ in there if id_ in ids])}


def _audited(first: Result, ids: set[str], communities: Mapping[str, list[str]]) -> CheckReport:
    rows = [row for row, site in enumerate(first.applications) if site.id in ids]
    sites = tuple(first.applications.sites[row] for row in rows)
    distances = first.distances
    if distances is not None:
        distances = replace(distances, km=distances.km[np.ix_(rows, rows)])
    links = Links(tuple(item.link for item in first.links if item.link.a in ids and item.link.b in ids))
    placed = {id_ for members in communities.values() for id_ in members}
    unplaced = [site.id for site in sites if site.id not in placed]
    listed = Applications(sites, file=first.applications.file)
    return check(communities, listed, first.scenario, links, distances, unplaced=unplaced)
