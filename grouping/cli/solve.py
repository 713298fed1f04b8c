"""``grouping solve``: the main job, from the list to the folder with tables, maps and report."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from grouping.changes import Course
from grouping.cli.reading import Reading
from grouping.cli.run_options import file_options, read_settings, stop_options, workers_of, workers_option, year_option
from grouping.cli.speaking import BROKEN, SpeakingCommand, lang_option
from grouping.cli.watching import LogFormat, log_options, speaker
from grouping.clock import StoppedBy
from grouping.errors import AuditError
from grouping.inputs import Files, OnUnresolved
from grouping.jobs import Job, Outcome, carry_out
from grouping.maps import MapOptions
from grouping.messages import Lang, Message, message, say
from grouping.numbers import km_text
from grouping.outputs import Written
from grouping.result import Result
from grouping.summary import summary
from grouping.verdicts import verdict
from grouping.wording import proof

UNPLACED = 3
"""Exit code of --strict where a site has no community."""


@click.command(cls=SpeakingCommand, help="cli.solve_help")
@click.argument("applications", metavar="LIST")
@click.option("--scenario", metavar="S", help="cli.scenario_option_help")
@file_options
@year_option
@click.option("--out", metavar="DIR", help="cli.out_help")
@stop_options()
@workers_option
@click.option("--strict", is_flag=True, help="cli.strict_help")
@click.option("--boundary", metavar="FILE", help="cli.boundary_help")
@click.option("--map-approval", metavar="TEXT", help="cli.map_approval_help")
@click.option("--rule-prices", is_flag=True, help="rules.option_help")
@click.option("--public", is_flag=True, help="cli.public_help")
@click.option("--font", metavar="FILE", help="cli.font_help")
@click.option("--json", "as_json", is_flag=True, help="cli.json_help")
@log_options
@lang_option
@click.pass_context
def solve(
    ctx: click.Context,
    files: Files,
    on_unresolved: OnUnresolved,
    scenario: str | None,
    year: str | None,
    out: str | None,
    stop: Mapping[str, str | None],
    workers: str | None,
    strict: bool,
    boundary: str | None,
    map_approval: str | None,
    rule_prices: bool,
    public: bool,
    font: str | None,
    as_json: bool,
    log_format: LogFormat,
    quiet: bool,
    lang: Lang,
) -> None:
    """Group the sites of LIST; its user's help is in the catalogue."""
    folder = Path(out) if out else Path("out") / Path(files.applications).stem
    maps = MapOptions(
        boundary=Path(boundary) if boundary else None,
        approval=map_approval,
        public=public,
        font=Path(font) if font else None,
    )
    reading = Reading()
    values = read_settings(reading, {**stop, "year": year})
    threads = workers_of(reading, workers)
    job = Job(files, scenario, values, on_unresolved, rule_prices)
    watcher = speaker(log_format, lang, quiet=quiet)
    try:
        done = carry_out(job, folder, lang, maps, workers=threads, watcher=watcher, inputs=reading)
    except AuditError as error:
        for wrong in (message("check.audit_failed"), *error.findings):
            watcher.warned(wrong)
        ctx.exit(BROKEN)
    for warning in _warnings(done.result, done.written):
        watcher.warned(warning)
    if as_json:
        click.echo(json.dumps(_data(done), ensure_ascii=False, indent=2))
    else:
        _tell(done.result, done.written, lang)
    if strict and done.result.unplaced:
        ctx.exit(UNPLACED)


def _data(done: Outcome) -> dict[str, Any]:
    """What ``summary.json`` says, and which files there are."""
    return {**summary(done.result, done.result.audit), "files": [str(path) for path in done.written.paths]}


def _tell(result: Result, written: Written, lang: Lang) -> None:
    """The verdict, and where the files are."""
    if result.stopped_by is StoppedBy.INTERRUPT:
        click.echo(say("cli.interrupted", lang))
    placed = sum(len(community.members) for community in result.communities)
    click.echo(
        say(
            "cli.verdict",
            lang,
            communities=len(result.communities),
            placed=placed,
            unplaced=len(result.unplaced),
            cost=km_text(result.cost.total_km),
            proof=proof(result),
        )
    )
    click.echo(verdict(result.audit).text(lang))
    if result.renewal:
        courses = Counter(change.course for change in result.renewal)
        gone = courses[Course.ENDED] + courses[Course.DISSOLVED]
        counts = {"runs": courses[Course.RUNS], "renewed": courses[Course.RENEWED], "new": courses[Course.NEW]}
        click.echo(say("cli.renewal", lang, gone=gone, **counts))
    keys = {"report.md": "cli.report_at", "grouping.xlsx": "cli.table_at"}
    for path in written.paths:
        key = keys.get(path.name, "cli.map_at" if path.suffix == ".png" else None)
        if key is not None:
            click.echo(say(key, lang, path=path))


def _warnings(result: Result, written: Written) -> list[Message]:
    warnings = list(written.remarks)
    if left_out := len(result.applications.left_out):
        warnings.append(message("cli.left_out", count=left_out))
    if impossible := len(result.unhonourable):
        warnings.append(message("cli.impossible_links", count=impossible))
    if remarks := len(result.applications.remarks) + len(result.remarks):
        warnings.append(message("cli.remarks", count=remarks))
    return warnings
