"""What decides the costs among the sites of one level: distances, borders, links, preferences, and who may lead."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from grouping.cost import MEASURES, Cost, Floats, Ints, Prices, parts
from grouping.ground import NOWHERE, Ground, Places
from grouping.links import Link
from grouping.scenario import Scenario
from grouping.sites import Site
from grouping.together import Together, together_of


@dataclass(frozen=True)
class Terms:
    """What decides the costs among the sites of one level.

    Attributes:
        distance: (n, n) km between sites, or where they are.
        region: (n,) code of the macro-region, -1 where unknown; an unknown one never counts as another.
        can_lead: (n,) whether the site may lead, and so host.
        together: (n, n) km that being together adds, see :attr:`Prices.pair`.
        apart: (n,) km, see :attr:`Prices.apart`.
        wants: (n, t) whether each site lists each theme that any of them lists.
        demonstration: (n,) whether the site is a demonstration unit.

    """

    distance: Floats | Places
    region: Ints
    can_lead: NDArray[np.bool_]
    together: Together
    apart: Floats
    wants: NDArray[np.bool_]
    demonstration: NDArray[np.bool_]
    scenario: Scenario

    @classmethod
    def build(
        cls,
        sites: Sequence[Site],
        distance: Floats | Places,
        regions: Sequence[str | None],
        links: Iterable[Link],
        scenario: Scenario,
    ) -> Self:
        """The terms for ``sites`` of one level; links that lead out of them are left aside.

        Args:
            sites: n sites.
            distance: (n, n) km, or n places.
            regions: the macro-region of each site, None where unknown.
            links: must-links (of which only avoidances have a say here) and priced links.
            scenario: prices and measure.

        """
        codes = {name: code for code, name in enumerate(sorted({name for name in regions if name}))}
        place = {site.id: index for index, site in enumerate(sites)}
        together: dict[tuple[int, int], float] = defaultdict(float)
        apart = np.zeros(len(sites))
        for link in links:
            if link.a not in place or link.b not in place:
                continue
            a, b = place[link.a], place[link.b]
            if link.kind.apart:
                price = np.inf if link.must else link.km or 0.0
                together[a, b] += price
                together[b, a] += price
            elif not link.must:
                price = link.km or 0.0
                together[a, b] -= price
                together[b, a] -= price
                apart[[a, b]] += price / 2
        return cls(
            distance=distance if isinstance(distance, Places) else np.asarray(distance, dtype=np.float64),
            region=np.array([codes[name] if name else -1 for name in regions], dtype=np.int64),
            can_lead=np.array([site.can_lead for site in sites], dtype=np.bool_),
            together=together_of(len(sites), together),
            apart=apart,
            wants=_wants(sites),
            demonstration=np.array([site.demonstration for site in sites], dtype=np.bool_),
            scenario=scenario,
        )

    @cached_property
    def prices(self) -> Prices:
        """The terms with every site as a unit of its own."""
        return self.merged([np.array([index]) for index in range(len(self.apart))])

    def merged(self, units: Sequence[Ints]) -> Prices:
        """The terms with the given sets of sites, a partition of them, as units."""
        hosted = self.scenario.travel.measure == "hosted"
        hosts = [site for unit in units for site in unit if hosted and self.can_lead[site]]
        per_unit = [sum(bool(hosted and self.can_lead[site]) for site in unit) for unit in units]
        tables = (np.zeros((0, 0)),) * 4
        ground = NOWHERE
        if isinstance(self.distance, Places):
            ground = self._ground(self.distance, units)
        else:
            everyone = np.arange(len(self.apart))
            cross = self._cross(everyone, everyone)
            tables = (
                _summed_pairs(self.distance, units),
                _summed_pairs(cross, units),
                _summed_columns(self.distance[hosts], units),
                _summed_columns(cross[hosts], units),
            )
        return Prices(
            weight=np.array([len(unit) for unit in units], dtype=np.int64),
            distance=tables[0],
            cross=tables[1],
            ground=ground,
            host_start=np.concatenate([[0], np.cumsum(per_unit)]).astype(np.int64),
            host_distance=tables[2],
            host_cross=tables[3],
            pair=self.together.merged(units),
            apart=np.array([self.apart[unit].sum() for unit in units]),
            measure=MEASURES[self.scenario.travel.measure],
            preferred=self.scenario.size.preferred,
            size_km=self.scenario.size.km,
            miss=self._miss(units),
            theme_km=self.scenario.themes.km,
            able=self._able(units),
        )

    def _miss(self, units: Sequence[Ints]) -> Ints:
        """Which sites miss which theme, see :attr:`Prices.miss`."""
        if not self.scenario.themes.km or not self.wants.any():
            return np.zeros((len(units), 0), dtype=np.int64)
        missed = np.logical_and(self.wants.any(axis=1, keepdims=True), ~self.wants)
        counts = [missed[unit].sum(axis=0) for unit in units]
        return np.array(counts, dtype=np.int64).reshape(len(units), missed.shape[1])

    def _able(self, units: Sequence[Ints]) -> NDArray[np.bool_]:
        """Which units may lead where that matters, see :attr:`Prices.able`."""
        hosted = self.scenario.travel.measure == "hosted"
        if hosted or not self.scenario.leads.required or self.can_lead.all():
            return np.zeros(0, dtype=np.bool_)
        return np.array([self.can_lead[unit].any() for unit in units], dtype=np.bool_)

    def _ground(self, places: Places, units: Sequence[Ints]) -> Ground:
        """Where the units are."""
        order = np.concatenate([*units, np.zeros(0, dtype=np.int64)])
        host = self.scenario.travel.measure == "hosted"
        return Ground(
            start=np.cumsum([0, *map(len, units)]).astype(np.int64),
            place=np.ascontiguousarray(places.vectors[order]),
            region=self.region[order],
            host=np.flatnonzero(self.can_lead[order]) if host else np.zeros(0, dtype=np.int64),
            surcharge=float(self.scenario.travel.cross_region_km),
        )

    def km(self, rows: Ints, columns: Ints) -> Floats:
        """(r, c) km from some of the sites to others."""
        if isinstance(self.distance, Places):
            return self.distance.km(rows, columns)
        return self.distance[np.ix_(rows, columns)]

    def _cross(self, rows: Ints, columns: Ints) -> Floats:
        """(r, c) border surcharges in km from some of the sites to others."""
        ours, theirs = self.region[rows][:, None], self.region[columns][None, :]
        return np.where((ours != theirs) & (ours >= 0) & (theirs >= 0), self.scenario.travel.cross_region_km, 0.0)

    def cost(self, members: Sequence[int] | Ints) -> Cost:
        """What the community of these sites costs; infinite where it may not be."""
        indices = np.asarray(members, dtype=np.int64)
        travel, cross, size, theme, links, _ = parts(self.prices, indices, len(indices))
        return Cost(travel, cross, size, theme, links)

    def unplaced_cost(self, site: int) -> Cost:
        """What a site without a community costs: its half of the links that are so broken."""
        return Cost(links_km=float(self.apart[site]))

    def lead(self, members: Sequence[int] | Ints) -> int | None:
        """The member that can lead with the least travel of all to it; None where nobody can.

        Where the scenario prefers demonstration units, and the measure does not choose the host, it is one of these if
        any of them can.
        """
        able = self._nearest_first(members)
        preferred = able[self.demonstration[able]]
        if len(preferred) and self.scenario.leads.prefer_demonstration and self.scenario.travel.measure != "hosted":
            able = preferred
        return int(able[0]) if len(able) else None

    def vice_leads(self, members: Sequence[int] | Ints) -> tuple[int, ...]:
        """Those that can lead with the least travel of all to them, the lead aside; as many as the scenario wants."""
        lead, each = self.lead(members), self.scenario.leads.members_per_vice
        if lead is None or not each:
            return ()
        others = [int(site) for site in self._nearest_first(members) if site != lead]
        return tuple(others[: -(-(len(members) - 1) // each)])

    def _nearest_first(self, members: Sequence[int] | Ints) -> Ints:
        """Those of the members that can lead, by the travel of all to them."""
        indices = np.asarray(members, dtype=np.int64)
        able = indices[self.can_lead[indices]]
        reach = self.km(able, indices) + self._cross(able, indices)
        return np.asarray(able[np.argsort(reach.sum(axis=1), kind="stable")])


def _wants(sites: Sequence[Site]) -> NDArray[np.bool_]:
    """Which site lists which theme, see :attr:`Terms.wants`."""
    known = sorted({theme for site in sites for theme in site.themes})
    return np.array([[theme in site.themes for theme in known] for site in sites], dtype=np.bool_).reshape(
        len(sites), len(known)
    )


def _summed_columns(matrix: Floats, units: Sequence[Ints]) -> Floats:
    """(rows, u): the columns of ``matrix`` summed over each unit."""
    if all(len(unit) == 1 for unit in units):
        return np.ascontiguousarray(matrix[:, np.concatenate(units)]) if len(units) else matrix
    return np.stack([matrix[:, unit].sum(axis=1) for unit in units], axis=1)


def _summed_pairs(matrix: Floats, units: Sequence[Ints]) -> Floats:
    """(u, u): a symmetric ``matrix`` with zero diagonal summed over the pairs of sites of two units, or of one."""
    summed = _summed_columns(_summed_columns(matrix, units).T, units)
    # To the last bit, whichever of the two was summed first: twins must see the same.
    for unit in range(len(units)):
        summed[unit + 1 :, unit] = summed[unit, unit + 1 :]
    diagonal = np.einsum("ii->i", summed)
    # Inside a unit every pair was met twice. A should-link inside a must-block is honoured for good.
    diagonal /= 2
    return np.ascontiguousarray(summed)
