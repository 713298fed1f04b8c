"""An oracle for small problems: the cost by its definition, and the best of all partitions. It shares no code with the
package beyond the types of what goes in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from grouping import Kind, Link, Scenario

APART = (Kind.AVOID, Kind.TERM_APART, Kind.LOCK_APART)


@dataclass(frozen=True)
class Instance:
    """n sites of one level: distances in km, macro-regions, who may lead, links between their numbers, themes."""

    km: Sequence[Sequence[float]]
    regions: Sequence[str | None]
    can_lead: Sequence[bool]
    links: Sequence[Link]
    scenario: Scenario
    themes: Sequence[Sequence[str]] = field(default=())

    @property
    def size(self) -> int:
        return len(self.km)


def _between(instance: Instance, i: int, j: int) -> float:
    a, b = instance.regions[i], instance.regions[j]
    border = instance.scenario.travel.cross_region_km if a and b and a != b else 0.0
    return instance.km[i][j] + border


def community_cost(instance: Instance, members: Sequence[int]) -> float | None:
    """Travel, size and theme of a community in km, without links; None where it may not be."""
    size, travel = instance.scenario.size, instance.scenario.travel
    if not size.min <= len(members) <= size.max:
        return None
    for link in instance.links:
        inside = [int(link.a) in members, int(link.b) in members]
        if link.must and (all(inside) if link.kind in APART else sum(inside) == 1):
            return None
    if instance.scenario.leads.required and not any(instance.can_lead[h] for h in members):
        return None
    if travel.measure == "hosted":
        hosts = [h for h in members if instance.can_lead[h]]
        if not hosts:
            return None
        journeys = min(sum(_between(instance, h, i) for i in members if i != h) for h in hosts)
    else:
        journeys = sum(_between(instance, i, j) for i, j in combinations(members, 2))
        if travel.measure == "rotating":
            journeys *= 2 / len(members)
    lists = [set(instance.themes[i]) for i in members] if instance.themes else []
    lists = [wanted for wanted in lists if wanted]
    unserved = min((sum(theme not in wanted for wanted in lists) for theme in set().union(*lists)), default=0)
    return journeys + size.km * abs(len(members) - size.preferred) + instance.scenario.themes.km * unserved


def grouping_cost(instance: Instance, communities: Sequence[Sequence[int]]) -> float | None:
    """What a grouping costs in km, links included; None where it breaks a hard rule."""
    home: Mapping[int, int] = {i: number for number, members in enumerate(communities) for i in members}
    total = 0.0
    for members in communities:
        cost = community_cost(instance, members)
        if cost is None:
            return None
        total += cost
    for link in instance.links:
        together = int(link.a) in home and home[int(link.a)] == home.get(int(link.b))
        if not link.must and together == (link.kind in APART):
            total += link.km or 0.0
    return total


def crosses(instance: Instance, members: Sequence[int]) -> bool:
    """Whether a community lies in more than one macro-region."""
    return len({instance.regions[i] for i in members} - {None}) > 1


def best(instance: Instance) -> tuple[int, float] | None:
    """(sites left out, cost in km) of the best grouping: fewest left out, then least cost.

    Limits on all communities hold among the groupings that leave out as few as any do; None where none of those does.
    """
    if instance.size >= instance.scenario.size.min and any(value > unset for value, unset in _limits(instance)):
        return _best_within(instance)
    n = instance.size
    worth: dict[int, float] = {}
    for members, cost in _worth(instance):
        worth[sum(1 << i for i in members)] = cost
    apart = sum(link.km or 0.0 for link in instance.links if not link.must and link.kind not in APART)
    table: list[tuple[int, float]] = [(0, 0.0)] * (1 << n)
    for mask in range(1, 1 << n):
        low = mask & -mask
        rest = mask ^ low
        left, cost = table[rest]
        choice = (left + 1, cost)
        part = rest
        while True:
            group = part | low
            if group in worth:
                left, cost = table[mask ^ group]
                choice = min(choice, (left, cost + worth[group]))
            if part == 0:
                break
            part = (part - 1) & rest
        table[mask] = choice
    left, cost = table[-1]
    return left, cost + apart


def _worth(instance: Instance) -> Iterator[tuple[Sequence[int], float]]:
    """Every community that may be, with its cost and what its links add to those of sites all apart."""
    for count in range(1, instance.size + 1):
        for members in combinations(range(instance.size), count):
            cost = community_cost(instance, members)
            if cost is not None:
                for link in instance.links:
                    if not link.must and int(link.a) in members and int(link.b) in members:
                        cost += (link.km or 0.0) * (1 if link.kind in APART else -1)
                yield members, cost


def _limits(instance: Instance) -> list[tuple[int, int]]:
    limits = instance.scenario.communities
    return [(limits.fewest, 0), (limits.most, 0), (limits.cross_region_most, -1)]


def _best_within(instance: Instance) -> tuple[int, float] | None:
    """By dynamic programming over the sites placed, the communities and those across macro-regions."""
    groups = [(sum(1 << i for i in members), crosses(instance, members), cost) for members, cost in _worth(instance)]
    by_low: dict[int, list[tuple[int, bool, float]]] = {}
    for group in groups:
        by_low.setdefault(group[0] & -group[0], []).append(group)
    full = (1 << instance.size) - 1
    # States: (sites settled, so many left out, communities, across) with the least cost.
    states: dict[int, dict[tuple[int, int, int], float]] = {0: {(0, 0, 0): 0.0}}
    for mask in range(full):
        here = states.pop(mask, {})
        low = ~mask & -~mask
        steps = [(low, 1, 0, 0, 0.0)]
        steps += [(group, 0, 1, int(over), cost) for group, over, cost in by_low.get(low, []) if not group & mask]
        for (left, count, across), spent in here.items():
            for group, out, more, over, cost in steps:
                there = states.setdefault(mask | group, {})
                key = (left + out, count + more, across + over)
                there[key] = min(there.get(key, spent + cost), spent + cost)
    final = states[full]
    least = min(left for left, _, _ in final)
    limits = instance.scenario.communities
    within = [
        cost
        for (left, count, across), cost in final.items()
        if left == least
        and count >= limits.fewest
        and (not limits.most or count <= limits.most)
        and (limits.cross_region_most < 0 or across <= limits.cross_region_most)
    ]
    apart = sum(link.km or 0.0 for link in instance.links if not link.must and link.kind not in APART)
    return (least, min(within) + apart) if within else None
