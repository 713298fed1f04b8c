"""Runs a contender in a process of its own and measures it from outside."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from benchmarks.records import Event, Outcome, Task

GRACE = 30.0
"""Seconds after its time during which a contender may still come to its end; the table shows them."""
_LOADING = 600.0
"""Seconds for loading, and compiling on the first run of all."""
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def measure(task: Task) -> Outcome:
    """Run ``task`` and tell what came of it; a contender that outlasts its time by :data:`GRACE` is ended."""
    environment = {**os.environ, **dict.fromkeys(_THREADS, str(task.cores)), "PYTHONHASHSEED": "0"}
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.contend", task.to_json()],
            cwd=Path(__file__).parent.parent,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
        assert process.stdout is not None
        try:
            lines = list(_lines(process.stdout, task.seconds))
        finally:
            # The group and not only the process: k-means-constrained has helpers.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            process.stdout.close()
        errors.seek(0)
        said = errors.read().decode("utf-8", "replace").strip().splitlines()
    # Kibibytes on Linux, bytes on macOS.
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6
    return _outcome(task, lines, peak, said[-1] if said else "")


def _lines(pipe: IO[bytes], seconds: float) -> Iterator[dict[str, Any]]:
    """The lines of a record until it ends or its time is up."""
    deadline = time.monotonic() + _LOADING
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while (left := deadline - time.monotonic()) > 0:
            if not selector.select(left):
                continue
            read = os.read(pipe.fileno(), 1 << 16)
            if not read:
                return
            *whole, rest = (rest + read).split(b"\n")
            for line in whole:
                known = json.loads(line)
                if "started" in known:
                    deadline = time.monotonic() + seconds + GRACE
                yield known
    yield {"stopped": True}


def _outcome(task: Task, lines: list[dict[str, Any]], peak: float, error: str) -> Outcome:
    cost = bound = None
    seconds = 0.0
    notes = []
    events = []
    ended = False
    for line in lines:
        if "cost" in line:
            cost = line["cost"]
            events.append(Event(line["seconds"], cost=cost))
        if "bound" in line:
            bound = line["bound"] if bound is None else max(bound, line["bound"])
            events.append(Event(line["seconds"], bound=bound))
        if "progress" in line:
            events.append(Event(line["seconds"], *line["progress"]))
        if "note" in line:
            notes.append(line["note"])
        if "done" in line:
            seconds, ended = line["done"], True
        if "stopped" in line:
            seconds, ended = task.seconds + GRACE, True
            notes.append(f"ended {GRACE:.0f} s after its time")
    if not ended:
        seconds = events[-1].seconds if events else 0.0
        notes.append(f"failed: {error}" if error else "failed")
    if cost is None:
        notes.append("nothing valid")
    return Outcome(task, cost, bound, seconds, peak, "; ".join(notes), tuple(events))
