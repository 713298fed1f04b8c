"""When to stop: a time limit and interruption, for searches in Python, in compiled code and in CP-SAT."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Self

import numpy as np


class StoppedBy(StrEnum):
    """What ended the search, the gentlest first."""

    PROOF = "proof"
    GAP = "gap"
    WORK = "work"
    TIME = "time"
    INTERRUPT = "interrupt"


class Clock:
    """A time limit that compiled code can see: ``halt`` (1,) turns from 0 to 1 when time is up.

    Used as a context, for a timer waits in the background.
    """

    def __init__(self, seconds: float) -> None:
        self.halt = np.zeros(1, dtype=np.int8)
        self.reason: StoppedBy | None = None
        self._started = time.monotonic()
        self._limit = seconds
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
