"""Maps of several groupings of much the same sites, side by side: one frame, and one colour for what continues."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from matplotlib.figure import Figure

from grouping.levels import Level
from grouping.maps.atlas import NAMED_BELOW_AT_MOST, Atlas, with_sites
from grouping.maps.frames import NATION, Frame, Points, around, crowded_frames, is_regional
from grouping.maps.lettering import Lettering, Rows
from grouping.maps.page import DPI, Box, Page
from grouping.maps.scene import Scene
from grouping.messages import Message, say

_WIDTH = 15.6
_EDGE, _GAP, _TITLE, _HEAD, _LINE = 0.15, 0.12, 0.5, 0.34, 0.22
"""Inches; _HEAD is the line above each map."""
_TITLE_SIZE, _HEAD_SIZE, _TEXT_SIZE = 15.0, 11.0, 9.0
_ASPECT = NATION.width / NATION.height
_LOOK_ASPECT = 1.3
_LOOKS = 2
_CLOSER = 0.6
"""A closer look must have a scale of less than this part of what it is a look at; km per inch."""
_NAMED = 60
"""More sites that moved than this get no names: there would be no room."""
_RING = 62.0
"""The area of a ring around a site that moved; square points."""


@dataclass(frozen=True)
class Map:
    """One of the maps: whose it is, its heading, and the ids of the sites that are elsewhere than in the first one."""

    name: str
    heading: Message
    scene: Scene
    moved: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Grid:
    """Where what stands: columns so wide, each map with looks below it."""

    columns: int
    width: float
    look_width: float
    looks: int
    national: bool

    @property
    def main_height(self) -> float:
        return self.width / _ASPECT

    @property
    def look_height(self) -> float:
        return self.look_width / _LOOK_ASPECT

    @property
    def rows_of_looks(self) -> int:
        each = 2 if self.look_width < self.width else 1
        return -(-self.looks // each)

    @property
    def cell_height(self) -> float:
        return _HEAD + self.main_height + self.rows_of_looks * (self.look_height + _GAP) + 2 * _GAP

    def corner(self, number: int, top: float) -> tuple[float, float]:
        """The upper left corner of the cell of a map, where the first row begins at ``top``."""
        row, column = divmod(number, self.columns)
        return _EDGE + column * (self.width + _GAP), top - row * self.cell_height

    def look(self, number: int, left: float, top: float) -> Box:
        """The box of a look under a map whose cell begins there."""
        each = 2 if self.look_width < self.width else 1
        row, column = divmod(number, each)
        bottom = top - _HEAD - self.main_height - (row + 1) * (self.look_height + _GAP)
        return left + column * (self.look_width + _GAP), bottom, self.look_width, self.look_height


def side_by_side(atlas: Atlas, level: Level, maps: Sequence[Map], notes: Sequence[Message]) -> Figure:
    """One figure with a map for each grouping.

    Args:
        atlas: fonts, boundaries and language.
        level: of all of them.
        maps: in the order in which they are read.
        notes: what is to be said below.

    """
    points = np.vstack([one.scene.points for one in maps])
    regional = atlas.boundaries is None or is_regional(points)
    main = around(points, _ASPECT) if regional else NATION.shaped(_ASPECT)
    grid, looks = _laid_out(len(maps), points, main, national=not regional)
    rows = -(-len(maps) // grid.columns)
    page = Page.of(_WIDTH, rows * grid.cell_height + _TITLE + _EDGE, atlas.font)
    top = rows * grid.cell_height
    corners = [grid.corner(number, top) for number in range(len(maps))]
    said = [part.text(atlas.lang) for part in (*notes, *atlas.provenance())]
    for one, corner in zip(maps, corners, strict=True):
        labels = _draw(atlas, page, grid, one, corner, main, looks)
        if 0 < len(labels) <= NAMED_BELOW_AT_MOST:
            said.append(say("compare.unlabelled", atlas.lang, run=one.name, labels=labels))
        elif labels:
            said.append(say("compare.unlabelled_many", atlas.lang, run=one.name, count=len(labels)))
    lines = page.wrapped(said, say("map.caption_separator", atlas.lang), _WIDTH - 2 * _EDGE, _TEXT_SIZE)
    depth = len(lines) * _LINE + _GAP
    page.deepen(depth)
    for one, (left, upper) in zip(maps, corners, strict=True):
        page.write(left, depth + upper - _HEAD / 2, one.heading.text(atlas.lang), _HEAD_SIZE, "#222222")
    title = say("compare.map_title", atlas.lang, level=level.label)
    page.write(_EDGE, depth + top + _TITLE / 2, title, _TITLE_SIZE, "#222222")
    for number, line in enumerate(lines):
        page.write(_EDGE, depth - (number + 0.5) * _LINE, line, _TEXT_SIZE, "#444444")
    return page.figure


def _laid_out(count: int, points: Points, main: Frame, *, national: bool) -> tuple[_Grid, list[Frame]]:
    columns = count if count <= 3 else 2 if count == 4 else 3
    width = (_WIDTH - 2 * _EDGE - (columns - 1) * _GAP) / columns
    look_width = (width - _GAP) / 2 if columns < 3 else width
    # What is crowded in the least room is looked at closer.
    found = crowded_frames(np.unique(points, axis=0), main, width * DPI, _LOOK_ASPECT, _LOOKS)
    looks = [one for one in found if one.width / look_width < _CLOSER * main.width / width]
    return _Grid(columns, width, look_width, len(looks), national), looks


def _draw(
    atlas: Atlas, page: Page, grid: _Grid, one: Map, corner: tuple[float, float], main: Frame, looks: Sequence[Frame]
) -> list[str]:
    """One map with its looks; ``corner`` is the upper left one of its cell, inches.

    Returns the labels of communities for which there was no room.
    """
    left, top = corner
    shown = one.scene
    panel = atlas.panel(page, (left, top - _HEAD - grid.main_height, grid.width, grid.main_height), main)
    boxes = [grid.look(number, left, top) for number in range(len(looks))]
    panels = [atlas.panel(page, box, look) for box, look in zip(boxes, looks, strict=True)]
    inset = atlas.south_china_sea(page, panel) if grid.national else None
    for letter, look, closer in zip("ABC", looks, panels, strict=False):
        closer.tag(letter)
        panel.mark(look, letter)
    inside = [look.holds(shown.points) for look in looks]
    letterings = [with_sites(closer, shown, []) for closer in panels]
    letterings.append(with_sites(panel, shown, inside))
    if inset is not None:
        seen = main.holds(shown.points)
        lettering = with_sites(inset, shown, [seen])
        letterings.append(replace(lettering, spots=tuple(one for one in lettering.spots if not seen[one.rows].any())))
    moved = np.array([row for row, id_ in enumerate(shown.ids) if id_ in one.moved], dtype=np.int64)
    left_over = moved if len(moved) <= _NAMED else moved[:0]
    labelled: set[str] = set()
    for lettering in letterings:
        _ring(lettering, moved)
        named, groups = lettering.write(left_over)
        left_over = np.setdiff1d(left_over, named)
        labelled |= {group.community.label for group in groups}
    return [group.community.label for group in shown.groups if group.community.label not in labelled]


def _ring(lettering: Lettering, moved: Rows) -> None:
    """Rings around the dots of those that moved."""
    dots = [dot for spot in lettering.spots for row, dot in zip(spot.rows, spot.dots, strict=True) if row in moved]
    if dots:
        x, y = lettering.panel.ground(np.array(dots)).T
        lettering.panel.axes.scatter(x, y, s=_RING, facecolors="none", edgecolors="#111111", linewidths=1.1, zorder=4.7)
