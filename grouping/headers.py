"""The header of a table: which row it is, which column means what, and what is wrong with it."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from openpyxl.utils import get_column_letter
from rapidfuzz import fuzz, process

from grouping.errors import Problem, Where
from grouping.grids import Grid
from grouping.messages import Message, message
from grouping.sites import Remark

_HEADER_DEPTH = 30
"""How many rows with content are looked at for a header."""
_NEAR = 75
"""From which likeness (rapidfuzz ratio) on an unknown header may be a known one misspelt."""
_BEGINNING = (4, 2)
"""From so many characters on it may be one cut short: in Latin letters, in Chinese."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column to look for: ``headers`` are its names, the Chinese one first, then the English, then synonyms.

    Where a table has two columns for one id, the one whose name comes first here is taken.
    """

    id: str
    headers: tuple[str, ...]
    required: bool = False


@dataclass(frozen=True, slots=True)
class Header:
    """Rows up to ``bottom`` that name the columns: ``texts`` by column number, ``claims`` the ids they may mean.

    A claim is a column id with the position of the name among the names of that id.
    """

    bottom: int = 0
    texts: Mapping[int, str] = field(default_factory=dict)
    claims: Mapping[int, tuple[str, int]] = field(default_factory=dict)

    @property
    def ids(self) -> dict[int, str]:
        """The id by column number, each id once: for the claim with the best name."""
        best: dict[str, tuple[int, int]] = {}
        for column, (id_, position) in self.claims.items():
            best[id_] = min(best.get(id_, (position, column)), (position, column))
        return {column: id_ for id_, (_, column) in best.items()}

    @property
    def known(self) -> dict[str, str]:
        """The header, as written, by id."""
        return {id_: self.texts[column] for column, id_ in self.ids.items()}

    @property
    def extras(self) -> dict[int, str]:
        """The headers of the other columns by column number, each with a name of its own."""
        ids = self.ids
        names: dict[int, str] = {}
        for column, text in sorted(self.texts.items()):
            if column not in ids:
                # Two columns 备注 both pass through, so the second one needs a name of its own.
                taken = {*names.values(), *(self.texts[one] for one in ids)}
                names[column] = text if text not in taken else f"{text} ({get_column_letter(column)})"
        return names

    def with_unnamed(self, columns: Iterable[int]) -> Header:
        """The header with those of ``columns`` that it has no text for, named by their letters."""
        unnamed = {column: get_column_letter(column) for column in columns if column not in self.texts}
        return replace(self, texts={**self.texts, **unnamed})


class Lexicon:
    """Which header means which column."""

    def __init__(self, columns: Sequence[Column]) -> None:
        """Take the names of ``columns``."""
        self.columns = {column.id: column for column in columns}
        self.required = [column.id for column in columns if column.required]
        self._claims = {
            folded(header): (column.id, position)
            for column in reversed(columns)
            for position, header in reversed(list(enumerate(column.headers)))
        }

    def claim(self, text: str) -> tuple[str, int] | None:
        """The id that a header means, and the position of its name among the names of that id."""
        if (whole := self._claims.get(folded(text))) is not None:
            return whole
        # 名称/Name, 名称 Name, 省/自治区: several names of one column.
        parts = [part for part in re.split(r"[/／|、\n]|(?<=[\u4e00-\u9fff])\s*(?=[A-Za-z])", text) if folded(part)]
        claims = [claim for part in parts if (claim := self._claims.get(folded(part)))]
        return min(claims) if len(claims) == len(parts) and len({id_ for id_, _ in claims}) == 1 else None

    def claims(self, texts: Mapping[int, str]) -> dict[int, tuple[str, int]]:
        """The claims of a row, by column number."""
        return {column: claim for column, text in sorted(texts.items()) if (claim := self.claim(text))}

    def complete(self, header: Header) -> bool:
        """Whether ``header`` has all the required columns."""
        return set(self.required) <= set(header.known)

    def rank(self, header: Header) -> tuple[bool, int]:
        """How much a row looks like a header; more is better."""
        return self.complete(header), len(header.known)

    def near(self, text: str, among: Sequence[str]) -> list[str]:
        """The first names of columns among ``among``: what ``text`` may be a misspelling of, or else begins like."""
        names = {folded(name): self.columns[id_].headers[0] for id_ in among for name in self.columns[id_].headers}
        begin = folded(text)
        if (best := process.extractOne(begin, list(names), scorer=fuzz.ratio, score_cutoff=_NEAR)) is not None:
            return [names[best[0]]]
        enough = len(begin) >= (_BEGINNING[0] if begin.isascii() else _BEGINNING[1])
        may_be = list(dict.fromkeys(names[name] for name in names if enough and name.startswith(begin)))
        # Of 意向项目, 意向项目1, 意向项目2 … the first says it.
        return [name for name in may_be if not any(name != one and name.startswith(one) for one in may_be)]


def find_header(grid: Grid, lexicon: Lexicon) -> Header:
    """The row that names most columns, with all required ones if any row has them; without claims if none does."""
    rows = filled(grid, sideways=True)
    best = Header()
    for number in sorted(grid.rows)[:_HEADER_DEPTH]:
        header = Header(number, rows[number], lexicon.claims(rows[number]))
        if lexicon.rank(header) > lexicon.rank(best):
            best = header
    if not best.claims:
        return best
    top, bottom = best.bottom, best.bottom
    if _goes_on(grid, rows, bottom, lexicon):
        bottom += 1
    elif _goes_on(grid, rows, top - 1, lexicon):
        top -= 1
    heading = [number for number in range(top, bottom + 1) if number in rows]
    # A header merged over columns names those that something stands in.
    used = {column for number, cells in grid.rows.items() if number >= top for column in cells}
    texts: dict[int, str] = {}
    for column in sorted(used):
        parts = list(dict.fromkeys(rows[number][column] for number in heading if column in rows[number]))
        if parts:
            whole = parts[-1] if lexicon.claim(parts[-1]) else " ".join(parts)
            texts[column] = " ".join(whole.split())
    return Header(bottom, texts, lexicon.claims(texts))


def _goes_on(grid: Grid, rows: Mapping[int, Mapping[int, str]], number: int, lexicon: Lexicon) -> bool:
    """Whether the header that has row ``number`` in it goes on in the next row: 所在地区 above 省, 市, 区县."""
    if number not in rows or number + 1 not in grid.rows:
        return False
    known = lexicon.claims(rows[number])
    if any(span.top <= number < span.bottom and span.left in known for span in grid.merged):
        return True
    below = lexicon.claims(grid.rows[number + 1])
    required = {column for column, (id_, _) in known.items() if id_ in lexicon.required}
    return (
        bool(required)
        and len(below) >= 2
        and len(below) == len(grid.rows[number + 1])
        and required.isdisjoint(below)
        and lexicon.complete(Header(number, rows[number], known))
    )


def filled(grid: Grid, *, sideways: bool) -> dict[int, dict[int, str]]:
    """The rows with merged cells counting for each row they cover, and for each column if ``sideways``."""
    rows = {number: dict(cells) for number, cells in grid.rows.items()}
    widest = max((column for cells in grid.rows.values() for column in cells), default=0)
    for span in grid.merged:
        text = grid.rows.get(span.top, {}).get(span.left)
        if text is None:
            continue
        right = min(span.right, widest) if sideways else span.left
        for number in range(span.top, span.bottom + 1):
            if number in rows:
                rows[number] |= dict.fromkeys(range(span.left, right + 1), text)
    return rows


def header_problems(place: Where, grid: Grid, header: Header, lexicon: Lexicon) -> Iterator[Problem]:
    """No header at all, required columns missing, columns given twice."""
    wanted = {id_: lexicon.columns[id_].headers for id_ in lexicon.required}
    if not header.claims:
        first = min(grid.rows)
        # Without a header nobody knows which cells are about people, so only the first one is shown.
        shown = next(iter(grid.rows[first].values()))[:20]
        expected = [names[0] for names in wanted.values()]
        yield Problem(replace(place, row=first), message("tables.no_header", found=shown, expected=expected))
        return
    row = replace(place, row=header.bottom)
    for id_, names in wanted.items():
        if id_ not in header.known:
            yield Problem(row, _missing_column(names, list(header.extras.values())))
    for claim, count in Counter(header.claims.values()).items():
        id_, position = claim
        if count > 1 and min(pos for one, pos in header.claims.values() if one == id_) == position:
            letters = [get_column_letter(column) for column, its in header.claims.items() if its == claim]
            yield Problem(
                replace(row, column=header.known[id_]),
                message("tables.repeated_column", header=lexicon.columns[id_].headers[0], letters=letters),
            )


def _missing_column(names: Sequence[str], others: Sequence[str]) -> Message:
    values = {"header": names[0], "synonyms": list(names[1:4]), "found": list(others)}
    scores = [(max(fuzz.ratio(folded(one), folded(name)) for name in names), one) for one in others]
    near = max(scores, key=lambda entry: entry[0], default=(0.0, ""))
    if near[0] >= 40:
        return Message("tables.missing_column_near", {**values, "near": near[1]})
    return Message("tables.missing_column" if others else "tables.missing_column_alone", values)


def header_remarks(place: Where, header: Header, lexicon: Lexicon) -> Iterator[Remark]:
    """Columns that were not taken although they look like one that is known."""
    ids, row = header.ids, replace(place, row=header.bottom)
    for column, (id_, _) in header.claims.items():
        if column not in ids:
            what = message("tables.second_column", taken=header.known[id_])
            yield Remark(replace(row, column=header.extras[column]), "", what)
    lacking = [id_ for id_ in lexicon.columns if id_ not in header.known]
    for column, text in header.extras.items():
        if column not in header.claims and (near := lexicon.near(text, lacking)):
            key = "tables.near_header" if len(near) == 1 else "tables.near_headers"
            yield Remark(replace(row, column=text), "", message(key, near=near))


# --- Text ---------------------------------------------------------------------------------------------

_HALF_WIDTH = {
    code: code - 0xFEE0 for span in ("０９", "ＡＺ", "ａｚ") for code in range(ord(span[0]), ord(span[1]) + 1)
}
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad"))


def plain(text: str) -> str:
    """``text`` with half-width digits and letters, single plain spaces and nothing invisible.

    Chinese punctuation stays: 社区学院（东区） is a name.
    """
    lines = text.translate(_HALF_WIDTH).translate(_INVISIBLE).splitlines()
    return "\n".join(line for line in (" ".join(line.split()) for line in lines) if line)


_NOTE = re.compile(r"\([^()]*\)|\[[^\]]*\]|【[^】]*】|〔[^〕]*〕|〈[^〉]*〉")
_TRIFLES = re.compile(r"[\s*※_:\-\"'“”]+")


def folded(text: str) -> str:
    """``text`` as it is compared: no width, case, white space, bracketed note, asterisk or underscore.

    Where nothing else is left, a note is the text: （否） means 否.
    """
    text = _compatible(text)
    return _TRIFLES.sub("", _NOTE.sub("", text)) or "".join(notes(text))


def notes(text: str) -> list[str]:
    """What stands in brackets in ``text``, each as :func:`folded` has it."""
    return [_TRIFLES.sub("", note[1:-1]) for note in _NOTE.findall(_compatible(text))]


def without_notes(text: str) -> str:
    """``text`` as it is written, without what stands in brackets."""
    return " ".join(_NOTE.sub("", unicodedata.normalize("NFKC", text)).split())


def _compatible(text: str) -> str:
    return unicodedata.normalize("NFKC", text).translate(_INVISIBLE).casefold()
