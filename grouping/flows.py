"""Who goes where between two groupings: communities are matched by their members, whatever their labels are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

import networkx as nx

from grouping.levels import Level
from grouping.result import Community, Result


class Elsewhere(Enum):
    """Where a site is that is in no community: ungrouped, or not on the list at all."""

    UNPLACED = "unplaced"
    NOT_LISTED = "not_listed"


_MEMBER = 1_000_000
"""What a member in common weighs, beside a difference in the number of members."""

Place = str | Elsewhere
"""A community, by its label, or elsewhere."""


@dataclass(frozen=True, slots=True)
class Flow:
    """The sites, by their names, that are at ``source`` in the first grouping and at ``target`` in the other.

    ``stays`` tells that the two are matched communities, or both are none.
    """

    level: Level
    source: Place
    target: Place
    sites: tuple[str, ...]
    stays: bool

    @property
    def listed(self) -> bool:
        """Whether these sites are on both lists."""
        return Elsewhere.NOT_LISTED not in (self.source, self.target)


@dataclass(frozen=True, slots=True)
class Pair:
    """A community of the first grouping and the one that continues it in the other; either may be None, not both.

    ``stays`` are those in both; ``joined`` and ``left`` the rest, with where they come from or go to.
    """

    level: Level
    first: Community | None
    other: Community | None
    stays: tuple[str, ...]
    joined: tuple[tuple[str, Place], ...]
    left: tuple[tuple[str, Place], ...]

    @property
    def unchanged(self) -> bool:
        """Whether both have the same members."""
        return not self.joined and not self.left


@dataclass(frozen=True)
class Changes:
    """What is otherwise in another grouping. ``flows`` are ordered by the first grouping's communities.

    ``pairs`` come in that order, too; communities of the other one that continue none follow. ``moved`` are the sites
    of both lists that are not where they would be had nothing changed: their ids in the first list, by those in the
    other.
    """

    flows: tuple[Flow, ...]
    pairs: tuple[Pair, ...]
    moved: Mapping[str, str]

    @cached_property
    def partner(self) -> Mapping[str, str]:
        """The label in the first grouping that each community of the other continues, by its label there."""
        return {pair.other.label: pair.first.label for pair in self.pairs if pair.first and pair.other}

    @property
    def common(self) -> int:
        """How many sites are on both lists."""
        return sum(len(flow.sites) for flow in self.flows if flow.listed)

    @property
    def unchanged(self) -> int:
        """How many communities have the same members."""
        return sum(pair.unchanged for pair in self.pairs)


def changes(first: Result, other: Result, same: Mapping[str, str]) -> Changes:
    """What is otherwise in ``other``.

    Args:
        first: a grouping.
        other: another one, of much the same sites.
        same: the id in the first list of each site of the other that is there, by its id in the other.

    """
    flows: list[Flow] = []
    pairs: list[Pair] = []
    partners: dict[str, str] = {}
    for level in Level:
        there = [one for one in first.communities if one.level is level]
        then = [one for one in other.communities if one.level is level]
        partner = _partners(there, then, same)
        here = _flows(level, first, other, same, partner)
        flows += here
        pairs += _pairs(there, then, here, partner)
        partners |= partner
    home, homes = _homes(first), _homes(other)
    moved = {id_: one for id_, one in same.items() if not _stays(home[one], homes[id_], partners)}
    return Changes(tuple(flows), tuple(pairs), moved)


def _stays(source: Place, target: Place, partner: Mapping[str, str]) -> bool:
    return source is target if isinstance(source, Elsewhere) else partner.get(source) == target


def _partners(there: Sequence[Community], then: Sequence[Community], same: Mapping[str, str]) -> dict[str, str]:
    """The label in the other grouping of what continues each community of the first, by its label there.

    They are matched so that as few sites as can be have moved; of several such matchings, by the numbers of members.
    """
    home = {site.id: number for number, one in enumerate(there) for site in one.members}
    shared: Counter[tuple[int, int]] = Counter()
    for target, one in enumerate(then):
        for site in one.members:
            if (source := home.get(same.get(site.id, ""))) is not None:
                shared[source, target] += 1
    graph = nx.Graph()
    # Numbers for nodes: the order of texts in a set changes from run to run.
    for (source, target), count in sorted(shared.items()):
        unlike = abs(len(there[source].members) - len(then[target].members))
        graph.add_edge(source, len(there) + target, weight=_MEMBER * count - unlike)
    pairs = (sorted(pair) for pair in nx.max_weight_matching(graph))
    return {there[source].label: then[target - len(there)].label for source, target in pairs}


def _flows(
    level: Level, first: Result, other: Result, same: Mapping[str, str], partner: Mapping[str, str]
) -> list[Flow]:
    gathered: dict[tuple[Place, Place], list[str]] = {}
    for name, source, target in _whereabouts(level, first, other, same):
        gathered.setdefault((source, target), []).append(name)
    order = _ranks(first), _ranks(other)
    flows = []
    for source, target in sorted(gathered, key=lambda ends: (order[0][ends[0]], order[1][ends[1]])):
        stays = _stays(source, target, partner)
        flows.append(Flow(level, source, target, tuple(gathered[source, target]), stays))
    return flows


def _whereabouts(
    level: Level, first: Result, other: Result, same: Mapping[str, str]
) -> Iterator[tuple[str, Place, Place]]:
    """Each site of either list by its name, with where it is in the one grouping and in the other."""
    home, homes = _homes(first), _homes(other)
    then = {same[id_]: place for id_, place in homes.items() if id_ in same}
    for site in first.applications:
        if site.level is level:
            yield site.name, home[site.id], then.get(site.id, Elsewhere.NOT_LISTED)
    for site in other.applications:
        if site.level is level and site.id not in same:
            yield site.name, Elsewhere.NOT_LISTED, homes[site.id]


def _homes(result: Result) -> dict[str, Place]:
    """Where each site of the list is, by its id."""
    placed = {site.id: one.label for one in result.communities for site in one.members}
    return {site.id: placed.get(site.id, Elsewhere.UNPLACED) for site in result.applications}


def _ranks(result: Result) -> dict[Place, int]:
    places: list[Place] = [*(one.label for one in result.communities), *Elsewhere]
    return {place: rank for rank, place in enumerate(places)}


def _pairs(
    there: Sequence[Community], then: Sequence[Community], flows: Sequence[Flow], partner: Mapping[str, str]
) -> Iterator[Pair]:
    now = {one.label: one for one in then}
    for one in there:
        yield _pair(one, now.get(partner.get(one.label, "")), flows)
    continued = set(partner.values())
    for other in then:
        if other.label not in continued:
            yield _pair(None, other, flows)


def _pair(first: Community | None, other: Community | None, flows: Sequence[Flow]) -> Pair:
    source, target = first and first.label, other and other.label
    leaving = [flow for flow in flows if first and flow.source == source]
    coming = [flow for flow in flows if other and flow.target == target]
    both = [flow for flow in leaving if other and flow.target == target]
    one = first or other
    assert one is not None
    return Pair(
        one.level,
        first,
        other,
        stays=tuple(name for flow in both for name in flow.sites),
        joined=tuple((name, flow.source) for flow in coming if flow not in both for name in flow.sites),
        left=tuple((name, flow.target) for flow in leaving if flow not in both for name in flow.sites),
    )
