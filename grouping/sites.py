"""Sites: what the application list says once it is understood."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from grouping.errors import Where
from grouping.levels import Level
from grouping.messages import Message

Position = Literal["given", "seat", "point", "host_seat"]
"""Where a coordinate comes from: the list itself, the seat of the division, a representative point of it,
or the seat of the county that a township or zone lies in."""


@dataclass(frozen=True, slots=True)
class Site:
    """One approved project site (项目实验点).

    ``lon`` and ``lat`` are WGS-84 degrees, None where only a distance matrix places the site. ``extra`` holds
    the columns to be passed through, as text: those that the program does not know, and those that its outputs have
    no column for. ``themes`` are ids of :mod:`grouping.themes`, the dearest first; ``wishes`` are partners as
    written in the list; ``lock`` is the community that it is locked on there, and ``lock_how`` says how, both as
    written.
    """

    id: str
    name: str
    level: Level
    where: Where
    adcode: str | None = None
    division: str | None = None
    lon: float | None = None
    lat: float | None = None
    position: Position | None = None
    can_lead: bool = True
    demonstration: bool = False
    themes: tuple[str, ...] = ()
    wishes: tuple[str, ...] = ()
    lock: str = ""
    lock_how: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Remark:
    """Something the office should know about a row, though it stops nothing."""

    where: Where
    name: str
    what: Message


@dataclass(frozen=True, slots=True)
class Applications:
    """An application list, read and understood.

    ``sites`` are the approved sites in the order of the list; ``left_out`` the rows that take no part, with
    the reason; ``remarks`` what was understood otherwise than to the letter. ``columns`` are the headers of
    the passed-through columns, in order.
    """

    sites: tuple[Site, ...]
    left_out: tuple[Remark, ...] = ()
    remarks: tuple[Remark, ...] = ()
    columns: tuple[str, ...] = ()
    file: str = ""
    sha256: str = ""

    def __iter__(self) -> Iterator[Site]:
        return iter(self.sites)

    def __len__(self) -> int:
        return len(self.sites)
