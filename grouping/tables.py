"""Tables that people give: the header found, the columns recognised, every row knowing where it stands.

An office's table has a title above the header, merged provinces, notes and sums below, headers in Chinese or
English in any order. :func:`read_table` understands all that for whoever names the columns to look for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from grouping.errors import InputError, Problem, Where
from grouping.grids import Grid, Source, read_grids
from grouping.headers import (
    Column,
    Header,
    Lexicon,
    filled,
    find_header,
    folded,
    header_problems,
    header_remarks,
    notes,
    plain,
    without_notes,
)
from grouping.messages import Message, message
from grouping.sites import Remark

__all__ = ["Column", "Row", "Table", "folded", "notes", "plain", "read_table", "without_notes"]

_ASIDE = re.compile(r"(填[写报表])?(示例|样例|说明)|examples?|notes?|instructions?", re.IGNORECASE)
"""Sheets beside a list that are about it, as the template has them."""


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a table: the known cells by column id, the other ones by header.

    Known cells are as :func:`plain` makes them, the other ones as the file shows them.
    """

    place: Where
    headers: Mapping[str, str]
    cells: Mapping[str, str]
    extra: Mapping[str, str]

    def cell(self, column: str) -> str:
        """The text in a known column, "" if blank or if the table has no such column."""
        return self.cells.get(column, "")

    def where(self, column: str | None = None) -> Where:
        """Where the row, or its cell in a known or unknown column, stands."""
        if column is None:
            return self.place
        return replace(self.place, column=self.headers.get(column, column if column in self.extra else None))


@dataclass(frozen=True, slots=True)
class Table:
    """A table that was read.

    ``columns`` maps the ids that were found to the headers as written; ``extras`` are the other headers, in order.
    ``remarks`` tell what was not taken as a record: notes below the table, other sheets.
    """

    file: str
    sheet: str | None
    sha256: str
    columns: Mapping[str, str]
    extras: tuple[str, ...]
    rows: tuple[Row, ...]
    remarks: tuple[Remark, ...]


def read_table(path: str | Path, columns: Sequence[Column], problems: list[Problem] | None = None) -> Table:
    """Read the first table with the required ``columns`` from an .xlsx or a .csv.

    A .csv may be UTF-8 (with a BOM or without), UTF-16 or GB18030, with comma, semicolon or tab. A cell merged
    over several rows counts for each of them; when all required columns are merged over the same rows, these
    are one record and what differs in it is joined by line ends.

    Args:
        path: the file.
        columns: the columns to look for.
        problems: takes what is wrong in single rows, so that the caller can raise it together with what it
            finds itself. Rows without their required cells or values are then missing in the table.

    Raises:
        InputError: no such file, not a table, no header, columns missing or given twice, several such tables;
            and, without ``problems``, cells that are required but blank, or that have no value.

    """
    source = read_grids(Path(path))
    lexicon = Lexicon(columns)
    grid, header, others = _chosen(source, lexicon)
    place = Where(source.file, grid.sheet)
    body = _body(grid, header, lexicon)
    spoilt = _spoilt(grid, body)
    found = [*_spoilt_problems(place, grid, body, spoilt)]
    rows = tuple(_rows(place, body, {number for number, _ in spoilt}, found))
    if not rows and not found:
        found.append(Problem(replace(place, row=header.bottom), message("tables.no_rows")))
    if problems is None and found:
        raise InputError(found)
    if problems is not None:
        problems.extend(found)
    remarks = [*header_remarks(place, header, lexicon)]
    if body.skipped:
        remarks.append(Remark(place, "", message("tables.notes", rows=_ranges(body.skipped))))
    if grid.hidden:
        remarks.append(Remark(place, "", message("tables.hidden_rows", count=grid.hidden)))
    if others:
        remarks.append(Remark(place, "", message("tables.other_sheets", sheets=others)))
    header = body.header
    extras = tuple(header.extras.values())
    return Table(source.file, grid.sheet, source.sha256, header.known, extras, rows, tuple(remarks))


def _chosen(source: Source, lexicon: Lexicon) -> tuple[Grid, Header, list[str]]:
    """The sheet to read (of a .csv, the delimiter to read it with), its header, and other sheets that have one too."""
    filled_in = [grid for grid in source.grids if grid.rows]
    grids = [grid for grid in filled_in if not _ASIDE.fullmatch((grid.sheet or "").strip())] or filled_in
    pairs = [(grid, find_header(grid, lexicon)) for grid in grids]
    # max gives the first of equals.
    grid, header = max(pairs, key=lambda pair: (lexicon.complete(pair[1]), _has_body(*pair), len(pair[1].known)))
    place = Where(source.file, grid.sheet)
    if wrong := list(header_problems(place, grid, header, lexicon)):
        raise InputError(wrong)
    others = {
        other.sheet: [*its.texts.values()] == [*header.texts.values()]
        or (its.known.keys() == header.known.keys() and len(its.known) > 1)
        for other, its in pairs
        if other.sheet not in (None, grid.sheet) and lexicon.complete(its) and _has_body(other, its)
    }
    # A sheet for each level or province: to read one alone would lose sites, to read all might add last year's.
    if alike := [sheet for sheet, same in others.items() if same]:
        raise InputError([Problem(place, message("tables.several_sheets", sheets=alike))])
    return grid, header, [sheet for sheet in others if sheet is not None]


def _has_body(grid: Grid, header: Header) -> bool:
    return max(grid.rows) > header.bottom


# --- Records -------------------------------------------------------------------------------------------

_TOTAL = re.compile(
    r"(.{0,8}(合\s*计|总\s*计|小\s*计)|共\s*计|总数|(sub)?totals?|sum)\s*([:：(（\d].*)?|共\s*\d+.*", re.I | re.S
)
_NOTE = re.compile(
    r"[*※（(【\[]?((填[表报写])?说明|备注|注意?|附[注件]?|[填制]表(人|单位|日期|时间)?|填报(人|单位|日期|时间)|审核人|"
    r"负责人|联系人|联系电话|日期|notes?|remarks?|prepared by)\s*[\d一二三四五六七八九十]?([\s:：】\])）].*)?|以上.*",
    re.I | re.S,
)
_SENTENCE = re.compile(r"[（(]?[\d一二三四五六七八九十①-⑳]+[.．、)）]|.*[。；;]", re.S)


@dataclass(frozen=True, slots=True)
class _Body:
    """What stands below the header: ``cells`` of each record by row and column number; ``skipped`` are other rows."""

    header: Header
    required: tuple[int, ...]
    cells: Mapping[int, Mapping[int, str]]
    skipped: tuple[int, ...]


def _body(grid: Grid, header: Header, lexicon: Lexicon) -> _Body:
    full = filled(grid, sideways=False)
    required = tuple(column for column, id_ in header.ids.items() if id_ in lexicon.required)
    skipped = _not_records(grid, header, required, full)
    first_rows = _first_rows(grid, required)
    cells: dict[int, dict[int, str]] = {}
    for number in sorted(grid.rows):
        if number <= header.bottom or number in skipped:
            continue
        first = first_rows.get(number, number)
        if first not in cells:
            cells[first] = dict(full[number])
            continue
        record = cells[first]
        for column, text in grid.rows[number].items():
            above = record.get(column, "")
            if text not in (above, *above.split("\n")):
                record[column] = f"{above}\n{text}" if above else text
    used = sorted({column for record in cells.values() for column in record})
    return _Body(header.with_unnamed(used), required, cells, tuple(sorted(skipped)))


def _not_records(
    grid: Grid, header: Header, required: Sequence[int], full: Mapping[int, Mapping[int, str]]
) -> set[int]:
    """Notes, sums, section titles, blank numbered rows at the end, and the header where a page repeats it."""
    below = [number for number in sorted(grid.rows) if number > header.bottom]
    wide = {(span.top, span.left) for span in grid.merged if span.right > span.left}
    several = len(header.texts) > 1
    skipped: set[int] = set()
    noted = False
    for number in below:
        own = grid.rows[number]
        column, first = min(own.items())
        needed = [own[one] for one in required if one in own and one != column]
        lone = len(own) == 1
        note = not needed and _NOTE.fullmatch(first) is not None
        total = any(_TOTAL.fullmatch(text) for text in needed) or (
            _TOTAL.fullmatch(first) is not None and all(text.isdecimal() for text in needed)
        )
        title = lone and several and (number, column) in wide
        goes_on = lone and noted and (several or _SENTENCE.match(first) is not None)
        again = all(own.get(one) == header.texts[one] for one in required)
        # Notes go on in rows with nothing else; a record ends them.
        noted = note or (noted and lone)
        if note or total or title or goes_on or again:
            skipped.add(number)
    for number in reversed(below):
        if number not in skipped:
            if len(grid.rows[number]) > 1 or any(full[number].get(one) for one in required):
                break
            skipped.add(number)
    return skipped


def _first_rows(grid: Grid, required: Sequence[int]) -> dict[int, int]:
    """For each later row of a record whose required cells are merged over several rows, the first of them."""
    tops: dict[int, list[int]] = {}
    for span in grid.merged:
        for number in range(span.top + 1, span.bottom + 1):
            if number in grid.rows:
                its = tops.setdefault(number, [])
                its.extend(span.top for column in required if span.left <= column <= span.right)
    return {number: its[0] for number, its in tops.items() if len(its) == len(required) and len(set(its)) == 1}


def _rows(place: Where, body: _Body, spoilt: set[int], problems: list[Problem]) -> Iterator[Row]:
    header = body.header
    ids, known, extras = header.ids, header.known, header.extras
    for number, texts in body.cells.items():
        where = replace(place, row=number)
        blank = [column for column in body.required if not plain(texts.get(column, ""))]
        problems.extend(Problem(replace(where, column=header.texts[one]), message("tables.blank")) for one in blank)
        if not blank and number not in spoilt:
            cells = {id_: plain(texts.get(column, "")) for column, id_ in ids.items()}
            yield Row(where, known, cells, {text: texts.get(column, "") for column, text in extras.items()})


def _spoilt(grid: Grid, body: _Body) -> dict[tuple[int, int], str]:
    """Cells of records whose value can't be known, by row and column number."""
    ids, top, skipped = body.header.ids, body.header.bottom, set(body.skipped)
    return {
        (number, column): how
        for (number, column), how in sorted(grid.spoilt.items())
        # What merely passes through may show its #N/A; a formula in place of its value would be nonsense.
        if number > top and number not in skipped and (how == "formula" or column in ids)
    }


def _spoilt_problems(place: Where, grid: Grid, body: _Body, spoilt: Mapping[tuple[int, int], str]) -> Iterator[Problem]:
    """Each kind told once a column: a formula copied down a column is one thing to mend."""
    rows: dict[tuple[int, str], list[int]] = {}
    for (number, column), how in spoilt.items():
        rows.setdefault((column, how), []).append(number)
    for (column, how), its in rows.items():
        where = replace(place, row=its[0], column=body.header.texts.get(column))
        values = {"found": grid.rows[its[0]][column], "rows": _ranges(its)}
        yield Problem(where, Message("tables.formula" if how == "formula" else "tables.error_value", values))


def _ranges(numbers: Sequence[int]) -> str:
    """Row numbers in ascending order as text, runs drawn together: 5–7, 9."""
    breaks = [0, *(at for at, (a, b) in enumerate(pairwise(numbers), 1) if b != a + 1), len(numbers)]
    runs = [(numbers[start], numbers[stop - 1]) for start, stop in pairwise(breaks)]
    return ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in runs)
