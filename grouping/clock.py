"""When to stop: a time limit, a work limit and interruption, for searches in Python, in compiled code and in CP-SAT.

Work is counted in deterministic seconds: each part of the search says how much it did in figures that do not depend
on the machine or the number of threads, such that one is about a second on an ordinary computer. Within a work limit
the same input gives the same grouping, however fast the machine is.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Self

import numpy as np


class StoppedBy(StrEnum):
    """What ended the search, the gentlest first: ``END`` is that of its means, ``WORK`` that of its work limit."""

    PROOF = "proof"
    GAP = "gap"
    END = "end"
    WORK = "work"
    TIME = "time"
    INTERRUPT = "interrupt"


class Clock:
    """A time limit that compiled code can see: ``halt`` (1,) turns from 0 to 1 when time is up.

    Used as a context, for a timer waits in the background.

    Args:
        seconds: the time limit.
        work: the work limit in deterministic seconds. It is felt between rounds only, where work is reported.

    """

    def __init__(self, seconds: float, work: float = math.inf) -> None:
        self.halt = np.zeros(1, dtype=np.int8)
        self.reason: StoppedBy | None = None
        self.hurried = False
        """Whether a part of the time limit ran out for a part of the search."""
        self._started = time.monotonic()
        self._limit = seconds
        self._work = work
        self.spent = 0.0
        self._calls: list[Callable[[], None]] = []
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._stop, (StoppedBy.TIME,))
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._timer.cancel()

    @property
    def seconds(self) -> float:
        """Seconds since the clock was made."""
        return time.monotonic() - self._started

    @property
    def remaining(self) -> float:
        """Seconds until the time limit, 0 once stopped."""
        return 0.0 if self.stopped() else max(0.0, self._limit - self.seconds)

    @property
    def work_left(self) -> float:
        """Deterministic seconds until the work limit."""
        return max(0.0, self._work - self.spent)

    def spend(self, work: float) -> None:
        """Count so many deterministic seconds of work done; by the searching thread alone."""
        self.spent += work
        if self.spent >= self._work:
            self._stop(StoppedBy.WORK)

    @contextmanager
    def apart(self, share: float = 1.0, work: float | None = None) -> Iterator[Clock]:
        """Within, a clock with a share of the time left, and of the ``work`` left: as much, if None.

        It stops with this one, and counts for itself.

        It may be for another thread. Work that this one counts meanwhile does not stop it, for that would depend on
        which thread is faster.
        """
        late = self.stopped()
        clock = Clock(share * self.remaining, (share if work is None else work) * self.work_left)

        def stop() -> None:
            if self.reason is not StoppedBy.WORK:
                clock.interrupt()

        with clock, self.calling(stop):
            yield clock
        # Where this one has come to its end before, whatever ended it, no time was left to run out.
        with self._lock:
            self.hurried |= not late and (clock.hurried or clock.reason is StoppedBy.TIME)

    def stopped(self) -> bool:
        """Whether to come to an end."""
        return self.reason is not None

    def interrupt(self) -> None:
        """Stop now, by the user's wish."""
        self._stop(StoppedBy.INTERRUPT)

    @contextmanager
    def calling(self, call: Callable[[], None]) -> Iterator[None]:
        """Within, ``call`` is made from another thread when it is time to stop; at once if it already is."""
        with self._lock:
            self._calls.append(call)
            late = self.reason is not None
        if late:
            call()
        try:
            yield
        finally:
            with self._lock:
                self._calls.remove(call)

    def _stop(self, reason: StoppedBy) -> None:
        with self._lock:
            self.reason = self.reason or reason
            self.halt[0] = 1
            calls = list(self._calls)
        for call in calls:
            call()
