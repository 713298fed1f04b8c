"""``compare.xlsx``: a comparison as tables to sort and filter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from grouping.comparison import Comparison, Setting
from grouping.comparison_tables import (
    Cell,
    Difference,
    Tenths,
    coming,
    figure_sections,
    label,
    leaving,
    notes,
    place_text,
    setting_text,
)
from grouping.flows import Elsewhere, Pair
from grouping.levels import Level
from grouping.messages import Lang, Message, message, say
from grouping.sheets import Cell as Written
from grouping.sheets import Fraction, Table, workbook

_WIDEST = 28
"""Names of those who come and go wrap early, so that the sheet still prints on a page; characters."""


def write_comparison_sheets(comparison: Comparison, path: Path, lang: Lang = "zh") -> None:
    """Write the workbook to ``path``."""
    with workbook(path, message("compare.title"), lang) as sheets:
        sheets.add(message("compare.figures"), _figures(comparison, lang))
        sheets.add(message("compare.settings"), _settings(comparison, lang))
        sheets.add(message("compare.communities_sheet"), _communities(comparison, lang))
        sheets.add(message("compare.sites_sheet"), _sites(comparison, lang))
        sheets.add(message("compare.notes"), _notes(comparison, lang))


def _figures(comparison: Comparison, lang: Lang) -> Table:
    """The figures of all levels, then, where there are several, of each."""
    parts: list[Level | None] = [None, *(comparison.levels if len(comparison.levels) > 1 else ())]
    names = [run.name for run in comparison.runs]
    rows: list[tuple[Written, ...]] = []
    bands: list[int] = []
    for number, level in enumerate(parts):
        where = message("compare.all_levels") if level is None else level.label
        for section in figure_sections(comparison, level):
            for line in section.lines:
                cells = (_written(cell, lang) for cell in line.cells)
                rows.append((where.text(lang), section.title.text(lang), line.label.text(lang), *cells))
                bands.append(number)
    header = (*(say(f"compare.{key}", lang) for key in ("level", "section", "figure")), *names)
    return Table(header, tuple(rows), band=bands.__getitem__ if len(parts) > 1 else None)


def _settings(comparison: Comparison, lang: Lang) -> Table:
    def row(setting: Setting) -> tuple[Written, ...]:
        about = setting.about
        values = (_written(setting_text(value), lang) for value in setting.values)
        return (about.key, about.about.text(lang), about.unit.text(lang) if about.unit else "", *values)

    keys = ("parameter", "meaning", "unit")
    header = (*(say(f"compare.{key}", lang) for key in keys), *(run.name for run in comparison.runs))
    return Table(header, tuple(row(one) for one in comparison.settings))


def _communities(comparison: Comparison, lang: Lang) -> Table:
    keys = ["compared", "level", "first_label", "other_label", "members_before", "members_after", "staying"]
    keys += ["joining", "going", "lead_before", "lead_now"]
    rows: list[tuple[Written, ...]] = []
    bands: list[int] = []
    for number, (run, changes) in enumerate(zip(comparison.runs[1:], comparison.changes, strict=True)):
        for pair in changes.pairs:
            rows.append((run.name, pair.level.label.text(lang), *_pair(pair, lang)))
            bands.append(number)
    return Table(
        tuple(say(f"compare.{key}", lang) for key in keys), tuple(rows), band=bands.__getitem__, widest=_WIDEST
    )


def _pair(pair: Pair, lang: Lang) -> Iterator[Written]:
    semicolon = say("map.semicolon", lang)
    yield from (label(pair.first), label(pair.other))
    yield from (len(one.members) if one else 0 for one in (pair.first, pair.other))
    yield len(pair.stays)
    yield semicolon.join(one.text(lang) for one in coming(pair))
    yield semicolon.join(one.text(lang) for one in leaving(pair))
    yield from (one.lead.name if one and one.lead else None for one in (pair.first, pair.other))


def _sites(comparison: Comparison, lang: Lang) -> Table:
    """One row a site of any list, with its community in each run."""
    first, *others = comparison.runs
    header = [say("compare.level", lang), say("compare.site", lang), say("compare.community_in", lang, run=first.name)]
    for run in others:
        header += [say(f"compare.{key}", lang, run=run.name) for key in ("community_in", "moved_in")]
    absent = say(f"compare.{Elsewhere.NOT_LISTED.value}", lang)
    rows: dict[tuple[str, str], list[Written]] = {}
    for number, changes in enumerate(comparison.changes):
        for flow in changes.flows:
            for name in flow.sites:
                key = flow.level.label.text(lang), name
                source = _written(place_text(flow.source), lang)
                row = rows.setdefault(key, [*key, source, *[absent, None] * len(others)])
                moved = say("compare.no" if flow.stays else "compare.yes", lang) if flow.listed else None
                row[3 + 2 * number : 5 + 2 * number] = [_written(place_text(flow.target), lang), moved]
    return Table(tuple(header), tuple(tuple(row) for row in rows.values()))


def _notes(comparison: Comparison, lang: Lang) -> Table:
    return Table(
        (say("compare.notes", lang),), tuple((one.text(lang),) for one in notes(comparison)), filtered=False, widest=110
    )


def _written(cell: Cell, lang: Lang) -> Written:
    """A cell as the workbook keeps it: numbers stay numbers."""
    if isinstance(cell, Message):
        return cell.text(lang)
    if isinstance(cell, Difference):
        return Fraction(cell)
    return float(cell) if isinstance(cell, Tenths) else cell
