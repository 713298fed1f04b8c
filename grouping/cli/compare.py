"""``grouping compare``: groupings side by side."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from grouping.cli.asking import Asked, opened
from grouping.cli.reading import Reading
from grouping.cli.speaking import SpeakingCommand, lang_option
from grouping.comparison import Comparison, figures_data
from grouping.comparison import compare as put_together
from grouping.comparison_tables import cell_text, figure_sections, notes, pair_line, setting_text, summary
from grouping.errors import InputError, Problem, Where
from grouping.flows import Pair, Place
from grouping.levels import Level
from grouping.maps import Atlas, MapOptions
from grouping.messages import Lang, message, say
from grouping.outputs import check_folder
from grouping.result import Result
from grouping.result_files import read_proofs, result_of
from grouping.runs import read_given

_MOST_LINES = 20
"""More changed communities than this are for the workbook."""


@click.command(cls=SpeakingCommand, help="compare.help")
@click.argument("outs", metavar="OUT1 OUT2 ...", nargs=-1)
@click.option("--out", metavar="DIR", help="compare.out_help")
@click.option("--applications", metavar="LIST", help="compare.applications_help")
@click.option("--links", metavar="L", help="compare.links_help")
@click.option("--distances", metavar="M", help="compare.distances_help")
@click.option("--accept-changed", is_flag=True, help="ask.accept_changed_help")
@click.option("--boundary", metavar="FILE", help="cli.boundary_help")
@click.option("--map-approval", metavar="TEXT", help="cli.map_approval_help")
@click.option("--public", is_flag=True, help="cli.public_help")
@click.option("--font", metavar="FILE", help="cli.font_help")
@click.option("--json", "as_json", is_flag=True, help="compare.json_help")
@lang_option
def compare(
    outs: tuple[str, ...],
    out: str | None,
    applications: str | None,
    links: str | None,
    distances: str | None,
    accept_changed: bool,
    boundary: str | None,
    map_approval: str | None,
    public: bool,
    font: str | None,
    as_json: bool,
    lang: Lang,
) -> None:
    """Compare the groupings in the folders OUT with the first; its user's help is in the catalogue."""
    if len(outs) < 2:
        raise InputError([Problem(Where("grouping compare"), message("compare.too_few", count=len(outs)))])
    maps = MapOptions(Path(boundary) if boundary else None, map_approval, public, Path(font) if font else None)
    moved = {"applications": applications, "links": links, "distances": distances}
    reading = Reading()
    if out is not None:
        folder = Path(out)
        reading.attempt(lambda: check_folder(folder))
        reading.attempt(lambda: Atlas.opened(lang, maps))
    results = [reading.attempt(partial(_read, Path(path), moved, accept_changed)) for path in outs]
    reading.stop_if_wrong()
    comparison = put_together([result for result in results if result is not None], _names(outs))
    paths: Sequence[Path] = ()
    if out is not None:
        # Loaded here, for matplotlib takes most of a second and only this needs it.
        from grouping.comparison_files import write_comparison  # noqa: PLC0415

        written = write_comparison(comparison, out, lang, maps)
        paths = written.paths
        for remark in written.remarks:
            click.echo(remark.text(lang), err=True)
    if as_json:
        click.echo(json.dumps(_data(comparison, paths, lang), ensure_ascii=False, indent=2))
        return
    _show(comparison, lang)
    for path in paths:
        click.echo(say("compare.written", lang, path=path))


def _read(path: Path, moved: dict[str, str | None], accept_changed: bool) -> Result:
    """The result in a folder, or that of another grouping in the folder of a run."""
    folder, grouping = (path.parent, str(path)) if path.is_file() else (path, None)
    given = read_given(folder)
    # A run whose own file is where it was is not asked about another's.
    there = {name for name, one in given.files.items() if one.path.is_file()}
    now = {name: None if name in there else path for name, path in moved.items()}
    asked = Asked(now["applications"], now["links"], now["distances"], grouping, accept_changed)
    run = opened(str(folder), asked, Reading())
    return result_of(run.case, run.grouping, run.check, given.version, read_proofs(folder, given))


def _names(outs: Sequence[str]) -> list[str]:
    """What to call the groupings: by their folders' names where these tell them apart, else as they were given."""
    short = [
        path.resolve().name if path.is_dir() else f"{path.resolve().parent.name}/{path.stem}"
        for path in map(Path, outs)
    ]
    count = Counter(short)
    return [name if count[name] == 1 else given for name, given in zip(short, outs, strict=True)]


# --- For people ----------------------------------------------------------------------------------------


def _show(comparison: Comparison, lang: Lang) -> None:
    console = Console(highlight=False)
    levels: list[Level | None] = [None, *(comparison.levels if len(comparison.levels) > 1 else ())]
    for level in levels:
        title = message("compare.figures") if level is None else message("compare.figures_level", level=level.label)
        rows: list[tuple[str, ...] | str] = []
        for section in figure_sections(comparison, level):
            rows.append(section.title.text(lang))
            rows += [(line.label.text(lang), *(cell_text(cell, lang) for cell in line.cells)) for line in section.lines]
        _print(console, comparison, title.text(lang), rows)
    settings: list[tuple[str, ...] | str] = [
        (one.about.key, *(cell_text(setting_text(value), lang) for value in one.values)) for one in comparison.settings
    ]
    if settings:
        _print(console, comparison, say("compare.settings", lang), settings)
    else:
        click.echo(say("compare.settings_same", lang))
    for run, changes in zip(comparison.runs[1:], comparison.changes, strict=True):
        click.echo("")
        for sentence in summary(comparison.runs[0], run, changes):
            click.echo(sentence.text(lang))
        changed = [pair for pair in changes.pairs if not pair.unchanged]
        for pair in changed[:_MOST_LINES]:
            click.echo(f"    {pair_line(pair).text(lang)}")
        if len(changed) > _MOST_LINES:
            click.echo(f"    {say('compare.more_pairs', lang, count=len(changed) - _MOST_LINES)}")
    click.echo("")
    for note in notes(comparison):
        click.echo(note.text(lang))


def _print(console: Console, comparison: Comparison, title: str, rows: Sequence[tuple[str, ...] | str]) -> None:
    """Print a table of a column a run; where the terminal is too narrow for all, several with the first in each."""
    cells = [row for row in rows if not isinstance(row, str)]
    names = ["", *(run.name for run in comparison.runs)]
    widths = [max(cell_len(text) for text in column) + 3 for column in zip(names, *cells, strict=True)]
    left = list(range(2, len(names)))
    while left:
        shown = [0, 1, left.pop(0)]
        while left and sum(widths[one] for one in [*shown, left[0]]) < console.width:
            shown.append(left.pop(0))
        table = Table(title=Text(title), title_justify="left", title_style="bold")
        for one in shown:
            table.add_column(Text(names[one]), justify="right" if one else "left", overflow="fold")
        for row in rows:
            if isinstance(row, str):
                table.add_section()
                table.add_row(Text(row, style="bold"))
            else:
                table.add_row(*(Text(row[one]) for one in shown))
        console.print(table, width=max(console.width, sum(widths[one] for one in shown) + 1), soft_wrap=False)


# --- For programs --------------------------------------------------------------------------------------


def _data(comparison: Comparison, paths: Sequence[Path], lang: Lang) -> dict[str, Any]:
    first = comparison.runs[0]
    return {
        "runs": [
            {
                "name": run.name,
                "scenario": run.result.scenario.name,
                "list": run.result.applications.file,
                "status": run.result.status.value,
                "figures": figures_data(run.figures[None]),
                "by_level": {level.value: figures_data(run.figures[level]) for level in comparison.levels},
            }
            for run in comparison.runs
        ],
        "settings": [{"key": one.about.key, "values": list(one.values)} for one in comparison.settings],
        "changes": [
            {
                "run": run.name,
                "common_sites": changes.common,
                "moved_sites": len(changes.moved),
                "unchanged_communities": changes.unchanged,
                "communities": [_pair(pair) for pair in changes.pairs],
                "sentences": [one.text(lang) for one in summary(first, run, changes)],
            }
            for run, changes in zip(comparison.runs[1:], comparison.changes, strict=True)
        ],
        "notes": [one.text(lang) for one in notes(comparison)],
        "files": [str(path) for path in paths],
    }


def _pair(pair: Pair) -> dict[str, Any]:
    return {
        "level": pair.level.value,
        "first": pair.first and pair.first.label,
        "other": pair.other and pair.other.label,
        "stays": list(pair.stays),
        "joined": [{"site": name, "from": _place(place)} for name, place in pair.joined],
        "left": [{"site": name, "to": _place(place)} for name, place in pair.left],
    }


def _place(place: Place) -> dict[str, str]:
    return {"community": place} if isinstance(place, str) else {"none": place.value}
