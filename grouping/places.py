"""Where a row of an application list is: the division that it names, its coordinates, and whether the two agree."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from geopy.distance import great_circle

from grouping.errors import Problem
from grouping.levels import Level
from grouping.messages import Message, message
from grouping.regions import Division, divisions
from grouping.resolve import Resolution, resolve, resolve_parts
from grouping.sites import Position
from grouping.tables import Row
from grouping.vocabulary import PARTS

_CHINA = (73.0, 136.0, 3.0, 54.5)
"""West, east, south, north of a box around all of China's land and islands, degrees."""
_REACH_KM = 150.0
"""How far from the seat of its county a site may be at least."""
_SHOWN = 6
"""How many possible divisions an error lists."""


@dataclass(frozen=True, slots=True)
class Located:
    """The division of a row. ``unresolved`` says why there is none; ``notes`` what was understood otherwise.

    ``column`` is the id of the column that decided, ``guessed`` whether that was only the site's name.
    """

    column: str
    division: Division | None = None
    unresolved: Message | None = None
    problems: tuple[Problem, ...] = ()
    notes: tuple[Message, ...] = ()

    @property
    def guessed(self) -> bool:
        """Whether nothing but the site's name spoke of a division."""
        return self.column == "name"


# --- Division ------------------------------------------------------------------------------------------


def locate(row: Row, name: str, level: Level | None) -> Located:
    """The division that ``row`` means: by its adcode, its division, or its name where it has neither.

    ``level`` is what the row says of the level, to choose between divisions of the same name.
    """
    code = re.sub(r"\.0+$", "", row.cell("adcode"))
    if not code:
        return _by_words(row, name, level)
    by_code = resolve(code, level=level)
    if by_code.division is None:
        return Located("adcode", unresolved=message("applications.unknown_adcode", adcode=row.cell("adcode")))
    if not any(row.cell(column) for column in ("division", *PARTS)):
        return _understood(by_code, "adcode")
    return _agreed(row, level, by_code, *_by_text(row, name, level))


def _by_words(row: Row, name: str, level: Level | None) -> Located:
    resolution, column = _by_text(row, name, level)
    located = _understood(resolution, column)
    if level is None and located.division is not None and column in ("province", "prefecture"):
        # Only a county or township column would have told that the site is of no lower level.
        values = {"column": row.headers[column], "level": Message(f"level.{located.division.level}")}
        return replace(located, notes=(*located.notes, Message("applications.level_from", values)))
    return located


def _by_text(row: Row, name: str, level: Level | None) -> tuple[Resolution, str]:
    """What the words of the row mean, and the column that decided."""
    parts = [row.cell(column).replace("\n", "") for column in PARTS]
    if text := row.cell("division").replace("\n", ""):
        return resolve(_within(parts, text), level=level), "division"
    filled = [column for column in PARTS if row.cell(column)]
    if not filled:
        return resolve(name, level=level), "name"
    by_parts = resolve_parts(*parts, level=level)
    found = by_parts.division
    if found is None or filled[-1] in ("county", "township") or found.level is level:
        return by_parts, filled[-1]
    # A list with a column for the province and sites that are named after their district.
    by_name = resolve(_within(parts, name), level=level)
    if by_name.division is not None and _inside(by_name.division, found):
        return by_name, "name"
    return by_parts, filled[-1]


def _within(parts: list[str], text: str) -> str:
    """``text`` with those parts before it that it does not name itself."""
    missing = [part for part in parts if part and (part.rstrip("省市") or part) not in text]
    return "".join(missing) + text


def _understood(resolution: Resolution, column: str) -> Located:
    if resolution.division is None:
        reason = resolution.note or message("resolve.unknown", text=resolution.text)
        asked = resolution.how == "ambiguous"
        return Located(column, unresolved=reason if asked else message("applications.unknown", reason=reason))
    return Located(column, resolution.division, notes=_notes(resolution))


def _notes(*resolutions: Resolution) -> tuple[Message, ...]:
    """What was done to understand, apart from looking up a code."""
    return tuple(
        one.note for one in resolutions if one.note is not None and one.division is not None and one.how != "adcode"
    )


def _shown(division: Division) -> str:
    return f"{division.full_name} ({division.adcode})"


def _agreed(row: Row, level: Level | None, by_code: Resolution, by_text: Resolution, column: str) -> Located:
    """The division that code and words agree on; one inside the other is the finer one, or that of ``level``."""
    of_code, of_text = by_code.division, by_text.division
    assert of_code is not None
    notes = _notes(by_code, by_text)
    if of_text is None:
        if by_text.how == "ambiguous":
            agreed = any(of_code.adcode == one.adcode for one in by_text.candidates)
        else:
            agreed = True
            notes += (message("applications.by_adcode", text=by_text.text, division=_shown(of_code)),)
        if agreed:
            return Located("adcode", of_code, notes=notes)
    elif _inside(of_code, of_text) or _inside(of_text, of_code):
        fine, coarse = (of_code, of_text) if _inside(of_code, of_text) else (of_text, of_code)
        return Located("adcode", coarse if coarse.level is level else fine, notes=notes)
    what = message(
        "applications.adcode_contradicts",
        adcode=row.cell("adcode"),
        of_code=of_code.full_name,
        text=by_text.text,
        of_text=[_shown(one) for one in by_text.candidates[:_SHOWN]] if of_text is None else _shown(of_text),
        column=row.headers.get(column, column),
    )
    return Located("adcode", problems=(Problem(row.where("adcode"), what),))


def _inside(inner: Division, outer: Division) -> bool:
    """Whether ``inner`` is ``outer`` or lies in it."""
    above: Division | None = inner
    while above is not None and above.adcode != outer.adcode:
        above = divisions().parent(above.adcode)
    return above is not None


# --- Coordinates ---------------------------------------------------------------------------------------


class Point(NamedTuple):
    """WGS-84 degrees, and where they come from."""

    lon: float
    lat: float
    position: Position


def given_point(row: Row, problems: list[Problem]) -> Point | None:
    """The coordinates that ``row`` gives, if any; what is impossible about them goes to ``problems``."""
    texts = {column: row.cell(column) for column in ("lon", "lat")}
    if not any(texts.values()):
        return None
    values: dict[str, float] = {}
    for column, text in texts.items():
        other = "lat" if column == "lon" else "lon"
        value = degrees(text)
        if value is not None:
            values[column] = value
        elif text:
            problems.append(Problem(row.where(column), message("applications.not_degrees", found=text)))
        else:
            where = row.where(column) if column in row.headers else row.where(other)
            what = "applications.no_lon" if column == "lon" else "applications.no_lat"
            problems.append(Problem(where, Message(what, {"found": texts[other]})))
    if len(values) < 2:
        return None
    lon, lat = values["lon"], values["lat"]
    west, east, south, north = _CHINA
    if west <= lon <= east and south <= lat <= north:
        return Point(lon, lat, "given")
    swapped = west <= lat <= east and south <= lon <= north
    what = "applications.swapped" if swapped else "applications.outside_china"
    problems.append(Problem(row.where("lon"), Message(what, {"lon": texts["lon"], "lat": texts["lat"]})))
    return None


_DEGREES = re.compile(
    r"(?:东经|北纬|[EN])?\s*(\d+(?:\.\d+)?)\s*[°度]?"
    r"(?:\s*(\d+(?:\.\d+)?)\s*['分](?:\s*(\d+(?:\.\d+)?)\s*[\"秒])?)?\s*[EN]?",
    re.IGNORECASE,
)


def degrees(text: str) -> float | None:
    """Decimal degrees from 116.4, 116.4°E, 东经116°24′30″; None for anything else."""
    text = unicodedata.normalize("NFKC", text.replace("″", '"').replace("′", "'")).strip()
    if re.fullmatch(r"-\d+(\.\d+)?", text):
        return float(text)
    found = _DEGREES.fullmatch(text)
    if found is None:
        return None
    whole, minutes, seconds = (float(part or 0) for part in found.groups())
    return whole + minutes / 60 + seconds / 3600 if minutes < 60 and seconds < 60 else None


def division_point(division: Division) -> Point | None:
    """Where a division stands: at its seat, at a point inside, or a township at its county's seat."""
    if division.lon is None or division.lat is None or division.position is None:
        return None
    return Point(division.lon, division.lat, division.position)


def too_far(point: Point, division: Division) -> Message | None:
    """Why ``point`` can't be in ``division``, if it is farther from the seat than anything of it."""
    seat = division_point(division)
    if seat is None:
        return None
    distance = _km(point, seat)
    if distance <= _REACH_KM or distance <= (reach := _reach_km(division, seat)):
        return None
    return message(
        "applications.far", lon=point.lon, lat=point.lat, division=division.full_name, km=distance, reach=reach
    )


def _reach_km(division: Division, seat: Point) -> float:
    """How far from its seat a division may stretch, km: beyond its farthest county, or as far as the next county."""
    counties = [one for one in divisions().upper() if one.level is Level.COUNTY]
    if division.level in (Level.PROVINCE, Level.PREFECTURE):
        inside = _distances(seat, [one for one in counties if _inside(one, division)])
        return _REACH_KM + max(inside, default=0.0)
    others = [one for one in counties if not _inside(division, one)]
    return max(_REACH_KM, min(_distances(seat, others), default=0.0))


def _distances(seat: Point, others: Sequence[Division]) -> list[float]:
    return [_km(seat, point) for one in others if (point := division_point(one)) is not None]


def _km(a: Point, b: Point) -> float:
    return float(great_circle((a.lat, a.lon), (b.lat, b.lon)).km)
