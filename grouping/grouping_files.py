"""Groupings from files: ``grouping.csv`` and ``grouping.xlsx`` as the program writes them or somebody edited them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from grouping.errors import InputError, Problem, Where
from grouping.grids import read_grids
from grouping.headers import Lexicon, find_header
from grouping.messages import message
from grouping.names import Found, SiteNames
from grouping.sites import Applications, Remark
from grouping.tables import Column, Row, folded, plain, read_table
from grouping.vocabulary import LEVEL_WORDS

COMMUNITY_NAMES = ("共同体", "community", "共同体名称", "所属共同体", "组别")
SITE_NAMES = ("实验点", "site", "名称", "name", "实验点名称", "成员单位")
GROUPING_COLUMNS = (
    Column("community", COMMUNITY_NAMES),
    Column("level", ("层级", "level")),
    Column("site", SITE_NAMES, required=True),
    Column("role", ("角色", "role")),
    Column("since", ("起始年份", "since", "起始", "成立年份", "组建年份", "周期起始", "周期起始年份")),
    Column("adcode", ("行政区划代码", "adcode")),
    Column("lon", ("经度", "lon")),
    Column("lat", ("纬度", "lat")),
    Column("macro_region", ("片区", "macro_region")),
)
"""Only community, site, role, level and, for terms, since are read; the others
tell the sheet of the members from the rest."""
_LEADS = {"lead", "组长", "组长单位"}
_VICE_LEADS = {"vice-lead", "vicelead", "副组长", "副组长单位"}
_MEMBERS = {"", "member", "成员", "成员单位"}
_UNPLACED_SHEETS = {"未入组", "未入组实验点", "未入组的实验点", "未编组", "unplaced"}


@dataclass(frozen=True)
class GroupingFile:
    """A grouping as it stands in a file.

    ``communities`` has the members of each community by its label, in the order of the file; ``leads`` those of
    them that are called lead unit, ``vice_leads`` those called vice-lead unit; ``unplaced`` the sites that are listed
    without a community. All are ids of the list, or the text as written where that is no approved site:
    :func:`grouping.check.check` tells what it is.
    """

    communities: Mapping[str, tuple[str, ...]]
    leads: Mapping[str, tuple[str, ...]]
    vice_leads: Mapping[str, tuple[str, ...]]
    unplaced: tuple[str, ...]
    remarks: tuple[Remark, ...]
    file: str
    sha256: str


def read_grouping(path: str | Path, applications: Applications | None) -> GroupingFile:
    """Read a grouping of the sites of ``applications`` from an .xlsx or a .csv; None only checks what needs no list.

    The columns that matter are 共同体|community, 实验点|site and 角色|role, in any order. A site without a community
    is unplaced, and so is one in the workbook's sheet 未入组|unplaced.

    Raises:
        InputError: no such table, or a role that is neither lead unit, vice-lead unit nor member.

    """
    problems: list[Problem] = []
    table = read_table(path, GROUPING_COLUMNS, problems)
    if "community" not in table.columns:
        raise InputError([Problem(Where(table.file, table.sheet), message("check.no_communities"))])
    names = SiteNames(applications or Applications(()))
    communities: dict[str, list[str]] = {}
    leads: dict[str, list[str]] = {}
    vice_leads: dict[str, list[str]] = {}
    unplaced: list[str] = []
    # The program's own workbook has sheets of communities and of unplaced sites: that they exist is no news.
    remarks = [remark for remark in table.remarks if remark.what.key != "tables.other_sheets"]
    for row in table.rows:
        site = _site(row, names, remarks)
        label = row.cell("community")
        role = folded(row.cell("role"))
        if role not in {folded(one) for one in _LEADS | _VICE_LEADS | _MEMBERS}:
            problems.append(Problem(row.where("role"), message("check.role", text=row.cell("role"))))
        if not label:
            unplaced.append(site)
            continue
        communities.setdefault(label, []).append(site)
        if role in _LEADS:
            leads.setdefault(label, []).append(site)
        elif role in {folded(one) for one in _VICE_LEADS}:
            vice_leads.setdefault(label, []).append(site)
    if problems:
        raise InputError(problems)
    # Who moves an unplaced site into a community need not delete it from the other sheet.
    placed = {site for members in communities.values() for site in members}
    unplaced += [site for site in _listed_apart(Path(path), table.sheet, names) if site not in placed]
    return GroupingFile(
        communities={label: tuple(members) for label, members in communities.items()},
        leads={label: tuple(members) for label, members in leads.items()},
        vice_leads={label: tuple(members) for label, members in vice_leads.items()},
        unplaced=tuple(dict.fromkeys(unplaced)),
        remarks=tuple(remarks),
        file=table.file,
        sha256=table.sha256,
    )


def _site(row: Row, names: SiteNames, remarks: list[Remark]) -> str:
    text = row.cell("site")
    found = names.find(text, LEVEL_WORDS.get(folded(row.cell("level"))))
    if not isinstance(found, Found):
        return text
    if found.note is not None:
        remarks.append(Remark(row.where("site"), text, found.note))
    return found.site.id


def _listed_apart(path: Path, members_sheet: str | None, names: SiteNames) -> list[str]:
    """The sites in a workbook's sheet of unplaced ones."""
    listed: list[str] = []
    lexicon = Lexicon(GROUPING_COLUMNS)
    for grid in read_grids(path).grids:
        if grid.sheet in (None, members_sheet) or folded(grid.sheet or "") not in _UNPLACED_SHEETS:
            continue
        header = find_header(grid, lexicon)
        columns = {id_: number for number, id_ in header.ids.items()}
        for row, cells in sorted(grid.rows.items()):
            text = plain(cells.get(columns.get("site", 0), ""))
            if row > header.bottom and text:
                found = names.find(text, LEVEL_WORDS.get(folded(cells.get(columns.get("level", 0), ""))))
                listed.append(found.site.id if isinstance(found, Found) else text)
    return listed
