"""What single changes to a grouping cost while all else stays: a move, a swap, a split, a merger."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

from grouping.cases import LevelCase
from grouping.messages import Message, message

_MOST_SPLIT = 12
"""Units of a community up to which all its splits are looked at."""


@dataclass(frozen=True, slots=True)
class Move:
    """A site's move to another community, with those that must-links bind to it (``along``).

    ``km`` is what it costs with all else as it is; infinite where that may not be, and ``obstacle`` says why. Then
    ``partners`` are those that had better come in exchange, at ``swap_km``; none and infinite where nobody can.
    """

    label: str
    along: tuple[int, ...]
    km: float
    obstacle: Message | None = None
    partners: tuple[int, ...] = ()
    swap_km: float = math.inf

    @property
    def best_km(self) -> float:
        """The price of the move, or of the swap where the move may not be."""
        return self.km if math.isfinite(self.km) else self.swap_km


@dataclass(frozen=True, slots=True)
class Split:
    """The cheapest split of a community into two that may be, and what it costs more."""

    parts: tuple[tuple[int, ...], tuple[int, ...]]
    km: float


@dataclass(frozen=True, slots=True)
class Merger:
    """The merger of two communities, and what it costs more; ``size`` is what they have together."""

    label: str
    size: int
    km: float


def moves(case: LevelCase, site: int) -> list[Move]:
    """The site's moves to each other community, the cheapest first.

    Those that may not be come after them, by what the other community alone would cost more.
    """
    own = case.home.get(site)
    found = [move(case, site, label) for label in case.communities if label != own]
    return sorted(found, key=lambda one: (one.best_km, _dearer(case, site, one), one.label))


def split(case: LevelCase, label: str) -> Split | None:
    """The cheapest split; None where no two communities come of it that may be, or too many would have to be tried."""
    members = case.communities[label]
    units = _units(case, members)
    if len(units) > _MOST_SPLIT:
        return None
    before = case.cost(members).total_km
    best: Split | None = None
    for count in range(len(units)):
        for others in combinations(units[1:], count):
            away = _sites(case, others)
            stay = tuple(one for one in members if one not in away)
            if not (_sized(case, away) and _sized(case, stay)) or _beyond(case, {label: stay, "+": away}):
                continue
            km = case.cost(away).total_km + case.cost(stay).total_km - before
            if math.isfinite(km) and (best is None or km < best.km):
                best = Split((stay, away), km)
    return best


def merger(case: LevelCase, label: str) -> Merger | None:
    """The cheapest merger with another community that may be; None where there is none."""
    members = case.communities[label]
    before = case.cost(members).total_km
    found = []
    for other, others in case.communities.items():
        together = (*members, *others)
        if other == label or not _sized(case, together) or _beyond(case, {label: together, other: ()}):
            continue
        km = case.cost(together).total_km - before - case.cost(others).total_km
        if math.isfinite(km):
            found.append(Merger(other, len(together), km))
    return min(found, key=lambda one: (one.km, one.label), default=None)


def move(case: LevelCase, site: int, label: str) -> Move:
    """The site's move to the community of that label."""
    block = tuple(case.problem.units[case.unit_of[site]].tolist())
    along = tuple(one for one in block if one != site)
    own = case.home.get(site)
    left = tuple(one for one in case.communities[own] if one not in block) if own else ()
    there = (*case.communities[label], *block)
    obstacle = _obstacle(case, own, left, label, there)
    if obstacle is None:
        return Move(label, along, _difference(case, own, left, block, label, there))
    if own is None:
        return Move(label, along, math.inf, obstacle)
    best: tuple[float, tuple[int, ...]] = (math.inf, ())
    for unit in _units(case, case.communities[label]):
        partners = tuple(case.problem.units[unit].tolist())
        ours = (*left, *partners)
        theirs = tuple(one for one in there if one not in partners)
        # Blocks that are swapped may be of different sizes.
        if _sized(case, ours) and _sized(case, theirs) and _obstacle(case, own, ours, label, theirs) is None:
            best = min(best, (_change(case, {own: ours, label: theirs}), partners))
    return Move(label, along, math.inf, obstacle, best[1], best[0])


def _dearer(case: LevelCase, site: int, move: Move) -> float:
    """What the community that a site moves to would cost more, infinite where it may not be."""
    there = (*case.communities[move.label], site, *move.along)
    return _change(case, {move.label: there}) if _sized(case, there) else math.inf


def _difference(
    case: LevelCase, own: str | None, left: tuple[int, ...], block: tuple[int, ...], label: str, there: tuple[int, ...]
) -> float:
    if own is not None:
        return _change(case, {own: left, label: there})
    alone = sum(case.problem.terms.unplaced_cost(one).total_km for one in block)
    return _change(case, {label: there}) - alone


def _change(case: LevelCase, after: dict[str, tuple[int, ...]]) -> float:
    """What communities with these members cost more than they do now."""
    return sum(
        (case.cost(members).total_km if members else 0.0) - case.cost(case.communities[label]).total_km
        for label, members in after.items()
    )


def _obstacle(
    case: LevelCase, own: str | None, left: tuple[int, ...], label: str, there: tuple[int, ...]
) -> Message | None:
    """Why two communities may not have these members."""
    low, high = case.problem.smallest, case.problem.largest
    if own is not None and len(left) < low:
        return message("why.too_small", label=own, count=len(left), min=low)
    if len(there) > high:
        return message("why.too_large", label=label, count=len(there), max=high)
    if not math.isfinite(case.cost(there).total_km):
        return message("why.forbidden", label=label)
    if own is not None and not math.isfinite(case.cost(left).total_km):
        return message("why.forbidden", label=own)
    if _beyond(case, {label: there, **({own: left} if own is not None else {})}):
        return message("why.limits")
    return None


def _beyond(case: LevelCase, after: dict[str, tuple[int, ...]]) -> bool:
    """Whether the grouping is farther from the scenario's limits on all communities with these."""
    if not case.problem.set_limits:
        return False
    changed = {**case.communities, **after}
    return case.problem.excess([_units(case, members) for members in changed.values() if members]) > 0


def _sized(case: LevelCase, members: Iterable[int]) -> bool:
    return case.problem.smallest <= len(list(members)) <= case.problem.largest


def _units(case: LevelCase, members: Iterable[int]) -> list[int]:
    return sorted({case.unit_of[one] for one in members})


def _sites(case: LevelCase, units: Iterable[int]) -> tuple[int, ...]:
    return tuple(sorted(int(site) for unit in units for site in case.problem.units[unit]))
