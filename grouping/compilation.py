"""The first run of all: what numba compiles is compiled before any time limit counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from grouping.areas import Areas, area_tolls
from grouping.borders import crossing
from grouping.candidates import Candidates
from grouping.clock import Clock
from grouping.cuts import violated_wider
from grouping.errors import Where
from grouping.ground import Places, joint_row
from grouping.levels import Level
from grouping.optimize import optimize
from grouping.problem import build_problem
from grouping.ruin_recreate import anneal
from grouping.scenario import Limits, Scenario
from grouping.search import Search
from grouping.sites import Site


def compiled(placed: bool = False) -> bool:
    """Whether numba finds the compiled search on disk; if not, the first search waits for about a minute.

    A search ``placed`` on the globe needs :mod:`grouping.nearest`, too.
    """
    folder = anneal.stats.cache_path
    needed = ["ruin_recreate.anneal-*.nbi", *(["nearest._search-*.nbi"] if placed else [])]
    return folder is not None and all(any(Path(folder).glob(pattern)) for pattern in needed)


def compile_all(scenario: Scenario, placed: bool) -> None:
    """Solve something tiny, and do what so small a problem does without."""
    degrees = np.arange(2.0 * scenario.size.min)
    sites = [Site(str(number), "", Level.COUNTY, Where("")) for number in range(len(degrees))]
    distance = Places.of_degrees(degrees, degrees) if placed else np.abs(np.subtract.outer(degrees, degrees))
    free = scenario.model_copy(update={"communities": Limits()})
    problem = build_problem(Level.COUNTY, sites, distance, [None] * len(sites), [], free)
    with Clock(3600.0) as clock:
        best = optimize(problem, seed=1, gap=0.0, workers=1, clock=clock, report=lambda *_: None).communities
    Search(problem.prices, problem.smallest, problem.largest, 1, problem.limits, problem.region).resume(best)
    candidates = Candidates.of(best, problem.largest)
    prices, sets, counts = problem.prices, candidates.sets, candidates.counts
    none = Areas.none(problem.size, problem.largest).priced(np.zeros(0))
    joint_row(prices, 0)
    crossing(problem.region, sets, counts)
    area_tolls(none.tolls, prices.weight, sets, counts)
    violated_wider(sets, counts, np.full(len(counts), 0.5), problem.twins.alone, 1)
