"""Carrying out one run of a batch, wherever that is: under its lock, once, and with a record in the end."""

from __future__ import annotations

import re
import shutil
import time
import traceback
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

from filelock import FileLock

from grouping.batch.runs import STATE, Record, Run, finished, write_record
from grouping.errors import AuditError, InputError, Problem
from grouping.jobs import Outcome, carry_out
from grouping.logs import place
from grouping.messages import Message, message
from grouping.pieces import Elsewhere
from grouping.privacy import masked
from grouping.solve import Tell
from grouping.summary import summary


def perform(run: Run, threads: int, elsewhere: Elsewhere | None = None) -> Record:
    """Carry out a run unless that has been done, and leave its record. Nothing that goes wrong with it is raised.

    A run that another process is still at, left over from a batch that was killed, is waited for.

    Args:
        run: the run.
        threads: for it, if it does not say itself.
        elsewhere: where pieces of it are searched, see :func:`grouping.solve.solve`.

    """
    started = time.monotonic()
    if not (run.batch / STATE).is_dir():
        return _failed(run, started, [message("batch.not_shared", path=str(run.batch))])
    if (here := version("grouping")) != run.version:
        return _failed(run, started, [message("batch.other_version", here=here, plan=run.version)])
    try:
        with _locked(run):
            record = _finished(run)
            if record is None:
                record = _performed(run, threads, started, elsewhere)
                write_record(run, record)
                with suppress(OSError):  # there are results in it
                    run.folder.rmdir()
    except OSError as error:
        return _failed(run, started, [message("batch.no_record", path=str(run.batch), why=error.strerror)])
    return record


def lost(run: Run, reason: Message) -> Record:
    """The record of a run whose processes did not live to tell of one; ``reason`` is what happened to them."""
    record = _failed(run, time.monotonic(), [reason])
    try:
        with _locked(run, timeout=0):
            if (done := _finished(run)) is not None:
                return done
            write_record(run, record)
    except OSError:  # somebody is still at it, whom nobody will hear of
        pass
    return record


def tidy(run: Run) -> None:
    """Take away what is half written in the run's folder, unless somebody is at it."""
    try:
        with _locked(run, timeout=0):
            _take_away_scraps(run)
    except OSError:
        pass


def _finished(run: Run) -> Record | None:
    try:
        return finished(run, run.fingerprint(run.job.given(run.job.resolved())))
    except (InputError, OSError):
        return None  # it is told when the run is carried out


@contextmanager
def _locked(run: Run, timeout: float = -1) -> Iterator[None]:
    run.lock_path.parent.mkdir(parents=True, exist_ok=True)
    # The system gives the lock back when its holder dies, however it dies. Its being held is an OSError, too.
    with FileLock(run.lock_path, timeout=timeout):
        yield


def _performed(run: Run, threads: int, started: float, elsewhere: Elsewhere | None) -> Record:
    warnings = _Warnings()
    try:
        # Nothing is put beside the folder, where it could not be told from other runs' scraps.
        run.folder.mkdir(parents=True, exist_ok=True)
        _take_away_scraps(run)
        done = carry_out(
            *(run.job, run.folder, run.lang, run.maps),
            workers=run.workers or threads,
            watcher=warnings,
            elsewhere=elsewhere,
        )
    except InputError as error:
        return _failed(run, started, [*error.problems, *warnings.heard])
    except AuditError as error:
        return _failed(run, started, [message("check.audit_failed"), *error.findings])
    except Exception as error:  # whatever it is, it must not stop the other runs
        return _failed(run, started, [message("batch.fault", kind=type(error).__name__)], _trace(error))
    return Record(
        run=run.name,
        fingerprint=run.fingerprint(done.given),
        seconds=round(time.monotonic() - started, 3),
        figures=_figures(done),
        files=[path.name for path in done.written.paths],
    )


def _take_away_scraps(run: Run) -> None:
    """Remove the folders that a killed run was writing aside."""
    scrap = re.compile(rf"\.({re.escape(run.folder.name)}-)?[a-z0-9_]{{8}}")
    for path in run.folder.glob(".*"):
        if path.is_dir() and scrap.fullmatch(path.name):
            shutil.rmtree(path, ignore_errors=True)


def _figures(done: Outcome) -> dict[str, Any]:
    result = done.result
    return {
        **summary(result, result.audit),
        "links": len(result.links),
        "links_honoured": sum(item.honoured for item in result.links),
        "rows_left_out": len(result.applications.left_out),
    }


def _failed(run: Run, started: float, what: list[Problem | Message], trace: list[str] | None = None) -> Record:
    return Record(
        run=run.name,
        fingerprint="",
        seconds=round(time.monotonic() - started, 3),
        error="\n".join(masked(one.text(run.lang)) for one in what),
        places=[place(one) for one in what],
        trace=trace or (),
    )


def _trace(error: Exception) -> list[str]:
    """Where in the program it happened, without the message, which may quote the list."""
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]


class _Warnings:
    """Keeps what the user would be told besides the error."""

    def __init__(self) -> None:
        self.heard: list[Message] = []

    def said(self, step: Message) -> None:
        pass

    def warned(self, warning: Message) -> None:
        if warning.key != "conflicts.trying":
            self.heard.append(warning)

    def searching(self) -> AbstractContextManager[Tell]:
        return nullcontext(lambda _: None)
