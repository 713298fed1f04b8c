"""Rules that can't all be kept: a smallest set of them, and the ways out, the cheapest first.

A way out gives up one rule of the set; where no single one does, as many must-links as there must be. What each costs
is found by solving again, with all other rules as they are.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from grouping.blocks import Contradiction, contradictions
from grouping.clock import StoppedBy
from grouping.distances import Distances
from grouping.errors import InputError
from grouping.levels import Level
from grouping.links import Link, Links
from grouping.messages import Message, message
from grouping.numbers import km_text
from grouping.result import Result
from grouping.scenario import Limits, Scenario, Size
from grouping.sites import Applications
from grouping.solve import solve_linked

_LARGEST = 12
"""The most members that a scenario may allow."""
_GIVEN_UP_KM = 100_000.0
"""The price of giving up a must-link where as few as possible are to be given up: beyond any journey."""
_TRIAL = 10.0
"""Seconds for a way out, unless it is proved best before."""

Attempt = Callable[[Scenario, Sequence[Link]], Result | None]


@dataclass(frozen=True, slots=True)
class WayOut:
    """What is given up, and what the best grouping found then costs in km; ``unplaced`` sites stay out of it."""

    what: Message
    cost_km: float
    unplaced: int
    proved: bool


@dataclass(frozen=True, slots=True)
class Conflict:
    """Rules of which each can be kept only if another is not, and the ways out, the cheapest first."""

    rules: tuple[Message, ...]
    ways: tuple[WayOut, ...]


def conflicts(
    applications: Applications,
    scenario: Scenario,
    links: Links,
    distances: Distances | None,
    *,
    seconds: float = 60.0,
    workers: int | None = None,
) -> tuple[Conflict, ...]:
    """Why there is no grouping of this list, if must-links or limits are why.

    Where there are several conflicts, the ways out of each are priced with the rules of the others given up.

    Args:
        applications: the list.
        scenario: sizes, limits and prices.
        links: all that bear on it, priced.
        distances: a matrix, or None.
        seconds: after which no further way out is priced.
        workers: threads.

    """
    deadline = time.monotonic() + seconds

    def attempt(other: Scenario, kept: Sequence[Link]) -> Result | None:
        nonlocal deadline
        left = deadline - time.monotonic()
        if left <= 0:
            return None
        stop = other.stop.model_copy(update={"seconds": max(0.1, min(_TRIAL, left))})
        hurried = other.model_copy(update={"stop": stop})
        try:
            result = solve_linked(applications, hurried, replace(links, links=tuple(kept)), distances, workers=workers)
        except InputError:
            return None
        if result.stopped_by is StoppedBy.INTERRUPT:
            deadline = -math.inf
        return result

    return tuple(_Search(applications, scenario, links.links, attempt).conflicts())


class _Search:
    def __init__(self, applications: Applications, scenario: Scenario, links: Sequence[Link], attempt: Attempt) -> None:
        self._applications = applications
        self._scenario = scenario
        self._links = links
        self._attempt = attempt
        self._names = {site.id: site.name for site in applications.sites}

    def conflicts(self) -> Iterator[Conflict]:
        found = list(self._contradictions())
        for one in found:
            others = {link for other in found if other is not one for link in other.links}
            rest = [link for link in self._links if link not in others or link in one.links]
            yield Conflict(self._rules(one), _cheapest(self._ways(one, rest)))
        if not found:
            yield from self._limits()

    def _contradictions(self) -> Iterator[Contradiction]:
        for level in Level:
            ids = [site.id for site in self._applications.sites if site.level is level]
            yield from contradictions(ids, self._links, self._scenario.size.max, names=self._names)

    # --- Must-links --------------------------------------------------------------------------------

    def _rules(self, found: Contradiction) -> tuple[Message, ...]:
        rules = tuple(self._rule(link) for link in found.links)
        return rules if found.size is None else (*rules, message("conflicts.size", most=self._scenario.size.max))

    def _rule(self, link: Link) -> Message:
        key = "conflicts.apart" if link.kind.apart else "conflicts.together"
        return message(key, **self._ends(link), kind=link.kind.label, where=link.where)

    def _ends(self, link: Link) -> Mapping[str, str]:
        return {"a": self._names.get(link.a, link.a), "b": self._names.get(link.b, link.b)}

    def _ways(self, found: Contradiction, links: Sequence[Link]) -> Iterator[WayOut]:
        single = False
        for link in found.links:
            # The same two sites may be bound by a link of another kind as well, which stays.
            result = self._attempt(self._scenario, [one for one in links if one != link])
            if result is not None:
                single = True
                key = "conflicts.let_meet" if link.kind.apart else "conflicts.let_part"
                yield _way(message(key, **self._ends(link)), result)
        if found.size is not None and found.size <= _LARGEST:
            size = self._scenario.size.model_copy(update={"max": found.size})
            result = self._attempt(self._scenario.model_copy(update={"size": size}), links)
            if result is not None:
                yield _way(message("conflicts.let_grow", most=found.size), result)
        if not single:
            yield from self._fewest(found, links)

    def _fewest(self, found: Contradiction, links: Sequence[Link]) -> Iterator[WayOut]:
        """Where no single link is enough: as few as can be of those that bind the same sites, the cheapest of them."""
        tied = _tied(found, links)
        softened = [replace(one, must=False, km=_GIVEN_UP_KM) if one in tied else one for one in links]
        result = self._attempt(self._scenario, softened)
        if result is None:
            return
        given_up = [item.link for item in result.links if not item.honoured and item.link.km == _GIVEN_UP_KM]
        pairs = [message("conflicts.pair", **self._ends(link)) for link in given_up]
        way = _way(message("conflicts.let_all_part", pairs=pairs, count=len(pairs)), result)
        yield replace(way, cost_km=way.cost_km - _GIVEN_UP_KM * len(given_up))

    # --- Limits ------------------------------------------------------------------------------------

    def _limits(self) -> Iterator[Conflict]:
        limits = self._scenario.communities
        unset = Limits()
        active = [name for name in Limits.model_fields if getattr(limits, name) != getattr(unset, name)]
        if not active or self._attempt(self._scenario, self._links) is not None:
            return
        # By deletion: a limit without which there is still no grouping is no part of a smallest set.
        needed = list(active)
        for name in active:
            fewer = [one for one in needed if one != name]
            if fewer and self._attempt(self._limited(fewer), self._links) is None:
                needed = fewer
        ways = []
        for name in active:
            result = self._attempt(self._limited([one for one in active if one != name]), self._links)
            if result is not None:
                ways.append(_way(self._without_limit(name, result), result))
        size = self._scenario.size
        rules = [message(f"conflicts.{name}", limit=getattr(limits, name)) for name in needed]
        rules.append(message("conflicts.sizes", min=size.min, max=size.max))
        musts = [link for link in self._links if link.must]
        if musts and (result := self._attempt(self._scenario, [one for one in self._links if not one.must])):
            rules.append(message("conflicts.musts", count=len(musts)))
            ways.append(_way(message("conflicts.without_musts", count=len(musts)), result))
        yield Conflict(tuple(rules), _cheapest(ways))

    def _limited(self, names: Sequence[str]) -> Scenario:
        """The scenario with these limits alone."""
        kept = Limits.model_validate({name: getattr(self._scenario.communities, name) for name in names})
        return self._scenario.model_copy(update={"communities": kept})

    def _without_limit(self, name: str, result: Result) -> Message:
        """What the limit had to be for the grouping that was found without it, where that is one number."""
        counts = [len(level.communities) for level in result.levels if level.communities]
        across = [sum(one.crosses_regions for one in level.communities) for level in result.levels]
        needed = {"fewest": min(counts, default=0), "most": max(counts, default=0)}
        needed["cross_region_most"] = max(across, default=0)
        return message(f"conflicts.let_{name}", needed=needed[name])


def _tied(found: Contradiction, links: Sequence[Link]) -> set[Link]:
    """The must-links that bind the sites of a conflict to one another or to more of them."""
    reached = {end for link in found.links for end in (link.a, link.b)}
    musts = [link for link in links if link.must and not link.kind.apart]
    grown = True
    while grown:
        grown = False
        for link in musts:
            if (link.a in reached) != (link.b in reached):
                reached |= {link.a, link.b}
                grown = True
    return {link for link in musts if link.a in reached}


def _way(what: Message, result: Result) -> WayOut:
    return WayOut(what, result.cost.total_km, len(result.unplaced), result.status == "optimal")


def _cheapest(ways: Iterator[WayOut] | Sequence[WayOut]) -> tuple[WayOut, ...]:
    return tuple(sorted(ways, key=lambda way: (way.unplaced, way.cost_km)))


def in_words(found: Sequence[Conflict], kept: Size) -> Iterator[Message]:
    """The conflicts as lines for the user: the rules of each, then the ways out with what each costs."""
    for number, conflict in enumerate(found, 1):
        yield message("conflicts.heading", number=number, count=len(conflict.rules))
        for rule in conflict.rules:
            yield message("conflicts.rule", rule=rule)
        if not conflict.ways:
            yield message("conflicts.no_way", min=kept.min, max=kept.max)
        first = conflict.ways[0] if conflict.ways else None
        for way in conflict.ways:
            assert first is not None
            key = "conflicts.way" if way.proved else "conflicts.way_unproved"
            more = message("conflicts.more", km=km_text(max(0.0, way.cost_km - first.cost_km)))
            if way is first:
                more = message("conflicts.cheapest")
            values = {"what": way.what, "km": km_text(way.cost_km), "more": more}
            if way.unplaced:
                yield message(f"{key}_unplaced", **values, unplaced=way.unplaced)
            else:
                yield message(key, **values)
