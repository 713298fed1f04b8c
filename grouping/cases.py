"""A grouping at hand with all that bore on it, level by level: what questions about it are answered from."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from grouping.attending import attended
from grouping.clock import Clock
from grouping.cost import Cost
from grouping.distances import Distances
from grouping.errors import InputError
from grouping.level_problems import level_problems
from grouping.levels import Level
from grouping.links import Link, Links
from grouping.messages import Message
from grouping.optimize import optimize
from grouping.optimum import Optimum
from grouping.problem import Problem, build_problem
from grouping.scenario import Scenario
from grouping.sites import Applications, Site
from grouping.warm_start import valid_start

_METRE = 1e-3
_LEAST = 0.2
"""Seconds below which no new search is begun."""


@dataclass(frozen=True)
class LevelCase:
    """One level of a grouping. Sites are numbers in the order of ``problem.sites``; ``links`` are all that bear on it.

    ``communities`` has the sorted members of each by label, ``leads`` the lead units of those that have one. No
    grouping that leaves out as many sites costs less than ``bound_km``.
    """

    problem: Problem
    regions: tuple[str | None, ...]
    links: tuple[Link, ...]
    communities: Mapping[str, tuple[int, ...]]
    leads: Mapping[str, int]
    bound_km: float = -math.inf

    @property
    def level(self) -> Level:
        """The level."""
        return self.problem.level

    @property
    def scenario(self) -> Scenario:
        """The choices of the run."""
        return self.problem.terms.scenario

    @cached_property
    def number(self) -> Mapping[str, int]:
        """The number of each site by its id."""
        return {site.id: number for number, site in enumerate(self.problem.sites)}

    @cached_property
    def home(self) -> Mapping[int, str]:
        """The community of each site that has one."""
        return {site: label for label, members in self.communities.items() for site in members}

    @cached_property
    def unit_of(self) -> Mapping[int, int]:
        """The unit of each site."""
        return {int(site): number for number, unit in enumerate(self.problem.units) for site in unit}

    @cached_property
    def cost_km(self) -> float:
        """What this level costs as it stands."""
        alone = [site for site in range(len(self.problem.sites)) if site not in self.home]
        total = sum((self.cost(members) for members in self.communities.values()), start=Cost())
        return sum((self.problem.terms.unplaced_cost(site) for site in alone), start=total).total_km

    @property
    def unplaced(self) -> int:
        """How many sites have no community."""
        return len(self.problem.sites) - len(self.home)

    def cost(self, members: Iterable[int]) -> Cost:
        """What a community of these sites costs."""
        return self.problem.terms.cost(sorted(members))

    def site(self, number: int) -> Site:
        """The site of that number."""
        return self.problem.sites[number]

    def ids(self) -> list[list[str]]:
        """The communities by the ids of their members."""
        return [[self.site(one).id for one in members] for members in self.communities.values()]

    def otherwise(self, links: Sequence[Link] | None = None, scenario: Scenario | None = None) -> Problem:
        """The problem of the same sites with other links or another scenario.

        Raises:
            InputError: links that no community can keep, or limits that no grouping can.

        """
        problem = self.problem
        distance = problem.terms.distance
        asked = self.links if links is None else links
        return build_problem(
            problem.level, problem.sites, distance, self.regions, asked, scenario or problem.terms.scenario
        )


@dataclass(frozen=True)
class Case:
    """A whole grouping at hand."""

    applications: Applications
    scenario: Scenario
    links: Links
    distances: Distances | None
    levels: tuple[LevelCase, ...]

    def of(self, site: Site) -> LevelCase:
        """The level of a site."""
        return next(case for case in self.levels if case.level is site.level)


def build_case(
    applications: Applications,
    scenario: Scenario,
    links: Links,
    distances: Distances | None,
    communities: Mapping[str, Sequence[str]],
    leads: Mapping[str, Sequence[str]],
    bounds: Mapping[Level, float] | None = None,
) -> Case:
    """The case of a grouping that keeps the hard rules, given by the ids of the members of each community.

    Args:
        applications: the list.
        scenario: the run's.
        links: all that bear on it, priced.
        distances: a matrix, or None.
        communities: members by label.
        leads: lead units by label.
        bounds: what the run proved for each level, in km, if it is known.

    Raises:
        InputError: as :func:`grouping.solve.solve`.

    """
    cases = []
    for one in level_problems(applications, scenario, links.links, distances):
        sites = one.problem.sites
        number = {site.id: index for index, site in enumerate(sites)}
        there = {
            label: tuple(sorted(number[member] for member in members))
            for label, members in communities.items()
            if all(member in number for member in members)
        }
        bound_km = (bounds or {}).get(one.problem.level, -math.inf)
        leading = {label: number[leads[label][0]] for label in there if leads.get(label)}
        cases.append(LevelCase(one.problem, one.regions, links.links, there, leading, bound_km))
    return Case(applications, scenario, links, distances, tuple(cases))


class Resolver:
    """Solves changed problems from the grouping at hand, all of them within one time limit.

    Ctrl-C ends the search under way, which then gives what it has, and those that would follow.

    Args:
        seconds: for all searches.
        workers: threads; None is one for each processor.

    """

    def __init__(self, seconds: float, workers: int | None = None) -> None:
        self._deadline = time.monotonic() + seconds
        self._workers = workers or os.cpu_count() or 1
        self.interrupted = False

    def best(self, problem: Problem, begin: Sequence[Sequence[str]], share: float = 1.0) -> Optimum | None:
        """The best grouping of ``problem``, from ``begin`` on; None where there was no time, or none was found.

        ``share`` is the part of the time left that may be used.
        """
        seconds = (self._deadline - time.monotonic()) * share
        if self.interrupted or seconds < _LEAST or not problem.most:
            return None
        run = problem.terms.scenario

        def work(clock: Clock) -> Optimum | None:
            start = valid_start(problem, begin)
            try:
                return optimize(
                    problem,
                    seed=run.seed,
                    gap=0.0,
                    workers=self._workers,
                    clock=clock,
                    report=_say_nothing,
                    start=start,
                )
            except InputError:  # nothing is within the limits, or nothing was found
                return None

        with Clock(seconds) as clock:
            found, interrupted = attended(work, clock)
        self.interrupted = interrupted
        return found


def _say_nothing(_phase: str, _best: float | None, _bound: float | None) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Price:
    """What another grouping costs beyond the one at hand, in km: between ``low_km`` and ``high_km``.

    Both None where it was not found out; ``refused`` where there can be no such grouping. ``more_unplaced`` is how
    many more sites it leaves out.
    """

    low_km: float | None = None
    high_km: float | None = None
    proved: bool = False
    more_unplaced: int = 0
    refused: tuple[Message, ...] = ()

    def data(self) -> dict[str, object]:
        """As plain data, to the metre."""
        return {
            "low_km": None if self.low_km is None else round(self.low_km, 3),
            "high_km": None if self.high_km is None else round(self.high_km, 3),
            "proved": self.proved,
            "more_unplaced": self.more_unplaced,
            "impossible": bool(self.refused),
        }


def price_with(case: LevelCase, extra: Link, resolver: Resolver, share: float = 1.0) -> Price:
    """What it costs if one more link must be kept and everything else is free."""
    try:
        problem = case.otherwise([*case.links, extra])
    except InputError as error:
        return Price(refused=tuple(one.what for one in error.problems))
    return bounded(case, priced(case, problem, resolver.best(problem, case.ids(), share)))


def bounded(case: LevelCase, price: Price) -> Price:
    """A price of keeping to more than now: no less than what the bound of all groupings leaves."""
    if price.low_km is None or price.high_km is None or price.more_unplaced:
        return price
    low = max(price.low_km, case.bound_km - case.cost_km)
    # The bound is to the metre.
    return replace(price, low_km=min(low, price.high_km), proved=price.proved or low >= price.high_km - _METRE)


def priced(case: LevelCase, problem: Problem, optimum: Optimum | None) -> Price:
    """What ``optimum`` of a changed ``problem`` costs beyond the grouping at hand."""
    if optimum is None:
        return Price()
    placed = sum(int(problem.prices.weight[list(units)].sum()) for units in optimum.communities)
    high = optimum.cost_km - case.cost_km
    low = high if optimum.proved else optimum.bound_km - case.cost_km
    return Price(low, high, optimum.proved, len(problem.sites) - placed - case.unplaced)
