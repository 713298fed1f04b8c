"""Files as grids of text: what an office's .xlsx or .csv shows on the screen, cell by cell.

Nothing here knows what a column means; :mod:`grouping.tables` finds the table in the grid.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import openpyxl
from rapidfuzz import fuzz, process

from grouping.errors import InputError, Problem, Where
from grouping.messages import Message, message

_WORKBOOKS = (".xlsx", ".xlsm")
_TEXTS = (".csv", ".tsv", ".txt")
_OTHER_WORKBOOKS = (".xls", ".xlsb", ".et", ".ods", ".numbers")
_DOCUMENTS = (".doc", ".docx", ".wps", ".pdf", ".png", ".jpg", ".jpeg", ".rtf")

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
"""A workbook with a password is an OLE file that holds a stream of this name (MS-OFFCRYPTO, 2.3.4.4)."""


@dataclass(frozen=True, slots=True)
class Span:
    """A block of merged cells; rows and columns count from 1, ends included."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True, slots=True)
class Grid:
    """One sheet. ``rows`` maps row number to column number to text, without blank cells.

    ``spoilt`` are cells whose value Excel did not store ("formula") or that hold an error value ("error").
    ``hidden`` counts rows with content that a filter hides.
    """

    sheet: str | None
    rows: Mapping[int, Mapping[int, str]]
    merged: tuple[Span, ...] = ()
    spoilt: Mapping[tuple[int, int], Literal["formula", "error"]] = field(default_factory=dict)
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class Source:
    """A file's bytes as grids. A .csv gives a grid for each delimiter that it may be meant with."""

    file: str
    sha256: str
    grids: tuple[Grid, ...]


def read_grids(path: Path) -> Source:
    """Read every visible sheet of ``path``.

    Raises:
        InputError: the file is missing, of another type, damaged, locked, or its encoding is unknown.
    """
    content = _bytes(path)
    suffix = path.suffix.lower()
    if suffix in _WORKBOOKS or content.startswith((_ZIP, _OLE)):
        grids = _workbook(path, content)
    elif suffix in _TEXTS:
        grids = _delimited(path, content)
    else:
        raise _failure(path, _unsupported(suffix))
    if not any(grid.rows for grid in grids):
        raise _failure(path, message("tables.empty"))
    return Source(path.name, hashlib.sha256(content).hexdigest(), grids)


def _failure(path: Path, what: Message) -> InputError:
    return InputError([Problem(Where(path.name), what)])


def _unsupported(suffix: str) -> Message:
    if suffix in _OTHER_WORKBOOKS:
        return message("tables.other_workbook", suffix=suffix)
    if suffix in _DOCUMENTS:
        return message("tables.document", suffix=suffix)
    return message("tables.unsupported", suffix=suffix or "—")


def _bytes(path: Path) -> bytes:
    suffix = path.suffix.lower()
    if suffix in _OTHER_WORKBOOKS + _DOCUMENTS and path.is_file():
        raise _failure(path, _unsupported(suffix))
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise InputError([Problem(Where(str(path)), _missing(path))]) from None
    except IsADirectoryError:
        raise InputError([Problem(Where(str(path)), message("tables.folder"))]) from None
    except OSError:
        raise _failure(path, message("tables.locked")) from None
    if not content.strip():
        raise _failure(path, message("tables.empty"))
    return content


def _missing(path: Path) -> Message:
    if not path.parent.is_dir():
        return message("tables.no_folder", folder=str(path.parent))
    present = sorted(
        entry.name
        for entry in path.parent.iterdir()
        if entry.suffix.lower() in _WORKBOOKS + _TEXTS and not entry.name.startswith(("~$", "."))
    )
    near = [name for name, _, _ in process.extract(path.name, present, scorer=fuzz.ratio, limit=3, score_cutoff=50)]
    return message("tables.missing_near", near=near) if near else message("tables.missing")


# --- Excel ---------------------------------------------------------------------------------------------


def _workbook(path: Path, content: bytes) -> tuple[Grid, ...]:
    if content.startswith(_OLE):
        raise _failure(path, message("tables.password" if _ENCRYPTED in content else "tables.renamed_xls"))
    formulas = _load(path, content, values=False)
    has_formulas = any(cell.data_type == "f" for sheet in formulas.worksheets for cell in _cells(sheet))
    values = _load(path, content, values=True) if has_formulas else formulas
    grids = [_sheet(sheet, formulas[sheet.title]) for sheet in values.worksheets if sheet.sheet_state == "visible"]
    if not grids:
        raise _failure(path, message("tables.empty"))
    return tuple(grids)


def _load(path: Path, content: bytes, *, values: bool) -> Any:
    try:
        with warnings.catch_warnings():
            # openpyxl warns of styles and drop-downs that it would lose on saving; nothing is saved here.
            warnings.simplefilter("ignore")
            return openpyxl.load_workbook(io.BytesIO(content), data_only=values)
    except Exception:
        # A damaged workbook makes zipfile, the XML parser and openpyxl raise whatever they met first.
        raise _failure(path, message("tables.damaged")) from None


def _cells(sheet: Any) -> list[Any]:
    # iter_rows would make every cell up to a stray one in row 1,048,576; only those stored are wanted.
    return [sheet._cells[place] for place in sorted(sheet._cells)]


def _sheet(sheet: Any, formulas: Any) -> Grid:
    rows: dict[int, dict[int, str]] = {}
    spoilt: dict[tuple[int, int], Literal["formula", "error"]] = {}
    for cell in _cells(sheet):
        place = (cell.row, cell.column)
        text = _shown(cell.value, getattr(cell, "number_format", "General"))
        if cell.value is None and (formula := formulas._cells[place]).data_type == "f":
            spoilt[place] = "formula"
            text = str(getattr(formula.value, "text", formula.value))
        elif getattr(cell, "data_type", "") == "e":
            spoilt[place] = "error"
        if text:
            rows.setdefault(cell.row, {})[cell.column] = text
    spans = sorted((span.min_row, span.min_col, span.max_row, span.max_col) for span in sheet.merged_cells.ranges)
    hidden = sum(bool(sheet.row_dimensions[row].hidden) for row in rows if row in sheet.row_dimensions)
    return Grid(sheet.title, rows, tuple(Span(*span) for span in spans), spoilt, hidden)


def _shown(value: Any, number_format: str) -> str:
    """A cell's value as text, without what Excel's storage adds: 110101.0 is 110101, a date is ISO text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        moment = value.isoformat(sep=" ", timespec="seconds")
        return moment.removesuffix(" 00:00:00").removesuffix(":00") if value.time() != time() else moment[:10]
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, int | float):
        return _number(value, number_format)
    return trimmed(str(value).replace("_x000D_", ""))


def _number(value: float, number_format: str) -> str:
    if "%" in number_format:
        return _plain_digits(value * 100) + "%"
    if re.fullmatch("0{2,}", number_format) and value == int(value) >= 0:
        return f"{int(value):0{len(number_format)}d}"
    return _plain_digits(value)


def _plain_digits(value: float) -> str:
    if value == int(value):
        return str(int(value))
    # Excel keeps 15 significant digits; more would show 116.40000000000001 where the office wrote 116.4.
    return format(Decimal(f"{value:.15g}"), "f")


def trimmed(text: str) -> str:
    """``text`` without white space around it (full-width too) and with line feeds as the only line ends."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip().strip("\ufeff\u200b").strip()


# --- Delimited text ------------------------------------------------------------------------------------


def _delimited(path: Path, content: bytes) -> tuple[Grid, ...]:
    text = decoded(content)
    if text is None:
        raise _failure(path, message("tables.encoding"))
    try:
        list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        if "unexpected end" in str(error):
            raise _failure(path, message("tables.open_quote")) from None
    grids = []
    for delimiter in ",;\t":
        try:
            records = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
        except csv.Error:
            raise _failure(path, message("tables.damaged_csv")) from None
        rows = {}
        for number, record in enumerate(records, 1):
            cells = {column: _unquoted(cell) for column, cell in enumerate(record, 1)}
            if filled := {column: cell for column, cell in cells.items() if cell}:
                rows[number] = filled
        grids.append(Grid(None, rows))
    return tuple(grids)


def decoded(content: bytes) -> str | None:
    """The text of a file in UTF-8, or as Excel writes it in Chinese or as Unicode; None where it is in no such code."""
    wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if "\0" in text else text
    return None


def _unquoted(cell: str) -> str:
    # ="0512" is how exports keep Excel from reading a code as a number.
    found = re.fullmatch(r'="([^"]*)"', cell.strip())
    return trimmed(found[1] if found else cell)
