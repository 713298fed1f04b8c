"""``report.md``: the grouping in plain words, for the office and for the meeting."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from grouping.check import CheckReport
from grouping.clock import StoppedBy
from grouping.cost import Cost
from grouping.errors import Where
from grouping.levels import Level
from grouping.links import Kind
from grouping.markdown import escaped
from grouping.messages import Lang, Message, message, say
from grouping.numbers import km_text
from grouping.renewal_report import renewal_lines
from grouping.result import Community, LinkOutcome, Result, Status
from grouping.scenario import policy_remarks
from grouping.sites import Position, Remark, Site
from grouping.themes import themes
from grouping.verdicts import findings, mark, outcome, rule_name, verdict
from grouping.wording import (
    COST_PARTS,
    bound_text,
    honour_price,
    measure,
    proof,
    rule_proof,
    rule_saving,
    stop_reason,
)

_MOST_LINES, _MOST_NAMES = 60, 10
"""A list longer than this is told in full by the workbook alone."""
_POSITIONS: dict[Position, Message] = {
    "point": message("report.positions_point"),
    "host_seat": message("report.positions_host_seat"),
}
"""What to say about positions that are not where the site is."""


def report(result: Result, check: CheckReport, lang: Lang = "zh", map_remarks: Sequence[Message] = ()) -> str:
    """The report as Markdown. The same grouping gives the same text: it holds no date."""
    text = "\n".join(_Report(result, check, lang, map_remarks).lines())
    return re.sub(r"\n{3,}", "\n\n", text).rstrip() + "\n"


class _Report:
    """The sections in their order, each as lines of Markdown."""

    def __init__(self, result: Result, check: CheckReport, lang: Lang, map_remarks: Sequence[Message]) -> None:
        self._result = result
        self._check = check
        self._lang = lang
        self._map_remarks = map_remarks
        self._names = {site.id: site.name for site in result.applications.sites}

    def lines(self) -> Iterator[str]:
        yield f"# {self._say('report.title')}"
        yield ""
        yield from self._headline()
        yield from self._section("report.asked", self._asked())
        yield from self._section("report.found", self._found())
        yield from self._section("report.communities", self._communities())
        if self._result.renewal:
            yield from self._section("report.renewal", renewal_lines(self._result, self._lang))
        yield from self._section("report.unplaced", self._unplaced())
        yield from self._section("report.links", self._links())
        if self._result.rule_prices:
            yield from self._section("rules.title", self._rule_prices())
        yield from self._section("report.understood", self._understood())
        yield from self._section("report.audit", self._audit())
        yield from self._section("report.caveats", self._caveats())

    # --- Sections --------------------------------------------------------------------------------------

    def _headline(self) -> Iterator[str]:
        result = self._result
        placed = sum(len(community.members) for community in result.communities)
        yield self._say("report.headline", communities=len(result.communities), sites=placed, proof=proof(result))
        if result.stopped_by is StoppedBy.INTERRUPT:
            yield ""
            yield f"**{self._say('report.interrupted')}**"
        if not self._check.passed:
            yield ""
            yield f"**{self._text(verdict(self._check))}**"

    def _asked(self) -> Iterator[str]:
        result, scenario = self._result, self._result.scenario
        counts = Counter(site.level for site in result.applications.sites)
        levels = [
            message("report.sites_of_level", level=level.label, count=counts[level]) for level in Level if counts[level]
        ]
        file = result.applications.file
        yield self._item("report.asked_list", file=escaped(file), count=len(result.applications.sites), levels=levels)
        size = scenario.size
        yield self._item("report.asked_scenario", name=escaped(scenario.name), seed=scenario.seed)
        yield self._item("report.asked_size", min=size.min, max=size.max, preferred=size.preferred, km=km_text(size.km))
        limits = scenario.communities
        if limits.fewest:
            yield self._item("report.asked_fewest", fewest=limits.fewest)
        if limits.most:
            yield self._item("report.asked_most", most=limits.most)
        if limits.cross_region_most >= 0:
            yield self._item("report.asked_crossing", most=limits.cross_region_most)
        yield self._item("report.asked_travel", measure=measure(result))
        if result.distance_file:
            yield self._item("report.asked_matrix", file=escaped(result.distance_file))
        yield self._item("report.asked_region", km=km_text(scenario.travel.cross_region_km))
        lost = [escaped(site.name) for site in result.applications.sites if site.id not in result.regions]
        if lost:
            named = [*lost[:_MOST_NAMES], *(["…"] if len(lost) > _MOST_NAMES else [])]
            yield self._item("report.asked_no_region", count=len(lost), sites=named)
        yield self._item("report.asked_links", count=sum(item.link.kind.asked_for for item in result.links))
        if asking := sum(bool(site.themes) for site in result.applications.sites):
            yield self._item("report.asked_themes", count=asking, km=km_text(scenario.themes.km))
        if scenario.leads.required:
            yield self._item("report.asked_required")
        for remark in policy_remarks(scenario):
            yield f"- **{self._text(remark)}**"

    def _found(self) -> Iterator[str]:
        result = self._result
        yield from self._table(
            (
                message("workbook.level"),
                message("workbook.count"),
                message("workbook.placed"),
                message("workbook.not_placed"),
                message("report.cost_km"),
                message("report.bound_km"),
                message("workbook.proof"),
                message("workbook.stopped"),
            ),
            [
                (
                    self._text(level.level.label),
                    str(len(level.communities)),
                    str(sum(len(community.members) for community in level.communities)),
                    str(len(level.unplaced)),
                    km_text(level.cost.total_km),
                    bound_text(level.bound_km, level.cost.total_km),
                    self._text(proof(level)),
                    self._text(stop_reason(level)),
                )
                for level in result.levels
            ],
        )
        yield ""
        if result.status is Status.NOTHING_TO_GROUP:
            return
        yield self._say("report.cost_total", total=km_text(result.cost.total_km))
        yield ""
        explanations = (
            measure(result),
            message("report.explain_cross_region", km=km_text(result.scenario.travel.cross_region_km)),
            message(
                "report.explain_size", preferred=result.scenario.size.preferred, km=km_text(result.scenario.size.km)
            ),
            message("report.explain_theme", km=km_text(result.scenario.themes.km)),
            message("report.explain_links"),
        )
        for name, value, why in zip(COST_PARTS, result.cost.parts().values(), explanations, strict=True):
            yield self._item("report.cost_part", part=name, km=km_text(value), why=why)
        if result.bound_km > 0:
            yield ""
            what = "report.bound_explained_unplaced" if result.unplaced else "report.bound_explained"
            yield self._say(what, bound=bound_text(result.bound_km, result.cost.total_km))

    def _communities(self) -> Iterator[str]:
        if not self._result.communities:
            yield self._say("report.no_communities")
            return
        yield self._say(self._lead_explained)
        if each := self._result.scenario.leads.members_per_vice:
            yield ""
            yield self._say("report.vice_explained", count=each)
        yield ""
        yield self._say("report.theme_explained" if self._asking else "report.no_themes")
        yield ""
        if leaderless := [one.label for one in self._result.communities if not one.can_be_led]:
            yield self._say("report.leaderless", count=len(leaderless), communities=leaderless)
            yield ""
        for level in self._result.levels:
            if not level.communities:
                continue
            yield f"### {self._text(level.level.label)}"
            yield ""
            for community in level.communities:
                yield from self._community(community)

    @property
    def _lead_explained(self) -> str:
        scenario = self._result.scenario
        if scenario.leads.prefer_demonstration and scenario.travel.measure != "hosted":
            return "report.lead_preferred"
        return "report.lead_explained"

    @property
    def _asking(self) -> bool:
        """Whether any site of the list has a preference among themes."""
        return any(site.themes for site in self._result.applications.sites)

    def _theme(self, community: Community) -> str:
        choice = community.theme
        names = [message("report.theme_name", id=id_, name=themes()[id_]) for id_ in choice.best]
        if not names:
            return self._item("report.theme_nobody")
        values = {"listed": choice.listed, "asking": choice.asking, "members": len(community.members)}
        if len(names) > 1:
            return self._item("report.theme_tie", themes=names, **values)
        return self._item("report.theme", theme=names[0], **values)

    def _community(self, community: Community) -> Iterator[str]:
        heading = message("report.community_heading", label=community.label, count=len(community.members))
        yield f"#### {self._text(heading)}"
        yield ""
        yield self._item("report.members", members=[self._site(site) for site in community.members])
        if community.lead is None:
            yield self._item("report.no_lead")
        else:
            yield self._item("report.lead", name=escaped(community.lead.name))
        if community.vice_leads:
            yield self._item("report.vice_leads", names=[self._site(site) for site in community.vice_leads])
        if self._asking:
            yield self._theme(community)
        if community.crosses_regions:
            yield self._item("report.crosses", regions=community.regions, km=km_text(community.cost.cross_region_km))
        elif community.regions:
            yield self._item("report.region", region=community.regions[0])
        yield self._item("report.distances", mean=km_text(community.mean_km), max=km_text(community.max_km))
        yield self._item("report.cost", total=km_text(community.cost.total_km), parts=self._parts(community.cost))
        yield ""

    def _unplaced(self) -> Iterator[str]:
        if not self._result.unplaced and not self._result.applications.left_out:
            yield self._say("report.all_placed")
            return
        if self._result.unplaced:
            yield self._say("report.unplaced_sites", count=len(self._result.unplaced))
            yield ""
            for item in self._result.unplaced:
                yield self._item("report.with_reason", name=self._site(item.site), reason=item.reason)
            yield ""
        if self._result.applications.left_out:
            yield self._say("report.left_out", count=len(self._result.applications.left_out))
            yield ""
            yield from self._remarks(self._result.applications.left_out)

    def _links(self) -> Iterator[str]:
        result = self._result
        if any(item.link.kind is Kind.LOCK for item in result.links):
            # A lock is a hard rule: what leaves the program keeps it.
            yield self._say("report.locks_kept")
            yield ""
        links = [item for item in result.links if item.link.kind.asked_for]
        if not links and not result.unhonourable:
            yield self._say("report.no_links")
            return
        kept = sum(item.honoured for item in links)
        paid = sum(item.cost_km for item in links)
        yield self._say("report.links_kept", count=len(links), kept=kept, km=km_text(paid))
        yield ""
        broken = [item for item in links if not item.honoured]
        for item in broken[:_MOST_LINES]:
            said = message("report.link_broken", **self._ends(item), km=km_text(item.cost_km), where=item.link.where)
            honour = "" if item.honour is None else honour_price(item.honour).text(self._lang)
            yield f"- {self._text(said)}{honour}"
        if len(broken) > _MOST_LINES:
            yield self._item("report.more_links", count=len(broken) - _MOST_LINES)
        if result.unhonourable:
            yield ""
            yield self._say("report.links_lost", count=len(result.unhonourable))
            yield ""
        for lost in result.unhonourable:
            ends = {"a": escaped(lost.a), "b": escaped(lost.b), "kind": lost.kind.label}
            yield self._item("report.link_lost", **ends, reason=lost.reason, where=lost.where)

    def _rule_prices(self) -> Iterator[str]:
        yield self._say("rules.explained")
        if self._result.status is Status.FEASIBLE:
            yield ""
            yield self._say("rules.now_unproved", km=km_text(self._result.cost.total_km))
        yield ""
        header = (message("rules.rule"), message("rules.saving"), message("rules.proof"))
        yield from self._table(
            header,
            [
                (self._text(one.rule), self._text(rule_saving(one)), self._text(rule_proof(one)))
                for one in self._result.rule_prices
            ],
        )
        yield ""

    def _understood(self) -> Iterator[str]:
        remarks = (*self._result.applications.remarks, *self._result.remarks)
        if not remarks:
            yield self._say("report.to_the_letter")
            return
        yield self._say("report.understood_as", count=len(remarks))
        yield ""
        yield from self._remarks(remarks[:_MOST_LINES])
        if len(remarks) > _MOST_LINES:
            yield self._item("report.more_remarks", count=len(remarks) - _MOST_LINES)

    def _audit(self) -> Iterator[str]:
        yield self._text(verdict(self._check))
        yield ""
        for rule in self._check.rules:
            yield self._item("report.rule", mark=mark(rule), rule=rule_name(rule), outcome=outcome(rule))
            if rule.hard or rule.rule not in ("region", "links"):
                yield from (f"  - {self._text(finding)}" for finding in findings(rule))

    def _caveats(self) -> Iterator[str]:
        yield self._item("report.caveat_draft")
        positions = Counter(site.position for site in self._result.applications.sites)
        for position, what in _POSITIONS.items():
            if positions[position]:
                yield self._item("report.caveat_position", count=positions[position], what=what)
        yield self._item("report.caveat_matrix" if self._result.distance_file else "report.caveat_distance")
        if self._result.scenario.links.province_relations:
            yield self._item("report.caveat_relations")
        if self._result.time_limited:
            yield self._item("report.caveat_time")
        yield self._item("report.caveat_regions")
        yield self._item("report.caveat_map")
        for remark in self._map_remarks:
            yield f"- {self._text(remark)}"

    # --- Pieces ----------------------------------------------------------------------------------------

    def _section(self, key: str, lines: Iterable[str]) -> Iterator[str]:
        yield ""
        yield f"## {self._say(key)}"
        yield ""
        yield from lines

    def _say(self, key: str, **values: object) -> str:
        return say(key, self._lang, **values)

    def _text(self, what: Message | Where) -> str:
        return what.text(self._lang)

    def _item(self, key: str, **values: object) -> str:
        return f"- {self._say(key, **values)}"

    def _table(self, header: Sequence[Message], rows: Iterable[Sequence[str]]) -> Iterator[str]:
        yield f"| {' | '.join(self._text(cell) for cell in header)} |"
        yield f"|{' --- |' * len(header)}"
        for row in rows:
            yield f"| {' | '.join(row)} |"

    def _parts(self, cost: Cost) -> list[Message]:
        return [
            message("report.part_of_cost", part=name, km=km_text(value))
            for name, value in zip(COST_PARTS, cost.parts().values(), strict=True)
            if round(value) != 0
        ]

    def _remarks(self, remarks: Iterable[Remark]) -> Iterator[str]:
        for remark in remarks:
            key = "report.remark" if remark.name else "report.remark_unnamed"
            yield self._item(key, name=escaped(remark.name), what=remark.what, where=remark.where)

    def _site(self, site: Site) -> str:
        return escaped(site.name)

    def _ends(self, item: LinkOutcome) -> dict[str, object]:
        link = item.link
        return {"a": escaped(self._names[link.a]), "b": escaped(self._names[link.b]), "kind": link.kind.label}
