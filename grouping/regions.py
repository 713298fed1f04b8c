"""Divisions of China by adcode, what their names and codes were, and the macro-regions they fall in.

The tables are in ``data/regions/``, whose README says where they come from. Townships and former names are read
when they are first needed.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Literal, cast

from grouping.datafiles import DATA
from grouping.errors import InputError, Problem
from grouping.levels import Level
from grouping.messages import message
from grouping.sites import Position
from grouping.tables import Column, read_table

_TABLES = {Level.PROVINCE: "provinces", Level.PREFECTURE: "prefectures", Level.COUNTY: "counties"}
_PREFIX_LENGTHS = (2, 4, 6, 9)
MUNICIPALITIES = ("11", "12", "31", "50")
"""The prefixes of the four cities at the level of a province (直辖市)."""


@dataclass(frozen=True, slots=True)
class Division:
    """One division of today.

    ``adcode`` has 6 digits, a township's 9. ``full_name`` begins with the province. ``lon`` and ``lat`` are WGS-84
    degrees of the seat of government (``position`` "seat"), of some point inside ("point"), or, for a township, of
    the seat of its county ("host_seat").
    """

    adcode: str
    name: str
    full_name: str
    level: Level
    lon: float | None
    lat: float | None
    position: Position | None

    @property
    def prefix(self) -> str:
        """The digits that the codes of everything in this division begin with."""
        return code_prefix(self.adcode)


def code_prefix(adcode: str) -> str:
    """An adcode without the zeros that only fill it up: ``11``, ``3301``, ``330102``, ``330102001``."""
    if adcode.endswith("0000") and len(adcode) == 6:
        return adcode[:2]
    return adcode[:4] if adcode.endswith("00") and len(adcode) == 6 else adcode


@dataclass(frozen=True, slots=True)
class FormerName:
    """A name or code that a division had, and the divisions that stand in its place today.

    ``under`` are the names above it at the time, province first; ``year`` is 0 where unknown. ``kind``: "rename",
    "merge" (into a larger division), "split" (between several), "recode" (same name, other code or parent).
    """

    name: str
    under: tuple[str, ...]
    adcode: str
    successors: tuple[str, ...]
    year: int
    kind: Literal["rename", "merge", "split", "recode"]
    source: str


@dataclass(frozen=True, slots=True)
class Zone:
    """A functional zone, which is no division: the divisions that it lies in (``hosts``, empty where unknown)."""

    name: str
    under: tuple[str, ...]
    adcode: str
    hosts: tuple[str, ...]
    basis: str


@dataclass(frozen=True, slots=True)
class CorpsDivision:
    """A division (师) of the 新疆生产建设兵团, or the corps itself (``number`` 0), and the city it runs or is in."""

    number: int
    name: str
    host: str


class Divisions:
    """All divisions by code; townships are read at the first question about them."""

    def __init__(self) -> None:
        self._upper = {
            row["adcode"]: Division(
                row["adcode"],
                row["name"],
                row["full_name"],
                level,
                float(row["lon"]),
                float(row["lat"]),
                cast(Position, row["position"]),
            )
            for level, table in _TABLES.items()
            for row in _rows(f"{table}.csv")
        }

    def __iter__(self) -> Iterator[Division]:
        yield from self._upper.values()
        yield from self._townships.values()

    def __len__(self) -> int:
        return len(self._upper) + len(self._townships)

    def get(self, adcode: str) -> Division | None:
        """The division of a 6- or 9-digit code of today, None where there is none."""
        return self._upper.get(adcode) or (self._townships.get(adcode) if len(adcode) == 9 else None)

    def upper(self) -> Iterator[Division]:
        """Provinces, prefectures and counties, without the many townships."""
        yield from self._upper.values()

    def townships(self) -> Iterator[Division]:
        """The townships alone."""
        yield from self._townships.values()

    def children(self, adcode: str) -> tuple[Division, ...]:
        """The divisions right below that of ``adcode``, by code."""
        below = self._below
        return tuple(self._division(code) for code in below.get(adcode, ()))

    def parent(self, adcode: str) -> Division | None:
        """The division right above that of ``adcode``."""
        above = self._above(adcode)
        return None if above is None else self._upper[above]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The full names of all provinces, prefectures and counties, to suggest from."""
        return tuple(division.full_name for division in self._upper.values())

    def _division(self, adcode: str) -> Division:
        return self._upper[adcode] if adcode in self._upper else self._townships[adcode]

    def _above(self, adcode: str) -> str | None:
        if len(adcode) == 9:
            return self._seat_of_township(adcode)
        upward = (f"{adcode[:4]}00", f"{adcode[:2]}0000")
        return next((code for code in upward if code != adcode and code in self._upper), None)

    @cached_property
    def _below(self) -> Mapping[str, list[str]]:
        below: dict[str, list[str]] = {}
        for division in self:
            above = self._above(division.adcode)
            if above is not None:
                below.setdefault(above, []).append(division.adcode)
        return below

    def _seat_of_township(self, adcode: str) -> str:
        """The county that a township stands in, or the prefecture where only that is known."""
        county = adcode[:6]
        for code in (county, *self._moved_counties.get(county, ())):
            if code in self._upper:
                return code
        prefecture = f"{adcode[:4]}00"
        return prefecture if prefecture in self._upper else f"{adcode[:2]}0000"

    @cached_property
    def _moved_counties(self) -> Mapping[str, tuple[str, ...]]:
        moved = {former.adcode: former.successors for former in former_names() if len(former.successors) == 1}
        return moved | {zone.adcode: zone.hosts for zone in functional_zones() if len(zone.hosts) == 1}

    @cached_property
    def _townships(self) -> Mapping[str, Division]:
        zones = {zone.adcode: zone for zone in functional_zones() if zone.adcode}
        townships = {}
        for row in _rows("townships.csv"):
            adcode = row["adcode"]
            host = self._upper[self._seat_of_township(adcode)]
            zone = zones.get(adcode[:6])
            above = host.full_name if zone is None else "".join((*zone.under, zone.name))
            townships[adcode] = Division(
                adcode, row["name"], above + row["name"], Level.TOWNSHIP, host.lon, host.lat, "host_seat"
            )
        return townships


@cache
def divisions() -> Divisions:
    """The table of divisions, read once."""
    return Divisions()


@cache
def former_names() -> tuple[FormerName, ...]:
    """All former names and codes, read once."""
    return tuple(
        FormerName(
            row["name"],
            tuple(row["under"].split()),
            row["adcode"],
            tuple(row["successors"].split()),
            int(row["year"]),
            cast(Literal["rename", "merge", "split", "recode"], row["kind"]),
            row["source"],
        )
        for row in _rows("former.csv")
    )


@cache
def functional_zones() -> tuple[Zone, ...]:
    """All functional zones, read once."""
    return tuple(
        Zone(row["name"], tuple(row["under"].split()), row["adcode"], tuple(row["hosts"].split()), row["basis"])
        for row in _rows("functional_zones.csv")
    )


@cache
def corps_divisions() -> tuple[CorpsDivision, ...]:
    """The 新疆生产建设兵团 and its divisions, read once."""
    return tuple(CorpsDivision(int(row["number"] or 0), row["name"], row["host"]) for row in _rows("xpcc.csv"))


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (DATA / "regions" / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


# --- Macro-regions -------------------------------------------------------------------------------------


_MACRO_COLUMNS = (
    Column("prefix", ("前缀", "prefix", "代码前缀", "区划代码前缀", "行政区划代码", "区划代码"), required=True),
    Column("macro_region", ("片区", "macro_region", "所属片区", "片区名称"), required=True),
)


@dataclass(frozen=True, slots=True)
class MacroRegions:
    """Macro-regions (片区, 管理办法 Article 10) by adcode prefix."""

    by_prefix: Mapping[str, str] = field(default_factory=dict)

    def of(self, adcode: str | None) -> str | None:
        """The macro-region of a division: that of the longest prefix; None for no adcode or none that fits."""
        if adcode is None:
            return None
        for length in reversed(_PREFIX_LENGTHS):
            region = self.by_prefix.get(adcode[:length])
            if region is not None:
                return region
        return None


def read_macro_regions(source: str = "default") -> MacroRegions:
    """The macro-regions of this project (``"default"``), or of a table with 前缀|prefix and 片区|macro_region.

    Raises:
        InputError: the file is no such table, or rows in it are wrong or contradict each other; all together.

    """
    path = DATA / "regions" / "macro_regions.csv" if source == "default" else Path(source)
    problems: list[Problem] = []
    by_prefix: dict[str, str] = {}
    for row in read_table(path, _MACRO_COLUMNS, problems).rows:
        prefix, region = row.cell("prefix"), row.cell("macro_region")
        if not (prefix.isascii() and prefix.isdigit() and len(prefix) in _PREFIX_LENGTHS):
            problems.append(Problem(row.where("prefix"), message("regions.bad_prefix", found=prefix)))
        elif (other := by_prefix.setdefault(code_prefix(prefix), region)) != region:
            what = message("regions.two_regions", prefix=prefix, first=other, second=region)
            problems.append(Problem(row.where("macro_region"), what))
    if problems:
        raise InputError(problems)
    return MacroRegions(by_prefix)
