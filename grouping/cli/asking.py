"""Asking a folder of results: what it holds is read again, and must be what the run read."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import click

from grouping.cases import Case, build_case
from grouping.check import CheckReport
from grouping.check import check as audit
from grouping.cli.reading import Reading
from grouping.compilation import compile_all, compiled
from grouping.distances import by_places
from grouping.errors import InputError, Problem, Where
from grouping.grouping_files import GroupingFile, read_grouping
from grouping.inputs import FILES, Files
from grouping.levels import Level
from grouping.messages import Lang, message, say
from grouping.runs import located, read_given
from grouping.verdicts import findings

SECONDS = 1.0, 604_800.0
"""Least and most of --time-limit."""


@dataclass(frozen=True)
class Opened:
    """A folder of results, read again. ``proved`` tells whether the grouping asked about is proved optimal."""

    case: Case
    grouping: GroupingFile
    check: CheckReport
    proved: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """Where the inputs of the run are now, None where they were; ``grouping`` is another grouping than the run's."""

    applications: str | None
    links: str | None
    distances: str | None
    grouping: str | None
    accept_changed: bool


def asking_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of all commands that ask a folder, passed to ``function`` together, as ``asked``."""

    @click.option("--grouping", metavar="FILE", help="ask.grouping_help")
    @click.option("--applications", metavar="LIST", help="ask.applications_help")
    @click.option("--links", metavar="L", help="ask.links_help")
    @click.option("--distances", metavar="M", help="ask.distances_help")
    @click.option("--accept-changed", is_flag=True, help="ask.accept_changed_help")
    @click.option("--json", "as_json", is_flag=True, help="ask.json_help")
    @wraps(function)
    def collecting(
        *args: Any,
        grouping: str | None,
        applications: str | None,
        links: str | None,
        distances: str | None,
        accept_changed: bool,
        **others: Any,
    ) -> Any:
        return function(*args, asked=Asked(applications, links, distances, grouping, accept_changed), **others)

    return collecting


def opened(out: str, asked: Asked, reading: Reading) -> Opened:
    """Read a folder of results again.

    Raises:
        InputError: it is none, an input is gone or has changed, or the grouping breaks a hard rule.

    """
    folder = Path(out)
    given = read_given(folder)
    elsewhere = {"applications": asked.applications, "links": asked.links, "distances": asked.distances}
    files = located(given, elsewhere, asked.accept_changed)
    scenario = given.scenario
    if "regions" in files:
        travel = scenario.travel.model_copy(update={"regions": files["regions"]})
        scenario = scenario.model_copy(update={"travel": travel})
    inputs = Files(**{name: path for name, path in files.items() if name in FILES})
    read = reading.read(inputs, scenario, given.options.get("on_unresolved", "error"))
    path = asked.grouping or str(folder / "grouping.csv")
    found = reading.attempt(lambda: read_grouping(path, read.sites if read else None))
    reading.stop_if_wrong()
    assert read is not None and found is not None
    sites, distances, priced = read.sites, read.distances, read.priced(scenario)
    leads = {"leads": found.leads, "vice_leads": found.vice_leads}
    report = audit(found.communities, sites, scenario, priced, distances, **leads, unplaced=found.unplaced)
    if not report.passed:
        broken = [one for rule in report.rules if rule.hard and not rule.passed for one in findings(rule)]
        raise InputError([Problem(Where(found.file), message("runs.broken", findings=broken))])
    # What was proved of other inputs says nothing of these. It is told to the nearest metre.
    summary = {} if asked.accept_changed else _summary(folder)
    bounds = {Level(name): float(level["bound_km"]) - 0.001 for name, level in summary.get("by_level", {}).items()}
    case = build_case(sites, scenario, priced, distances, found.communities, found.leads, bounds)
    proved = bool(bounds) and all(level.cost_km <= level.bound_km + 0.002 for level in case.levels)
    return Opened(case, found, report, proved)


def made_ready(case: Case, lang: Lang) -> None:
    """Compile what is not yet compiled, and say so, before any time limit counts."""
    placed = by_places(case.applications.sites, case.distances)
    if not compiled(placed):
        click.echo(say("cli.first_run", lang), err=True)
        compile_all(case.scenario, placed)


def _summary(folder: Path) -> dict[str, Any]:
    """What the run said of itself; nothing if that is gone or spoilt."""
    try:
        summary = json.loads((folder / "summary.json").read_text("utf-8"))
        return summary if all(level["bound_km"] is not None for level in summary["by_level"].values()) else {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
