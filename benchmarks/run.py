"""Runs the benchmarks: ``python -m benchmarks.run``, or ``make bench``; ``--quick`` for a few minutes' run."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.machine import machine
from benchmarks.measure import measure
from benchmarks.records import Outcome, Report, Spec, Task

RESULTS = Path(__file__).parent / "results"
PEERS = ("ours", "textbook", "partitioning", "kmeans", "agglomerative", "greedy")
"""The contenders on counties."""
MICRO_PEERS = ("ours", "mdav", "kmeans")
"""The contenders on points."""
ALL_COUNTIES = 2886
"""Counties in the shipped table of divisions."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is run: sizes of the three tables, and ``seconds`` for each contender on each instance."""

    peers: tuple[int, ...]
    growth: tuple[int, ...]
    points: tuple[int, ...]
    seconds: float


FULL = Plan((18, 30, 100, 300, 1000, ALL_COUNTIES), (30, 100, 300, 1000, ALL_COUNTIES), (100, 300, 1000), 300.0)
QUICK = Plan((18, 30, 100), (30, 100, 300), (60,), 10.0)


def tasks(plan: Plan, cores: int, seed: int) -> Iterator[Task]:
    """Everything that is run, one after the other. The growth table takes what it can from that of the peers."""
    for size in sorted({*plan.peers, *plan.growth}):
        for contender in PEERS if size in plan.peers else ("ours",):
            yield Task(Spec("counties", size, seed), contender, plan.seconds, cores)
    for size in plan.points:
        for dimensions in (2, 3):
            for smallest in (3, 5):
                for contender in MICRO_PEERS:
                    yield Task(Spec("points", size, seed, dimensions, smallest), contender, plan.seconds, cores)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what the command line asks for, and write ``runs.json``, the tables and the plot."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description="Compare grouping with its peers.")
    parser.add_argument("--quick", action="store_true", help="small instances and little time")
    parser.add_argument("--seconds", type=float, help="wall time of each contender on each instance")
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 1, help="processors of each (default: all)")
    parser.add_argument("--seed", type=int, default=1, help="of the instances (default: 1)")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the results (default: benchmarks/results)")
    asked = parser.parse_args(arguments)
    plan = QUICK if asked.quick else FULL
    if asked.seconds:
        plan = Plan(plan.peers, plan.growth, plan.points, asked.seconds)
    asked.out.mkdir(parents=True, exist_ok=True)
    where = machine()
    # So that what takes long and much memory, compiling after a change, is done before anything is measured.
    measure(Task(Spec("counties", 12, asked.seed), "ours", plan.seconds, asked.cores))
    idle = measure(Task(Spec("counties", 3, asked.seed), "idle", plan.seconds, asked.cores)).peak_mb
    outcomes: list[Outcome] = []
    listed = list(tasks(plan, asked.cores, asked.seed))
    for number, task in enumerate(listed, 1):
        outcomes.append(measure(task))
        sys.stdout.write(f"[{number}/{len(listed)}] {_line(outcomes[-1])}\n")
        sys.stdout.flush()
        # After each one, so that a run that is broken off leaves what it has.
        report = Report(where, asked.quick, plan.seconds, asked.cores, idle, tuple(outcomes))
        report.write(asked.out / "runs.json")
    sys.stdout.write("\n")
    sys.stdout.flush()
    # In a process of its own: see benchmarks.records.
    subprocess.run([sys.executable, "-m", "benchmarks.drawings", str(asked.out)], check=True)


def _line(one: Outcome) -> str:
    spec = one.task.spec
    name = f"{spec.size} {spec.kind}" + (f", {spec.dimensions}-D, k = {spec.smallest}" if spec.dimensions else "")
    cost = "no grouping" if one.cost is None else f"{one.cost:,.1f}"
    bound = "" if one.bound is None else f", bound {one.bound:,.1f}"
    note = f" ({one.note})" if one.note else ""
    return f"{name}: {one.task.contender}: {cost}{bound}, {one.seconds:.1f} s, {one.peak_mb:.0f} MB{note}"


if __name__ == "__main__":
    main()
