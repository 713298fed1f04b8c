"""The referee: checks what a contender offers, says what it costs by :mod:`grouping.cost`, and writes it down."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from typing import TextIO

import numpy as np

from benchmarks.instances import Instance


class Referee:
    """Keeps a contender's time and record, one JSON line for each thing that is new.

    Args:
        instance: on which it runs.
        seconds: wall time that it has, from now.
        cores: processors that it has.
        record: where the lines go.

    """

    def __init__(self, instance: Instance, seconds: float, cores: int, record: TextIO) -> None:
        self.instance = instance
        self.cores = cores
        self.best: float | None = None
        self.seconds = seconds
        self._record = record
        self._started = time.monotonic()
        self._write(started=True)

    @property
    def left(self) -> float:
        """Seconds until time is up, 0 from then on."""
        return max(0.0, self.seconds - self._past)

    def offer(self, communities: Iterable[Sequence[int]]) -> float | None:
        """Hand in a grouping, as site numbers.

        Returns:
            Its cost in km, or None where it is not valid: each site in one community, each of an allowed size.

        """
        groups = [sorted(int(site) for site in members) for members in communities]
        size = self.instance.scenario.size
        whole = sorted(site for members in groups for site in members) == list(range(self.instance.size))
        if not whole or not all(size.min <= len(members) <= size.max for members in groups):
            return None
        cost = self.instance.cost_km(groups)
        if not np.isfinite(cost):
            return None
        if self.best is None or cost < self.best:
            self.best = cost
            self._write(seconds=self._past, cost=cost)
        return cost

    def prove(self, bound: float) -> None:
        """Tell a lower bound of the cost, in km, that holds for all groupings."""
        if np.isfinite(bound):
            self._write(seconds=self._past, bound=bound)

    def tell(self, best: float | None, bound: float | None) -> None:
        """Tell of progress: costs and bounds on the way, in km, that the final ones will bear out."""
        self._write(seconds=self._past, progress=[best, bound])

    def note(self, text: str) -> None:
        """Say what else a reader of the table should know."""
        self._write(note=text)

    def done(self) -> None:
        """The contender has come to its end."""
        self._write(done=self._past)

    @property
    def _past(self) -> float:
        return time.monotonic() - self._started

    def _write(self, **what: object) -> None:
        self._record.write(json.dumps(what) + "\n")
        self._record.flush()
