"""The audit: whether a grouping keeps the rules, article by article, and what it costs.

It takes any grouping, also one edited by hand, and knows nothing of how groupings are found.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set

import numpy as np

from grouping.cost import Cost
from grouping.cost_terms import Terms
from grouping.distances import Distances, great_circle
from grouping.levels import Level
from grouping.links import Kind, Link, Links
from grouping.messages import Message, message
from grouping.names import Absent, SiteNames, Unknown
from grouping.numbers import km_text
from grouping.outcomes import CheckReport, CommunityAudit, RuleOutcome
from grouping.regions import read_macro_regions
from grouping.scenario import POLICY_SIZE, Scenario
from grouping.sites import Applications, Site

__all__ = ["CheckReport", "CommunityAudit", "RuleOutcome", "check"]


def check(
    communities: Mapping[str, Sequence[str]],
    applications: Applications,
    scenario: Scenario,
    links: Links,
    distances: Distances | None = None,
    *,
    leads: Mapping[str, str | Sequence[str]] | None = None,
    vice_leads: Mapping[str, Sequence[str]] | None = None,
    unplaced: Iterable[str] = (),
) -> CheckReport:
    """Audit a grouping.

    Args:
        communities: the ids of each community's members by its label. What is no id of an approved site is
            reported as such.
        applications: the application list.
        scenario: sizes, prices and macro-regions.
        links: priced links, see :func:`grouping.link_files.applicable_links`.
        distances: a matrix; None measures great circles.
        leads: the id of each community's lead unit, or all ids where several were named.
        vice_leads: the ids of each community's vice-lead units.
        unplaced: ids of the sites that are listed as in no community.

    Raises:
        InputError: a site has no coordinates and no matrix is given, or the file of macro-regions is wrong.

    """
    audit = _Audit(
        communities, applications, scenario, links, distances, leads or {}, vice_leads or {}, tuple(unplaced)
    )
    return CheckReport(
        rules=(
            audit.approved(),
            audit.once(),
            audit.level(),
            audit.size(),
            *audit.scenario_size(),
            *audit.limits(),
            audit.must(),
            audit.avoid(),
            *audit.terms(),
            *audit.locks(),
            audit.lead(),
            audit.able(),
            audit.region(),
            audit.priced_links(),
        ),
        communities=audit.communities,
        unplaced=audit.missing,
        cost=audit.cost,
    )


class _Audit:
    """The grouping, the list and what follows from both; one method a rule."""

    def __init__(
        self,
        communities: Mapping[str, Sequence[str]],
        applications: Applications,
        scenario: Scenario,
        links: Links,
        distances: Distances | None,
        leads: Mapping[str, str | Sequence[str]],
        vice_leads: Mapping[str, Sequence[str]],
        unplaced: tuple[str, ...],
    ) -> None:
        sites = applications.sites
        self._applications = applications
        self._scenario = scenario
        self._links = links.links
        self._leads = leads
        self._vice_leads = vice_leads
        self._listed = frozenset(unplaced)
        self._members = communities
        self._sites = {site.id: site for site in sites}
        self._known: dict[str, list[Site]] = {
            label: [self._sites[id_] for id_ in dict.fromkeys(ids) if id_ in self._sites]
            for label, ids in communities.items()
        }
        self._homes: dict[str, list[str]] = {}
        for label, ids in communities.items():
            for id_ in ids:
                self._homes.setdefault(id_, []).append(label)
        self.missing = tuple(site.id for site in sites if site.id not in self._homes)

        macro_regions = read_macro_regions(scenario.travel.regions)
        self._regions = {site.id: macro_regions.of(site.adcode) for site in sites}
        if distances is None:
            # All sites without a place are told at once; between those that have one, only few distances matter.
            great_circle([site for site in sites if site.lon is None or site.lat is None])
        self._distances = distances
        self._places = {site.id: place for place, site in enumerate(sites)}
        # A broken must-avoidance has no price: it is told as a broken rule, and the rest still costs what it costs.
        self._priced: dict[str, list[Link]] = {id_: [] for id_ in self._sites}
        for link in links.links:
            if not link.must and link.a in self._sites and link.b in self._sites:
                self._priced[link.a].append(link)
                self._priced[link.b].append(link)
        self.communities = tuple(self._community(label, self._cost(known)) for label, known in self._known.items())
        costs = [community.cost for community in self.communities]
        costs += [Cost(links_km=self._half_broken(id_, frozenset())) for id_ in self.missing]
        self.cost = sum(costs, start=Cost())

    def _cost(self, known: Sequence[Site]) -> Cost:
        """What the community of these sites costs."""
        if not known:
            return Cost()
        ids = [site.id for site in known]
        together = frozenset(ids)
        places = [self._places[site.id] for site in known]
        terms = Terms.build(
            known,
            great_circle(known) if self._distances is None else self._distances.km[np.ix_(places, places)],
            [self._regions[site.id] for site in known],
            [link for id_ in ids for link in self._priced[id_] if link.a == id_ and link.b in together],
            self._scenario,
        )
        outward = sum(self._half_broken(id_, together) for id_ in ids)
        return terms.cost(range(len(known))) + Cost(links_km=outward)

    def _half_broken(self, id_: str, together: Set[str]) -> float:
        """Half the prices of a site's links to all but ``together``; the other halves are paid at their other ends."""
        return sum(
            (link.km or 0.0) / 2
            for link in self._priced[id_]
            if not link.kind.apart and not (link.a in together and link.b in together)
        )

    def _community(self, label: str, cost: Cost) -> CommunityAudit:
        known = self._known[label]
        regions = Counter(region for site in known if (region := self._regions[site.id]) is not None)
        return CommunityAudit(
            label=label,
            levels=tuple(level for level in Level if any(site.level is level for site in known)),
            size=len(set(self._members[label])),
            regions=tuple(sorted(regions, key=lambda region: (-regions[region], region))),
            cost=cost,
        )

    # --- The list (Articles 8 and 9) ---

    def approved(self) -> RuleOutcome:
        names = SiteNames(self._applications)
        broken = []
        for label, ids in self._members.items():
            for id_ in dict.fromkeys(ids):
                if id_ in self._sites:
                    continue
                found = names.find(id_)
                # A text that the list does understand comes from a caller who gave names for ids.
                reason = found.reason if isinstance(found, Absent) else message("check.no_id", id=id_)
                if isinstance(found, Unknown):
                    reason = found.what
                broken.append(message("check.not_approved", community=label, reason=reason))
        return RuleOutcome("approved", message("check.rule_approved"), "8–9", True, tuple(broken))

    def once(self) -> RuleOutcome:
        broken = []
        for site in self._applications.sites:
            homes = self._homes.get(site.id, [])
            if len(homes) > 1:
                broken.append(message("check.placed_twice", site=site.name, communities=homes))
            elif homes and site.id in self._listed:
                broken.append(message("check.placed_and_listed", site=site.name, community=homes[0]))
        counts = Counter(site.level for site in self._applications.sites)
        for id_ in self.missing:
            site = self._sites[id_]
            # A level with too few sites has no community at all, so its sites need no listing.
            if id_ not in self._listed and counts[site.level] >= self._scenario.size.min:
                broken.append(message("check.missing", site=site.name, where=site.where))
        return RuleOutcome("once", message("check.rule_once"), None, True, tuple(broken))

    # --- One community (Articles 10 to 12 and 15) ---

    def level(self) -> RuleOutcome:
        broken = []
        for label, known in self._known.items():
            levels = {level: [site.name for site in known if site.level is level] for level in Level}
            found = [
                message("check.sites_of_level", level=level.label, sites=names)
                for level, names in levels.items()
                if names
            ]
            if len(found) > 1:
                broken.append(message("check.mixed_levels", community=label, levels=found))
        return RuleOutcome("level", message("check.rule_level"), "11", True, tuple(broken))

    def size(self) -> RuleOutcome:
        low, high = POLICY_SIZE
        size = self._scenario.size
        # Whoever runs a scenario outside the policy asks what the rule costs, and has been told that it is one.
        kept = low <= size.min and size.max <= high
        return RuleOutcome("size", message("check.rule_size"), "12", kept, self._sizes(low, high), self.cost.size_km)

    def scenario_size(self) -> list[RuleOutcome]:
        """A rule of its own only where the scenario's bounds are not the policy's."""
        bounds = self._scenario.size.min, self._scenario.size.max
        if bounds == POLICY_SIZE:
            return []
        return [RuleOutcome("scenario_size", message("check.rule_scenario_size"), None, True, self._sizes(*bounds))]

    def _sizes(self, low: int, high: int) -> tuple[Message, ...]:
        return tuple(
            message("check.wrong_size", community=community.label, size=community.size, min=low, max=high)
            for community in self.communities
            if not low <= community.size <= high
        )

    def region(self) -> RuleOutcome:
        broken = tuple(
            message(
                "check.crosses",
                community=community.label,
                regions=community.regions,
                km=km_text(community.cost.cross_region_km),
            )
            for community in self.communities
            if len(community.regions) > 1
        )
        title = message("check.rule_region")
        return RuleOutcome("region", title, "10", False, broken, self.cost.cross_region_km)

    def lead(self) -> RuleOutcome:
        broken = []
        for label, given in self._leads.items():
            ids = tuple(dict.fromkeys((given,) if isinstance(given, str) else given))
            if len(ids) > 1:
                broken.append(message("check.several_leads", community=label, sites=[self._name(id_) for id_ in ids]))
            for id_ in ids:
                if id_ not in self._members.get(label, ()):
                    broken.append(message("check.lead_outside", community=label, site=self._name(id_)))
                elif id_ in self._sites and not self._sites[id_].can_lead:
                    broken.append(message("check.unable_lead", community=label, site=self._name(id_)))
        if self._scenario.travel.measure == "hosted":
            broken += [
                message("check.nobody_leads", community=label)
                for label, known in self._known.items()
                if known and not any(site.can_lead for site in known)
            ]
        return RuleOutcome("lead", message("check.rule_lead"), "15", True, tuple(broken))

    def able(self) -> RuleOutcome:
        """A rule that binds only where the scenario says so."""
        # Where the lead unit hosts, that nobody can lead breaks the rule on leads already.
        hosted = self._scenario.travel.measure == "hosted"
        broken = [
            message("check.nobody_able", community=label)
            for label, known in self._known.items()
            if known and not hosted and not any(site.can_lead for site in known)
        ]
        for label, ids in self._vice_leads.items():
            for id_ in dict.fromkeys(ids):
                if id_ not in self._members.get(label, ()):
                    broken.append(message("check.vice_lead_outside", community=label, site=self._name(id_)))
                elif id_ in self._sites and not self._sites[id_].can_lead:
                    broken.append(message("check.unable_vice_lead", community=label, site=self._name(id_)))
        hard = self._scenario.leads.required
        return RuleOutcome("able", message("check.rule_able"), "15", hard, tuple(broken))

    # --- All communities of a level ---

    def limits(self) -> list[RuleOutcome]:
        """Rules of their own where the scenario sets limits, for each level by itself."""
        limits = self._scenario.communities
        number, across = [], []
        sites = Counter(site.level for site in self._applications.sites)
        for level in Level:
            there = [community for community in self.communities if level in community.levels]
            count = len(there)
            crossing = [community.label for community in there if len(community.regions) > 1]
            # A level with too few sites for one community has none, and no limit either.
            if sites[level] >= self._scenario.size.min and count < limits.fewest:
                number.append(message("check.few_communities", level=level.label, count=count, fewest=limits.fewest))
            if limits.most and count > limits.most:
                number.append(message("check.many_communities", level=level.label, count=count, most=limits.most))
            if 0 <= limits.cross_region_most < len(crossing):
                values = {"count": len(crossing), "most": limits.cross_region_most, "communities": crossing}
                across.append(message("check.many_crossing", level=level.label, **values))
        rules = []
        if limits.fewest or limits.most:
            rules.append(RuleOutcome("number", message("check.rule_number"), None, True, tuple(number)))
        if limits.cross_region_most >= 0:
            rules.append(RuleOutcome("crossing", message("check.rule_crossing"), None, True, tuple(across)))
        return rules

    # --- Links (Articles 4 and 13) ---

    def must(self) -> RuleOutcome:
        broken = self._parted(link for link in self._links if link.kind.asked_for)
        return RuleOutcome("must", message("check.rule_must"), "4", True, tuple(broken))

    def avoid(self) -> RuleOutcome:
        broken = self._joined(link for link in self._links if link.kind.asked_for)
        return RuleOutcome("avoid", message("check.rule_avoid"), "13", True, tuple(broken))

    def terms(self) -> list[RuleOutcome]:
        """A rule of its own where communities are within their terms (Article 16)."""
        links = [link for link in self._links if link.must and link.kind in (Kind.TERM, Kind.TERM_APART)]
        broken = (*self._parted(links), *self._joined(links))
        return [RuleOutcome("terms", message("check.rule_terms"), "16", True, broken)] if links else []

    def locks(self) -> list[RuleOutcome]:
        """A rule of its own where something is locked."""
        links = [link for link in self._links if link.kind in (Kind.LOCK, Kind.LOCK_APART)]
        broken = (*self._parted(links), *self._joined(links))
        return [RuleOutcome("locks", message("check.rule_locks"), None, True, broken)] if links else []

    def _parted(self, links: Iterable[Link]) -> tuple[Message, ...]:
        return tuple(
            message("check.must_apart", **self._ends(link))
            for link in links
            # Two sites that are both in no community are not parted.
            if link.must
            and not link.kind.apart
            and not self._together(link)
            and (link.a in self._homes or link.b in self._homes)
        )

    def _joined(self, links: Iterable[Link]) -> tuple[Message, ...]:
        return tuple(
            message("check.must_together", **self._ends(link))
            for link in links
            if link.must and link.kind.apart and self._together(link)
        )

    def priced_links(self) -> RuleOutcome:
        broken = []
        for link in self._links:
            if link.must or self._together(link) is not link.kind.apart:
                continue
            values = {**self._ends(link), "km": km_text(link.km or 0.0)}
            apart, together = message("check.should_apart", **values), message("check.should_together", **values)
            broken.append(together if link.kind.apart else apart)
        title = message("check.rule_links")
        return RuleOutcome("links", title, "4, 13", False, tuple(broken), self.cost.links_km)

    def _together(self, link: Link) -> bool:
        return bool(set(self._homes.get(link.a, ())) & set(self._homes.get(link.b, ())))

    def _ends(self, link: Link) -> dict[str, object]:
        return {"a": self._name(link.a), "b": self._name(link.b), "kind": link.kind.label, "where": link.where}

    def _name(self, id_: str) -> str:
        return self._sites[id_].name if id_ in self._sites else id_
