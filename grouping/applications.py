"""The application list: which sites take part, at which level, and where they are.

Every row of the list becomes a site, is left out with a reason, or is a problem.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar

from grouping.errors import InputError, Problem, Where
from grouping.levels import Level
from grouping.messages import Message, message
from grouping.places import Located, Point, division_point, given_point, locate, too_far
from grouping.sites import Applications, Remark, Site
from grouping.tables import Row, Table, folded, notes, read_table, without_notes
from grouping.themes import listed_themes
from grouping.titles import Entry, Standing, standings
from grouping.vocabulary import COLUMNS, LEVEL_WORDS, REFUSALS, STATUS_WORDS, THEME_COLUMNS, YES_WORDS

_Value = TypeVar("_Value")
_PASSED = (
    *("id", "division", "province", "prefecture", "county", "township", "status"),
    *("can_lead", "demonstration", *THEME_COLUMNS, "wishes", "lock", "lock_how"),
)
"""Columns that are understood and have no column of their own in the outputs, where they go through as they are."""
_OPTIONAL = frozenset({"can_lead", "demonstration", *THEME_COLUMNS, "wishes", "lock", "lock_how"})
"""Columns that many a site leaves blank."""
_NO_DIVISION = Located("name", unresolved=message("applications.no_division"))
"""Where the name of a site says another level than its row, it spoke of no division after all."""


def read_applications(
    path: str | Path, *, places: bool = True, on_unresolved: Literal["error", "skip"] = "error"
) -> Applications:
    """Read an application list, an .xlsx or .csv with at least a column 名称|name.

    Args:
        path: the list.
        places: whether sites need a place. They don't where a distance matrix is given; divisions are then
            understood as far as they go, and a list that doesn't say its levels is taken to be of counties.
        on_unresolved: what to do with rows whose division is ambiguous or unknown: an error, or leave them out.

    Raises:
        InputError: with everything that is wrong in the list, by sheet, row and column.

    """
    problems: list[Problem] = []
    table = read_table(path, COLUMNS, problems)
    reading = _Reading(table, places, on_unresolved == "skip", problems, list(table.remarks))
    for row in table.rows:
        reading.read(row)
    reading.set_titles_aside()
    sites = reading.sites()
    if problems:
        raise InputError(problems)
    return Applications(
        sites=tuple(sites),
        left_out=tuple(reading.left_out),
        remarks=tuple(reading.remarks),
        columns=(*_passed(table.columns).values(), *table.extras),
        file=table.file,
        sha256=table.sha256,
    )


def _passed(columns: Mapping[str, str]) -> dict[str, str]:
    """The headers of the understood columns that go through, by column."""
    return {column: columns[column] for column in _PASSED if column in columns}


@dataclass(slots=True)
class _Draft:
    """A row on its way to a site: ``level``, ``point`` and ``can_lead`` as the row gives them, if it does."""

    row: Row
    name: str
    level: Level | None
    point: Point | None
    can_lead: bool | None
    themes: tuple[str, ...]
    located: Located

    @property
    def id(self) -> str:
        return re.sub(r"^(\d+)\.0+$", r"\1", _one_line(self.row.cell("id")))

    @property
    def final_level(self) -> Level | None:
        """The level of the row, else of its division."""
        return self.level or (None if self.located.division is None else self.located.division.level)


@dataclass(slots=True)
class _Reading:
    """What reading a list has come to so far."""

    table: Table
    places: bool
    skip: bool
    problems: list[Problem]
    remarks: list[Remark]
    left_out: list[Remark] = field(default_factory=list)
    drafts: list[_Draft] = field(default_factory=list)

    def read(self, row: Row) -> None:
        """Take one row: a draft, or left out; what is wrong with it goes to the problems."""
        name = _one_line(row.cell("name"))
        if (reason := self._not_admitted(row)) is not None:
            self.left_out.append(Remark(row.where("status"), name, reason))
            return
        level = self._word(row, "level", LEVEL_WORDS, "applications.level_word")
        can_lead = self._word(row, "can_lead", YES_WORDS, "applications.yes_word")
        point = given_point(row, self.problems)
        located = locate(row, name, level)
        self.problems.extend(located.problems)
        self.drafts.append(_Draft(row, name, level, point, can_lead, self._themes(row), located))

    def _themes(self, row: Row) -> tuple[str, ...]:
        """The themes that a row lists; what is unknown goes to the problems."""
        for column in THEME_COLUMNS:
            for unknown in listed_themes([row.cell(column)])[1]:
                what = message("applications.theme", found=unknown.text, near=unknown.near)
                self.problems.append(Problem(row.where(column), what))
        return listed_themes(row.cell(column) for column in THEME_COLUMNS)[0]

    def _not_admitted(self, row: Row) -> Message | None:
        if "status" not in self.table.columns:
            return None
        text = row.cell("status")
        if not folded(text):
            return message("applications.no_status", column=self.table.columns["status"])
        admitted = self._word(row, "status", STATUS_WORDS, "applications.status_word")
        if admitted is False:
            # Notes may be about persons.
            status = without_notes(text) or folded(text)
            return message("applications.not_admitted", column=self.table.columns["status"], status=status)
        if admitted and any(word in note for note in notes(text) for word in REFUSALS):
            self.problems.append(Problem(row.where("status"), message("applications.status_word", found=text)))
        return None

    def _word(self, row: Row, column: str, words: Mapping[str, _Value], key: str) -> _Value | None:
        """What the word in a cell means; None if the cell is blank, or the word unknown and so a problem."""
        text = row.cell(column)
        if not folded(text):
            return None
        if (value := words.get(folded(text))) is None:
            self.problems.append(Problem(row.where(column), Message(key, {"found": text})))
        return value

    # --- All together

    def set_titles_aside(self) -> None:
        """Take the rows for what they are: titles of sections are no sites, and where it is unclear one must ask."""
        entries = [Entry(one.name, one.located.division, _filled(one.row), _OPTIONAL) for one in self.drafts]
        sites = []
        for draft, standing in zip(self.drafts, standings(entries), strict=True):
            where = draft.row.where("name")
            if standing is Standing.TITLE:
                self.remarks.append(Remark(where, draft.name, message("applications.title")))
            elif standing is Standing.UNCLEAR and self.skip:
                self.left_out.append(Remark(where, draft.name, message("applications.title_or_site", name=draft.name)))
            elif standing is Standing.UNCLEAR:
                self.problems.append(Problem(where, message("applications.title_or_site", name=draft.name)))
            else:
                sites.append(draft)
                if standing is Standing.SITE_ABOVE_ITS_OWN:
                    self.remarks.append(Remark(where, draft.name, message("applications.site_above_its_own")))
        self.drafts = sites

    def sites(self) -> list[Site]:
        """The sites of all drafts that nothing is wrong with."""
        if not self.places:
            self._settle_without_places()
        self.problems.extend(_repetitions(self.drafts))
        if (blank := _blank_leads(self.drafts)) and "can_lead" in self.table.columns:
            self._remark(message("applications.blank_leads", column=self.table.columns["can_lead"], count=blank))
        if odd := [draft for draft in self.drafts if _demonstrates(draft.row) is None]:
            where, found = odd[0].row.where("demonstration"), odd[0].row.cell("demonstration")
            self.remarks.append(Remark(where, "", message("applications.demonstration", found=found, count=len(odd))))
        ids = _ids(self.drafts)
        sites = []
        for draft, id_ in zip(self.drafts, ids, strict=True):
            if (placed := self._placed(draft)) is not None:
                sites.append(_site(draft, id_, *placed))
        if hosted := sum(site.position == "host_seat" for site in sites):
            self._remark(message("applications.host_seats", count=hosted))
        self.remarks.extend(_shared_divisions(sites))
        return sites

    def _remark(self, what: Message) -> None:
        self.remarks.append(Remark(Where(self.table.file, self.table.sheet), "", what))

    def _settle_without_places(self) -> None:
        """Give each draft a level, and take no division that speaks against it from a mere name."""
        if any(draft.final_level is None for draft in self.drafts):
            # What one name happens to resolve to says little about its level if the other names say nothing.
            self._remark(message("applications.all_counties"))
            for draft in self.drafts:
                if draft.level is None and (draft.located.guessed or draft.located.division is None):
                    draft.level = Level.COUNTY
        for draft in self.drafts:
            division = draft.located.division
            if draft.located.guessed and division is not None and draft.level not in (None, division.level):
                draft.located = _NO_DIVISION

    def _placed(self, draft: _Draft) -> tuple[Level, Point | None] | None:
        """The level and place of a draft; None where something is wrong with it, or it is left out."""
        row, located, division = draft.row, draft.located, draft.located.division
        where = row.where(located.column)
        if division is None:
            return None if located.unresolved is None else self._without_division(draft, where, located.unresolved)
        if draft.level is not None and draft.level is not division.level:
            if located.guessed and draft.point is not None:
                draft.located = _NO_DIVISION
                return self._without_division(draft, where, message("applications.no_division"))
            values = {
                "level": Message(f"level.{draft.level}"),
                "division": division.full_name,
                "of_division": Message(f"level.{division.level}"),
            }
            self.problems.append(Problem(row.where("level"), Message("applications.level_contradicts", values)))
            return None
        if draft.point is not None and (far := too_far(draft.point, division)) is not None:
            self.problems.append(Problem(row.where("lon"), far))
            return None
        self.remarks.extend(Remark(where, draft.name, note) for note in located.notes)
        point = draft.point or division_point(division)
        if point is None and self.places:
            what = message("applications.no_coordinates", division=division.full_name)
            self.problems.append(Problem(where, what))
            return None
        return division.level, point

    def _without_division(self, draft: _Draft, where: Where, reason: Message) -> tuple[Level, Point | None] | None:
        # A site called 社区学院 needs no division where its level and coordinates are given.
        point = draft.point
        if draft.level is not None and (not self.places or (draft.located.guessed and point is not None)):
            if self.places or not draft.located.guessed:
                self.remarks.append(Remark(where, draft.name, message("applications.without_division", reason=reason)))
            return draft.level, point
        if self.skip:
            self.left_out.append(Remark(where, draft.name, reason))
        else:
            self.problems.append(Problem(where, reason))
        return None


def _site(draft: _Draft, id_: str, level: Level, point: Point | None) -> Site:
    row, division = draft.row, draft.located.division
    return Site(
        id=id_,
        name=draft.name,
        level=level,
        where=row.place,
        adcode=None if division is None else division.adcode,
        division=None if division is None else division.full_name,
        lon=None if point is None else point.lon,
        lat=None if point is None else point.lat,
        position=None if point is None else point.position,
        can_lead=draft.can_lead is not False,
        demonstration=_demonstrates(row) is True,
        themes=draft.themes,
        wishes=_listed(row.cell("wishes")),
        lock=_one_line(row.cell("lock")),
        lock_how=row.cell("lock_how"),
        extra={header: row.cell(column) for column, header in _passed(row.headers).items()} | dict(row.extra),
    )


# --- Between rows --------------------------------------------------------------------------------------


def _ids(drafts: Sequence[_Draft]) -> list[str]:
    """The id that the list gives, or the name, which does not change when rows are put in another order."""
    given = {draft.id for draft in drafts}
    names = Counter(draft.name for draft in drafts if not draft.id)
    return [
        draft.id
        or (draft.name if names[draft.name] == 1 and draft.name not in given else f"{draft.name}@{draft.final_level}")
        for draft in drafts
    ]


def _repetitions(drafts: Sequence[_Draft]) -> Iterator[Problem]:
    by_id: dict[str, _Draft] = {}
    by_name: dict[tuple[str, Level | None], _Draft] = {}
    for draft in drafts:
        if draft.id and (first := by_id.setdefault(draft.id, draft)) is not draft:
            what = message("applications.same_id", id=draft.id, row=first.row.place.row, name=first.name)
            yield Problem(draft.row.where("id"), what)
        key = "".join(draft.name.split()).casefold(), draft.final_level
        if (first := by_name.setdefault(key, draft)) is not draft:
            what = message("applications.same_name", name=draft.name, row=first.row.place.row)
            yield Problem(draft.row.where("name"), what)


def _blank_leads(drafts: Sequence[_Draft]) -> int:
    """How many blanks stand among nothing but yes, where a blank may well have meant no."""
    words = Counter(draft.can_lead for draft in drafts)
    return words[None] if words[True] and not words[False] else 0


def _shared_divisions(sites: Sequence[Site]) -> Iterator[Remark]:
    """Two institutions of a district may both be admitted, but it is often one of them entered twice."""
    first: dict[str, Site] = {}
    for site in sites:
        if site.adcode is not None and (other := first.setdefault(site.adcode, site)) is not site:
            what = message("applications.same_division", division=site.division, name=other.name, row=other.where.row)
            yield Remark(site.where, site.name, what)


# --- Cells ---------------------------------------------------------------------------------------------


def _filled(row: Row) -> frozenset[str]:
    """The columns besides the name that something stands in."""
    known = {column for column, text in row.cells.items() if text and column != "name"}
    return frozenset(known | {header for header, text in row.extra.items() if text})


def _demonstrates(row: Row) -> bool | None:
    """Whether the site is a demonstration unit; None where what is written says neither yes nor no."""
    text = folded(row.cell("demonstration"))
    return YES_WORDS.get(text) if text else False


def _one_line(text: str) -> str:
    """A name without the line ends that wrap it in its cell."""
    return re.sub(r"(?<=[\x20-\x7e])\n(?=[\x20-\x7e])", " ", text).replace("\n", "")


def _listed(text: str) -> tuple[str, ...]:
    """The different entries of a cell that lists several."""
    return tuple(dict.fromkeys(part.strip() for part in re.split(r"[；;、,，/／\n]", text) if part.strip()))
