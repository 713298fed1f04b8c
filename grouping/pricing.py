"""Exact pricing: the candidates of least reduced cost, and all of those below a threshold.

Each community is found at one root: its dearest unit, of those that may lead where one must, or, under the hosted
measure, its host; of twins it holds the first ones. Each theme has a search of its own. Nothing is cut off by distance:
what the search leaves out is proved to be at or above the threshold.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from typing import Self

import numpy as np

from grouping.areas import Areas, PricedAreas, area_tolls
from grouping.borders import NO_BORDER, Border, crossing
from grouping.candidates import Candidates
from grouping.clock import Clock
from grouping.company import Ties, factor_of, nearest
from grouping.cost import HOSTED, Floats, Ints, Prices
from grouping.cuts import Cuts, tolls
from grouping.depth_first import search_root
from grouping.ground import joint_table, with_host_tables
from grouping.problem import Problem
from grouping.roots import alone, clusters
from grouping.together import Split

_ROOM = 256
"""Candidates that one root may first return; the room grows as needed."""

_MET = 96
"""Candidates of one root that may be kept when only the best is sought."""

_NODES = 3_000_000
"""Partial sets that the search of one root may open at first, a second or so of work."""
_LONG, _FEW, _MORE = 10_000, 0.02, 8
"""Where so many, or more, were not enough for a few roots, such a share of all, these are searched again, with so many
times as many partial sets: beyond the most there are, once."""
_CROWD = 40
"""Units beyond which it is worth looking at each of them together with the root first."""
_MOST_PAIRS = 400_000_000
"""Pairs of units, and of hosts and units, that are put into tables where only places are known: 3.2 GB."""
_Root = tuple[int, int, int]
"""A unit, the row of the host or -1, the theme or -1."""
_WORK = 2.5e-8
"""Deterministic seconds for each unit that a partial set may take in."""


def may_be_priced(problem: Problem) -> bool:
    """Whether there is memory for :class:`Pricer` to price all units of a problem at once."""
    units, ground = problem.size, problem.prices.ground
    return not len(ground.start) or units * (units + 2 * len(ground.host)) <= _MOST_PAIRS


@dataclass(frozen=True, slots=True)
class Duals:
    """Dual prices in km.

    ``unit`` (u,) are those of each unit's row, ``community`` that of the row that counts communities, ``border`` that
    of the row that counts those across macro-regions; ``cuts`` and ``areas`` have theirs.
    """

    unit: Floats
    community: float
    cuts: Cuts
    areas: PricedAreas
    border: Border = NO_BORDER

    @classmethod
    def of(cls, unit: Floats, largest: int, community: float = 0.0) -> Self:
        """Prices without cuts, where communities have so many sites at most."""
        none = Areas.none(len(unit), largest).priced(np.zeros(0))
        return cls(unit, community, Cuts.none(len(unit)), none)

    def worth(self, candidates: Candidates, weight: Ints) -> Floats:
        """(m,) km: what the prices pay for each candidate; what it costs more is its reduced cost.

        ``weight`` (u,) are the sites of each unit.
        """
        units = np.append(self.unit, 0.0)[candidates.sets].sum(axis=1)
        worth = units + self.community - tolls(self.cuts, candidates.sets, candidates.counts)
        if len(self.areas.price):
            worth -= area_tolls(self.areas.tolls, weight, candidates.sets, candidates.counts)
        if self.border.price:
            worth -= self.border.price * crossing(self.border.region, candidates.sets, candidates.counts)
        return np.asarray(worth)


@dataclass(frozen=True, slots=True)
class Priced:
    """What one round of pricing found.

    ``least`` (u,) is for each unit as a root a lower bound on the reduced cost of its candidates, at most 0; where
    the search of all roots was finished (``exact``), it is the least one itself, or 0.
    """

    candidates: Candidates
    least: Floats
    exact: bool


class Pricer:
    """Prices the candidates of one problem.

    Args:
        problem: one level. Duals are given, and found candidates lowered, with its twins in mind: twins have the same
            dual, and no rank-1 cuts.
        workers: threads.
        clock: told of the work; a search under way gives up, with a valid bound, once it stops.
        own: only candidates that hold one of the first so many units are looked for, each at the dearest of them, or
            under the hosted measure at its host, and with one of them where that is none; any, if None.

    """

    def __init__(self, problem: Problem, workers: int, clock: Clock, own: int | None = None) -> None:
        self.prices = problem.prices
        self.twins = problem.twins
        self.sizes = range(problem.smallest, problem.largest + 1)
        self.largest = problem.largest
        self.workers = workers
        self.clock = clock
        self.units = problem.size
        self.own = problem.size if own is None else own
        self._of_window = own is not None

    @property
    def most_nodes(self) -> int:
        """Partial sets that the search of one root may open at most, before a few are searched again."""
        return _NODES

    def least(self, duals: Duals, nodes: int | None = None) -> Priced:
        """The best candidate below 0 of each root and size that is met within ``nodes`` partial sets a root.

        Those that were the best for a while are among the ``candidates`` too.
        """
        most = len(self._roots) * _MET
        return self._search(duals, 0.0, True, most, self.most_nodes if nodes is None else nodes)

    def below(self, duals: Duals, threshold: float, most: int) -> Priced:
        """Every candidate with a reduced cost below ``threshold`` km; not ``exact`` if there are more than ``most``."""
        return self._search(duals, threshold, False, most, self.most_nodes)

    @cached_property
    def _roots(self) -> list[_Root]:
        """Each root, with each theme."""
        first = self.twins.count > 0
        if len(self.prices.able):
            first &= self.prices.able
        firsts = np.flatnonzero(first)
        themes = range(self.prices.miss.shape[1]) if self.prices.miss.shape[1] else [-1]
        if self.prices.measure != HOSTED:
            return [(unit, -1, theme) for unit in firsts[firsts < self.own].tolist() for theme in themes]
        starts = self.prices.host_start
        hosts = [(unit, host) for unit in firsts.tolist() for host in range(starts[unit], starts[unit + 1])]
        return [(unit, host, theme) for unit, host in hosts for theme in themes]

    @cached_property
    def _tabled(self) -> Prices:
        """The prices with what the search reads of hosts."""
        return with_host_tables(self.prices)

    @cached_property
    def _ties(self) -> Ties:
        """What the search knows of connections beforehand."""
        prices = self.prices
        near = np.zeros((len(self.sizes), self.largest + 1, self.units))
        joint = joint_table(prices)
        factors = np.array([factor_of(prices.measure, size) for size in self.sizes])
        if prices.measure != HOSTED:
            nearest(prices.weight, joint, near[0])
            near[:] = factors[:, None, None] * near[0]
        # Twins must look the same to the search, to the last bit.
        near[:] = near[:, :, self.twins.first]
        return Ties(joint, prices.pair, self._split(np.zeros(self.units)), near, *clusters(joint, prices.pair))

    def _split(self, unit_dual: Floats) -> Split:
        """Who has how much of what two gain by being together, at such prices of units (u,)."""
        split = self.prices.pair.split(unit_dual - self.prices.by_itself)
        return split._replace(gain=split.gain[self.twins.first])

    def _rank(self, unit_worth: Floats) -> Ints:
        """(u,): which of a candidate's own units is its root, that of the lowest rank; twins have the same.

        With the dearest taken, the others are worth less: a third fewer partial sets are to be looked at, and what is
        still open when the search gives up is half as much.
        """
        worth = np.append(unit_worth[: self.own], np.full(self.units - self.own, -np.inf))
        rank = np.empty(self.units, dtype=np.int64)
        rank[np.argsort(-worth, kind="stable")] = np.arange(self.units)
        return np.asarray(rank[self.twins.first])

    def _search(self, duals: Duals, threshold: float, best_only: bool, most: int, nodes: int) -> Priced:
        if not duals.cuts.are_triples:
            raise ValueError("pricing knows cuts of three rows only")
        prices = self._tabled
        split = self._split(duals.unit)
        ties = self._ties._replace(split=split)
        areas = duals.areas.tolls
        own = alone(self.prices, duals.unit, ties, self.sizes.start)
        rank = self._rank(duals.unit - prices.by_itself + split.gain)
        # Where the theme is settled, what it costs is each unit's own. Without themes, the last is the only one.
        owns = [own + prices.theme_km * missed for missed in prices.miss.T] or [own]

        nothing = np.zeros(self.own)

        def search(root: _Root, nodes: int) -> tuple[Ints, dict[int, float], bool, int]:
            looks = 0
            # For its candidates a root answers that is an own unit; for those of others the own units do.
            least_with = nothing if root[0] < self.own else np.zeros(self.own)
            space = _MET if best_only else min(_ROOM, most)
            while True:
                sets = np.full((space, self.largest), -1, dtype=np.int64)
                count, least, finished, looked = search_root(
                    prices,
                    owns[root[2]],
                    duals.community,
                    duals.cuts,
                    areas,
                    duals.border,
                    self.twins.first,
                    self.twins.before,
                    rank,
                    ties,
                    self.sizes.start,
                    *root,
                    threshold,
                    best_only,
                    nodes,
                    _CROWD,
                    self.clock.halt,
                    sets,
                    least_with,
                )
                looks += looked
                if best_only or count <= space or space >= most or not finished:
                    if root[0] < self.own:
                        leasts = {root[0]: least}
                    else:
                        leasts = {unit: float(least_with[unit]) for unit in np.flatnonzero(least_with).tolist()}
                    return sets[:count], leasts, finished and (best_only or count <= space), looks
                space = min(most, max(8 * space, count))

        found: dict[_Root, tuple[Ints, dict[int, float], bool]] = {}
        total = 0
        looks = 0
        todo = self._roots
        # A window has a thread of its own already; to wait for another one costs as much as most roots do.
        one_thread = self._of_window and self.workers == 1
        with ThreadPoolExecutor(self.workers) as pool:
            searched = map if one_thread else pool.map
            while todo:
                for root, (sets, leasts, finished, looked) in zip(
                    todo, searched(search, todo, repeat(nodes)), strict=True
                ):
                    # Of roots in their order, whatever other threads did meanwhile.
                    looks += looked
                    total += len(sets) - (len(found[root][0]) if root in found else 0)
                    found[root] = sets, leasts, finished
                    if total > most:
                        pool.shutdown(cancel_futures=True)
                        break
                hard = [root for root in todo if total <= most and not found[root][2]]
                # A few that take long would spoil the bound of all.
                few = len(hard) <= _FEW * len(self._roots) and _LONG <= nodes < self.most_nodes
                todo = hard if few else []
                nodes *= _MORE
        kept = [np.zeros((0, self.largest), dtype=np.int64), *(sets for sets, _, _ in found.values())]
        exact = total <= most and all(finished for _, _, finished in found.values())
        least = np.zeros(self.units)
        for _, leasts, _ in found.values():
            for unit, km in leasts.items():
                least[unit] = min(least[unit], km)
        self.clock.spend(_WORK * looks)
        # Twins are roots as the first of them is, for there may be as many such communities as twins.
        return Priced(Candidates.of_rows(np.concatenate(kept)), least[self.twins.first], exact)
