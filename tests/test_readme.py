"""Every command of the README does what it is there for, in the order in which it stands there."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from grouping.cli import main

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
COMMANDS = [
    line.split("#")[0].strip()
    for block in re.findall(r"```bash\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
    if line.strip()
]
PROGRAM = "from grouping.cli import main; main()"


def run(*command: str, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (command, done.stderr)
    return done.stdout


def test_the_set_up_is_two_commands() -> None:
    assert COMMANDS[:2] == ["make demo", "make test"]
    assert all(command.startswith("grouping ") for command in COMMANDS[2:])


def test_the_commands_run_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "data" / "examples", tmp_path / "data" / "examples")
    monkeypatch.chdir(tmp_path)
    started = False
    for command in COMMANDS[2:]:
        arguments = shlex.split(command)[1:]
        if arguments[0] == "solve" and not started:
            # As a user does. The others go on in this process: to load all libraries takes longer than most of them.
            run(sys.executable, "-c", PROGRAM, *arguments, cwd=tmp_path)
            started = True
            continue
        done = CliRunner().invoke(main, arguments, prog_name="grouping")
        assert done.exit_code == 0, (command, done.output)
    for folder in ("方案", "方案二", "draft", "二〇二六", "二〇二七"):
        assert (tmp_path / folder / "summary.json").exists()
    for file in ("名单.xlsx", "联系.xlsx", "比较/compare.html", "取舍/sweep.xlsx", "批处理/index.html"):
        assert (tmp_path / file).exists()


def test_the_python_lines_run() -> None:
    (program,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert "optimal" in run(sys.executable, "-c", program, cwd=ROOT)


def test_the_folders_that_are_named_are_there() -> None:
    for target in re.findall(r"\]\(([^#)]+)\)", README):
        assert (ROOT / target).exists(), target
    for module in re.findall(r"`([a-z]+)`", README.split("How the data goes:")[1]):
        assert (ROOT / "grouping" / f"{module}.py").exists() or (ROOT / "grouping" / module).is_dir(), module


@pytest.mark.skipif(not (ROOT / ".venv" / ".ready").exists(), reason="the environment of make is not built")
def test_the_demo_says_where_its_results_are() -> None:
    said = run("make", "demo", cwd=ROOT)
    assert "out/demo/report.md" in said
    assert "out/demo/map-county.png" in said
