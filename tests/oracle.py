"""An oracle for small problems: the cost by its definition, and the best of all partitions. It shares no code with the
package beyond the types of what goes in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from grouping import Kind, Link, Scenario


@dataclass(frozen=True)
class Instance:
    """n sites of one level: distances in km, macro-regions, who may lead, links between their numbers."""

    km: Sequence[Sequence[float]]
    regions: Sequence[str | None]
    can_lead: Sequence[bool]
    links: Sequence[Link]
    scenario: Scenario

    @property
    def size(self) -> int:
        return len(self.km)


def _between(instance: Instance, i: int, j: int) -> float:
    a, b = instance.regions[i], instance.regions[j]
    border = instance.scenario.travel.cross_region_km if a and b and a != b else 0.0
    return instance.km[i][j] + border


def community_cost(instance: Instance, members: Sequence[int]) -> float | None:
    """Travel and size of a community in km, without links; None where it may not be."""
    size, travel = instance.scenario.size, instance.scenario.travel
    if not size.min <= len(members) <= size.max:
        return None
    for link in instance.links:
        inside = [int(link.a) in members, int(link.b) in members]
        if link.must and (all(inside) if link.kind is Kind.AVOID else sum(inside) == 1):
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
    return journeys + size.km * abs(len(members) - size.preferred)


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
        if not link.must and together == (link.kind is Kind.AVOID):
            total += link.km or 0.0
    return total


def best(instance: Instance) -> tuple[int, float]:
    """(sites left out, cost in km) of the best grouping: fewest left out, then least cost."""
    n = instance.size
    worth: dict[int, float] = {}
    for count in range(1, n + 1):
        for members in combinations(range(n), count):
            cost = community_cost(instance, members)
            if cost is not None:
                for link in instance.links:
                    if not link.must and int(link.a) in members and int(link.b) in members:
                        cost += (link.km or 0.0) * (1 if link.kind is Kind.AVOID else -1)
                worth[sum(1 << i for i in members)] = cost
    apart = sum(link.km or 0.0 for link in instance.links if not link.must and link.kind is not Kind.AVOID)
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
