"""Labels: a community that goes on keeps the name under which its members know it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count

from grouping.levels import Level
from grouping.messages import message
from grouping.result import Community, LevelResult

_LABELS = {
    Level.PROVINCE: "solve.label_province",
    Level.PREFECTURE: "solve.label_prefecture",
    Level.COUNTY: "solve.label_county",
    Level.TOWNSHIP: "solve.label_township",
}


def label(level: Level, number: int) -> str:
    """The name of a level's community of that number."""
    return message(_LABELS[level], number=number).text()


def continued(level: LevelResult, earlier: Mapping[str, Sequence[str]]) -> LevelResult:
    """The level with the labels of ``earlier`` communities on those that continue them.

    A community continues an earlier one if most of those who were in it, and take part, are together in it; of several
    such, the one that most come from. Those that continue come first, in the order of ``earlier``; the rest
    are numbered on, by numbers that no earlier community has.

    Args:
        level: whose communities are in an order that the rows of the list do not change.
        earlier: the ids of the members by label, those who take no part any more left out.

    """
    if not earlier:
        return level
    place = {name: rank for rank, name in enumerate(earlier)}
    home = {site: name for name, ids in earlier.items() for site in ids}
    claims = []
    for number, community in enumerate(level.communities):
        shared: dict[str, int] = {}
        for site in community.members:
            if (name := home.get(site.id)) is not None:
                shared[name] = shared.get(name, 0) + 1
        claims += [(-times, place[name], number) for name, times in shared.items() if 2 * times > len(earlier[name])]
    names = list(earlier)
    taken: dict[int, str] = {}
    for _, rank, number in sorted(claims):
        if number not in taken and names[rank] not in taken.values():
            taken[number] = names[rank]
    fresh = (name for name in (label(level.level, number) for number in count(1)) if name not in earlier)
    kept = sorted(taken, key=lambda number: place[taken[number]])
    new = [number for number in range(len(level.communities)) if number not in taken]
    communities: list[Community] = [replace(level.communities[number], label=taken[number]) for number in kept]
    communities += [replace(level.communities[number], label=next(fresh)) for number in new]
    return replace(level, communities=tuple(communities))


def matched(level: Level, communities: Sequence[Sequence[int]], earlier: Mapping[str, Sequence[int]]) -> dict[int, str]:
    """A label for each of ``communities``, by its number: that of the ``earlier`` one it shares most members with.

    Each earlier label is given once, to whoever shares most; the rest are numbered on. Members are any numbers.
    """
    names = list(earlier)
    shared = [
        (-len(set(members) & set(earlier[name])), rank, number)
        for number, members in enumerate(communities)
        for rank, name in enumerate(names)
    ]
    taken: dict[int, str] = {}
    for times, rank, number in sorted(shared):
        if times and number not in taken and names[rank] not in taken.values():
            taken[number] = names[rank]
    fresh = (name for name in (label(level, number) for number in count(1)) if name not in earlier)
    return taken | {number: next(fresh) for number in range(len(communities)) if number not in taken}
