"""Every part of the policy on the shipped real list, as a user meets it: solved, checked, and read in the report."""

from __future__ import annotations

import csv
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from click.testing import Result as Outcome

from grouping.cli import main

LIST = Path(__file__).parents[1] / "data/examples/demonstration-districts.csv"

Undrawn = Callable[[], AbstractContextManager[None]]

pytestmark = pytest.mark.usefixtures("no_maps")


def run(*args: object) -> Outcome:
    return CliRunner().invoke(main, [str(arg) for arg in args], prog_name="grouping")


def table(path: Path, *rows: tuple[str, ...]) -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream).writerows(rows)
    return path


def members(folder: Path) -> dict[str, str]:
    """The community of each site by its name."""
    frame = pd.read_csv(folder / "grouping.csv")
    return dict(zip(frame["site"], frame["community"], strict=True))


@pytest.fixture(scope="module")
def first(undrawn: Undrawn, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The list's first year."""
    folder = tmp_path_factory.mktemp("first") / "2024"
    with undrawn():
        done = run("solve", LIST, "--year", 2024, "--out", folder, "--quiet")
    assert done.exit_code == 0, done.output
    return folder


def solved_and_checked(out: Path, *options: object) -> tuple[str, str]:
    """(what solve printed, the report) of a run that also passes ``grouping check`` with the same options."""
    done = run("solve", LIST, *options, "--out", out, "--quiet")
    assert done.exit_code == 0, done.output
    audit = run("check", out / "grouping.xlsx", "--applications", LIST, *options)
    assert audit.exit_code == 0, audit.output
    return done.output, (out / "report.md").read_text("utf-8")


def test_next_year_communities_stay_and_who_left_is_named(first: Path, tmp_path: Path) -> None:
    before = members(first)
    absent, gone = "北京市东城区", "四川省成都市武侯区"
    seen = [(absent, activity, "否", day) for activity, day in (("春季会议", "2024-04-01"), ("秋季会议", "2024-10-01"))]
    attendance = table(tmp_path / "a.csv", ("实验点", "活动", "参加", "日期"), *seen)
    exits = table(tmp_path / "e.csv", ("实验点",), (gone,))
    options = ("--previous", first / "grouping.xlsx", "--year", 2025, "--attendance", attendance, "--exits", exits)
    printed, text = solved_and_checked(tmp_path / "2025", *options)
    assert "延续 11 个" in printed
    after = members(tmp_path / "2025")
    assert set(before) - set(after) == {absent, gone}
    # Nobody who stays is in another company, and the names of the communities are the same.
    assert {site: before[site] for site in after} == after
    assert "退出或未再参加 2 个" in text
    assert "连续两次未参加活动（“春季会议”“秋季会议”）" in text
    assert "已书面申请退出" in text
    sheet = pd.read_excel(tmp_path / "2025" / "grouping.xlsx", sheet_name="与上年相比")
    assert set(sheet.loc[sheet["变动"] == "退出", "实验点"]) == {absent, gone}
    assert set(pd.read_csv(tmp_path / "2025" / "grouping.csv")["since"]) == {2024}


def test_the_check_finds_a_community_broken_within_its_term(first: Path, tmp_path: Path) -> None:
    frame = pd.read_csv(first / "grouping.csv")
    moved = frame.copy()
    moved.loc[moved["site"] == "上海市静安区", ["community", "role"]] = ["区县05", "member"]
    moved.to_csv(tmp_path / "edited.csv", index=False)
    options = ("--applications", LIST, "--previous", first / "grouping.csv", "--year", 2025)
    audit = run("check", tmp_path / "edited.csv", *options)
    assert audit.exit_code == 4
    assert "周期内的共同体保持不变" in audit.output


def test_priced_terms_may_be_broken_and_the_price_is_told(first: Path, tmp_path: Path) -> None:
    # The first year was the best there is, so at no price anything changes; at the end of the term neither.
    options = ("--scenario", "open-terms", "--previous", first / "grouping.csv", "--year", 2025)
    _, text = solved_and_checked(tmp_path / "2025", *options)
    assert members(tmp_path / "2025") == members(first)
    assert "换组 0 个" in text
    lock = table(tmp_path / "k.csv", ("共同体", "实验点"), ("区县01", "天津市南开区"))
    _, text = solved_and_checked(tmp_path / "locked", *options, "--lock", lock)
    assert members(tmp_path / "locked")["天津市南开区"] == "区县01"
    assert "拆开原成员所计的代价共" in text


def test_what_is_locked_stays_and_the_rest_is_solved_on(first: Path, tmp_path: Path) -> None:
    rows = [("区县01", "天津市南开区", "是"), ("区县04", "", "封闭"), ("区县05", "江苏省昆山市", "是")]
    lock = table(tmp_path / "k.csv", ("共同体", "实验点", "锁定"), *rows)
    draft = ("--draft", first / "grouping.xlsx", "--lock", lock)
    _, text = solved_and_checked(tmp_path / "out", *draft)
    before, after = members(first), members(tmp_path / "out")
    assert after["天津市南开区"] == after["北京市东城区"] == "区县01"
    assert after["江苏省昆山市"] == "区县05"
    closed = {site for site, label in before.items() if label == "区县04"}
    assert {site for site, label in after.items() if label == "区县04"} == closed
    assert "锁定的都未改动" in text
    audit = run("check", first / "grouping.xlsx", "--applications", LIST, *draft)
    assert audit.exit_code == 4
    assert "锁定的都未改动" in audit.output


def test_wishes_that_contradict_are_told_with_the_ways_out_and_nothing_is_written(tmp_path: Path) -> None:
    a, b, c = "上海市静安区", "上海市长宁区", "上海市普陀区"
    rows = [(a, b, "结对", "必须"), (b, c, "对口支援", "必须"), (a, c, "回避", "必须")]
    links = table(tmp_path / "l.csv", ("甲", "乙", "类型", "强度"), *rows)
    done = run("solve", LIST, "--links", links, "--out", tmp_path / "out", "--quiet")
    assert done.exit_code == 2
    assert "下列 3 条不能同时成立" in done.output
    ways = [line for line in done.output.splitlines() if "→" in line]
    assert len(ways) == 3
    # Without the avoidance all three may be together, as they are in the best grouping of all.
    assert f"允许“{a}”与“{c}”同组：可行，代价 8,682 公里（最省）" in ways[0]
    assert not (tmp_path / "out").exists()


def test_what_is_missing_for_a_renewal_is_told_at_once(first: Path, tmp_path: Path) -> None:
    frame = pd.read_csv(first / "grouping.csv").drop(columns="since")
    frame.to_csv(tmp_path / "bare.csv", index=False)
    lock = table(tmp_path / "k.csv", ("共同体", "实验点"), ("区县01", "天津市南开"))
    done = run("solve", LIST, "--previous", tmp_path / "bare.csv", "--out", tmp_path / "out", "--year", "二〇二五")
    assert done.exit_code == 2
    assert "--year" in done.output
    done = run("solve", LIST, "--previous", tmp_path / "bare.csv", "--out", tmp_path / "out", "--lock", lock)
    assert "起始年份" in done.output
    assert "--year 2026" in done.output
    assert not (tmp_path / "out").exists()


def test_links_are_told_one_by_one_with_what_they_would_cost(tmp_path: Path) -> None:
    near, far, third = "上海市静安区", "北京市东城区", "沈阳市皇姑区"
    rows = [
        *((near, "江苏省昆山市", "结对", "必须"), (near, far, "意向", "优先"), (far, near, "意向", "优先")),
        *(
            (far, third, "对口支援", "优先"),
            (third, "北京市西城区", "结对", "必须"),
            (near, "上海市长宁区", "回避", "必须"),
        ),
    ]
    links = table(tmp_path / "l.csv", ("甲", "乙", "类型", "强度"), *rows)
    _, text = solved_and_checked(tmp_path / "out", "--links", links)
    place = members(tmp_path / "out")
    assert place[near] == place["江苏省昆山市"] != place["上海市长宁区"]
    assert "共 5 条联系，落实 2 条" in text
    # A mutual wish is two links, and so weighs twice as much as one.
    assert text.count(f"未落实：{near} 与 {far}（意向），计 50 公里") == 1
    assert text.count(f"未落实：{far} 与 {near}（意向），计 50 公里") == 1
    assert text.count("若要落实，只动一方、其余不变，总代价多") == 3
    assert f"{third} 与 北京市西城区（东西部结对）" in text
    assert "不在名单的已公布实验点之中" in text


def test_themes_and_leads_on_the_list(tmp_path: Path) -> None:
    frame = pd.read_csv(LIST)
    themes = ("老年教育；乡村振兴", "3、1", "", "家庭教育/学习共同体建设")
    frame["意向项目"] = [themes[k % 4] for k in range(len(frame))]
    frame["可任组长"] = ["否" if k % 3 else "是" for k in range(len(frame))]
    frame.to_csv(tmp_path / "list.csv", index=False)
    scenario = tmp_path / "own.toml"
    scenario.write_text('extends = "base"\n[leads]\nrequired = true\nmembers_per_vice = 2\n', "utf-8")
    options = (tmp_path / "list.csv", "--scenario", scenario, "--out", tmp_path / "out", "--quiet")
    done = run("solve", *options)
    assert done.exit_code == 0, done.output
    audit = run("check", tmp_path / "out/grouping.csv", "--applications", options[0], "--scenario", scenario)
    assert audit.exit_code == 0, audit.output
    grouping = pd.read_csv(tmp_path / "out/grouping.csv")
    able = set(frame.loc[frame["可任组长"] == "是", "名称"])
    leads = grouping.loc[grouping["role"] == "lead"]
    assert set(leads["community"]) == set(grouping["community"])
    assert set(grouping.loc[grouping["role"].isin(["lead", "vice-lead"]), "site"]) <= able
    assert (grouping["role"] == "vice-lead").any()
    text = (tmp_path / "out/report.md").read_text("utf-8")
    assert text.count("共建项目：3 老年教育赋能提质") >= 3
    frame.loc[0, "意向项目"] = "书法"
    frame.to_csv(tmp_path / "list.csv", index=False)
    done = run("solve", *options)
    assert done.exit_code == 2
    assert "书法" in done.output
