"""The command line as a user meets it: help, complaints, exit codes, what is printed where."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
from click.testing import CliRunner
from click.testing import Result as Outcome
from rich.console import Console

from grouping.cli import main
from grouping.cli.scenario import PURPOSES
from grouping.clock import StoppedBy
from grouping.errors import AuditError, InputError, Problem, Where
from grouping.levels import Level
from grouping.messages import catalogue, message
from grouping.progress import ProgressView
from grouping.result import Result
from grouping.scenario_files import list_scenarios, load_scenario
from grouping.solve import Progress

from made_result import made_result

LIST = "名称,层级,经度,纬度\n" + "".join(f"学院{n},区县级,{118 + n / 10:.1f},{31 + n / 20:.2f}\n" for n in range(7))


def run(*args: str) -> Outcome:
    return CliRunner().invoke(main, [str(arg) for arg in args], prog_name="grouping")


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("GROUPING_LANG", raising=False)
    monkeypatch.delenv("GROUPING_FONT", raising=False)
    monkeypatch.chdir(tmp_path)


# --- Help ----------------------------------------------------------------------------------------------


def commands(command: click.Command = main) -> Iterator[click.Command]:
    yield command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from commands(found)


def test_every_help_is_in_the_catalogue() -> None:
    for command in commands():
        assert command.help in catalogue(), command.name
        for param in command.params:
            if isinstance(param, click.Option):
                assert param.help in catalogue(), (command.name, param.name)


@pytest.mark.parametrize(
    "args", [(), ("solve",), ("check",), ("divisions",), ("template",), ("scenario",), ("scenario", "show")]
)
def test_help_is_in_the_users_language(args: tuple[str, ...]) -> None:
    chinese = run(*args, "--help")
    assert chinese.exit_code == 0
    assert "用法：" in chinese.output
    for english in (run("--lang", "en", *args, "--help"), run(*args, "--help", "--lang=en")):
        assert english.exit_code == 0
        assert "Usage:" in english.output
        assert "用法" not in english.output


def test_help_loads_no_command() -> None:
    command = [sys.executable, "-X", "importtime", "-m", "grouping", "--help"]
    shown = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=True)
    loaded = {line.split("|")[-1].strip() for line in shown.stderr.splitlines()}
    assert "grouping.cli" in loaded
    assert not loaded & {"numpy", "pandas", "matplotlib", "grouping.cli.solve"}


def test_the_environment_sets_the_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROUPING_LANG", "en")
    assert "Usage:" in run("--help").output
    assert "用法" in run("--help", "--lang", "zh").output


def test_the_version() -> None:
    assert run("--version").output.startswith("grouping 0.")


# --- What is wrong with the call -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("slove",), "没有命令“slove”。可用的命令有：solve"),
        (("scenario", "shwo"), "没有命令“shwo”。可用的命令有：list、show"),
        (("-x",), "没有选项 -x"),
        (("--lang", "zh"), "没有写命令。可用的命令有：solve"),
        (("--lang",), "选项 --lang 后面缺少一个值"),
        (("solve",), "缺少 LIST"),
        (("solve", "a.xlsx", "b.xlsx", "c.xlsx"), "多出的内容：b.xlsx、c.xlsx"),
        (("scenario", "list", "all"), "多出的内容：all"),
        (("solve", "a.xlsx", "--sede", "1"), "没有选项 --sede，最接近的是 --seed"),
        (("solve", "a.xlsx", "--on-unresolved", "x"), "--on-unresolved 写的是“x”，应为 error / skip 之一"),
        (("solve", "a.xlsx", "--out"), "选项 --out 后面缺少一个值"),
        (("solve", "a.xlsx", "--strict=1"), "选项 --strict 不带值"),
        (("solve", "--lang", "fr", "a.xlsx"), "--lang 写的是“fr”，应为 zh / en 之一"),
        (("template", "--kind", "x"), "--kind 写的是“x”，应为 list / links 之一"),
        (("check", "a.csv"), "缺少选项 --applications"),
        (("divisions",), "缺少 TEXT"),
    ],
)
def test_a_wrong_call_is_told_in_the_users_language(args: tuple[str, ...], says: str, tmp_path: Path) -> None:
    outcome = run(*args)
    assert outcome.exit_code == 2
    assert says in outcome.stderr
    # What to look at is the help of the command that was called, not of another.
    called = [arg for arg in args[:2] if arg in ("solve", "check", "template", "divisions", "scenario", "list")]
    assert outcome.stderr.splitlines()[-1] == " ".join(["用法见：grouping", *called, "--help"])
    if "--lang" not in args:
        english = run("--lang", "en", *args)
        assert english.exit_code == 2
        assert english.stderr.startswith("Wrong call: ")
        assert re.search("[一-龥]", english.stderr) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("option", "text", "chinese", "english"),
    [
        ("--time-limit", "-1", "应为 0.1 到 604800 之间的数（秒）", "a number of seconds from 0.1 to 604800"),
        ("--time-limit", "0", "应为 0.1 到 604800 之间的数（秒）", "a number of seconds from 0.1 to 604800"),
        ("--time-limit", "abc", "应为 0.1 到 604800 之间的数（秒）", "a number of seconds from 0.1 to 604800"),
        ("--time-limit", "nan", "应为 0.1 到 604800 之间的数（秒）", "a number of seconds from 0.1 to 604800"),
        (
            "--work",
            "-1",
            "应为 0 到 604800 之间的数（工作量单位",
            "a number of units of work from 0 (no limit) to 604800",
        ),
        ("--gap", "2", "应为 0 到 1 之间的数", "a number from 0 to 1"),
        ("--gap", "5%", "应为 0 到 1 之间的数", "a number from 0 to 1"),
        ("--seed", "x", "应为 0 到 2147483647 之间的整数", "a whole number from 0 to 2147483647"),
        ("--seed", "1.5", "应为 0 到 2147483647 之间的整数", "a whole number from 0 to 2147483647"),
        ("--seed", "-1", "应为 0 到 2147483647 之间的整数", "a whole number from 0 to 2147483647"),
        ("--workers", "0", "应为 1 到 256 之间的整数", "a whole number from 1 to 256"),
        ("--workers", "100000", "应为 1 到 256 之间的整数", "a whole number from 1 to 256"),
    ],
)
def test_a_wrong_number_is_told_by_its_option(
    option: str, text: str, chinese: str, english: str, tmp_path: Path
) -> None:
    (tmp_path / "名单.csv").write_text(LIST, "utf-8")
    for lang, found, expected in (
        ("zh", f"{option}：写的是“{text}”", chinese),
        ("en", f"{option}: is “{text}”", english),
    ):
        outcome = run("solve", "名单.csv", option, text, "--lang", lang)
        assert outcome.exit_code == 2
        first, last = outcome.stderr.splitlines()
        assert first.startswith(found)
        assert expected in first
        assert "1" in last
        assert outcome.stdout == ""
    assert [path.name for path in tmp_path.iterdir()] == ["名单.csv"]


def test_wrong_numbers_are_told_together_and_with_the_files() -> None:
    outcome = run("solve", "无.xlsx", "--gap", "2", "--seed", "x", "--workers", "0", "--time-limit", "-1")
    for says in ("--gap：", "--seed：", "--workers：", "--time-limit：", "无.xlsx：", "共 5 处问题"):
        assert says in outcome.stderr


def test_every_problem_is_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(*args: object, **kwargs: object) -> None:
        raise InputError([Problem(Where("名单.xlsx", row=row), message("map.no_font")) for row in (2, 5)])

    monkeypatch.setattr("grouping.inputs.read_applications", wrong)
    outcome = run("solve", "名单.xlsx")
    assert outcome.exit_code == 2
    first, second, count = outcome.stderr.splitlines()
    assert first.startswith("名单.xlsx，第 2 行：")
    assert second.startswith("名单.xlsx，第 5 行：")
    assert "2" in count
    assert outcome.stdout == ""


def test_what_is_wrong_in_several_places_is_told_together(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file", "utf-8")
    (tmp_path / "b.json").write_text("{", "utf-8")
    outcome = run("solve", "无.xlsx", "--scenario", "nope", "--out", "out", "--boundary", "b.json", "--gap", "-1")
    assert outcome.exit_code == 2
    for says in ("nope", "不是文件夹", "读不懂", "无.xlsx", "--gap"):
        assert says in outcome.stderr


# --- Scenarios -----------------------------------------------------------------------------------------


def test_scenarios_are_listed_and_shown(tmp_path: Path) -> None:
    assert set(PURPOSES) == set(list_scenarios())
    listed = run("scenario", "list").output
    assert all(name in listed for name in list_scenarios())
    shown = run("scenario", "show", "hosted", "--lang", "en")
    assert "from hosted.toml" in shown.output
    path = tmp_path / "mine.toml"
    path.write_text(shown.output, "utf-8")
    assert load_scenario(path) == load_scenario("hosted")
    assert run("scenario", "show", "nope").exit_code == 2


# --- Solve ---------------------------------------------------------------------------------------------


def test_a_list_becomes_a_folder(tmp_path: Path) -> None:
    (tmp_path / "名单.csv").write_text(LIST, "utf-8")
    outcome = run("solve", "名单.csv", "--time-limit", "20", "--lang", "zh")
    assert outcome.exit_code == 0, outcome.output
    out = tmp_path / "out" / "名单"
    found = json.loads((out / "summary.json").read_text("utf-8"))
    assert found["sites_placed"] == 7
    assert found["status"] == "optimal"
    assert str(Path("out/名单/report.md")) in outcome.stdout
    assert str(Path("out/名单/map-county.png")) in outcome.stdout
    assert "区县级" in outcome.stderr  # progress, as plain lines
    assert "正在画图、写出文件" in outcome.stderr
    again = run("check", str(out / "grouping.xlsx"), "--applications", "名单.csv")
    assert again.exit_code == 0, again.output
    quiet = run("solve", "名单.csv", "--quiet", "--out", "b")
    assert quiet.exit_code == 0
    assert "区县级" not in quiet.stderr
    assert "正在" not in quiet.stderr
    assert (tmp_path / "b" / "grouping.csv").read_bytes() == (out / "grouping.csv").read_bytes()


def test_the_first_run_of_all_says_that_it_compiles(
    no_maps: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "名单.csv").write_text(LIST, "utf-8")
    said = []
    for compiled in (True, False):
        monkeypatch.setattr(import_module("grouping.jobs"), "compiled", lambda _, answer=compiled: answer)
        outcome = run("solve", "名单.csv", "--time-limit", "20")
        assert outcome.exit_code == 0, outcome.output
        said.append("先编译计算程序" in outcome.stderr)
    assert said == [False, True]


def test_directions_that_differ_are_averaged_and_the_report_says_so(no_maps: None, tmp_path: Path) -> None:
    (tmp_path / "名单.csv").write_text(LIST, "utf-8")
    names = [f"学院{n}" for n in range(7)]
    rows = [
        ",".join([name, *(str(abs(k - j) * (10 if k < j else 12)) for j in range(7))]) for k, name in enumerate(names)
    ]
    (tmp_path / "里程.csv").write_text("\n".join([",".join(["", *names]), *rows]) + "\n", "utf-8")
    outcome = run("solve", "名单.csv", "--distances", "里程.csv", "--out", "out")
    assert outcome.exit_code == 0, outcome.output
    assert "有 21 对实验点两个方向的距离不同，已取平均" in (tmp_path / "out" / "report.md").read_text("utf-8")
    # 11 km from one to the next: 56 times that between all pairs of a row of seven, and two sevenths of it count.
    summary = json.loads((tmp_path / "out" / "summary.json").read_text("utf-8"))
    assert summary["cost_breakdown"]["travel_km"] == 2 / 7 * 56 * 11


@pytest.fixture
def found(no_maps: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    """A solve whose search gives what the test puts here."""
    given: dict[str, Any] = {"result": made_result()}
    listed = given["result"].applications
    monkeypatch.setattr(import_module("grouping.inputs"), "read_applications", lambda *a, **k: listed)
    monkeypatch.setattr(import_module("grouping.jobs"), "solve", lambda *a, **k: given["result"])
    return given


def test_exit_codes(found: dict[str, Any]) -> None:
    assert run("solve", "名单.xlsx").exit_code == 0
    assert run("solve", "名单.xlsx", "--strict").exit_code == 3


def test_a_grouping_that_fails_the_audit_is_not_written(
    found: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(*args: object, **kwargs: object) -> Result:
        raise AuditError([message("check.audit_cost", found="1", audited="2")])

    monkeypatch.setattr("grouping.jobs.solve", fail)
    failed = run("solve", "名单.xlsx", "--strict")
    assert failed.exit_code == 4
    assert "核查未通过" in failed.stderr
    assert "核查得出的是 2 公里" in failed.stderr
    assert failed.stdout == ""
    assert list(tmp_path.iterdir()) == []
    assert "fails the audit" in run("solve", "名单.xlsx", "--lang", "en").stderr


def test_warnings_and_verdict(found: dict[str, Any]) -> None:
    outcome = run("solve", "名单.xlsx")
    assert "1 行未参加编组" in outcome.stderr
    assert "1 处并非按字面理解" in outcome.stderr
    assert "1 条联系无法落实" in outcome.stderr
    assert "3 个共同体，12 个实验点入组，1 个未入组" in outcome.stdout
    assert "甲乙" not in outcome.output
    assert "已中断" not in outcome.output


def test_limits_that_can_not_be_kept_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "名单.csv").write_text(LIST, "utf-8")
    (tmp_path / "我的.toml").write_text('extends = "base"\n[communities]\nfewest = 3\n', "utf-8")
    for lang, says in (("zh", "只能组成 1 至 2 个共同体"), ("en", "between 1 and 2 communities")):
        outcome = run("solve", "名单.csv", "--scenario", "我的.toml", "--lang", lang)
        assert outcome.exit_code == 2
        assert outcome.stderr.splitlines()[-2].startswith("communities.fewest = 3")
        assert says in outcome.stderr
    assert not (tmp_path / "out").exists()


def test_an_interrupted_search_keeps_its_best(found: dict[str, Any], tmp_path: Path) -> None:
    found["result"] = made_result(stopped_by=StoppedBy.INTERRUPT)
    outcome = run("solve", "名单.xlsx", "--out", "d")
    assert outcome.exit_code == 0
    assert "已中断，以下为目前最好方案" in outcome.stdout
    assert json.loads((tmp_path / "d" / "summary.json").read_text("utf-8"))["stopped_by"] == "interrupt"


def test_an_interruption_before_there_is_anything_writes_nothing(
    found: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def interrupted(*args: object, **kwargs: object) -> Result:
        raise KeyboardInterrupt

    monkeypatch.setattr("grouping.jobs.solve", interrupted)
    outcome = run("solve", "名单.xlsx")
    assert outcome.exit_code == 130
    assert "已中断" in outcome.stderr
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_ends_a_running_search_with_its_best(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    places = zip(rng.uniform(100, 121, 260), rng.uniform(24, 41, 260), strict=True)
    rows = (f"学院{n},区县级,{lon:.4f},{lat:.4f}\n" for n, (lon, lat) in enumerate(places))
    (tmp_path / "大.csv").write_text("名称,层级,经度,纬度\n" + "".join(rows), "utf-8")
    program = "from grouping.cli import main; main()"
    command = [sys.executable, "-c", program, "solve", "大.csv", "--time-limit", "120"]
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", cwd=tmp_path, env=environment
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "求下限" in line or "求最优" in line:
                break
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 0, stderr
    assert "已中断，以下为目前最好方案" in stdout
    found = json.loads((tmp_path / "out" / "大" / "summary.json").read_text("utf-8"))
    assert found["stopped_by"] == "interrupt"
    assert found["sites_placed"] == 260


INTERRUPTING = """
import os, signal, sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name in MODULES:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Finder())
from grouping.__main__ import main
main()
"""
"""The program, with Ctrl-C pressed at the moment when it begins to load one of MODULES."""


@pytest.mark.parametrize(
    ("modules", "lang", "says"),
    [
        ("grouping.cli", "zh", "已中断，没有写出任何文件。"),
        ("click", "en", "Interrupted; nothing was written."),
        ("grouping.messages", "zh", "已中断，没有写出任何文件。"),
        ("grouping.cli.solve", "zh", "已中断，没有写出任何文件。"),
        ("numpy", "zh", "已中断，没有写出任何文件。"),
        ("matplotlib", "en", "Interrupted; nothing was written."),
        ("click click.core grouping.cli.speaking", "zh", "已中断，没有写出任何文件。"),
    ],
)
def test_ctrl_c_while_modules_load_ends_with_one_line(modules: str, lang: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "名单.csv").write_text(LIST, "utf-8")
    program = f"MODULES = {modules.split()}\n{INTERRUPTING}"
    ended = subprocess.run(
        [sys.executable, "-c", program, "solve", "名单.csv", "--lang", lang],
        capture_output=True,
        encoding="utf-8",
        cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        check=False,
    )
    assert (ended.returncode, ended.stderr, ended.stdout) == (130, f"\n{says}\n", "")
    assert [path.name for path in tmp_path.iterdir()] == ["名单.csv"]


@pytest.mark.parametrize("delay", [0.0, 0.1, 0.3, 0.6, 1.0])
def test_ctrl_c_at_any_early_moment_shows_no_traceback(delay: float, tmp_path: Path) -> None:
    program = """
import sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "grouping.cli":
            print("begun", flush=True)
sys.meta_path.insert(0, Finder())
from grouping.__main__ import main
main()
"""
    command = [sys.executable, "-c", program, "solve", "无.csv"]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        time.sleep(delay)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    lines = said.splitlines()
    # Later the command may have been faster, with what it has to say of the list that is not there.
    assert (process.returncode, lines) == (130, ["", "已中断，没有写出任何文件。"]) or (
        process.returncode == 2 and lines[-1].startswith("共 1 处问题")
    )
    assert "Traceback" not in said


# --- Progress ------------------------------------------------------------------------------------------


def news(phase: str = "search", seconds: float = 0.0) -> Progress:
    return Progress(Level.COUNTY, 54, 2000.0, 1900.0, seconds, phase)


def view(*, terminal: bool) -> tuple[ProgressView, io.StringIO]:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=terminal, width=120, highlight=False)
    return ProgressView("zh", console=console), stream


def test_without_a_terminal_there_is_a_line_a_second_or_phase(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([0.0, 0.1, 0.2, 0.3, 1.5])
    monkeypatch.setattr("grouping.progress.time.monotonic", lambda: next(times))
    shown, stream = view(terminal=False)
    with shown as tell:
        for phase in ("search", "search", "bound", "bound", "bound"):
            tell(news(phase))
    lines = stream.getvalue().splitlines()
    assert [line.split("）")[1][:3] for line in lines] == ["搜索：", "求下限", "求下限"]
    assert lines[0] == "区县级（54 个实验点）搜索：目前最好 2,000 公里，理论下限 1,900 公里，差距 5.00%，0.0 秒"


def test_a_terminal_shows_a_table() -> None:
    shown, stream = view(terminal=True)
    with shown as tell:
        tell(news("choose", 3.2))
        tell(replace(news(), level=Level.TOWNSHIP, best_km=None, bound_km=None))
    text = stream.getvalue()
    assert "求最优" in text
    assert "5.00%" in text
    assert "街镇级" in text
