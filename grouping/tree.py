"""Branch and bound over a pool of candidates: what is left between the LP's bound and the best grouping is closed here.

The pool holds every candidate of any better grouping, or of any below a ceiling, so pricing is a look at each of them
(Baldacci, Christofides & Mingozzi 2008). A node is a part of the pool and a range for the number of communities; each
LP fixes candidates out of it, and once few are left CP-SAT settles the node. Until then it is split: by the number of
communities, or by whether two units are together (Ryan & Foster 1981).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count

import numpy as np
from numpy.typing import NDArray

from grouping.areas import Areas
from grouping.bound import Bound, certified, exact_km
from grouping.candidates import Candidates, Communities
from grouping.clock import Clock
from grouping.cost import Floats, Ints, totals
from grouping.cuts import Rows
from grouping.master import Master
from grouping.model import Choice, ChoiceModel
from grouping.pricing import Duals
from grouping.problem import Problem

_FEW = 2_500
"""Candidates that CP-SAT settles in about the time of one more split."""
_MANY = 5_000
"""Candidates among which CP-SAT looks for a better grouping before the first split."""
_LOOKING = 0.3
"""CP-SAT's deterministic seconds for that look."""
_SETTLING = 2.0
"""CP-SAT's deterministic seconds for a node that may still be split."""
_START = 600
"""Candidates that the LP of a node starts with."""
_ADDED = 150
"""Candidates that a look at the pool adds to the LP at most."""
_WORTH = 0.02
"""Cuts go on while a round of them closes so much of what is between the bound and the best cost."""
_TRIED = 8
"""Pairs of units that are tried before one is split by."""
_DEARER = 10.0
_PUNISHED = 6
"""Times that penalties become dearer."""
_WHOLE = 1e-6
_LOOK = 3e-7
"""Deterministic seconds of a look at a candidate of the pool."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What branching found: a grouping cheaper than the best before, or None, and a bound for all there are."""

    communities: Communities | None
    bound_km: float


@dataclass(frozen=True, slots=True)
class _Node:
    """A part of the problem: ``rows`` of the pool, ``start`` of them for its LP, ``cuts`` and ``areas`` it knows."""

    bound_km: float
    rows: Ints
    start: Ints
    cuts: Rows
    areas: Areas
    fewest: int
    most: int


@dataclass(frozen=True, slots=True)
class _Relaxed:
    """A node's LP, solved: what is left of the node, the LP itself, the rows of its columns, and its dual prices."""

    node: _Node
    master: Master
    columns: Ints
    duals: Duals


class Tree:
    """Finds the cheapest grouping of the candidates of a ``pool``, or proves that none is cheaper than so much.

    Args:
        problem: one level.
        pool: every candidate that a grouping cheaper than ``best_km`` and ``ceiling_km`` may have, canonical.
        lp: the bound over all candidates, which the first node starts from.
        best_km: what the best known grouping costs.
        ceiling_km: nothing is proved above that.
        clock: may stop it.
        seed: of CP-SAT.
        report: told (best cost, bound) in km, each time one of them is better.

    """

    def __init__(
        self,
        problem: Problem,
        pool: Candidates,
        lp: Bound,
        best_km: float,
        ceiling_km: float,
        *,
        clock: Clock,
        seed: int,
        report: Callable[[float, float], None],
    ) -> None:
        self._problem = problem
        self._pool = pool
        self._best: Communities | None = None
        self._best_km = best_km
        self._ceiling_km = ceiling_km
        self._clock = clock
        self._seed = seed
        self._report = report
        self._costs = totals(problem.prices, pool.sets, pool.counts)
        reduced = self._costs - lp.duals.worth(pool, problem.prices.weight)
        every = np.arange(len(pool))
        root = _Node(
            lp.km,
            every,
            every[np.argsort(reduced, kind="stable")[:_START]],
            lp.duals.cuts.rows,
            lp.duals.areas.areas,
            problem.fewest,
            problem.most,
        )
        self._ticks = count()
        self._open = [(root.bound_km, next(self._ticks), root)]

    def search(self, gap: float) -> Verdict:
        """Split until nothing below the ceiling can be cheaper than the best by such a share, or the clock stops."""
        while (
            self._open
            and not self._closed(self._open[0][0])
            and self._open[0][0] < (1 - gap) * self._best_km
            and not self._clock.stopped()
        ):
            _, _, node = heapq.heappop(self._open)
            for child in self._split(node):
                heapq.heappush(self._open, (child.bound_km, next(self._ticks), child))
            self._report(self._best_km, self._bound_km())
        return Verdict(self._best, self._bound_km())

    def _bound_km(self) -> float:
        # A node that is closed has nothing cheaper by half of what matters.
        return min([node[0] for node in self._open[:1]] + [self._bar_km - self._negligible_km])

    def _split(self, node: _Node) -> list[_Node]:
        """The parts of a node that are still open, itself if time is up; what CP-SAT finds on the way is kept."""
        problem = self._problem.with_communities(node.fewest, node.most)
        if problem.fewest > problem.most:
            return []
        relaxed = self._relax(problem, node)
        if self._clock.stopped():
            return [relaxed.node]
        self._whole(relaxed)
        if self._closed(relaxed.node.bound_km):
            return []
        if len(relaxed.node.rows) <= _FEW and self._settle(problem, relaxed, _SETTLING).proved:
            return []
        if len(node.rows) == len(self._pool):
            self._look(problem, relaxed)
        parts = self._parts(relaxed)
        if parts or self._settle(problem, relaxed, np.inf).proved:
            return parts
        # Time is up.
        return [relaxed.node]

    def _relax(self, problem: Problem, node: _Node) -> _Relaxed:
        """Solve a node's LP, with cuts, and take out of the node what no better grouping of it can have."""
        master = Master(problem, self._pool[node.start], self._bar_km, node.cuts, node.areas, self._clock)
        columns = node.start
        candidates, costs = self._pool[node.rows], self._costs[node.rows]
        best_km, point, left = -np.inf, None, np.zeros(0)
        before_cuts = -np.inf
        punished = 0
        while True:
            out, _ = master.solve()
            reduced = costs - out.duals.worth(candidates, problem.prices.weight)
            self._clock.spend(_LOOK * len(candidates))
            least = np.zeros(problem.size)
            np.minimum.at(least, self._pool.sets[node.rows, 0], reduced)
            km = certified(problem, out.duals, out.unplaced, least[problem.twins.first])
            if km > best_km or point is None:
                best_km, point, left = km, out, reduced
            if self._closed(best_km) or self._clock.stopped():
                break
            missing = np.flatnonzero(reduced < -_WHOLE)
            missing = missing[~np.isin(node.rows[missing], columns)]
            if len(missing):
                chosen = node.rows[missing[np.argsort(reduced[missing], kind="stable")[:_ADDED]]]
                master.add(self._pool[chosen])
                columns = np.concatenate([columns, chosen])
            elif punished < _PUNISHED and master.lacking():
                # With dearer penalties the bound of a node without groupings rises until it is closed.
                punished += 1
                master.punish(_DEARER)
            elif best_km - before_cuts < _WORTH * (self._bar_km - best_km) or not master.cut(wider=True):
                break
            else:
                before_cuts = best_km
        rest = replace(
            node,
            bound_km=max(node.bound_km, best_km),
            rows=node.rows[left < self._bar_km - best_km],
            cuts=master.cuts,
            areas=master.areas,
        )
        return _Relaxed(rest, master, columns, point.duals)

    def _whole(self, relaxed: _Relaxed) -> None:
        """Keep what the LP of a node takes, if it is a grouping."""
        values = relaxed.master.values()
        times = np.round(values).astype(np.int64)
        if np.abs(values - times).max(initial=0.0) > _WHOLE or relaxed.master.lacking():
            return
        patterns = self._pool[np.repeat(relaxed.columns, times)]
        self._keep(tuple(self._problem.twins.distinct(patterns)))

    def _settle(self, problem: Problem, relaxed: _Relaxed, work: float) -> Choice:
        """Let CP-SAT choose among what is left of a node, if it is cheaper than the best and below the ceiling."""
        while True:
            choice = ChoiceModel(problem, self._pool[relaxed.node.rows], relaxed.duals, self._bar_km).solve(
                (), clock=self._clock, below_km=self._bar_km, work=work, seed=self._seed, report=lambda *_: None
            )
            if choice.communities is not None:
                self._keep(choice.communities)
            # What is so much cheaper than the best before may not be proved as exactly as its own cost asks for.
            if choice.communities is None or not choice.proved or self._closed(choice.bound_km):
                return choice

    def _look(self, problem: Problem, relaxed: _Relaxed) -> None:
        """Look for a better grouping among the likeliest candidates, which makes all that follows shorter."""
        rows = relaxed.node.rows
        reduced = self._costs[rows] - relaxed.duals.worth(self._pool[rows], self._problem.prices.weight)
        likely = rows[np.argsort(reduced, kind="stable")[:_MANY]]
        choice = ChoiceModel(problem, self._pool[likely], relaxed.duals, self._best_km).solve(
            (), clock=self._clock, work=_LOOKING, seed=self._seed, report=lambda *_: None
        )
        if choice.communities is not None:
            self._keep(choice.communities)

    def _parts(self, relaxed: _Relaxed) -> list[_Node]:
        """The node, split in two; nothing if its LP has no solution or no fraction to split by."""
        node = relaxed.node
        if relaxed.master.lacking():
            return []
        values = relaxed.master.values()
        number = float(values.sum())
        start = relaxed.columns[np.isin(relaxed.columns, node.rows)]
        node = replace(node, start=start)
        if abs(number - round(number)) > _WHOLE:
            below = int(number)
            return [replace(node, most=below), replace(node, fewest=below + 1)]
        pair = self._pair(relaxed, values)
        if pair is None:
            return []
        (a, b) = pair
        both = self._holding(node.rows, a).astype(np.int64) + self._holding(node.rows, b)
        started = self._holding(start, a).astype(np.int64) + self._holding(start, b)
        return [
            replace(node, rows=node.rows[both != 1], start=start[started != 1]),
            replace(node, rows=node.rows[both != 2], start=start[started != 2]),
        ]

    def _pair(self, relaxed: _Relaxed, values: Floats) -> tuple[int, int] | None:
        """Two units that the LP has together in part, such that a split raises the bounds of both sides most."""
        used = np.flatnonzero(values > _WHOLE)
        held = np.zeros((len(used), self._problem.size))
        sets, counts = self._pool.sets[relaxed.columns[used]], self._pool.counts[relaxed.columns[used]]
        for row, members, size in zip(held, sets, counts, strict=True):
            row[members[:size]] = 1.0
        held *= self._problem.twins.alone
        together = (held.T * values[used]) @ held
        # What is missing to one may be that the unit stays unplaced; a split must take candidates out on both sides.
        separate = np.maximum.outer(together.diagonal(), together.diagonal()) - together
        a, b = np.nonzero(np.triu((together > _WHOLE) & (separate > _WHOLE), 1))
        if not len(a):
            return None
        likely = np.argsort(np.abs(together[a, b] - 0.5), kind="stable")[:_TRIED]
        scores = []
        for k in likely:
            there = self._holding(relaxed.columns, a[k]).astype(np.int64) + self._holding(relaxed.columns, b[k])
            apart, together_km = (relaxed.master.without(there == sites) for sites in (2, 1))
            worse = [max(km - relaxed.node.bound_km, 1e-6) for km in (apart, together_km)]
            scores.append(min(worse) * max(worse))
        best = likely[int(np.argmax(scores))]
        return int(a[best]), int(b[best])

    def _holding(self, rows: Ints, unit: int) -> NDArray[np.bool_]:
        """Which of the ``rows`` of the pool hold a unit."""
        return np.asarray((self._pool.sets[rows] == unit).any(axis=1))

    def _closed(self, bound_km: float) -> bool:
        """Whether a node of this bound holds nothing that is cheaper by what matters."""
        return bound_km >= self._bar_km - self._negligible_km

    @property
    def _bar_km(self) -> float:
        """What costs as much need not be found."""
        return min(self._best_km, self._ceiling_km)

    @property
    def _negligible_km(self) -> float:
        # Half of what matters, so that the bound in the end is within the whole.
        return exact_km(self._bar_km) / 2

    def _keep(self, communities: Communities) -> None:
        cost = self._problem.cost_km(communities)
        if cost < self._best_km:
            self._best, self._best_km = communities, cost
