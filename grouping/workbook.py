"""``grouping.xlsx``: the grouping as the office reads, sorts and edits it.

``grouping check`` reads it back: the sheet of the members is the grouping, that of the unplaced names the rest.
"""

from __future__ import annotations

from pathlib import Path

from grouping.check import CheckReport
from grouping.links import Kind
from grouping.messages import Lang, Message, message, say
from grouping.result import Result
from grouping.scenario_files import scenario_values
from grouping.sheets import Cell, Degrees, Fraction, Setting, Table, workbook
from grouping.themes import themes
from grouping.verdicts import outcome, rule_name, verdict
from grouping.wording import proof, rule_proof, rule_saving, stop_reason

_WIDEST_OF_THE_LIST = 40
"""The list's own columns, of which there may be many, wrap their text earlier; characters."""


def write_workbook(result: Result, check: CheckReport, path: Path, lang: Lang = "zh") -> None:
    """Write the workbook to ``path``. Text stays text: nothing from the lists is ever taken for a formula or a link."""
    with workbook(path, message("workbook.title"), lang) as sheets:
        sheets.add(message("workbook.overview"), _overview(result, check, lang))
        sheets.add(message("workbook.communities"), _communities(result, lang))
        sheets.add(message("workbook.members"), _members(result, lang))
        if result.renewal:
            sheets.add(message("workbook.changes"), _changes(result, lang))
        sheets.add(message("workbook.unplaced"), _unplaced(result, lang))
        sheets.add(message("workbook.links"), _links(result, lang))
        if result.rule_prices:
            sheets.add(message("rules.title"), _rule_prices(result, lang))
        sheets.add(message("workbook.remarks"), _remarks(result, lang))
        sheets.add(message("workbook.parameters"), _parameters(result, lang))


# --- What stands in the sheets -------------------------------------------------------------------------


def _overview(result: Result, check: CheckReport, lang: Lang) -> Table:
    header = _header(lang, "level", "count", "placed", "not_placed", "cost", "bound", "gap", "proof", "stopped")
    rows: list[tuple[Cell, ...]] = []
    for level in result.levels:
        placed = sum(len(community.members) for community in level.communities)
        figures = (
            len(level.communities),
            placed,
            len(level.unplaced),
            level.cost.total_km,
            level.bound_km,
            Fraction(level.gap),
        )
        words = (proof(level).text(lang), stop_reason(level).text(lang))
        rows.append((level.level.label.text(lang), *figures, *words))
    placed = sum(len(community.members) for community in result.communities)
    figures = (
        len(result.communities),
        placed,
        len(result.unplaced),
        result.cost.total_km,
        result.bound_km,
        Fraction(result.gap),
    )
    words = (proof(result).text(lang), stop_reason(result).text(lang))
    rows.append((say("workbook.total", lang), *figures, *words))
    parts = _header(lang, *_COST_PARTS)
    notes: list[tuple[Cell, ...]] = [(), *zip(parts, result.cost.parts().values(), strict=True), ()]
    notes.append((say("workbook.check", lang), verdict(check).text(lang)))
    notes += [(rule_name(rule).text(lang), outcome(rule).text(lang)) for rule in check.rules]
    notes.append(())
    notes.append((say("workbook.list", lang), result.applications.file))
    notes.append((say("workbook.scenario", lang), result.scenario.name))
    notes.append((say("workbook.version", lang), result.version))
    return Table(header, tuple(rows), filtered=False, notes=tuple(notes))


def _communities(result: Result, lang: Lang) -> Table:
    # What is handed out comes first, and is printed; what the draft was judged by follows.
    handed_out = _header(lang, "community", "level", "members_count", "lead", "vice_leads", "member_names", "theme")
    header = handed_out + _header(lang, "region", "crosses", "theme_listed", "mean", "farthest", "cost", *_COST_PARTS)
    separator = say("report.comma", lang)
    rows: list[tuple[Cell, ...]] = [
        (
            community.label,
            community.level.label.text(lang),
            len(community.members),
            community.lead.name if community.lead else "",
            separator.join(site.name for site in community.vice_leads),
            separator.join(site.name for site in community.members),
            say("workbook.or", lang).join(themes()[id_].text(lang) for id_ in community.theme.best),
            separator.join(community.regions),
            say("workbook.yes", lang) if community.crosses_regions else say("workbook.no", lang),
            community.theme.listed if community.theme.best else None,
            community.mean_km,
            community.max_km,
            community.cost.total_km,
            *community.cost.parts().values(),
        )
        for community in result.communities
    ]
    return Table(header, tuple(rows), band=lambda row: row, printed=len(handed_out))


def _members(result: Result, lang: Lang) -> Table:
    since = ["since"] if result.dated else []
    header = _header(lang, "community", "level", "site", "role", *since, "adcode", "lon", "lat", "region")
    extras = result.applications.columns
    roles = {
        "lead": say("workbook.role_lead", lang),
        "vice-lead": say("workbook.role_vice_lead", lang),
        "member": say("workbook.role_member", lang),
    }
    rows: list[tuple[Cell, ...]] = []
    bands: list[int] = []
    for number, community in enumerate(result.communities):
        for site in community.members:
            place = (site.adcode, _degrees(site.lon), _degrees(site.lat), result.regions.get(site.id))
            role = roles[community.role(site)]
            began = (_year(community.since),) if since else ()
            own = (community.label, community.level.label.text(lang), site.name, role, *began)
            rows.append((*own, *place, *(site.extra.get(column) for column in extras)))
            bands.append(number)
    header += _of_the_list(result, header, lang)
    return Table(header, tuple(rows), band=bands.__getitem__, widest=_WIDEST_OF_THE_LIST)


def _of_the_list(result: Result, header: tuple[str, ...], lang: Lang) -> tuple[str, ...]:
    """The list's columns that go through, to stand after a ``header`` of ours.

    One that is called like one of ours would make two of the name, and `check` guess.
    """
    extras = result.applications.columns
    return tuple(say("workbook.of_the_list", lang, column=name) if name in header else name for name in extras)


def _changes(result: Result, lang: Lang) -> Table:
    header = _header(lang, "community", "course", "since", "site", "change", "from_or_to", "reason")
    rows: list[tuple[Cell, ...]] = []
    for change in result.renewal:
        own = (change.label, say(f"renewal.{change.course}", lang), _year(change.since))
        rows += [(*own, name, say("workbook.stays", lang), None, None) for name in change.stays]
        rows += [(*own, one.name, say("workbook.joins", lang), one.came_from, None) for one in change.joined]
        rows += [(*own, one.name, say("workbook.moves", lang), one.to, one.reason.text(lang)) for one in change.moved]
        rows += [(*own, one.name, say("workbook.leaves", lang), None, one.reason.text(lang)) for one in change.left]
    return Table(header, tuple(rows))


def _year(value: int | None) -> Setting | None:
    # Years have no thousands.
    return None if value is None else Setting(value)


def _degrees(value: float | None) -> Degrees | None:
    return None if value is None else Degrees(value)


def _unplaced(result: Result, lang: Lang) -> Table:
    header = _header(lang, "site", "level", "state", "reason", "place")
    state = say("workbook.without_community", lang)
    rows: list[tuple[Cell, ...]] = [
        (
            item.site.name,
            item.site.level.label.text(lang),
            state,
            item.reason.text(lang),
            item.site.where.text(lang),
            *(item.site.extra.get(column) for column in result.applications.columns),
        )
        for item in result.unplaced
    ]
    state = say("workbook.left_out", lang)
    nothing = (None,) * len(result.applications.columns)
    rows += [
        (remark.name, "", state, remark.what.text(lang), remark.where.text(lang), *nothing)
        for remark in result.applications.left_out
    ]
    return Table(header + _of_the_list(result, header, lang), tuple(rows), printed=len(header))


def _links(result: Result, lang: Lang) -> Table:
    header = _header(lang, "end_a", "end_b", "kind", "strength", "honoured", "price", "paid", "reason")
    header += _header(lang, "honour_simple", "honour_most", "place")
    names = {site.id: site.name for site in result.applications.sites}
    rows: list[tuple[Cell, ...]] = []
    shown = [item for item in result.links if item.link.kind.asked_for or item.link.kind is Kind.LOCK]
    for item in shown:
        link = item.link
        strength = message("workbook.must") if link.must else message("workbook.should")
        honoured = message("workbook.yes") if item.honoured else message("workbook.no")
        ends = (names.get(link.a, link.a), names.get(link.b, link.b), link.kind.label.text(lang))
        words = (strength.text(lang), honoured.text(lang))
        reason = "" if item.honoured else _broken(link.kind).text(lang)
        honour = (None, None) if item.honour is None else (item.honour.simple_km, item.honour.high_km)
        rows.append((*ends, *words, link.km, item.cost_km, reason, *honour, link.where.text(lang)))
    for lost in result.unhonourable:
        kind, impossible = lost.kind.label.text(lang), say("workbook.impossible", lang)
        why, where = lost.reason.text(lang), lost.where.text(lang)
        rows.append((lost.a, lost.b, kind, "", impossible, None, None, why, None, None, where))
    return Table(header, tuple(rows))


def _rule_prices(result: Result, lang: Lang) -> Table:
    header = tuple(say(key, lang) for key in ("rules.rule", "rules.saving", "rules.proof"))
    rows = [
        tuple(one.text(lang) for one in (price.rule, rule_saving(price), rule_proof(price)))
        for price in result.rule_prices
    ]
    return Table(header, tuple(rows))


def _broken(kind: Kind) -> Message:
    return message("workbook.together") if kind.apart else message("workbook.apart")


def _remarks(result: Result, lang: Lang) -> Table:
    header = _header(lang, "site", "understood", "place")
    remarks = (*result.applications.remarks, *result.remarks)
    rows = [(remark.name, remark.what.text(lang), remark.where.text(lang)) for remark in remarks]
    return Table(header, tuple(rows))


def _parameters(result: Result, lang: Lang) -> Table:
    header = _header(lang, "parameter", "value", "unit", "origin", "explanation")
    rows = []
    for value in scenario_values(result.scenario):
        # A path tells whose machine it was; the name of the file is enough.
        shown = Path(value.value).name if value.key == "travel.regions" else value.value
        shown = Setting(shown) if isinstance(shown, float) else shown
        unit = value.unit.text(lang) if value.unit else ""
        rows.append((value.key, shown, unit, value.origin.text(lang), value.about.text(lang)))
    return Table(header, tuple(rows))


def _header(lang: Lang, *keys: str) -> tuple[str, ...]:
    return tuple(_HEADERS[key].text(lang) for key in keys)


_COST_PARTS = ("travel", "cross_region", "size", "theme_cost", "links_cost")
"""The headers of a cost's parts, in the order of :meth:`grouping.cost.Cost.parts`."""
_HEADERS = {
    "adcode": message("workbook.adcode"),
    "bound": message("workbook.bound"),
    "change": message("workbook.change"),
    "community": message("workbook.community"),
    "cost": message("workbook.cost"),
    "count": message("workbook.count"),
    "course": message("workbook.course"),
    "cross_region": message("workbook.cross_region"),
    "crosses": message("workbook.crosses"),
    "end_a": message("workbook.end_a"),
    "end_b": message("workbook.end_b"),
    "explanation": message("workbook.explanation"),
    "farthest": message("workbook.farthest"),
    "from_or_to": message("workbook.from_or_to"),
    "gap": message("workbook.gap"),
    "honour_most": message("workbook.honour_most"),
    "honour_simple": message("workbook.honour_simple"),
    "honoured": message("workbook.honoured"),
    "kind": message("workbook.kind"),
    "lat": message("workbook.lat"),
    "lead": message("workbook.lead"),
    "level": message("workbook.level"),
    "links_cost": message("workbook.links_cost"),
    "lon": message("workbook.lon"),
    "mean": message("workbook.mean"),
    "member_names": message("workbook.member_names"),
    "members_count": message("workbook.members_count"),
    "not_placed": message("workbook.not_placed"),
    "origin": message("workbook.origin"),
    "paid": message("workbook.paid"),
    "parameter": message("workbook.parameter"),
    "place": message("workbook.place"),
    "placed": message("workbook.placed"),
    "price": message("workbook.price"),
    "proof": message("workbook.proof"),
    "reason": message("workbook.reason"),
    "region": message("workbook.region"),
    "role": message("workbook.role"),
    "since": message("workbook.since"),
    "site": message("workbook.site"),
    "size": message("workbook.size"),
    "state": message("workbook.state"),
    "stopped": message("workbook.stopped"),
    "strength": message("workbook.strength"),
    "theme": message("workbook.theme"),
    "theme_cost": message("workbook.theme_cost"),
    "theme_listed": message("workbook.theme_listed"),
    "travel": message("workbook.travel"),
    "understood": message("workbook.understood"),
    "unit": message("workbook.unit"),
    "value": message("workbook.value"),
    "vice_leads": message("workbook.vice_leads"),
}
