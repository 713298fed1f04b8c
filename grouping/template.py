"""Empty tables to fill in: the application list, or the links between its sites, with drop-downs and an example."""

from __future__ import annotations

import io
import math
import os
import tempfile
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import xlsxwriter

from grouping.errors import InputError, Problem, Where
from grouping.levels import Level
from grouping.messages import Lang, Message, message, say
from grouping.themes import themes
from grouping.vocabulary import COLUMNS

Kind = Literal["list", "links"]
_LANG_AT: Mapping[Lang, int] = {"zh": 0, "en": 1}
_ROWS = 2000
"""How many rows below the header have drop-downs."""
_NOTE_WIDTH = 90
"""How wide the notes are, in characters of half width."""
_FONT = {"font_name": "Microsoft YaHei", "font_size": 11, "valign": "vcenter"}


@dataclass(frozen=True, slots=True)
class _Field:
    """A column of a template. Pairs are Chinese and English; ``choices`` make its drop-down."""

    headers: tuple[str, str]
    about: Message
    width: int
    required: bool = False
    choices: tuple[tuple[str, str], ...] = ()
    between: tuple[float, float] | None = None
    text: bool = True


@dataclass(frozen=True, slots=True)
class _Template:
    """``example`` holds rows as long as ``fields``; a pair in it is Chinese and English."""

    file: Message
    sheet: Message
    fields: tuple[_Field, ...]
    example: tuple[tuple[str | float | tuple[str, str], ...], ...]
    notes: tuple[Message, ...]


def template_name(kind: Kind = "list", lang: Lang = "zh") -> str:
    """The file name of a template when none is given."""
    return _TEMPLATES[kind].file.text(lang)


def write_template(path: str | Path, kind: Kind = "list", lang: Lang = "zh", *, force: bool = False) -> Path:
    """Write an empty application list, or an empty list of links, to fill in.

    The sheet to fill in has drop-downs and a comment on every header; two more sheets explain the columns and show
    an example, and are not read.

    Raises:
        InputError: ``path`` is no .xlsx, its folder is missing, or it is there already and ``force`` is not set.

    """
    path = Path(path)
    if (wrong := _refusal(path, force)) is not None:
        raise InputError([Problem(Where(str(path)), wrong)])
    _replace(path, _content(_TEMPLATES[kind], lang))
    return path


def _refusal(path: Path, force: bool) -> Message | None:
    if path.is_dir():
        return message("template.folder")
    if path.suffix.lower() != ".xlsx":
        return message("template.suffix", name=f"{path.stem or path.name}.xlsx")
    if not path.parent.is_dir():
        return message("template.no_folder", folder=str(path.parent))
    if path.exists() and not force:
        return message("template.exists")
    return None


def _replace(path: Path, content: bytes) -> None:
    """Put ``content`` at ``path`` whole or not at all."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError:
        raise InputError([Problem(Where(str(path)), message("template.not_writable"))]) from None
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        # A temporary file is for its owner alone; the list is for whoever the folder is for.
        part.chmod(0o644)
        part.replace(path)
    except OSError:
        raise InputError([Problem(Where(str(path)), message("template.not_writable"))]) from None
    finally:
        part.unlink(missing_ok=True)


# --- The workbook --------------------------------------------------------------------------------------


def _content(template: _Template, lang: Lang) -> bytes:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        _write_sheet(book, template, lang, template.sheet.text(lang), ())
        _write_notes(book, template, lang)
        _write_sheet(book, template, lang, say("template.example_sheet", lang), template.example)
    return stream.getvalue()


def _write_sheet(
    book: Any, template: _Template, lang: Lang, name: str, rows: Sequence[Sequence[str | float | tuple[str, str]]]
) -> None:
    sheet = book.add_worksheet(name)
    at = _LANG_AT[lang]
    styles = {required: _header_style(book, required) for required in (True, False)}
    text, number = book.add_format(_FONT | {"num_format": "@"}), book.add_format(_FONT)
    sheet.freeze_panes(1, 0)
    _fit_page(sheet)
    sheet.set_row(0, 24)
    for column, its in enumerate(template.fields):
        sheet.set_column(column, column, its.width, text if its.text else number)
        sheet.write_string(0, column, its.headers[at], styles[its.required])
        sheet.write_comment(0, column, its.about.text(lang), {"x_scale": 2, "author": ""})
        if (validation := _validation(its, lang)) is not None:
            sheet.data_validation(1, column, _ROWS, column, validation)
        for row, cells in enumerate(rows, 1):
            cell = cells[column]
            value = cell[at] if isinstance(cell, tuple) else cell
            if value != "":
                sheet.write(row, column, value, text if its.text else number)


def _header_style(book: Any, required: bool) -> Any:
    fill = {"bg_color": "#FFE699"} if required else {"bg_color": "#DDEBF7"}
    return book.add_format(_FONT | {"bold": True, "border": 1, "align": "center", "num_format": "@"} | fill)


def _validation(its: _Field, lang: Lang) -> dict[str, Any] | None:
    if its.choices:
        words = [choice[_LANG_AT[lang]] for choice in its.choices]
        error = say("template.choose", lang, choices=words)
        return {"validate": "list", "source": words, "error_message": error}
    if its.between is not None:
        low, high = its.between
        error = say("template.between", lang, low=low, high=high)
        return {"validate": "decimal", "criteria": "between", "minimum": low, "maximum": high, "error_message": error}
    return None


def _write_notes(book: Any, template: _Template, lang: Lang) -> None:
    sheet = book.add_worksheet(say("template.notes_sheet", lang))
    plain, bold = (book.add_format(_FONT | {"text_wrap": True} | more) for more in ({}, {"bold": True}))
    sheet.set_column(0, 0, 18)
    sheet.set_column(1, 1, _NOTE_WIDTH)
    _fit_page(sheet)
    for row, note in enumerate(template.notes):
        sheet.merge_range(row, 0, row, 1, note.text(lang), plain)
        sheet.set_row(row, _height(note.text(lang)))
    top = len(template.notes) + 1
    for row, its in enumerate(template.fields, top):
        sheet.write_string(row, 0, its.headers[_LANG_AT[lang]], bold)
        about = (say("template.required", lang) if its.required else "") + its.about.text(lang)
        sheet.write_string(row, 1, about, plain)
        sheet.set_row(row, _height(about))


def _fit_page(sheet: Any) -> None:
    """For printing: all columns on one page, A4 lying."""
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)


def _height(text: str) -> float:
    """The height in points that ``text`` takes when wrapped; LibreOffice and WPS do not find it themselves."""
    columns = sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
    return 18.0 * math.ceil(columns / (_NOTE_WIDTH - 6))


# --- What is in them -----------------------------------------------------------------------------------

_HEADERS = {column.id: (column.headers[0], column.headers[1]) for column in COLUMNS}
_LEVELS = tuple((say(f"level.{level}", "zh"), level.value) for level in Level)
_PROVINCE, _PREFECTURE, _COUNTY, _TOWNSHIP = _LEVELS
_STATUSES = (("已批准", "approved"), ("待审", "pending"), ("未通过", "rejected"), ("退出", "withdrawn"))
_ADMITTED, _PENDING, *_ = _STATUSES
_YES_NO = (("是", "yes"), ("否", "no"))
_YES, _NO = _YES_NO
_PAPERS = ("待补材料", "papers to follow")

_LIST = _Template(
    file=message("template.list_file"),
    sheet=message("template.list_sheet"),
    notes=(message("template.list_note"), message("template.more_columns"), message("template.not_read")),
    fields=(
        _Field(_HEADERS["id"], message("template.id"), 10),
        _Field(_HEADERS["name"], message("template.name"), 28, required=True),
        _Field(_HEADERS["level"], message("template.level"), 12, choices=_LEVELS),
        _Field(_HEADERS["division"], message("template.division"), 34),
        _Field(_HEADERS["adcode"], message("template.adcode"), 14),
        _Field(_HEADERS["lon"], message("template.lon"), 11, between=(73, 136), text=False),
        _Field(_HEADERS["lat"], message("template.lat"), 11, between=(3, 54), text=False),
        _Field(_HEADERS["status"], message("template.status"), 12, choices=_STATUSES),
        _Field(_HEADERS["can_lead"], message("template.can_lead"), 12, choices=_YES_NO),
        _Field(_HEADERS["demonstration"], message("template.demonstration"), 12, choices=_YES_NO),
        _Field(_HEADERS["themes"], message("template.themes", themes=list(themes().values())), 30),
        _Field(_HEADERS["wishes"], message("template.wishes"), 30),
        _Field(("备注", "remarks"), message("template.remarks"), 24),
    ),
    example=(
        (
            "A01",
            "上城示例社区学院",
            _COUNTY,
            "浙江省杭州市上城区",
            "",
            "",
            "",
            _ADMITTED,
            _YES,
            _YES,
            "学习共同体建设；互联网+社区教育",
            "鼓楼示例社区学院",
            "",
        ),
        (
            "A02",
            "鼓楼示例社区学院",
            _COUNTY,
            "江苏省南京市鼓楼区",
            "320106",
            "",
            "",
            _ADMITTED,
            _NO,
            "",
            "学习共同体建设",
            "",
            "",
        ),
        (
            "A03",
            "苏州示例开放大学",
            _PREFECTURE,
            "江苏省苏州市",
            "",
            120.585,
            31.299,
            _PENDING,
            "",
            "",
            "",
            "",
            _PAPERS,
        ),
        (
            "A04",
            "延庆示例成人学校",
            _COUNTY,
            "北京市延庆区",
            "",
            "",
            "",
            _ADMITTED,
            _YES,
            "",
            "不限",
            "",
            "",
        ),
    ),
)

_LINKS = _Template(
    file=message("template.links_file"),
    sheet=message("template.links_sheet"),
    notes=(message("template.links_note"), message("template.not_read")),
    fields=(
        _Field(("甲", "a"), message("template.link_a"), 28, required=True),
        _Field(("乙", "b"), message("template.link_b"), 28, required=True),
        _Field(
            ("类型", "kind"),
            message("template.link_kind"),
            16,
            required=True,
            choices=(("东西部结对", "pairing"), ("对口支援", "counterpart"), ("意向", "wish"), ("回避", "avoid")),
        ),
        _Field(
            ("强度", "strength"), message("template.link_strength"), 12, choices=(("优先", "should"), ("必须", "must"))
        ),
        _Field(("权重", "km"), message("template.link_km"), 12, between=(0, 1_000_000), text=False),
    ),
    example=(
        ("上城示例社区学院", "延庆示例成人学校", ("东西部结对", "pairing"), ("必须", "must"), ""),
        ("A01", "A02", ("意向", "wish"), ("优先", "should"), 80),
    ),
)
_TEMPLATES: Mapping[Kind, _Template] = {"list": _LIST, "links": _LINKS}
