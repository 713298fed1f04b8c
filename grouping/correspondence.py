"""The same sites in two lists, which may differ a little: corrected names, other rows, sites that came or went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from grouping.names import Found, SiteNames
from grouping.sites import Applications, Remark


@dataclass(frozen=True)
class Correspondence:
    """``same`` has the id in the first list of each site of the other that is there, by its id in the other.

    ``remarks`` tell which were taken for the same although their names are not written the same.
    """

    same: Mapping[str, str]
    remarks: tuple[Remark, ...] = ()


def correspondence(first: Applications, other: Applications) -> Correspondence:
    """Find the sites of ``other`` in ``first``: by id and name together, by name, by division as files name sites.

    Only sites of one level are the same, and no two sites are the same third one: who is nearer to the letter stays.
    """
    if other is first:
        return Correspondence({site.id: site.id for site in first})
    by_id = {site.id: site for site in first}
    same = {
        site.id: site.id
        for site in other
        if (there := by_id.get(site.id)) is not None and (there.name, there.level) == (site.name, site.level)
    }
    names = SiteNames(first)
    taken = set(same.values())
    found = {
        site.id: one
        for site in other
        if site.id not in same
        and isinstance(one := names.find(site.name, site.level), Found)
        and one.site.level is site.level
        and one.site.id not in taken
    }
    for exact in (True, False):
        here = {id_: one for id_, one in found.items() if (one.note is None) is exact and one.site.id not in taken}
        claims = Counter(one.site.id for one in here.values())
        same |= {id_: one.site.id for id_, one in here.items() if claims[one.site.id] == 1}
        taken = set(same.values())
    remarks = tuple(
        Remark(site.where, site.name, note)
        for site in other
        if site.id in same and site.id in found and (note := found[site.id].note) is not None
    )
    return Correspondence(same, remarks)
