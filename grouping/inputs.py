"""Reading all that a run is given, so that whatever is wrong with any of it is told in one go."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from grouping.departures import read_attendance, read_exits, without
from grouping.distances import Distances, read_distances
from grouping.errors import InputError, Problem
from grouping.grids import read_grids
from grouping.grouping_files import GroupingFile, read_grouping
from grouping.link_files import read_links
from grouping.links import Links
from grouping.lock_files import read_locks
from grouping.locks import Locks
from grouping.previous_files import read_previous
from grouping.scenario import Scenario
from grouping.sites import Applications
from grouping.terms import Previous

_Read = TypeVar("_Read")


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

    def taking_part(
        self, sites: Applications | None, attendance_path: str | None, exits_path: str | None
    ) -> Applications | None:
        """The list without those who left."""
        if sites is None:
            return None
        files = []
        if attendance_path is not None:
            files.append(self.attempt(lambda: read_attendance(attendance_path, sites)))
        if exits_path is not None:
            files.append(self.attempt(lambda: read_exits(exits_path, sites)))
        return without(sites, *(file for file in files if file is not None))

    def from_before(
        self,
        sites: Applications | None,
        choices: Scenario | None,
        previous_path: str | None,
        draft_path: str | None,
        lock_path: str | None,
    ) -> tuple[Previous | None, GroupingFile | None, Locks | None]:
        """Last year's grouping, the draft, and what is locked in them or in the list."""
        if sites is None or choices is None:
            return None, None, None
        previous = draft = None
        if previous_path is not None:
            previous = self.attempt(lambda: read_previous(previous_path, sites, choices))
        if draft_path is not None:
            draft = self.attempt(lambda: read_grouping(draft_path, sites))
        if (draft_path is not None and draft is None) or (previous_path is not None and previous is None):
            return previous, draft, None
        known = {**(previous.members if previous else {}), **(led_first(draft) if draft else {})}
        return previous, draft, self.attempt(lambda: read_locks(lock_path, sites, known))

    def with_the_list(
        self, sites: Applications | None, links_path: str | None, distances_path: str | None
    ) -> tuple[Links | None, Distances | None]:
        """The files that name the sites of the list; where that is wrong itself, what can be checked without it."""
        links = self.attempt(lambda: read_links(links_path, sites)) if links_path is not None else None
        if distances_path is None:
            return links, None
        if sites is None:
            self.attempt(lambda: read_grids(Path(distances_path)))
            return links, None
        return links, self.attempt(lambda: read_distances(distances_path, sites))

    def stop_if_wrong(self) -> None:
        """Go on only where nothing is wrong.

        Raises:
            InputError: all that is.

        """
        if self._problems:
            raise InputError(self._problems)


def led_first(draft: GroupingFile) -> Mapping[str, Sequence[str]]:
    """The members of each community of a grouping by its label, its lead unit first."""
    return {
        label: sorted(members, key=lambda one: one not in draft.leads.get(label, ()))
        for label, members in draft.communities.items()
    }
