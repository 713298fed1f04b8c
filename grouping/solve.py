"""From an application list to a grouping: each level's problem is set up, solved and put into the user's terms."""

from __future__ import annotations

import math
import os
import queue
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

from grouping.audit import audited
from grouping.clock import StoppedBy
from grouping.compilation import compile_all, compiled
from grouping.components import components, joined
from grouping.cost import Cost
from grouping.described import described, why_unplaced
from grouping.distances import Distances, by_places
from grouping.errors import InputError, Where
from grouping.errors import Problem as Wrong
from grouping.known import Known
from grouping.labels import continued, label
from grouping.level_problems import LevelProblem, level_problems
from grouping.levels import Level
from grouping.link_files import applicable_links
from grouping.links import Links
from grouping.locks import Locks
from grouping.messages import message
from grouping.optimum import Optimum
from grouping.pieces import Elsewhere, Piece, search_in_turn, shared
from grouping.renewal import dated, renewal
from grouping.result import LevelResult, LinkOutcome, Result, Status, Unplaced, relative_gap
from grouping.scenario import Scenario, policy_remarks
from grouping.scenario_files import load_scenario
from grouping.sites import Applications, Remark
from grouping.terms import Previous
from grouping.warm_start import in_ids


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
    elsewhere: Elsewhere | None = None,
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
        elsewhere: searches levels, and parts of levels that have no community in common, if there are several;
            ``workers`` is then for each, and progress is told when all are done.

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
        elsewhere=elsewhere,
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
    elsewhere: Elsewhere | None = None,
    known: Known | None = None,
    started: float | None = None,
) -> Result:
    """The same with all links that bear on it at hand, see :func:`grouping.link_files.applicable_links`.

    Of ``known`` candidates those that may still be are used, and it is told those of this run.
    """
    started = time.monotonic() if started is None else started
    tasks = level_problems(applications, scenario, priced.links, distances)
    workers = workers or os.cpu_count() or 1
    placed = by_places(applications.sites, distances)
    if not compiled(placed):
        compile_all(scenario, placed)
    earlier = {**(previous.members if previous else {}), **_present(start or {}, applications)}
    begin = list((start or earlier).values())
    run = _Run(tasks, scenario, begin, known, progress or _say_nothing, started)
    if elsewhere is not None and len(run.pieces) > 1:
        optima: Iterable[Optimum] = elsewhere(run.pieces, workers)
    else:
        optima = search_in_turn(run.pieces, workers, run.report, run.pass_on)
    levels = tuple(dated(continued(level, earlier), previous, scenario) for level in run.results(optima))
    audit = audited(levels, applications, scenario, priced, distances)
    home = {site.id: one.label for level in levels for one in level.communities for site in one.members}
    remarks = [Remark(Where(applications.file), "", said) for said in policy_remarks(scenario)]
    return Result(
        applications=applications,
        scenario=scenario,
        levels=levels,
        links=tuple(LinkOutcome.of(link, home) for link in priced.links),
        unhonourable=priced.unhonourable,
        regions={site.id: region for task in tasks for site, region in task.placed() if region is not None},
        seconds=time.monotonic() - started,
        version=version("grouping"),
        audit=audit,
        remarks=(*remarks, *(distances.remarks if distances else ()), *priced.remarks),
        distance_file=distances.file if distances else "",
        distances=distances,
        renewal=renewal(previous, levels, scenario) if previous else (),
        previous_file=previous.file if previous else "",
    )


def _present(communities: Mapping[str, Sequence[str]], applications: Applications) -> dict[str, tuple[str, ...]]:
    """The communities without those who are not on the list."""
    ids = {site.id for site in applications.sites}
    return {name: tuple(one for one in members if one in ids) for name, members in communities.items()}


def _say_nothing(_: Progress) -> None:
    pass


# --- Solving -------------------------------------------------------------------------------------------


class _Run:
    """The levels of a list and what is told of them while they are searched, piece after piece."""

    def __init__(
        self,
        tasks: Sequence[LevelProblem],
        scenario: Scenario,
        begin: Sequence[Sequence[str]],
        known: Known | None,
        tell: Tell,
        started: float,
    ) -> None:
        self._tasks = tasks
        self._known = known
        self._tell = tell
        self._started = started
        self._parts = [components(task.problem) for task in tasks]
        # Which part of which level each piece is.
        self._places = [
            (level, number)
            for level, parts in enumerate(self._parts)
            for number, part in enumerate(parts)
            if part.problem.most
        ]
        stop, start, remembered = scenario.stop, tuple(map(tuple, begin)), tuple(known or ())
        problems = [self._parts[level][number].problem for level, number in self._places]
        self.pieces = [
            Piece(problem, start, scenario.seed, stop.gap, stop.seconds, work, remembered)
            for problem, work in zip(problems, shared(stop.work or math.inf, problems), strict=True)
        ]
        self._optima: list[list[Optimum | None]] = [[None] * len(parts) for parts in self._parts]
        self._reports: queue.SimpleQueue[Progress] = queue.SimpleQueue()

    def report(self, number: int, phase: str, best: float | None, bound: float | None) -> None:
        """Note how far a piece is; its level's best grouping is known once all its pieces have one."""
        level, part = self._places[number]
        before = [optimum for optimum in self._optima[level][:part] if optimum is not None]
        if best is not None:
            last = all(place[0] != level for place in self._places[number + 1 :])
            best = best + sum(one.cost_km for one in before) if last else None
        if bound is not None:
            bound += sum(one.bound_km for one in before)
        problem = self._tasks[level].problem
        seconds = time.monotonic() - self._started
        self._reports.put(Progress(problem.level, len(problem.sites), best, bound, seconds, phase))

    def pass_on(self) -> None:
        """Tell what was noted."""
        while not self._reports.empty():
            self._tell(self._reports.get())

    def results(self, optima: Iterable[Optimum]) -> tuple[LevelResult, ...]:
        """The levels, as the ``optima`` of the pieces come in."""
        results: list[LevelResult] = []
        coming = iter(optima)
        begun = time.monotonic()
        for level, (task, parts) in enumerate(zip(self._tasks, self._parts, strict=True)):
            for at, number in self._places:
                if at == level:
                    self._optima[level][number] = next(coming)
            found = joined(parts, self._optima[level]) if any(self._optima[level]) else None
            if found and self._known is not None:
                self._known.add(in_ids(task.problem, found.columns))
            results.append(done := _level_result(task, found, time.monotonic() - begun))
            begun = time.monotonic()
            sites, cost = len(task.problem.sites), done.cost.total_km
            self._tell(Progress(done.level, sites, cost, done.bound_km, begun - self._started, "done"))
        return tuple(results)


# --- In the user's terms -------------------------------------------------------------------------------


def _level_result(task: LevelProblem, optimum: Optimum | None, seconds: float) -> LevelResult:
    """The level in sites; without an ``optimum`` no community is possible."""
    problem = task.problem
    found = optimum.communities if optimum else ()
    groups = sorted(np.sort(np.concatenate([problem.units[unit] for unit in members])).tolist() for members in found)
    communities = tuple(
        described(problem, task.regions, np.array(group), label(problem.level, number))
        for number, group in enumerate(groups, 1)
    )
    placed = {site for group in groups for site in group}
    alone = [site for site in range(len(problem.sites)) if site not in placed]
    proved_fewest = optimum is None or optimum.fewest_unplaced
    unplaced = tuple(
        Unplaced(problem.sites[site], why_unplaced(problem, site, len(alone), proved_fewest)) for site in alone
    )
    cost = sum((one.cost for one in communities), start=Cost())
    cost = sum((problem.terms.unplaced_cost(site) for site in alone), start=cost)
    if optimum is None:
        status, bound, stopped = Status.NOTHING_TO_GROUP, cost.total_km, StoppedBy.PROOF
    else:
        status = Status.OPTIMAL if optimum.proved else Status.FEASIBLE
        bound, stopped = min(optimum.bound_km, cost.total_km), optimum.stopped_by
    gap = relative_gap(cost.total_km, bound)
    return LevelResult(problem.level, status, communities, unplaced, cost, bound, gap, seconds, stopped)
