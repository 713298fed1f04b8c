"""Links: how a links file, the list's wishes and the relations between provinces are read, and what is refused."""

import csv
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from grouping.datafiles import DATA
from grouping.errors import InputError, Where
from grouping.levels import Level
from grouping.link_files import applicable_links, priced, province_links, read_links, wishes
from grouping.links import Kind, Link, Links
from grouping.messages import LANGS, message
from grouping.names import Absent, Found, SiteNames, Unknown
from grouping.scenario import LinkPrices, Scenario
from grouping.sites import Applications, Remark, Site


def site(id_: str, name: str, adcode: str, level: Level = Level.COUNTY, **more: object) -> Site:
    return Site(id_, name, level, Where("名单.csv", row=int(id_[1:]) + 1), adcode=adcode, **more)  # type: ignore[arg-type]


APPLICATIONS = Applications(
    sites=(
        site("S1", "上城区社区学院", "330102"),
        site("S2", "西湖区社区学院（东区）", "330106"),
        site("S3", "锦江区教育局", "510104"),
        site("S4", "杭州市教育局", "330100", Level.PREFECTURE),
        site("S5", "成华社区学院", "510108"),
        site("S6", "成华老年大学", "510108"),
    ),
    left_out=(Remark(Where("名单.csv", row=9), "平湖市社区学院", message("links.unknown", text="x")),),
)


def write(tmp_path: Path, *rows: str, header: str = "甲,乙,类型,强度,权重") -> Path:
    path = tmp_path / "links.csv"
    path.write_text("\n".join([header, *rows]) + "\n", "utf-8")
    return path


def read(tmp_path: Path, *rows: str) -> Links:
    return read_links(write(tmp_path, *rows), APPLICATIONS)


def refused(tmp_path: Path, *rows: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        read(tmp_path, *rows)
    assert all(problem.text(lang) for problem in caught.value.problems for lang in LANGS)
    return [problem.text() for problem in caught.value.problems]


def ends(links: Links) -> list[tuple[str, str, Kind, bool, float | None]]:
    return [(link.a, link.b, link.kind, link.must, link.km) for link in links.links]


# --- Names ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("S1", "S1"),
        ("上城区社区学院", "S1"),
        ("上城区　社区学院 ", "S1"),
        ("西湖区社区学院", "S2"),
        ("浙江省杭州市西湖区", "S2"),
        ("杭州市", "S4"),
    ],
)
def test_a_site_is_named_by_id_name_or_division(text: str, expected: str) -> None:
    found = SiteNames(APPLICATIONS).find(text)
    assert isinstance(found, Found)
    assert found.site.id == expected


def test_brackets_are_a_part_of_the_name_where_both_have_some() -> None:
    names = SiteNames(Applications((site("S1", "上城社区学院（南校区）", "330102"),)))
    for text in ("上城社区学院", "上城 社区学院(南校区)"):
        found = names.find(text)
        assert isinstance(found, Found) and found.note is not None
    other = names.find("上城社区学院（北校区）")
    assert isinstance(other, Unknown)
    assert "上城社区学院（南校区）" in other.what.text()


def test_a_division_with_two_sites_names_neither() -> None:
    found = SiteNames(APPLICATIONS).find("四川省成都市成华区")
    assert isinstance(found, Unknown)
    assert "S5" in found.what.text()
    assert "S6" in found.what.text()


@pytest.mark.parametrize(("text", "expected"), [("上城区", "S1"), ("杭州市上城区", "S1"), ("江干区", "S2")])
def test_of_two_sites_in_a_merged_division_the_one_of_the_name_is_meant(text: str, expected: str) -> None:
    sites = (site("S1", "浙江省杭州市上城区", "330102"), site("S2", "浙江省杭州市江干区", "330102"))
    found = SiteNames(Applications(sites)).find(text)
    assert isinstance(found, Found)
    assert found.site.id == expected
    assert found.note is not None


def test_what_takes_no_part_is_told_from_what_is_unknown() -> None:
    names = SiteNames(APPLICATIONS)
    assert isinstance(names.find("平湖市社区学院"), Absent)
    assert isinstance(names.find("浙江省杭州市拱墅区"), Absent)
    unknown = names.find("上城社区学园")
    assert isinstance(unknown, Unknown)
    assert "上城区社区学院" in unknown.what.text()


def test_what_was_understood_otherwise_than_to_the_letter_is_remarked(tmp_path: Path) -> None:
    links = read(tmp_path, "S1,浙江省杭州市西湖区,意向,,")
    assert [remark.name for remark in links.remarks] == ["浙江省杭州市西湖区"]
    assert links.remarks[0].where == Where("links.csv", row=2, column="乙")


# --- The links file ------------------------------------------------------------------------------------


def test_each_kind_strength_and_weight_is_read_in_either_language(tmp_path: Path) -> None:
    rows = [
        "S1,S3,东西部结对,必须,",
        "S1,S2,counterpart,should,120",
        "S2,S3,意向,,",
        "S3,S2,Wish,优先,30 公里",
        "S2,S1,回避,must,",
    ]
    assert ends(read(tmp_path, *rows)) == [
        ("S1", "S3", Kind.PAIRING, True, None),
        ("S1", "S2", Kind.COUNTERPART, False, 120.0),
        ("S2", "S3", Kind.WISH, False, None),
        ("S3", "S2", Kind.WISH, False, 30.0),
        ("S2", "S1", Kind.AVOID, True, None),
    ]


def test_a_workbook_with_english_headers_reads_the_same(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["km", "kind", "b", "a"], [1200, "pairing", "锦江区教育局", "S1"]):
        sheet.append(row)
    book.save(tmp_path / "links.xlsx")
    links = read_links(tmp_path / "links.xlsx", APPLICATIONS)
    assert ends(links) == [("S1", "S3", Kind.PAIRING, False, 1200.0)]


def test_a_link_to_what_takes_no_part_is_returned_with_the_reason(tmp_path: Path) -> None:
    links = read(tmp_path, "S1,平湖市社区学院,结对,必须,", "浙江省杭州市拱墅区,S1,意向,,", "S1,S4,意向,,")
    assert not links.links
    assert [(item.a, item.b, item.where.row) for item in links.unhonourable] == [
        ("S1", "平湖市社区学院", 2),
        ("浙江省杭州市拱墅区", "S1", 3),
        ("S1", "S4", 4),
    ]
    reasons = [item.reason.text("en") for item in links.unhonourable]
    assert "takes no part" in reasons[0]
    assert "not among the approved" in reasons[1]
    assert "prefecture" in reasons[2]


def test_an_avoidance_that_nothing_can_break_is_only_remarked(tmp_path: Path) -> None:
    links = read(tmp_path, "S1,S4,回避,必须,")
    assert not links.links
    assert not links.unhonourable
    assert len(links.remarks) == 1


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("S1,上城社区学园,意向,,", "上城区社区学院"),
        ("S1,S1,意向,,", "自己"),
        ("S1,S2,同盟,,", "东西部结对"),
        ("S1,S2,对口支援单位,,", "最接近的是：对口支援"),
        ("S1,S2,意向,一定,", "必须"),
        ("S1,S2,意向,,-5", "-5"),
        ("S1,S2,意向,,很多", "很多"),
        ("S1,S2,意向,,nan", "nan"),
    ],
)
def test_a_wrong_row_says_what_was_found_and_what_is_expected(tmp_path: Path, row: str, said: str) -> None:
    (problem,) = refused(tmp_path, row)
    assert said in problem
    assert "第 2 行" in problem


def test_all_wrong_rows_are_told_together(tmp_path: Path) -> None:
    assert len(refused(tmp_path, "S1,没有的,同盟,,-5", "S1,S1,意向,,", "S1,S2,意向,,")) == 4


def test_a_repeated_row_counts_once_and_a_contradicting_one_is_refused(tmp_path: Path) -> None:
    links = read(tmp_path, "S1,S2,结对,必须,", "S2,S1,东西部协作,must,")
    assert ends(links) == [("S1", "S2", Kind.PAIRING, True, None)]
    assert len(links.remarks) == 1
    (problem,) = refused(tmp_path, "S1,S2,结对,必须,", "S2,S1,结对,优先,")
    assert "第 2 行" in problem
    assert "第 3 行" in problem


def test_wishes_of_each_for_the_other_are_two_links(tmp_path: Path) -> None:
    assert len(read(tmp_path, "S1,S2,意向,,", "S2,S1,意向,,").links) == 2


def test_the_weight_of_a_must_link_is_ignored_aloud(tmp_path: Path) -> None:
    links = read(tmp_path, "S1,S2,结对,必须,500")
    assert ends(links) == [("S1", "S2", Kind.PAIRING, True, None)]
    assert "500" in links.remarks[0].what.text()


# --- Wishes, relations, prices -------------------------------------------------------------------------


def test_wishes_never_stop_anything() -> None:
    wishing = replace(
        APPLICATIONS.sites[0], wishes=("无", "锦江区教育局", "S3", "没有的学院", "上城区社区学院", "杭州市教育局")
    )
    links = wishes(replace(APPLICATIONS, sites=(wishing, *APPLICATIONS.sites[1:])))
    assert ends(links) == [("S1", "S3", Kind.WISH, False, None)]
    assert [item.b for item in links.unhonourable] == ["没有的学院", "上城区社区学院", "杭州市教育局"]
    assert all(item.reason.text(lang) for item in links.unhonourable for lang in LANGS)


@pytest.mark.parametrize("number", ["13800138000", "138-0013-8000", "010-12345678", "11010119900307123X"])
def test_telephones_among_wishes_are_not_told(number: str) -> None:
    wishing = replace(APPLICATIONS.sites[0], wishes=(f"没有的学院 {number}",))
    (lost,) = wishes(replace(APPLICATIONS, sites=(wishing, *APPLICATIONS.sites[1:]))).unhonourable
    assert lost.b == "没有的学院 …"
    assert number not in lost.reason.text()


def test_paired_provinces_link_their_sites_of_one_level_once() -> None:
    links = province_links(APPLICATIONS)
    assert [(link.a, link.b, link.kind) for link in links.links] == [
        (a, b, Kind.PAIRING) for a in ("S1", "S2") for b in ("S3", "S5", "S6")
    ]
    assert not any(link.must for link in links.links)
    assert "核对" in links.remarks[0].what.text()


@pytest.mark.parametrize(
    ("supporter", "supported", "kind"),
    [
        ("110101", "540102", Kind.COUNTERPART),
        ("110101", "540202", None),
        ("320102", "654002", Kind.COUNTERPART),
        ("320102", "654202", None),
        ("210102", "654202", Kind.COUNTERPART),
        ("370102", "500101", Kind.PAIRING),
    ],
)
def test_relations_hold_at_the_grain_of_the_table(supporter: str, supported: str, kind: Kind | None) -> None:
    links = province_links(Applications((site("S1", "甲", supporter), site("S2", "乙", supported))))
    assert [link.kind for link in links.links] == ([] if kind is None else [kind])
    assert bool(links.remarks) is bool(links.links)


def test_the_table_of_relations_is_whole_sorted_and_without_repeats() -> None:
    with (DATA / "links" / "province-relations.csv").open(encoding="utf-8") as stream:
        rows = [(row["类型"], row["支援方代码"], row["受援方代码"]) for row in csv.DictReader(stream)]
    assert len(rows) == 48
    assert rows == sorted(set(rows))


def test_prices_are_filled_in_only_where_there_is_none() -> None:
    where = Where("links.csv", row=2)
    links = Links(
        (
            Link("S1", "S2", Kind.PAIRING, where),
            Link("S1", "S2", Kind.WISH, where, km=7.0),
            Link("S1", "S2", Kind.AVOID, where),
            Link("S1", "S3", Kind.COUNTERPART, where, must=True),
        )
    )
    scenario = Scenario(links=LinkPrices(pairing_km=11.0, avoid_km=13.0))
    assert [link.km for link in priced(links, scenario).links] == [11.0, 7.0, 13.0, None]


def test_what_was_given_goes_before_the_same_link_from_the_table() -> None:
    given = Links((Link("S3", "S1", Kind.PAIRING, Where("links.csv", row=2), must=True),))
    scenario = Scenario(links=LinkPrices(province_relations=True))
    links = applicable_links(APPLICATIONS, scenario, given)
    assert [link.must for link in links.links if {link.a, link.b} == {"S1", "S3"}] == [True]
    assert len(links.links) == 6
    assert all(link.km == 300.0 for link in links.links if not link.must)
    assert len(applicable_links(APPLICATIONS, Scenario(), given).links) == 1


def test_links_given_twice_from_python_are_told_as_those_in_a_file_are() -> None:
    first, second = Where("手写", row=1), Where("手写", row=2)
    twice = Links(
        (
            Link("S1", "S3", Kind.PAIRING, first, must=True),
            Link("S3", "S1", Kind.PAIRING, second, must=True, km=9.0),
            Link("S1", "S3", Kind.WISH, first, km=5.0),
            Link("S3", "S1", Kind.WISH, second, km=6.0),
        )
    )
    links = applicable_links(APPLICATIONS, Scenario(), twice)
    assert sorted(link.kind for link in links.links) == [Kind.PAIRING, Kind.WISH, Kind.WISH]
    (remark,) = links.remarks
    assert (remark.where, remark.name) == (second, "锦江区教育局")
    assert "只算一次" in remark.what.text()


@pytest.mark.parametrize(
    ("one", "other"),
    [({"must": True}, {}), ({"km": 5.0}, {"km": 6.0}), ({}, {"km": 300.0})],
)
def test_links_given_from_python_may_not_contradict_each_other(
    one: dict[str, object], other: dict[str, object]
) -> None:
    given = [Link("S1", "S3", Kind.PAIRING, Where("手写", row=1), **one)]  # type: ignore[arg-type]
    given += [Link("S3", "S1", Kind.PAIRING, Where("手写", row=2), **other)]  # type: ignore[arg-type]
    given += [Link("S1", "S2", Kind.AVOID, Where("手写", row=3 + n), km=float(n)) for n in range(2)]
    with pytest.raises(InputError) as caught:
        applicable_links(APPLICATIONS, Scenario(), Links(tuple(given)))
    assert [problem.where.row for problem in caught.value.problems] == [2, 4]
    assert "第 1 行" in caught.value.problems[0].text()
