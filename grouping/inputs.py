"""Reading all that a run is given, so that whatever is wrong with any of it is told in one go."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar

from grouping.applications import read_applications
from grouping.departures import read_attendance, read_exits, without
from grouping.distances import Distances, read_distances
from grouping.errors import InputError, Problem
from grouping.grids import read_grids
from grouping.grouping_files import GroupingFile, read_grouping
from grouping.link_files import applicable_links, read_links
from grouping.links import Links
from grouping.lock_files import read_locks
from grouping.locks import Locks
from grouping.previous_files import read_previous
from grouping.scenario import Scenario
from grouping.sites import Applications
from grouping.terms import Previous

_Read = TypeVar("_Read")

OnUnresolved = Literal["error", "skip"]


@dataclass(frozen=True, slots=True)
class Files:
    """The paths of what a run is given, None where there is none."""

    applications: str
    links: str | None = None
    distances: str | None = None
    previous: str | None = None
    attendance: str | None = None
    exits: str | None = None
    draft: str | None = None
    lock: str | None = None

    def by_name(self) -> dict[str, str | None]:
        """Each by what it is to the run."""
        return {name: getattr(self, name) for name in FILES}


FILES = tuple(field.name for field in fields(Files))
"""What files may be to a run."""


@dataclass(frozen=True, slots=True)
class Material:
    """What was read: the sites that take part, and all else that bears on them."""

    sites: Applications
    links: Links | None = None
    distances: Distances | None = None
    previous: Previous | None = None
    draft: GroupingFile | None = None
    locks: Locks | None = None

    @property
    def start(self) -> Mapping[str, Sequence[str]] | None:
        """What a search begins with."""
        return None if self.draft is None else _led_first(self.draft)

    def priced(self, scenario: Scenario) -> Links:
        """Every link that bears on a grouping, see :func:`grouping.link_files.applicable_links`."""
        return applicable_links(self.sites, scenario, self.links, self.previous, self.locks)


class Inputs:
    """Reads what can be read and keeps what is wrong with the rest."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []

    def attempt(self, read: Callable[[], _Read]) -> _Read | None:
        """What ``read`` returns; None where that is an error of the user's, to be told in the end."""
        try:
            return read()
        except InputError as error:
            self._problems += error.problems
            return None

    def read(self, files: Files, choices: Scenario | None, on_unresolved: OnUnresolved = "error") -> Material | None:
        """Read all files; of what can't be read, what can be checked without it.

        Args:
            files: where they are.
            choices: the scenario, None where that is wrong.
            on_unresolved: as :func:`grouping.applications.read_applications` takes it.

        Returns:
            What they hold. It is all of it only where :meth:`stop_if_wrong` finds nothing; None where there is no list.

        """
        placed = files.distances is None
        listed = self.attempt(lambda: read_applications(files.applications, places=placed, on_unresolved=on_unresolved))
        sites = None if listed is None else self._taking_part(listed, files)
        links = self.attempt(lambda: read_links(path, sites)) if (path := files.links) is not None else None
        distances = self._distances(sites, files.distances)
        if sites is None or choices is None:
            # What they say can't be told apart from what is wrong; that they can be read at all, it can.
            others = [files.previous, files.draft, files.lock]
            others += [files.attendance, files.exits] if sites is None else []
            for other in dict.fromkeys(path for path in others if path is not None):
                self.attempt(partial(read_grids, Path(other)))
            return None if sites is None else Material(sites, links, distances)
        return Material(sites, links, distances, *self._from_before(sites, choices, files))

    def _taking_part(self, sites: Applications, files: Files) -> Applications:
        """The list without those who left."""
        gone = []
        if (attendance := files.attendance) is not None:
            gone.append(self.attempt(lambda: read_attendance(attendance, sites)))
        if (exits := files.exits) is not None:
            gone.append(self.attempt(lambda: read_exits(exits, sites)))
        return without(sites, *(file for file in gone if file is not None))

    def _distances(self, sites: Applications | None, path: str | None) -> Distances | None:
        if path is None:
            return None
        if sites is None:
            self.attempt(lambda: read_grids(Path(path)))
            return None
        return self.attempt(lambda: read_distances(path, sites))

    def _from_before(
        self, sites: Applications, choices: Scenario, files: Files
    ) -> tuple[Previous | None, GroupingFile | None, Locks | None]:
        """Last year's grouping, the draft, and what is locked in them or in the list."""
        previous = draft = None
        if (last := files.previous) is not None:
            previous = self.attempt(lambda: read_previous(last, sites, choices))
        if (drafted := files.draft) is not None:
            draft = self.attempt(lambda: read_grouping(drafted, sites))
        if (drafted is not None and draft is None) or (last is not None and previous is None):
            return previous, draft, None
        known = {**(previous.members if previous else {}), **(_led_first(draft) if draft else {})}
        return previous, draft, self.attempt(lambda: read_locks(files.lock, sites, known))

    def stop_if_wrong(self) -> None:
        """Go on only where nothing is wrong.

        Raises:
            InputError: all that is.

        """
        if self._problems:
            raise InputError(self._problems)


def _led_first(draft: GroupingFile) -> Mapping[str, Sequence[str]]:
    """The members of each community of a grouping by its label, its lead unit first."""
    return {
        label: sorted(members, key=lambda one: one not in draft.leads.get(label, ()))
        for label, members in draft.communities.items()
    }
