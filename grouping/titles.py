"""Section titles among the rows of a list: 江苏省 alone in its row, above the sites of 江苏.

Such a row may also be a site of province level of which nothing but the name was filled in. It is taken for a title
only where all speaks for it, and for a site only where nothing speaks against that; between the two, one must ask.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass
from enum import Enum, auto

from grouping.regions import Division
from grouping.resolve import resolve

_NUMBER = re.compile(r"^[（(]?[\d一二三四五六七八九十]+[)）]?[、.．]?\s*(?=\S)")
_COUNT = re.compile(r"\s*([（(][^（()）]*[)）]|共?\s*\d+\s*[个家所]|[:：])\s*$")


class Standing(Enum):
    """What a row is."""

    SITE = auto()
    TITLE = auto()
    SITE_ABOVE_ITS_OWN = auto()
    """A site as far as one can tell, although the rows below are in its division."""
    UNCLEAR = auto()


@dataclass(frozen=True, slots=True)
class Entry:
    """What matters of a row: its name, the division it means, and which columns besides the name are filled in.

    ``optional`` are columns among these that many a site leaves blank.
    """

    name: str
    division: Division | None
    filled: Set[str]
    optional: Set[str] = frozenset()


def standings(entries: Sequence[Entry]) -> list[Standing]:
    """What each of the rows of a list is.

    A row of which nothing but the name is filled in stands out if it names a division that the rows below lie in, or
    one of a higher level than theirs, or the same. It is a title if all rows below, up to the next of its level, lie
    inside its division, and some column that is not optional is filled in for every row that does not stand out. If
    only one of the two holds it is unclear. In a list of nothing but names each is a site.
    """
    meant = [entry.division if entry.filled else _titled(entry) for entry in entries]
    blank = [not entry.filled for entry in entries]
    heads = [blank[at] and _heads(meant, at) for at in range(len(entries))]
    outstanding = [heads[at] or (blank[at] and _is_above(meant, blank, at)) for at in range(len(entries))]
    others = [
        frozenset(entry.filled - entry.optional) for entry, out in zip(entries, outstanding, strict=True) if not out
    ]
    told = bool(others) and bool(frozenset.intersection(*others))
    result = []
    for head, out in zip(heads, outstanding, strict=True):
        if not out or (not told and not head):
            result.append(Standing.SITE)
        elif all(blank):
            result.append(Standing.SITE_ABOVE_ITS_OWN)
        else:
            result.append(Standing.TITLE if head and told else Standing.UNCLEAR)
    return result


def _titled(entry: Entry) -> Division | None:
    """The division that a title names, without its number in front and the number of sites behind."""
    if entry.division is not None:
        return entry.division
    bare = _COUNT.sub("", _NUMBER.sub("", entry.name))
    return resolve(bare).division if bare and bare != entry.name else None


def _heads(meant: Sequence[Division | None], at: int) -> bool:
    """Whether all rows below, up to the next of the same or a higher level, lie in the division of this one."""
    own = meant[at]
    if own is None:
        return False
    inside = False
    for other in meant[at + 1 :]:
        if other is None:
            continue
        if other.level.rank <= own.level.rank:
            break
        if not _within(other, own):
            return False
        inside = True
    return inside


def _within(division: Division, above: Division) -> bool:
    return division.adcode.startswith(above.prefix)


def _is_above(meant: Sequence[Division | None], blank: Sequence[bool], at: int) -> bool:
    """Whether this row names a division of a higher level than the next row that is filled in, or the same one."""
    own = meant[at]
    around = [meant[k] for k in (*range(at + 1, len(meant)), *range(at - 1, -1, -1)) if not blank[k]]
    near = [division for division in around if division is not None][:1]
    return own is not None and any(own.level.rank < other.level.rank or own is other for other in near)
