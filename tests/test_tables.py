"""Tables as offices keep them: headers, merged cells, notes, encodings, and what Excel stores."""

import datetime
import hashlib
from collections.abc import Callable, Sequence
from csv import writer as csv_writer
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grouping.errors import InputError, Problem
from grouping.headers import Lexicon
from grouping.tables import Column, Table, folded, plain, read_table
from grouping.vocabulary import COLUMNS as COLUMNS_OF_LISTS

COLUMNS = (
    Column("id", ("编号", "id", "序号")),
    Column("name", ("名称", "name", "单位名称"), required=True),
    Column("division", ("地区", "division", "所在地区")),
    Column("province", ("省", "province", "省份", "自治区", "直辖市")),
    Column("prefecture", ("市", "city")),
    Column("county", ("区县", "county")),
    Column("lon", ("经度", "lon")),
    Column("wishes", ("意向伙伴", "wishes")),
)
Cells = Sequence[Sequence[Any]]


def xlsx(path: Path, rows: Cells, *merged: str, sheet: str = "名单", **others: Cells) -> Path:
    book = openpyxl.Workbook()
    page = book.active
    page.title = sheet
    for row in rows:
        page.append(list(row))
    for span in merged:
        page.merge_cells(span)
    for title, cells in others.items():
        page = book.create_sheet(title)
        for row in cells:
            page.append(list(row))
    book.save(path)
    return path


def csv(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def cells(table: Table, column: str = "name") -> list[str]:
    return [row.cell(column) for row in table.rows]


def remarks(table: Table) -> list[str]:
    return [remark.what.key for remark in table.remarks]


# --- Files ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_is_read_whatever_its_encoding_and_delimiter(tmp_path: Path, encoding: str, delimiter: str) -> None:
    lines = ["编号,名称,备注", '1,上城社区学院,"有, 逗号"', "2,𠮷镇学校,"]
    text = "\r\n".join(line.replace(",", delimiter).replace(f"有{delimiter} ", "有, ") for line in lines)
    table = read_table(csv(tmp_path / "名单.csv", text, encoding), COLUMNS)
    assert cells(table) == ["上城社区学院", "𠮷镇学校"]
    assert [row.extra["备注"] for row in table.rows] == ["有, 逗号", ""]
    assert table.sha256 == hashlib.sha256((tmp_path / "名单.csv").read_bytes()).hexdigest()
    assert (table.file, table.sheet) == ("名单.csv", None)


def test_cells_are_what_excel_shows(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    values = [110101.0, "甲", 116.40000000000001, datetime.date(2026, 3, 1), datetime.datetime(2026, 3, 1, 9, 30), True]
    xlsx(path, [["编号", "名称", "经度", "日期", "时间", "标记"], values])
    row = read_table(path, COLUMNS).rows[0]
    assert (row.cell("id"), row.cell("lon")) == ("110101", "116.4")
    assert row.extra == {"日期": "2026-03-01", "时间": "2026-03-01 09:30", "标记": "TRUE"}


def test_number_formats_of_codes_and_percents_are_kept(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", [["编号", "名称", "比例"], [7, "甲", 0.25]])
    book = openpyxl.load_workbook(path)
    book.active["A2"].number_format = "000"
    book.active["C2"].number_format = "0%"
    book.save(path)
    row = read_table(path, COLUMNS).rows[0]
    assert (row.cell("id"), row.extra["比例"]) == ("007", "25%")


def test_excel_escapes_of_codes_in_a_csv_are_undone(tmp_path: Path) -> None:
    table = read_table(csv(tmp_path / "a.csv", '编号,名称\n="0512",甲\n'), COLUMNS)
    assert cells(table, "id") == ["0512"]


# --- Headers -------------------------------------------------------------------------------------------


def test_a_title_stands_above_the_header_and_rows_keep_their_numbers(tmp_path: Path) -> None:
    rows = [["附件1　实验点名单", None, None], [None, None, None], ["序号", "单位名称", "联系人"], [1, "甲", "张三"]]
    table = read_table(xlsx(tmp_path / "a.xlsx", rows, "A1:C1"), COLUMNS)
    assert cells(table) == ["甲"]
    assert table.rows[0].place.row == 4
    assert table.rows[0].where("name").column == "单位名称"
    assert table.extras == ("联系人",)


@pytest.mark.parametrize(
    "header",
    [
        "名 称",
        "名称*",
        "名称（全称）",
        "名称/Name",
        "名称 Name",
        "名称\nname",
        "Ｎａｍｅ",
        "NAME",
        " 名称　",
        "【必填】名称",
    ],
)
def test_headers_are_recognised_however_they_are_dressed(tmp_path: Path, header: str) -> None:
    table = read_table(xlsx(tmp_path / "a.xlsx", [[header, "x"], ["甲", "1"]]), COLUMNS)
    assert cells(table) == ["甲"]
    assert table.columns == {"name": " ".join(header.split())}


def test_several_names_of_one_column_in_a_header(tmp_path: Path) -> None:
    table = read_table(csv(tmp_path / "a.csv", "省/自治区/直辖市,名称\n西藏自治区,甲\n"), COLUMNS)
    assert cells(table, "province") == ["西藏自治区"]


def test_the_better_name_wins_where_two_columns_mean_the_same(tmp_path: Path) -> None:
    table = read_table(csv(tmp_path / "a.csv", "序号,编号,名称\n1,A7,甲\n"), COLUMNS)
    assert cells(table, "id") == ["A7"]
    assert table.rows[0].extra == {"序号": "1"}
    assert remarks(table) == ["tables.second_column"]


def test_a_header_of_two_rows_merged(tmp_path: Path) -> None:
    rows = [
        ["名单"],
        ["编号", "名称", "所在地区", None, None, "联系人", None],
        [None, None, "省", "市", "区县", "姓名", "电话"],
        [1, "甲", "浙江省", "杭州市", "上城区", "张三", "000-0000"],
    ]
    table = read_table(xlsx(tmp_path / "a.xlsx", rows, "A1:G1", "A2:A3", "B2:B3", "C2:E2", "F2:G2"), COLUMNS)
    assert dict(table.rows[0].cells) == {
        **{"id": "1", "name": "甲", "province": "浙江省", "prefecture": "杭州市", "county": "上城区"},
    }
    assert table.rows[0].extra == {"联系人 姓名": "张三", "联系人 电话": "000-0000"}


def test_a_header_of_two_rows_in_a_csv(tmp_path: Path) -> None:
    text = "编号,名称,所在地区,,,备注\n,,省,市,区县,\n1,甲,浙江省,杭州市,上城区,x\n"
    table = read_table(csv(tmp_path / "a.csv", text), COLUMNS)
    assert cells(table, "county") == ["上城区"]
    assert (cells(table), table.extras) == (["甲"], ("备注",))


def test_a_header_merged_over_two_columns_names_the_one_that_is_filled(tmp_path: Path) -> None:
    table = read_table(xlsx(tmp_path / "a.xlsx", [["编号", "名称", None], [1, "甲", None]], "B1:C1"), COLUMNS)
    assert cells(table) == ["甲"]


def test_columns_without_a_header_and_columns_of_one_name_pass_through(tmp_path: Path) -> None:
    table = read_table(csv(tmp_path / "a.csv", "名称,备注,,备注\n甲,1,2,3\n"), COLUMNS)
    assert table.rows[0].extra == {"备注": "1", "C": "2", "备注 (D)": "3"}


def test_a_misspelt_optional_header_is_remarked_upon(tmp_path: Path) -> None:
    table = read_table(csv(tmp_path / "a.csv", "名称,意向伙拌\n甲,乙\n"), COLUMNS)
    assert [(remark.where.column, remark.what.values["near"]) for remark in table.remarks] == [
        ("意向伙拌", ["意向伙伴"])
    ]


def test_a_header_cut_short_is_remarked_upon_with_all_that_it_may_mean() -> None:
    lexicon = Lexicon(COLUMNS_OF_LISTS)
    assert lexicon.near("意向", list(lexicon.columns)) == ["意向项目", "意向伙伴"]
    assert lexicon.near("意", ["themes", "wishes"]) == []
    assert lexicon.near("备注", ["themes", "wishes", "name"]) == []


# --- Records -------------------------------------------------------------------------------------------


def test_a_merged_cell_counts_for_each_of_its_rows(tmp_path: Path) -> None:
    rows = [["省", "名称"], ["浙江省", "甲"], [None, "乙"], [None, "丙"], [None, "丁"]]
    table = read_table(xlsx(tmp_path / "a.xlsx", rows, "A2:A4"), COLUMNS)
    assert cells(table, "province") == ["浙江省", "浙江省", "浙江省", ""]


def test_rows_under_one_merged_name_are_one_record(tmp_path: Path) -> None:
    rows = [["编号", "名称", "联系人"], [1, "甲", "张三"], [None, None, "李四"], [2, "乙", "王五"]]
    table = read_table(xlsx(tmp_path / "a.xlsx", rows, "A2:A3", "B2:B3"), COLUMNS)
    assert cells(table) == ["甲", "乙"]
    assert [row.extra["联系人"] for row in table.rows] == ["张三\n李四", "王五"]


@pytest.mark.parametrize(
    "below",
    [
        [["合计", None, 2]],
        [["合计", 2, None]],
        [[None, "小计", None]],
        [[None, "浙江省小计", "2"]],
        [["共 2 个", None, None]],
        [["说明：", None, None], ["1．本名单以批复为准。", None, None], ["2．联系人：张三", None, None]],
        [[None, None, None], ["备注：另有一份", None, None]],
        [["填表人：张三", None, "日期：2026-01-01"]],
        [[3, None, None], [4, None, None]],
        [["编号", "名称", "备注"]],
    ],
)
def test_what_is_no_record_is_not_read_and_said(tmp_path: Path, below: Cells) -> None:
    table = read_table(
        xlsx(tmp_path / "a.xlsx", [["编号", "名称", "备注"], [1, "甲", "x"], [2, "乙", ""], *below]), COLUMNS
    )
    assert cells(table) == ["甲", "乙"]
    assert remarks(table) == ["tables.notes"]
    assert "张三" not in table.remarks[0].what.text()


def test_section_titles_are_no_records(tmp_path: Path) -> None:
    rows = [["名称", "备注"], ["一、浙江省", None], ["甲", "x"], ["二、江苏省", None], ["乙", "y"]]
    table = read_table(xlsx(tmp_path / "a.xlsx", rows, "A2:B2", "A4:B4"), COLUMNS)
    assert cells(table) == ["甲", "乙"]
    assert table.remarks[0].what.values["rows"] == "2, 4"


def test_a_list_of_nothing_but_names_keeps_what_follows_a_note(tmp_path: Path) -> None:
    table = read_table(csv(tmp_path / "a.csv", "名称\n甲\n注：以下为第二批\n乙\n丙\n"), COLUMNS)
    assert cells(table) == ["甲", "乙", "丙"]


def test_a_record_ends_the_notes(tmp_path: Path) -> None:
    table = read_table(csv(tmp_path / "a.csv", "名称,备注\n说明：每行一个,\n不写简称,\n甲,x\n乙,\n丙,\n"), COLUMNS)
    assert cells(table) == ["甲", "乙", "丙"]
    assert table.remarks[0].what.values["rows"] == "2–3"


def test_hidden_rows_are_read_and_said(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", [["名称"], ["甲"], ["乙"]])
    book = openpyxl.load_workbook(path)
    book.active.row_dimensions[3].hidden = True
    book.save(path)
    table = read_table(path, COLUMNS)
    assert (cells(table), remarks(table)) == (["甲", "乙"], ["tables.hidden_rows"])


def test_the_fullest_sheet_of_a_workbook_is_read_and_others_like_it_named(tmp_path: Path) -> None:
    header, path = ["编号", "名称"], tmp_path / "a.xlsx"
    xlsx(
        path, [["封面"]], sheet="封面", 字典=[["名称"], ["乙"]], 名单=[header, ["1", "甲"]], 示例=[header, ["2", "例"]]
    )
    table = read_table(path, COLUMNS)
    assert (table.sheet, cells(table)) == ("名单", ["甲"])
    assert table.remarks[0].what.values == {"sheets": ["字典"]}


def test_sheets_of_one_form_are_not_read_in_part(tmp_path: Path) -> None:
    header = ["名称", "联系人", "电话"]
    sheets = {"浙江": [header, ["甲", "", ""]], "江苏": [header, ["乙", "", ""]]}
    with pytest.raises(InputError, match="江苏"):
        read_table(xlsx(tmp_path / "a.xlsx", [["封面"]], sheet="封面", **sheets), COLUMNS)


def test_an_empty_form_before_the_list_is_passed_over(tmp_path: Path) -> None:
    table = read_table(xlsx(tmp_path / "a.xlsx", [["编号", "名称"]], 表2=[["编号", "名称"], ["1", "甲"]]), COLUMNS)
    assert (table.sheet, cells(table), table.remarks) == ("表2", ["甲"], ())


def test_blank_sheets_count_for_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="找不到表头"):
        read_table(xlsx(tmp_path / "a.xlsx", [], sheet="Sheet1", 数据=[["甲", "乙"]]), COLUMNS)


def test_a_row_without_a_value_is_told_once_and_left_to_nobody(tmp_path: Path) -> None:
    rows = [["编号", "名称", "备注"], [1, "=C2", "甲"], [2, "=C3", "乙"], [3, "丙", "#N/A"]]
    problems: list[Problem] = []
    table = read_table(xlsx(tmp_path / "a.xlsx", rows), COLUMNS, problems)
    assert [(row.cell("name"), row.extra["备注"]) for row in table.rows] == [("丙", "#N/A")]
    assert [(problem.where.row, problem.what.values["rows"]) for problem in problems] == [(2, "2–3")]


def test_problems_of_rows_are_handed_over_where_the_caller_collects_them(tmp_path: Path) -> None:
    path = csv(tmp_path / "a.csv", "编号,名称,备注\n1,甲,\n2,,x\n3,丙,\n")
    problems: list[Problem] = []
    assert cells(read_table(path, COLUMNS, problems)) == ["甲", "丙"]
    assert [(problem.where.row, problem.what.key) for problem in problems] == [(3, "tables.blank")]
    with pytest.raises(InputError):
        read_table(path, COLUMNS)


def test_a_formula_with_its_value_is_its_value(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ["编号", "名称"])
        page.write_formula(1, 0, "=ROW()-1", None, 1)
        page.write_string(1, 1, "甲")
    assert cells(read_table(path, COLUMNS), "id") == ["1"]


def test_a_stray_formatted_cell_far_below_costs_nothing(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", [["名称"], ["甲"]])
    book = openpyxl.load_workbook(path)
    book.active["ZZ1048576"].number_format = "0.00"
    book.save(path)
    assert cells(read_table(path, COLUMNS)) == ["甲"]


# --- Text ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("　上城　区 ", "上城 区"),
        ("Ａ０１", "A01"),
        ("社区学院（东区）", "社区学院（东区）"),
        ("a\u200bb\ufeff", "ab"),
        ("一行\r\n 二行\n\n", "一行\n二行"),
    ],
)
def test_plain(text: str, expected: str) -> None:
    assert plain(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("省（自治区、直辖市）", "省"), ("Can_Lead ", "canlead"), ("※名　称：", "名称"), ("ＩＤ", "id")],
)
def test_folded(text: str, expected: str) -> None:
    assert folded(text) == expected


# --- Any table -----------------------------------------------------------------------------------------

WORDS = st.text(st.sampled_from("上城区学院甲乙丙ABc123（）·"), min_size=1, max_size=8).filter(
    lambda text: text == plain(text)
)
VERBATIM = st.text(st.sampled_from("上城 ａ１,;\"'\n（）-%é"), max_size=8).map(str.strip)
RECORDS = st.lists(st.tuples(WORDS, WORDS, VERBATIM, VERBATIM), min_size=1, max_size=6)
ORDERS = st.permutations(range(4))


def _write_xlsx(path: Path, rows: Cells) -> None:
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_numbers": False}) as book:
        page = book.add_worksheet()
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                page.write_string(number, column, cell)


def _write_csv(path: Path, rows: Cells) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        csv_writer(stream).writerows(rows)


@pytest.mark.parametrize(("suffix", "write"), [("xlsx", _write_xlsx), ("csv", _write_csv)])
@given(records=RECORDS, order=ORDERS, english=st.booleans())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_table_reads_back_the_same(
    tmp_path: Path,
    suffix: str,
    write: Callable[[Path, Cells], None],
    records: list[tuple[str, ...]],
    order: list[int],
    english: bool,
) -> None:
    header = ("name", "division", "x", "备注栏") if english else ("名称", "地区", "x", "备注栏")
    path = tmp_path / f"any.{suffix}"
    write(path, [[row[column] for column in order] for row in [header, *records]])
    table = read_table(path, COLUMNS)
    assert [
        (row.cell("name"), row.cell("division"), row.extra["x"], row.extra["备注栏"]) for row in table.rows
    ] == records
