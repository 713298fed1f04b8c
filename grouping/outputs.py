"""The folder of results: written aside and moved into place, so that no half-written file is ever seen.

Nor are files of two runs ever seen side by side, even where the program is killed: those of the earlier run leave
before the first of the new ones comes. ``summary.json`` leaves first and comes last, so a folder that has it is whole.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from grouping.check import CheckReport
from grouping.errors import InputError, Problem, Where
from grouping.interrupts import held
from grouping.levels import Level
from grouping.messages import Lang, Message, message
from grouping.report import report
from grouping.result import Result
from grouping.runs import GIVEN, Given
from grouping.summary import summary_json
from grouping.workbook import write_workbook

if TYPE_CHECKING:
    from grouping.maps import MapOptions

_MAPS = tuple(f"map-{level.value}.png" for level in Level)
_NAMES = ("grouping.csv", "grouping.xlsx", *_MAPS, "report.md", GIVEN, "summary.json")
"""Every file that a run writes into the folder; they come in this order."""
_ASKED = re.compile(r"alternative-[1-9]\d*\.csv|alternatives\.md")
"""Files that were asked for after a run, and leave with its own; all others are somebody else's."""


@dataclass(frozen=True, slots=True)
class Written:
    """The files written, and what the office should know about the maps."""

    paths: tuple[Path, ...]
    remarks: tuple[Message, ...]


def write_outputs(
    result: Result,
    check: CheckReport,
    out: Path,
    lang: Lang = "zh",
    map_options: MapOptions | None = None,
    given: Given | None = None,
) -> Written:
    """Write the grouping's files into ``out``, replacing those of an earlier run and nothing else.

    With what the run was ``given`` the folder can be asked later.

    Raises:
        InputError: the folder can't be written to, a file in it is open in another program, or a file that
            ``map_options`` names can't be used.

    """
    # Loaded here, for matplotlib takes most of a second and only this needs it.
    from grouping.maps import draw_maps  # noqa: PLC0415

    check_folder(out)
    with _aside(out) as folder:
        maps = draw_maps(result, folder, lang, map_options)
        frame = result.members_frame()
        frame.to_csv(folder / "grouping.csv", index=False, encoding="utf-8-sig", lineterminator="\r\n")
        write_workbook(result, check, folder / "grouping.xlsx", lang)
        (folder / "report.md").write_text(report(result, check, lang, maps.remarks), "utf-8", newline="\n")
        if given is not None:
            (folder / GIVEN).write_text(given.text(out), "utf-8", newline="\n")
        (folder / "summary.json").write_text(summary_json(result, check), "utf-8", newline="\n")
        paths = _move(folder, out)
    return Written(paths, maps.remarks)


def write_asked(out: Path, texts: Mapping[str, str]) -> None:
    """Write what was asked for after a run into its folder, in the place of all that was asked for before.

    Args:
        out: the folder of the run.
        texts: by the names of the files.

    Raises:
        InputError: the folder can't be written to, or a file in it is open in another program.

    """

    def write(folder: Path) -> list[str]:
        for name, text in texts.items():
            (folder / name).write_text(text, "utf-8-sig" if name.endswith(".csv") else "utf-8", newline="")
        return list(texts)

    write_beside(out, _ASKED, write)


def write_beside(out: Path, ours: re.Pattern[str], write: Callable[[Path], Sequence[str]]) -> tuple[Path, ...]:
    """Write files into a folder that may hold others, in the place of all of ours that are there.

    Args:
        out: the folder; it need not be there yet.
        ours: the names of files that leave.
        write: writes the new files into the folder given, and returns their names in the order in which they come.

    Raises:
        InputError: the folder can't be written to, or a file in it is open in another program.

    """
    with _aside(out) as folder:
        names = write(folder)
        try:
            out.mkdir(exist_ok=True)
            for path in [path for path in out.iterdir() if ours.fullmatch(path.name) and path.name not in names]:
                path.unlink()
            for name in names:
                (folder / name).replace(out / name)
        except OSError as error:
            name = Path(error.filename or out).name
            raise InputError([Problem(Where(name), message("report.out_in_use"))]) from None
    return tuple(out / name for name in names)


def check_folder(out: Path) -> None:
    """Find out early that ``out`` can't be written to.

    Raises:
        InputError: it is a file, lies in no folder that can be written to, or holds a file of an earlier run that
            is open in another program.

    """
    try:
        if out.exists() and not out.is_dir():
            raise InputError([Problem(Where(out.name), message("report.out_is_file"))])
        existing = next(folder for folder in (out.resolve(), *out.resolve().parents) if folder.exists())
        # Whether one may write is best found out by writing; what is missing of the path is made only in the end.
        with tempfile.TemporaryDirectory(prefix=".", dir=existing):
            pass
    except OSError as error:
        raise _no_folder(out, error) from None
    problems = []
    for path in (out / name for name in _NAMES):
        try:
            # Windows refuses this while Excel has the file open.
            if path.exists():
                with path.open("r+b"):
                    pass
        except OSError:
            problems.append(Problem(Where(path.name), message("report.out_in_use")))
    if problems:
        raise InputError(problems)


@contextmanager
def _aside(out: Path) -> Iterator[Path]:
    """An empty folder in ``out``, or beside where that will be, so that moving files is renaming; gone afterwards."""
    try:
        place = out.resolve()
        near = place if place.exists() else place.parent
        near.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=near))
    except OSError as error:
        raise _no_folder(out, error) from None
    # The scratch folder is its owner's alone; the one within has the usual permissions.
    folder = scratch / "files"
    try:
        folder.mkdir()
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        # Files of an earlier run that could not be put back are left where they are.
        with suppress(OSError):
            scratch.rmdir()


def _no_folder(out: Path, error: OSError) -> InputError:
    return InputError([Problem(Where(out.name), message("report.out_no_folder", why=error.strerror))])


def _move(folder: Path, out: Path) -> tuple[Path, ...]:
    names = [name for name in _NAMES if (folder / name).exists()]
    try:
        if not out.exists():
            folder.rename(out)
        else:
            _exchange(folder, out, names)
    except OSError as error:
        name = Path(error.filename or out).name
        raise InputError([Problem(Where(name), message("report.out_in_use"))]) from None
    return tuple(out / name for name in names)


def _exchange(folder: Path, out: Path, names: Sequence[str]) -> None:
    """Put ``names`` from ``folder`` in the place of all of ours in ``out``; if that fails, all is as before."""
    earlier = folder.with_name("earlier")
    earlier.mkdir()
    asked = sorted(path.name for path in out.iterdir() if _ASKED.fullmatch(path.name))
    moves = [(out / name, earlier / name) for name in (*reversed(_NAMES), *asked) if os.path.lexists(out / name)]
    moves += [(folder / name, out / name) for name in names]
    try:
        for source, target in moves:
            source.rename(target)
    except BaseException:
        # Where one can't go back the rest stay too, summary.json among them: better few files than a mixture.
        with held():
            for source, target in reversed(moves):
                if os.path.lexists(target) and not os.path.lexists(source):
                    target.rename(source)
            earlier.rmdir()
        raise
    with suppress(OSError):
        for name in (*_NAMES, *asked):
            (earlier / name).unlink(missing_ok=True)
        earlier.rmdir()
