"""Departures: who missed two activities in a row, and who left in writing (管理办法, Articles 9 and 13)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from pathlib import Path

from grouping.errors import InputError, Problem, Where
from grouping.messages import Message, message
from grouping.names import Found, SiteNames, Unknown
from grouping.sites import Applications, Remark
from grouping.tables import Column, Row, folded, read_table
from grouping.vocabulary import ATTENDED_WORDS

_SITE = Column(
    "site",
    ("实验点", "site", "名称", "name", "实验点名称", "成员单位", "单位名称", "单位", "编号", "id"),
    required=True,
)
_DATE = ("日期", "date", "活动日期", "时间", "退出日期", "申请日期")
_ATTENDANCE = (
    _SITE,
    Column("activity", ("活动", "activity", "活动名称", "会议", "会议名称"), required=True),
    Column("attended", ("参加", "attended", "是否参加", "出席", "是否出席", "到会", "参加情况"), required=True),
    Column("date", _DATE),
)
_EXITS = (_SITE, Column("date", _DATE))
_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[ T].*)?")


@dataclass(frozen=True, slots=True)
class Departure:
    """A site that has left: its id (None if it is not on the list), its name as written, why, and where that stands."""

    site: str | None
    name: str
    reason: Message
    where: Where


@dataclass(frozen=True, slots=True)
class Departures:
    """What an attendance file or a file of exits says."""

    departures: tuple[Departure, ...] = ()
    remarks: tuple[Remark, ...] = ()


def without(applications: Applications, *files: Departures) -> Applications:
    """The list without the sites that have left; they are among ``left_out``, with the reason.

    Those that are not on the list anyway are told there too: whoever looks for them finds why.
    """
    gone: dict[str, Departure] = {}
    others: dict[str, Departure] = {}
    for one in (one for file in files for one in file.departures):
        (others if one.site is None else gone).setdefault(one.site or folded(one.name), one)
    left = [
        Remark(gone[site.id].where, site.name, gone[site.id].reason) for site in applications.sites if site.id in gone
    ]
    left += [Remark(one.where, one.name, one.reason) for one in others.values()]
    return replace(
        applications,
        sites=tuple(site for site in applications.sites if site.id not in gone),
        left_out=(*applications.left_out, *left),
        remarks=(*applications.remarks, *(remark for file in files for remark in file.remarks)),
    )


# --- Written exits -------------------------------------------------------------------------------------


def read_exits(path: str | Path, applications: Applications) -> Departures:
    """Read who left in writing: the columns 实验点|site and, if wanted, 日期|date.

    Raises:
        InputError: a name that may mean several sites or is blank, a date that is none; all together.

    """
    problems: list[Problem] = []
    table = read_table(path, _EXITS, problems)
    names = SiteNames(applications)
    departures: dict[str, Departure] = {}
    unlisted: dict[str, Remark] = {}
    for row in table.rows:
        day = _day(row, problems)
        site, name = _site(row, names, problems, unlisted)
        reason = message("departures.exit") if day is None else message("departures.exit_on", date=day.isoformat())
        departures.setdefault(site or folded(name), Departure(site, name, reason, row.where()))
    if problems:
        raise InputError(problems)
    return Departures(tuple(departures.values()), (*table.remarks, *unlisted.values()))


# --- Attendance ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Entry:
    """One row of an attendance file."""

    site: str | None
    name: str
    activity: str
    attended: bool
    where: Where

    @property
    def who(self) -> str:
        return self.site or folded(self.name)


def read_attendance(path: str | Path, applications: Applications) -> Departures:
    """Read who came to which activity; a site that missed two of its own in a row has left.

    The columns are 实验点|site, 活动|activity, 参加|attended and, if wanted, 日期|date. Activities follow one another
    by their dates if every one has a date, else as they first appear. Activities that a site has no row for are none
    of its own.

    Raises:
        InputError: names that may mean several sites, words that say neither yes nor no, dates that are none, an
            activity with two dates, a site that both came and did not; all together.

    """
    problems: list[Problem] = []
    table = read_table(path, _ATTENDANCE, problems)
    names = SiteNames(applications)
    entries: list[_Entry] = []
    days: dict[str, date | None] = {}
    unlisted: dict[str, Remark] = {}
    for row in table.rows:
        activity, day = row.cell("activity"), _day(row, problems)
        site, name = _site(row, names, problems, unlisted)
        attended = ATTENDED_WORDS.get(folded(row.cell("attended")))
        if not activity:
            problems.append(Problem(row.where("activity"), message("departures.no_activity", name=name)))
        if attended is None:
            problems.append(Problem(row.where("attended"), message("departures.attended", text=row.cell("attended"))))
        if (before := days.get(activity)) is not None and day is not None and before != day:
            values = {"activity": activity, "first": before.isoformat(), "second": day.isoformat()}
            problems.append(Problem(row.where("date"), message("departures.two_dates", **values)))
        days[activity] = before or day
        if activity and attended is not None:
            entries.append(_Entry(site, name, activity, attended, row.where()))
    entries = _each_once(entries, problems)
    if problems:
        raise InputError(problems)
    order, remarks = _in_order(days, Where(table.file, table.sheet))
    return Departures(tuple(_missed(entries, order)), (*table.remarks, *remarks, *unlisted.values()))


def _each_once(entries: Iterable[_Entry], problems: list[Problem]) -> list[_Entry]:
    first: dict[tuple[str, str], _Entry] = {}
    for entry in entries:
        before = first.setdefault((entry.who, entry.activity), entry)
        if before.attended is not entry.attended:
            values = {"name": entry.name, "activity": entry.activity, "where": before.where}
            problems.append(Problem(entry.where, message("departures.contradiction", **values)))
    return list(first.values())


def _in_order(days: Mapping[str, date | None], where: Where) -> tuple[Mapping[str, int], list[Remark]]:
    """The place of each activity among all of them, and a remark where dates are missing."""
    dated = [(day, place, activity) for place, (activity, day) in enumerate(days.items()) if day is not None]
    if len(dated) == len(days):
        return {activity: place for place, (_, _, activity) in enumerate(sorted(dated))}, []
    return {activity: place for place, activity in enumerate(days)}, [
        Remark(where, "", message("departures.as_written"))
    ]


def _missed(entries: Iterable[_Entry], order: Mapping[str, int]) -> Iterable[Departure]:
    by_site: dict[str, list[_Entry]] = {}
    for entry in sorted(entries, key=lambda entry: order[entry.activity]):
        by_site.setdefault(entry.who, []).append(entry)
    for own in by_site.values():
        for first, second in pairwise(own):
            if not first.attended and not second.attended:
                reason = message("departures.missed", first=first.activity, second=second.activity)
                yield Departure(second.site, second.name, reason, second.where)
                break


# --- Cells ---------------------------------------------------------------------------------------------


def _site(row: Row, names: SiteNames, problems: list[Problem], unlisted: dict[str, Remark]) -> tuple[str | None, str]:
    """(id, name) of the site that a row is about; no id where the list does not have it.

    Whoever has left may well be on the list no more; but who is not there for a slip of the pen would stay, so each of
    ``unlisted`` names that is like one of the list's has a remark.
    """
    text = row.cell("site")
    if not text:
        problems.append(Problem(row.where("site"), message("departures.no_site")))
        return None, ""
    found = names.find(text)
    if isinstance(found, Found):
        return found.site.id, found.site.name
    if isinstance(found, Unknown) and found.what.key == "links.several":
        problems.append(Problem(row.where("site"), found.what))
    elif isinstance(found, Unknown) and (near := names.nearest(text)):
        what = message("departures.unlisted", text=text, near=near)
        unlisted.setdefault(folded(text), Remark(row.where("site"), text, what))
    return None, text


def _day(row: Row, problems: list[Problem]) -> date | None:
    text = row.cell("date")
    if not text:
        return None
    try:
        if found := _DAY.fullmatch(text):
            return date(*map(int, found.groups()))
    except ValueError:
        pass
    problems.append(Problem(row.where("date"), message("departures.date", text=text)))
    return None
