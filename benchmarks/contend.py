"""The process of one contender: ``python -m benchmarks.contend TASK``, started by :mod:`benchmarks.measure`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from io import StringIO

from benchmarks.instances import make
from benchmarks.records import Spec, Task
from benchmarks.referee import Referee
from grouping.compilation import compile_all
from grouping.distances import by_places

_WARM_UP = Spec("counties", 12)
_WARM_UP_SECONDS = 2.0


def main() -> None:
    """Run the task that the command line names, and write the referee's record to standard output.

    The contender first runs on twelve counties, so that loading and compiling count against nobody's time. What
    libraries print goes to standard error.
    """
    record = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    task = Task.from_json(sys.argv[1])
    _keep_to(task.cores)
    contend: Callable[[Referee], None] = import_module(f"benchmarks.contenders.{task.contender}").contend
    contend(Referee(make(_WARM_UP), _WARM_UP_SECONDS, task.cores, StringIO()))
    instance = make(task.spec)
    if by_places(instance.applications.sites, instance.distances):
        compile_all(instance.scenario, placed=True)
    referee = Referee(instance, task.seconds, task.cores, record)
    try:
        contend(referee)
    except MemoryError:
        referee.note("out of memory")
    referee.done()
    # Threads of a library must not hold up the end.
    record.close()
    os._exit(0)


def _keep_to(cores: int) -> None:
    """Run on so many processors, where the system has a call for that."""
    with suppress(AttributeError):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])


if __name__ == "__main__":
    main()
