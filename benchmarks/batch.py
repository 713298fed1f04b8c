"""Batches that are killed, and batches on more and more workers: ``python -m benchmarks.batch``.

Three lists of counties under five scenarios, within a work limit, so that every run has one outcome on any machine.
First to the end; then killed again and again at random moments, resumed, and compared with the first; then on the
workers of a Dask scheduler on loopback.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.instances import make
from benchmarks.machine import machine
from benchmarks.records import Spec

_SIZES = 40, 60, 80
_SCENARIOS = "base", "region-first", "larger-communities", "hosted", "pairwise"
_WORK = 3
_QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
_RECORDS = ".batch/records/*/*.json"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what the command line asks for, and print it as Markdown."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.batch", description="Kill and spread batches.")
    parser.add_argument("--kills", type=int, default=10, help="how often the batch is killed (default: 10)")
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2, 4], help="Dask workers (default: 1 2 4)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments (default: 1)")
    asked = parser.parse_args(arguments)
    print(f"{machine()}\n", flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plan = planned(folder)
        # Once for nothing, for what is compiled and what the system reads from disk.
        _timed(plan, folder / "warm")
        whole = folder / "whole"
        seconds = _timed(plan, whole, "--parallel", "2")
        total = len(list(whole.glob(_RECORDS)))
        print(f"{total} runs, nothing happening to them, two at a time: {seconds:.1f} s\n", flush=True)
        if asked.kills:
            _kill(plan, whole, folder / "killed", asked.kills, seconds, random.Random(asked.seed))
        if asked.workers:
            _spread(plan, whole, folder, asked.workers)


def planned(folder: Path) -> Path:
    """The plan, with its lists, in ``folder``."""
    lines = [f"scenarios = {json.dumps(_SCENARIOS)}", "[solve]", f"work = {_WORK}"]
    for number, size in enumerate(_SIZES, 1):
        sites = make(Spec("counties", size, number)).applications.sites
        path = folder / f"counties-{size}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("名称", "行政区划代码"), *((site.name, site.adcode) for site in sites)])
        lines += ["[[lists]]", f'applications = "{path.name}"']
    plan = folder / "plan.toml"
    plan.write_text("\n".join(lines) + "\n", "utf-8")
    return plan


def _command(plan: Path, out: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "grouping", "batch", str(plan), "--out", str(out), "--quiet", *options]


def _timed(plan: Path, out: Path, *options: str) -> float:
    started = time.monotonic()
    subprocess.run(_command(plan, out, *options), check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - started


# --- Killed --------------------------------------------------------------------------------------------


def _kill(plan: Path, whole: Path, out: Path, kills: int, seconds: float, chance: random.Random) -> None:
    """Kill, by turns the batch alone and with it all its processes; resume in the end, and compare."""
    print("| kill | whom | after s | runs done by then |\n| ---: | --- | ---: | ---: |", flush=True)
    for number in range(1, kills + 1):
        process = subprocess.Popen(
            _command(plan, out, "--resume"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        moment = chance.uniform(2.0, 8.0 + 3.0 * seconds / kills)
        time.sleep(moment)
        ended = process.poll() is not None
        alone = number % 2 == 1
        if alone:
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        whom = "had ended" if ended else "the batch" if alone else "all its processes"
        print(f"| {number} | {whom} | {moment:.1f} | {len(list(out.glob(_RECORDS)))} |", flush=True)
    left = _timed(plan, out, "--resume")
    print(f"\nResumed to the end in {left:.1f} s. {_compared(whole, out)}\n", flush=True)


def _compared(one: Path, other: Path) -> str:
    """Whether two batches came to the same: all figures but times, all groupings, and all maps to the byte."""
    names = sorted(str(path.relative_to(one)) for kind in ("grouping.csv", "map-*.png") for path in one.rglob(kind))
    others = sorted(
        str(path.relative_to(other)) for kind in ("grouping.csv", "map-*.png") for path in other.rglob(kind)
    )
    same = names == others and all((one / name).read_bytes() == (other / name).read_bytes() for name in names)
    same = same and _rows(one) == _rows(other)
    scraps = len(list(other.glob("runs/*/*/.*")))
    verdict = "the same" if same else "NOT THE SAME"
    return f"{len(_rows(other))} rows and {len(names)} groupings and maps are {verdict}; {scraps} scraps are left."


def _lasting(out: Path) -> list[str]:
    return sorted(str(path.relative_to(out)) for kind in ("grouping.csv", "map-*.png") for path in out.rglob(kind))


def _rows(out: Path) -> list[dict[str, str]]:
    rows = csv.DictReader((out / "results.csv").read_text("utf-8-sig").splitlines())
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


# --- Spread --------------------------------------------------------------------------------------------


def _spread(plan: Path, whole: Path, folder: Path, counts: Sequence[int]) -> None:
    print("| engine | workers | s | speed | |\n| --- | ---: | ---: | ---: | --- |", flush=True)
    alone = None
    for count in counts:
        out = folder / f"local-{count}"
        seconds = _timed(plan, out, "--parallel", str(count), "--workers", "1")
        alone = alone or seconds
        print(f"| local | {count} | {seconds:.1f} | {alone / seconds:.2f} | {_compared(whole, out)} |", flush=True)
    alone = None
    for count in counts:
        out = folder / f"dask-{count}"
        with _cluster(folder, count) as address:
            seconds = _timed(plan, out, "--engine", "dask", "--scheduler", address)
        alone = alone or seconds
        print(f"| dask | {count} | {seconds:.1f} | {alone / seconds:.2f} | {_compared(whole, out)} |", flush=True)


@contextmanager
def _cluster(folder: Path, workers: int) -> Iterator[str]:
    """A scheduler with so many workers of one thread on loopback; its address."""
    where = folder / f"scheduler-{workers}.json"
    options = ["--no-dashboard", "--scheduler-file", str(where)]
    scheduler = [sys.executable, "-m", "dask", "scheduler", "--host", "127.0.0.1", "--port", "0", *options]
    worker = [sys.executable, "-m", "dask", "worker", "--nthreads", "1", "--no-nanny", *options]
    processes = [subprocess.Popen(scheduler, **_QUIET)]
    try:
        while not where.exists():
            time.sleep(0.1)
        processes += [subprocess.Popen(worker, **_QUIET) for _ in range(workers)]
        yield json.loads(where.read_text("utf-8"))["address"]
    finally:
        for process in processes:
            process.kill()
            process.wait()


if __name__ == "__main__":
    main()
