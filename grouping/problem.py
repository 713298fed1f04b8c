"""The problem of one level: its units, what communities of them cost, and the hard bounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from grouping.blocks import blocks
from grouping.cost import Floats, Ints, Prices, Terms
from grouping.levels import Level
from grouping.links import Link
from grouping.placement import most_placed
from grouping.scenario import Scenario
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
        fewest, most: communities of a grouping.

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

    @property
    def size(self) -> int:
        """How many units there are."""
        return len(self.units)

    @cached_property
    def twins(self) -> Twins:
        """Which units may change places without anything changing."""
        return Twins.of(self.prices)

    def leaving(self, unplaced: int) -> Problem:
        """The same problem with so many sites left without a community."""
        fewest, most = _numbers(len(self.sites) - unplaced, self.smallest, self.largest)
        return replace(self, unplaced=unplaced, fewest=fewest, most=most)

    def with_communities(self, fewest: int, most: int) -> Problem:
        """The same problem with no fewer and no more communities than these."""
        return replace(self, fewest=max(fewest, self.fewest), most=min(most, self.most))


def _numbers(placed: int, smallest: int, largest: int) -> tuple[int, int]:
    """The fewest and the most communities that so many sites can form."""
    return -(-placed // largest), placed // smallest


def order_key(site: Site) -> tuple[str, str, str]:
    """Sorts sites by division, then name: an order that the rows of a list do not change."""
    return site.adcode or "~", site.name, site.id


def build_problem(
    level: Level,
    sites: Sequence[Site],
    distance: Floats,
    regions: Sequence[str | None],
    links: Sequence[Link],
    scenario: Scenario,
) -> Problem:
    """The problem of the ``sites`` of one level.

    Args:
        level: of all the sites.
        sites: sorted by :func:`order_key`.
        distance: (n, n) km between them.
        regions: their macro-regions, None where unknown.
        links: priced, among these sites or not.
        scenario: sizes and prices.

    Raises:
        InputError: must-links that no community can keep.

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
    numbers = _numbers(len(sites) - unplaced, smallest, largest)
    return Problem(level, tuple(sites), units, terms, prices, smallest, largest, unplaced, *numbers)
