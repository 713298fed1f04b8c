"""Batches: plans, runs that fail or are killed, batches that are killed, started twice and resumed, and Dask."""

from __future__ import annotations

import csv
import json
import multiprocessing
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pandas as pd
import pytest
from click.testing import CliRunner
from click.testing import Result as Outcome

import benchmarks.batch as benchmark
from grouping.batch.engines import Begun, Ended, LocalProcesses
from grouping.batch.plans import Wishes, matching, read_plan
from grouping.batch.runs import STATE, Run, finished
from grouping.cli import main
from grouping.errors import InputError
from grouping.scenario_files import list_scenarios

SHIPPED = Path(__file__).parent.parent / "data" / "examples" / "demonstration-districts.csv"
TELEPHONE = "13812345678"
PLAN = """
out = "结果"
scenarios = ["base", "我的.toml"]

[solve]
work = 2
maps = false

[[lists]]
applications = "东.csv"

[[lists]]
applications = "坏.csv"
scenarios = ["base"]

[[lists]]
name = "西 部"
applications = "西.csv"
"""


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("GROUPING_LANG", raising=False)
    monkeypatch.chdir(tmp_path)


def planned(folder: Path) -> Path:
    """Two lists of the shipped one's districts, a third with a place that is none, two scenarios."""
    head, *rows = csv.reader(SHIPPED.read_text("utf-8-sig").splitlines())
    bad = [*rows[:3], [f"没有这个地方{TELEPHONE}", *rows[0][1:]]]
    for name, some in (("东", rows[:8]), ("西", rows[30:42]), ("坏", bad)):
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([head, *some])
    (folder / "我的.toml").write_text('extends = "base"\n[size]\nkm = 30\n', "utf-8")
    path = folder / "计划.toml"
    path.write_text(PLAN, "utf-8")
    return path


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    return planned(tmp_path)


@dataclass(frozen=True)
class Whole:
    """A batch that nothing happened to: its plan, its folder, and what it told on standard output and error."""

    plan: Path
    out: Path
    told: Mapping[str, Any]
    log: Sequence[Mapping[str, Any]]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    folder = tmp_path_factory.mktemp("whole")
    path = planned(folder)
    process = started(path, "--log-format", "json", "--json")
    told, logged = process.communicate()
    assert process.returncode == 6, logged
    return Whole(path, folder / "结果", json.loads(told), [json.loads(line) for line in logged.splitlines()])


def run(*args: object) -> Outcome:
    return CliRunner().invoke(main, ["batch", *map(str, args)], prog_name="grouping")


def started(*args: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "grouping", "batch", *map(str, args)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def lasting(out: Path) -> tuple[list[dict[str, str]], dict[str, bytes]]:
    """What must be the same however the batch went: all but times, and the files that hold none."""
    rows = list(csv.DictReader((out / "results.csv").read_text("utf-8-sig").splitlines()))
    kept = [{name: value for name, value in row.items() if name != "seconds"} for row in rows]
    tables = {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.glob("runs/*/*/grouping.csv"))}
    return kept, tables


def seen(folder: Path, pattern: str, count: int = 1) -> None:
    """Wait until there are so many files."""
    end = time.monotonic() + 60
    while len(list(folder.glob(pattern))) < count:
        assert time.monotonic() < end, pattern
        time.sleep(0.02)


# --- Plans ---------------------------------------------------------------------------------------------


def test_a_plan_is_every_list_under_its_scenarios(plan: Path, tmp_path: Path) -> None:
    batch = read_plan(plan, Wishes(options={"seed": 7, "gap": None}), "zh")
    names = ["东/base", "东/我的", "坏/base", "西 部/base", "西 部/我的"]
    assert [one.name for one in batch.runs] == names
    assert batch.out == tmp_path / "结果"
    job = batch.runs[-1].job
    assert job.files.applications == str(tmp_path / "西.csv")
    assert job.values == {"stop.work": 2, "seed": 7}
    assert job.resolved().size.km == 30
    assert len({one.folder for one in batch.runs}) == len({one.lock_path for one in batch.runs}) == len(names)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("work = 2", "wrok = 2", "计划.toml，第 6 行：计划中这里没有“wrok”这一项。最接近的是：work"),
        ("work = 2", "work = -1", "计划.toml，第 6 行：solve.work 写的是 -1，应为 0 到"),
        ("work = 2", "on_unresolved = 'x'", "应为 error / skip 之一"),
        ('scenarios = ["base", "我', 'scenarios = ["bsae", "我', "计划.toml，第 3 行：没有情景“bsae”"),
        ('scenarios = ["base", "我的.toml"]', "scenarios = []", "计划.toml，第 3 行：scenarios 写的是 []"),
        ('"东.csv"', '"东.xlsx"', "计划.toml，第 10 行：applications 所写的文件不存在"),
        ('applications = "东.csv"', 'links = "东.csv"', "计划.toml，第 9 行：这份名单没有写 applications"),
        ("西 部", "东", "计划.toml，第 16 行：两份名单同名：“东”"),
        ("西 部", "../东", "计划.toml，第 16 行：“../东”不能作文件夹名"),
        ("[[lists]]", "[[list]]", "计划.toml：计划里没有名单"),
        ("work = 2", "work = ", "计划.toml，第 6 行：这一行不合 TOML 格式"),
        ("maps = false", "workers = 0", "计划.toml，第 7 行：solve.workers 写的是 0，应为 1 到 256 之间的整数"),
    ],
)
def test_what_is_wrong_with_a_plan_is_told_before_anything_begins(plan: Path, old: str, new: str, says: str) -> None:
    plan.write_text(PLAN.replace(old, new), "utf-8")
    outcome = run(plan)
    assert outcome.exit_code == 2
    assert says in outcome.stderr
    assert not (plan.parent / "结果").exists()


def test_an_unknown_key_hides_nothing_else(plan: Path) -> None:
    text = PLAN.replace("work = 2", "wrok = 2").replace('"base"', '"bsae"').replace('"东.csv"', '"东.xlsx"')
    plan.write_text(text, "utf-8")
    outcome = run(plan)
    assert outcome.exit_code == 2
    assert all(found in outcome.stderr for found in ("wrok", "bsae", "东.xlsx", "共 4 处问题"))


def test_what_is_wrong_with_scenarios_is_told_once(plan: Path) -> None:
    (plan.parent / "我的.toml").write_text('extends = "base"\n[size]\nmni = 3\n', "utf-8")
    with pytest.raises(InputError) as wrong:
        read_plan(plan, Wishes(), "zh")
    assert len(wrong.value.problems) == 1
    assert "我的.toml，第 3 行" in str(wrong.value)


def test_patterns_stand_for_a_plan(plan: Path, tmp_path: Path) -> None:
    batch = matching(["*.csv"], ["*-first", "*的.toml"], Wishes(out=tmp_path / "o"), "zh")
    firsts = [name for name in list_scenarios() if name.endswith("-first")]
    assert {one.list_name for one in batch.runs} == {"东", "西", "坏"}
    assert [one.scenario_name for one in batch.runs if one.list_name == "东"] == [*firsts, "我的"]
    with pytest.raises(InputError) as nothing:
        matching(["*.xlsx"], ["b*"], Wishes(out=tmp_path / "o"), "zh")
    assert "没有与“*.xlsx”相符的文件" in str(nothing.value)


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ((), "请写一个计划文件，或用 --applications"),
        (("计划.toml", "--applications", "*.csv"), "二者取一"),
        (("--applications", "*.csv"), "--out：不写计划时"),
        (("计划.toml", "--engine", "dask"), "--scheduler：--engine dask 须同时写"),
        (("计划.toml", "--parallel", "0", "--seed", "x"), "共 2 处问题"),
        (("无.toml",), "找不到计划文件 无.toml"),
    ],
)
def test_a_wrong_call_is_told(plan: Path, args: Sequence[str], says: str) -> None:
    outcome = run(*args)
    assert outcome.exit_code == 2
    assert says in outcome.stderr


def test_a_run_is_known_by_what_its_results_depend_on(plan: Path, tmp_path: Path) -> None:
    def print_of(one: Run) -> str:
        return one.fingerprint(one.job.given(one.job.resolved()))

    one = read_plan(plan, Wishes(), "zh").runs[1]
    known = print_of(one)
    (tmp_path / "东.csv").touch()
    assert print_of(replace(one, workers=7, batch=tmp_path / "anywhere")) == known
    changed = [
        replace(one, lang="en"),
        replace(one, maps=replace(one.maps, drawn=True)),
        replace(one, job=replace(one.job, values={"seed": 2})),
        replace(one, job=replace(one.job, files=replace(one.job.files, links=str(tmp_path / "西.csv")))),
        replace(one, job=replace(one.job, on_unresolved="skip")),
    ]
    assert len({known, *map(print_of, changed)}) == 1 + len(changed)
    for path in ("东.csv", "我的.toml"):
        before = print_of(one)
        with (tmp_path / path).open("a", encoding="utf-8") as file:
            file.write("海口市秀英区,,\n" if path.endswith("csv") else "max = 9\n")
        assert print_of(one) != before


def test_the_plan_of_the_benchmark_is_one(tmp_path: Path) -> None:
    assert len(read_plan(benchmark.planned(tmp_path), Wishes(), "zh").runs) == 15


# --- Carried out, killed, resumed ----------------------------------------------------------------------


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [unquote(value) for name, value in attrs if name == "href" and value]


def test_one_list_that_is_wrong_stops_no_other(whole: Whole) -> None:
    out = whole.out
    rows, _ = lasting(out)
    assert [row["outcome"] for row in rows] == ["done", "done", "failed", "done", "done"]
    bad = rows[2]
    assert bad["error"].startswith("坏.csv，第 5 行，“名称”列：没有叫“没有这个地方…”的行政区划")
    assert bad["cost_km"] == bad["folder"] == ""
    assert all(float(row["cost_km"]) > 0 and row["status"] == "optimal" for row in rows if row is not bad)
    frame = pd.read_parquet(out / "results.parquet")
    assert list(frame["list"] + "/" + frame["scenario"]) == [f"{row['list']}/{row['scenario']}" for row in rows]
    assert (whole.told["done"], whole.told["failed"], whole.told["skipped"]) == (4, 1, 0)
    assert [row["cost_km"] for row in whole.told["results"] if row["cost_km"]] == frame["cost_km"].dropna().tolist()
    links = _Links()
    links.feed((out / "index.html").read_text("utf-8"))
    assert all((out / link).is_file() for link in links.found)
    assert [link for link in links.found if link.endswith("report.md")] == [
        f"{row['folder']}/report.md" for row in rows if row is not bad
    ]


def test_the_log_tells_all_but_what_is_in_the_lists(whole: Whole) -> None:
    events = [(one["event"], one.get("list"), one.get("scenario")) for one in whole.log]
    assert events[0][0] == "batch_started"
    assert events[-1][0] == "batch_finished"
    ran = [(row["list"], row["scenario"]) for row in whole.told["results"] if row["outcome"] == "done"]
    assert sorted(event[1:] for event in events if event[0] == "run_done") == sorted(ran)
    (failed,) = (one for one in whole.log if one["event"] == "run_failed")
    assert failed["places"] == [{"message": "applications.unknown", "file": "坏.csv", "row": 5, "column": "名称"}]
    assert "没有这个地方" not in json.dumps(whole.log, ensure_ascii=False)
    kept = [path for path in whole.out.rglob("*") if path.suffix in {".json", ".html", ".csv"}]
    assert TELEPHONE not in "".join(path.read_text("utf-8") for path in kept) + json.dumps(whole.log)


def test_a_batch_killed_at_any_moment_and_resumed_ends_as_one_that_was_not(whole: Whole, tmp_path: Path) -> None:
    chance = random.Random(5)
    out = tmp_path / "杀"
    longest = sum(row["seconds"] for row in whole.told["results"]) + 3
    for _ in range(2):
        killed = started(whole.plan, "--out", out, "--resume")
        time.sleep(chance.uniform(1.5, longest))
        killed.kill()
        killed.communicate()
    resumed = started(whole.plan, "--out", out, "--resume")
    resumed.communicate()
    assert resumed.returncode == 6
    assert lasting(out) == lasting(whole.out)
    assert not list(out.glob("runs/*/*/.*"))


def test_what_is_done_and_unchanged_stays_as_it_is(whole: Whole, tmp_path: Path) -> None:
    shutil.copytree(whole.plan.parent, tmp_path, dirs_exist_ok=True)
    stamps = {path: _stamp(path) for path in tmp_path.glob("结果/runs/*/*/summary.json")}
    with (tmp_path / "东.csv").open("a", encoding="utf-8") as file:
        file.write("海口市秀英区,,\n")
    (tmp_path / "结果" / "runs" / "西 部" / "base" / "report.md").unlink()
    outcome = run(tmp_path / "计划.toml", "--resume", "--quiet", "--json")
    assert outcome.exit_code == 6
    assert json.loads(outcome.stdout)["skipped"] == 1
    again = {str(path.parent.relative_to(tmp_path / "结果/runs")) for path, at in stamps.items() if _stamp(path) > at}
    assert again == {"东/base", "东/我的", "西 部/base"}


def _stamp(path: Path) -> int:
    return path.stat().st_mtime_ns


def test_a_second_batch_in_the_folder_leaves_it_to_the_first_and_ctrl_c_ends_that(plan: Path, tmp_path: Path) -> None:
    first = started(plan)
    seen(tmp_path / "结果", f"{STATE}/holder.txt")
    second = run(plan, "--resume")
    assert second.exit_code == 5
    assert "另一个批处理" in second.stderr
    assert f":{first.pid}）" in second.stderr
    seen(tmp_path / "结果", f"{STATE}/locks/*/*")
    first.send_signal(signal.SIGINT)
    said, complained = first.communicate()
    assert first.returncode == 130, complained
    assert "Traceback" not in complained
    assert "加 --resume 可接着做" in complained
    assert (tmp_path / "结果" / "index.html").exists()
    assert "共 5 次编组" in said
    assert not list((tmp_path / "结果").glob("runs/*/*/.*"))


def test_a_run_whose_process_dies_is_done_again_and_stops_no_other(plan: Path) -> None:
    batch = read_plan(plan, Wishes(), "zh")
    (batch.out / STATE).mkdir(parents=True)
    runs = [one for one in batch.runs if one.list_name == "东"]
    news = LocalProcesses(2).carry_out(runs)
    told = [next(news), next(news)]
    victim = multiprocessing.active_children()[0]
    assert victim.pid is not None
    os.kill(victim.pid, signal.SIGKILL)
    told += news
    assert [isinstance(one, Begun) and one.again for one in told].count(True) == 1
    ended = [one for one in told if isinstance(one, Ended)]
    assert {one.run.name for one in ended} == {one.name for one in runs}
    assert len(ended) == len(runs)
    assert not any(one.record.failed for one in ended)
    for one in ended:
        kept = finished(one.run, one.record.fingerprint)
        assert kept is not None
        assert kept.figures == one.record.figures


# --- Dask ----------------------------------------------------------------------------------------------


@contextmanager
def cluster(folder: Path, workers: int) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler and its workers on loopback: its address, and the workers' processes."""
    where = folder / "scheduler.json"
    dask = [sys.executable, "-m", "dask"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    options = ["--no-dashboard", "--scheduler-file", str(where)]
    processes = [subprocess.Popen([*dask, "scheduler", "--host", "127.0.0.1", "--port", "0", *options], **quiet)]
    try:
        seen(folder, "scheduler.json")
        one = [*dask, "worker", "--nthreads", "1", "--no-nanny", *options]
        processes += [subprocess.Popen(one, **quiet) for _ in range(workers)]
        yield json.loads(where.read_text("utf-8"))["address"], processes[1:]
    finally:
        for process in processes:
            process.kill()
            process.wait()


def test_a_dask_worker_killed_in_mid_run_changes_nothing(whole: Whole, tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    out = tmp_path / "结果"
    with cluster(tmp_path, 2) as (address, workers):
        running = started(whole.plan, "--out", out, "--engine", "dask", "--scheduler", address, "--log-format", "json")
        # Each of the workers is at its first run.
        seen(out, f"{STATE}/locks/*/*", 2)
        workers[0].kill()
        _, logged = running.communicate()
    assert running.returncode == 6, logged
    log = [json.loads(line) for line in logged.splitlines()]
    ends = [(one["list"], one["scenario"]) for one in log if one["event"] in {"run_done", "run_failed"}]
    assert sorted(ends) == sorted((row["list"], row["scenario"]) for row in whole.told["results"])
    assert lasting(out) == lasting(whole.out)


def test_a_run_of_several_parts_is_spread_over_workers_and_finds_the_same(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    names = [f"北京市{name}区" for name in ("东城", "顺义", "房山", "海淀", "通州", "昌平")]
    names += [f"上海市{name}区" for name in ("长宁", "普陀", "静安", "黄浦", "松江", "宝山")]
    names += [f"江苏省{name}市" for name in ("南京", "苏州", "无锡", "常州")]
    (tmp_path / "名单.csv").write_text("\n".join(["名称", *names, ""]), "utf-8")
    (tmp_path / "不跨.toml").write_text('extends = "base"\n[communities]\ncross_region_most = 0\n', "utf-8")
    path = tmp_path / "计划.toml"
    path.write_text(
        'scenarios = ["不跨.toml"]\n[solve]\nwork = 2\nmaps = false\n[[lists]]\napplications = "名单.csv"\n', "utf-8"
    )
    outcome = run(path, "--out", "此处")
    assert outcome.exit_code == 0, outcome.stderr
    with cluster(tmp_path, 2) as (address, _):
        outcome = run(path, "--out", "别处", "--engine", "dask", "--scheduler", address)
        assert outcome.exit_code == 0, outcome.stderr
        with distributed.Client(address, set_as_default=False) as client:
            done = client.run_on_scheduler(
                lambda dask_scheduler: dict(dask_scheduler.task_prefixes["search_piece"].state_counts)
            )
    # Beijing's districts, Shanghai's, and the prefectures.
    assert done["memory"] == 3
    assert lasting(tmp_path / "别处") == lasting(tmp_path / "此处")


def test_a_scheduler_that_is_not_there_is_told(plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("grouping.batch.dask_engine._SECONDS_TO_CONNECT", 0.5)
    outcome = run(plan, "--engine", "dask", "--scheduler", "tcp://127.0.0.1:9")
    assert outcome.exit_code == 2
    assert re.search(r"--scheduler：连不上 Dask 调度器 tcp://127\.0\.0\.1:9", outcome.stderr)
