"""Locks from where they stand: a file, a draft that was marked, or columns of the application list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from grouping.errors import InputError, Problem, Where
from grouping.grouping_files import COMMUNITY_NAMES, SITE_NAMES
from grouping.locks import Lock, Locks, lock_links
from grouping.messages import message
from grouping.names import Found, SiteNames, Unknown
from grouping.sites import Applications, Remark
from grouping.tables import Column, Row, folded, read_table
from grouping.vocabulary import LEVEL_WORDS, LOCK_WORDS

_COLUMNS = (
    Column("community", COMMUNITY_NAMES, required=True),
    Column("site", SITE_NAMES),
    Column("level", ("层级", "level")),
    Column("lock", ("锁定", "lock", "锁定方式", "是否锁定")),
)


def read_locks(path: str | Path | None, applications: Applications, communities: Mapping[str, Sequence[str]]) -> Locks:
    """Read locks from a file and from the list's own columns.

    The file has the columns 共同体|community, 实验点|site and, if wanted, 锁定|lock: 是 locks the site on the
    community, 封闭|closed also closes the community, blank or 否 leaves the site free. Without that column every row
    is a lock; so a draft, marked in a column 锁定, is a file of locks. A row without a site is about the community.

    Args:
        path: the file; None reads the list's columns alone.
        applications: the list.
        communities: what labels may mean, see :func:`grouping.locks.lock_links`.

    Raises:
        InputError: names that are not on the list, words that are no lock, and what
            :func:`grouping.locks.lock_links` raises; all of one kind together.

    """
    problems: list[Problem] = []
    remarks: list[Remark] = []
    locks = _of_the_list(applications, problems)
    file = sha256 = ""
    if path is not None:
        table = read_table(path, _COLUMNS, problems)
        file, sha256 = table.file, table.sha256
        remarks += [remark for remark in table.remarks if remark.what.key != "tables.other_sheets"]
        if "site" not in table.columns:
            problems.append(Problem(Where(table.file, table.sheet), message("locks.no_sites")))
        names = SiteNames(applications)
        for row in table.rows:
            word = row.cell("lock") or ("" if "lock" in table.columns else "是")
            how = LOCK_WORDS.get(folded(word))
            if how is None:
                problems.append(Problem(row.where("lock"), message("locks.word", text=word)))
            elif how != "free":
                locks += _lock(row, names, how == "closed", problems, remarks)
    if problems:
        raise InputError(problems)
    return Locks(lock_links(locks, applications, communities), tuple(remarks), file, sha256)


def _of_the_list(applications: Applications, problems: list[Problem]) -> list[Lock]:
    locks = []
    for site in applications.sites:
        if not site.lock:
            if LOCK_WORDS.get(folded(site.lock_how)) in ("locked", "closed"):
                problems.append(Problem(site.where, message("locks.no_community", site=site.name)))
            continue
        how = LOCK_WORDS.get(folded(site.lock_how)) if site.lock_how else "locked"
        if how is None:
            problems.append(Problem(site.where, message("locks.word", text=site.lock_how)))
        elif how != "free":
            locks.append(Lock(site, site.lock, how == "closed", site.where))
    return locks


def _lock(row: Row, names: SiteNames, closed: bool, problems: list[Problem], remarks: list[Remark]) -> list[Lock]:
    label, text = row.cell("community"), row.cell("site")
    if not label:
        problems.append(Problem(row.where("community"), message("locks.no_community", site=text)))
        return []
    if not text and not closed:
        problems.append(Problem(row.where("site"), message("locks.nobody", community=label)))
        return []
    if not text:
        return [Lock(None, label, closed, row.where())]
    found = names.find(text, LEVEL_WORDS.get(folded(row.cell("level"))))
    if not isinstance(found, Found):
        problems.append(Problem(row.where("site"), found.what if isinstance(found, Unknown) else found.reason))
        return []
    if found.note is not None:
        remarks.append(Remark(row.where("site"), text, found.note))
    return [Lock(found.site, label, closed, row.where())]
