"""The legend of a map: each community with its colour and its members, in columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grouping.maps.page import Page
from grouping.maps.scene import Group
from grouping.messages import Lang, say

NAMED_AT_MOST = 30
"""With more communities the names of their members would outgrow the map; they are in the workbook."""
_LISTED_AT_MOST = 108
_COLUMNS, _NARROW_COLUMNS = 3, 9
_SIZE = 9.0
_LINE, _CHIP, _SPACE = 0.2, 0.66, 0.1
"""Inches: the height of a line, the width of a community's label, the space beside it."""


@dataclass(frozen=True, slots=True)
class Legend:
    """Columns, each ``width`` inches wide, of communities with their lines of text."""

    columns: tuple[tuple[tuple[Group, tuple[str, ...]], ...], ...]
    width: float

    @property
    def depth(self) -> float:
        """How deep the deepest column is, inches."""
        return max((sum(len(lines) for _, lines in column) for column in self.columns), default=0) * _LINE

    def draw(self, page: Page, left: float, top: float) -> None:
        """Draw the legend with its upper left corner there."""
        for number, column in enumerate(self.columns):
            x = left + number * self.width
            y = top - _LINE / 2
            for group, lines in column:
                page.fill((x, y - 0.08, _CHIP, 0.16), group.colour)
                page.write(x + _CHIP / 2, y, group.community.label, _SIZE - 0.5, "white", centred=True)
                for line in lines:
                    page.write(x + _CHIP + _SPACE, y, line, _SIZE, "#222222")
                    y -= _LINE


def legend(page: Page, groups: Sequence[Group], width: float, lang: Lang, *, narrow: bool = False) -> Legend:
    """A legend ``width`` inches wide in columns of about equal depth; in one column where it is ``narrow``."""
    if len(groups) > _LISTED_AT_MOST:
        return Legend((), width)
    named = len(groups) <= NAMED_AT_MOST
    count = 1 if narrow else _COLUMNS if named else _NARROW_COLUMNS
    room = width / count - _CHIP - 2 * _SPACE
    entries = [(group, _lines(page, group, room, lang, named=named)) for group in groups]
    depth = sum(len(lines) for _, lines in entries) / count
    columns: list[list[tuple[Group, tuple[str, ...]]]] = [[]]
    filled = 0
    for entry in entries:
        if filled >= depth and len(columns) < count:
            columns.append([])
            filled = 0
        columns[-1].append(entry)
        filled += len(entry[1])
    return Legend(tuple(tuple(column) for column in columns), width / count)


def _lines(page: Page, group: Group, room: float, lang: Lang, *, named: bool) -> tuple[str, ...]:
    """A community's members in lines no wider than ``room`` inches."""
    members = group.community.members
    if not named:
        return (say("map.count", lang, count=len(members)),)
    first, *others = (site.name for site in members)
    parts = [say("map.members", lang, count=len(members)) + first, *others]
    return page.wrapped(parts, say("map.comma", lang), room, _SIZE)
