"""``grouping batch``: all lists and scenarios of a plan, unattended."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import click

from grouping.batch.batches import BusyError, carry_out_batch
from grouping.batch.dask_engine import DaskWorkers
from grouping.batch.engines import Engine, LocalProcesses
from grouping.batch.plans import Batch, Wishes, matching, read_plan
from grouping.batch.results import Results
from grouping.batch.views import JsonLog, ProgressOfRuns
from grouping.cli.reading import Reading
from grouping.cli.run_options import read_numbers, stop_options, workers_of
from grouping.cli.speaking import INTERRUPTED, Choice, SpeakingCommand, lang_option
from grouping.cli.watching import LogFormat, log_options
from grouping.compilation import compiled
from grouping.errors import InputError, Problem, Where
from grouping.messages import Lang, message, say
from grouping.scenario_files import AT_ONCE

BUSY = 5
"""Exit code where another batch is at work in the folder."""
SOME_FAILED = 6
"""Exit code where all is done, but runs have failed."""


@click.command(cls=SpeakingCommand, help="batch.command_help")
@click.argument("plan", metavar="[PLAN]", required=False)
@click.option("--applications", "lists", multiple=True, metavar="GLOB", help="batch.applications_help")
@click.option("--scenario", "scenarios", multiple=True, metavar="GLOB", help="batch.scenario_help")
@click.option("--out", metavar="DIR", help="batch.out_help")
@click.option("--resume", is_flag=True, help="batch.resume_help")
@click.option("--parallel", metavar="N", help="batch.parallel_help")
@click.option("--workers", metavar="N", help="batch.workers_help")
@click.option("--engine", type=Choice(["local", "dask"]), default="local", help="batch.engine_help")
@click.option("--scheduler", metavar="ADDRESS", help="batch.scheduler_help")
@stop_options()
@click.option("--json", "as_json", is_flag=True, help="cli.json_help")
@log_options
@lang_option
@click.pass_context
def batch(
    ctx: click.Context,
    plan: str | None,
    lists: tuple[str, ...],
    scenarios: tuple[str, ...],
    out: str | None,
    resume: bool,
    parallel: str | None,
    workers: str | None,
    engine: Literal["local", "dask"],
    scheduler: str | None,
    stop: Mapping[str, str | None],
    as_json: bool,
    log_format: LogFormat,
    quiet: bool,
    lang: Lang,
) -> None:
    """Carry out all runs of a plan; its user's help is in the catalogue."""
    reading = Reading()
    options = {**read_numbers(reading, stop), "workers": workers_of(reading, workers)}
    wishes = Wishes(Path(out) if out else None, reading.whole("--parallel", parallel, AT_ONCE), options)
    reading.attempt(lambda: _checked(plan, lists, scenarios, out, engine, scheduler))
    planned = reading.attempt(lambda: _planned(plan, lists, scenarios, wishes, lang))
    reading.stop_if_wrong()
    assert planned is not None
    carrier: Engine = DaskWorkers(scheduler) if scheduler else LocalProcesses(planned.parallel)
    if log_format == "text" and not quiet and not scheduler and not compiled():
        click.echo(say("cli.first_run", lang), err=True)
    try:
        with JsonLog() if log_format == "json" else ProgressOfRuns(lang, quiet=quiet) as view:
            results = carry_out_batch(planned, carrier, view, lang, resume=resume)
    except BusyError as error:
        click.echo(say("batch.busy", lang, folder=str(planned.out), holder=error.holder), err=True)
        ctx.exit(BUSY)
    _tell(results, as_json, lang)
    if results.interrupted:
        ctx.exit(INTERRUPTED)
    if results.failed:
        ctx.exit(SOME_FAILED)


def _checked(
    plan: str | None,
    lists: tuple[str, ...],
    scenarios: tuple[str, ...],
    out: str | None,
    engine: str,
    scheduler: str | None,
) -> None:
    problems = []
    if (plan is None) == (not lists):
        problems.append(Problem(Where("grouping batch"), message("batch.plan_or_lists")))
    if plan is not None and scenarios:
        problems.append(Problem(Where("--scenario"), message("batch.scenarios_in_plan")))
    if plan is None and lists and out is None:
        problems.append(Problem(Where("--out"), message("batch.out_missing")))
    if engine == "dask" and scheduler is None:
        problems.append(Problem(Where("--scheduler"), message("batch.scheduler_missing")))
    if engine == "local" and scheduler is not None:
        problems.append(Problem(Where("--scheduler"), message("batch.scheduler_alone")))
    if problems:
        raise InputError(problems)


def _planned(
    plan: str | None, lists: tuple[str, ...], scenarios: tuple[str, ...], wishes: Wishes, lang: Lang
) -> Batch | None:
    if plan is not None:
        return read_plan(Path(plan), wishes, lang)
    return matching(lists, scenarios, wishes, lang) if lists else None


def _tell(results: Results, as_json: bool, lang: Lang) -> None:
    """What became of all, on standard output."""
    names = ("results.parquet", "results.csv", "index.html")
    counts = {"done": results.done, "failed": results.failed, "skipped": len(results.skipped)}
    if as_json:
        data = {
            "out": str(results.out),
            "runs": len(results.runs),
            **counts,
            "interrupted": results.interrupted,
            **{name.replace(".", "_"): str(results.out / name) for name in names},
            "results": results.rows(),
        }
        click.echo(json.dumps(data, ensure_ascii=False, indent=2))
        return
    if results.interrupted:
        click.echo(say("batch.interrupted", lang, left=len(results.runs) - len(results.records)), err=True)
    click.echo(say("batch.verdict", lang, total=len(results.runs), **counts))
    click.echo(say("batch.index_at", lang, path=results.out / "index.html"))
    click.echo(say("batch.table_at", lang, paths=[str(results.out / name) for name in names[:2]]))
