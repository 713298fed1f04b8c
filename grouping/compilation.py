"""The first run of all: what numba compiles is compiled before any time limit counts."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from hashlib import sha256
from pathlib import Path

import numba
import numpy as np
from filelock import FileLock

from grouping.areas import Areas, area_tolls
from grouping.borders import crossing
from grouping.candidates import Candidates
from grouping.clock import Clock
from grouping.cuts import violated_wider
from grouping.errors import Where
from grouping.ground import Places, joint_row
from grouping.levels import Level
from grouping.optimize import optimize
from grouping.patchwork import may_be_patched
from grouping.problem import build_problem
from grouping.reach import Reach
from grouping.ruin_recreate import anneal
from grouping.scenario import Limits, Scenario, Size
from grouping.search import Search
from grouping.sites import Site


def compiled(placed: bool = False) -> bool:
    """Whether all that numba compiles is on disk; if not, the first search waits for a minute or two.

    A search ``placed`` on the globe needs more.
    """
    marker = _marker(placed)
    return marker is not None and marker.exists() and marker.read_text("utf-8") == _digest()


def compile_all(scenario: Scenario, placed: bool) -> None:
    """Solve something tiny, and do what so small a problem does without; of several processes one does, others wait."""
    marker = _marker(placed)
    with _alone(marker):
        if not compiled(placed):
            _compile_all(scenario, placed, marker)


@contextmanager
def _alone(marker: Path | None) -> Iterator[None]:
    """Within, no other process of this machine compiles into the same folder, if there is one and it can be locked."""
    lock = FileLock(marker.with_name("compiling.lock")) if marker is not None else None
    try:
        if lock is not None:
            lock.acquire()
    except (OSError, NotImplementedError):
        lock = None
    try:
        yield
    finally:
        if lock is not None:
            lock.release()


def _compile_all(scenario: Scenario, placed: bool, marker: Path | None) -> None:
    if marker is not None and not any(compiled(kind) for kind in (False, True)):
        # Numba looks at the file of a function, not at those of the functions that became parts of it.
        for stale in (path for suffix in ("*.nbi", "*.nbc") for path in marker.parent.glob(suffix)):
            with suppress(OSError):
                stale.unlink()
    # Who is around a patch of the map is told in two ways.
    for measure in ("rotating", "hosted") if placed else (scenario.travel.measure,):
        travel = scenario.travel.model_copy(update={"measure": measure})
        _compile(scenario.model_copy(update={"communities": Limits(), "size": Size(), "travel": travel}), placed)
    if marker is not None:
        with suppress(OSError):
            marker.write_text(_digest(), "utf-8")


def _compile(scenario: Scenario, placed: bool) -> None:
    degrees = np.arange(2.0 * scenario.size.min)
    sites = [Site(str(number), "", Level.COUNTY, Where("")) for number in range(len(degrees))]
    distance = Places.of_degrees(degrees, degrees) if placed else np.abs(np.subtract.outer(degrees, degrees))
    problem = build_problem(Level.COUNTY, sites, distance, [None] * len(sites), [], scenario)
    with Clock(3600.0) as clock:
        best = optimize(problem, seed=1, gap=0.0, workers=1, clock=clock, report=lambda *_: None).communities
    # Two communities so small are not left as they are.
    halves = [range(problem.size // 2), range(problem.size // 2, problem.size)]
    search = Search(problem.prices, problem.smallest, problem.largest, 1, problem.limits, problem.region, halves)
    search.cool(0, 1.0, 1.0, lambda _: False)
    search.exchange(1, 1.0, 1.0)
    candidates = Candidates.of(best, problem.largest)
    prices, sets, counts = problem.prices, candidates.sets, candidates.counts
    none = Areas.none(problem.size, problem.largest).priced(np.zeros(0))
    joint_row(prices, 0)
    crossing(problem.region, sets, counts)
    area_tolls(none.tolls, prices.weight, sets, counts)
    violated_wider(sets, counts, np.full(len(counts), 0.5), problem.twins.alone, 1)
    if may_be_patched(problem):
        every = np.ones(problem.size, dtype=np.bool_)
        Reach(problem, 2).around(every, np.ones(problem.size), np.arange(problem.size // 2))


def _marker(placed: bool) -> Path | None:
    """The file that tells of which code all is compiled, None if numba keeps nothing."""
    folder = anneal.stats.cache_path
    return None if folder is None else Path(folder) / f"compiled-{'places' if placed else 'tables'}.txt"


@cache
def _digest() -> str:
    """Of the code, and of what compiles it."""
    digest = sha256(f"{sys.version} {numba.__version__} {np.__version__}".encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
