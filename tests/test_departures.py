"""Who has left: two activities missed in a row, or a written exit."""

from __future__ import annotations

from pathlib import Path

import pytest

from grouping import Applications, InputError, Level, Site, Where
from grouping.departures import Departures, read_attendance, read_exits, without

SITES = Applications(
    tuple(
        Site(str(k), name, Level.COUNTY, Where("list.csv", row=k)) for k, name in enumerate(("东校", "西校", "南校"), 2)
    )
)


def attendance(folder: Path, *rows: str) -> Departures:
    path = folder / "attendance.csv"
    path.write_text("\n".join(["实验点,活动,参加,日期", *rows]), "utf-8")
    return read_attendance(path, SITES)


def gone(departures: Departures) -> list[str]:
    return [one.name for one in departures.departures]


def test_two_missed_in_a_row_is_leaving_and_two_apart_is_not(tmp_path: Path) -> None:
    found = attendance(
        tmp_path,
        *("东校,一,否,2025-03-01", "东校,二,缺席,2025-06-01", "东校,三,是,2025-09-01"),
        *("西校,一,否,2025-03-01", "西校,二,是,2025-06-01", "西校,三,否,2025-09-01"),
    )
    assert gone(found) == ["东校"]
    assert "“一”“二”" in found.departures[0].reason.text()


def test_the_order_is_that_of_the_dates_not_of_the_rows(tmp_path: Path) -> None:
    rows = ["东校,春,否,2025/3/1", "东校,秋,否,2025年9月1日", "东校,夏,是,2025.6.1"]
    assert gone(attendance(tmp_path, *rows)) == []
    assert gone(attendance(tmp_path, *(row.rsplit(",", 1)[0] + "," for row in rows))) == ["东校"]


def test_without_all_dates_the_order_of_the_rows_counts_and_is_told(tmp_path: Path) -> None:
    found = attendance(tmp_path, "东校,一,否,", "东校,二,是,2020-01-01", "东校,三,否,")
    assert gone(found) == []
    assert [remark.what.key for remark in found.remarks] == ["departures.as_written"]


def test_activities_of_others_are_not_missed(tmp_path: Path) -> None:
    rows = ["东校,甲组一,否,2025-01-01", "西校,乙组一,是,2025-02-01", "东校,甲组二,是,2025-03-01"]
    assert gone(attendance(tmp_path, *rows)) == []


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        attendance(
            tmp_path,
            *("东校,一,也许,2025-03-01", "东校,二,是,三月", "西校,一,是,2025-13-01"),
            *("南校,三,是,2025-01-01", "南校,三,否,2025-01-02"),
        )
    keys = [problem.what.key for problem in caught.value.problems]
    assert sorted(keys) == [
        *("departures.attended", "departures.contradiction", "departures.date"),
        *("departures.date", "departures.two_dates"),
    ]
    assert "第 2 行，“参加”列" in caught.value.problems[0].text()


def test_those_who_left_take_no_part_and_the_reason_is_told(tmp_path: Path) -> None:
    path = tmp_path / "exits.csv"
    path.write_text("实验点,日期\n西校,2025-11-30\n别处的学校,\n", "utf-8")
    left = without(SITES, read_exits(path, SITES), attendance(tmp_path, "东校,一,否,", "东校,二,否,"))
    assert [site.name for site in left.sites] == ["南校"]
    reasons = {remark.name: remark.what.text() for remark in left.left_out}
    assert "2025-11-30" in reasons["西校"]
    assert "连续两次" in reasons["东校"]
    assert "别处的学校" in reasons


def test_who_is_not_on_the_list_may_be_misspelt_which_is_told_once(tmp_path: Path) -> None:
    path = tmp_path / "exits.csv"
    path.write_text("实验点\n西效\n", "utf-8")
    for left in (read_exits(path, SITES), attendance(tmp_path, "西效,一,否,2025-01-01", "西效,二,否,2025-02-01")):
        (remark,) = left.remarks
        assert remark.what.key == "departures.unlisted"
        assert "西校" in remark.what.text()
