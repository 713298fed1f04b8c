"""``grouping sweep``: the same list under a grid of scenarios, and what is traded for what."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import click

from grouping.axes import Axis, named, read_axes
from grouping.cli.reading import Reading
from grouping.cli.run_options import file_options, read_settings, stop_options, workers_of, workers_option, year_option
from grouping.cli.speaking import SpeakingCommand, lang_option
from grouping.cli.watching import LogFormat, log_options, speaker
from grouping.compilation import compiled
from grouping.distances import by_places
from grouping.fonts import find_font
from grouping.inputs import Files, OnUnresolved
from grouping.messages import Lang, Message, message, say
from grouping.numbers import km_text
from grouping.outputs import check_folder
from grouping.result import Status
from grouping.sweep import Point, Sweep, scenarios
from grouping.sweep import sweep as search
from grouping.sweep_files import write_sweep
from grouping.wording import percent


@click.command(cls=SpeakingCommand, help="sweep.help")
@click.argument("applications", metavar="LIST")
@click.option("--vary", "vary", multiple=True, metavar="KEY=VALUES", help="sweep.vary_help")
@click.option("--scenario", metavar="S", help="sweep.scenario_help")
@file_options
@year_option
@click.option("--out", metavar="DIR", help="cli.out_help")
@stop_options("sweep.time_limit_help")
@workers_option
@click.option("--font", metavar="FILE", help="cli.font_help")
@click.option("--json", "as_json", is_flag=True, help="cli.json_help")
@log_options
@lang_option
def sweep(
    files: Files,
    on_unresolved: OnUnresolved,
    vary: tuple[str, ...],
    scenario: str | None,
    year: str | None,
    out: str | None,
    stop: Mapping[str, str | None],
    workers: str | None,
    font: str | None,
    as_json: bool,
    log_format: LogFormat,
    quiet: bool,
    lang: Lang,
) -> None:
    """Group the sites of LIST at each point of a grid; its user's help is in the catalogue."""
    folder = Path(out) if out else Path("out") / f"{Path(files.applications).stem}-sweep"
    reading = Reading()
    settings = read_settings(reading, {**stop, "year": year})
    threads = workers_of(reading, workers)
    axes = reading.attempt(lambda: read_axes(vary))
    grid = reading.attempt(lambda: scenarios(scenario, _readable(vary) if axes is None else axes, **settings))
    reading.attempt(lambda: check_folder(folder))
    face = reading.attempt(lambda: find_font(Path(font) if font else None))
    first = next(iter(grid.values()), None) if grid else None
    read = reading.read(files, first, on_unresolved)
    reading.stop_if_wrong()
    assert axes is not None and grid is not None and read is not None and face is not None
    sites, distances = read.sites, read.distances

    watcher = speaker(log_format, lang, quiet=quiet)
    watcher.said(message("sweep.reading", file=sites.file, count=len(sites), points=len(grid)))
    if left_out := len(sites.left_out):
        watcher.warned(message("sweep.left_out", count=left_out))
    if not compiled(by_places(sites.sites, distances)):
        watcher.said(message("cli.first_run"))

    def done(number: int, count: int, point: Point) -> None:
        result = point.result
        costs = {"cost_km": result.cost.total_km, "bound_km": result.bound_km, "gap": result.gap}
        figures = {"communities": len(result.communities), "seconds": round(result.seconds, 3), **costs}
        watcher.told(
            "point", _line(number, count, point), number=number, count=count, values=dict(point.values), **figures
        )

    found = search(
        sites,
        scenario,
        axes,
        links=read.links,
        distances=distances,
        previous=read.previous,
        locks=read.locks,
        start=read.start,
        overrides=settings,
        workers=threads,
        done=done,
    )
    paths = write_sweep(found, folder, face, lang)
    if as_json:
        click.echo(json.dumps(_data(found, paths), ensure_ascii=False, indent=2))
        return
    for one in _told(found):
        click.echo(one.text(lang))
    click.echo(say("sweep.written", lang, paths=[str(path) for path in paths]))


def _readable(vary: Sequence[str]) -> tuple[Axis, ...]:
    """Those axes that are well written, so that what is wrong with their values is told with the rest."""
    texts = [text for text in vary if Reading().attempt(partial(read_axes, [text])) is not None]
    return Reading().attempt(lambda: read_axes(texts)) or ()


def _line(number: int, count: int, point: Point) -> Message:
    result = point.result
    return message(
        "sweep.point",
        number=number,
        count=count,
        values=named(point.values),
        cost=km_text(result.cost.total_km),
        gap=percent(result.gap),
        communities=len(result.communities),
        seconds=f"{result.seconds:.1f}",
    )


def _told(found: Sweep) -> list[Message]:
    proved = sum(point.result.status is not Status.FEASIBLE for point in found.points)
    told = [message("sweep.interrupted")] if found.interrupted else []
    told.append(message("sweep.verdict", count=len(found.points), proved=proved))
    if not found.comparable:
        told.append(message("sweep.measures"))
    for family in found.families:
        if family.knee is not None:
            point = found.points[family.knee]
            values = {"values": named(point.values), "travel": km_text(point.travel_km), "pure": percent(point.pure)}
            told.append(message("sweep.knee", **values))
    return told


def _data(found: Sweep, paths: tuple[Path, ...]) -> dict[str, object]:
    return {
        "axes": {axis.key: list(axis.values) for axis in found.axes},
        "points": json.loads(found.frame().to_json(orient="records", force_ascii=False)),
        "comparable": found.comparable,
        "interrupted": found.interrupted,
        "files": [str(path) for path in paths],
    }
