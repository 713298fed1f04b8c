"""Which site of the list a text means: links, matrices and groupings name sites as people write them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from grouping.levels import Level
from grouping.messages import Message, message
from grouping.numbers import number
from grouping.resolve import resolve
from grouping.sites import Applications, Remark, Site
from grouping.tables import folded, notes, plain

_CODE = re.compile(r"\d{6}|\d{9}|\d{12}")
"""Adcodes. Any other number names no division, and a matrix holds too many to ask for each."""


@dataclass(frozen=True, slots=True)
class Found:
    """The text means this site; ``note`` says how it was understood where that was not to the letter."""

    site: Site
    note: Message | None = None


@dataclass(frozen=True, slots=True)
class Absent:
    """The text means something known that takes no part: a row left out, or a division that is not on the list.

    ``why`` is the reason that the row was left out for, by itself.
    """

    reason: Message
    why: Message | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """The text means nothing, or more than one thing; ``what`` says so and names the nearest sites."""

    what: Message


class SiteNames:
    """The names of an application list, to find sites by."""

    def __init__(self, applications: Applications) -> None:
        """Index ``applications`` by id, name and division."""
        sites = applications.sites
        self._by_id = {site.id: site for site in sites}
        self._by_name = _grouped((plain(site.name), site) for site in sites)
        self._by_folded_name = _grouped((folded(site.name), site) for site in sites)
        self._by_adcode = _grouped((site.adcode, site) for site in sites if site.adcode is not None)
        self._left_out = {plain(row.name): row for row in applications.left_out}
        self._left_out_folded = {folded(row.name): row for row in applications.left_out}
        self._known: dict[tuple[str, Level | None], Found | Absent | Unknown] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def find(self, text: str, level: Level | None = None) -> Found | Absent | Unknown:
        """The site that ``text`` means: by id, by name, by name without spaces, width and brackets, by division.

        Where both have something in brackets, it is part of the name: （东区） is not （西区）.

        A division counts if exactly one site stands in it, or exactly one of those has its name. What is only
        written like a name is suggested, never taken. ``level`` tells sites of one name apart.
        """
        key = plain(text), level
        if key not in self._known:
            self._known[key] = self._find(*key)
        return self._known[key]

    def nearest(self, text: str) -> list[str]:
        """The names of up to three sites that are written most like ``text``."""
        names = list(self._by_name)
        return [
            name for name, _, _ in process.extract(plain(text), names, scorer=fuzz.WRatio, limit=3, score_cutoff=45)
        ]

    def _find(self, text: str, level: Level | None) -> Found | Absent | Unknown:
        namesakes = self._by_name.get(text, [])
        if level is not None and len(namesakes) > 1:
            namesakes = [site for site in namesakes if site.level is level]
        if (site := self._by_id.get(text)) is not None and len(namesakes) <= 1:
            return Found(site)
        if namesakes:
            return _only(text, namesakes, None)
        if (row := self._left_out.get(text)) is not None:
            return _left_out(row)
        if sites := [site for site in self._by_folded_name.get(folded(text), ()) if _may_be(text, site.name)]:
            return _only(text, sites, message("links.read_as", text=text, name=sites[0].name))
        if (row := self._left_out_folded.get(folded(text))) is not None and _may_be(text, row.name):
            return _left_out(row)
        if number(text) is not None and not _CODE.fullmatch(text):
            return Unknown(message("links.unknown", text=text))
        return self._by_division(text)

    def _by_division(self, text: str) -> Found | Absent | Unknown:
        resolution = resolve(text)
        if (division := resolution.division) is None:
            listed = [site.name for one in resolution.candidates for site in self._by_adcode.get(one.adcode, ())]
            near = listed[:5] or self.nearest(text)
            if near:
                return Unknown(message("links.unknown_near", text=text, near=near))
            return Unknown(message("links.unknown", text=text))
        sites = self._by_adcode.get(division.adcode)
        if not sites:
            return Absent(message("links.not_listed", text=text, division=division.full_name))
        if len(sites) > 1:
            sites = _namesakes(text, division.name, sites) or sites
        note = message("links.read_as_division", text=text, name=sites[0].name, division=division.full_name)
        if resolution.note is not None:
            note = message("links.read_as_because", text=text, name=sites[0].name, note=resolution.note)
        return _only(text, sites, note)


def _grouped(pairs: Iterable[tuple[str, Site]]) -> Mapping[str, list[Site]]:
    groups: dict[str, list[Site]] = {}
    for key, site in pairs:
        if key:
            groups.setdefault(key, []).append(site)
    return groups


def _may_be(text: str, name: str) -> bool:
    """Whether a text that is a ``name`` but for brackets may mean it: not if both have other words in them."""
    ours, theirs = notes(text), notes(name)
    return not ours or not theirs or ours == theirs


def _only(text: str, sites: list[Site], note: Message | None) -> Found | Unknown:
    if len(sites) == 1:
        return Found(sites[0], note)
    which = [f"{site.name} ({site.id})" for site in sites]
    return Unknown(message("links.several", text=text, which=which))


def _namesakes(text: str, division: str, sites: list[Site]) -> list[Site]:
    """Those of the sites of one division whose names have ``text`` in them: 江干区 and 上城区 are one division now."""
    named = [site for site in sites if text in site.name or site.name in text]
    if not named and text.endswith(division):
        return [site for site in sites if division in site.name]
    return named


def _left_out(row: Remark) -> Absent:
    return Absent(message("links.left_out", name=row.name, where=row.where, reason=row.what), row.what)
