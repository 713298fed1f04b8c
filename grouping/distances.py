"""Distances between sites: a matrix that the user gives, or great circles between coordinates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from grouping.errors import InputError, Problem, Where
from grouping.grids import Grid, Source, read_grids
from grouping.ground import EARTH_RADIUS_KM, Places
from grouping.messages import Message, message
from grouping.names import Found, SiteNames
from grouping.numbers import number
from grouping.sites import Applications, Remark, Site

MOST_TABLED = 6_000
"""Sites up to which great circles between all pairs are put into a table, which then takes 300 MB."""
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
    lon, lat = np.radians(_degrees(sites))
    haversine = (
        np.sin((lat[:, None] - lat[None, :]) / 2) ** 2
        + np.cos(lat[:, None]) * np.cos(lat[None, :]) * np.sin((lon[:, None] - lon[None, :]) / 2) ** 2
    )
    km: NDArray[np.float64] = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(haversine, 0.0, 1.0)))
    return km


def great_circles(sites: Sequence[Site]) -> NDArray[np.float64] | Places:
    """The same as a table, or the places between which they are if these are too many.

    Raises:
        InputError: sites without coordinates.

    """
    return great_circle(sites) if tabled(len(sites)) else places_of(sites)


def tabled(sites: int) -> bool:
    """Whether so many sites are few enough for tables of all pairs."""
    return sites <= MOST_TABLED


def by_places(sites: Sequence[Site], distances: Distances | None) -> bool:
    """Whether any level has so many sites that their places tell what is between them, not a table."""
    return distances is None and not tabled(max(Counter(site.level for site in sites).values(), default=0))


def places_of(sites: Sequence[Site]) -> Places:
    """Where the sites are.

    Raises:
        InputError: sites without coordinates.

    """
    return Places.of_degrees(*_degrees(sites))


def _degrees(sites: Sequence[Site]) -> NDArray[np.float64]:
    """(2, n) longitudes and latitudes."""
    lost = [site for site in sites if site.lon is None or site.lat is None]
    if lost:
        raise InputError([Problem(site.where, message("distances.no_place", name=site.name)) for site in lost])
    return np.array([(site.lon, site.lat) for site in sites], dtype=np.float64).reshape(-1, 2).T


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
    remark. The diagonal is 0 or blank. A matrix with one direction of each pair, such as a triangle, is read with a
    remark too.

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
    table = _Matrix(place, grid, rows, columns, applications.sites)
    half = _half(table)
    km = _values(table, half)
    remarks = [*_ignored(place, rows, columns)]
    if half.any():
        km = np.maximum(km, km.T)
        remarks.append(Remark(place, "", message("distances.half")))
    remarks += _uneven(place, km, applications.sites)
    return Distances((km + km.T) / 2, tuple(remarks), source.file, source.sha256)


def _uneven(place: Where, km: NDArray[np.float64], sites: Sequence[Site]) -> list[Remark]:
    """How many pairs differ in the two directions, and which differs most."""
    difference = np.abs(km - km.T)
    count = int(np.count_nonzero(np.triu(difference > 1e-9 * np.maximum(km, km.T))))
    if not count:
        return []
    i, j = np.unravel_index(int(np.argmax(difference)), difference.shape)
    values = {"a": sites[int(i)].name, "b": sites[int(j)].name, "one": f"{km[i, j]:g}", "other": f"{km[j, i]:g}"}
    most = f"{difference[i, j]:g}"
    return [Remark(place, "", message("distances.uneven", count=count, difference=most, **values))]


def _matrix(source: Source, names: SiteNames) -> tuple[Grid, int, int]:
    """The sheet, or reading of a csv, with the most sites in one row, that row, and the column of the row headers."""
    best: tuple[int, Grid, int] | None = None
    for grid in source.grids:
        for top in sorted(grid.rows)[:_HEADER_DEPTH]:
            # Each once: a row of whole kilometres is full of what may be ids.
            found = [one for text in grid.rows[top].values() if isinstance(one := names.find(text), Found)]
            count = len({one.site.id for one in found})
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


@dataclass(frozen=True, slots=True)
class _Matrix:
    """Where the distances between ``sites`` stand in the grid."""

    place: Where
    grid: Grid
    rows: _Axis
    columns: _Axis
    sites: Sequence[Site]

    def cell(self, i: int, j: int) -> tuple[int, int]:
        """The row and the column from site ``i`` to site ``j``."""
        return self.rows.places[self.sites[i].id], self.columns.places[self.sites[j].id]

    def text(self, i: int, j: int) -> str:
        """What stands there, "" if nothing."""
        row, column = self.cell(i, j)
        return self.grid.rows[row].get(column, "")


def _half(table: _Matrix) -> NDArray[np.bool_]:
    """The cells that are rightly blank, in a matrix that has no pair in both directions; else none.

    Of a pair that is blank in both directions the cell on the side that is filled in for most pairs is missing.
    """
    count = len(table.sites)
    filled = np.array([[bool(table.text(i, j)) for j in range(count)] for i in range(count)]).reshape(count, count)
    np.fill_diagonal(filled, False)
    if (filled & filled.T).any() or not filled.any():
        return np.zeros_like(filled)
    at = np.array([table.rows.places[site.id] for site in table.sites])
    below = at[:, None] > at[None, :]
    lower = (filled & below).sum() >= (filled & below.T).sum()
    # Of two blanks just one is right, or the pair would have no distance and nobody would know.
    return np.asarray(~filled & (filled.T | (below != lower)))


def _values(table: _Matrix, half: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The distances from site to site; 0 where ``half`` says that a blank is right."""
    km = np.zeros((len(table.sites), len(table.sites)))
    cells = _Cells()
    for i, a in enumerate(table.sites):
        for j in range(len(table.sites)):
            text = table.text(i, j)
            value = number(text)
            if (i == j and (value == 0 or not text)) or (half[i, j] and not text):
                continue
            if i == j or value is None or value < 0:
                row, column = table.cell(i, j)
                where = Where(table.place.file, table.place.sheet, row, table.columns.headers[column])
                cells.add(where, _wrong(text, a, i == j, (row, column) in table.grid.spoilt))
            else:
                km[i, j] = value
    if cells.untold:
        cells.problems.append(Problem(table.place, message("distances.more", count=cells.untold)))
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
