"""The workbook: what stands in it, that it reads back, and that nothing in it runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from openpyxl.workbook import Workbook

from grouping.grouping_files import read_grouping
from grouping.messages import message
from grouping.scenario_files import scenario_values
from grouping.workbook import write_workbook

from made_result import made_check, made_result

SHEETS = ["概览", "共同体", "成员", "未入组", "联系", "说明", "参数"]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("workbook") / "grouping.xlsx"
    write_workbook(made_result(), made_check(), path)
    return path


@pytest.fixture(scope="module")
def book(path: Path) -> Workbook:
    return openpyxl.load_workbook(path)


def rows(book: Workbook, sheet: str) -> list[tuple[object, ...]]:
    return list(book[sheet].iter_rows(values_only=True))


def test_the_sheets_and_the_members(book: Workbook) -> None:
    assert book.sheetnames == SHEETS
    header, first, *others = rows(book, "成员")
    assert header == (*("共同体", "层级", "实验点", "角色", "行政区划代码", "经度", "纬度", "片区", "联系人", "备注"),)
    place = ("310106", 121.45, 31.23, "长三角")
    assert first == ("区县01", "区县级", "上海市静安区", "组长", *place, "甲乙", "=1+1")
    assert [row[3] for row in others[:3]] == ["副组长", "副组长", "成员"]
    assert len(others) == 11


def test_texts_are_never_formulas_or_links(tmp_path: Path) -> None:
    result = made_result()
    sites = result.levels[0].communities[0].members
    evil = replace(sites[1], name="=HYPERLINK(1)", extra={"联系人": "@SUM(1)", "备注": "http://example.org/"})
    community = replace(result.levels[0].communities[0], members=(sites[0], evil, *sites[2:]))
    level = replace(result.levels[0], communities=(community,))
    path = tmp_path / "grouping.xlsx"
    write_workbook(replace(result, levels=(level,)), made_check(), path)
    sheet = openpyxl.load_workbook(path)["成员"]
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert not any(cell.hyperlink for cell in cells)
    assert sheet["C3"].value == "=HYPERLINK(1)"
    assert sheet["J2"].value == "=1+1"


def test_sheets_can_be_read_and_filtered(book: Workbook) -> None:
    members = book["成员"]
    assert members.freeze_panes == "A2"
    assert members.auto_filter.ref == "A1:J13"
    assert members.column_dimensions["C"].width >= 2 * len("上海市静安区社区学校")
    assert all(members.column_dimensions[column].width >= len("121.4500") + 1 for column in "FG")
    colours = [members.cell(row, 1).fill.start_color.rgb for row in (2, 7, 8, 11)]
    assert colours[0] == colours[1]
    assert colours[1] != colours[2]
    assert colours[2] != colours[3]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_sheet_prints_on_a4_in_width_with_its_header_on_each_page(tmp_path: Path, lang: str) -> None:
    path = tmp_path / "grouping.xlsx"
    write_workbook(made_result(), made_check(), path, lang)  # type: ignore[arg-type]
    for sheet in openpyxl.load_workbook(path):
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.page_setup.paperSize == 9
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.page_setup.fitToHeight == 0
        assert sheet.print_title_rows == "$1:$1"
        assert sheet.freeze_panes == "A2"
        assert sheet.oddFooter.right.text
        # Wide enough to read, narrow enough for a page.
        widths = [dimension.width for dimension in sheet.column_dimensions.values()]
        assert all(7 <= width <= 61 for width in widths)


def test_numbers_are_shown_as_an_office_writes_them(book: Workbook) -> None:
    formats = {
        "概览": {"B2": "#,##0", "E2": "#,##0.0", "G2": "0.00%", "B6": "#,##0.0"},
        "共同体": {"C2": "#,##0", "K2": "#,##0.0", "R2": "#,##0.0"},
        "成员": {"E2": "General", "F2": "0.0000", "G2": "0.0000"},
        "联系": {"F2": "#,##0.0"},
    }
    for name, cells in formats.items():
        for place, shown in cells.items():
            assert book[name][place].number_format == shown, (name, place)
    # A setting of 0.05 must not look like 0.1.
    values = {row[0].value: row[1] for row in book["参数"].iter_rows(min_row=2)}
    assert values["stop.gap"].number_format == "General"


def test_the_font_is_chinese_on_every_cell(book: Workbook) -> None:
    fonts = {(cell.font.name, cell.font.scheme) for sheet in book for row in sheet.iter_rows() for cell in row}
    # A font of the theme's scheme would be the theme's, whatever its name.
    assert fonts == {("Microsoft YaHei", None)}


def test_long_headers_take_two_lines_not_a_wide_column(book: Workbook) -> None:
    sheet = book["共同体"]
    header = {cell.value: cell for cell in sheet[1]}
    column = header["未落实的联系（公里）"].column_letter
    assert sheet.column_dimensions[column].width < 2 * len("未落实的联系（公里）")
    assert header["未落实的联系（公里）"].alignment.wrap_text
    assert sheet.row_dimensions[1].height >= 30


def test_what_stands_below_the_overview_does_not_widen_its_columns(book: Workbook) -> None:
    sheet = book["概览"]
    assert sheet.column_dimensions["B"].width < 16
    verdicts = [cell for cell in sheet["B"] if isinstance(cell.value, str) and "核查" in cell.value]
    assert verdicts
    assert not any(cell.alignment.wrap_text for cell in verdicts)


def test_rows_are_as_high_as_their_wrapped_text(tmp_path: Path) -> None:
    result = made_result()
    long = result.applications.remarks[0]
    wrapped = replace(long, name="甲", what=message("map.no_font"))
    long = replace(long, name="甲乙丙丁" * 30)
    applications = replace(result.applications, remarks=(wrapped, long))
    path = tmp_path / "grouping.xlsx"
    write_workbook(replace(result, applications=applications), made_check(), path)
    heights = openpyxl.load_workbook(path)["说明"].row_dimensions
    assert heights[2].height is None
    assert heights[3].height >= 15 * (2 * 4 * 30 / 60)


def test_what_is_not_placed_and_why(book: Workbook) -> None:
    _, unplaced, left_out = rows(book, "未入组")
    ours = ("成都市武侯区", "区县级", "未入组", "双方不在同一共同体", "名单.xlsx，工作表“名单”，第 11 行")
    assert unplaced == (*ours, "甲乙", None)
    assert left_out[:3] == ("某某学院", None, "未参加编组")


def test_links_remarks_and_parameters(book: Workbook) -> None:
    _, wish, pair, lost = rows(book, "联系")
    assert wish[:8] == ("上海市静安区", "北京市东城区", "意向", "优先", "否", 50, 50, "双方不在同一共同体")
    assert pair[3:5] == ("必须", "是")
    assert lost[4] == "无法落实"
    assert rows(book, "说明")[1][0] == "苏州市昆山市"
    keys = [row[0] for row in rows(book, "参数")[1:]]
    assert keys == [value.key for value in scenario_values(made_result().scenario)]
    for row in rows(book, "参数")[1:]:
        assert row[1] is not None
        assert row[3]
        assert row[4]


def test_the_overview_has_each_level_and_the_total(book: Workbook) -> None:
    header, county, street, total, *_ = rows(book, "概览")
    assert header[0] == "层级"
    assert county[:6] == ("区县级", 2, 9, 1, 2500.25, 2450)
    assert street[:4] == ("街镇级", 1, 3, 0)
    assert total[:5] == ("合计", 3, 12, 1, 2980.75)
    assert "路程（公里）" in {row[0] for row in rows(book, "概览")}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_check_reads_it_back(tmp_path: Path, lang: str) -> None:
    result = made_result()
    path = tmp_path / "grouping.xlsx"
    write_workbook(result, made_check(), path, lang)  # type: ignore[arg-type]
    read = read_grouping(path, result.applications)
    assert read.communities == {one.label: tuple(site.id for site in one.members) for one in result.communities}
    assert read.leads == {one.label: (one.lead.id,) for one in result.communities if one.lead}
    assert result.unplaced[0].site.id in read.unplaced


def test_a_column_of_the_list_called_like_ours_keeps_apart(tmp_path: Path) -> None:
    result = made_result()
    applications = replace(result.applications, columns=("角色", "备注"))
    path = tmp_path / "grouping.xlsx"
    write_workbook(replace(result, applications=applications), made_check(), path)
    header = rows(openpyxl.load_workbook(path), "成员")[0]
    assert header[8:] == ("名单的角色", "备注")
    # And the program reads its own.
    expected = {one.label: {site.id for site in one.members} for one in result.communities}
    assert {label: set(ids) for label, ids in read_grouping(path, applications).communities.items()} == expected


def test_no_folder_of_this_machine_is_in_it(tmp_path: Path) -> None:
    result = made_result()
    regions = tmp_path / "片区.csv"
    travel = result.scenario.travel.model_copy(update={"regions": str(regions)})
    scenario = result.scenario.model_copy(update={"travel": travel})
    path = tmp_path / "grouping.xlsx"
    write_workbook(replace(result, scenario=scenario), made_check(), path)
    values = {row[0]: row[1] for row in rows(openpyxl.load_workbook(path), "参数")}
    assert values["travel.regions"] == "片区.csv"


def test_the_same_grouping_gives_the_same_bytes(path: Path, tmp_path: Path) -> None:
    again = tmp_path / "grouping.xlsx"
    write_workbook(made_result(), made_check(), again)
    assert again.read_bytes() == path.read_bytes()
