"""Locks: these sites together, this site in that community, this community closed; everything else is free.

Locks are put as links. Sites locked on one label are together, and sites locked on two labels are apart. Where a draft
or last year's grouping has a community of the label, they are with its lead unit, or whoever of it is not locked
elsewhere. A closed community has exactly the members that it has there, and those locked on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from grouping.errors import InputError, Problem, Where
from grouping.links import Kind, Link
from grouping.messages import message
from grouping.sites import Applications, Remark, Site


@dataclass(frozen=True, slots=True)
class Lock:
    """One row: a site, the label of its community, and whether that is closed.

    ``site`` is None where the row is about the community alone.
    """

    site: Site | None
    community: str
    closed: bool
    where: Where


@dataclass(frozen=True, slots=True)
class Locks:
    """Locks as links, all of them musts."""

    links: tuple[Link, ...] = ()
    remarks: tuple[Remark, ...] = ()
    file: str = ""
    sha256: str = ""


def lock_links(
    locks: Sequence[Lock], applications: Applications, communities: Mapping[str, Sequence[str]]
) -> tuple[Link, ...]:
    """The links that ``locks`` demand.

    Args:
        locks: in the order of their files.
        applications: the list.
        communities: the ids of the members of the communities that labels may mean, the lead unit first.

    Raises:
        InputError: a site locked on two communities, a label that means nothing (with the nearest ones), sites of two
            levels; all together.

    """
    work = _Locking(locks, applications, communities)
    work.check()
    return tuple(work.links())


class _Locking:
    def __init__(
        self, locks: Sequence[Lock], applications: Applications, communities: Mapping[str, Sequence[str]]
    ) -> None:
        self._sites = {site.id: site for site in applications.sites}
        self._drafted = {label: [one for one in ids if one in self._sites] for label, ids in communities.items()}
        self._by_label: dict[str, list[Lock]] = {}
        for lock in locks:
            self._by_label.setdefault(lock.community, []).append(lock)
        self._home = {lock.site.id: lock for lock in reversed(locks) if lock.site is not None}
        self._locks = locks

    def check(self) -> None:
        problems = []
        for lock in self._locks:
            if lock.site is not None and (first := self._home[lock.site.id]).community != lock.community:
                values = {"site": lock.site.name, "first": first.community, "second": lock.community}
                problems.append(Problem(lock.where, message("locks.two_communities", where=first.where, **values)))
        for label, rows in self._by_label.items():
            held = self._held(label)
            if label not in self._drafted and len(held) < 2:
                near = [one for one in self._drafted if one[:2] == label[:2]] or list(self._drafted)
                key = "locks.unknown_near" if near else "locks.unknown"
                problems.append(Problem(rows[0].where, message(key, community=label, near=near[:8])))
            levels = list(dict.fromkeys(self._sites[one].level for one in held))
            if len(levels) > 1:
                words = [level.label for level in levels]
                what = message("locks.two_levels", community=label, levels=words)
                problems.append(Problem(rows[0].where, what))
        if problems:
            raise InputError(problems)

    def _held(self, label: str) -> dict[str, Where]:
        """The sites that a label holds together, with where that is said."""
        rows = self._by_label[label]
        held = {lock.site.id: lock.where for lock in rows if lock.site is not None}
        free = [one for one in self._drafted.get(label, ()) if self._home.get(one) is None]
        closing = next((lock.where for lock in rows if lock.closed), None)
        if closing is not None:
            held |= {one: closing for one in free if one not in held}
        elif free and not any(one in held for one in self._drafted[label]):
            # Whoever is locked on it joins what is left of the community, which its lead unit stands for.
            held = {free[0]: rows[0].where, **held}
        return held

    def links(self) -> Iterator[Link]:
        heads: list[tuple[Site, Where]] = []
        for label, rows in self._by_label.items():
            held = self._held(label)
            if not held:
                continue
            ids = sorted(held)
            for other in ids[1:]:
                yield Link(ids[0], other, Kind.LOCK, held[other], must=True)
            head = self._sites[ids[0]]
            closing = next((lock.where for lock in rows if lock.closed), None)
            if closing is None:
                heads.append((head, rows[0].where))
                continue
            for site in self._sites.values():
                if site.level is head.level and site.id not in held:
                    yield _apart(head, site, closing)
        for (one, where), (other_head, _) in combinations(heads, 2):
            if one.level is other_head.level:
                yield _apart(one, other_head, where)


def _apart(one: Site, other: Site, where: Where) -> Link:
    a, b = sorted((one.id, other.id))
    return Link(a, b, Kind.LOCK_APART, where, must=True)
