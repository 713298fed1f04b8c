"""The columns of the choice of another grouping: near-best candidates of all levels, and units that may be left out.

Candidates and units are numbered one level after the other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grouping.cost import Floats, Ints
from grouping.near_best import NearBest

SCALE = 1_000_000
"""The budget's whole numbers for a kilometre."""

Grouping = Sequence[Sequence[Sequence[int]]]
"""The communities of each level by the numbers of their sites."""


@dataclass(frozen=True)
class Columns:
    """What may be chosen, and what it does to rows.

    Attributes:
        pools: the candidates level by level.
        level: (m,) of which level each candidate is.
        sets: (m, width) the units of each; ``nobody``, the number of units, where there is none.
        across: (m,) whether it lies across macro-regions.
        km: (m,) what it costs beyond the prices of its units.
        alone: the units that may be left out.
        alone_km: (u,) what that costs beyond their prices.
        weight: (u,) the sites of each unit.
        unit_level: (u,) the level of each unit.
        kept: (b, m) the pairs of sites together in each of the groupings to differ from that each candidate holds.
        whole: (b,) the pairs of each of those groupings.
        own: the candidates that those groupings consist of.
        at_hand: those of the first of them.
        budget: what all may cost together beyond the prices of units, ``SCALE`` for a kilometre: rounding each to the
            nearest whole number leaves no grouping out.

    """

    pools: tuple[NearBest, ...]
    level: Ints
    sets: Ints
    across: NDArray[np.bool_]
    km: Floats
    alone: Ints
    alone_km: Floats
    weight: Ints
    unit_level: Ints
    kept: Ints
    whole: Ints
    own: Ints
    at_hand: Ints
    budget: int

    @classmethod
    def of(cls, pools: Sequence[NearBest], before: Sequence[Grouping], most_km: float) -> Columns:
        """The columns for groupings that cost no more than ``most_km`` and differ from those ``before``."""
        start = np.cumsum([0, *(len(pool) for pool in pools)])
        sizes = [pool.problem.size for pool in pools]
        unit_start = np.cumsum([0, *sizes])
        sets = np.full((start[-1], max(pool.candidates.sets.shape[1] for pool in pools)), unit_start[-1])
        for number, pool in enumerate(pools):
            rows = pool.candidates.sets
            moved = np.where(rows < 0, unit_start[-1], rows + unit_start[number])
            sets[start[number] : start[number + 1], : rows.shape[1]] = moved
        may_be_alone = [np.full(pool.problem.size, pool.problem.unplaced > 0) for pool in pools]
        apart = [pool.problem.prices.apart if pool.problem.unplaced else pool.prices for pool in pools]
        kept = [
            np.concatenate([pool.pairs_kept(there) for pool, there in zip(pools, one, strict=True)]) for one in before
        ]
        own = [
            np.concatenate([first + pool.holding(there) for first, pool, there in zip(start, pools, one, strict=False)])
            for one in before
        ]
        left_km = most_km - sum(float(pool.prices.sum()) for pool in pools)
        places = sum(pool.problem.most + pool.problem.unplaced for pool in pools)
        return cls(
            tuple(pools),
            level=np.repeat(np.arange(len(pools)), np.diff(start)),
            sets=sets,
            across=np.concatenate([pool.across for pool in pools]),
            km=np.concatenate([pool.km for pool in pools]),
            alone=np.flatnonzero(np.concatenate(may_be_alone)),
            alone_km=np.concatenate(apart) - np.concatenate([pool.prices for pool in pools]),
            weight=np.concatenate([pool.problem.prices.weight for pool in pools]).astype(np.int64),
            unit_level=np.repeat(np.arange(len(pools)), sizes),
            kept=np.stack(kept),
            whole=np.array([sum(math.comb(len(one), 2) for there in all_ for one in there) for all_ in before]),
            own=np.unique(np.concatenate(own)),
            at_hand=np.sort(own[0]),
            budget=math.floor(left_km * SCALE) + places // 2,
        )

    @property
    def nobody(self) -> int:
        """How many units there are."""
        return len(self.weight)

    def together(self, chosen: Ints) -> int:
        """The pairs kept of that grouping to which the chosen candidates are nearest, less all that it has."""
        return int((self.kept[:, chosen].sum(axis=1) - self.whole).max())

    def within(self, units: Ints, chosen: Ints) -> Ints:
        """The candidates that may take the place of those chosen ones that hold any of the units."""
        inside = np.zeros(self.nobody + 1, dtype=np.bool_)
        inside[units] = True
        inside[self.sets[chosen[inside[self.sets[chosen]].any(axis=1)]]] = True
        inside[self.left_out(chosen)] = True
        inside[-1] = True
        return np.flatnonzero(inside[self.sets].all(axis=1))

    def cost_km(self, chosen: Ints) -> float:
        """What they cost beyond the prices of their units."""
        return float(self.km[chosen].sum()) + float(self.alone_km[self.left_out(chosen)].sum())

    def left_out(self, chosen: Ints) -> Ints:
        """The units that are in none of the chosen candidates."""
        there = np.zeros(self.nobody + 1, dtype=np.bool_)
        there[self.sets[chosen]] = True
        return np.flatnonzero(~there[:-1])

    def grouping(self, chosen: Ints) -> tuple[tuple[tuple[int, ...], ...], ...]:
        """The communities, level by level, that the chosen candidates are."""
        start = np.searchsorted(self.level, np.arange(len(self.pools)))
        levels: list[list[tuple[int, ...]]] = [[] for _ in self.pools]
        for one in chosen:
            level = int(self.level[one])
            levels[level].append(self.pools[level].sites(int(one - start[level])))
        return tuple(tuple(sorted(there)) for there in levels)
