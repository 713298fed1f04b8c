"""The wheel works without the checkout: its data travels in it."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_groups_a_list_from_an_empty_folder(tmp_path: Path) -> None:
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path / "dist", ROOT, cwd=tmp_path)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "grouping/data/regions/counties.csv" in names
    assert "grouping/scenarios/base.toml" in names
    assert not [name for name in names if "__pycache__" in name or name.endswith((".nbi", ".nbc"))]

    venv.create(tmp_path / "env", with_pip=False)
    install = "-m", "pip", "--python", tmp_path / "env" / "bin" / "python", "install", "--quiet", "--no-compile"
    run(sys.executable, *install, "-c", ROOT / "constraints.txt", wheel, cwd=tmp_path)
    empty = tmp_path / "empty"
    empty.mkdir()
    listed = tmp_path / "list.csv"
    listed.write_text(
        "名称\n北京市东城区\n北京市顺义区\n北京市房山区\n北京市海淀区\n北京市通州区\n北京市昌平区\n"
        "上海市长宁区\n上海市普陀区\n上海市静安区\n上海市黄浦区\n上海市松江区\n上海市宝山区\n",
        "utf-8",
    )
    # Its first run compiles, for much longer than the limit, and is to come to its proof nevertheless.
    run(tmp_path / "env" / "bin" / "grouping", "solve", listed, "--out", "result", "--time-limit", "3", cwd=empty)
    summary = json.loads((empty / "result" / "summary.json").read_text("utf-8"))
    assert (summary["status"], summary["communities"], summary["sites_placed"]) == ("optimal", 2, 12)
    assert (empty / "result" / "map-county.png").exists()
    # And what is compiled then serves a larger list under another measure, too.
    cached = {path.name for path in (tmp_path / "env").rglob("*.nbc")}
    larger = ROOT / "data" / "examples" / "demonstration-districts.csv"
    run(tmp_path / "env" / "bin" / "grouping", "solve", larger, "--scenario", "hosted", "--out", "hosted", cwd=empty)
    assert {path.name for path in (tmp_path / "env").rglob("*.nbc")} == cached
    assert "hosted" in run(tmp_path / "env" / "bin" / "grouping", "scenario", "list", cwd=empty)
