"""Runs the benchmarks: ``python -m benchmarks.run``, or ``make bench``; ``--quick`` for a few minutes' run."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.machine import machine
from benchmarks.measure import measure
from benchmarks.records import Outcome, Report, Spec, Task

RESULTS = Path(__file__).parent / "results"
PEERS = ("ours", "textbook", "partitioning", "kmeans", "agglomerative", "greedy")
"""The contenders on counties."""
MICRO_PEERS = ("ours", "mdav", "kmeans")
"""The contenders on points."""
ALL_COUNTIES, ALL_UPPER, ALL_TOWNSHIPS = 2886, 3253, 41351
"""Counties in the shipped table of divisions; with prefectures and provinces; and townships."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is run: sizes of the three tables, and instances for ours alone; with the time for each contender.

    Attributes:
        peers: numbers of counties on which all are compared.
        points: numbers of points.
        alone: instances that only ours is for.
        limits: (sites, wall time in seconds) that all on up to so many sites have, the fewest sites first.
        point_limits: the same for points.
        longer: times as long as that for (another measure than the scenario's, links): both are harder.

    """

    peers: tuple[int, ...]
    points: tuple[int, ...]
    alone: tuple[Spec, ...]
    limits: tuple[tuple[int, float], ...]
    point_limits: tuple[tuple[int, float], ...]
    longer: tuple[float, float] = 3.0, 2.0

    def seconds(self, spec: Spec) -> float:
        """How long a contender may take for an instance."""
        limits = self.point_limits if spec.kind == "points" else self.limits
        seconds = next((seconds for size, seconds in limits if spec.size <= size), limits[-1][1])
        measured, linked = self.longer
        return seconds * (measured if spec.measure else linked if spec.linked else 1.0)


PARTS = "peers", "points", "alone"
"""What of a plan can be run by itself."""
FULL = Plan(
    peers=(18, 30, 100, 300, 1000, ALL_COUNTIES),
    points=(100, 300, 1000),
    alone=(
        Spec("country", ALL_UPPER),
        Spec("townships", ALL_TOWNSHIPS),
        *(
            Spec("counties", size, measure=measure, linked=linked)
            for size in (300, 1000, ALL_COUNTIES)
            for measure, linked in (("hosted", 0.0), ("pairwise", 0.0), ("", 0.1))
        ),
    ),
    limits=((100, 20.0), (300, 60.0), (1000, 180.0), (ALL_UPPER, 300.0), (ALL_TOWNSHIPS, 1800.0)),
    point_limits=((300, 20.0), (1000, 30.0)),
)
QUICK = Plan((18, 30, 100), (60,), (Spec("counties", 100, measure="hosted"),), ((100, 10.0),), ((100, 10.0),))


def tasks(plan: Plan, cores: int, seed: int) -> Iterator[Task]:
    """Everything that is run, one after the other."""
    points = (
        Spec("points", size, seed, dimensions, smallest)
        for size in plan.points
        for dimensions in (2, 3)
        for smallest in (3, 5)
    )
    compared = ((Spec("counties", size, seed), PEERS) for size in plan.peers)
    alone = ((replace(spec, seed=seed), ("ours",)) for spec in plan.alone)
    for spec, contenders in (*compared, *((spec, MICRO_PEERS) for spec in points), *alone):
        for contender in contenders:
            yield Task(spec, contender, plan.seconds(spec), cores)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what the command line asks for, and write ``runs.json``, the tables and the plot."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description="Compare grouping with its peers.")
    parser.add_argument("--quick", action="store_true", help="small instances and little time")
    parser.add_argument("--only", choices=PARTS, help="what of it to run (default: all)")
    parser.add_argument("--seconds", type=float, help="wall time of each contender, on any instance")
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 1, help="processors of each (default: all)")
    parser.add_argument("--seed", type=int, default=1, help="of the instances (default: 1)")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the results (default: benchmarks/results)")
    asked = parser.parse_args(arguments)
    plan = QUICK if asked.quick else FULL
    if asked.seconds:
        limits = ((ALL_TOWNSHIPS, asked.seconds),)
        plan = replace(plan, limits=limits, point_limits=limits, longer=(1.0, 1.0))
    if asked.only:
        plan = replace(plan, **{part: () for part in PARTS if part != asked.only})
    asked.out.mkdir(parents=True, exist_ok=True)
    where = machine()
    # So that what takes long and much memory, compiling after a change, is done before anything is measured.
    measure(Task(Spec("counties", 12, asked.seed), "ours", 10.0, asked.cores))
    idle = measure(Task(Spec("counties", 3, asked.seed), "idle", 10.0, asked.cores)).peak_mb
    outcomes: list[Outcome] = []
    listed = list(tasks(plan, asked.cores, asked.seed))
    for number, task in enumerate(listed, 1):
        outcomes.append(measure(task))
        sys.stdout.write(f"[{number}/{len(listed)}] {_line(outcomes[-1])}\n")
        sys.stdout.flush()
        # After each one, so that a run that is broken off leaves what it has.
        report = Report(where, asked.quick, asked.cores, idle, tuple(outcomes))
        report.write(asked.out / "runs.json")
    sys.stdout.write("\n")
    sys.stdout.flush()
    # In a process of its own: see benchmarks.records.
    subprocess.run([sys.executable, "-m", "benchmarks.drawings", str(asked.out)], check=True)


def _line(one: Outcome) -> str:
    cost = "no grouping" if one.cost is None else f"{one.cost:,.1f}"
    bound = "" if one.bound is None else f", bound {one.bound:,.1f}"
    note = f" ({one.note})" if one.note else ""
    return f"{one.task.spec.name}: {one.task.contender}: {cost}{bound}, {one.seconds:.1f} s, {one.peak_mb:.0f} MB{note}"


if __name__ == "__main__":
    main()
