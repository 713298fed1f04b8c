"""Sweeps: what users may vary, the frontier by its definition, and the command on the shipped list."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from math import prod
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from click.testing import CliRunner
from click.testing import Result as Outcome
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.utils import get_column_letter

from grouping import InputError, Sweep, load_scenario, read_applications, read_axes, solve, sweep
from grouping.axes import Axis, neighbours, walk
from grouping.cli import main
from grouping.cost import Cost
from grouping.sweep import Point

LIST = Path(__file__).parent.parent / "data" / "examples" / "demonstration-districts.csv"


def run(*args: object) -> Outcome:
    return CliRunner().invoke(main, [str(arg) for arg in args], prog_name="grouping")


def test_axes_are_read_as_users_write_them() -> None:
    axes = read_axes(["cross_region_km=0:600:50", "size.preferred=4,6，8", "measure=rotating,hosted", "required=true"])
    assert [axis.key for axis in axes] == [
        "travel.cross_region_km",
        "size.preferred",
        "travel.measure",
        "leads.required",
    ]
    assert axes[0].values == tuple(50.0 * step for step in range(13))
    assert axes[1].values == (4, 6, 8)
    assert axes[3].values == (True,)
    assert read_axes(["wish_km=1:0:-0.25"])[0].values == (1.0, 0.75, 0.5, 0.25, 0.0)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("preferred", "preferred=4,6,8"),
        ("prefered=4", "size.preferred"),
        ("km=1", "themes.km"),
        ("preferred=", "size.preferred"),
        ("preferred=x", "x"),
        ("preferred=4.5", "4.5"),
        ("cross_region_km=0:600", "0:600"),
        ("cross_region_km=600:0:50", "600:0:50"),
        ("cross_region_km=0:600:0", "0:600:0"),
        ("cross_region_km=0:600:0.1", "0.1"),
    ],
)
def test_wrong_axes_are_told_all_together(text: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        read_axes([text, "seed=1,x"])
    told = [problem.text("zh") for problem in caught.value.problems]
    assert len(told) == 2
    assert says in told[0]


@given(st.lists(st.integers(1, 4), min_size=1, max_size=3))
def test_the_walk_goes_everywhere_by_single_steps(sizes: list[int]) -> None:
    axes = [Axis(str(number), tuple(range(size))) for number, size in enumerate(sizes)]
    order = list(walk(axes))
    assert len(order) == len(set(order))
    assert len(order) == prod(sizes)
    for before, after in pairwise(order):
        assert after in set(neighbours(before))


@pytest.fixture(scope="module")
def point() -> Point:
    sites = read_applications(LIST)
    few = replace(sites, sites=sites.sites[:6])
    return Point({}, solve(few, load_scenario("base")))


class _Made(Point):
    """A point with figures of its own."""

    def __init__(self, result: object, value: int, travel: float, pure: float) -> None:
        object.__setattr__(self, "values", {"travel.cross_region_km": float(value)})
        object.__setattr__(self, "result", result)
        object.__setattr__(self, "_travel", travel)
        self.__dict__["pure"] = pure

    @property
    def travel_km(self) -> float:
        return float(self.__dict__["_travel"])


@given(st.data())
def test_the_frontier_is_what_nothing_is_better_than(point: Point, data: st.DataObject) -> None:
    figures = data.draw(
        st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=9), label="(travel, pure)"
    )
    points = tuple(_Made(point.result, number, t, p / 6) for number, (t, p) in enumerate(figures))
    axis = Axis("travel.cross_region_km", tuple(float(number) for number in range(len(figures))))
    (family,) = Sweep((axis,), points).families
    wanted = []
    for number, (travel, pure) in enumerate(figures):
        better = [
            other
            for other, (t, p) in enumerate(figures)
            if (t <= travel and p >= pure) and ((t, p) != (travel, pure) or other < number)
        ]
        if not better:
            wanted.append(number)
    assert sorted(family.frontier) == wanted
    if family.knee is not None:
        assert family.knee in family.frontier[1:-1]
        ends = (figures[family.frontier[0]], figures[family.frontier[-1]])
        (t0, p0), (t1, p1) = ends
        t, p = figures[family.knee]
        assert (p - p0) * (t1 - t0) > (t - t0) * (p1 - p0)


def test_each_point_is_what_a_run_by_itself_finds() -> None:
    sites = read_applications(LIST)
    some = replace(sites, sites=sites.sites[:16])
    found = sweep(some, "base", read_axes(["cross_region_km=0,400", "preferred=4,6"]))
    assert len(found.points) == 4
    for point in found.points:
        alone = solve(some, load_scenario("base", **dict(point.values)))
        assert point.result.cost.total_km == pytest.approx(alone.cost.total_km)
        assert point.result.status is alone.status
    frame = found.frame()
    assert list(frame["travel.cross_region_km"]) == [0.0, 0.0, 400.0, 400.0]
    assert set(Cost().parts()) <= set(frame.columns)


def test_the_command(tmp_path: Path) -> None:
    small = tmp_path / "list.csv"
    small.write_text("\n".join(LIST.read_text("utf-8-sig").splitlines()[:15]), "utf-8")
    arguments = ("sweep", small, "--vary", "cross_region_km=0,200,600", "--vary", "preferred=4,6")
    out = tmp_path / "out"
    done = run(*arguments, "--out", out, "--json", "--quiet")
    assert done.exit_code == 0, done.output
    data = json.loads(done.stdout)
    assert len(data["points"]) == 6
    assert all(point["status"] == "optimal" for point in data["points"])
    assert sorted(path.name for path in out.iterdir()) == ["frontier.png", "sweep.csv", "sweep.xlsx"]
    sheet = openpyxl.load_workbook(out / "sweep.xlsx").active
    header = [cell.value for cell in sheet[1]]
    assert header[:4] == ["travel.cross_region_km", "size.preferred", "代价（公里）", "差距"]
    assert len(set(header)) == len(header) == len(pd.read_csv(out / "sweep.csv").columns)
    # What is printed ends where the rest begins.
    assert header[header.index("拐点") + 1] == "理论下限（公里）"
    assert sheet.print_area == f"'{sheet.title}'!$A$1:${get_column_letter(header.index('拐点') + 1)}$7"
    table = (out / "sweep.csv").read_bytes()
    picture = (out / "frontier.png").read_bytes()
    again = run(*arguments, "--out", out, "--lang", "en")
    assert again.exit_code == 0
    assert "6 points, 6 proved optimal" in again.stdout
    drop = [line.rsplit(b",", 1)[0] for line in table.splitlines()]
    assert [line.rsplit(b",", 1)[0] for line in (out / "sweep.csv").read_bytes().splitlines()] == drop
    assert (out / "frontier.png").read_bytes() != picture  # the other language


def test_wrong_input_is_told_at_once_and_nothing_is_written(tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = run(
        "sweep",
        tmp_path / "none.csv",
        "--vary",
        "preferred=4,12",
        "--vary",
        "x",
        "--gap",
        "7",
        "--workers",
        "0",
        "--out",
        out,
    )
    assert done.exit_code == 2
    assert "none.csv" in done.stderr
    assert "--vary x" in done.stderr
    assert "--gap" in done.stderr
    assert "--workers" in done.stderr
    assert "size.preferred = 12：" in done.stderr
    beyond = run("sweep", LIST, "--vary", "preferred=4,12", "--vary", "seed=1,2", "--out", out)
    assert beyond.exit_code == 2
    assert beyond.stderr.count("size.preferred = 12：") == 1
    assert run("sweep", LIST, "--out", out).exit_code == 2
    assert not out.exists()


def test_rows_that_can_not_be_placed_are_left_out_where_that_is_asked_for(tmp_path: Path) -> None:
    listed = tmp_path / "list.csv"
    rows = LIST.read_text("utf-8-sig").splitlines()[:12]
    blank = "," * rows[0].count(",")
    listed.write_text("\n".join([*rows, f"火星基地,{blank[1:]}"]), "utf-8")
    arguments = ("sweep", listed, "--vary", "preferred=4,6", "--out", tmp_path / "out")
    stopped = run(*arguments)
    assert stopped.exit_code == 2
    assert "火星基地" in stopped.stderr
    done = run(*arguments, "--on-unresolved", "skip", "--workers", "1", "--json")
    assert done.exit_code == 0, done.output
    assert "有 1 行不参加编组" in done.stderr
    assert len(json.loads(done.stdout)["points"]) == 2
