"""One level's problem, from a first grouping to a proof: search, bound, enumerate, choose."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from grouping.bound import Bound, exact_km, lower_bound, reduced_costs
from grouping.candidates import Candidates, Communities
from grouping.clock import Clock, StoppedBy
from grouping.dive import dive, may_be_dived
from grouping.errors import InputError, Where
from grouping.errors import Problem as Wrong
from grouping.improve import DEEP, MANY, NARROW, WIDE, improve
from grouping.listed import listed
from grouping.messages import message
from grouping.model import ChoiceModel
from grouping.optimum import Optimum
from grouping.patch_by_patch import patch_by_patch
from grouping.patchwork import may_be_patched
from grouping.placement import place, place_within
from grouping.pricing import Pricer, may_be_priced
from grouping.problem import Problem
from grouping.search import STEP, Search
from grouping.search_in_parts import exchange_in_parts, may_be_exchanged, may_be_parted, search_in_parts
from grouping.search_whole import search_whole
from grouping.tree import Tree

_WHOLE_POOL = 2_000_000
"""Candidates that are listed at most; if these are all of better groupings, branching settles them."""
_SLACKS = (0.0156, 0.0312, 0.0625, 0.125, 0.25, 0.5, 1.0)
"""Shares of what is between bound and best cost up to which candidates are looked for, one after the other."""
_POOL = (50_000, 400_000)
"""Of more candidates than may be listed, how many of the likeliest CP-SAT is given at first, and at most."""
_BRANCHED = 3
"""Times as many that are branched over instead, where the gap is not wide."""
_SEARCHED = 0.5
"""Share of the time left that a search may take where a bound may follow; it needs less, unless the limit is short."""
_INSISTED = 3
"""Searches that pay ever more for sites left out, before it is settled whether they must be."""
_FAR, _HOTTER = 0.03, 5.0
"""Beyond this gap the search is made again, so much hotter and longer; and CP-SAT chooses from lists of a part."""
_WORK = 20.0
"""CP-SAT's deterministic seconds for the first choice; later ones get more."""

Report = Callable[[str, float | None, float | None], None]
"""Told (phase, best cost or None, bound or None) in km."""


def optimize(
    problem: Problem,
    *,
    seed: int,
    gap: float,
    workers: int,
    clock: Clock,
    report: Report,
    start: Communities = (),
    known: Candidates | None = None,
) -> Optimum:
    """Group the units of ``problem`` at the least cost.

    Args:
        problem: one level with at least one unit.
        seed: of all random choices.
        gap: stop when (cost - bound) / cost is proved to be no more.
        workers: threads.
        clock: may stop it at any moment.
        report: told of progress, from this thread and from those of CP-SAT.
        start: communities to begin with, such as :func:`grouping.warm_start.valid_start` gives.
        known: candidates worth knowing when the bound is sought.

    Raises:
        InputError: no grouping is within the problem's limits, or none was found.

    """
    run = _Run(problem, seed, gap, workers, clock, report)
    run.begin(start, known)
    run.search(parted=True)
    run.place()
    run.keep_limits()
    if not run.done():
        run.patch()
    if not run.done():
        run.bound()
    while not run.done() and run.choose():
        pass
    return run.optimum()


class _Run:
    def __init__(self, problem: Problem, seed: int, gap: float, workers: int, clock: Clock, report: Report) -> None:
        self._problem = problem
        self._seed = seed
        self._random = np.random.default_rng(seed)
        self._gap = gap
        self._workers = workers
        self._clock = clock
        self._report = report
        self._known = Candidates.of([], problem.largest)
        self._search = Search(problem.prices, problem.smallest, problem.largest, seed, problem.limits, problem.region)
        self._pricer = Pricer(problem, workers, clock)
        self._best: Communities = ()
        self._best_km = np.inf
        self._excess = problem.excess(())
        # Travel, sizes and links all cost something, or nothing.
        self._bound_km = 0.0
        self._fewest_unplaced = True
        self._lp: Bound | None = None
        self._room, self._work = _POOL[0], _WORK
        self._looks = self._in_vain = 0
        self._limited, self._worth_looking = False, True
        self._take(self._search.best)

    def begin(self, start: Communities, known: Candidates | None) -> None:
        """Begin with a grouping and candidates at hand; the sites that it leaves out are for the search to place."""
        if start:
            self._take(start)
            self._search.resume(start)
            self._take(self._search.best)
        if known is not None:
            self._known = known

    def search(self, hotter: float = 1.0, *, parted: bool = False) -> None:
        """Ruin and recreate, longer for more units and the hotter it starts, in parts if they are for it; exchanges."""
        bounded = may_be_priced(self._problem) or may_be_patched(self._problem)
        self._tell("search")
        with self._clock.apart(_SEARCHED if bounded else 1.0) as own:
            how = self._random, self._workers, own.stopped, lambda steps: self._searched(steps, own)
            if parted and may_be_parted(self._problem):
                search_in_parts(self._problem, self._search, *how)
            else:
                search_whole(self._problem, self._search, hotter, own, *how)
            if may_be_exchanged(self._problem) and not own.stopped():
                exchange_in_parts(self._problem, self._search, *how)
        self._clock.spend(own.spent)

    def _searched(self, steps: int, clock: Clock) -> bool:
        clock.spend(steps * STEP)
        self._take(self._search.best)
        self._tell("search")
        return clock.stopped()

    def place(self) -> None:
        """Make sure that no more sites are left out than must be, and settle how many that is."""
        left = self._problem.left_out(self._best)
        for _ in range(_INSISTED):
            if left <= self._problem.unplaced or self._clock.stopped():
                break
            # Sites far from all others may cost more than what the search paid for leaving them out.
            self._search.insist()
            self.search()
            left = self._problem.left_out(self._best)
        if left > self._problem.unplaced:
            problem = self._problem
            communities, least = place(problem.prices, problem.smallest, problem.largest, left, _WORK, self._clock)
            if communities is not None:
                self._take(communities)
                self._search.resume(communities)
                self.search()
                left = self._problem.left_out(self._best)
            self._fewest_unplaced = left <= max(least, problem.unplaced)
            self._problem = problem.leaving(left)

    def keep_limits(self) -> None:
        """Make sure that the best grouping is within the limits, with as few sites left out, and keep to that."""
        if self._excess:
            problem = self._problem
            problem.check_number()
            numbers = problem.fewest, problem.most
            sizes = problem.smallest, problem.largest, problem.unplaced
            found = place_within(problem.prices, problem.region, *sizes, numbers, problem.crossing, _WORK, self._clock)
            if found.impossible:
                raise problem.impossible(found.least)
            if found.communities is None:
                self.search(hotter=_HOTTER)
            else:
                self._take(found.communities)
                self._search.resume(found.communities)
                self.search()
            if self._excess:
                level = message(f"level.{problem.level}")
                what = message("solve.limits_not_met", level=level, limits=problem.set_limits)
                raise InputError([Wrong(Where("[communities]"), what)])
        self._limited = True

    def patch(self) -> None:
        """Prove a bound for many units patch by patch, and improve the grouping by what came of it."""
        if not may_be_patched(self._problem):
            return

        def proved(km: float) -> bool:
            self._raise(km)
            return self.done()

        def improved(communities: Communities) -> bool:
            self._take(communities)
            self._tell("choose")
            return self.done()

        how = optimize, self._workers, self._seed, self._clock, proved, improved
        patch_by_patch(self._problem, self._best, self._search.met, self._search.near, *how)

    def bound(self) -> None:
        """Solve the LP over all candidates, unless there are too many units for that."""
        if not may_be_priced(self._problem):
            return
        start = Candidates.of(self._best, self._problem.largest)
        how = self._best_km, self._clock, self._raise, self._search.met + self._known, self._look
        self._lp = lower_bound(self._problem, self._pricer, start, *how, gap=self._gap)

    def _look(self, lp: Bound, likely: Candidates, clock: Clock) -> float:
        """Improve the best grouping of many units while cuts are found, until nothing better is."""
        if self._problem.size > NARROW.units and self._worth_looking:
            # Without cuts, prices don't tell well what belongs together: a look around each of many centres is enough.
            again = bool(len(lp.duals.cuts.price) or len(lp.duals.areas.price))
            before = self._best_km
            self._improve(lp, likely, clock, again=again)
            self._worth_looking = not again or self._best_km < before
        return self._best_km

    def choose(self) -> bool:
        """Choose among all candidates that can be in a better grouping, or the likeliest of them if they are too many.

        By branching; only from the likeliest, where the gap is wide, by CP-SAT and the search in turn.

        Returns:
            Whether to go on: False once all lists that may be taken are settled, or time is up.

        """
        if self._fewer_left_out():
            self.bound()
        lp = self._lp
        if lp is None or not np.isfinite(lp.km):
            return False
        slack = self._best_km - lp.km + exact_km(self._best_km)
        pool, threshold = listed(self._pricer, lp.duals, slack, _SLACKS, _WHOLE_POOL, self._clock)
        if threshold >= slack:
            if len(pool) > _POOL[0] and not self._within(_FAR):
                # With so wide a gap the search is likelier at fault than the bound.
                self.search(hotter=_HOTTER)
                if self._fewer_left_out():
                    self.bound()
                    return True
                pool = self._still(lp, pool)
            if self._problem.size > NARROW.units:
                pool = self._improve(lp, pool)
            self._branch(lp, pool)
            return False
        before = self._best_km
        self._improve(lp, pool)
        if self._clock.stopped() or not len(pool):
            return False
        if self._best_km < before - exact_km(before):
            # The closer the best is, the fewer candidates are left.
            return True
        branched = self._within(_FAR)
        room = _BRANCHED * self._room if branched else self._room
        whole = len(pool) <= room
        if not whole:
            reduced = reduced_costs(self._problem, pool, lp.duals)
            order = np.argsort(reduced, kind="stable")
            threshold = float(reduced[order[room]])
            pool = pool[order[:room]]
        pool += Candidates.of(self._problem.twins.canonical(self._best), self._problem.largest)
        settled = (self._branch if branched else self._select)(lp, pool, lp.km + threshold)
        better = self._best_km < before - exact_km(before)
        if settled and not better:
            if self._room >= _POOL[1] or (branched and whole):
                return False
            self._room *= 2
        if not better and not branched and not self.done():
            self.search()
        return True

    def _fewer_left_out(self) -> bool:
        """Whether a search has left out fewer sites than seemed to be needed; the problem is to do so from now on."""
        left = self._problem.left_out(self._best)
        if left >= self._problem.unplaced:
            return False
        self._problem = self._problem.leaving(left)
        return True

    def _improve(self, lp: Bound, pool: Candidates, clock: Clock | None = None, *, again: bool = True) -> Candidates:
        """Look for a better grouping in the likeliest of the pool; what of it a still better one may have."""
        many = self._problem.size > MANY
        extent = (DEEP, WIDE)[self._in_vain % 2] if many and again else NARROW
        clock, seed = clock or self._clock, self._seed + self._looks
        if many and again and may_be_dived(self._problem, self._best_km, lp.km):
            self._take(dive(self._problem, pool, lp.duals, self._best, clock=clock, seed=seed, workers=self._workers))
            self._tell("choose")
        reduced = reduced_costs(self._problem, pool, lp.duals)
        likely = pool[np.argsort(reduced, kind="stable")[: extent.likely * self._problem.size]]
        what = self._problem, likely, lp.duals, self._best
        better = improve(
            *what,
            clock=clock,
            seed=seed,
            report=lambda cost: self._report("choose", cost, self._bound_km),
            extent=extent,
            again=again or not many,
            workers=self._workers,
        )
        self._looks += 1
        before = self._best_km
        self._take(better)
        self._in_vain += many and again and self._best_km == before
        return self._still(lp, pool)

    def _still(self, lp: Bound, pool: Candidates) -> Candidates:
        """What of a pool a grouping better than the best by now may have."""
        slack = self._best_km - lp.km + exact_km(self._best_km)
        return pool[np.flatnonzero(reduced_costs(self._problem, pool, lp.duals) < slack)]

    def _branch(self, lp: Bound, pool: Candidates, ceiling_km: float = np.inf) -> bool:
        """Branch over all candidates of groupings cheaper than the best and ``ceiling_km``; whether to the end."""
        if ceiling_km <= self._bound_km:
            return True

        def hear(cost_km: float, bound_km: float) -> None:
            self._report("choose", cost_km, max(bound_km, self._bound_km))

        what = self._problem, pool, lp, self._best_km, ceiling_km
        verdict = Tree(*what, clock=self._clock, seed=self._seed, report=hear).search(self._gap)
        if verdict.communities is not None:
            self._take(verdict.communities)
        self._raise(verdict.bound_km)
        return not self._clock.stopped()

    def _select(self, lp: Bound, pool: Candidates, ceiling_km: float) -> bool:
        """Let CP-SAT choose from the pool, as others cost ``ceiling_km`` at least; whether to the end."""
        choice = ChoiceModel(self._problem, pool, lp.duals, self._best_km).solve(
            self._best,
            clock=self._clock,
            gap_km=self._gap * self._best_km,
            work=self._work,
            seed=self._seed,
            report=self._hear(ceiling_km),
        )
        if choice.communities is not None:
            self._take(choice.communities)
        self._raise(min(choice.bound_km, ceiling_km))
        if not choice.proved:
            self._work *= 2
        return choice.proved

    def done(self) -> bool:
        """Whether it is proved to the gap that was asked for, or it is time to stop."""
        return self._clock.stopped() or self._within(self._gap)

    def optimum(self) -> Optimum:
        """What came of it."""
        self._fewer_left_out()
        proved = self._fewest_unplaced and self._within(0.0)
        if proved:
            reason = StoppedBy.PROOF
        elif self._clock.hurried and self._clock.reason is not StoppedBy.INTERRUPT:
            reason = StoppedBy.TIME
        else:
            reason = self._clock.reason or (StoppedBy.GAP if self._within(self._gap) else StoppedBy.END)
        bound = min(self._bound_km, self._best_km)
        columns = Candidates.of([], self._problem.largest) if self._lp is None else self._lp.columns
        return Optimum(self._best, self._best_km, bound, self._fewest_unplaced, proved, reason, columns)

    def _within(self, gap: float) -> bool:
        return self._best_km - self._bound_km <= max(exact_km(self._best_km), gap * self._best_km)

    def _take(self, communities: Sequence[Sequence[int]]) -> None:
        """Keep ``communities`` if they are better than the best so far."""
        tidy = tuple(sorted(tuple(sorted(members)) for members in communities))
        cost, excess = self._problem.cost_km(tidy), self._problem.excess(tidy)
        left, before = self._problem.left_out(tidy), self._problem.left_out(self._best)
        if (self._limited and excess) or (left, excess, cost) >= (before, self._excess, self._best_km):
            return
        self._best, self._best_km, self._excess = tidy, cost, excess
        if left < self._problem.unplaced:
            self._bound_km = 0.0

    def _raise(self, bound_km: float) -> None:
        # What is proved is of groupings that leave out as many sites as seemed to be needed.
        if self._problem.left_out(self._best) >= self._problem.unplaced and self._bound_km < bound_km < np.inf:
            self._bound_km = bound_km
        self._tell("bound")

    def _hear(self, ceiling_km: float) -> Callable[[float, float], None]:
        """What CP-SAT reports while it runs: costs and bounds of its own model, valid up to ``ceiling_km``."""

        def hear(cost_km: float, bound_km: float) -> None:
            best = min(self._best_km, cost_km)
            self._report("choose", best, max(self._bound_km, min(bound_km, ceiling_km, best)))

        return hear

    def _tell(self, phase: str) -> None:
        # What a grouping costs that leaves out more sites than must be, or breaks a limit, is no measure for others.
        whole = not self._excess and self._problem.left_out(self._best) <= self._problem.unplaced
        best = self._best_km if whole and np.isfinite(self._best_km) else None
        self._report(phase, best, min(self._bound_km, self._best_km))
