"""What docs/programs.md promises to programs: exit codes, one JSON on standard output, logs that give no list away."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from click.testing import Result as Outcome

from grouping.cli import batch, check, divisions, main, solve, speaking
from grouping.errors import AuditError
from grouping.messages import message

ROOT = Path(__file__).parents[1]
SHIPPED = ROOT / "data" / "examples" / "demonstration-districts.csv"
TELEPHONE, PERSON = "13812345678", "欧阳联系"
EVENTS = {"step", "progress", "warning", "point", "input_wrong", "interrupted"}


def run(*arguments: str | Path) -> Outcome:
    return CliRunner().invoke(main, [str(one) for one in arguments])


def written(folder: Path, rows: int = 12, first: str | None = None) -> Path:
    """The first rows of the shipped list, with somebody to call; ``first`` instead of the first name."""
    with SHIPPED.open(encoding="utf-8-sig") as file:
        table = list(csv.reader(file))[: rows + 1]
    name = table[0].index("名称")
    if first is not None:
        table[1][name] = first
    path = folder / "名单.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file)
        out.writerow([*table[0], "联系人", "联系电话"])
        out.writerows([*row, PERSON, TELEPHONE] for row in table[1:])
    return path


def names(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig") as file:
        return [row["名称"] for row in csv.DictReader(file)]


def log_lines(outcome: Outcome) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in outcome.stderr.splitlines()]
    for line in lines:
        assert {"time", "level", "event"} <= line.keys()
    return lines


def gives_nothing_away(outcome: Outcome, path: Path) -> None:
    for secret in [TELEPHONE, PERSON, *names(path)]:
        assert secret not in outcome.stderr


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Outcome]:
    folder = tmp_path_factory.mktemp("solved")
    path = written(folder)
    return folder, run("solve", path, "--out", folder / "out", "--json", "--log-format", "json")


def commands(group: click.Group = main, before: Sequence[str] = ()) -> list[tuple[tuple[str, ...], click.Command]]:
    found: list[tuple[tuple[str, ...], click.Command]] = []
    for name, command in group.commands.items():
        words = (*before, name)
        found += commands(command, words) if isinstance(command, click.Group) else [(words, command)]
    return found


@pytest.mark.parametrize(("words", "command"), commands(), ids=lambda one: " ".join(one) if type(one) is tuple else "")
def test_every_command_answers_programs(words: tuple[str, ...], command: click.Command) -> None:
    assert "--json" in {option for parameter in command.params for option in parameter.opts}, words


def test_the_json_of_solve_is_the_summary_and_the_files(solved: tuple[Path, Outcome]) -> None:
    folder, outcome = solved
    assert outcome.exit_code == 0, outcome.output
    told = json.loads(outcome.stdout)
    files = told.pop("files")
    assert told == json.loads((folder / "out" / "summary.json").read_text(encoding="utf-8"))
    assert {Path(path) for path in files} <= set((folder / "out").iterdir())
    assert files


def test_the_log_of_solve_tells_of_progress_and_gives_nothing_away(solved: tuple[Path, Outcome]) -> None:
    folder, outcome = solved
    lines = log_lines(outcome)
    assert {line["event"] for line in lines} <= EVENTS
    progress = [line for line in lines if line["event"] == "progress"]
    assert progress
    assert all({"level", "phase", "sites", "best_km", "bound_km", "gap", "seconds"} <= line.keys() for line in progress)
    gives_nothing_away(outcome, folder / "名单.csv")


def test_quiet_leaves_nothing_of_what_goes_well(no_maps: None, solved: tuple[Path, Outcome], tmp_path: Path) -> None:
    folder, _ = solved
    outcome = run("solve", folder / "名单.csv", "--out", tmp_path / "out", "--log-format", "json", "--quiet")
    assert outcome.exit_code == 0, outcome.output
    assert [line["level"] for line in log_lines(outcome) if line["level"] == "info"] == []


def test_the_others_give_one_json(solved: tuple[Path, Outcome], tmp_path: Path) -> None:
    folder, _ = solved
    out, path = folder / "out", folder / "名单.csv"
    first = names(path)[0]
    axis = ("--vary", "cross_region_km=0,200")
    calls: list[tuple[str | Path, ...]] = [
        ("check", out / "grouping.csv", "--applications", path),
        ("explain", out, first),
        ("compare", out, out, "--out", tmp_path / "compared"),
        ("sweep", path, *axis, "--out", tmp_path / "swept", "--log-format", "json"),
        ("divisions", first),
        ("template", tmp_path / "空白.xlsx"),
        ("scenario", "list"),
        ("scenario", "show", "base"),
    ]
    for call in calls:
        outcome = run(*call, "--json")
        assert outcome.exit_code == 0, (call, outcome.output)
        assert json.loads(outcome.stdout), call
        if call[0] == "sweep":
            points = [line for line in log_lines(outcome) if line["event"] == "point"]
            assert [line["number"] for line in points] == [1, 2]
            gives_nothing_away(outcome, path)


@pytest.mark.parametrize("command", ["solve", "sweep"])
def test_what_is_wrong_is_told_by_place(tmp_path: Path, command: str) -> None:
    path = written(tmp_path, first="北京市东城曲")
    axis = ("--vary", "cross_region_km=0,200") if command == "sweep" else ()
    outcome = run(command, path, *axis, "--out", tmp_path / "out", "--log-format", "json", "--json")
    assert outcome.exit_code == 2
    assert outcome.stdout == ""
    assert not (tmp_path / "out").exists()
    (wrong,) = [line for line in log_lines(outcome) if line["event"] == "input_wrong"]
    assert wrong["level"] == "error"
    assert [(one["file"], one["row"], one["column"]) for one in wrong["places"]] == [("名单.csv", 2, "名称")]
    gives_nothing_away(outcome, path)


def test_of_a_matrix_the_column_is_not_told_for_it_is_called_like_a_site(tmp_path: Path) -> None:
    listed = names(written(tmp_path))[:3]
    (tmp_path / "三个.csv").write_text("\n".join(["名称", *listed]), "utf-8")
    rows = [",".join(["", *listed]), *(f"{name},0,,0" for name in listed)]
    (tmp_path / "里程.csv").write_text("\n".join(rows), "utf-8")
    call = "solve", tmp_path / "三个.csv", "--distances", tmp_path / "里程.csv", "--out", tmp_path / "out"
    outcome = run(*call, "--log-format", "json")
    assert outcome.exit_code == 2
    (wrong,) = [line for line in log_lines(outcome) if line["event"] == "input_wrong"]
    assert wrong["places"]
    assert all(set(one) == {"message", "file", "row"} for one in wrong["places"])


def test_what_the_system_refuses_is_told_without_a_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", str(tmp_path / "grouping.csv"))

    monkeypatch.setattr("grouping.outputs.write_workbook", full)
    outcome = run("solve", written(tmp_path), "--out", tmp_path / "out", "--quiet")
    assert outcome.exit_code == 2
    assert "grouping.csv" in outcome.stderr and "No space left on device" in outcome.stderr
    assert "Traceback" not in outcome.stderr
    assert not list((tmp_path / "out").glob("*")) if (tmp_path / "out").exists() else True


@pytest.mark.parametrize("logged", [False, True])
def test_a_fault_of_the_program_is_told_by_every_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, logged: bool
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise AuditError([message("check.audit_cost", found="1", audited="2")])

    monkeypatch.setattr(import_module("grouping.cli.sweep"), "search", fail)
    call = "sweep", written(tmp_path), "--vary", "cross_region_km=0,200", "--out", tmp_path / "out"
    outcome = run(*call, *(("--log-format", "json") if logged else ()))
    assert outcome.exit_code == speaking.BROKEN
    if logged:
        keys = [line["message"] for line in log_lines(outcome) if line["event"] == "warning"]
        assert keys == ["check.audit_failed", "check.audit_cost"]
    else:
        assert "程序出错" in outcome.stderr


def test_the_documented_exit_codes_are_those_of_the_commands() -> None:
    text = (ROOT / "docs" / "programs.md").read_text(encoding="utf-8")
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)}
    own = {solve.UNPLACED, solve.BROKEN, check.BROKEN, batch.BUSY, batch.SOME_FAILED, divisions.UNRESOLVED}
    closed_pipe = 1
    assert documented == {0, closed_pipe, speaking.BAD_INPUT, speaking.INTERRUPTED, *own}
