"""Terms: last year's communities within their three years stay together (管理办法, Articles 13 and 16).

What a term demands is put as links: the members of a community whose term runs belong together, and two such
communities stay two. A community that fell below the smallest size stays together, but may be joined by anyone or join
another: that is the least that can be done for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from grouping.errors import Where
from grouping.levels import Level
from grouping.links import Kind, Link
from grouping.messages import Message
from grouping.scenario import Scenario
from grouping.sites import Remark


@dataclass(frozen=True, slots=True)
class EarlierMember:
    """A member of an earlier community: its id this year, or why it is no member any more."""

    name: str
    site: str | None
    gone: Message | None
    where: Where


@dataclass(frozen=True, slots=True)
class EarlierCommunity:
    """A community as it was. ``since`` is the year its term began; ``level`` is None where nobody is left."""

    label: str
    since: int
    level: Level | None
    members: tuple[EarlierMember, ...]

    @property
    def present(self) -> tuple[str, ...]:
        """The ids of the members that still take part."""
        return tuple(member.site for member in self.members if member.site is not None)

    def runs(self, scenario: Scenario) -> bool:
        """Whether its term has not ended by the scenario's year."""
        return scenario.terms.year < self.since + scenario.terms.years


@dataclass(frozen=True, slots=True)
class Previous:
    """The grouping that went before."""

    communities: tuple[EarlierCommunity, ...]
    remarks: tuple[Remark, ...] = ()
    file: str = ""
    sha256: str = ""

    @property
    def members(self) -> Mapping[str, tuple[str, ...]]:
        """The members that still take part, by community."""
        return {community.label: community.present for community in self.communities}


def term_links(previous: Previous, scenario: Scenario) -> tuple[Link, ...]:
    """What the terms of ``previous`` demand, or what it costs to part their members.

    A term that runs binds, or has the price ``keep_together_km`` for each pair of members that is parted; one that has
    ended binds nobody, and may have that price.
    """
    return tuple(_links(previous, scenario))


def _links(previous: Previous, scenario: Scenario) -> Iterator[Link]:
    terms = scenario.terms
    bound: list[tuple[Level | None, str, Where]] = []
    for community in previous.communities:
        running = community.runs(scenario)
        there = [member for member in community.members if member.site is not None]
        if running and terms.running == "must":
            for other in there[1:]:
                yield _link(there[0], other, Kind.TERM, None)
            if len(there) >= scenario.size.min:
                bound.append((community.level, there[0].site or "", there[0].where))
        elif (terms.running if running else terms.ended) == "priced":
            for one, other in combinations(there, 2):
                yield _link(one, other, Kind.TERM, terms.keep_together_km)
    for (level, a, where), (other_level, b, _) in combinations(bound, 2):
        if level is other_level:
            yield Link(a, b, Kind.TERM_APART, where, must=True)


def _link(one: EarlierMember, other: EarlierMember, kind: Kind, km: float | None) -> Link:
    a, b = sorted((one.site or "", other.site or ""))
    return Link(a, b, kind, other.where, must=km is None, km=km)
