"""A grouping made by hand: two levels, a crossing community, broken links, an unplaced site. No solver, no files."""

from __future__ import annotations

from grouping.check import CheckReport, RuleOutcome
from grouping.clock import StoppedBy
from grouping.cost import Cost
from grouping.errors import Where
from grouping.levels import Level
from grouping.links import Kind, Link, Unhonourable
from grouping.messages import message
from grouping.result import Community, LevelResult, LinkOutcome, Result, Status, Unplaced
from grouping.scenario import Scenario
from grouping.sites import Applications, Remark, Site

PLACES = (
    ("上海市静安区", "310106", 121.45, 31.23, "长三角"),
    ("上海市杨浦区", "310110", 121.53, 31.26, "长三角"),
    ("上海市闵行区", "310112", 121.38, 31.11, "长三角"),
    ("苏州市昆山市", "320583", 120.98, 31.39, "长三角"),
    ("杭州市上城区", "330102", 120.17, 30.24, "长三角"),
    ("武汉市武昌区", "420106", 114.32, 30.55, "华中"),
    ("北京市东城区", "110101", 116.41, 39.93, "京津冀"),
    ("北京市房山区", "110111", 116.14, 39.75, "京津冀"),
    ("天津市南开区", "120104", 117.16, 39.14, "京津冀"),
    ("成都市武侯区", "510107", 104.04, 30.64, "成渝"),
)
WANTED = {0: ("3", "6"), 1: ("3",), 2: ("6", "3"), 6: ("2",), 7: ("5",)}
"""The themes that counties list."""
FILE = "名单.xlsx"
COSTS = (Cost(1630.25, 320.0, 450.0, 50.0, 50.0), Cost(30.5, 0.0, 450.0))


def site(number: int, level: Level = Level.COUNTY, **changes: object) -> Site:
    name, adcode, lon, lat, _ = PLACES[number]
    values: dict[str, object] = {
        "id": f"{level.value}-{number + 1}",
        "name": name if level is Level.COUNTY else f"{name}社区学校",
        "level": level,
        "where": Where(FILE, "名单", row=number + 2),
        "adcode": adcode,
        "division": name,
        "lon": lon,
        "lat": lat,
        "position": "seat" if level is Level.COUNTY else "host_seat",
        "themes": WANTED.get(number, ()) if level is Level.COUNTY else (),
        "extra": {"联系人": "甲乙", "备注": "=1+1" if number == 0 else ""},
    }
    return Site(**{**values, **changes})  # type: ignore[arg-type]


def community(label: str, members: list[Site], cost: Cost, *, lead: bool = True) -> Community:
    regions = [region for name, *_, region in PLACES for member in members if member.name.startswith(name)]
    return Community(
        label=label,
        level=members[0].level,
        members=tuple(members),
        lead=members[0] if lead else None,
        cost=cost,
        regions=tuple(sorted(set(regions), key=lambda region: (-regions.count(region), region))),
        mean_km=120.4,
        max_km=345.6,
        vice_leads=tuple(members[1 : 2 + len(members) // 6]) if lead else (),
    )


def made_result(*, stopped_by: StoppedBy = StoppedBy.TIME) -> Result:
    counties = [site(number) for number in range(10)]
    streets = [site(number, Level.TOWNSHIP) for number in range(3)]
    unplaced = Unplaced(counties[9], message("workbook.apart"))
    county, township = COSTS
    levels = (
        LevelResult(
            level=Level.COUNTY,
            status=Status.FEASIBLE,
            communities=(
                community("区县01", counties[:6], Cost(1500.25, 320.0, 0.0, 0.0, 25.0)),
                community("区县02", counties[6:9], Cost(130.0, 0.0, 450.0, 50.0, 25.0)),
            ),
            unplaced=(unplaced,),
            cost=county,
            bound_km=2450.0,
            gap=(2500.25 - 2450.0) / 2500.25,
            seconds=12.3456,
            stopped_by=stopped_by,
        ),
        LevelResult(
            level=Level.TOWNSHIP,
            status=Status.OPTIMAL,
            communities=(community("街镇01", streets, Cost(30.5, 0.0, 450.0), lead=False),),
            unplaced=(),
            cost=township,
            bound_km=480.5,
            gap=0.0,
            seconds=0.25,
            stopped_by=StoppedBy.PROOF,
        ),
    )
    sites = (*counties, *streets)
    where = Where("联系.xlsx", row=2)
    wish = Link(counties[0].id, counties[6].id, Kind.WISH, where, km=50.0)
    pair = Link(counties[0].id, counties[1].id, Kind.PAIRING, Where("联系.xlsx", row=3), must=True)
    return Result(
        applications=Applications(
            sites=sites,
            left_out=(Remark(Where(FILE, "名单", row=30), "某某学院", message("workbook.left_out")),),
            remarks=(Remark(Where(FILE, "名单", row=5), counties[3].name, message("workbook.together")),),
            columns=("联系人", "备注"),
            file=FILE,
            sha256="0f" * 32,
        ),
        scenario=Scenario(),
        levels=levels,
        links=(LinkOutcome(wish, honoured=False, cost_km=50.0), LinkOutcome(pair, honoured=True, cost_km=0.0)),
        unhonourable=(
            Unhonourable("上海市静安区", "无锡市滨湖区", Kind.COUNTERPART, where, message("workbook.left_out")),
        ),
        regions={one.id: region for one in sites for name, *_, region in PLACES if one.name.startswith(name)},
        seconds=12.6,
        version="0.1.0",
        audit=made_check(),
    )


def made_check(*, passed: bool = True) -> CheckReport:
    broken = () if passed else (message("workbook.apart"),)
    rules = (
        RuleOutcome("level", message("check.rule_level"), "11", True, ()),
        RuleOutcome("size", message("check.rule_size"), "12", True, broken),
        RuleOutcome("region", message("check.rule_region"), "10", False, (message("workbook.crosses"),), 320.0),
    )
    return CheckReport(rules, (), (), sum(COSTS, start=Cost()))
