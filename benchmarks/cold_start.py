"""The cold start of the installed wheel, and what a compiled extension would save: ``python -m benchmarks.cold_start``.

The wheel is built and installed into a fresh environment, where nothing is compiled yet. Then the shipped list is
solved twice. One inner loop is compared with the same one in C, if there is a compiler.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.instances import make
from benchmarks.machine import machine
from benchmarks.records import Spec
from grouping.cost import Ints, pair_sums
from grouping.draft import Neighbourhood, empty_draft, set_labels
from grouping.exchanges import NEAREST, exchange
from grouping.problem import Problem
from grouping.search import Search

_REPOSITORY = Path(__file__).resolve().parent.parent
_SOURCE = Path(__file__).with_name("native") / "exchanges.c"
_LIST = _REPOSITORY / "data" / "examples" / "demonstration-districts.csv"
_TWICE = """
import sys, time
started = time.perf_counter()
import numba
numba_s = time.perf_counter() - started
import grouping
imported_s = time.perf_counter() - started
from grouping.compilation import compiled
assert compiled(placed=False)
applications = grouping.read_applications(sys.argv[1])
seconds = []
for _ in range(2):
    started = time.perf_counter()
    grouping.solve(applications, grouping.load_scenario("base"), workers=1)
    seconds.append(time.perf_counter() - started)
print(numba_s, imported_s, *seconds)
"""
_SITES, _STEPS, _SEED = 700, 20_000_000, 88172645463325252
_MISSING_KM = 1e6


def main() -> None:
    """Measure both, and print them as Markdown."""
    print(f"{machine()}\n", flush=True)
    with tempfile.TemporaryDirectory() as name:
        starts(Path(name))
        loops(Path(name))


def starts(folder: Path) -> None:
    """What a user waits for, from the wheel to the second solve."""
    pip = "-m", "pip", "--quiet", "--disable-pip-version-check"
    _seconds(sys.executable, *pip, "wheel", "--no-deps", "--wheel-dir", folder, _REPOSITORY)
    (wheel,) = folder.glob("*.whl")
    _seconds(sys.executable, "-m", "venv", folder / "venv")
    python, command = folder / "venv" / "bin" / "python", folder / "venv" / "bin" / "grouping"
    constraints = _REPOSITORY / "constraints.txt"
    installed = _seconds(python, *pip, "install", "--no-compile", "-c", constraints, wheel)
    first, second = (_seconds(command, "solve", _LIST, "--out", folder / f"out{k}") for k in (1, 2))
    run = subprocess.run([python, "-c", _TWICE, _LIST], cwd=folder, check=True, capture_output=True, text=True)
    numba_s, imported_s, cold, warm = map(float, run.stdout.split())
    print("| from the wheel to a grouping of 54 sites | s |\n| --- | ---: |")
    for what, seconds in (
        ("installing the wheel with all it needs", installed),
        ("first `grouping solve`, which compiles", first),
        ("second one", second),
        ("of it: import of numba", numba_s),
        ("of it: import of grouping, numba included", imported_s),
        ("of it: what was compiled is read from disk", cold - warm),
    ):
        print(f"| {what} | {seconds:.1f} |", flush=True)


def _seconds(*command: object) -> float:
    started = time.perf_counter()
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


def loops(folder: Path) -> None:
    """Exchanges as numba has them, and as a compiler has the same steps in C."""
    compiler = shutil.which("cc")
    if compiler is None:
        print("\nThere is no C compiler.")
        return
    library = folder / "exchanges.so"
    flags = "-O3", "-march=native", "-ffp-contract=off", "-shared", "-fPIC"
    compiling = _seconds(compiler, *flags, _SOURCE, "-o", library, "-lm")
    problem = make(Spec("counties", _SITES)).problem
    search = Search(problem.prices, problem.smallest, problem.largest, 1, problem.limits, problem.region)
    hot = search.mean_cost / 5
    # Exchanges keep sizes: it begins with neighbours together as they come.
    label = np.arange(problem.size) // problem.prices.preferred
    rows = [
        ("numba", *_by_numba(problem, search.near, label, hot)),
        (f"C, {' '.join(flags[:2])}", *_by_compiler(library, problem, search.near, label, hot)),
    ]
    print(f"\n| {_STEPS / 1e6:.0f} million exchanges among {_SITES} counties | s | million a second |")
    print("| --- | ---: | ---: |")
    for what, seconds, _ in rows:
        print(f"| {what} | {seconds:.2f} | {_STEPS / 1e6 / seconds:.1f} |")
    same = "the same grouping" if (rows[0][2] == rows[1][2]).all() else "different groupings"
    print(f"\nThey come to {same}. The C compiler took {compiling:.1f} s for this loop alone.")


def _by_numba(problem: Problem, near: Ints, label: Ints, hot: float) -> tuple[float, Ints]:
    """(seconds, communities) of exchanges."""
    around = Neighbourhood(
        near=near,
        smallest=problem.smallest,
        largest=problem.largest,
        missing_km=_MISSING_KM,
        forbidden_km=_MISSING_KM,
        limited=False,
        fewest=0,
        most=problem.size,
        across=problem.size,
        region=problem.region,
        crossing_km=0.0,
    )
    seconds = 0.0
    # The first time it is compiled, or read from disk.
    for steps in (1, _STEPS):
        draft = empty_draft(problem.size, problem.largest, 1)
        set_labels(problem.prices, around, draft, label)
        random = np.array([_SEED], dtype=np.uint64)
        started = time.perf_counter()
        exchange(problem.prices, around, draft, random, steps, hot, hot / 100)
        seconds = time.perf_counter() - started
    return seconds, draft.label


def _by_compiler(library: Path, problem: Problem, near: Ints, label: Ints, hot: float) -> tuple[float, Ints]:
    """(seconds, communities) of the same exchanges."""
    loop = ctypes.CDLL(str(library)).exchange
    loop.restype = None
    prices, label = problem.prices, label.copy()
    pairs = prices.distance + prices.cross
    groups = [np.flatnonzero(label == group) for group in range(label.max() + 1)]
    counts = np.array([len(group) for group in groups], dtype=np.int64)
    members = np.zeros((len(groups), problem.largest), dtype=np.int64)
    for row, group in zip(members, groups, strict=True):
        row[: len(group)] = group
    km = np.array([pair_sums(prices, group, len(group))[1:3] for group in groups]).sum(axis=1)
    random = np.array([_SEED], dtype=np.uint64)
    arrays = {"near": near, "pairs": pairs, "members": members, "counts": counts, "label": label, "km": km}
    at = {name: ctypes.c_void_p(array.ctypes.data) for name, array in (arrays | {"random": random}).items()}
    whole, real = ctypes.c_int64, ctypes.c_double
    started = time.perf_counter()
    loop(
        *(whole(problem.size), whole(near.shape[1]), at["near"], whole(NEAREST), at["pairs"]),
        *(whole(members.shape[1]), at["members"], at["counts"], at["label"], at["km"], at["random"]),
        *(whole(_STEPS), real(hot), real(hot / 100)),
        *(whole(prices.preferred), real(prices.size_km), whole(problem.smallest), real(_MISSING_KM)),
    )
    return time.perf_counter() - started, label


if __name__ == "__main__":
    main()
