"""The problem of one level: its units, what communities of them cost, and the hard bounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from grouping.blocks import blocks
from grouping.borders import crossing, unit_regions
from grouping.candidates import Candidates
from grouping.cost import Floats, Ints, Prices, totals
from grouping.cost_terms import Terms
from grouping.errors import InputError, Where
from grouping.errors import Problem as Wrong
from grouping.ground import Places
from grouping.levels import Level
from grouping.links import Link
from grouping.messages import message
from grouping.placement import least_crossing, most_placed
from grouping.scenario import Limits, Scenario
from grouping.sites import Site
from grouping.twins import Twins


@dataclass(frozen=True)
class Problem:
    """One level's problem. Sites and units are in an order that does not depend on the rows of the list.

    Attributes:
        sites: in the order of their divisions.
        units: for each unit, the indices of its sites: a must-linked block or a single site.
        prices: what communities of units cost.
        smallest, largest: sites of a community.
        unplaced: how many sites must stay without a community, whatever the grouping.
        fewest, most: communities of a grouping, by its sites and the limits.
        region: for each unit its macro-region, see :mod:`grouping.borders`.
        limits: on the communities in all.
        kind: for each unit a number, where only units of one kind may be twins.

    """

    level: Level
    sites: tuple[Site, ...]
    units: tuple[Ints, ...]
    terms: Terms
    prices: Prices
    smallest: int
    largest: int
    unplaced: int
    fewest: int
    most: int
    region: Ints
    limits: Limits
    kind: Ints | None = None

    @property
    def crossing(self) -> int | None:
        """How many communities may lie across macro-regions, None if any number."""
        return None if self.limits.cross_region_most < 0 else self.limits.cross_region_most

    @property
    def size(self) -> int:
        """How many units there are."""
        return len(self.units)

    @cached_property
    def twins(self) -> Twins:
        """Which units may change places without anything changing."""
        kinds = [self.region] if self.crossing is not None else []
        kinds += [self.kind] if self.kind is not None else []
        return Twins.of(self.prices, np.column_stack(kinds) if kinds else None)

    @cached_property
    def sites_of_unit(self) -> Ints:
        """(n,): for each site how many its unit has."""
        count = np.zeros(len(self.sites), dtype=np.int64)
        for unit in self.units:
            count[unit] = len(unit)
        return count

    @property
    def site_count(self) -> int:
        """How many sites its units have."""
        return int(self.prices.weight.sum())

    def left_out(self, communities: Sequence[Sequence[int]]) -> int:
        """How many sites are in none of the communities of units."""
        return self.site_count - int(self.prices.weight[[unit for members in communities for unit in members]].sum())

    def cost_km(self, communities: Sequence[Sequence[int]]) -> float:
        """What a grouping costs, with the sites that it leaves out."""
        candidates = Candidates.of(communities, self.largest)
        alone = np.ones(self.size, dtype=np.bool_)
        alone[[unit for members in communities for unit in members]] = False
        return float(totals(self.prices, candidates.sets, candidates.counts).sum() + self.prices.apart[alone].sum())

    def leaving(self, unplaced: int) -> Problem:
        """The same problem with so many sites left without a community."""
        fewest, most = _numbers(self.site_count - unplaced, self.smallest, self.largest, self.limits)
        return replace(self, unplaced=unplaced, fewest=fewest, most=most)

    def with_communities(self, fewest: int, most: int) -> Problem:
        """The same problem with no fewer and no more communities than these."""
        return replace(self, fewest=max(fewest, self.fewest), most=min(most, self.most))

    def part(self, units: Ints, kind: Ints, *, tables: bool = True) -> Problem:
        """The problem of some of the units, as if there were no others, no limits, and none left out.

        It has ``tables`` of all pairs, or else places if this one has.
        """
        return replace(
            self,
            units=tuple(self.units[unit] for unit in units),
            prices=self.prices.part(units, tables=tables),
            unplaced=0,
            fewest=0,
            most=len(units),
            region=self.region[units],
            limits=Limits(),
            kind=kind,
        )

    def excess(self, communities: Sequence[Sequence[int]]) -> int:
        """How far a grouping is from its limits, 0 if within: communities too few, too many or too many across."""
        count = len(communities)
        excess = max(0, self.limits.fewest - count)
        if self.limits.most:
            excess += max(0, count - self.limits.most)
        if self.crossing is not None:
            candidates = Candidates.of(communities, self.largest)
            across = crossing(self.region, candidates.sets, candidates.counts).sum()
            excess += max(0, int(across) - self.crossing)
        return excess

    def check_number(self) -> None:
        """Make sure that the sites can form as many communities as the limits ask for, and no more.

        Raises:
            InputError: they can't.

        """
        if self.fewest > self.most:
            free = _numbers(self.site_count - self.unplaced, self.smallest, self.largest, Limits())
            key = "fewest" if self.limits.fewest > free[1] else "most"
            what = message("solve.number_of_communities", **self.in_words, low=free[0], high=free[1])
            raise InputError([Wrong(Where(f"communities.{key} = {getattr(self.limits, key)}"), what)])

    @property
    def in_words(self) -> dict[str, object]:
        """What messages say of the problem."""
        level = message(f"level.{self.level}")
        placed = self.site_count - self.unplaced
        return {"level": level, "placed": placed, "min": self.smallest, "max": self.largest}

    def impossible(self, least: int | None) -> InputError:
        """That nothing is within the limits.

        Args:
            least: how many communities there must be across macro-regions, None if that is not what is wrong.

        """
        if least is None:
            what = message("solve.limits_impossible", **self.in_words, limits=self.set_limits)
            return InputError([Wrong(Where("[communities]"), what)])
        what = message("solve.crossing_least", **self.in_words, least=least)
        return InputError([Wrong(Where(f"communities.cross_region_most = {self.crossing}"), what)])

    @property
    def set_limits(self) -> list[str]:
        """The limits there are, as a scenario has them."""
        unset = Limits()
        return [f"{key} = {value}" for key, value in self.limits.model_dump().items() if value != getattr(unset, key)]


def _numbers(placed: int, smallest: int, largest: int, limits: Limits) -> tuple[int, int]:
    """The fewest and the most communities that so many sites can form within the limits."""
    fewest, most = -(-placed // largest), placed // smallest
    return max(fewest, limits.fewest), min(most, limits.most) if limits.most else most


def order_key(site: Site) -> tuple[str, str, str]:
    """Sorts sites by division, then name: an order that the rows of a list do not change."""
    return site.adcode or "~", site.name, site.id


def build_problem(
    level: Level,
    sites: Sequence[Site],
    distance: Floats | Places,
    regions: Sequence[str | None],
    links: Sequence[Link],
    scenario: Scenario,
) -> Problem:
    """The problem of the ``sites`` of one level.

    Args:
        level: of all the sites.
        sites: sorted by :func:`order_key`.
        distance: (n, n) km between them, or where they are.
        regions: their macro-regions, None where unknown.
        links: priced, among these sites or not.
        scenario: sizes and prices.

    Raises:
        InputError: must-links that no community can keep, or limits that no grouping can.

    """
    own = {site.id: index for index, site in enumerate(sites)}
    inside = [link for link in links if link.a in own and link.b in own]
    terms = Terms.build(sites, distance, regions, inside, scenario)
    names = {site.id: site.name for site in sites}
    named = blocks([site.id for site in sites], inside, scenario.size.max, names=names)
    units = tuple(np.array(sorted(own[id_] for id_ in block), dtype=np.int64) for block in named)
    prices = terms.merged(units)
    smallest, largest = scenario.size.min, scenario.size.max
    unplaced = len(sites) - most_placed(prices, smallest, largest)
    # A level too small for one community has none, whatever the limits.
    limits = scenario.communities if len(sites) >= smallest else Limits()
    numbers = _numbers(len(sites) - unplaced, smallest, largest, limits)
    region = unit_regions(terms.region, units)
    problem = Problem(level, tuple(sites), units, terms, prices, smallest, largest, unplaced, *numbers, region, limits)
    if unplaced == len(sites) or not np.isposinf(prices.pair.km).any():
        # With avoidances more sites may have to stay unplaced, and the limits then mean the rest of them.
        problem.check_number()
        if problem.set_limits:
            _check_crossing(problem)
    return problem


def _check_crossing(problem: Problem) -> None:
    """Make sure that there may be a grouping within the limits, as far as sizes, blocks and hosts go.

    Raises:
        InputError: there is none.

    """
    placed = len(problem.sites) - problem.unplaced
    numbers = problem.fewest, problem.most
    least = least_crossing(problem.prices, problem.region, problem.smallest, problem.largest, placed, *numbers)
    if least is None or (problem.crossing is not None and least > problem.crossing):
        raise problem.impossible(least)
