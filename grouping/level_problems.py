"""A problem for each level of a list: communities are of one level, so each is a problem of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from grouping.distances import Distances, great_circles
from grouping.errors import InputError
from grouping.errors import Problem as Wrong
from grouping.levels import Level
from grouping.links import Link
from grouping.problem import Problem, build_problem, order_key
from grouping.regions import read_macro_regions
from grouping.scenario import Scenario
from grouping.sites import Applications, Site


@dataclass(frozen=True, slots=True)
class LevelProblem:
    """A level's problem and the macro-regions of its sites, None where unknown."""

    problem: Problem
    regions: tuple[str | None, ...]

    def placed(self) -> Iterator[tuple[Site, str | None]]:
        """Each site and its macro-region."""
        return zip(self.problem.sites, self.regions, strict=True)


def level_problems(
    applications: Applications, scenario: Scenario, links: Sequence[Link], distances: Distances | None
) -> list[LevelProblem]:
    """The problem of each level that has sites.

    Args:
        applications: the list.
        scenario: sizes, measure and prices.
        links: all that bear on it, priced.
        distances: a matrix of distances; None takes great circles.

    Raises:
        InputError: what is wrong with any of them, all levels together.

    """
    macro_regions = read_macro_regions(scenario.travel.regions)
    row = {site.id: number for number, site in enumerate(applications.sites)}
    found: list[LevelProblem] = []
    wrong: list[Wrong] = []
    for level in Level:
        sites = sorted((site for site in applications.sites if site.level is level), key=order_key)
        if not sites:
            continue
        rows = [row[site.id] for site in sites]
        regions = tuple(macro_regions.of(site.adcode) for site in sites)
        try:
            distance = great_circles(sites) if distances is None else distances.km[np.ix_(rows, rows)]
            found.append(LevelProblem(build_problem(level, sites, distance, regions, links, scenario), regions))
        except InputError as error:
            wrong += error.problems
    if wrong:
        raise InputError(wrong)
    return found
