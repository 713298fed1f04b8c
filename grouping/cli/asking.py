"""Asking a folder of results: what it holds is read again, and must be what the run read."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from grouping.applications import read_applications
from grouping.cases import Case, build_case
from grouping.check import CheckReport
from grouping.check import check as audit
from grouping.cli.reading import Reading
from grouping.errors import InputError, Problem, Where
from grouping.grouping_files import GroupingFile, read_grouping
from grouping.link_files import applicable_links
from grouping.messages import message
from grouping.runs import located, read_given
from grouping.verdicts import findings

_Function = TypeVar("_Function", bound=Callable[..., Any])

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


def asking_options(function: _Function) -> _Function:
    """Add the options of all commands that ask a folder."""
    for option in reversed(
        [
            click.option("--grouping", metavar="FILE", help="ask.grouping_help"),
            click.option("--applications", metavar="LIST", help="ask.applications_help"),
            click.option("--links", metavar="L", help="ask.links_help"),
            click.option("--distances", metavar="M", help="ask.distances_help"),
            click.option("--accept-changed", is_flag=True, help="ask.accept_changed_help"),
            click.option("--json", "as_json", is_flag=True, help="ask.json_help"),
        ]
    ):
        function = option(function)
    return function


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
    listed = files["applications"]
    unresolved = given.options.get("on_unresolved", "error")
    sites = reading.attempt(
        lambda: read_applications(listed, places="distances" not in files, on_unresolved=unresolved)
    )
    sites = reading.taking_part(sites, files.get("attendance"), files.get("exits"))
    links, distances = reading.with_the_list(sites, files.get("links"), files.get("distances"))
    before = files.get("previous"), files.get("draft"), files.get("lock")
    previous, _, locks = reading.from_before(sites, scenario, *before)
    path = asked.grouping or str(folder / "grouping.csv")
    found = reading.attempt(lambda: read_grouping(path, sites))
    reading.stop_if_wrong()
    assert sites is not None and found is not None
    priced = applicable_links(sites, scenario, links, previous, locks)
    report = audit(found.communities, sites, scenario, priced, distances, leads=found.leads, unplaced=found.unplaced)
    if not report.passed:
        broken = [one for rule in report.rules if rule.hard and not rule.passed for one in findings(rule)]
        raise InputError([Problem(Where(found.file), message("runs.broken", findings=broken))])
    case = build_case(sites, scenario, priced, distances, found.communities, found.leads)
    return Opened(case, found, report, _proved(folder, case))


def _proved(folder: Path, case: Case) -> bool:
    """Whether the run proved that nothing is cheaper than the grouping asked about."""
    try:
        summary = json.loads((folder / "summary.json").read_text("utf-8"))
        cost = sum(level.cost_km for level in case.levels)
        return bool(summary["status"] != "feasible" and cost <= summary["cost_km"] + 0.001)
    except (OSError, ValueError, KeyError, TypeError):
        return False
