"""Last year's grouping from its file: who was together, since when, and who of them takes part this year."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from grouping.errors import InputError, Problem, Where
from grouping.grouping_files import GROUPING_COLUMNS
from grouping.levels import Level
from grouping.messages import Message, message
from grouping.names import Absent, Found, SiteNames, Unknown
from grouping.scenario import Scenario
from grouping.sites import Applications, Remark
from grouping.tables import Row, folded, read_table
from grouping.terms import EarlierCommunity, EarlierMember, Previous
from grouping.vocabulary import LEVEL_WORDS

_YEAR = re.compile(r"(\d{4})(?:\D.*)?")


def read_previous(path: str | Path, applications: Applications | None, scenario: Scenario) -> Previous:
    """Read last year's grouping, as this program or anyone else wrote it, with a column 起始年份|since.

    Args:
        path: an .xlsx or .csv with the columns 共同体|community, 实验点|site and 起始年份|since. ``since`` is the year
            in which the community's term began; of members who joined later, the earliest year counts.
        applications: this year's list, without those who left; None only checks what needs no list.
        scenario: for the year.

    Raises:
        InputError: a missing column, a year that is none or lies ahead, a site in two communities, no year of this
            grouping; all together.

    """
    problems: list[Problem] = []
    table = read_table(path, GROUPING_COLUMNS, problems)
    place = Where(table.file, table.sheet)
    problems += [
        Problem(place, message(key))
        for column, key in (("community", "check.no_communities"), ("since", "terms.no_since"))
        if column not in table.columns
    ]
    if not scenario.terms.year:
        problems.append(Problem(Where("--year"), message("terms.no_year")))
    if problems:
        raise InputError(problems)
    reading = _Reading(SiteNames(applications or Applications(())), scenario.terms.year, problems)
    for row in table.rows:
        reading.read(row)
    if problems:
        raise InputError(problems)
    remarks = [remark for remark in table.remarks if remark.what.key != "tables.other_sheets"]
    return Previous(
        communities=tuple(reading.communities()),
        remarks=(*remarks, *reading.remarks),
        file=table.file,
        sha256=table.sha256,
    )


class _Reading:
    """What reading the rows has come to so far."""

    def __init__(self, names: SiteNames, year: int, problems: list[Problem]) -> None:
        self._names = names
        self._year = year
        self._problems = problems
        self._rows: dict[str, list[tuple[EarlierMember, Level | None, int]]] = {}
        self._home: dict[str, str] = {}
        self.remarks: list[Remark] = []

    def read(self, row: Row) -> None:
        """Take the row of one member; sites without a community were in none."""
        label, text = row.cell("community"), row.cell("site")
        if not label or not text:
            return
        since = self._since(row)
        level: Level | None = LEVEL_WORDS.get(folded(row.cell("level")))
        found = self._names.find(text, level)
        if isinstance(found, Found):
            site = found.site
            if found.note is not None:
                self.remarks.append(Remark(row.where("site"), text, found.note))
            if self._home.setdefault(site.id, label) != label:
                values = {"site": site.name, "first": self._home[site.id], "second": label}
                self._problems.append(Problem(row.where("site"), message("terms.two_communities", **values)))
            member = EarlierMember(site.name, site.id, None, row.where())
            level = site.level
        else:
            member = EarlierMember(text, None, _why(found), row.where())
            level = None
        if since is not None:
            self._rows.setdefault(label, []).append((member, level, since))

    def _since(self, row: Row) -> int | None:
        text = row.cell("since")
        found = _YEAR.fullmatch(text)
        if found and 1990 <= (since := int(found[1])) <= self._year:
            return since
        what = message("terms.since", text=text, year=self._year)
        self._problems.append(Problem(row.where("since"), what))
        return None

    def communities(self) -> list[EarlierCommunity]:
        """The communities in the order of the file, each of the level that most of its members are of today."""
        done = []
        for label, rows in self._rows.items():
            levels = Counter(level for _, level, _ in rows if level is not None)
            level = max(levels, key=lambda one: (levels[one], -one.rank), default=None)
            members = tuple(_of_level(member, its, level) for member, its, _ in rows)
            done.append(EarlierCommunity(label, min(since for _, _, since in rows), level, members))
        return done


def _why(found: Absent | Unknown) -> Message:
    """Why somebody is no member any more."""
    return found.what if isinstance(found, Unknown) else found.why or found.reason


def _of_level(member: EarlierMember, its: Level | None, level: Level | None) -> EarlierMember:
    """The member, gone if it is of another level than its community by now."""
    if its is None or level is None or its is level:
        return member
    reason = message("terms.other_level", level=its.label, community=level.label)
    return EarlierMember(member.name, None, reason, member.where)
