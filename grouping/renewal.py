"""Renewal: who stays, joins, moves and leaves from last year to this, community by community, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from grouping.changes import Change, Course, Departed, Joined, Moved
from grouping.messages import Message, message
from grouping.numbers import km_text
from grouping.result import Community, LevelResult
from grouping.scenario import Scenario
from grouping.terms import EarlierCommunity, Previous


def dated(level: LevelResult, previous: Previous | None, scenario: Scenario) -> LevelResult:
    """The level with the year in which each community's term began: the earlier one's while that runs, else this."""
    if not scenario.terms.year:
        return level
    earlier = {one.label: one for one in previous.communities} if previous else {}

    def since(community: Community) -> int:
        one = earlier.get(community.label)
        return one.since if one is not None and one.runs(scenario) else scenario.terms.year

    return replace(level, communities=tuple(replace(one, since=since(one)) for one in level.communities))


def renewal(previous: Previous, levels: Iterable[LevelResult], scenario: Scenario) -> tuple[Change, ...]:
    """What changed: the earlier communities in their order, then the new ones."""
    now = {community.label: community for level in levels for community in level.communities}
    return tuple(_changes(previous, now, scenario))


def _changes(previous: Previous, now: dict[str, Community], scenario: Scenario) -> Iterator[Change]:
    home = {site.id: label for label, community in now.items() for site in community.members}
    before = {site: one.label for one in previous.communities for site in one.present}
    for earlier in previous.communities:
        community = now.get(earlier.label)
        running = earlier.runs(scenario)
        there = [member for member in earlier.members if member.site is not None]
        stays = [member.name for member in there if community and home.get(member.site or "") == earlier.label]
        course = Course.RUNS if running else Course.RENEWED
        if community is None:
            course = Course.DISSOLVED if running else Course.ENDED
        reason = _why(earlier, scenario, len(there))
        yield Change(
            label=earlier.label,
            course=course,
            since=earlier.since if community is None or community.since is None else community.since,
            stays=tuple(stays),
            joined=_joined(community, earlier.label, before) if community else (),
            moved=tuple(
                Moved(member.name, home.get(member.site or ""), reason)
                for member in there
                if home.get(member.site or "") != earlier.label
            ),
            left=tuple(Departed(one.name, one.gone) for one in earlier.members if one.gone is not None),
            short=len(there) if running and len(there) < scenario.size.min else None,
        )
    known = {one.label for one in previous.communities}
    for label, community in now.items():
        if label not in known:
            since = scenario.terms.year if community.since is None else community.since
            yield Change(label, Course.NEW, since, joined=_joined(community, label, before))


def _joined(community: Community, label: str, before: dict[str, str]) -> tuple[Joined, ...]:
    return tuple(Joined(site.name, before.get(site.id)) for site in community.members if before.get(site.id) != label)


def _why(earlier: EarlierCommunity, scenario: Scenario, left: int) -> Message:
    """Why members of a community may be elsewhere now."""
    terms = scenario.terms
    if not earlier.runs(scenario):
        return message("renewal.term_ended", since=earlier.since, until=earlier.since + terms.years - 1)
    if left < scenario.size.min:
        return message("renewal.too_few", count=left, min=scenario.size.min)
    return message("renewal.priced", km=km_text(terms.keep_together_km))
