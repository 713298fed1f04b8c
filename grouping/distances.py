"""Distances between sites: a matrix that the user gives, or great circles between coordinates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from grouping.errors import InputError, Problem, Where
from grouping.grids import Grid, Source, read_grids
from grouping.messages import Message, message
from grouping.names import Found, SiteNames
from grouping.numbers import number
from grouping.sites import Applications, Remark, Site

EARTH_RADIUS_KM = 6371.0088
"""Mean radius of the Earth (IUGG)."""

_HEADER_DEPTH = 10
"""How many rows with content are looked at for the header."""
_MOST_CELLS = 40
"""How many wrong cells are told one by one; a matrix has too many to tell all."""
_MOST_NAMES = 20
"""How many ignored headers are named in the remark."""


@dataclass(frozen=True)
class Distances:
    """Distances between the sites of a list, in its order: ``km`` is (n, n), symmetric, with a zero diagonal.

    The unit is the matrix's own; it is called km because prices are compared with it.
    """

    km: NDArray[np.float64]
    remarks: tuple[Remark, ...] = ()
    file: str = ""
    sha256: str = ""


def great_circle(sites: Sequence[Site]) -> NDArray[np.float64]:
    """Great-circle distances in km, (n, n), by the haversine formula on a sphere of the mean radius.

    Raises:
        InputError: sites without coordinates.

    """
    lost = [site for site in sites if site.lon is None or site.lat is None]
    if lost:
        raise InputError([Problem(site.where, message("distances.no_place", name=site.name)) for site in lost])
    lon, lat = np.radians(np.array([(site.lon, site.lat) for site in sites], dtype=np.float64).reshape(-1, 2)).T
    haversine = (
        np.sin((lat[:, None] - lat[None, :]) / 2) ** 2
        + np.cos(lat[:, None]) * np.cos(lat[None, :]) * np.sin((lon[:, None] - lon[None, :]) / 2) ** 2
    )
    km: NDArray[np.float64] = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(haversine, 0.0, 1.0)))
    return km


# --- A matrix from a file ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Axis:
    """The headers along one side: row or column numbers by site id, texts by number, and what is no approved site."""

    places: Mapping[str, int]
    headers: Mapping[int, str]
    ignored: tuple[str, ...]
    repeated: tuple[str, ...]


@dataclass(slots=True)
class _Cells:
    """The wrong cells met so far."""

    problems: list[Problem] = field(default_factory=list)
    untold: int = 0

    def add(self, where: Where, what: Message) -> None:
        if len(self.problems) < _MOST_CELLS:
            self.problems.append(Problem(where, what))
        else:
            self.untold += 1


def read_distances(path: str | Path, applications: Applications) -> Distances:
    """Read a square matrix of distances between the approved sites, from an .xlsx or a .csv, in any unit.

    The first column and the first row hold the sites' names, ids or divisions, each side in any order. Rows and
    columns of anything else are ignored with a remark. Where the two directions differ their mean is taken, with a
    remark. The diagonal is 0 or blank.

    Raises:
        InputError: an approved site without a row or a column, or with two; else cells that are blank, negative or
            no number, all together, but of many only the first.

    """
    names = SiteNames(applications)
    source = read_grids(Path(path))
    grid, top, left = _matrix(source, names)
    columns = _axis({number: text for number, text in grid.rows[top].items() if number > left}, names)
    rows = _axis(
        {number: cells[left] for number, cells in sorted(grid.rows.items()) if number > top and left in cells}, names
    )
    problems = [
        *_axis_problems(Where(source.file, grid.sheet, row=top), message("distances.column"), columns, applications),
        *_axis_problems(Where(source.file, grid.sheet), message("distances.row"), rows, applications),
    ]
    if problems:
        raise InputError(problems)
    place = Where(source.file, grid.sheet)
    km = _values(place, grid, rows, columns, applications.sites)
    remarks = [*_ignored(place, rows, columns)]
    uneven = np.abs(km - km.T)
    if count := int(np.count_nonzero(np.triu(uneven > 1e-9 * np.maximum(km, km.T)))):
        i, j = np.unravel_index(int(np.argmax(uneven)), uneven.shape)
        a, b = applications.sites[int(i)].name, applications.sites[int(j)].name
        said = message("distances.uneven", count=count, a=a, b=b, one=f"{km[i, j]:g}", other=f"{km[j, i]:g}")
        remarks.append(Remark(place, "", said))
    return Distances((km + km.T) / 2, tuple(remarks), source.file, source.sha256)


def _matrix(source: Source, names: SiteNames) -> tuple[Grid, int, int]:
    """The sheet, or reading of a csv, with the most sites in one row, that row, and the column of the row headers."""
    best: tuple[int, Grid, int] | None = None
    for grid in source.grids:
        for top in sorted(grid.rows)[:_HEADER_DEPTH]:
            count = sum(isinstance(names.find(text), Found) for text in grid.rows[top].values())
            if best is None or count > best[0]:
                best = (count, grid, top)
            if best[0] >= len(names):
                break
    if best is None or not best[0]:
        raise InputError([Problem(Where(source.file), message("distances.no_header"))])
    _, grid, top = best
    first = min(number for number, text in grid.rows[top].items() if isinstance(names.find(text), Found))
    below = [number for row, cells in grid.rows.items() if row > top for number in cells if number < first]
    return grid, top, _fullest(below, first)


def _fullest(numbers: Iterable[int], first: int) -> int:
    """The column with the most cells left of ``first``, the nearest to it of equals."""
    counts: dict[int, int] = {}
    for column in numbers:
        counts[column] = counts.get(column, 0) + 1
    return max(counts, key=lambda column: (counts[column], column), default=first - 1)


def _axis(texts: Mapping[int, str], names: SiteNames) -> _Axis:
    places: dict[str, int] = {}
    ignored: list[str] = []
    repeated: list[str] = []
    for place, text in texts.items():
        found = names.find(text)
        if not isinstance(found, Found):
            ignored.append(text)
        elif found.site.id in places:
            repeated.append(text)
        else:
            places[found.site.id] = place
    return _Axis(places, texts, tuple(ignored), tuple(repeated))


def _axis_problems(where: Where, side: Message, axis: _Axis, applications: Applications) -> list[Problem]:
    problems = []
    for site in applications.sites:
        if site.id not in axis.places:
            near = [
                text
                for text, _, _ in process.extract(site.name, axis.ignored, scorer=fuzz.WRatio, limit=2, score_cutoff=60)
            ]
            hint = message("distances.near", near=near) if near else ""
            problems.append(Problem(where, message("distances.missing", side=side, name=site.name, near=hint)))
    problems += [Problem(where, message("distances.twice", text=text)) for text in axis.repeated]
    return problems


def _values(place: Where, grid: Grid, rows: _Axis, columns: _Axis, sites: Sequence[Site]) -> NDArray[np.float64]:
    km = np.zeros((len(sites), len(sites)))
    cells = _Cells()
    for i, a in enumerate(sites):
        row = rows.places[a.id]
        filled = grid.rows[row]
        for j, b in enumerate(sites):
            column = columns.places[b.id]
            text = filled.get(column, "")
            value = number(text)
            if i == j and (value == 0 or not text):
                continue
            if i == j or value is None or value < 0:
                where = Where(place.file, place.sheet, row, columns.headers[column])
                cells.add(where, _wrong(text, a, i == j, (row, column) in grid.spoilt))
            else:
                km[i, j] = value
    if cells.untold:
        cells.problems.append(Problem(place, message("distances.more", count=cells.untold)))
    if cells.problems:
        raise InputError(cells.problems)
    return km


def _wrong(text: str, site: Site, diagonal: bool, spoilt: bool) -> Message:
    if spoilt:
        return message("distances.spoilt", name=site.name, text=text)
    if diagonal:
        return message("distances.diagonal", name=site.name, text=text)
    if not text:
        return message("distances.blank", name=site.name)
    return message("distances.no_distance", name=site.name, text=text)


def _ignored(place: Where, rows: _Axis, columns: _Axis) -> list[Remark]:
    texts = list(dict.fromkeys((*columns.ignored, *rows.ignored)))
    if not texts:
        return []
    named = [*texts[:_MOST_NAMES], *(["…"] if len(texts) > _MOST_NAMES else [])]
    return [Remark(place, "", message("distances.ignored", count=len(texts), names=named))]
