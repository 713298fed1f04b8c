"""The words in a panel: the communities' labels and the sites' names, each beside what it is of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray

from grouping.maps.frames import Points
from grouping.maps.labels import Boxes, Ground, Label, Placed, nearest, place
from grouping.maps.panel import LABEL_SIZE, UNPLACED, Align, Panel
from grouping.maps.scene import Group, Scene
from grouping.maps.spots import DOT, STAR, Spot

Rows = NDArray[np.int64]

_NAME_SIZE = 7.0
_PAD = 3.0
_GAP = 1.5
"""Between a dot and its name, pixels."""
_BETWEEN = 7.0
"""Between two columns of names, pixels."""
_NAME_REACH, _BLOCK_REACH, _GROUP_REACH, _CROWDED_REACH, _NUMBER_REACH = 115.0, 190.0, 190.0, 66.0, 33.0
"""How far from its place may be: a site's name, the names at one place, a community's label, one of many, a number."""
_COLUMNS_AT_MOST = 4
_MEMBERS_TRIED = 3
"""A community's label is tried beside its middle and so many of its members."""
_SHARED = "#555555"
"""The colour of a line or number that is of several communities."""
_NUMBERED_AT_MOST = 60
"""More sites than this without a name get no numbers either: nobody would look them up."""
_MANY = 400
"""Of more names than this most have no room anyway; to look for it far and wide would take minutes."""
_MANY_GROUPS = 150
"""Likewise of the labels of communities."""


@dataclass(frozen=True, slots=True)
class _Block:
    """The names of sites at one place, one below the other in one or more columns; most often of one site alone.

    ``lines`` are the texts with their colours.
    """

    spot: Spot
    rows: Rows
    lines: tuple[tuple[str, str], ...]

    @property
    def colour(self) -> str:
        """The colour of what belongs to all of the names."""
        colours = {colour for _, colour in self.lines}
        return colours.pop() if len(colours) == 1 else _SHARED


@dataclass(frozen=True)
class Lettering:
    """A panel with its dots, on the way to its words. ``groups`` are the communities that get their labels in it."""

    panel: Panel
    scene: Scene
    spots: tuple[Spot, ...]
    groups: tuple[Group, ...]

    def write(self, rows: Rows) -> tuple[Rows, tuple[Group, ...]]:
        """Write the communities' labels, and the names of the sites in ``rows``, where there is room.

        Returns the sites named and the communities labelled.
        """
        blocks = self._blocks(rows)
        many = len(blocks) > _MANY or len(self.groups) > _MANY_GROUPS
        names = [self._label(block, self._sizes(block), 0.0 if many else _reach(block)) for block in blocks]
        chips = [self._chip(group, _CROWDED_REACH if many else _GROUP_REACH) for group in self.groups]
        labelled = self._place(chips, None if many else nearest(names))
        self._draw_chips(labelled)
        placed = self._place(names)
        for index in np.flatnonzero(placed.kept):
            self._draw_names(blocks[index], placed.boxes[index], int(placed.sizes[index]))
            self._draw_line(placed.lines[index], blocks[index].colour)
        groups = tuple(group for group, here in zip(self.groups, labelled.kept, strict=True) if here)
        return _joined(block.rows for block, here in zip(blocks, placed.kept, strict=True) if here), groups

    def number(self, rows: Rows, first: int) -> list[Rows]:
        """Write numbers from ``first`` on in place of the names; returns the sites of each number, of one place."""
        blocks = self._blocks(rows)
        size = self._measured(str(first + len(blocks)))
        placed = self._place([self._label(block, (size,), _NUMBER_REACH) for block in blocks])
        kept = np.flatnonzero(placed.kept)
        for number, index in enumerate(kept, first):
            colour = blocks[index].colour
            self.panel.write(_middle(placed.boxes[index]), str(number), _NAME_SIZE, colour=colour)
            self._draw_line(placed.lines[index], colour)
        return [blocks[index].rows for index in kept]

    def _place(self, labels: Sequence[Label], wanted: Boxes | None = None) -> Placed:
        edge = self.panel.axes.bbox
        bounds = np.array([edge.x0 + 3, edge.y0 + 3, edge.x1 - 3, edge.y1 - 3])
        taken = np.array(self.panel.taken, dtype=np.float64).reshape(-1, 4)
        placed = place(labels, Ground(bounds, taken, self._dots, self._spokes), wanted)
        self.panel.taken.extend((left, bottom, right, top) for left, bottom, right, top in placed.taken())
        return placed

    @cached_property
    def _dots(self) -> NDArray[np.float64]:
        """Middles and radii of the dots."""
        radii = [STAR if row in self.scene.stars else DOT for spot in self.spots for row in spot.rows]
        return np.column_stack([np.vstack([np.empty((0, 2)), *(spot.dots for spot in self.spots)]), radii])

    @cached_property
    def _positions(self) -> Points:
        """Where the dot of each row stands."""
        pixels = self.panel.pixels(self.scene.points)
        for spot in self.spots:
            pixels[spot.rows] = spot.dots
        return pixels

    @cached_property
    def _spokes(self) -> NDArray[np.float64]:
        """(k, 2, 2): the lines between members and hubs."""
        ends = [(group.hub, row) for group in self.scene.groups for row in group.spots if row != group.hub]
        return self._positions[np.array(ends, dtype=np.int64).reshape(-1, 2)]

    # --- Names -----------------------------------------------------------------------------------------

    def _blocks(self, rows: Rows) -> list[_Block]:
        colours = {int(row): group.colour for group in self.scene.groups for row in group.spots}
        blocks = []
        for spot in self.spots:
            own = spot.rows[np.isin(spot.rows, rows)]
            if len(own):
                lines = tuple((self.scene.names[row], colours.get(int(row), UNPLACED)) for row in own)
                blocks.append(_Block(spot, own, lines))
        return blocks

    def _label(self, block: _Block, sizes: tuple[tuple[float, float], ...], reach: float) -> Label:
        rim = STAR - DOT if any(row in self.scene.stars for row in block.spot.rows) else 0.0
        return Label(block.spot.middle[None], sizes, block.spot.radius + rim + _GAP, reach)

    def _sizes(self, block: _Block) -> tuple[tuple[float, float], ...]:
        """How wide and high the block is in one column, in two, and so on."""
        sizes = []
        for columns in range(1, min(_COLUMNS_AT_MOST, len(block.lines)) + 1):
            widths, height = self._columns(block, columns)
            sizes.append((sum(widths) + _BETWEEN * (len(widths) - 1), height * _depth(block, columns)))
        return tuple(sizes)

    def _columns(self, block: _Block, columns: int) -> tuple[list[float], float]:
        """The widths of the columns, and the height of a line."""
        sizes = [self._measured(text) for text, _ in block.lines]
        depth = _depth(block, columns)
        widths = [max(width for width, _ in sizes[at : at + depth]) for at in range(0, len(sizes), depth)]
        return widths, max(height for _, height in sizes)

    def _measured(self, text: str) -> tuple[float, float]:
        width, height = self.panel.measure(text, _NAME_SIZE)
        return width + 2, height + 1

    def _draw_names(self, block: _Block, box: NDArray[np.float64], size: int) -> None:
        if len(block.lines) == 1:
            ((text, colour),) = block.lines
            self.panel.write(_middle(box), text, _NAME_SIZE, colour=colour)
            return
        widths, height = self._columns(block, size + 1)
        depth = _depth(block, size + 1)
        # Names in one column to the left of their dots end near them.
        align: Align = "right" if len(widths) == 1 and box[2] <= block.spot.middle[0] else "left"
        for number, (text, colour) in enumerate(block.lines):
            column, line = divmod(number, depth)
            x = box[2] if align == "right" else box[0] + sum(widths[:column]) + _BETWEEN * column
            y = box[3] - height * (line + 0.5)
            self.panel.write(np.array([x, y]), text, _NAME_SIZE, colour=colour, align=align)

    def _draw_line(self, line: Points, colour: str) -> None:
        if not np.isnan(line[0, 0]):
            self.panel.lead(line, colour)

    # --- Communities -----------------------------------------------------------------------------------

    def _members(self, group: Group) -> Points:
        """The dots of the members in the frame."""
        return self._positions[group.spots[self.panel.frame.holds(self.scene.points[group.spots])]]

    def _chip(self, group: Group, reach: float) -> Label:
        members = self._members(group)
        middle = members.mean(axis=0)
        near = members[np.argsort(np.hypot(*(members - middle).T), kind="stable")]
        width, height = self.panel.measure(group.community.label, LABEL_SIZE)
        size = width + 2 * _PAD, height + 2 * _PAD
        anchors = np.vstack([middle, near[:_MEMBERS_TRIED]])
        return Label(anchors, (size,), STAR + _GAP, reach, centred=len(members) > 1, covers=True)

    def _draw_chips(self, placed: Placed) -> None:
        for group, box, line in zip(self.groups, placed.boxes, placed.lines, strict=True):
            if np.isnan(box[0]):
                continue
            hull = self.panel.hull(self.panel.ground(self._members(group)))
            corners = self.panel.ground(box.reshape(2, 2)).ravel()
            if hull is None or not shapely.box(*corners).intersects(hull):
                self._draw_line(line, group.colour)
            self.panel.fill(box, group.colour)
            self.panel.write(_middle(box), group.community.label, LABEL_SIZE, colour="white", halo=False)


def _reach(block: _Block) -> float:
    """How far from its place a block may stand: that of many names finds room less easily."""
    return _NAME_REACH if len(block.lines) == 1 else _BLOCK_REACH


def _depth(block: _Block, columns: int) -> int:
    """How many lines there are in each of so many columns."""
    return -(-len(block.lines) // columns)


def _joined(parts: Iterable[Rows]) -> Rows:
    return np.concatenate([np.empty(0, dtype=np.int64), *parts])


def _middle(box: NDArray[np.float64]) -> Points:
    return np.asarray((box[:2] + box[2:]) / 2)


# --- All panels ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Unnamed:
    """What has no name on a map: sites with a number in its place, of one place under each; ``rows`` without either.

    ``groups`` are communities without a label.
    """

    numbered: tuple[Rows, ...]
    rows: Rows
    groups: tuple[Group, ...]


def name_all(panels: Sequence[Lettering], scene: Scene) -> Unnamed:
    """Name every site once: in the first of ``panels``, which begin with the closest, that shows it and has room.

    Where a few are left over they get numbers instead.
    """
    left = np.arange(len(scene.names))
    labelled: set[str] = set()
    for panel in panels:
        named, groups = panel.write(left)
        left = np.setdiff1d(left, named)
        labelled.update(group.community.label for group in groups)
    numbered: list[Rows] = []
    if len(left) <= _NUMBERED_AT_MOST:
        for panel in panels:
            numbered += panel.number(left, len(numbered) + 1)
            left = np.setdiff1d(left, _joined(numbered))
    without = tuple(group for group in scene.groups if group.community.label not in labelled)
    return Unnamed(tuple(numbered), left, without)
