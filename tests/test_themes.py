"""Themes and lead units: read from lists, priced, chosen, told; and lead units where the scenario asks for them."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from grouping import Applications, InputError, Level, Result, Scenario, Site, Where, solve
from grouping.applications import read_applications
from grouping.cli import main
from grouping.themes import Unknown, choice, find_theme, listed_themes, themes

from instances import asked, instances
from oracle import Instance, best

thorough = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))


# --- Lists -----------------------------------------------------------------------------------------------


def read(folder: Path, header: str, *cells: str) -> Applications:
    path = folder / "名单.csv"
    rows = [f"学院{number},区县级,浙江省杭州市上城区,{cell}" for number, cell in enumerate(cells)]
    path.write_text("\n".join([f"名称,层级,地区,{header}", *rows]), encoding="utf-8")
    return read_applications(path)


def test_the_seven_themes_are_those_of_the_policy() -> None:
    assert list(themes()) == list("1234567")
    assert [themes()[id_].zh for id_ in "36"] == ["老年教育赋能提质", "互联网+社区教育"]
    assert all(find_theme(name) == id_ for id_, theme in themes().items() for name in (id_, theme.zh, theme.en))


@pytest.mark.parametrize("separator", list("；;、,/，／\n"))
def test_each_separator(separator: str) -> None:
    assert listed_themes([separator.join(["学习共同体建设", "老年教育", "2"])]) == (("7", "3", "2"), ())


@pytest.mark.parametrize(
    ("text", "id_"),
    [
        ("社区教育融入社区（乡村）治理", "1"),
        ("社区教育融入社区(乡村)治理", "1"),
        ("乡村振兴", "2"),
        ("助力乡村振兴", "2"),
        ("3. 老年教育赋能提质", "3"),
        ("区域经济", "4"),
        ("家庭教育", "5"),
        ("互联网＋", "6"),
        ("互联网+ 社区教育", "6"),
        ("项目七", "7"),
        ("７", "7"),
        ("rural revitalisation", "2"),
    ],
)
def test_short_forms(text: str, id_: str) -> None:
    assert find_theme(text) == id_


@pytest.mark.parametrize("text", ["", "无", "不限", "均可", "—", "/", "none", " 无 ；"])
def test_no_preference(text: str) -> None:
    assert listed_themes([text]) == ((), ())


@pytest.mark.parametrize("text", ["社区教育", "治理", "书法", "8", "教"])
def test_what_means_no_theme_or_several_is_unknown(text: str) -> None:
    found = find_theme(text)
    assert isinstance(found, Unknown)
    assert found.near


def test_an_unknown_theme_is_told_with_the_nearest_names(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, "意向项目", "老年教育；老年大学教育", "书法", "无")
    first, second = caught.value.problems
    assert (first.where.row, first.where.column, first.what.key) == (2, "意向项目", "applications.theme")
    assert "老年大学教育" in first.what.text()
    assert "老年教育赋能提质" in first.what.text()
    assert second.where.row == 3


@pytest.mark.parametrize(
    "headers", ["意向项目1,意向项目2,意向项目3", "意向项目一,意向项目二,意向项目三", "theme 1,theme 2,theme 3"]
)
def test_columns_in_order_of_preference(tmp_path: Path, headers: str) -> None:
    applications = read(tmp_path, headers, "7,,3", "2,2；1,", ",,")
    assert [site.themes for site in applications] == [("7", "3"), ("2", "1"), ()]
    assert set(headers.split(",")) <= set(applications.columns)


def test_demonstration_units(tmp_path: Path) -> None:
    applications = read(tmp_path, "示范区", "是", "否", "", "国家级")
    assert [site.demonstration for site in applications] == [True, False, False, False]
    (remark,) = [one for one in applications.remarks if one.what.key == "applications.demonstration"]
    assert "国家级" in remark.what.text()


# --- The choice -------------------------------------------------------------------------------------------


def member(number: int, *wanted: str, **more: object) -> Site:
    values = {"id": str(number), "name": f"学院{number}", "level": Level.COUNTY, "where": Where("t"), "themes": wanted}
    return Site(**{**values, **more})  # type: ignore[arg-type]


def test_the_theme_that_most_members_list() -> None:
    found = choice([member(1, "3"), member(2, "1", "3"), member(3)])
    assert (found.best, found.theme, found.listed, found.asking) == (("3",), "3", 2, 2)


def test_of_several_the_earliest_in_the_preferences() -> None:
    assert choice([member(1, "1", "3"), member(2, "3", "1"), member(3, "3", "1")]).best == ("3",)
    assert choice([member(1, "1", "3", "2"), member(2, "2", "3", "1")]).best == ("1", "2")


def test_a_tie_and_nobody_at_all() -> None:
    tie = choice([member(1, "5"), member(2, "4")])
    assert (tie.best, tie.listed, tie.asking) == (("4", "5"), 1, 2)
    assert choice([member(1), member(2)]).theme is None


# --- Groupings --------------------------------------------------------------------------------------------


def solved(instance: Instance, **sections: dict[str, object]) -> Result:
    applications, links, distances = asked(instance)
    changed = {key: {**instance.scenario.model_dump()[key], **values} for key, values in sections.items()}
    scenario = Scenario.model_validate({**instance.scenario.model_dump(), **changed})
    try:
        return solve(applications, scenario, links=links, distances=distances)
    except InputError:
        assume(False)
        raise


@thorough
@given(instances(7), st.integers(0, 20), st.integers(0, 20))
def test_a_lower_price_never_costs_more(instance: Instance, one: int, other: int) -> None:
    """And at the dearer one, as much more as the members that are served no worse."""
    low, high = sorted((one, other))
    cheap, dear = (solved(instance, themes={"km": float(km)}) for km in (low, high))
    assert len(cheap.unplaced) == len(dear.unplaced)
    assert cheap.cost.total_km <= dear.cost.total_km + 0.01


@thorough
@given(instances(7))
def test_to_ask_for_leads_never_costs_less(instance: Instance) -> None:
    free, asked_for = (solved(instance, leads={"required": required}) for required in (False, True))
    assert len(free.unplaced) <= len(asked_for.unplaced)
    if len(free.unplaced) == len(asked_for.unplaced):
        assert free.cost.total_km <= asked_for.cost.total_km + 0.01
    assert all(one.can_be_led and one.lead for one in asked_for)
    assert asked_for.audit.passed


@thorough
@given(instances(7), st.integers(0, 4))
def test_vice_leads_are_able_and_as_many_as_asked_for(instance: Instance, each: int) -> None:
    for one in solved(instance, leads={"members_per_vice": each}):
        able = sum(site.can_lead for site in one.members)
        wanted = -(-(len(one.members) - 1) // each) if each else 0
        assert len(one.vice_leads) == min(wanted, max(0, able - 1))
        assert one.lead not in one.vice_leads
        assert all(site in one.members and site.can_lead for site in one.vice_leads)


@thorough
@given(instances(7))
def test_demonstration_units_lead_where_the_host_need_not(instance: Instance) -> None:
    applications, links, distances = asked(instance)
    sites = tuple(replace(site, demonstration=int(site.id) % 2 == 0) for site in applications)
    scenario = instance.scenario.model_copy(
        update={"leads": instance.scenario.leads.model_copy(update={"prefer_demonstration": True})}
    )
    try:
        result = solve(Applications(sites), scenario, links=links, distances=distances)
    except InputError:
        assume(False)
        raise
    for one in result:
        able = [site for site in one.members if site.can_lead]
        if scenario.travel.measure != "hosted" and any(site.demonstration for site in able):
            assert one.lead is not None
            assert one.lead.demonstration


def test_lists_without_themes_cost_what_they_did() -> None:
    km = [[abs(i - j) * 10.0 for j in range(8)] for i in range(8)]
    instance = Instance(km, [None] * 8, [True] * 8, [], Scenario())
    found = [solved(instance, themes={"km": price}).cost for price in (0.0, 500.0)]
    assert found[0] == found[1]
    assert found[0].theme_km == 0.0


def test_themes_bring_those_together_who_share_one() -> None:
    """Two places with three sites each, of two minds; for 200 km a member the minds part, not the places."""
    km = [[0.0 if i // 3 == j // 3 else 30.0 for j in range(6)] for i in range(6)]
    wanted = ["3", "7", "3", "7", "3", "7"]
    instance = Instance(km, [None] * 6, [True] * 6, [], Scenario(), [(theme,) for theme in wanted])
    size = {"min": 3, "preferred": 3, "max": 4}
    near, alike = (solved(instance, themes={"km": price}, size=size) for price in (1.0, 200.0))
    assert near.cost.theme_km == 2.0
    assert alike.cost.theme_km == 0.0
    assert sorted(len({site.themes for site in one.members}) for one in alike) == [1, 1]
    assert best(instance.__class__(**{**vars(instance), "scenario": alike.scenario})) == (
        0,
        pytest.approx(alike.cost.total_km),
    )


# --- For a user -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def outputs(undrawn: Callable[[], AbstractContextManager[None]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A list with themes and leads, grouped by the command."""
    folder = tmp_path_factory.mktemp("themes")
    shanghai = [f"上海市{name}区" for name in ("静安", "杨浦", "闵行", "徐汇")]
    names = [*shanghai, *(f"北京市{name}区" for name in ("东城", "西城", "朝阳", "海淀"))]
    wanted = ["老年教育；互联网+", "3", "6、3", "", "乡村振兴", "家庭教育", "不限", ""]
    able = ["是", "是", "是", "否", "否", "否", "否", "否"]
    lines = [f"{name},{theme},{lead},是" for name, theme, lead in zip(names, wanted, able, strict=True)]
    (folder / "名单.csv").write_text("\n".join(["名称,意向项目,可任组长,示范区", *lines]), encoding="utf-8")
    with undrawn():
        done = CliRunner().invoke(main, ["solve", str(folder / "名单.csv"), "--out", str(folder / "out")])
    assert done.exit_code == 0, done.output
    return folder


def test_the_report_names_themes_and_leads(outputs: Path) -> None:
    text = (outputs / "out" / "report.md").read_text(encoding="utf-8")
    assert "共建项目：3 老年教育赋能提质（4 个成员中 3 个填了意向，其中 3 个填了它）" in text
    assert "共建项目并列，请商定：2 社区教育助力乡村振兴、5 社区家庭教育融入社区治理" in text
    assert "没有成员可任组长的共同体有 1 个" in text
    assert text.count("建议副组长单位：") == 2


def test_the_tables_tell_themes_and_roles(outputs: Path) -> None:
    summary = json.loads((outputs / "out" / "summary.json").read_text(encoding="utf-8"))
    assert summary["cost_breakdown"]["theme_km"] == 50.0
    grouping = (outputs / "out" / "grouping.csv").read_text(encoding="utf-8-sig")
    assert grouping.count(",vice-lead,") == 1
    book = openpyxl.load_workbook(outputs / "out" / "grouping.xlsx")
    header, *rows = book["共同体"].iter_rows(values_only=True)
    themes_told = {row[header.index("共建项目")] for row in rows if row[0]}
    assert themes_told == {"老年教育赋能提质", "社区教育助力乡村振兴 或 社区家庭教育融入社区治理"}


def test_each_part_of_a_cost_has_its_heading_in_the_audit(outputs: Path) -> None:
    sites, table = outputs / "名单.csv", outputs / "out" / "grouping.xlsx"
    done = CliRunner().invoke(main, ["check", str(table), "--applications", str(sites)])
    heading = next(line for line in done.output.splitlines() if "路程" in line and "合计" in line)
    named = [cell.strip() for cell in heading.strip("┃").split("┃")]
    assert named == ["共同体", "成员数", "路程", "跨片区", "规模", "项目", "联系", "合计"]


@pytest.mark.parametrize("required", [False, True])
def test_the_audit_is_hard_on_leads_only_if_the_scenario_is(outputs: Path, required: bool) -> None:
    (outputs / "必须.toml").write_text('extends = "base"\n[leads]\nrequired = true\n', encoding="utf-8")
    options = ["--scenario", str(outputs / "必须.toml")] if required else []
    table = outputs / "out" / "grouping.xlsx"
    done = CliRunner().invoke(main, ["check", str(table), "--applications", str(outputs / "名单.csv"), *options])
    assert done.exit_code == (4 if required else 0), done.output
    assert "没有可任组长的成员" in done.output


def test_a_scenario_that_asks_for_leads_gets_them(outputs: Path) -> None:
    (outputs / "必须.toml").write_text('extends = "base"\n[leads]\nrequired = true\n', encoding="utf-8")
    arguments = [str(outputs / "名单.csv"), "--scenario", str(outputs / "必须.toml"), "--out", str(outputs / "led")]
    done = CliRunner().invoke(main, ["solve", *arguments])
    assert done.exit_code == 0, done.output
    text = (outputs / "led" / "report.md").read_text(encoding="utf-8")
    assert "没有成员可任组长" not in text
    assert "每个共同体都必须有可任组长的成员" in text
