"""From an application list to a grouping: each level's problem is set up, solved and put into the user's terms."""

from __future__ import annotations

import math
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

from grouping.audit import audited
from grouping.clock import Clock, StoppedBy
from grouping.compilation import compile_all, compiled
from grouping.cost import HOSTED, Cost, Ints
from grouping.distances import Distances, by_places, great_circles
from grouping.errors import InputError, Where
from grouping.errors import Problem as Wrong
from grouping.labels import continued, label
from grouping.levels import Level
from grouping.link_files import applicable_links
from grouping.links import Link, Links
from grouping.locks import Locks
from grouping.messages import Message, message
from grouping.optimize import optimize
from grouping.optimum import Optimum
from grouping.problem import Problem, build_problem, order_key
from grouping.regions import read_macro_regions
from grouping.renewal import dated, renewal
from grouping.result import Community, LevelResult, LinkOutcome, Result, Status, Unplaced, relative_gap
from grouping.scenario import Scenario, policy_remarks
from grouping.scenario_files import load_scenario
from grouping.sites import Applications, Remark, Site
from grouping.terms import Previous
from grouping.warm_start import valid_start

_TICK = 0.1
"""Seconds between two looks of the waiting thread, which alone hears Ctrl-C."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one level is. ``phase`` is "search", "bound", "choose" or "done"; costs are km, ``seconds`` the run's."""

    level: Level
    sites: int
    best_km: float | None
    bound_km: float | None
    seconds: float
    phase: str


Tell = Callable[[Progress], None]


def solve(
    applications: Applications,
    scenario: Scenario | str | Path | None = None,
    *,
    links: Links | None = None,
    distances: Distances | None = None,
    previous: Previous | None = None,
    locks: Locks | None = None,
    start: Mapping[str, Sequence[str]] | None = None,
    workers: int | None = None,
    progress: Tell | None = None,
) -> Result:
    """Group the sites of an application list into communities at the least cost.

    What is returned has passed :func:`grouping.check.check`, which has no part in the search. Ctrl-C ends the search
    and returns the best grouping so far.

    Args:
        applications: the list, see :func:`grouping.applications.read_applications`.
        scenario: one at hand, or the name or file of one; None is ``base``.
        links: what a links file says, see :func:`grouping.link_files.read_links`; the wishes in the list are added.
        distances: a matrix of distances; None takes great circles between the sites' coordinates.
        previous: last year's grouping, see :func:`grouping.previous_files.read_previous`; its communities are kept as
            the scenario's terms say, and those that go on keep their labels.
        locks: what must be as it is, see :func:`grouping.lock_files.read_locks`.
        start: the ids of the members of each community of a draft by its label, to begin with. The result is no
            dearer than what of it may still be, and communities that go on keep its labels.
        workers: threads, from 1; None is one for each processor. The grouping does not depend on it.
        progress: called from this thread, each time something is better and once more when a level is done.

    Raises:
        InputError: a scenario or region file that is wrong, links that contradict each other, must-links that no
            community can keep, limits on all communities that no grouping can keep or that none was found for, a site
            without coordinates where no matrix is given, or no worker. All levels' problems are raised together, but
            for those of limits that only the search brings out.
        AuditError: the grouping that was found breaks a rule or costs something else, by a fault of the program.

    """
    started = time.monotonic()
    if workers is not None and workers < 1:
        raise InputError([Wrong(Where("workers"), message("solve.workers", found=workers))])
    if not isinstance(scenario, Scenario):
        scenario = load_scenario(scenario)
    priced = applicable_links(applications, scenario, links, previous, locks)
    return solve_linked(
        *(applications, scenario, priced, distances),
        previous=previous,
        start=start,
        workers=workers,
        progress=progress,
        started=started,
    )


def solve_linked(
    applications: Applications,
    scenario: Scenario,
    priced: Links,
    distances: Distances | None,
    *,
    previous: Previous | None = None,
    start: Mapping[str, Sequence[str]] | None = None,
    workers: int | None = None,
    progress: Tell | None = None,
    started: float | None = None,
) -> Result:
    """The same with all links that bear on it at hand, see :func:`grouping.link_files.applicable_links`."""
    started = time.monotonic() if started is None else started
    tasks = _tasks(applications, scenario, priced.links, distances)
    placed = by_places(applications.sites, distances)
    if not compiled(placed):
        compile_all(scenario, placed)
    earlier = {**(previous.members if previous else {}), **_present(start or {}, applications)}
    begin = list((start or earlier).values())
    levels = tuple(
        dated(continued(level, earlier), previous, scenario)
        for level in _solved(tasks, scenario, workers or os.cpu_count() or 1, progress or _say_nothing, started, begin)
    )
    audit = audited(levels, applications, scenario, priced, distances)
    home = {site.id: one.label for level in levels for one in level.communities for site in one.members}
    remarks = [Remark(Where(applications.file), "", said) for said in policy_remarks(scenario)]
    return Result(
        applications=applications,
        scenario=scenario,
        levels=levels,
        links=tuple(_outcome(link, home) for link in priced.links),
        unhonourable=priced.unhonourable,
        regions={site.id: region for task in tasks for site, region in task.placed() if region is not None},
        seconds=time.monotonic() - started,
        version=version("grouping"),
        audit=audit,
        remarks=(*remarks, *(distances.remarks if distances else ()), *priced.remarks),
        distance_file=distances.file if distances else "",
        renewal=renewal(previous, levels, scenario) if previous else (),
        previous_file=previous.file if previous else "",
    )


def _present(communities: Mapping[str, Sequence[str]], applications: Applications) -> dict[str, tuple[str, ...]]:
    """The communities without those who are not on the list."""
    ids = {site.id for site in applications.sites}
    return {name: tuple(one for one in members if one in ids) for name, members in communities.items()}


def _say_nothing(_: Progress) -> None:
    pass


def _outcome(link: Link, home: Mapping[str, str]) -> LinkOutcome:
    together = link.a in home and home[link.a] == home.get(link.b)
    honoured = together != link.kind.apart
    return LinkOutcome(link, honoured, 0.0 if honoured or link.must else link.km or 0.0)


# --- Setting up ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Task:
    """A level's problem and the macro-regions of its sites, None where unknown."""

    problem: Problem
    regions: tuple[str | None, ...]

    def placed(self) -> Iterator[tuple[Site, str | None]]:
        """Each site and its macro-region."""
        return zip(self.problem.sites, self.regions, strict=True)


def _tasks(
    applications: Applications, scenario: Scenario, links: Sequence[Link], distances: Distances | None
) -> list[_Task]:
    """A task for each level that has sites."""
    macro_regions = read_macro_regions(scenario.travel.regions)
    row = {site.id: number for number, site in enumerate(applications.sites)}
    tasks: list[_Task] = []
    wrong: list[Wrong] = []
    for level in Level:
        sites = sorted((site for site in applications.sites if site.level is level), key=order_key)
        if not sites:
            continue
        rows = [row[site.id] for site in sites]
        regions = tuple(macro_regions.of(site.adcode) for site in sites)
        try:
            distance = great_circles(sites) if distances is None else distances.km[np.ix_(rows, rows)]
            tasks.append(_Task(build_problem(level, sites, distance, regions, links, scenario), regions))
        except InputError as error:
            wrong += error.problems
    if wrong:
        raise InputError(wrong)
    return tasks


# --- Solving -------------------------------------------------------------------------------------------


def _solved(
    tasks: Sequence[_Task],
    scenario: Scenario,
    workers: int,
    tell: Tell,
    started: float,
    begin: Sequence[Sequence[str]],
) -> tuple[LevelResult, ...]:
    """Solve level after level; each may use what time and work is left in proportion to its sites."""
    results: list[LevelResult] = []
    left = sum(len(task.problem.sites) for task in tasks)
    deadline = time.monotonic() + scenario.stop.seconds
    work = scenario.stop.work or math.inf
    interrupted = False
    for task in tasks:
        sites = len(task.problem.sites)
        share = max(0.0, deadline - time.monotonic()) * sites / left
        begun = time.monotonic()
        optimum = None
        if task.problem.most:
            with Clock(share, work * sites / left) as clock:
                if interrupted:
                    clock.interrupt()
                optimum, interrupted = _attended(task.problem, scenario, workers, clock, tell, started, begin)
            work = max(0.0, work - clock.spent)
        left -= sites
        results.append(_level_result(task, optimum, time.monotonic() - begun))
        done = results[-1]
        cost = done.cost.total_km
        tell(Progress(done.level, sites, cost, done.bound_km, time.monotonic() - started, "done"))
    return tuple(results)


def _attended(
    problem: Problem,
    scenario: Scenario,
    workers: int,
    clock: Clock,
    tell: Tell,
    started: float,
    begin: Sequence[Sequence[str]],
) -> tuple[Optimum, bool]:
    """Optimise in a thread of its own while this one passes on its reports and hears Ctrl-C.

    Returns:
        What was found, and whether the user interrupted it.

    """
    reports: queue.SimpleQueue[Progress] = queue.SimpleQueue()
    found: list[Optimum] = []
    failures: list[BaseException] = []
    done = threading.Event()

    def report(phase: str, best: float | None, bound: float | None) -> None:
        seconds = time.monotonic() - started
        reports.put(Progress(problem.level, len(problem.sites), best, bound, seconds, phase))

    def work() -> None:
        try:
            stop = scenario.stop
            start = valid_start(problem, begin)
            limits = {"seed": scenario.seed, "workers": workers}
            found.append(optimize(problem, gap=stop.gap, clock=clock, report=report, start=start, **limits))
        except BaseException as error:  # raised again in the waiting thread
            failures.append(error)
        finally:
            done.set()

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    over = False
    while not over:
        try:
            # Not worker.join(): interrupted, it takes a thread that runs on for ended (CPython before 3.13).
            over = done.wait(_TICK)
            while not reports.empty():
                tell(reports.get())
        except KeyboardInterrupt:
            if clock.reason is StoppedBy.INTERRUPT:
                raise
            clock.interrupt()
    if failures and isinstance(failures[0], InputError) and clock.reason is StoppedBy.INTERRUPT:
        # There is no grouping within the limits yet, and the user would not wait for one.
        raise KeyboardInterrupt from failures[0]
    if failures:
        raise failures[0]
    return found[0], clock.reason is StoppedBy.INTERRUPT


# --- In the user's terms -------------------------------------------------------------------------------


def _level_result(task: _Task, optimum: Optimum | None, seconds: float) -> LevelResult:
    """The level in sites; without an ``optimum`` no community is possible."""
    problem = task.problem
    found = optimum.communities if optimum else ()
    groups = sorted(np.sort(np.concatenate([problem.units[unit] for unit in members])).tolist() for members in found)
    communities = tuple(_community(task, np.array(group), number) for number, group in enumerate(groups, 1))
    placed = {site for group in groups for site in group}
    alone = [site for site in range(len(problem.sites)) if site not in placed]
    proved_fewest = optimum is None or optimum.fewest_unplaced
    unplaced = tuple(Unplaced(problem.sites[site], _reason(problem, site, len(alone), proved_fewest)) for site in alone)
    cost = sum((one.cost for one in communities), start=Cost())
    cost = sum((problem.terms.unplaced_cost(site) for site in alone), start=cost)
    if optimum is None:
        status, bound, stopped = Status.NOTHING_TO_GROUP, cost.total_km, StoppedBy.PROOF
    else:
        status = Status.OPTIMAL if optimum.proved else Status.FEASIBLE
        bound, stopped = min(optimum.bound_km, cost.total_km), optimum.stopped_by
    gap = relative_gap(cost.total_km, bound)
    return LevelResult(problem.level, status, communities, unplaced, cost, bound, gap, seconds, stopped)


def _community(task: _Task, group: Ints, number: int) -> Community:
    problem = task.problem
    lead = problem.terms.lead(group)
    first = [] if lead is None else [lead]
    members = tuple(problem.sites[site] for site in (*first, *(site for site in group.tolist() if site != lead)))
    distances = problem.terms.km(group, group)[np.triu_indices(len(group), 1)]
    regions = [region for site in group.tolist() if (region := task.regions[site]) is not None]
    return Community(
        label=label(problem.level, number),
        level=problem.level,
        members=members,
        lead=None if lead is None else problem.sites[lead],
        cost=problem.terms.cost(group),
        regions=tuple(sorted(set(regions), key=lambda region: (-regions.count(region), region))),
        mean_km=float(distances.mean()),
        max_km=float(distances.max()),
        vice_leads=tuple(problem.sites[site] for site in problem.terms.vice_leads(group)),
    )


def _reason(problem: Problem, site: int, unplaced: int, proved: bool) -> Message:
    """Why a site has no community."""
    sites = len(problem.sites)
    sizes = {"min": problem.smallest, "max": problem.largest}
    level = message(f"level.{problem.level}")
    if sites < problem.smallest:
        return message("solve.too_few", level=level, count=sites, min=problem.smallest)
    if problem.prices.must_be_led and not problem.terms.can_lead.any():
        key = "solve.no_host" if problem.prices.measure == HOSTED else "solve.no_lead"
        return message(key, level=level)
    block = int(problem.sites_of_unit[site])
    if block > 1:
        return message("solve.block_too_few", count=block, **sizes)
    key = "solve.left_over" if proved else "solve.left_over_unproved"
    return message(key, level=level, count=sites, unplaced=unplaced, **sizes)
