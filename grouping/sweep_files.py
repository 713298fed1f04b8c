"""The files of a sweep: its points as CSV and workbook, and the picture of the frontier."""

from __future__ import annotations

import re
from pathlib import Path

from grouping.fonts import Font
from grouping.frontier import write_frontier
from grouping.messages import Lang, message, say
from grouping.outputs import write_beside
from grouping.result import Status
from grouping.sheets import Cell, Fraction, Table, workbook
from grouping.sweep import Sweep
from grouping.wording import stop_reason

_CSV, _XLSX, _PNG = "sweep.csv", "sweep.xlsx", "frontier.png"
_OURS = re.compile(r"sweep\.(csv|xlsx)|frontier\.png")
_FRACTIONS = {"gap", "pure_share"}
_PRINTED = (
    "cost_km",
    "gap",
    "status",
    "travel_km",
    "communities",
    "cross_region_communities",
    "pure_share",
    "links_honoured",
    "sites_unplaced",
    "frontier",
    "knee",
)
"""What the points are weighed by: it comes after the values that vary. All columns would be too small to read on a
page, so that the others are not printed."""


def write_sweep(sweep: Sweep, out: Path, font: Font, lang: Lang = "zh") -> tuple[Path, ...]:
    """Write the files into the folder ``out``, and return their paths.

    Raises:
        InputError: the folder can't be written to, or a file in it is open in another program.

    """

    def write(folder: Path) -> list[str]:
        sweep.frame().to_csv(folder / _CSV, index=False, encoding="utf-8-sig", lineterminator="\r\n")
        with workbook(folder / _XLSX, message("sweep.title"), lang) as sheets:
            sheets.add(message("sweep.sheet"), _table(sweep, lang))
        write_frontier(sweep, folder / _PNG, font, lang)
        return [_XLSX, _CSV, _PNG]

    return write_beside(out, _OURS, write)


def _table(sweep: Sweep, lang: Lang) -> Table:
    frame = sweep.frame()
    keys = [axis.key for axis in sweep.axes]
    first = [*keys, *_PRINTED]
    frame = frame[[*first, *frame.columns.difference(first, sort=False)]]
    header = [name if name in keys else say(f"sweep.column_{name}", lang) for name in frame.columns]
    rows = []
    for point, values in zip(sweep.points, frame.to_dict("records"), strict=True):
        optimal = point.result.status is not Status.FEASIBLE
        words = {
            "status": say("sweep.proved" if optimal else "sweep.unproved", lang),
            "stopped_by": stop_reason(point.result).text(lang),
            "frontier": say("workbook.yes", lang) if values["frontier"] else "",
            "knee": say("workbook.yes", lang) if values["knee"] else "",
        }
        rows.append(tuple(_cell(str(name), value, words) for name, value in values.items()))
    return Table(tuple(header), tuple(rows), printed=len(first))


def _cell(name: str, value: object, words: dict[str, str]) -> Cell:
    if name in words:
        return words[name]
    if name in _FRACTIONS and isinstance(value, float):
        return Fraction(value)
    assert isinstance(value, bool | int | float | str)
    return value
