"""Searching in a thread of its own, while the waiting one hears Ctrl-C and passes on what is reported."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from grouping.clock import Clock

_TICK = 0.1
"""Seconds between two looks of the waiting thread, which alone hears Ctrl-C."""

_Found = TypeVar("_Found")


def attended(
    work: Callable[[Clock], _Found], clock: Clock, meanwhile: Callable[[], None] | None = None
) -> tuple[_Found, bool]:
    """What ``work`` returns, and whether Ctrl-C stopped the clock; ``meanwhile`` is called now and then, and at last.

    Raises:
        KeyboardInterrupt: at a second Ctrl-C.

    """
    found: list[_Found] = []
    failures: list[BaseException] = []
    done = threading.Event()

    def run() -> None:
        try:
            found.append(work(clock))
        except BaseException as error:  # raised again in the waiting thread
            failures.append(error)
        finally:
            done.set()

    threading.Thread(target=run, daemon=True).start()
    over = interrupted = False
    while not over:
        try:
            # Not Thread.join(): interrupted, it takes a thread that runs on for ended (CPython before 3.13).
            over = done.wait(_TICK)
            if meanwhile is not None:
                meanwhile()
        except KeyboardInterrupt:
            if interrupted:
                raise
            interrupted = True
            clock.interrupt()
    if failures:
        raise failures[0]
    return found[0], interrupted
