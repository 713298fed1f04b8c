"""``grouping.xlsx``: the grouping as the office reads, sorts and edits it.

``grouping check`` reads it back: the sheet of the members is the grouping, that of the unplaced names the rest.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from grouping.check import CheckReport, outcome, rule_name, verdict
from grouping.links import Kind
from grouping.messages import Lang, Message, message, say
from grouping.result import Result
from grouping.scenario_files import scenario_values
from grouping.wording import proof, stop_reason


class _Degrees(float):
    """A coordinate, shown with four decimals."""


class _Fraction(float):
    """A fraction, shown as a percentage."""


Cell = str | int | float | bool | None

_BANDS = ("#DCE9F7", "#FBE5D6", "#E2F0D9", "#FFF2CC", "#E4DFEC", "#DDEFEF")
_WIDEST = 60
"""Columns wider than this wrap their text; characters, as all widths."""
_LINE = 16.0
"""The height of a line of text; points."""
_MADE = datetime(2000, 1, 1)
"""A fixed date of creation: the same grouping gives the same bytes."""


@dataclass(frozen=True, slots=True)
class _Table:
    """A header and rows. ``band`` gives the colour band of a row, as a number; ``filtered`` puts a filter on it."""

    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    band: Callable[[int], int] | None = None
    filtered: bool = True


def write_workbook(result: Result, check: CheckReport, path: Path, lang: Lang = "zh") -> None:
    """Write the workbook to ``path``. Text stays text: nothing from the lists is ever taken for a formula or a link."""
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"title": say("workbook.title", lang), "created": _MADE})
        sheets = _Sheets(book, lang)
        sheets.add(message("workbook.overview"), _overview(result, check, lang))
        sheets.add(message("workbook.communities"), _communities(result, lang))
        sheets.add(message("workbook.members"), _members(result, lang))
        sheets.add(message("workbook.unplaced"), _unplaced(result, lang))
        sheets.add(message("workbook.links"), _links(result, lang))
        sheets.add(message("workbook.remarks"), _remarks(result, lang))
        sheets.add(message("workbook.parameters"), _parameters(result, lang))


# --- What stands in the sheets -------------------------------------------------------------------------


def _overview(result: Result, check: CheckReport, lang: Lang) -> _Table:
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
            _Fraction(level.gap),
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
        _Fraction(result.gap),
    )
    words = (proof(result).text(lang), stop_reason(result).text(lang))
    rows.append((say("workbook.total", lang), *figures, *words))
    rows.append(())
    parts = _header(lang, *_COST_PARTS)
    rows += list(zip(parts, result.cost.parts().values(), strict=True))
    rows.append(())
    rows.append((say("workbook.check", lang), verdict(check).text(lang)))
    rows += [(rule_name(rule).text(lang), outcome(rule).text(lang)) for rule in check.rules]
    rows.append(())
    rows.append((say("workbook.list", lang), result.applications.file))
    rows.append((say("workbook.scenario", lang), result.scenario.name))
    rows.append((say("workbook.version", lang), result.version))
    return _Table(header, tuple(rows), filtered=False)


def _communities(result: Result, lang: Lang) -> _Table:
    header = _header(lang, "community", "level", "members_count", "lead", "region", "crosses", "mean", "farthest")
    header += _header(lang, "cost", *_COST_PARTS, "member_names")
    separator = say("report.comma", lang)
    rows: list[tuple[Cell, ...]] = [
        (
            community.label,
            community.level.label.text(lang),
            len(community.members),
            community.lead.name if community.lead else "",
            separator.join(community.regions),
            say("workbook.yes", lang) if community.crosses_regions else say("workbook.no", lang),
            community.mean_km,
            community.max_km,
            community.cost.total_km,
            *community.cost.parts().values(),
            separator.join(site.name for site in community.members),
        )
        for community in result.communities
    ]
    return _Table(header, tuple(rows), band=lambda row: row)


def _members(result: Result, lang: Lang) -> _Table:
    header = _header(lang, "community", "level", "site", "role", "adcode", "lon", "lat", "region")
    extras = result.applications.columns
    # A column of the list that is called like one of ours would make two of the name, and `check` guess.
    named = [say("workbook.of_the_list", lang, column=name) if name in header else name for name in extras]
    roles = {"lead": say("workbook.role_lead", lang), "member": say("workbook.role_member", lang)}
    rows: list[tuple[Cell, ...]] = []
    bands: list[int] = []
    for number, community in enumerate(result.communities):
        for site in community.members:
            place = (site.adcode, _degrees(site.lon), _degrees(site.lat), result.regions.get(site.id))
            role = roles["lead" if site is community.lead else "member"]
            own = (community.label, community.level.label.text(lang), site.name, role)
            rows.append((*own, *place, *(site.extra.get(column) for column in extras)))
            bands.append(number)
    return _Table(header + tuple(named), tuple(rows), band=bands.__getitem__)


def _degrees(value: float | None) -> _Degrees | None:
    return None if value is None else _Degrees(value)


def _unplaced(result: Result, lang: Lang) -> _Table:
    header = _header(lang, "site", "level", "state", "reason", "place")
    state = say("workbook.without_community", lang)
    rows: list[tuple[Cell, ...]] = [
        (
            item.site.name,
            item.site.level.label.text(lang),
            state,
            item.reason.text(lang),
            item.site.where.text(lang),
        )
        for item in result.unplaced
    ]
    state = say("workbook.left_out", lang)
    rows += [
        (remark.name, "", state, remark.what.text(lang), remark.where.text(lang))
        for remark in result.applications.left_out
    ]
    return _Table(header, tuple(rows))


def _links(result: Result, lang: Lang) -> _Table:
    header = _header(lang, "end_a", "end_b", "kind", "strength", "honoured", "price", "paid", "reason", "place")
    names = {site.id: site.name for site in result.applications.sites}
    rows: list[tuple[Cell, ...]] = []
    for item in result.links:
        link = item.link
        strength = message("workbook.must") if link.must else message("workbook.should")
        honoured = message("workbook.yes") if item.honoured else message("workbook.no")
        ends = (names.get(link.a, link.a), names.get(link.b, link.b), link.kind.label.text(lang))
        words = (strength.text(lang), honoured.text(lang))
        reason = "" if item.honoured else _broken(link.kind).text(lang)
        rows.append((*ends, *words, link.km, item.cost_km, reason, link.where.text(lang)))
    for lost in result.unhonourable:
        kind, impossible = lost.kind.label.text(lang), say("workbook.impossible", lang)
        rows.append((lost.a, lost.b, kind, "", impossible, None, None, lost.reason.text(lang), lost.where.text(lang)))
    return _Table(header, tuple(rows))


def _broken(kind: Kind) -> Message:
    return message("workbook.together") if kind is Kind.AVOID else message("workbook.apart")


def _remarks(result: Result, lang: Lang) -> _Table:
    header = _header(lang, "site", "understood", "place")
    remarks = (*result.applications.remarks, *result.remarks)
    rows = [(remark.name, remark.what.text(lang), remark.where.text(lang)) for remark in remarks]
    return _Table(header, tuple(rows))


def _parameters(result: Result, lang: Lang) -> _Table:
    header = _header(lang, "parameter", "value", "unit", "origin", "explanation")
    rows = []
    for value in scenario_values(result.scenario):
        # A path tells whose machine it was; the name of the file is enough.
        shown = Path(value.value).name if value.key == "travel.regions" else value.value
        unit = value.unit.text(lang) if value.unit else ""
        rows.append((value.key, shown, unit, value.origin.text(lang), value.about.text(lang)))
    return _Table(header, tuple(rows))


def _header(lang: Lang, *keys: str) -> tuple[str, ...]:
    return tuple(_HEADERS[key].text(lang) for key in keys)


_COST_PARTS = ("travel", "cross_region", "size", "links_cost")
"""The headers of a cost's parts, in the order of :meth:`grouping.cost.Cost.parts`."""
_HEADERS = {
    "adcode": message("workbook.adcode"),
    "bound": message("workbook.bound"),
    "community": message("workbook.community"),
    "cost": message("workbook.cost"),
    "count": message("workbook.count"),
    "cross_region": message("workbook.cross_region"),
    "crosses": message("workbook.crosses"),
    "end_a": message("workbook.end_a"),
    "end_b": message("workbook.end_b"),
    "explanation": message("workbook.explanation"),
    "farthest": message("workbook.farthest"),
    "gap": message("workbook.gap"),
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
    "site": message("workbook.site"),
    "size": message("workbook.size"),
    "state": message("workbook.state"),
    "stopped": message("workbook.stopped"),
    "strength": message("workbook.strength"),
    "travel": message("workbook.travel"),
    "understood": message("workbook.understood"),
    "unit": message("workbook.unit"),
    "value": message("workbook.value"),
}


# --- How it is written ---------------------------------------------------------------------------------


class _Sheets:
    """Writes tables into sheets of one look: a frozen bold header with a filter, columns as wide as their text."""

    def __init__(self, book: Workbook, lang: Lang) -> None:
        self._book = book
        self._lang = lang
        head = {"bold": True, "bg_color": "#404040", "font_color": "#FFFFFF", "valign": "vcenter"}
        self._head = book.add_format({**head, "indent": 1})
        self._head_of_numbers = book.add_format({**head, "align": "right"})
        self._plain = _formats(book, None)
        self._bands = [_formats(book, colour) for colour in _BANDS]

    def add(self, name: Message, table: _Table) -> None:
        """Write ``table`` into a new sheet."""
        sheet = self._book.add_worksheet(name.text(self._lang))
        for column, text in enumerate(table.header):
            cells = [row[column] for row in table.rows if column < len(row)]
            numbers = any(isinstance(cell, int | float) and not isinstance(cell, bool) for cell in cells)
            sheet.write_string(0, column, text, self._head_of_numbers if numbers else self._head)
            # The filter's button takes the room of two characters, the indent that of one.
            width = max([_width(text) + 3, *(_width(self._text(cell)) + 2 for cell in cells)])
            sheet.set_column(column, column, min(width, _WIDEST))
        for number, row in enumerate(table.rows):
            looks = self._bands[table.band(number) % len(_BANDS)] if table.band else self._plain
            for column, cell in enumerate(row):
                _write(sheet, number + 1, column, cell, self._text(cell), looks)
            # Excel makes room for wrapped text when it opens a file, but others don't.
            if (lines := max((_lines(self._text(cell)) for cell in row), default=1)) > 1:
                sheet.set_row(number + 1, lines * _LINE)
        sheet.freeze_panes(1, 0)
        if table.rows and table.filtered:
            sheet.autofilter(0, 0, len(table.rows), len(table.header) - 1)
        # Codes are text on purpose; Excel need not flag every one of them.
        sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{len(table.rows) + 1}"})
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)

    def _text(self, cell: Cell) -> str:
        """A cell as it will look, near enough to measure it."""
        if isinstance(cell, bool):
            return say("workbook.yes", self._lang) if cell else say("workbook.no", self._lang)
        if isinstance(cell, float):
            return f"{cell:,.4f}" if isinstance(cell, _Degrees) else f"{cell:,.1f}"
        return "" if cell is None else str(cell)


@dataclass(frozen=True, slots=True)
class _Looks:
    text: Format
    whole: Format
    decimal: Format
    degrees: Format
    fraction: Format


def _formats(book: Workbook, colour: str | None) -> _Looks:
    common = {"valign": "top"} | ({"bg_color": colour, "border": 1, "border_color": "#D9D9D9"} if colour else {})
    return _Looks(
        text=book.add_format({**common, "text_wrap": True, "align": "left", "indent": 1}),
        whole=book.add_format({**common, "num_format": "0"}),
        decimal=book.add_format({**common, "num_format": "#,##0.0"}),
        degrees=book.add_format({**common, "num_format": "0.0000"}),
        fraction=book.add_format({**common, "num_format": "0.00%"}),
    )


def _write(sheet: Worksheet, row: int, column: int, cell: Cell, text: str, looks: _Looks) -> None:
    if cell is None or cell == "":
        sheet.write_blank(row, column, None, looks.text)
    elif isinstance(cell, bool | str):
        sheet.write_string(row, column, text, looks.text)
    elif isinstance(cell, int):
        sheet.write_number(row, column, cell, looks.whole)
    elif cell in (float("inf"), float("-inf")):
        sheet.write_string(row, column, "∞", looks.text)
    else:
        kinds = {_Degrees: looks.degrees, _Fraction: looks.fraction}
        sheet.write_number(row, column, cell, kinds.get(type(cell), looks.decimal))


def _width(text: str) -> int:
    """Columns a text takes in Excel's measure: a Chinese character takes two."""
    lines = text.splitlines() or [""]
    return max(sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in line) for line in lines)


def _lines(text: str) -> int:
    """How many lines a text takes in the widest column; a few characters are left for breaking between words."""
    return sum(math.ceil(max(_width(line), 1) / (_WIDEST - 4)) for line in text.splitlines() or [""])
