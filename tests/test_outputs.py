"""The folder of results: whole or not at all, and nobody else's files touched."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from grouping import outputs
from grouping.errors import InputError
from grouping.maps import DrawnMaps
from grouping.outputs import check_folder, write_asked, write_outputs

from made_result import made_check, made_result

COLUMNS = ["community", "level", "site", "role", "adcode", "lon", "lat", "macro_region", "联系人", "备注"]
NAMES = ["grouping.csv", "grouping.xlsx", "map-county.png", "map-township.png", "report.md", "summary.json"]


@pytest.fixture
def no_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty maps: what is tested here is where they go."""

    def draw(result: object, folder: Path, *rest: object) -> DrawnMaps:
        paths = tuple(folder / f"map-{level.level.value}.png" for level in result.levels)  # type: ignore[attr-defined]
        for path in paths:
            path.write_bytes(b"new")
        return DrawnMaps(paths, ())

    monkeypatch.setattr("grouping.maps.draw_maps", draw)


def test_all_files_are_written(tmp_path: Path) -> None:
    out = tmp_path / "方案" / "一"
    written = write_outputs(made_result(), made_check(), out)
    assert sorted(path.name for path in written.paths) == NAMES
    assert sorted(path.name for path in out.iterdir()) == NAMES
    assert [path.name for path in out.parent.iterdir()] == ["一"]
    content = (out / "grouping.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    frame = pd.read_csv(out / "grouping.csv", dtype={"adcode": str})
    assert list(frame.columns) == COLUMNS
    assert frame["community"].notna().sum() == 12
    unplaced = frame[frame["community"].isna()]
    assert unplaced["site"].tolist() == [item.site.name for item in made_result().unplaced]
    assert unplaced["role"].isna().all()
    assert frame.loc[0, ["community", "level", "role", "adcode"]].tolist() == ["区县01", "county", "lead", "310106"]
    assert (out / "map-county.png").read_bytes().startswith(b"\x89PNG")


def test_a_column_of_the_list_never_takes_the_place_of_one_of_ours() -> None:
    made = made_result()
    sites = tuple(replace(site, extra={**site.extra, "role": "x", "片区": "y"}) for site in made.applications)
    applications = replace(made.applications, sites=sites, columns=(*made.applications.columns, "role", "片区"))
    by_id = {site.id: site for site in sites}
    levels = tuple(
        replace(
            level,
            communities=tuple(
                replace(one, members=tuple(by_id[site.id] for site in one.members), lead=None)
                for one in level.communities
            ),
        )
        for level in made.levels
    )
    frame = replace(made, applications=applications, levels=levels).members_frame()
    placed = frame[frame["community"].notna()]
    assert set(placed["role"]) == {"member"}
    assert set(placed["role_given"]) == {"x"}
    assert set(placed["片区"]) == {"y"}


@pytest.mark.usefixtures("no_drawing")
def test_a_second_run_replaces_ours_and_nothing_else(tmp_path: Path) -> None:
    write_outputs(made_result(), made_check(), tmp_path / "out")
    out = tmp_path / "out"
    (out / "map-mine.png").write_bytes(b"mine")
    (out / "笔记.docx").write_bytes(b"mine")
    (out / "report.md").write_text("old", "utf-8")
    counties_only = replace(made_result(), levels=made_result().levels[:1])
    write_outputs(counties_only, made_check(), out)
    assert not (out / "map-township.png").exists()
    assert (out / "map-mine.png").read_bytes() == b"mine"
    assert (out / "笔记.docx").read_bytes() == b"mine"
    assert (out / "report.md").read_text("utf-8") != "old"


@pytest.mark.usefixtures("no_drawing")
def test_alternatives_of_an_earlier_run_leave_with_it(tmp_path: Path) -> None:
    write_outputs(made_result(), made_check(), tmp_path)
    (tmp_path / "alternative-mine.csv").write_text("mine", "utf-8")
    write_asked(tmp_path, {"alternative-1.csv": "x", "alternative-2.csv": "x", "alternatives.md": "x"})
    # Fewer take the place of more.
    write_asked(tmp_path, {"alternative-1.csv": "y", "alternatives.md": "y"})
    assert (tmp_path / "alternative-1.csv").read_text("utf-8-sig") == "y"
    assert not (tmp_path / "alternative-2.csv").exists()
    write_outputs(made_result(), made_check(), tmp_path)
    left = {path.name for path in tmp_path.iterdir()}
    assert {name for name in left if name.startswith("alternative")} == {"alternative-mine.csv"}


@pytest.mark.usefixtures("no_drawing")
@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_nothing_half_written_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    write_outputs(made_result(), made_check(), tmp_path / "old")
    before = {path.name: path.read_bytes() for path in (tmp_path / "old").iterdir()}

    def fail(*args: object) -> str:
        raise error

    monkeypatch.setattr(outputs, "summary_json", fail)
    for name in ("old", "new"):
        with pytest.raises(error):
            write_outputs(made_result(), made_check(), tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["old"]
    assert {path.name: path.read_bytes() for path in (tmp_path / "old").iterdir()} == before


@pytest.mark.usefixtures("no_drawing")
def test_a_file_that_is_open_elsewhere_is_told_before_anything_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    write_outputs(made_result(), made_check(), out)
    (out / "report.md").write_text("old", "utf-8")
    opened = Path.open

    def locked(path: Path, mode: str = "r", *args: object, **kwargs: object) -> object:
        if path == out / "grouping.xlsx" and "+" in mode:
            raise PermissionError(13, "locked", str(path))
        return opened(path, mode, *args, **kwargs)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", locked)
    with pytest.raises(InputError, match="Excel") as caught:
        write_outputs(made_result(), made_check(), out)
    assert caught.value.problems[0].where.file == "grouping.xlsx"
    assert (out / "report.md").read_text("utf-8") == "old"


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x", "utf-8")
    with pytest.raises(InputError, match="不是文件夹"):
        check_folder(file)
    with pytest.raises(InputError, match="无法写入"):
        write_outputs(made_result(), made_check(), file / "below")
    with pytest.raises(InputError, match="无法写入"):
        check_folder(file / "below" / "deep")


def test_a_folder_that_can_not_be_written_to_is_told_before_the_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    check_folder(tmp_path / "new" / "out")
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(outputs.tempfile, "mkdtemp", refuse)
    for out in (tmp_path, tmp_path / "new" / "out"):
        with pytest.raises(InputError, match="无法写入"):
            check_folder(out)


@pytest.mark.usefixtures("no_drawing")
def test_a_folder_that_exists_needs_nothing_of_the_one_around_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A shared drive is a folder of its own: files can't be renamed into it from the folder that holds it.
    out = tmp_path / "drive"
    out.mkdir()
    make = outputs.tempfile.mkdtemp
    folders = []

    def noted(suffix: str | None = None, prefix: str | None = None, dir: Path | None = None) -> str:
        folders.append(dir)
        return make(suffix, prefix, dir)

    monkeypatch.setattr(outputs.tempfile, "mkdtemp", noted)
    write_outputs(made_result(), made_check(), out)
    assert set(folders) == {out}
    assert sorted(path.name for path in out.iterdir()) == NAMES


KILLED = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from grouping import outputs
from grouping.maps import DrawnMaps
import grouping.maps
from made_result import made_check, made_result

def draw(result, folder, *rest):
    paths = tuple(folder / f"map-{level.level.value}.png" for level in result.levels)
    for path in paths:
        path.write_bytes(b"map")
    return DrawnMaps(paths, ())

grouping.maps.draw_maps = draw
rename = Path.rename
left = 0

def killed(path, target):
    global left
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1
    return rename(path, target)

Path.rename = killed
root = Path(sys.argv[1])
for steps in range(30):
    out = root / str(steps)
    left = -1
    outputs.write_outputs(made_result(), made_check(), out)
    for path in out.iterdir():
        path.write_text("earlier")
    (out / "mine.txt").write_text("mine")
    child = os.fork()
    if child == 0:
        left = steps
        outputs.write_outputs(replace(made_result(), levels=made_result().levels[:1]), made_check(), out)
        os._exit(0)
    if os.waitpid(child, 0)[1] == 0:
        break
print(steps)
"""
"""Writes into folders of an earlier run and is killed before each of the renames, until it is through."""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_at_any_moment_the_folder_is_never_a_mixture(tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILLED, str(tmp_path)]
    run = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parent)
    steps = int(run.stdout)
    assert steps == 6 + 5
    later = sorted(set(NAMES) - {"map-township.png"})
    for step in range(steps + 1):
        out = tmp_path / str(step)
        assert (out / "mine.txt").read_text("utf-8") == "mine"
        ours = sorted(path for path in out.iterdir() if path.name in NAMES)
        earlier = {path.name for path in ours if path.read_bytes() == b"earlier"}
        assert earlier in (set(), {path.name for path in ours}), step
        whole = [path.name for path in ours] == (NAMES if earlier else later)
        assert whole is ("summary.json" in [path.name for path in ours]), step
        # What was there before is somewhere until the new files are whole.
        anywhere = {path.name for path in out.rglob("*") if path.is_file() and path.read_bytes() == b"earlier"}
        assert anywhere == set(NAMES) or (whole and not earlier), step
    assert sorted(path.name for path in (tmp_path / str(steps)).iterdir()) == sorted([*later, "mine.txt"])


@pytest.mark.usefixtures("no_drawing")
@pytest.mark.parametrize("error", [KeyboardInterrupt, PermissionError(13, "locked", "report.md")])
def test_what_can_not_be_moved_leaves_all_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException] | OSError
) -> None:
    out = tmp_path / "out"
    write_outputs(made_result(), made_check(), out)
    for path in out.iterdir():
        path.write_bytes(b"earlier")
    rename = Path.rename
    for step in range(12):
        left = [step]

        def failing(path: Path, target: Path, left: list[int] = left) -> Path:
            left[0] -= 1
            if left[0] == -1:
                raise error
            return rename(path, target)

        monkeypatch.setattr(Path, "rename", failing)
        with pytest.raises(InputError if isinstance(error, OSError) else KeyboardInterrupt):
            write_outputs(made_result(), made_check(), out)
        assert {path.name: path.read_bytes() for path in out.iterdir()} == dict.fromkeys(NAMES, b"earlier")
