"""A grouping (编组方案) and what is known about it: the types that leave the solver and that reports read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

import pandas as pd

from grouping.changes import Change
from grouping.check import CheckReport
from grouping.clock import StoppedBy
from grouping.cost import Cost
from grouping.distances import Distances
from grouping.levels import Level
from grouping.links import Link, Unhonourable
from grouping.messages import Message
from grouping.scenario import Scenario
from grouping.sites import Applications, Remark, Site
from grouping.themes import Choice, choice


class Status(StrEnum):
    """What is proved about a grouping."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"
    NOTHING_TO_GROUP = "nothing_to_group"


@dataclass(frozen=True, slots=True)
class Community:
    """One community (共同体). ``members`` are in the order of their divisions, the lead unit first if there is one.

    ``regions`` are the macro-regions of its members, the commonest first; ``mean_km`` and ``max_km`` the mean
    and the largest distance between two members. ``since`` is the year in which its term began, None where no year was
    said. ``vice_leads`` are members, too, those nearest to all first.
    """

    label: str
    level: Level
    members: tuple[Site, ...]
    lead: Site | None
    cost: Cost
    regions: tuple[str, ...]
    mean_km: float
    max_km: float
    since: int | None = None
    vice_leads: tuple[Site, ...] = ()

    @property
    def theme(self) -> Choice:
        """The theme that serves its members best."""
        return choice(self.members)

    @property
    def can_be_led(self) -> bool:
        """Whether a member is able to lead."""
        return any(site.can_lead for site in self.members)

    def role(self, site: Site) -> str:
        """What a member is: lead, vice-lead or member."""
        if site is self.lead:
            return "lead"
        return "vice-lead" if any(site is one for one in self.vice_leads) else "member"

    @property
    def crosses_regions(self) -> bool:
        """Whether its members lie in more than one macro-region."""
        return len(self.regions) > 1


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A site that no community takes, and why."""

    site: Site
    reason: Message


@dataclass(frozen=True, slots=True)
class HonourPrice:
    """What it costs in all to honour a link that is not honoured, its own price saved; in km.

    ``simple_km`` is the price of the best single move or swap that does it, None where none may be. Regrouping all the
    rest costs ``low_km`` to ``high_km``, None where that was not found out; ``refused`` tells that it can't be.
    """

    simple_km: float | None
    low_km: float | None = None
    high_km: float | None = None
    proved: bool = False
    refused: bool = False


@dataclass(frozen=True, slots=True)
class LinkOutcome:
    """A link between two sites of the list, whether the grouping honours it, and what it costs where it does not."""

    link: Link
    honoured: bool
    cost_km: float
    honour: HonourPrice | None = None

    @classmethod
    def of(cls, link: Link, home: Mapping[str, str]) -> Self:
        """What became of a link where ``home`` has the community of each site that is in one, by the site's id."""
        together = link.a in home and home[link.a] == home.get(link.b)
        honoured = together != link.kind.apart
        return cls(link, honoured, 0.0 if honoured or link.must else link.km or 0.0)


@dataclass(frozen=True, slots=True)
class RulePrice:
    """What the best grouping without a rule would save, in km: ``low_km``, which was found, to ``high_km``.

    Both None where it was not found out. ``fewer_unplaced`` is how many more sites it would place.
    """

    key: str
    rule: Message
    low_km: float | None = None
    high_km: float | None = None
    proved: bool = False
    fewer_unplaced: int = 0


@dataclass(frozen=True, slots=True)
class LevelResult:
    """One level's part of a grouping. ``gap`` is (cost - bound) / cost, a fraction."""

    level: Level
    status: Status
    communities: tuple[Community, ...]
    unplaced: tuple[Unplaced, ...]
    cost: Cost
    bound_km: float
    gap: float
    seconds: float
    stopped_by: StoppedBy


@dataclass(frozen=True)
class Result:
    """A grouping of a whole application list, with the proof of how good it is and where it came from.

    Costs are kilometres (or the unit of the matrix given). ``regions`` maps the ids of sites to their
    macro-regions, where known; ``audit`` is what :func:`grouping.check.check` says of the grouping; ``remarks`` is
    what the office should know besides those of the list.
    ``distance_file`` names the matrix that ``distances`` come from, "" where they are great circles.
    ``renewal`` tells what changed from the previous grouping, where one was given
    (``previous_file``); ``rule_prices`` what the rules cost, where that was asked for.
    """

    applications: Applications
    scenario: Scenario
    levels: tuple[LevelResult, ...]
    links: tuple[LinkOutcome, ...]
    unhonourable: tuple[Unhonourable, ...]
    regions: dict[str, str]
    seconds: float
    version: str
    audit: CheckReport
    remarks: tuple[Remark, ...] = field(default=())
    distance_file: str = ""
    distances: Distances | None = field(default=None, repr=False, compare=False)
    renewal: tuple[Change, ...] = ()
    previous_file: str = ""
    rule_prices: tuple[RulePrice, ...] = ()

    @property
    def communities(self) -> tuple[Community, ...]:
        """All communities, level by level."""
        return tuple(community for level in self.levels for community in level.communities)

    @property
    def unplaced(self) -> tuple[Unplaced, ...]:
        """All sites without a community, level by level."""
        return tuple(unplaced for level in self.levels for unplaced in level.unplaced)

    @property
    def cost(self) -> Cost:
        """What the grouping costs, part by part."""
        return sum((level.cost for level in self.levels), start=Cost())

    @property
    def bound_km(self) -> float:
        """No grouping of these sites that leaves as many of them out at each level costs less."""
        return sum(level.bound_km for level in self.levels)

    @property
    def gap(self) -> float:
        """(cost - bound) / cost, a fraction; 0 where nothing costs anything."""
        return relative_gap(self.cost.total_km, self.bound_km)

    @property
    def status(self) -> Status:
        """Optimal if every level that was grouped is."""
        grouped = [level.status for level in self.levels if level.status is not Status.NOTHING_TO_GROUP]
        if not grouped:
            return Status.NOTHING_TO_GROUP
        return Status.OPTIMAL if set(grouped) == {Status.OPTIMAL} else Status.FEASIBLE

    @property
    def stopped_by(self) -> StoppedBy:
        """What ended the search, the most abrupt of the levels' reasons."""
        reasons = {level.stopped_by for level in self.levels}
        return next((reason for reason in reversed(StoppedBy) if reason in reasons), StoppedBy.PROOF)

    @property
    def time_limited(self) -> bool:
        """Whether the clock or the user cut it short, so that another run may give another grouping."""
        return self.stopped_by in (StoppedBy.TIME, StoppedBy.INTERRUPT)

    @property
    def dated(self) -> bool:
        """Whether communities say since when their terms run."""
        return any(community.since is not None for community in self.communities)

    def members_frame(self) -> pd.DataFrame:
        """One row a site: the columns of ``grouping.csv``, those passed through from the list last.

        Placed sites come community by community; those without one follow, with no community and no role. A column
        of the list that has the name of one of ours gets ``_given`` behind it.
        """
        rows = [self._member(site, one) for one in self.communities for site in one.members]
        rows += [self._member(item.site, None) for item in self.unplaced]
        ours = [column for column in _MEMBER_COLUMNS if column != "since" or self.dated]
        return pd.DataFrame(rows, columns=ours + [_apart(column) for column in self.applications.columns])

    def _member(self, site: Site, community: Community | None) -> dict[str, object]:
        role = None if community is None else community.role(site)
        values = (
            None if community is None else community.label,
            site.level.value,
            site.name,
            role,
            None if community is None else community.since,
            site.adcode,
            site.lon,
            site.lat,
            self.regions.get(site.id),
        )
        ours = dict(zip(_MEMBER_COLUMNS, values, strict=True))
        return {**ours, **{_apart(column): value for column, value in site.extra.items()}}

    def communities_frame(self) -> pd.DataFrame:
        """One row a community: label, level, size, leads, theme, regions, distances and cost part by part, in km."""
        return pd.DataFrame(
            [
                {
                    "community": community.label,
                    "level": community.level.value,
                    "size": len(community.members),
                    "lead": community.lead.name if community.lead else None,
                    "vice_leads": "、".join(site.name for site in community.vice_leads),
                    "theme": community.theme.theme,
                    "macro_regions": "、".join(community.regions),
                    "mean_km": community.mean_km,
                    "max_km": community.max_km,
                    **community.cost.parts(),
                    "cost_km": community.cost.total_km,
                }
                for community in self.communities
            ]
        )

    def unplaced_frame(self) -> pd.DataFrame:
        """One row a site without a community: level, site, reason (Chinese)."""
        return pd.DataFrame(
            [
                {"level": item.site.level.value, "site": item.site.name, "reason": item.reason.text()}
                for item in self.unplaced
            ],
            columns=["level", "site", "reason"],
        )

    def __iter__(self) -> Iterator[Community]:
        return iter(self.communities)


_MEMBER_COLUMNS = ("community", "level", "site", "role", "since", "adcode", "lon", "lat", "macro_region")


def _apart(column: str) -> str:
    """The name of a column of the list, so that it is none of ours."""
    return f"{column}_given" if column in _MEMBER_COLUMNS else column


def relative_gap(cost: float, bound: float) -> float:
    """(cost - bound) / cost, at least 0; 0 where the cost is 0."""
    return max(0.0, (cost - bound) / cost) if cost > 0 else 0.0
