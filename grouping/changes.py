"""What changes from one year to the next: the types that reports read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from grouping.messages import Message


class Course(StrEnum):
    """What became of a community."""

    RUNS = "runs"
    RENEWED = "renewed"
    ENDED = "ended"
    DISSOLVED = "dissolved"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Departed:
    """A member that left the project or the list, and why."""

    name: str
    reason: Message


@dataclass(frozen=True, slots=True)
class Moved:
    """A member that is now in another community (None: in none), and why that could be."""

    name: str
    to: str | None
    reason: Message


@dataclass(frozen=True, slots=True)
class Joined:
    """A member that is new to the community; ``came_from`` is the one it was in before, None if in none."""

    name: str
    came_from: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """What changed for one community, an earlier or a new one. ``since`` is the year its present term began."""

    label: str
    course: Course
    since: int
    stays: tuple[str, ...] = ()
    joined: tuple[Joined, ...] = ()
    moved: tuple[Moved, ...] = ()
    left: tuple[Departed, ...] = ()
    short: int | None = None

    @property
    def quiet(self) -> bool:
        """Whether it is as it was."""
        return not (self.joined or self.moved or self.left) and self.course is Course.RUNS
