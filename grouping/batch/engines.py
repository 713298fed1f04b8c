"""Where the runs of a batch are carried out: processes of this machine, or any other engine with the same interface."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Protocol

from grouping.batch.performing import lost, perform
from grouping.batch.runs import Record, Run
from grouping.messages import message

ATTEMPTS = 3
"""How often a run is begun whose process does not live to end it."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A run has begun; ``again`` if a process that was at it has died."""

    run: Run
    again: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """A run has ended, with its record."""

    run: Run
    record: Record


class Engine(Protocol):
    """Carries out runs, several at the same time."""

    def carry_out(self, runs: Sequence[Run]) -> Generator[Begun | Ended]:
        """Carry out all ``runs``; each ends exactly once, whatever happens to the process or the machine it is on.

        Runs begin when what is returned is asked for the first of its news. An engine that can't tell when a run
        begins says nothing of it. When the news are closed, or Ctrl-C comes, what is not ended is given up.

        Raises:
            InputError: the engine can't be reached.

        """


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_Waiting = deque[tuple[Run, int]]
_Crew = dict[Connection, tuple[SpawnProcess, Run, int]]
"""The processes by the connections to them, with the run that each is at and how often that was begun."""


class LocalProcesses:
    """Processes of this machine, each for one run after the other.

    Those of the standard library's pool would all be given up for the death of one, and with them their runs.

    Args:
        parallel: how many at the same time; they share the processors.

    """

    def __init__(self, parallel: int) -> None:
        self._parallel = parallel
        self._threads = max(1, cores() // parallel)

    def carry_out(self, runs: Sequence[Run]) -> Generator[Begun | Ended]:
        """See :class:`Engine`."""
        waiting: _Waiting = deque((run, 1) for run in runs)
        crew: _Crew = {}
        try:
            while waiting or crew:
                while waiting and len(crew) < self._parallel:
                    yield _given_next(*_hired(self._threads), waiting, crew)
                for connection in wait(list(crew)):
                    assert isinstance(connection, Connection)
                    process, run, attempt = crew[connection]
                    record = _heard(connection)
                    if record is None or not waiting:
                        _dismiss(connection, process)
                        del crew[connection]
                    if record is None and attempt < ATTEMPTS:
                        waiting.appendleft((run, attempt + 1))
                        continue
                    yield Ended(run, record or lost(run, message("batch.lost", times=ATTEMPTS)))
                    if connection in crew:
                        yield _given_next(connection, process, waiting, crew)
        finally:
            for connection, (process, _, _) in crew.items():
                _dismiss(connection, process)


def _given_next(connection: Connection, process: SpawnProcess, waiting: _Waiting, crew: _Crew) -> Begun:
    run, attempt = waiting.popleft()
    crew[connection] = (process, run, attempt)
    with suppress(OSError):  # of one that is dead already, which is seen soon
        connection.send(run)
    return Begun(run, attempt > 1)


def _heard(connection: Connection) -> Record | None:
    """The record of the run, None if the process has died."""
    try:
        record = connection.recv()
    except (EOFError, OSError):
        return None
    assert isinstance(record, Record)
    return record


def _hired(threads: int) -> tuple[Connection, SpawnProcess]:
    context = multiprocessing.get_context("spawn")
    connection, its_end = context.Pipe()
    process = context.Process(target=_work, args=(its_end, threads), daemon=True)
    with _deaf():
        process.start()
    # With no other copy of its end the connection breaks when the process dies.
    its_end.close()
    return connection, process


@contextmanager
def _deaf() -> Iterator[None]:
    """Within, Ctrl-C waits, and processes that begin never hear it: it is this process that ends them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _dismiss(connection: Connection, process: SpawnProcess) -> None:
    """End a process. What it is writing is written aside, so it may end in the middle of that."""
    connection.close()
    process.kill()
    process.join()


def _work(connection: Connection, threads: int) -> None:
    """What such a process does until it is dismissed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    while True:
        try:
            run = connection.recv()
        except (EOFError, OSError):
            return
        connection.send(perform(run, threads))


def _end_with_parent() -> None:
    """Leave at once when the batch is gone: nobody would hear of the run."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
