"""Groupings side by side: the figures, the costs by one scenario's rules, and who is elsewhere."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from itertools import combinations, permutations
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from click.testing import CliRunner
from click.testing import Result as Outcome
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg

import grouping as g
from grouping.alluvial import Look, alluvial
from grouping.cases import build_case
from grouping.check import check
from grouping.cli import main
from grouping.comparison import figures_data
from grouping.comparison_pictures import draw_pictures
from grouping.correspondence import correspondence
from grouping.flows import Elsewhere, Flow
from grouping.fonts import find_font
from grouping.grouping_files import GroupingFile
from grouping.levels import Level
from grouping.maps import Atlas, MapOptions
from grouping.messages import catalogue
from grouping.result_files import result_of

from instances import asked, instances
from oracle import Instance, grouping_cost

ROOT = Path(__file__).parent.parent
LIST = ROOT / "data" / "examples" / "demonstration-districts.csv"
COUNTIES = [line.split(",")[0] for line in LIST.read_text("utf-8").splitlines()[1:]]

Groups = Mapping[str, Sequence[str]]


def regrouped(
    applications: g.Applications,
    scenario: g.Scenario,
    communities: Groups,
    links: g.Links | None = None,
    distances: g.Distances | None = None,
) -> g.Result:
    """A grouping by the ids of the members, as a result."""
    links = links or g.Links()
    placed = {site for members in communities.values() for site in members}
    unplaced = tuple(site.id for site in applications if site.id not in placed)
    there = {label: tuple(members) for label, members in communities.items()}
    file = GroupingFile(there, {}, {}, unplaced, (), "grouping.csv", "")
    report = check(there, applications, scenario, links, distances, unplaced=unplaced)
    return result_of(build_case(applications, scenario, links, distances, there, {}), file, report, "1")


def listed(names: Sequence[str]) -> g.Applications:
    """The sites of the shipped list of those names."""
    every = {site.name: site for site in g.read_applications(LIST)}
    return g.Applications(tuple(every[name] for name in names), file="list.csv")


def groups(names: Sequence[str], size: int) -> Groups:
    parts = [names[at : at + size] for at in range(0, len(names), size)]
    return {f"区县{number:02d}": part for number, part in enumerate(parts, 1)}


# --- Any two groupings ---------------------------------------------------------------------------------


@st.composite
def partitions(draw: st.DrawFn, count: int) -> list[list[int]]:
    """Communities of two to five; now and then one or two sites are left over."""
    order = draw(st.permutations(range(count)))
    parts: list[list[int]] = []
    while len(order) >= 2:
        size = min(draw(st.integers(2, 5)), len(order))
        parts.append(sorted(order[:size]))
        order = order[size:]
    return parts


@st.composite
def two_groupings(draw: st.DrawFn) -> tuple[Instance, Instance, list[list[int]], list[list[int]]]:
    """Two groupings of the same sites under two scenarios."""
    one = draw(instances())
    other = draw(instances(most=one.size))
    parts = [draw(partitions(one.size)) for _ in range(2)]
    return one, replace(one, scenario=other.scenario), *parts


def both(case: tuple[Instance, Instance, list[list[int]], list[list[int]]]) -> tuple[g.Result, g.Result]:
    results = []
    for instance, parts in zip(case[:2], case[2:], strict=True):
        applications, links, distances = asked(instance)
        try:
            named = {f"区县{number:02d}": [str(site) for site in part] for number, part in enumerate(parts, 1)}
            results.append(regrouped(applications, instance.scenario, named, links, distances))
        except g.InputError:
            assume(False)
    return results[0], results[1]


@settings(max_examples=60, deadline=None)
@given(two_groupings())
def test_costs_by_the_first_ones_rules_are_those_of_the_definition(
    case: tuple[Instance, Instance, list[list[int]], list[list[int]]],
) -> None:
    first, other = both(case)
    runs = g.compare([first, other]).runs
    for run, parts in zip(runs, case[2:], strict=True):
        by_first = run.figures[None].repriced
        assert by_first is not None
        expected = grouping_cost(case[0], parts)
        if expected is not None:
            assert by_first.cost.total_km == pytest.approx(expected, abs=1e-6, rel=1e-9)
        bounds = case[0].scenario.size
        if not all(bounds.min <= len(part) <= bounds.max for part in parts):
            assert by_first.broken or (bounds.min, bounds.max) == (3, 10)
    assert runs[0].figures[None].repriced.first == runs[1].figures[None].repriced.first  # type: ignore[union-attr]


@settings(max_examples=60, deadline=None)
@given(two_groupings())
def test_every_site_flows_once_and_labels_do_not_matter(
    case: tuple[Instance, Instance, list[list[int]], list[list[int]]],
) -> None:
    first, other = both(case)
    (changes,) = g.compare([first, other]).changes
    homes = [{site: number for number, part in enumerate(parts) for site in part} for parts in case[2:]]
    flowing = sorted(name for flow in changes.flows for name in flow.sites)
    assert flowing == sorted(site.name for site in first.applications)
    for flow in changes.flows:
        # Who flows together was together before, and is now.
        assert len({homes[0].get(int(name)) for name in flow.sites}) == 1
        assert len({homes[1].get(int(name)) for name in flow.sites}) == 1
    partners = [(pair.first.label, pair.other.label) for pair in changes.pairs if pair.first and pair.other]
    assert len({a for a, _ in partners}) == len({b for _, b in partners}) == len(partners)
    # No other matching of the communities has fewer movers.
    small, large = sorted(case[2:], key=len)
    together = max(
        sum(len(set(a) & set(b)) for a, b in zip(small, order, strict=False))
        for order in permutations(large, len(small))
    )
    alone = sum(len(flow.sites) for flow in changes.flows if flow.source is flow.target is Elsewhere.UNPLACED)
    assert len(flowing) - len(changes.moved) == together + alone
    for pair in changes.pairs:
        before = {site.name for site in pair.first.members} if pair.first else set()
        after = {site.name for site in pair.other.members} if pair.other else set()
        assert set(pair.stays) == before & after
        assert {name for name, _ in pair.joined} == after - before
        assert {name for name, _ in pair.left} == before - after
    stays = sum(len(flow.sites) for flow in changes.flows if flow.stays)
    assert len(changes.moved) == len(flowing) - stays
    renamed = [replace(one, label=f"组{number}") for number, one in enumerate(other.communities)]
    again = replace(other, levels=(replace(other.levels[0], communities=tuple(renamed)),))
    (others,) = g.compare([first, again]).changes
    assert others.moved == changes.moved
    assert [flow.sites for flow in others.flows] == [flow.sites for flow in changes.flows]


@settings(max_examples=30, deadline=None)
@given(two_groupings())
def test_a_grouping_compared_with_itself_is_the_same(
    case: tuple[Instance, Instance, list[list[int]], list[list[int]]],
) -> None:
    first, _ = both(case)
    comparison = g.compare([first, first, first])
    assert [run.name for run in comparison.runs] == [
        first.scenario.name,
        *(f"{first.scenario.name} ({n})" for n in (2, 3)),
    ]
    assert not comparison.settings
    for changes in comparison.changes:
        assert not changes.moved
        assert changes.unchanged == len(first.communities)
    assert len({json.dumps(figures_data(run.figures[None])) for run in comparison.runs}) == 1


def test_distances_are_between_any_two_members() -> None:
    km = np.array([[abs(a - b) ** 2 for a in range(7)] for b in range(7)], dtype=np.float64)
    sites = tuple(g.Site(str(n), str(n), Level.COUNTY, g.Where("x")) for n in range(7))
    parts = {"a": ["0", "3", "4"], "b": ["1", "2", "5", "6"]}
    result = regrouped(g.Applications(sites), g.Scenario(), parts, distances=g.Distances(km, file="km.xlsx"))
    pairs = [km[int(a), int(b)] for part in parts.values() for a, b in combinations(part, 2)]
    figures = g.compare([result, result]).runs[0].figures[None]
    spread = figures.distances
    assert spread is not None
    assert spread.mean_km == pytest.approx(sum(pairs) / len(pairs))
    assert (spread.median_km, spread.largest_km) == (pytest.approx(sorted(pairs)[4]), max(pairs))
    assert sum(one <= spread.ninety_km for one in pairs) >= 0.9 * (len(pairs) - 1)
    assert figures.sizes == {3: 1, 4: 1}


# --- Lists that differ ---------------------------------------------------------------------------------


def test_sites_of_one_list_alone_are_told_and_left_out_of_what_is_compared() -> None:
    names = COUNTIES[:16]
    first = regrouped(listed(names[:15]), g.Scenario(), groups(names[:15], 5))
    other = regrouped(listed(names[1:]), g.Scenario(), groups(names[1:], 5))
    comparison = g.compare([first, other], ["甲", "乙"])
    (changes,) = comparison.changes
    assert changes.common == 14
    ends = {flow.sites: (flow.source, flow.target) for flow in changes.flows if not flow.listed}
    assert ends == {
        (names[0],): ("区县01", Elsewhere.NOT_LISTED),
        (names[15],): (Elsewhere.NOT_LISTED, "区县03"),
    }
    frame = comparison.moves_frame()
    assert frame.loc[frame["moved"].isna(), "site"].tolist() == [names[0], names[15]]
    by_first = comparison.runs[1].figures[None].repriced
    assert by_first is not None
    assert by_first.sites == 14
    common = listed(names[1:15])
    for cost, parts in ((by_first.first, groups(names[:15], 5)), (by_first.cost, groups(names[1:], 5))):
        there = {label: [one for one in part if one in names[1:15]] for label, part in parts.items()}
        assert cost.total_km == pytest.approx(check(there, common, g.Scenario(), g.Links()).cost.total_km)
    assert not by_first.broken


def test_a_site_written_otherwise_is_taken_for_the_same_and_that_is_told(tmp_path: Path) -> None:
    first, other = tmp_path / "a.csv", tmp_path / "b.csv"
    first.write_text("名称\n北京市延庆县\n北京市顺义区\n天津市南开区\n", "utf-8")
    other.write_text("名称\n天津市南开区\n延庆区\n北京市顺义区\n", "utf-8")
    found = correspondence(g.read_applications(first), g.read_applications(other))
    assert found.same == {"天津市南开区": "天津市南开区", "延庆区": "北京市延庆县", "北京市顺义区": "北京市顺义区"}
    assert [remark.name for remark in found.remarks] == ["延庆区"]


def test_a_site_at_another_level_is_another_one() -> None:
    (one,) = listed(COUNTIES[:1])
    other = replace(one, id="x", level=Level.PREFECTURE)
    assert not correspondence(g.Applications((one,)), g.Applications((other,))).same


def test_lists_with_nothing_in_common_and_one_grouping_alone_are_refused() -> None:
    first = regrouped(listed(COUNTIES[:6]), g.Scenario(), groups(COUNTIES[:6], 3))
    other = regrouped(listed(COUNTIES[10:16]), g.Scenario(), groups(COUNTIES[10:16], 3))
    with pytest.raises(g.InputError) as refused:
        g.compare([first, other], ["甲", "乙"])
    (problem,) = refused.value.problems
    assert problem.where.file == "乙"
    assert "甲" in problem.what.text()
    with pytest.raises(g.InputError):
        g.compare([first])


def test_a_grouping_that_the_first_scenario_forbids_says_so() -> None:
    names = COUNTIES[:12]
    first = regrouped(listed(names), g.load_scenario(**{"size.max": 6}), groups(names, 4))
    other = regrouped(listed(names), g.Scenario(), groups(names, 12 // 2 + 1))
    comparison = g.compare([first, other])
    by_first = comparison.runs[1].figures[None].repriced
    assert by_first is not None
    assert [rule.rule for rule in by_first.broken] == ["scenario_size"]
    assert comparison.settings_frame().loc["size.max"].tolist() == [6, 10]


# --- Pictures ------------------------------------------------------------------------------------------


def flows_of(count: int, moving: int) -> list[Flow]:
    """So many communities of five; of some, one site each goes on to the next."""
    flows = []
    for number in range(count):
        names = tuple(f"实验点{number}之{k}" for k in range(5))
        here, there = f"区县{number + 1:02d}", f"区县{(number + 1) % count + 1:02d}"
        if number < moving:
            flows += [
                Flow(Level.COUNTY, here, here, names[1:], True),
                Flow(Level.COUNTY, here, there, names[:1], False),
            ]
        else:
            flows.append(Flow(Level.COUNTY, here, here, names, True))
    return flows


@pytest.mark.parametrize(("count", "moving", "shown"), [(11, 4, 11), (60, 12, 13), (60, 60, 60), (400, 400, 400)])
def test_a_diagram_of_flows_is_readable_however_many_communities(count: int, moving: int, shown: int) -> None:
    look = Look(({}, {}), ("甲", "乙"), "标题", find_font(), "zh")
    drawn = alluvial(flows_of(count, moving), look)
    assert drawn is not None
    canvas = drawn.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    (axes,) = drawn.axes
    labels = [text.get_text() for text in axes.texts if re.fullmatch(r"区县\d+（\d+）", text.get_text())]
    assert len(labels) == 2 * shown
    assert any("未画" in text.get_text() for text in axes.texts) == (shown < count)
    boxes = [text.get_window_extent(canvas.get_renderer()) for text in axes.texts]
    edge = drawn.bbox
    assert all(edge.x0 <= box.x0 and box.x1 <= edge.x1 and edge.y0 <= box.y0 and box.y1 <= edge.y1 for box in boxes)
    if count < 400:
        for number, box in enumerate(boxes):
            assert not any(box.overlaps(other) for other in boxes[number + 1 :]), axes.texts[number].get_text()


def test_where_nobody_moves_there_is_no_diagram() -> None:
    assert alluvial(flows_of(5, 0), Look(({}, {}), ("甲", "乙"), "标题", find_font(), "zh")) is None


def test_sites_without_a_community_in_both_are_no_community_that_is_left_out() -> None:
    flows = [*flows_of(11, 4), Flow(Level.COUNTY, Elsewhere.UNPLACED, Elsewhere.UNPLACED, ("甲校",), True)]
    drawn = alluvial(flows, Look(({}, {}), ("甲", "乙"), "标题", find_font(), "zh"))
    assert drawn is not None
    assert not any("未画" in text.get_text() or "未入组" in text.get_text() for text in drawn.axes[0].texts)


def test_region_tables_are_told_by_their_names_alone(tmp_path: Path) -> None:
    table = tmp_path / "片区.csv"
    shutil.copy(ROOT / "data" / "regions" / "macro_regions.csv", table)
    names = COUNTIES[:6]
    first = regrouped(listed(names), g.Scenario(), groups(names, 3))
    other = regrouped(listed(names), g.load_scenario(**{"travel.regions": str(table)}), groups(names, 3))
    assert g.compare([first, other]).settings_frame().loc["travel.regions"].tolist() == ["default", "片区.csv"]


def test_maps_have_one_frame_and_what_continues_keeps_its_colour() -> None:
    names = COUNTIES
    first = regrouped(listed(names), g.Scenario(), groups(names, 5))
    shifted = [*names[1:], names[0]]
    other = regrouped(listed(names), g.Scenario(), groups(shifted, 5))
    comparison = g.compare([first, other], ["甲", "乙"])
    pictures = draw_pictures(comparison, Atlas.opened("zh", MapOptions()))
    assert [one.name for one in pictures.all] == ["compare-map-county.png", "compare-flow-county-2.png"]
    assert not pictures.remarks
    (changes,) = comparison.changes
    assert changes.partner
    for label, continued in changes.partner.items():
        assert pictures.colours[1][label] == pictures.colours[0][continued]
    assert pictures.all[0].png.startswith(b"\x89PNG")
    again = draw_pictures(comparison, Atlas.opened("zh", MapOptions()))
    assert [(one.png, one.svg) for one in again.all] == [(one.png, one.svg) for one in pictures.all]


# --- The command ---------------------------------------------------------------------------------------


def run(*args: object) -> Outcome:
    return CliRunner().invoke(main, [str(arg) for arg in args], prog_name="grouping")


@pytest.fixture(scope="module")
def folders(undrawn: Callable[[], AbstractContextManager[None]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped list, its contact persons added, under three scenarios; and another list."""
    place = tmp_path_factory.mktemp("runs")
    rows = LIST.read_text("utf-8").splitlines()
    text = [f"{rows[0]},联系人", *(f"{row},王小明{number}" for number, row in enumerate(rows[1:]))]
    (place / "名单.csv").write_text("\n".join(text) + "\n", "utf-8")
    (place / "别的.csv").write_text("名称\n兰州市城关区\n兰州市七里河区\n兰州市西固区\n", "utf-8")
    for name, listed_, scenario in (
        ("方案", "名单.csv", "base"),
        ("少组", "名单.csv", "larger-communities"),
        ("组长承办", "名单.csv", "hosted"),
        ("别处", "别的.csv", "base"),
    ):
        with undrawn():
            done = run("solve", place / listed_, "--scenario", scenario, "--out", place / name, "--quiet")
        assert done.exit_code == 0, done.output
    return place


@pytest.fixture(scope="module")
def compared(folders: Path) -> tuple[list[Path], Path, Outcome]:
    """Three of them compared: the folders, that of the comparison, which held a file before, and what was said."""
    outs = [folders / name for name in ("方案", "少组", "组长承办")]
    out = folders / "比较"
    out.mkdir()
    (out / "会议.txt").write_text("x", "utf-8")
    return outs, out, run("compare", *outs, "--out", out)


def test_the_command_prints_writes_and_tells_programs(compared: tuple[list[Path], Path, Outcome]) -> None:
    outs, out, said = compared
    assert said.exit_code == 0, said.output
    assert sorted(path.name for path in out.iterdir()) == [
        "compare-flow-county-2.png",
        "compare-flow-county-3.png",
        "compare-map-county.png",
        "compare.html",
        "compare.xlsx",
        "会议.txt",
    ]
    assert str(out / "compare.html") in said.stdout
    data = json.loads(run("compare", *outs, "--json").stdout)
    assert [one["name"] for one in data["runs"]] == ["方案", "少组", "组长承办"]
    for one, folder in zip(data["runs"], outs, strict=True):
        summary = json.loads((folder / "summary.json").read_text("utf-8"))
        figures = one["figures"]
        assert figures["cost_km"] == pytest.approx(summary["cost_km"], abs=0.001)
        assert figures["bound_km"] == pytest.approx(summary["bound_km"], abs=0.001)
        assert (one["status"], figures["communities"]) == (summary["status"], summary["communities"])
        # The first is proved optimal by its own rules, so no other is cheaper by them.
        assert figures["cost_by_first_km"] >= data["runs"][0]["figures"]["cost_km"] - 0.001
        assert f"{figures['cost_km']:,.0f}" in said.stdout
    assert [one["key"] for one in data["settings"]] == ["size.min", "size.preferred", "size.km", "travel.measure"]
    for change in data["changes"]:
        assert sum(len(one["stays"]) + len(one["left"]) for one in change["communities"]) == 54
        assert all(sentence in said.stdout for sentence in change["sentences"])

    book = openpyxl.load_workbook(out / "compare.xlsx")
    assert book.sheetnames == ["数字", "情景的差别", "共同体变化", "实验点去向", "说明"]
    sites = list(book["实验点去向"].values)[1:]
    assert len(sites) == 54
    for number, change in enumerate(data["changes"]):
        assert sum(row[4 + 2 * number] == "是" for row in sites) == change["moved_sites"]

    page = (out / "compare.html").read_text("utf-8")
    assert not re.findall(r"(?:src|href)=\"(?!data:image/|#)", page)
    assert "王小明" not in page + said.output
    for name in ("方案", "少组", "组长承办"):
        assert name in page

    english = run("compare", *outs, "--lang", "en")
    assert "cost, all by the rules of “方案”" in english.stdout


def test_a_second_comparison_takes_the_place_of_the_first_and_of_nothing_else(
    compared: tuple[list[Path], Path, Outcome], tmp_path: Path
) -> None:
    outs, earlier, _ = compared
    out = tmp_path / "比较"
    shutil.copytree(earlier, out)
    assert run("compare", *outs[:2], "--out", out, "--lang", "en").exit_code == 0
    assert sorted(path.name for path in out.iterdir()) == [
        "compare-flow-county-2.png",
        "compare-map-county.png",
        "compare.html",
        "compare.xlsx",
        "会议.txt",
    ]
    assert 'lang="en"' in (out / "compare.html").read_text("utf-8")


def test_a_grouping_changed_by_hand_is_compared_by_the_proof_of_its_run(folders: Path) -> None:
    changed = folders / "方案" / "改过的.csv"
    text = (folders / "方案" / "grouping.csv").read_text("utf-8-sig").splitlines()
    rows = [line.split(",") for line in text]
    # A site of a community of five or more goes to another.
    sizes = {row[0]: sum(one[0] == row[0] for one in rows) for row in rows[1:]}
    large = [label for label, size in sizes.items() if size >= 5]
    moving = next(row for row in rows if row[0] == large[0] and row[3] == "member")
    moving[0] = next(label for label, size in sizes.items() if size < 10 and label != large[0])
    changed.write_text("\n".join(",".join(row) for row in rows) + "\n", "utf-8")
    data = json.loads(run("compare", folders / "方案", changed, "--json").stdout)
    first, other = data["runs"]
    assert other["name"] == "方案/改过的"
    assert other["status"] == "feasible"
    assert other["figures"]["bound_km"] == pytest.approx(first["figures"]["bound_km"])
    assert other["figures"]["gap"] > 0
    assert data["changes"][0]["moved_sites"] == 1


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_can_not_be_compared_is_one_clear_message(folders: Path, lang: str) -> None:
    said = run("compare", folders / "方案", folders / "别处", "--lang", lang)
    assert said.exit_code == 2
    assert said.stderr.count("\n") == 2
    assert "“方案”" in said.stderr
    alone = run("compare", folders / "方案", "--lang", lang)
    assert alone.exit_code == 2
    nowhere = run("compare", folders / "方案", folders, folders / "没有", "--lang", lang)
    assert nowhere.exit_code == 2
    assert nowhere.stderr.count("given.json") == 2
    assert "Traceback" not in said.output + alone.output + nowhere.output


def test_a_list_that_has_moved_or_changed_is_asked_for(folders: Path, tmp_path: Path) -> None:
    shutil.copytree(folders, tmp_path / "runs")
    listed_ = tmp_path / "runs" / "名单.csv"
    listed_.rename(tmp_path / "搬走.csv")
    outs = [tmp_path / "runs" / name for name in ("方案", "少组")]
    gone = run("compare", *outs)
    assert (gone.exit_code, "--applications" in gone.stderr) == (2, True)
    assert run("compare", *outs, "--applications", tmp_path / "搬走.csv").exit_code == 0
    listed_.write_text((tmp_path / "搬走.csv").read_text("utf-8") + "\n", "utf-8")
    assert run("compare", *outs).exit_code == 2
    # What was proved for another list says nothing of this one.
    data = json.loads(run("compare", *outs, "--accept-changed", "--json").stdout)
    assert all(one["figures"]["bound_km"] == 0 for one in data["runs"])


def test_every_text_of_the_page_is_in_the_catalogue() -> None:
    template = (Path(g.__file__ or "").parent / "pages" / "comparison.html").read_text("utf-8")
    keys = set(re.findall(r"say\([\"'](\w+\.\w+)[\"']", template))
    listed_ = re.findall(r"for key in \(([^)]*)\)", template)
    keys |= {f"compare.{key}" for part in listed_ for key in re.findall(r"\"(\w+)\"", part)}
    assert keys <= set(catalogue())
    shown = re.sub(r"{[%{#].*?[#}%]}|<style>.*?</style>|<[^>]*>", "", template, flags=re.DOTALL)
    assert not re.search(r"[A-Za-z\u4e00-\u9fff]", shown)


_PROBE = """<script>addEventListener("load", () => { document.body.dataset.seen = JSON.stringify({
images: [...document.images].map(one => one.naturalWidth), wide: document.documentElement.scrollWidth - innerWidth,
}); });</script></body>"""


@pytest.mark.skipif(shutil.which("chromium") is None, reason="no browser")
def test_a_browser_shows_the_page_whole(compared: tuple[list[Path], Path, Outcome], tmp_path: Path) -> None:
    _, out, _ = compared
    page = tmp_path / "probe.html"
    page.write_text((out / "compare.html").read_text("utf-8").replace("</body>", _PROBE), "utf-8")
    flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1024,800", "--virtual-time-budget=9000"]
    shown = subprocess.run(
        ["chromium", *flags, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", page.as_uri()],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    (seen,) = re.findall(r"data-seen=\"([^\"]*)\"", shown.stdout)
    found = json.loads(seen.replace("&quot;", '"'))
    assert len(found["images"]) == 3
    assert min(found["images"]) > 0
    assert found["wide"] <= 0
