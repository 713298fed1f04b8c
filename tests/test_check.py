"""The audit: for each rule a grouping that keeps it, one that breaks it, and one at its edge."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from click.testing import CliRunner, Result

from grouping.check import CheckReport, RuleOutcome, check
from grouping.cli import main
from grouping.cost import Cost
from grouping.distances import Distances
from grouping.errors import InputError, Where
from grouping.grouping_files import read_grouping
from grouping.levels import Level
from grouping.links import Kind, Link, Links
from grouping.messages import LANGS, Lang, message
from grouping.scenario import Limits, Scenario, Size, Travel
from grouping.sites import Applications, Remark, Site
from grouping.verdicts import cost_line, findings, mark, outcome, rule_name, verdict
from grouping.workbook import write_workbook

from made_result import made_check, made_result

PLACES = [
    ("330102", 120.17, 30.24),
    ("330105", 120.14, 30.32),
    ("330106", 120.13, 30.26),
    ("510104", 104.08, 30.66),
    ("510105", 104.05, 30.68),
    ("510106", 104.03, 30.69),
    ("510108", 104.10, 30.66),
]
SITES = tuple(
    Site(f"S{n}", f"第{n}学院", Level.COUNTY, Where("名单.csv", row=n + 1), adcode=adcode, lon=lon, lat=lat)
    for n, (adcode, lon, lat) in enumerate(PLACES, 1)
)
APPLICATIONS = Applications(SITES, left_out=(Remark(Where("名单.csv", row=9), "落选学院", message("check.kept")),))
GOOD = {"区县01": ("S1", "S2", "S3"), "区县02": ("S4", "S5", "S6", "S7")}
WHERE = Where("links.csv", row=2)


def link(a: str, b: str, kind: Kind = Kind.PAIRING, *, must: bool = False, km: float | None = None) -> Link:
    return Link(a, b, kind, WHERE, must, km)


def report(
    communities: Mapping[str, Sequence[str]] = GOOD,
    *links: Link,
    applications: Applications = APPLICATIONS,
    scenario: Scenario | None = None,
    distances: Distances | None = None,
    leads: Mapping[str, str | Sequence[str]] | None = None,
    unplaced: Sequence[str] = (),
) -> CheckReport:
    found = check(
        communities,
        applications,
        scenario or Scenario(),
        Links(links),
        distances,
        leads=leads,
        unplaced=unplaced,
    )
    assert all(in_words(found, lang) for lang in LANGS)
    return found


def in_words(found: CheckReport, lang: Lang = "zh") -> list[str]:
    """All that is said of it: each rule with what breaks it, then the cost and the verdict."""
    lines = []
    for rule in found.rules:
        lines.append(" ".join([mark(rule), rule_name(rule).text(lang), outcome(rule).text(lang)]))
        lines += [finding.text(lang) for finding in findings(rule)]
    return [*lines, cost_line(found.cost).text(lang), verdict(found).text(lang)]


def rule(found: CheckReport, name: str) -> RuleOutcome:
    (one,) = (one for one in found.rules if one.rule == name)
    return one


def broken(found: CheckReport) -> set[str]:
    return {outcome.rule for outcome in found.rules if not outcome.passed}


def with_sites(*changes: Site) -> Applications:
    changed = {site.id: site for site in changes}
    return replace(APPLICATIONS, sites=tuple(changed.get(site.id, site) for site in SITES))


def test_a_good_grouping_keeps_every_rule() -> None:
    found = report()
    assert found.passed
    assert broken(found) == set()
    assert "核查通过" in in_words(found)[-1]


# --- Only approved sites, each once (Articles 8 and 9) --------------------------------------------------


def test_a_site_that_was_not_approved_breaks_articles_8_and_9() -> None:
    found = report({**GOOD, "区县01": ("S1", "S2", "S3", "落选学院", "第8学园")})
    assert not found.passed
    assert broken(found) == {"approved"}
    left_out, unknown = (what.text() for what in rule(found, "approved").broken)
    assert "名单.csv" in left_out
    assert "第1学院" in unknown


def test_a_site_in_two_communities_or_twice_in_one_is_told() -> None:
    found = report({**GOOD, "区县01": ("S1", "S2", "S3", "S4")})
    assert broken(found) == {"once", "region"}
    assert not found.passed
    assert broken(report({**GOOD, "区县01": ("S1", "S2", "S3", "S3")})) == {"once"}


def test_a_missing_site_must_be_listed_as_unplaced() -> None:
    rest = {**GOOD, "区县02": ("S4", "S5", "S6")}
    found = report(rest)
    assert broken(found) == {"once"}
    assert "第7学院" in rule(found, "once").broken[0].text()
    assert found.unplaced == ("S7",)
    assert report(rest, unplaced=["S7"]).passed
    assert broken(report(GOOD, unplaced=["S7"])) == {"once"}


def test_the_only_site_of_a_level_need_not_be_listed() -> None:
    applications = with_sites(replace(SITES[6], level=Level.PREFECTURE))
    assert report({**GOOD, "区县02": ("S4", "S5", "S6")}, applications=applications).passed


# --- One level, 3 to 10 members, macro-regions, lead (Articles 10 to 12, 15) -----------------------------


def test_a_community_of_two_levels_breaks_article_11() -> None:
    found = report(applications=with_sites(replace(SITES[6], level=Level.PREFECTURE)))
    assert broken(found) == {"level"}
    assert not found.passed
    assert rule(found, "level").article == "11"
    assert "地市级（第7学院）" in rule(found, "level").broken[0].text()


def test_communities_of_another_single_level_keep_article_11() -> None:
    applications = with_sites(*(replace(site, level=Level.TOWNSHIP) for site in SITES[:3]))
    assert broken(report(applications=applications)) == set()


def test_two_members_break_article_12_and_three_do_not() -> None:
    found = report({"区县01": ("S1", "S2"), "区县02": ("S3", "S4", "S5", "S6", "S7")})
    assert "size" in broken(found)
    assert "scenario_size" not in {outcome.rule for outcome in found.rules}
    assert not found.passed
    assert [what.values["community"] for what in rule(found, "size").broken] == ["区县01"]


@pytest.mark.parametrize(("count", "kept"), [(10, True), (11, False)])
def test_ten_members_keep_article_12_and_eleven_break_it(count: int, kept: bool) -> None:
    sites = tuple(replace(SITES[0], id=f"T{n}", name=f"第{n}学校") for n in range(count))
    found = report({"区县01": [site.id for site in sites]}, applications=Applications(sites))
    assert rule(found, "size").passed is kept


def test_the_scenario_may_ask_for_less_than_the_policy_allows() -> None:
    found = report(scenario=Scenario(size=Size(min=4, preferred=5)))
    assert broken(found) == {"scenario_size"}
    assert not found.passed


def test_a_scenario_outside_the_policy_is_told_of_article_12_but_not_failed() -> None:
    pair = {"区县01": ("S1", "S2"), "区县02": ("S3",), "区县03": ("S4", "S5", "S6", "S7")}
    found = report(
        {"区县01": ("S1", "S2"), "区县03": GOOD["区县02"]}, scenario=Scenario(size=Size(min=2)), unplaced=["S3"]
    )
    assert broken(found) == {"size"}
    assert found.passed
    assert not report(pair, scenario=Scenario(size=Size(min=2))).passed


def test_crossing_macro_regions_is_priced_under_article_10() -> None:
    found = report({"区县01": ("S1", "S2", "S4"), "区县02": ("S3", "S5", "S6", "S7")})
    assert broken(found) == {"region"}
    assert found.passed
    outcome = rule(found, "region")
    assert [what.values["community"] for what in outcome.broken] == ["区县01", "区县02"]
    assert outcome.cost_km == pytest.approx(found.cost.cross_region_km)
    # rotating: 2/3 and 2/4 of two and of three pairs across the border at 200 km
    assert outcome.cost_km == pytest.approx(200 * (2 / 3 * 2 + 2 / 4 * 3))


def test_an_unknown_macro_region_is_never_another_one() -> None:
    nowhere = with_sites(replace(SITES[0], adcode=None))
    assert broken(report(applications=nowhere)) == set()


def test_the_lead_unit_is_one_member_that_can_lead() -> None:
    assert report(leads={"区县01": "S1", "区县02": ("S4",)}).passed
    for leads in ({"区县01": ("S1", "S2")}, {"区县01": "S4"}, {"区县09": "S1"}):
        assert broken(report(leads=leads)) == {"lead"}
    unable = with_sites(replace(SITES[0], can_lead=False))
    assert broken(report(leads={"区县01": "S1"}, applications=unable)) == {"lead"}
    assert report(leads={"区县01": "S2"}, applications=unable).passed


def test_where_the_lead_unit_hosts_somebody_must_be_able_to() -> None:
    hosted = Scenario(travel=Travel(measure="hosted"))
    unable = with_sites(*(replace(site, can_lead=False) for site in SITES[:3]))
    assert broken(report(applications=unable, scenario=hosted)) == {"lead"}
    assert report(applications=unable).passed
    assert report(scenario=hosted).passed


# --- Links (Articles 4 and 13) ---------------------------------------------------------------------------


def test_a_must_link_binds() -> None:
    assert report(GOOD, link("S1", "S3", must=True)).passed
    found = report(GOOD, link("S1", "S4", must=True))
    assert broken(found) == {"must"}
    assert not found.passed
    assert rule(found, "must").article == "4"


def test_a_must_link_between_two_unplaced_sites_parts_nobody() -> None:
    rest = {"区县01": ("S1", "S2", "S3"), "区县02": ("S4", "S5", "S6")}
    apart = replace(SITES[6], id="S8", name="第8学院", adcode="510107")
    applications = replace(APPLICATIONS, sites=(*SITES, apart))
    assert report(rest, link("S7", "S8", must=True), applications=applications, unplaced=["S7", "S8"]).passed
    one = {**rest, "区县02": ("S4", "S5", "S6", "S7")}
    assert not report(one, link("S7", "S8", must=True), applications=applications, unplaced=["S8"]).passed


def test_a_must_avoidance_separates() -> None:
    assert report(GOOD, link("S1", "S4", Kind.AVOID, must=True)).passed
    found = report(GOOD, link("S1", "S3", Kind.AVOID, must=True))
    assert broken(found) == {"avoid"}
    assert not found.passed
    assert np.isfinite(found.cost.total_km)


def test_should_links_are_priced_where_they_are_not_honoured() -> None:
    links = [
        link("S1", "S2", km=70.0),
        link("S1", "S4", km=50.0),
        link("S1", "S3", Kind.AVOID, km=30.0),
        link("S1", "S5", Kind.AVOID, km=20.0),
    ]
    found = report(GOOD, *links)
    assert found.passed
    assert broken(found) == {"links"}
    assert [what.values["km"] for what in rule(found, "links").broken] == ["50", "30"]
    assert found.cost.links_km == pytest.approx(80.0)
    assert found.cost.links_km == pytest.approx(report().cost.links_km + 80.0)


def test_a_link_to_an_unplaced_site_costs_its_whole_price() -> None:
    rest = {**GOOD, "区县02": ("S4", "S5", "S6")}
    assert report(rest, link("S1", "S7", km=50.0), unplaced=["S7"]).cost.links_km == pytest.approx(50.0)


# --- Costs -------------------------------------------------------------------------------------------------


def test_the_cost_is_the_sum_of_the_communities_and_uses_the_matrix_given() -> None:
    km = np.full((7, 7), 9.0) - 9.0 * np.eye(7)
    found = report(distances=Distances(km), scenario=Scenario(size=Size(km=0)))
    assert [community.cost.travel_km for community in found.communities] == pytest.approx([2 / 3 * 27, 2 / 4 * 54])
    assert found.cost.total_km == pytest.approx(sum(community.cost.total_km for community in found.communities))
    assert [community.label for community in found.communities] == ["区县01", "区县02"]
    assert report(scenario=Scenario(size=Size(km=10))).cost.size_km == pytest.approx(10 * (3 + 2))


def test_an_empty_grouping_costs_nothing_and_misses_everybody() -> None:
    found = report({})
    assert len(rule(found, "once").broken) == 7
    assert found.cost == Cost()


# --- Files -------------------------------------------------------------------------------------------------

ROWS = [
    ("区县01", "第1学院", "lead"),
    ("区县01", "第2学院", "member"),
    ("区县01", "第3学院", ""),
    ("区县02", "S4", "member"),
    ("区县02", "第5学院", "lead"),
    ("区县02", "第6学院", "member"),
    ("", "第7学院", ""),
]


def write(tmp_path: Path, rows: Sequence[tuple[str, str, str]]) -> Path:
    path = tmp_path / "grouping.csv"
    lines = ["community,level,site,role,adcode,lon,lat,macro_region,备注"]
    lines += [f"{community},county,{site},{role},,,,,x" for community, site, role in rows]
    path.write_text("\n".join(lines) + "\n", "utf-8-sig")
    return path


def test_a_grouping_is_read_as_it_stands(tmp_path: Path) -> None:
    found = read_grouping(write(tmp_path, [*ROWS, ("区县02", "外来学院", "lead")]), APPLICATIONS)
    assert found.communities == {"区县01": ("S1", "S2", "S3"), "区县02": ("S4", "S5", "S6", "外来学院")}
    assert found.leads == {"区县01": ("S1",), "区县02": ("S5", "外来学院")}
    assert found.unplaced == ("S7",)


def test_a_workbook_edited_by_hand_reads_the_same(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    overview = book.active
    assert overview is not None
    overview.title = "概览"
    overview.append(["共同体", "成员数"])
    overview.append(["区县01", 3])
    members = book.create_sheet("成员")
    members.append(["编组方案"])
    members.append(["共同体", "层级", "实验点", "角色", "行政区划代码", "经度", "纬度", "片区"])
    for community, site, role in ROWS[:6]:
        members.append([community, "区县级", site, {"lead": "组长单位", "member": "成员"}.get(role)])
    # Somebody merged the cells of a community.
    members.merge_cells("A3:A5")
    unplaced = book.create_sheet("未入组")
    unplaced.append(["层级", "实验点", "原因"])
    unplaced.append(["区县级", "第7学院", "…"])
    book.save(tmp_path / "grouping.xlsx")
    found = read_grouping(tmp_path / "grouping.xlsx", APPLICATIONS)
    assert found.communities == {"区县01": ("S1", "S2", "S3"), "区县02": ("S4", "S5", "S6")}
    assert found.leads == {"区县01": ("S1",), "区县02": ("S5",)}
    assert found.unplaced == ("S7",)
    assert found.remarks == ()


@pytest.mark.parametrize("lang", LANGS)
def test_the_programs_own_workbook_reads_back(tmp_path: Path, lang: Lang) -> None:
    result = made_result()
    write_workbook(result, made_check(), tmp_path / "grouping.xlsx", lang)
    found = read_grouping(tmp_path / "grouping.xlsx", result.applications)
    assert found.communities == {one.label: tuple(site.id for site in one.members) for one in result.communities}
    assert found.leads == {one.label: (one.lead.id,) for one in result.communities if one.lead}
    assert {item.site.id for item in result.unplaced} <= set(found.unplaced)
    assert found.remarks == ()


def test_namesakes_of_two_levels_are_told_apart_by_the_level_column(tmp_path: Path) -> None:
    applications = with_sites(replace(SITES[1], name="第1学院", level=Level.PREFECTURE))
    found = read_grouping(write(tmp_path, ROWS[:1]), applications)
    assert found.communities == {"区县01": ("S1",)}


def test_an_unknown_role_and_a_table_without_communities_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="站长"):
        read_grouping(write(tmp_path, [("区县01", "第1学院", "站长")]), APPLICATIONS)
    path = tmp_path / "other.csv"
    path.write_text("实验点,备注\n第1学院,x\n", "utf-8")
    with pytest.raises(InputError, match="共同体"):
        read_grouping(path, APPLICATIONS)


# --- The command -------------------------------------------------------------------------------------------


def run(tmp_path: Path, rows: Sequence[tuple[str, str, str]], *options: str) -> Result:
    lines = ["编号,名称,层级,adcode,经度,纬度"]
    lines += [f"{site.id},{site.name},区县级,{site.adcode},{site.lon},{site.lat}" for site in SITES]
    (tmp_path / "list.csv").write_text("\n".join(lines) + "\n", "utf-8")
    arguments = ["check", str(write(tmp_path, rows)), "--applications", str(tmp_path / "list.csv"), *options]
    return CliRunner().invoke(main, arguments)


def test_the_command_ends_with_0_where_all_hard_rules_are_kept(tmp_path: Path) -> None:
    result = run(tmp_path, ROWS)
    assert result.exit_code == 0, result.output
    assert "核查通过" in result.output


def test_the_command_ends_with_4_where_a_hard_rule_is_broken(tmp_path: Path) -> None:
    result = run(tmp_path, ROWS[:6], "--json", "--lang", "en")
    assert result.exit_code == 4, result.output
    answer = json.loads(result.stdout)
    assert answer["passed"] is False
    assert [rule["rule"] for rule in answer["rules"] if not rule["passed"]] == ["once"]
    assert answer["unplaced"] == ["S7"]
    assert answer["cost_km"] == pytest.approx(sum(answer["cost_breakdown"].values()))


def test_the_command_takes_links_and_a_matrix(tmp_path: Path) -> None:
    (tmp_path / "links.csv").write_text("a,b,kind,strength\nS1,S4,avoid,must\nS1,S5,pairing,must\n", "utf-8")
    ids = [site.id for site in SITES]
    lines = [",".join(["", *ids]), *(",".join([a, *("0" if a == b else "1" for b in ids)]) for a in ids)]
    (tmp_path / "km.csv").write_text("\n".join(lines) + "\n", "utf-8")
    options = ["--links", str(tmp_path / "links.csv"), "--distances", str(tmp_path / "km.csv"), "--json"]
    result = run(tmp_path, ROWS, *options)
    assert result.exit_code == 4, result.output
    answer = json.loads(result.stdout)
    assert [rule["rule"] for rule in answer["rules"] if not rule["passed"]] == ["must"]
    assert answer["cost_breakdown"]["travel_km"] == pytest.approx(2 / 3 * 3 + 2 / 3 * 3)


def test_labels_are_shown_as_they_are_written(tmp_path: Path) -> None:
    label = "甲[b]组[/i]"
    result = run(tmp_path, [(label if row[0] == ROWS[0][0] else row[0], *row[1:]) for row in ROWS])
    assert result.exit_code == 0, result.output
    assert label in result.output


def test_bad_input_ends_with_2_and_without_a_traceback(tmp_path: Path) -> None:
    result = run(tmp_path, [("区县01", "第1学院", "站长")])
    assert result.exit_code == 2
    assert "站长" in result.output
    assert "Traceback" not in result.output


def test_prices_of_the_scenario_reach_the_audit(tmp_path: Path) -> None:
    scenario = tmp_path / "mine.toml"
    scenario.write_text("[size]\nkm = 1000.0\n", "utf-8")
    answer = json.loads(run(tmp_path, ROWS, "--scenario", str(scenario), "--json").stdout)
    assert answer["cost_breakdown"]["size_km"] == pytest.approx(6000.0)


def test_what_is_wrong_with_several_files_is_told_together(tmp_path: Path) -> None:
    (tmp_path / "km.csv").write_text(",S1\nS1,0\n", "utf-8")
    (tmp_path / "links.csv").write_text("甲,乙,类型\nS1,没有的学院,意向\n", "utf-8")
    (tmp_path / "mine.toml").write_text("[size]\nkm = -1\n", "utf-8")
    options = [
        *("--links", str(tmp_path / "links.csv"), "--distances", str(tmp_path / "km.csv")),
        *("--scenario", str(tmp_path / "mine.toml")),
    ]
    result = run(tmp_path, [("区县01", "第1学院", "站长")], *options)
    assert result.exit_code == 2
    for file in ("mine.toml，", "links.csv，", "km.csv，", "grouping.csv，"):
        assert f"\n{file}" in f"\n{result.stderr}"
    assert result.stdout == ""
    # Without a list nothing that names its sites can be checked, but the rest still is.
    (tmp_path / "list.csv").write_text("名称,层级\n甲,国级\n", "utf-8")
    arguments = ["check", str(tmp_path / "grouping.csv"), "--applications", str(tmp_path / "list.csv"), *options]
    answer = CliRunner().invoke(main, arguments)
    assert answer.exit_code == 2
    for file in ("mine.toml，", "list.csv，", "grouping.csv，"):
        assert f"\n{file}" in f"\n{answer.stderr}"
    assert "没有的学院" not in answer.stderr


def test_a_link_out_of_its_community_costs_half_at_either_end() -> None:
    found = report(GOOD, link("S1", "S4", km=50.0), link("S2", "S5", km=30.0), link("S1", "S2", km=70.0))
    assert [community.cost.links_km for community in found.communities] == pytest.approx([40.0, 40.0])
    # A site that stands in two communities is with its partner in one of them.
    twice = report({"区县01": ("S1", "S2", "S3", "S4"), "区县02": ("S4", "S5", "S6", "S7")}, link("S1", "S4", km=50.0))
    assert [community.cost.links_km for community in twice.communities] == pytest.approx([0.0, 25.0])


def test_thousands_of_sites_are_audited_at_once() -> None:
    rng = np.random.default_rng(3)
    places = zip(rng.uniform(100, 121, 3000), rng.uniform(24, 41, 3000), strict=True)
    sites = tuple(
        replace(SITES[0], id=f"T{n}", name=f"学校{n}", lon=lon, lat=lat) for n, (lon, lat) in enumerate(places)
    )
    pairs = {(a, b) for a, b in rng.integers(0, 3000, (5000, 2)).tolist() if a < b}
    links = [link(f"T{a}", f"T{b}", km=10.0) for a, b in sorted(pairs)]
    communities = {f"区县{n}": [f"T{k}" for k in range(6 * n, 6 * n + 6)] for n in range(500)}
    report(scenario=Scenario())  # compiles
    started = time.perf_counter()
    found = report(communities, *links, applications=Applications(sites))
    assert time.perf_counter() - started < 2.0
    assert found.passed
    apart = sum(a // 6 != b // 6 for a, b in pairs)
    assert found.cost.links_km == pytest.approx(10.0 * apart)


def test_limits_on_all_communities_are_audited_where_there_are_any() -> None:
    assert not {"number", "crossing"} & {outcome.rule for outcome in report().rules}
    kept = report(scenario=Scenario(communities=Limits(fewest=2, most=2, cross_region_most=0)))
    assert rule(kept, "number").passed
    assert rule(kept, "crossing").passed
    few = report(scenario=Scenario(communities=Limits(fewest=3)))
    assert broken(few) == {"number"}
    assert not few.passed
    assert "2 个共同体，至少应有 3 个" in rule(few, "number").broken[0].text()
    many = report(scenario=Scenario(communities=Limits(most=1)))
    assert "2 个共同体，至多可有 1 个" in rule(many, "number").broken[0].text()


def test_communities_across_macro_regions_are_counted() -> None:
    mixed = {"区县01": ("S1", "S2", "S4"), "区县02": ("S3", "S5", "S6", "S7")}
    one = report(mixed, scenario=Scenario(communities=Limits(cross_region_most=1)))
    assert broken(one) == {"region", "crossing"}
    assert not one.passed
    assert "区县01、区县02" in rule(one, "crossing").broken[0].text()
    assert report(mixed, scenario=Scenario(communities=Limits(cross_region_most=2))).passed
    # A site without a known macro-region counts for nothing.
    nowhere = with_sites(replace(SITES[3], adcode=None))
    kept = report(mixed, applications=nowhere, scenario=Scenario(communities=Limits(cross_region_most=1)))
    assert rule(kept, "crossing").passed


def test_a_level_too_small_for_a_community_needs_none() -> None:
    applications = with_sites(*(replace(site, level=Level.TOWNSHIP) for site in SITES[:2]))
    found = report(
        {"区县01": ("S3", "S4", "S5", "S6", "S7")},
        applications=applications,
        unplaced=("S1", "S2"),
        scenario=Scenario(communities=Limits(fewest=1)),
    )
    assert rule(found, "number").passed
