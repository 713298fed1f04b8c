"""The report and the summary, word for word in tests/golden/; set GROUPING_GOLDEN=write to write them anew."""

from __future__ import annotations

import json
import math
import os
from dataclasses import replace
from pathlib import Path

import pytest

from grouping.clock import StoppedBy
from grouping.cost import Cost
from grouping.messages import Lang
from grouping.report import report
from grouping.result import Status
from grouping.scenario import LinkPrices, Scenario, Size
from grouping.sites import Applications
from grouping.summary import summary, summary_json
from grouping.wording import bound_text, percent, proof, stop_reason

from made_result import made_check, made_result

GOLDEN = Path(__file__).parent / "golden"
KEYS = {
    *("status", "cost_km", "bound_km", "gap", "communities", "sites_placed", "sites_unplaced", "by_level"),
    *("cost_breakdown", "seed", "scenario", "version", "input_sha256", "seconds", "stopped_by"),
}


def compare(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("GROUPING_GOLDEN") == "write":
        path.write_text(text, "utf-8", newline="\n")
    assert text == path.read_text("utf-8")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_report_word_for_word(lang: Lang) -> None:
    compare(f"report-{lang}.md", report(made_result(), made_check(), lang))


def test_the_summary_word_for_word() -> None:
    compare("summary.json", summary_json(made_result(), made_check()))


def test_the_summary_has_its_keys_and_no_names() -> None:
    found = summary(made_result(), made_check(passed=False))
    assert set(found) >= KEYS
    for level in found["by_level"].values():
        assert set(level) >= KEYS - {"by_level", "seed", "scenario", "version", "input_sha256"}
    assert found["check"] == {"passed": False, "broken": ["size"]}
    assert found["time_limited"] is True
    assert sum(found["cost_breakdown"].values()) == pytest.approx(found["cost_km"])
    text = json.dumps(found, ensure_ascii=False)
    assert "静安" not in text
    assert "甲乙" not in text


def test_what_is_infinite_is_null_in_the_summary() -> None:
    result = made_result()
    level = replace(result.levels[0], cost=Cost(travel_km=float("inf")), gap=float("inf"))
    found = summary(replace(result, levels=(level,)), made_check())
    assert found["cost_km"] is None
    json.loads(json.dumps(found, allow_nan=False))


def test_an_interrupted_search_and_a_failed_audit_are_told_first() -> None:
    text = report(made_result(stopped_by=StoppedBy.INTERRUPT), made_check(passed=False))
    head = text.split("##")[0]
    assert "中断" in head
    assert "核查未通过" in head


def test_a_gap_never_looks_smaller_than_it_is() -> None:
    assert percent(0.020_001) == "2.01%"
    assert percent(0.02) == "2.00%"
    assert percent(0.0) == "0.00%"
    assert "0.01%" in proof(replace(made_result().levels[0], gap=1e-5)).text()


def test_a_bound_never_looks_higher_than_it_is() -> None:
    assert bound_text(1900.9, 1950.0) == "1,900"
    assert bound_text(3.6, None) == "3"
    # Proved to the metre: the same as the cost.
    assert bound_text(1951.6996, 1951.7) == "1,952"
    assert bound_text(math.inf, math.inf) == "∞"
    result = made_result()
    level = replace(result.levels[0], cost=Cost(travel_km=1950.2), bound_km=1900.9)
    text = report(replace(result, levels=(level,)), made_check())
    assert "1,900" in text
    assert "1,901" not in text


def test_caveats_come_with_what_they_are_about() -> None:
    result = made_result()
    assert "省际" not in report(result, made_check())
    links = LinkPrices(province_relations=True)
    assert "核对原文" in report(replace(result, scenario=Scenario(links=links)), made_check())
    matrix = report(replace(result, distance_file="里程.xlsx"), made_check())
    assert "里程.xlsx" in matrix
    assert "大圆距离" not in matrix
    wide = Scenario(size=Size(min=2, max=12))
    assert "第十二条" in report(replace(result, scenario=wide), made_check())


def test_sites_whose_macro_region_is_not_known_are_told() -> None:
    result = made_result()
    assert "片区不详" not in report(result, made_check(), "zh")
    one, *others = result.applications.sites
    known = {site.id: result.regions[site.id] for site in others if site.id in result.regions}
    text = report(replace(result, regions=known), made_check(), "zh")
    assert f"片区不详的实验点 1 个，与谁同组都不算跨片区：{one.name}。" in text


def test_names_can_not_change_the_page() -> None:
    result = made_result()
    sites = list(result.levels[0].communities[0].members)
    sites[0] = replace(sites[0], name="# 甲 | <b>乙</b>\n[丙](http://example.org)")
    community = replace(result.levels[0].communities[0], members=tuple(sites), lead=sites[0])
    level = replace(result.levels[0], communities=(community,))
    text = report(replace(result, levels=(level,)), made_check())
    assert "\\# 甲 \\| \\<b\\>乙\\</b\\> \\[丙\\](http://example.org)" in text


def test_long_lists_are_cut_with_a_word_about_the_rest() -> None:
    result = made_result()
    links = result.links[:1] * 100
    applications = replace(result.applications, remarks=result.applications.remarks * 70)
    text = report(replace(result, links=links, applications=applications), made_check())
    assert "另有 40 条未落实" in text
    assert "另有 10 处" in text


def test_an_empty_list_makes_a_report_too() -> None:
    empty = replace(made_result(), applications=Applications((), file="空.csv"), levels=(), links=(), unhonourable=())
    assert empty.status is Status.NOTHING_TO_GROUP
    assert "不能编成任何共同体" in report(empty, made_check())


def test_a_level_that_was_not_searched_claims_no_proof() -> None:
    level = replace(made_result().levels[0], status=Status.NOTHING_TO_GROUP, stopped_by=StoppedBy.PROOF)
    assert stop_reason(level).text() == "没有计算"


def test_without_a_bound_no_gap_is_claimed() -> None:
    level = replace(made_result().levels[0], bound_km=0.0, gap=1.0)
    text = report(replace(made_result(), levels=(level,)), made_check())
    assert "尚无理论下限" in text
    assert "100.00%" not in text
    assert "代价都不会低于它" not in text


def test_links_that_can_not_be_honoured_are_counted_apart() -> None:
    text = report(made_result(), made_check())
    assert f"另有 {len(made_result().unhonourable)} 条无法落实，不计代价：" in text
