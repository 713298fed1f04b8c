"""The application list: every row is a site, left out with a reason, or a problem."""

import csv
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grouping.applications import read_applications
from grouping.errors import InputError
from grouping.levels import Level
from grouping.places import degrees
from grouping.sites import Applications, Site
from grouping.tables import folded
from grouping.vocabulary import COLUMNS, LEVEL_WORDS, STATUS_WORDS, YES_WORDS

SHANGCHENG = "浙江省杭州市上城区"


def write(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


def read(tmp_path: Path, text: str, **options: Any) -> Applications:
    return read_applications(write(tmp_path / "名单.csv", text), **options)


def only(applications: Applications) -> Site:
    (site,) = applications.sites
    return site


def problems(tmp_path: Path, text: str, **options: Any) -> list[tuple[int | None, str | None, str]]:
    with pytest.raises(InputError) as caught:
        read(tmp_path, text, **options)
    return [(one.where.row, one.where.column, one.what.key.split(".")[1]) for one in caught.value.problems]


def remarks(applications: Applications) -> list[str]:
    return [remark.what.key for remark in applications.remarks]


# --- What a row says -----------------------------------------------------------------------------------


def test_a_full_row(tmp_path: Path) -> None:
    text = (
        "编号,名称,层级,地区,行政区划代码,经度,纬度,状态,可任组长,意向项目,意向伙伴,联系人\n"
        f"A1,甲学院,区县级,{SHANGCHENG},330102,120.19,30.24,已批准,否,学习共同体建设；老年教育赋能提质,乙、丙/丁，乙,张三\n"
    )
    applications = read(tmp_path, text)
    site = only(applications)
    assert (site.id, site.name, site.level, site.adcode, site.division) == (
        *("A1", "甲学院", Level.COUNTY, "330102", SHANGCHENG),
    )
    assert (site.lon, site.lat, site.position, site.can_lead) == (120.19, 30.24, "given", False)
    assert site.themes == ("7", "3")
    assert site.wishes == ("乙", "丙", "丁")
    assert applications.columns == ("编号", "地区", "状态", "可任组长", "意向项目", "意向伙伴", "联系人")
    assert [site.extra[column] for column in applications.columns] == [
        *("A1", SHANGCHENG, "已批准", "否", "学习共同体建设；老年教育赋能提质", "乙、丙/丁，乙", "张三"),
    ]
    assert (site.where.file, site.where.row) == ("名单.csv", 2)
    assert applications.sha256 == hashlib.sha256((tmp_path / "名单.csv").read_bytes()).hexdigest()
    assert not applications.left_out
    assert not applications.remarks


def test_english_headers_and_words(tmp_path: Path) -> None:
    text = (
        "status,can_lead,level,name,division,longitude,lat,id\n"
        f"approved,yes,county,A,{SHANGCHENG},120.19,30.24,7\nRejected,no,county,B,{SHANGCHENG},,,8\n"
    )
    applications = read(tmp_path, text)
    assert [(site.id, site.level, site.can_lead) for site in applications] == [("7", Level.COUNTY, True)]
    assert [row.name for row in applications.left_out] == ["B"]


def test_the_seat_stands_in_for_coordinates_and_the_division_for_the_level(tmp_path: Path) -> None:
    applications = read(tmp_path, f"名称,地区\n甲,{SHANGCHENG}\n乙,江苏省苏州市\n丙,青海省\n丁,{SHANGCHENG}清波街道\n")
    levels = [site.level for site in applications]
    assert levels == [Level.COUNTY, Level.PREFECTURE, Level.PROVINCE, Level.TOWNSHIP]
    assert [site.position for site in applications] == ["seat", "seat", "seat", "host_seat"]
    county, *_, township = applications
    assert (county.lon, county.lat) == (township.lon, township.lat)
    assert township.adcode is not None
    assert len(township.adcode) == 9
    assert remarks(applications) == ["applications.host_seats"]


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("省,市,区县", "浙江省,杭州市,上城区"),
        ("省份,地级市,县（市、区）", "浙江省,杭州市,上城区"),
        ("省市区县", SHANGCHENG),
        ("省,地区", "浙江省,杭州市上城区"),
        ("省,地区", f"浙江省,{SHANGCHENG}"),
        ("adcode", "330102"),
        ("区划代码", "330102.0"),
        ("adcode,地区", "330102,浙江省杭州市"),
        ("adcode,地区", f"330100,{SHANGCHENG}"),
    ],
)
def test_ways_to_give_a_division(tmp_path: Path, header: str, row: str) -> None:
    assert only(read(tmp_path, f"名称,{header}\n甲学院,{row}\n")).adcode == "330102"


def test_the_name_is_the_division_where_nothing_else_is(tmp_path: Path) -> None:
    applications = read(tmp_path, f"名称,地区\n{SHANGCHENG},\n乙,江苏省苏州市\n")
    assert [site.adcode for site in applications] == ["330102", "320500"]
    assert only(read(tmp_path, "名称,省\n杭州市上城区,浙江省\n")).adcode == "330102"


def test_a_level_that_only_a_coarse_column_tells_is_remarked_upon(tmp_path: Path) -> None:
    applications = read(tmp_path, "名称,省\n甲,浙江省\n")
    assert only(applications).level is Level.PROVINCE
    assert remarks(applications) == ["applications.level_from"]


def test_what_resolving_noted_becomes_a_remark(tmp_path: Path) -> None:
    applications = read(tmp_path, "名称\n北京市延庆县\n")
    assert only(applications).division == "北京市延庆区"
    (remark,) = applications.remarks
    assert (remark.where.row, remark.where.column, remark.name) == (2, "名称", "北京市延庆县")


def test_the_adcode_settles_an_ambiguous_name_and_stands_in_for_an_unknown_one(tmp_path: Path) -> None:
    assert only(read(tmp_path, "名称,地区,adcode\n甲,鼓楼区,320106\n")).division == "江苏省南京市鼓楼区"
    applications = read(tmp_path, "名称,地区,adcode\n甲,火星基地,320106\n")
    assert only(applications).adcode == "320106"
    assert remarks(applications) == ["applications.by_adcode"]


def test_names_wrapped_in_their_cell_are_one_line(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["名称", "地区"], ["上城区\n社区学院", "浙江省\n杭州市上城区"]):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    assert only(read_applications(tmp_path / "a.xlsx")).name == "上城区社区学院"


def test_a_site_with_level_and_coordinates_needs_no_division(tmp_path: Path) -> None:
    applications = read(tmp_path, "名称,层级,经度,纬度\n示例社区学院,区县级,120.2,30.2\n")
    site = only(applications)
    assert (site.adcode, site.lon, site.level) == (None, 120.2, Level.COUNTY)
    assert remarks(applications) == ["applications.without_division"]


# --- Status --------------------------------------------------------------------------------------------


def test_only_admitted_sites_take_part(tmp_path: Path) -> None:
    text = f"名称,审核状态,地区\n甲,通过,{SHANGCHENG}\n乙,待审,哪里\n丙,,{SHANGCHENG}\n"
    applications = read(tmp_path, text)
    assert [site.name for site in applications] == ["甲"]
    assert [(row.name, row.what.key, row.where.column) for row in applications.left_out] == [
        ("乙", "applications.not_admitted", "审核状态"),
        ("丙", "applications.no_status", "审核状态"),
    ]


def test_a_list_without_a_status_is_of_admitted_sites_and_one_may_have_none(tmp_path: Path) -> None:
    assert len(read(tmp_path, f"名称,地区\n甲,{SHANGCHENG}\n")) == 1
    assert len(read(tmp_path, f"名称,地区,状态\n甲,{SHANGCHENG},退出\n")) == 0


@pytest.mark.parametrize(("word", "admitted"), [(" Approved", True), ("√", True), ("是", True), ("未 通过", False)])
def test_status_words(tmp_path: Path, word: str, admitted: bool) -> None:
    assert bool(read(tmp_path, f"名称,地区,状态\n甲,{SHANGCHENG},{word}\n").sites) is admitted


@pytest.mark.parametrize(("word", "admitted"), [("（通过）", True), ("已批准（2024 年）", True), ("（待审）", False)])
def test_a_status_in_brackets_or_with_a_note(tmp_path: Path, word: str, admitted: bool) -> None:
    assert bool(read(tmp_path, f"名称,地区,状态\n甲,{SHANGCHENG},{word}\n").sites) is admitted


def test_a_note_that_contradicts_the_status_is_asked_about(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="已批准（2025年已退出）"):
        read(tmp_path, f"名称,地区,状态\n甲,{SHANGCHENG},已批准（2025年已退出）\n")


def test_notes_on_a_status_which_may_be_about_persons_are_not_told(tmp_path: Path) -> None:
    (left,) = read(tmp_path, f"名称,地区,状态\n甲,{SHANGCHENG},未通过（张三 13800138000）\n").left_out
    assert "为“未通过”" in left.what.text()


def test_no_in_brackets_is_no(tmp_path: Path) -> None:
    (site,) = read(tmp_path, f"名称,地区,可任组长\n甲,{SHANGCHENG},（否）\n").sites
    assert not site.can_lead


def test_blanks_among_nothing_but_yes_are_remarked_upon(tmp_path: Path) -> None:
    text = "名称,可任组长\n浙江省杭州市上城区,是\n江苏省苏州市,\n"
    applications = read(tmp_path, text)
    assert [site.can_lead for site in applications] == [True, True]
    assert remarks(applications) == ["applications.blank_leads"]
    assert remarks(read(tmp_path, text + "青海省,否\n")) == []


# --- Titles of sections --------------------------------------------------------------------------------


def test_a_title_that_only_names_the_division_of_the_rows_below_is_no_site(tmp_path: Path) -> None:
    text = "编号,名称,联系人\n,江苏省,\n1,江苏省昆山市,甲\n2,南京市鼓楼区,乙\n,二、浙江省（1个）,\n3,平湖市,丙\n"
    applications = read(tmp_path, text)
    assert [site.division for site in applications] == [
        "江苏省苏州市昆山市",
        "江苏省南京市鼓楼区",
        "浙江省嘉兴市平湖市",
    ]
    told = [(one.where.row, one.name) for one in applications.remarks if one.what.key == "applications.title"]
    assert told == [(2, "江苏省"), (5, "二、浙江省（1个）")]


def test_titles_may_stand_below_titles(tmp_path: Path) -> None:
    text = "名称,联系人\n江苏省,\n江苏省南京市,\n南京市鼓楼区,甲\n江苏省苏州市,\n昆山市,乙\n"
    applications = read(tmp_path, text)
    assert [site.level for site in applications] == [Level.COUNTY] * 2
    assert remarks(applications).count("applications.title") == 3


@pytest.mark.parametrize(
    "row",
    ["1,江苏省,,", ",江苏省,省级,", ",江苏省,,甲"],
    ids=["numbered", "with a level", "with something else"],
)
def test_a_row_with_more_than_its_name_is_a_site(tmp_path: Path, row: str) -> None:
    text = f"编号,名称,层级,联系人\n{row}\n2,江苏省昆山市,,乙\n3,南京市鼓楼区,,丙\n"
    assert [site.level for site in read(tmp_path, text)] == [Level.PROVINCE, Level.COUNTY, Level.COUNTY]


@pytest.mark.parametrize("header", ["名称", "编号,名称,联系人"])
def test_in_a_list_of_nothing_but_names_each_is_a_site(tmp_path: Path, header: str) -> None:
    names = ["江苏省", "江苏省昆山市", "南京市鼓楼区", "浙江省"]
    lines = [name if header == "名称" else f",{name}," for name in names]
    applications = read(tmp_path, "\n".join([header, *lines]) + "\n")
    assert [site.name for site in applications] == names
    above = [one.name for one in applications.remarks if one.what.key == "applications.site_above_its_own"]
    assert above == ["江苏省"]


@pytest.mark.parametrize(
    "lines",
    [
        # Nothing of it below: an empty section, or a site.
        ",江苏省,\n1,浙江省平湖市,甲\n2,浙江省慈溪市,乙\n",
        "1,浙江省平湖市,甲\n2,浙江省慈溪市,乙\n,江苏省,\n",
        # Only some of the rows below are in it.
        ",江苏省,\n1,江苏省昆山市,甲\n2,浙江省平湖市,乙\n",
        # There is no column that every site fills in.
        ",江苏省,\n,江苏省昆山市,\n2,南京市鼓楼区,\n",
        # The row below is of the same division.
        ",江苏省,\n1,江苏省教育厅,甲\n2,江苏省昆山市,乙\n",
    ],
    ids=["empty above", "empty below", "others below", "no full column", "same division"],
)
def test_what_may_be_a_title_or_a_site_is_asked_about(tmp_path: Path, lines: str) -> None:
    text = "编号,名称,联系人\n" + lines
    asked = [problem for problem in problems(tmp_path, text) if problem[2] == "title_or_site"]
    row = 2 + lines.split("\n").index(",江苏省,")
    assert asked == [(row, "名称", "title_or_site")]
    left = read(tmp_path, text, on_unresolved="skip").left_out
    assert [one.name for one in left] == ["江苏省"]


def test_a_site_that_left_the_rest_blank_stays_a_site(tmp_path: Path) -> None:
    text = "编号,名称,联系人\n1,江苏省昆山市,甲\n,南京市鼓楼区,\n3,浙江省平湖市,乙\n"
    assert [site.name for site in read(tmp_path, text)] == ["江苏省昆山市", "南京市鼓楼区", "浙江省平湖市"]


# --- What is wrong -------------------------------------------------------------------------------------


def test_everything_wrong_is_told_at_once_in_the_order_of_the_rows(tmp_path: Path) -> None:
    text = (
        "编号,名称,层级,地区,adcode,经度,纬度,状态,可任组长\n"
        f"A1,甲,区县级,{SHANGCHENG},330106,30.2,120.3,通过,是\n"
        "A1,甲,县级,鼓楼区,,,,√,否\n"
        "A3,丙,地市,江苏省南京市鼓楼区,,,32.1,√,嗯\n"
        "A4,丁,区县,江苏省南京市鼓楼区,,121.5,31.2,√,\n"
        "A5,戊,星级,火星基地,,ab,31.2,也许,\n"
        "A6,,区县,江苏省南京市鼓楼区,,,,√,\n"
        ",己,,,999999,0,0,同意,\n"
    )
    assert sorted(problems(tmp_path, text), key=str) == sorted(
        [
            (2, "adcode", "adcode_contradicts"),
            (2, "经度", "swapped"),
            (3, "编号", "same_id"),
            (3, "名称", "same_name"),
            (3, "地区", "ambiguous"),
            (4, "可任组长", "yes_word"),
            (4, "经度", "no_lon"),
            (4, "层级", "level_contradicts"),
            (5, "经度", "far"),
            (6, "状态", "status_word"),
            (6, "层级", "level_word"),
            (6, "经度", "not_degrees"),
            (6, "地区", "unknown"),
            (7, "名称", "blank"),
            (8, "adcode", "unknown_adcode"),
            (8, "经度", "outside_china"),
        ],
        key=str,
    )
    rows = [row or 0 for row, _, _ in problems(tmp_path, text)]
    assert rows == sorted(rows)


def test_the_same_name_is_allowed_at_another_level_and_the_same_division_remarked_upon(tmp_path: Path) -> None:
    text = f"名称,地区\n示例学院,{SHANGCHENG}\n示例学院,浙江省杭州市\n另一学院,{SHANGCHENG}\n"
    applications = read(tmp_path, text)
    assert [site.id for site in applications] == ["示例学院@county", "示例学院@prefecture", "另一学院"]
    assert [(remark.name, remark.what.key) for remark in applications.remarks] == [
        ("另一学院", "applications.same_division")
    ]


@pytest.mark.parametrize(
    ("division", "lon", "lat"),
    [
        (
            "新疆维吾尔自治区巴音郭楞蒙古自治州若羌县",
            90.0,
            38.5,
        ),  # 200 km from its seat, in a county as large as a province
        ("内蒙古自治区呼伦贝尔市", 123.7, 49.0),
        ("新疆维吾尔自治区", 75.99, 39.47),
    ],
)
def test_large_divisions_reach_far(tmp_path: Path, division: str, lon: float, lat: float) -> None:
    assert only(read(tmp_path, f"名称,地区,经度,纬度\n甲,{division},{lon},{lat}\n")).position == "given"


def test_coordinates_far_outside_a_province_are_a_problem(tmp_path: Path) -> None:
    assert problems(tmp_path, "名称,地区,经度,纬度\n甲,浙江省,116.4,39.9\n") == [(2, "经度", "far")]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("116.4", 116.4),
        ("１１６．４", 116.4),
        ("116.4°E", 116.4),
        ("东经116.4度", 116.4),
        ("116°24′36″", 116.41),
        ("116°24'36\"E", 116.41),
        ("-5", -5.0),
        ("116,4", None),
        ("116.4,39.9", None),
        ("116°99′", None),
        ("nan", None),
        ("", None),
    ],
)
def test_degrees(text: str, value: float | None) -> None:
    assert degrees(text) == (None if value is None else pytest.approx(value))


def test_unresolved_rows_can_be_left_out(tmp_path: Path) -> None:
    applications = read(tmp_path, f"名称,地区\n甲,{SHANGCHENG}\n乙,鼓楼区\n丙,火星基地\n", on_unresolved="skip")
    assert [site.name for site in applications] == ["甲"]
    assert [row.name for row in applications.left_out] == ["乙", "丙"]
    assert "江苏省南京市鼓楼区" in applications.left_out[0].what.text()


def test_a_name_that_says_another_level_is_no_division_where_coordinates_are_given(tmp_path: Path) -> None:
    site = only(read(tmp_path, "名称,层级,经度,纬度\n杭州社区学院,区县级,120.2,30.2\n"))
    assert (site.level, site.adcode, site.division) == (Level.COUNTY, None, None)
    assert problems(tmp_path, "名称,层级\n杭州社区学院,区县级\n") == [(2, "层级", "level_contradicts")]


# --- Without places ------------------------------------------------------------------------------------


def test_a_distance_matrix_needs_no_places(tmp_path: Path) -> None:
    applications = read(tmp_path, "名称\n站点一\n站点二\n浙江省杭州市\n", places=False)
    assert [(site.level, site.adcode) for site in applications] == [(Level.COUNTY, None)] * 3
    assert remarks(applications) == ["applications.all_counties"]


def test_without_places_divisions_count_as_far_as_they_are_known(tmp_path: Path) -> None:
    text = f"名称,层级,地区\n甲,区县级,{SHANGCHENG}\n乙,区县级,火星基地\n浙江省杭州市,区县级,\n"
    applications = read(tmp_path, text, places=False)
    assert [(site.level, site.adcode) for site in applications] == [
        *((Level.COUNTY, "330102"), (Level.COUNTY, None), (Level.COUNTY, None)),
    ]
    assert [(remark.name, remark.what.key) for remark in applications.remarks] == [
        ("乙", "applications.without_division")
    ]


def test_without_places_the_levels_of_divisions_hold_if_all_are_known(tmp_path: Path) -> None:
    applications = read(tmp_path, f"名称\n{SHANGCHENG}\n浙江省杭州市\n", places=False)
    assert [site.level for site in applications] == [Level.COUNTY, Level.PREFECTURE]


# --- Whole lists ---------------------------------------------------------------------------------------


def test_the_order_of_rows_changes_no_id(tmp_path: Path) -> None:
    rows = [f"示例学院,{SHANGCHENG}", "示例学院,浙江省杭州市", "丙,江苏省苏州市"]
    forward = read(tmp_path, "\n".join(["名称,地区", *rows]))
    backward = read(tmp_path, "\n".join(["名称,地区", *reversed(rows)]))
    assert [site.id for site in forward] == [site.id for site in reversed(backward.sites)]


def test_no_header_and_no_word_has_two_meanings() -> None:
    headers = [folded(header) for column in COLUMNS for header in dict.fromkeys(map(folded, column.headers))]
    assert len(headers) == len(set(headers))
    assert not {word for word, yes in YES_WORDS.items() if STATUS_WORDS[word] is not yes}
    assert all(word == folded(word) for word in (*LEVEL_WORDS, *YES_WORDS, *STATUS_WORDS))


VALUES: Mapping[str, st.SearchStrategy[str]] = {
    "level": st.sampled_from(["区县级", "县级", "county", "区", ""]),
    "division": st.sampled_from([SHANGCHENG]),
    "adcode": st.sampled_from(["330102", ""]),
    "status": st.sampled_from(["已批准", "approved", "是"]),
    "can_lead": st.sampled_from(["是", "yes", ""]),
    "themes": st.sampled_from(["3；6", "老年教育/互联网+", "老年教育赋能提质,互联网＋社区教育", "3、互联网"]),
    "extra": st.text(st.sampled_from("甲乙 0.５,；\"'"), max_size=6).map(str.strip),
}


@given(
    st.lists(st.fixed_dictionaries(dict(VALUES)), min_size=1, max_size=5),
    st.permutations(["id", "name", *VALUES]),
    st.integers(0, 1),
    st.sampled_from(["xlsx", "csv"]),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_list_reads_back_whatever_its_columns_order_and_language(
    tmp_path: Path, rows: list[dict[str, str]], order: list[str], lang: int, suffix: str
) -> None:
    headers = {column.id: column.headers[lang] for column in COLUMNS} | {"extra": "随便什么"}
    records = [{"id": f"N{number}", "name": f"学院{number}", **row} for number, row in enumerate(rows)]
    cells = [[headers[key] for key in order], *([record[key] for key in order] for record in records)]
    path = tmp_path / f"any.{suffix}"
    if suffix == "csv":
        with path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows(cells)
    else:
        book = openpyxl.Workbook()
        for row in cells:
            book.active.append(row)
        book.save(path)
    applications = read_applications(path)
    assert applications.columns[-1] == "随便什么"
    for site, record in zip(applications, records, strict=True):
        assert (site.id, site.name, site.extra["随便什么"]) == (record["id"], record["name"], record["extra"])
        assert (site.level, site.adcode, site.themes, site.can_lead) == (Level.COUNTY, "330102", ("3", "6"), True)


MESSY: Mapping[str, st.SearchStrategy[str]] = {
    "编号": st.sampled_from(["", "A1", "A2", "A3"]),
    "名称": st.sampled_from(["甲", "乙", "丙", "丁", "", "鼓楼区", "昆山市"]),
    "层级": st.sampled_from(["", "", "区县级", "地市级", "何级"]),
    "地区": st.sampled_from(["", SHANGCHENG, "江苏省苏州市", "鼓楼区", "火星基地"]),
    "adcode": st.sampled_from(["", "", "330102", "999999"]),
    "经度": st.sampled_from(["", "", "120.2", "30.2", "东边"]),
    "纬度": st.sampled_from(["", "", "30.25", "120.2"]),
    "状态": st.sampled_from(["通过", "是", "待审", "", "也许"]),
    "可任组长": st.sampled_from(["", "是", "否", "再议"]),
}


@given(st.lists(st.fixed_dictionaries(dict(MESSY)), min_size=1, max_size=6))
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_row_is_a_site_left_out_or_a_problem(tmp_path: Path, records: list[dict[str, str]]) -> None:
    # The extra column keeps rows without anything else from being blank.
    rows = [[*record.values(), "x"] for record in records]

    def attempt() -> Applications:
        lines = [[*MESSY, "备注"], *rows]
        return read(tmp_path, "\n".join(",".join(line) for line in lines), on_unresolved="skip")

    try:
        applications = attempt()
    except InputError as error:
        wrong = {problem.where.row for problem in error.problems}
        assert None not in wrong
        rows = [row for number, row in enumerate(rows, 2) if number not in wrong]
        if not rows:
            return
        applications = attempt()
    assert len(applications.sites) + len(applications.left_out) == len(rows)
