"""Other groupings that cost little more and differ as much as possible.

Each alternative parts as many pairs of sites as possible of that one of the groupings before it to which it is nearest;
of those that differ as much, it is a cheap one. All levels share one budget.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grouping.cases import Case, LevelCase
from grouping.clock import Clock
from grouping.columns import Columns, Grouping
from grouping.difference import most_different
from grouping.near_best import near_best

_FOR_EVER = 604_800.0
"""Seconds, where nobody asks it to stop."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another grouping: the members (numbers of sites) of each level's communities.

    ``parted`` is how many pairs of sites that are together in the grouping at hand are not here; ``apart`` the same
    against the nearest of all groupings before it, and ``most_apart`` what that could be at most, as far as the
    ``candidates`` go: all there can be if ``exact``.
    """

    levels: tuple[tuple[tuple[int, ...], ...], ...]
    cost_km: float
    parted: int
    apart: int
    most_apart: int
    exact: bool
    candidates: int

    @property
    def proved(self) -> bool:
        """Whether nothing within the budget differs more, as far as the candidates go."""
        return self.apart == self.most_apart


@dataclass(frozen=True)
class Found:
    """The alternatives, and whether it is proved that there are no more where they are fewer than asked for."""

    alternatives: tuple[Alternative, ...]
    complete: bool


def alternatives(
    case: Case, count: int, within: float, *, work: float = 60.0, workers: int = 1, clock: Clock | None = None
) -> Found:
    """Up to ``count`` alternatives that cost no more than the grouping at hand and the fraction ``within`` of it.

    They leave out as many sites as it does, level by level, and keep all hard rules. The same case gives the same
    alternatives, unless the ``clock`` cuts it short.

    Args:
        case: the grouping at hand.
        count: how many.
        within: such as 0.02.
        work: CP-SAT's deterministic seconds for each.
        workers: threads for pricing.
        clock: may stop it.

    """
    clock = clock or Clock(_FOR_EVER)
    total = sum(level.cost_km for level in case.levels)
    budget = within * total
    pools = near_best(case, budget, workers, clock)
    exact = all(pool.exact for pool in pools)
    before: list[Grouping] = [tuple(tuple(level.communities.values()) for level in case.levels)]
    found: list[Alternative] = []
    while len(found) < count:
        if clock.stopped():
            return Found(tuple(found), complete=False)
        columns = Columns.of(pools, before, total + budget)
        other = most_different(columns, work, case.scenario.seed, clock)
        if other.chosen is None:
            return Found(tuple(found), complete=exact and other.proved)
        levels = columns.grouping(other.chosen)
        cost = sum(_level_km(level, there) for level, there in zip(case.levels, levels, strict=True))
        parted = _parted(before[0], levels)
        found.append(Alternative(levels, cost, parted, other.apart, other.most, exact, len(columns.km)))
        before.append(levels)
    return Found(tuple(found), complete=True)


def cores(case: LevelCase, others: Grouping) -> Mapping[str, tuple[int, ...]]:
    """For each community of the grouping at hand, the largest part of it that stays together in all ``others``.

    A site alone is no such part; a site of none of them swings.
    """
    homes = [{site: number for number, members in enumerate(one) for site in members} for one in others]
    found = {}
    for label, members in case.communities.items():
        parts: dict[tuple[int, ...], list[int]] = {}
        for site in members:
            parts.setdefault(tuple(home.get(site, -1 - site) for home in homes), []).append(site)
        largest = max(parts.values(), key=len)
        if len(largest) > 1:
            found[label] = tuple(largest)
    return found


def _level_km(case: LevelCase, communities: Sequence[Sequence[int]]) -> float:
    placed = {site for members in communities for site in members}
    alone = [site for site in range(len(case.problem.sites)) if site not in placed]
    kilometres = [case.problem.terms.cost(members).total_km for members in communities]
    return sum(kilometres) + sum(case.problem.terms.unplaced_cost(site).total_km for site in alone)


def _parted(before: Grouping, now: Grouping) -> int:
    """How many pairs that were together are not any more."""
    parted = 0
    for old, new in zip(before, now, strict=True):
        home = {site: number for number, members in enumerate(new) for site in members}
        for members in old:
            counts: dict[int, int] = {}
            for site in members:
                key = home.get(site, -1 - site)
                counts[key] = counts.get(key, 0) + 1
            parted += math.comb(len(members), 2) - sum(math.comb(n, 2) for n in counts.values())
    return parted
