"""What a map shows of one level: where the sites are, and each community with its colour and its hub."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grouping.maps.frames import Points, project
from grouping.result import Community, LevelResult
from grouping.sites import Site

# Strong enough for white letters on them, and told apart by most readers with colour-blindness when neighbours differ.
COLOURS = (
    "#1f5fa8",
    "#c8401f",
    "#2c7f3f",
    "#7b3fa0",
    "#a8700a",
    "#0c7f86",
    "#b52c6e",
    "#5a5f66",
    "#6b7a12",
    "#8a3b2a",
    "#2f43b0",
    "#c05a00",
)

_A_PLACE = "(?=[^社]{1,9}?[市区县旗州盟镇乡]|[^社]{1,9}?(街道|地区))"
"""Followed by what looks like a division. 社区, as in 社区学院, is none."""


@dataclass(frozen=True, slots=True)
class Group:
    """One community on the map: ``spots`` are rows of the scene's points, ``hub`` the row that its spokes lead to."""

    community: Community
    spots: NDArray[np.int64]
    hub: int
    colour: str


@dataclass(frozen=True, slots=True)
class Scene:
    """Sites with coordinates of one level. ``lost`` counts those without, ``unplaced`` are rows without a community.

    ``names`` are short; ``ids`` those of the list.
    """

    names: tuple[str, ...]
    ids: tuple[str, ...]
    points: Points
    groups: tuple[Group, ...]
    unplaced: NDArray[np.int64]
    lost: int

    @property
    def stars(self) -> frozenset[int]:
        """The rows of the lead units."""
        return frozenset(group.hub for group in self.groups if group.community.lead is not None)


def scene(level: LevelResult, colours: Mapping[str, str] | None = None) -> Scene | None:
    """The scene of a level, or None where no site has coordinates.

    ``colours`` are those that communities have already, by their labels.
    """
    sites: list[Site] = []
    rows: list[tuple[Community, list[int], int | None]] = []
    for community in level.communities:
        placed = [site for site in community.members if site.lon is not None and site.lat is not None]
        if placed:
            first = len(sites)
            lead = next((first + k for k, site in enumerate(placed) if site is community.lead), None)
            rows.append((community, list(range(first, first + len(placed))), lead))
            sites += placed
    first = len(sites)
    sites += [item.site for item in level.unplaced if item.site.lon is not None and item.site.lat is not None]
    if not sites:
        return None
    points = project([site.lon or 0.0 for site in sites], [site.lat or 0.0 for site in sites])
    everyone = sum(len(community.members) for community in level.communities) + len(level.unplaced)
    given = [(colours or {}).get(community.label) for community, _, _ in rows]
    drawn = _colours([points[spots].mean(axis=0) for _, spots, _ in rows], given)
    groups = tuple(
        Group(community, np.array(spots), _middle(points, spots) if lead is None else lead, colour)
        for (community, spots, lead), colour in zip(rows, drawn, strict=True)
    )
    ids = tuple(site.id for site in sites)
    return Scene(_labels(sites), ids, points, groups, np.arange(first, len(sites)), everyone - len(sites))


def _labels(sites: list[Site]) -> tuple[str, ...]:
    """The sites' short names; the full ones of those that would be called alike."""
    short = [short_name(site.name) for site in sites]
    count = Counter(short)
    return tuple(name if count[name] == 1 else site.name for name, site in zip(short, sites, strict=True))


def short_name(name: str) -> str:
    """A site's name without the province and the city before its place: 浙江省杭州市上城区 is 上城区.

    What is left begins with a place, for 河北省教育局 and 廊坊市教育局 must not both become 教育局.
    """
    name = re.sub(rf"^.{{2,}}?(省|自治区|特别行政区){_A_PLACE}", "", name)
    return re.sub(rf"^([^区县]{{2,4}}?市|[^区县]{{2,12}}?(自治州|地区|盟)){_A_PLACE}", "", name)


def _middle(points: Points, spots: list[int]) -> int:
    """The spot with the least total distance to the others."""
    chosen = points[spots]
    return spots[int(np.argmin(np.hypot(*(chosen[:, None] - chosen[None]).transpose(2, 0, 1)).sum(axis=1)))]


def _colours(centres: list[Points], given: list[str | None]) -> list[str]:
    """A colour for each community: all different while they last, then such that equal ones are far apart."""
    colours = list(given)
    for number, centre in enumerate(centres):
        if colours[number] is None:
            crowding = dict.fromkeys(COLOURS, 0.0)
            # Those given are there already; of the others only those before.
            for other, colour in zip(centres, colours, strict=True):
                if colour in crowding:
                    crowding[colour] += 1.0 / (1.0 + float(np.hypot(*(centre - other))))
            colours[number] = min(COLOURS, key=lambda colour: crowding[colour])
    return [colour or COLOURS[0] for colour in colours]
