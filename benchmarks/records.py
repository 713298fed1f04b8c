"""What is run and what came of it, as it is written down.

This module, :mod:`benchmarks.measure` and :mod:`benchmarks.run` load nothing large: the kernel counts the memory of a
process from the moment it is split off, when it still is its parent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

_KINDS = {"country": "counties, prefectures and provinces", "townships": "townships, synthetic places"}


@dataclass(frozen=True, slots=True)
class Spec:
    """Which instance.

    Attributes:
        kind: "counties" of China at their seats, all of the "country" (counties, prefectures and provinces),
            "townships" at random points of their counties, or "points" (microaggregation).
        size: sites, or points.
        seed: of the random choice.
        dimensions: of the points; 0 for divisions.
        smallest: points of a group at least; 0 for divisions, whose sizes are the scenario's.
        measure: of the cost, the scenario's if empty.
        linked: a share of the sites that is in must-links, and another one that is in should-links.

    """

    kind: str
    size: int
    seed: int = 1
    dimensions: int = 0
    smallest: int = 0
    measure: str = ""
    linked: float = 0.0

    @property
    def name(self) -> str:
        """The instance in words."""
        name = f"{self.size:,} {_KINDS.get(self.kind, self.kind)}"
        if self.dimensions:
            name += f", {self.dimensions}-D, k = {self.smallest}"
        if self.measure:
            name += f", {self.measure}"
        if self.linked:
            name += f", {self.linked:.0%} in must-links, {self.linked:.0%} in should-links"
        return name


@dataclass(frozen=True, slots=True)
class Task:
    """One contender on one instance, in ``seconds`` of wall time on so many ``cores``."""

    spec: Spec
    contender: str
    seconds: float
    cores: int

    def to_json(self) -> str:
        """The task in one line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The task of such a line."""
        return cls._of(json.loads(text))

    @classmethod
    def _of(cls, known: Mapping[str, Any]) -> Self:
        return cls(**{**known, "spec": Spec(**known["spec"])})


@dataclass(frozen=True, slots=True)
class Event:
    """What was known after so many ``seconds``: the best cost and the bound, None where there was none."""

    seconds: float
    cost: float | None = None
    bound: float | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a task.

    Attributes:
        cost: km (or the instance's own unit) of the best valid grouping, None if there was none.
        bound: proved lower bound of the cost, None if the contender proves none.
        seconds: wall time until it was done or stopped, from when instance and libraries were loaded.
        peak_mb: the most resident memory of its process, in millions of bytes; of the largest one if it had several.
        note: what else is to be known.
        events: how cost and bound changed, where the contender tells.

    """

    task: Task
    cost: float | None
    bound: float | None
    seconds: float
    peak_mb: float
    note: str = ""
    events: tuple[Event, ...] = ()

    @property
    def gap(self) -> float | None:
        """(cost - bound) / cost, a fraction; None without a bound."""
        if self.cost is None or self.bound is None:
            return None
        return max(0.0, self.cost - self.bound) / self.cost if self.cost else 0.0

    @classmethod
    def of(cls, known: Mapping[str, Any]) -> Self:
        """The outcome written as such a dictionary."""
        events = tuple(Event(**event) for event in known["events"])
        return cls(**{**known, "task": Task._of(known["task"]), "events": events})


@dataclass(frozen=True, slots=True)
class Report:
    """All outcomes of one run, and where it was made. ``idle_mb`` is the memory of a contender that does nothing."""

    machine: str
    quick: bool
    cores: int
    idle_mb: float
    outcomes: tuple[Outcome, ...]

    def write(self, path: Path) -> None:
        """Write the report down as JSON."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", "utf-8")

    @classmethod
    def read(cls, path: Path) -> Self:
        """The report in a file that :meth:`write` wrote."""
        known = json.loads(path.read_text("utf-8"))
        return cls(**{**known, "outcomes": tuple(Outcome.of(one) for one in known["outcomes"])})
