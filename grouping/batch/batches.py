"""A batch from first to last: one at a time in a folder, over all its runs, to the table and the page."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout

from grouping.batch.engines import Begun, Ended, Engine
from grouping.batch.index import write_index
from grouping.batch.performing import tidy
from grouping.batch.plans import Batch
from grouping.batch.results import Results, take_away, write_table
from grouping.batch.runs import STATE, Record, Run, finished, put
from grouping.errors import InputError, Problem, Where
from grouping.interrupts import held
from grouping.messages import Lang, message


class BusyError(RuntimeError):
    """Another batch is at work in the folder; ``holder`` says which, as far as it is known."""

    def __init__(self, holder: str) -> None:
        self.holder = holder
        super().__init__(holder)


class View(Protocol):
    """Whoever looks on while a batch is carried out."""

    def started(self, runs: Sequence[Run], skipped: int) -> None:
        """``runs`` are all of the plan, ``skipped`` of them were carried out before."""

    def begun(self, news: Begun) -> None:
        """A run has begun, perhaps again."""

    def ended(self, run: Run, record: Record) -> None:
        """A run has ended, well or not."""

    def finished(self, results: Results) -> None:
        """All is over."""


def carry_out_batch(batch: Batch, engine: Engine, view: View, lang: Lang, *, resume: bool) -> Results:
    """Carry out a batch and write its table and its page.

    Ctrl-C gives up what is running; the table and the page then tell of the runs that have ended.

    Args:
        batch: of :mod:`grouping.batch.plans`.
        engine: what carries out its runs.
        view: told how far it is.
        lang: of the page.
        resume: leave out runs that have been carried out with the same inputs, scenario, options and version.

    Raises:
        InputError: the folder can't be written to, or the engine not be reached.
        BusyError: another batch is at work in the folder.

    """
    state = batch.out / STATE
    holder = state / "holder.txt"
    lock = FileLock(state / "batch.lock", timeout=0)
    try:
        state.mkdir(parents=True, exist_ok=True)
        lock.acquire()
        put(holder, f"{socket.gethostname()}:{os.getpid()}".encode())
    except Timeout:
        raise BusyError(holder.read_text("utf-8") if holder.is_file() else "?") from None
    except OSError as error:
        raise _no_folder(batch.out, error) from None
    try:
        return _alone(batch, engine, view, lang, resume)
    finally:
        lock.release()


def _alone(batch: Batch, engine: Engine, view: View, lang: Lang, resume: bool) -> Results:
    before = _before(batch.runs) if resume else {}
    left = [run for run in batch.runs if run.name not in before]
    all_news = engine.carry_out(left)
    try:
        take_away(batch.out)
        for run in left:
            run.record_path.unlink(missing_ok=True)
    except OSError as error:
        raise _no_folder(batch.out, error) from None
    view.started(batch.runs, len(before))
    records, interrupted = dict(before), False
    try:
        with closing(all_news):
            for news in all_news:
                if isinstance(news, Ended):
                    records[news.run.name] = news.record
                    view.ended(news.run, news.record)
                else:
                    view.begun(news)
    except KeyboardInterrupt:
        interrupted = True
    results = Results(batch.out, batch.runs, records, frozenset(before), interrupted)
    with suppress(KeyboardInterrupt), held():
        for run in left if interrupted else ():
            tidy(run)
        try:
            write_table(results)
            write_index(results, lang)
        except OSError as error:
            raise _no_folder(batch.out, error) from None
    view.finished(results)
    return results


def _no_folder(out: Path, error: OSError) -> InputError:
    what = message("report.out_no_folder", why=error.strerror or str(error))
    return InputError([Problem(Where(out.name), what)])


def _before(runs: Sequence[Run]) -> dict[str, Record]:
    """The records of runs that need not be carried out again, by their names."""
    known = {}
    for run in runs:
        try:
            record = finished(run, run.fingerprint(run.job.given(run.job.resolved())))
        except (InputError, OSError):
            continue  # the run tells what is wrong
        if record is not None:
            known[run.name] = record
    return known
