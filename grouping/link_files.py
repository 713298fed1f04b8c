"""Links from where they stand: a links file, the wishes in the application list, the relations between provinces."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import product
from pathlib import Path
from typing import TypeVar

from rapidfuzz import fuzz, process

from grouping.datafiles import DATA
from grouping.errors import InputError, Problem, Where
from grouping.links import Kind, Link, Links, Unhonourable
from grouping.locks import Locks
from grouping.messages import message
from grouping.names import Absent, Found, SiteNames, Unknown
from grouping.numbers import number
from grouping.privacy import masked
from grouping.scenario import Scenario
from grouping.sites import Applications, Remark, Site
from grouping.tables import Column, Row, folded, read_table
from grouping.terms import Previous, term_links

_COLUMNS = (
    Column("a", ("甲", "a", "甲方", "支援方", "实验点甲", "site_a"), required=True),
    Column("b", ("乙", "b", "乙方", "受援方", "实验点乙", "site_b"), required=True),
    Column("kind", ("类型", "kind", "关系", "type", "联系类型", "关系类型", "结对类型"), required=True),
    Column("strength", ("强度", "strength")),
    Column("km", ("权重", "km", "权重km", "权重公里", "weight", "代价")),
)
_KINDS = {
    "东西部结对": Kind.PAIRING,
    "东西部协作": Kind.PAIRING,
    "结对": Kind.PAIRING,
    "pairing": Kind.PAIRING,
    "对口支援": Kind.COUNTERPART,
    "counterpart": Kind.COUNTERPART,
    "意向": Kind.WISH,
    "合作意向": Kind.WISH,
    "wish": Kind.WISH,
    "回避": Kind.AVOID,
    "avoid": Kind.AVOID,
}
_STRENGTHS = {"必须": True, "must": True, "优先": False, "should": False}
_MOST_KM = 1_000_000

_NO_WISH = {"", "无", "暂无", "没有", "不限", "none", "no", "n.a.", "/"}

_RELATIONS = "province-relations.csv"

_End = Found | Absent
_Value = TypeVar("_Value")


# --- The links file ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Written:
    """A link as somebody wrote it, with what its ends were found to be."""

    texts: tuple[str, str]
    ends: tuple[_End, _End]
    kind: Kind
    where: Where
    must: bool = False
    km: float | None = None

    @property
    def identity(self) -> tuple[str, str, str]:
        names = [
            end.site.id if isinstance(end, Found) else folded(text)
            for end, text in zip(self.ends, self.texts, strict=True)
        ]
        return _identity(self.kind, names[0], names[1])


@dataclass(slots=True)
class _Reading:
    """What reading links has come to so far; ``first`` is what was first written of each link."""

    links: list[Link] = field(default_factory=list)
    unhonourable: list[Unhonourable] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    first: dict[tuple[str, str, str], _Written] = field(default_factory=dict)

    def take(self, link: _Written) -> None:
        """Take a link between two different sites: as a link, or with the reason why it can't be one."""
        a, b = link.ends
        if isinstance(a, Absent):
            reason = a.reason
        elif isinstance(b, Absent):
            reason = b.reason
        elif a.site.level is not b.site.level:
            levels = {"level_a": a.site.level.label, "level_b": b.site.level.label}
            reason = message("links.two_levels", a=a.site.name, b=b.site.name, **levels)
            if link.must and link.kind is not Kind.AVOID:
                self.problems.append(Problem(link.where, message("links.must_two_levels", reason=reason)))
                return
        else:
            self.links.append(Link(a.site.id, b.site.id, link.kind, link.where, link.must, link.km))
            return
        if link.kind is Kind.AVOID:
            # The two are never together, which is what was asked for.
            said = message("links.avoided_anyway", a=link.texts[0], b=link.texts[1], reason=reason)
            self.remarks.append(Remark(link.where, link.texts[0], said))
        else:
            self.unhonourable.append(Unhonourable(*link.texts, link.kind, link.where, reason))

    def done(self) -> Links:
        """The links, if nothing is wrong with them."""
        if self.problems:
            raise InputError(self.problems)
        return Links(tuple(self.links), tuple(self.unhonourable), tuple(self.remarks))


def read_links(path: str | Path, applications: Applications | None) -> Links:
    """Read the office's links between the sites of ``applications``; None only checks what is no name of a site.

    The columns are 甲|a, 乙|b, 类型|kind and, if wanted, 强度|strength (必须|must, 优先|should; blank is should) and
    权重|km (what it costs to ignore the link, in km; blank is the scenario's price). Sites are named by id, by name, or
    by division. A link to what takes no part, or one between two levels that is no must, is returned among
    ``unhonourable``.

    Raises:
        InputError: names that mean nothing or several sites, unknown kinds and strengths, prices that are no
            number from 0, a site linked with itself, must-links between two levels, rows that contradict each
            other; all together.

    """
    reading = _Reading()
    table = read_table(path, _COLUMNS, reading.problems)
    reading.remarks.extend(table.remarks)
    names = None if applications is None else SiteNames(applications)
    for row in table.rows:
        _read_row(row, names, reading)
    return reading.done()


def _read_row(row: Row, names: SiteNames | None, reading: _Reading) -> None:
    a, b = (None if names is None else _end(row, column, names, reading) for column in ("a", "b"))
    kind = _choice(row, "kind", _KINDS, reading)
    must = _choice(row, "strength", _STRENGTHS, reading) if row.cell("strength") else False
    km = _price(row, reading)
    if must and km is not None:
        text = row.cell("km")
        reading.remarks.append(Remark(row.where("km"), text, message("links.must_has_no_price", km=text)))
        km = None
    if a is None or b is None or kind is None or must is None:
        return
    link = _Written((row.cell("a"), row.cell("b")), (a, b), kind, row.where(), must, km)
    if isinstance(a, Found) and isinstance(b, Found) and a.site.id == b.site.id:
        reading.problems.append(Problem(row.where(), message("links.itself", name=a.site.name)))
    elif (first := reading.first.setdefault(link.identity, link)) is link:
        reading.take(link)
    else:
        _repeat(first, link, reading)


def _end(row: Row, column: str, names: SiteNames, reading: _Reading) -> _End | None:
    text = row.cell(column)
    where = row.where(column)
    found = names.find(text)
    if isinstance(found, Unknown):
        reading.problems.append(Problem(where, found.what))
        return None
    if isinstance(found, Found) and found.note is not None:
        reading.remarks.append(Remark(where, text, found.note))
    return found


def _choice(row: Row, column: str, choices: Mapping[str, _Value], reading: _Reading) -> _Value | None:
    text = row.cell(column)
    if (value := choices.get(folded(text))) is not None:
        return value
    found = process.extractOne(folded(text), list(choices), scorer=fuzz.WRatio, score_cutoff=50)
    near = "" if found is None else message("links.nearest", near=found[0])
    what = message("links.kind", text=text, near=near)
    if column == "strength":
        what = message("links.strength", text=text, near=near)
    reading.problems.append(Problem(row.where(column), what))
    return None


def _price(row: Row, reading: _Reading) -> float | None:
    text = row.cell("km")
    if not text:
        return None
    km = number(re.sub(r"\s*(km|公里|千米)$", "", text, flags=re.IGNORECASE))
    if km is None or not 0 <= km <= _MOST_KM:
        reading.problems.append(Problem(row.where("km"), message("links.km", text=text, most=_MOST_KM)))
        return None
    return km


def _repeat(first: _Written, link: _Written, reading: _Reading) -> None:
    """Tell that ``link`` was written before: once more, or otherwise."""
    values = {"a": link.texts[0], "b": link.texts[1], "kind": link.kind.label, "where": first.where}
    if (first.must, first.km) == (link.must, link.km):
        reading.remarks.append(Remark(link.where, link.texts[0], message("links.repeated", **values)))
    else:
        reading.problems.append(Problem(link.where, message("links.contradiction", **values)))


def _identity(kind: Kind, a: str, b: str) -> tuple[str, str, str]:
    """What makes two links one. A wish goes one way; the others are the same from either end."""
    first, second = (a, b) if kind is Kind.WISH else sorted((a, b))
    return kind.value, first, second


# --- The application list's wishes ---------------------------------------------------------------------


def wishes(applications: Applications) -> Links:
    """One wish per partner that a site names in its row; mutual wishes are two links.

    A partner that is not understood, takes no part or is of another level never stops anything: it is returned
    among ``unhonourable``, with the reason.
    """
    names = SiteNames(applications)
    reading = _Reading()
    for site in applications.sites:
        for text in map(masked, site.wishes):
            if folded(text) not in _NO_WISH:
                _read_wish(site, text, names.find(text), reading)
    return reading.done()


def _read_wish(site: Site, text: str, found: Found | Absent | Unknown, reading: _Reading) -> None:
    texts = (site.name, text)
    if isinstance(found, Unknown):
        reading.unhonourable.append(Unhonourable(*texts, Kind.WISH, site.where, found.what))
        return
    if isinstance(found, Found) and found.site.id == site.id:
        itself = message("links.itself", name=site.name)
        reading.unhonourable.append(Unhonourable(*texts, Kind.WISH, site.where, itself))
        return
    link = _Written(texts, (Found(site), found), Kind.WISH, site.where)
    if reading.first.setdefault(link.identity, link) is not link:
        return
    if isinstance(found, Found) and found.note is not None:
        reading.remarks.append(Remark(site.where, site.name, found.note))
    reading.take(link)


# --- Relations between provinces -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Relation:
    supporter: str
    supported: str
    kind: Kind
    where: Where


@cache
def _relations() -> tuple[_Relation, ...]:
    with (DATA / "links" / _RELATIONS).open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        return tuple(
            _Relation(
                _prefix(record["支援方代码"]),
                _prefix(record["受援方代码"]),
                _KINDS[record["类型"]],
                Where(_RELATIONS, row=reader.line_num),
            )
            for record in reader
        )


def _prefix(code: str) -> str:
    """What the adcodes of all divisions under a province or prefecture begin with."""
    return re.sub("(00)+$", "", code)


def province_links(applications: Applications) -> Links:
    """A should-link for every two sites of one level whose provinces, or prefectures, support one another.

    The relations are those of ``data/links`` (东西部协作 as pairing, 对口支援 as counterpart), which the office
    must check before it relies on them; a remark says so. ``a`` is the supporting side. Each pair of sites has at
    most one link of a kind.
    """
    links: dict[tuple[str, str, str], Link] = {}
    for relation in _relations():
        supporters = [site for site in applications.sites if (site.adcode or "").startswith(relation.supporter)]
        supported = [site for site in applications.sites if (site.adcode or "").startswith(relation.supported)]
        for a, b in product(supporters, supported):
            if a.level is b.level:
                identity = _identity(relation.kind, a.id, b.id)
                links.setdefault(identity, Link(a.id, b.id, relation.kind, relation.where))
    remarks = (Remark(Where(_RELATIONS), "", message("links.relations_unchecked", count=len(links))),) if links else ()
    return Links(tuple(links.values()), remarks=remarks)


# --- All of them ---------------------------------------------------------------------------------------


def applicable_links(
    applications: Applications,
    scenario: Scenario,
    given: Links | None = None,
    previous: Previous | None = None,
    locks: Locks | None = None,
) -> Links:
    """Every link that bears on a grouping, priced.

    These are the ``given`` ones, the list's wishes, what the terms of the ``previous`` grouping and the ``locks``
    demand and, if the scenario asks for them, the relations between provinces. What was given goes before the same
    link from elsewhere; given twice, it counts once, with a remark.

    Raises:
        InputError: links were given that contradict each other, one and the same with two strengths or prices.

    """
    parts = []
    # First what binds, which nothing that was given takes the place of.
    if previous is not None:
        parts.append(Links(term_links(previous, scenario), remarks=previous.remarks))
    if locks is not None:
        parts.append(Links(locks.links, remarks=locks.remarks))
    parts += [_each_once(given or Links(), applications), wishes(applications)]
    if scenario.links.province_relations:
        parts.append(province_links(applications))
    links: dict[tuple[str, str, str], Link] = {}
    for link in (link for part in parts for link in part.links):
        links.setdefault(_identity(link.kind, link.a, link.b), link)
    unhonourable = tuple(item for part in parts for item in part.unhonourable)
    remarks = tuple(remark for part in parts for remark in part.remarks)
    # In an order that the rows of the list and of the file do not change.
    return priced(Links(tuple(links[identity] for identity in sorted(links)), unhonourable, remarks), scenario)


def _each_once(given: Links, applications: Applications) -> Links:
    """``given`` without repeats, which are told as those in a file are."""
    names = {site.id: site.name for site in applications.sites}
    first: dict[tuple[str, str, str], Link] = {}
    remarks = list(given.remarks)
    problems = []
    for link in given.links:
        if (before := first.setdefault(_identity(link.kind, link.a, link.b), link)) is link:
            continue
        a, b = (names.get(end, end) for end in (link.a, link.b))
        values = {"a": a, "b": b, "kind": link.kind.label, "where": before.where}
        if _terms(before) == _terms(link):
            remarks.append(Remark(link.where, a, message("links.repeated", **values)))
        else:
            problems.append(Problem(link.where, message("links.contradiction", **values)))
    if problems:
        raise InputError(problems)
    return replace(given, links=tuple(first.values()), remarks=tuple(remarks))


def _terms(link: Link) -> tuple[bool, float | None]:
    """What a link asks for. A must-link has no price."""
    return link.must, None if link.must else link.km


def priced(links: Links, scenario: Scenario) -> Links:
    """``links`` with the scenario's price, in km, on every should-link that has none of its own."""
    prices = scenario.links
    by_kind = {
        Kind.PAIRING: prices.pairing_km,
        Kind.COUNTERPART: prices.counterpart_km,
        Kind.WISH: prices.wish_km,
        Kind.AVOID: prices.avoid_km,
        Kind.TERM: scenario.terms.keep_together_km,
    }

    def with_prices() -> Iterator[Link]:
        for link in links.links:
            yield link if link.must or link.km is not None else replace(link, km=by_kind[link.kind])

    return replace(links, links=tuple(with_prices()))
