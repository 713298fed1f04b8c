"""Tables as sheets of a workbook, all of one look: for reading, sorting and printing in an office."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from grouping.messages import Lang, Message, say


class Degrees(float):
    """A coordinate, shown with four decimals."""


class Fraction(float):
    """A fraction, shown as a percentage."""


class Setting(float):
    """A number that somebody set, shown as it was set."""


Cell = str | int | float | bool | None

_MADE = datetime(2000, 1, 1)
"""A fixed date of creation: the same grouping gives the same bytes."""
_FONT = {"font_name": "Microsoft YaHei", "font_size": 10, "font_scheme": "none"}
"""Comes with Windows and with Office for macOS; where it lacks, any other Chinese sans serif takes its place."""
_BANDS = ("#DCE9F7", "#FBE5D6", "#E2F0D9", "#FFF2CC", "#E4DFEC", "#DDEFEF")
_NARROWEST = 7
"""No column is narrower; characters, as all widths."""
_ROOM = 3
"""What a cell's indent and edges take of its column's width."""
_BUTTON = 2
"""What the button of a filter takes."""
_LINE = 17.0
"""The height of a line of text; points."""
_A4 = 9
_MARGINS = {"left": 0.4, "right": 0.4, "top": 0.5, "bottom": 0.6}
"""Inches."""
_FOOTER = "&L&A&R&P / &N"
"""Excel's codes: the sheet's name on the left, page and number of pages on the right."""


@dataclass(frozen=True, slots=True)
class Table:
    """A header and rows. ``band`` gives the colour band of a row, as a number; ``filtered`` puts a filter on it.

    Columns that would be wider than ``widest`` wrap their text. ``notes`` are rows below that the header is not for:
    their texts may run over the cells beside them. Only the first columns are ``printed``, if it says how many.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    band: Callable[[int], int] | None = None
    filtered: bool = True
    widest: int = 60
    notes: tuple[tuple[Cell, ...], ...] = field(default=())
    printed: int | None = None


@contextmanager
def workbook(path: Path, title: Message, lang: Lang) -> Iterator[Sheets]:
    """A new workbook at ``path``. Text stays text: nothing from the lists is ever taken for a formula or a link."""
    texts = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with Workbook(str(path), {**texts, "default_format_properties": dict(_FONT)}) as book:
        book.set_properties({"title": title.text(lang), "created": _MADE})
        yield Sheets(book, lang)


class Sheets:
    """Writes tables into sheets: a frozen bold header with a filter, columns as wide as their text, ready for A4."""

    def __init__(self, book: Workbook, lang: Lang) -> None:
        """Take the workbook to add sheets to, and the language of what is said in them."""
        self._book = book
        self._lang = lang
        head = {"bold": True, "bg_color": "#404040", "font_color": "#FFFFFF", "valign": "vcenter", "text_wrap": True}
        self._head = book.add_format({**head, "align": "left", "indent": 1})
        # The button of the filter would hide what is at the right end.
        self._head_of_numbers = book.add_format({**head, "align": "center"})
        self._plain = _formats(book, None)
        self._bands = [_formats(book, colour) for colour in _BANDS]
        self._note = _formats(book, None, wrapped=False)

    def add(self, name: Message, table: Table) -> None:
        """Write ``table`` into a new sheet."""
        sheet = self._book.add_worksheet(name.text(self._lang))
        widths = [self._column(sheet, column, table) for column in range(len(table.header))]
        self._row(sheet, 0, list(zip(table.header, widths, strict=True)))
        for number, row in enumerate(table.rows, 1):
            looks = self._bands[table.band(number - 1) % len(_BANDS)] if table.band else self._plain
            for column, cell in enumerate(row):
                _write(sheet, number, column, cell, self._text(cell), looks)
            self._row(sheet, number, [(self._text(cell), width) for cell, width in zip(row, widths, strict=False)])
        for number, row in enumerate(table.notes, len(table.rows) + 1):
            for column, cell in enumerate(row):
                _write(sheet, number, column, cell, self._text(cell), self._note)
        sheet.freeze_panes(1, 0)
        if table.rows and table.filtered:
            sheet.autofilter(0, 0, len(table.rows), len(table.header) - 1)
        # Codes are text on purpose; Excel need not flag every one of them.
        sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{len(table.rows) + 1}"})
        sheet.set_paper(_A4)
        sheet.set_landscape()
        sheet.set_margins(**_MARGINS)
        sheet.set_footer(_FOOTER)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        if table.printed is not None:
            sheet.print_area(0, 0, len(table.rows) + len(table.notes), table.printed - 1)

    def _column(self, sheet: Worksheet, column: int, table: Table) -> int:
        """Write the header of a column and make it wide enough; returns the width."""
        text = table.header[column]
        cells = [row[column] for row in table.rows if column < len(row)]
        numbers = any(isinstance(cell, int | float) and not isinstance(cell, bool) for cell in cells)
        sheet.write_string(0, column, text, self._head_of_numbers if numbers else self._head)
        beside = [row[0] for row in table.notes if row] if column == 0 else []
        wanted = [_width(self._text(cell)) for cell in (*cells, *beside)]
        width = max([_NARROWEST, _header_width(text) + _ROOM + _BUTTON, *(one + _ROOM for one in wanted)])
        width = min(width, table.widest)
        sheet.set_column(column, column, width)
        return width

    def _row(self, sheet: Worksheet, number: int, cells: Iterable[tuple[str, int]]) -> None:
        """Make a row high enough for its texts, each in a column so wide."""
        # Excel makes room for wrapped text when it opens a file, but others don't.
        room = _ROOM + (_BUTTON if number == 0 else 0)
        if (lines := max((_lines(text, width - room) for text, width in cells), default=1)) > 1:
            sheet.set_row(number, lines * _LINE)

    def _text(self, cell: Cell) -> str:
        """A cell as it will look, near enough to measure it."""
        if isinstance(cell, bool):
            return say("workbook.yes", self._lang) if cell else say("workbook.no", self._lang)
        if isinstance(cell, Degrees):
            return f"{cell:,.4f}"
        if isinstance(cell, Setting):
            return f"{cell:.10g}"
        if isinstance(cell, float):
            return f"{cell:,.1f}"
        return f"{cell:,}" if isinstance(cell, int) else cell or ""


# --- Cells ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Looks:
    text: Format
    whole: Format
    decimal: Format
    degrees: Format
    fraction: Format
    setting: Format


def _formats(book: Workbook, colour: str | None, *, wrapped: bool = True) -> _Looks:
    common = {"valign": "top"} | ({"bg_color": colour, "border": 1, "border_color": "#D9D9D9"} if colour else {})
    return _Looks(
        text=book.add_format({**common, "text_wrap": wrapped, "align": "left", "indent": 1}),
        whole=book.add_format({**common, "num_format": "#,##0"}),
        decimal=book.add_format({**common, "num_format": "#,##0.0"}),
        degrees=book.add_format({**common, "num_format": "0.0000"}),
        fraction=book.add_format({**common, "num_format": "0.00%"}),
        setting=book.add_format({**common, "num_format": "General"}),
    )


def _write(sheet: Worksheet, row: int, column: int, cell: Cell, text: str, looks: _Looks) -> None:
    if cell is None or cell == "":
        sheet.write_blank(row, column, None, looks.text)
    elif isinstance(cell, bool | str):
        sheet.write_string(row, column, text, looks.text)
    elif isinstance(cell, int):
        sheet.write_number(row, column, cell, looks.whole)
    elif math.isinf(cell):
        sheet.write_string(row, column, "∞", looks.text)
    else:
        kinds = {Degrees: looks.degrees, Fraction: looks.fraction, Setting: looks.setting}
        sheet.write_number(row, column, cell, kinds.get(type(cell), looks.decimal))


# --- Widths --------------------------------------------------------------------------------------------


def _width(text: str) -> int:
    """Columns a text takes in Excel's measure: a Chinese character takes two."""
    lines = text.splitlines() or [""]
    return max(sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in line) for line in lines)


def _header_width(text: str) -> int:
    """How wide a header must be to stand in two lines at most, of which a unit in brackets may be one."""
    breaks = [match.start() for match in re.finditer(r"（| ", text) if match.start()]
    return min([_width(text), *(max(_width(text[:at].strip()), _width(text[at:].strip())) for at in breaks)])


def _lines(text: str, width: int) -> int:
    """How many lines a text takes in so many columns: it breaks between words, and between any Chinese characters."""
    return sum(_lines_of_one(re.findall(r"[!-~]+ *|.", line), width) for line in text.splitlines() or [""])


def _lines_of_one(words: Sequence[str], width: int) -> int:
    lines, used = 1, 0
    for word in words:
        if used and used + _width(word.rstrip()) > width:
            lines, used = lines + 1, 0
        used += _width(word)
        if used > width:
            lines, used = lines + (used - 1) // width, (used - 1) % width + 1
    return lines
