"""``grouping solve``: the main job, from the list to the folder with tables, maps and report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeVar

import click

from grouping.applications import read_applications
from grouping.check import CheckReport, check, findings, rule_name, verdict
from grouping.cli.speaking import SpeakingCommand, lang_option
from grouping.clock import StoppedBy
from grouping.distances import Distances, read_distances
from grouping.errors import InputError, Problem
from grouping.grids import read_grids
from grouping.link_files import applicable_links, read_links
from grouping.links import Links
from grouping.maps import Atlas, MapOptions
from grouping.messages import Lang, Message, message, say
from grouping.outputs import Written, check_folder, write_outputs
from grouping.progress import ProgressView
from grouping.result import Result
from grouping.scenario import Scenario
from grouping.scenario_files import load_scenario
from grouping.search import compiled
from grouping.sites import Applications
from grouping.solve import solve as search
from grouping.wording import km, proof

UNPLACED = 3
"""Exit code of --strict where a site has no community."""
BROKEN = 4
"""Exit code where the grouping breaks a hard rule."""

_Read = TypeVar("_Read")


@click.command(cls=SpeakingCommand, help="cli.solve_help")
@click.argument("list_path", metavar="LIST")
@click.option("--scenario", metavar="S", help="cli.scenario_option_help")
@click.option("--links", "links_path", metavar="L", help="cli.links_help")
@click.option("--distances", "distances_path", metavar="M", help="cli.distances_help")
@click.option("--out", metavar="DIR", help="cli.out_help")
@click.option("--time-limit", type=float, metavar="S", help="cli.time_limit_help")
@click.option("--gap", type=float, metavar="G", help="cli.gap_help")
@click.option("--seed", type=int, metavar="N", help="cli.seed_help")
@click.option("--workers", type=click.IntRange(min=1), metavar="N", help="cli.workers_help")
@click.option("--on-unresolved", type=click.Choice(["error", "skip"]), default="error", help="cli.on_unresolved_help")
@click.option("--strict", is_flag=True, help="cli.strict_help")
@click.option("--boundary", metavar="FILE", help="cli.boundary_help")
@click.option("--map-approval", metavar="TEXT", help="cli.map_approval_help")
@click.option("--public", is_flag=True, help="cli.public_help")
@click.option("--font", metavar="FILE", help="cli.font_help")
@click.option("--quiet", is_flag=True, help="cli.quiet_help")
@lang_option
@click.pass_context
def solve(
    ctx: click.Context,
    list_path: str,
    scenario: str | None,
    links_path: str | None,
    distances_path: str | None,
    out: str | None,
    time_limit: float | None,
    gap: float | None,
    seed: int | None,
    workers: int | None,
    on_unresolved: Literal["error", "skip"],
    strict: bool,
    boundary: str | None,
    map_approval: str | None,
    public: bool,
    font: str | None,
    quiet: bool,
    lang: Lang,
) -> None:
    """Group the sites of LIST; its user's help is in the catalogue."""
    folder = Path(out) if out else Path("out") / Path(list_path).stem
    maps = MapOptions(
        boundary=Path(boundary) if boundary else None,
        approval=map_approval,
        public=public,
        font=Path(font) if font else None,
    )
    reading = _Reading()
    choices = reading.attempt(
        lambda: load_scenario(scenario, **{"stop.seconds": time_limit, "stop.gap": gap, "seed": seed})
    )
    reading.attempt(lambda: check_folder(folder))
    reading.attempt(lambda: Atlas.opened(lang, maps))
    sites = reading.attempt(
        lambda: read_applications(list_path, places=distances_path is None, on_unresolved=on_unresolved)
    )
    links, distances = _with_the_list(reading, sites, links_path, distances_path)
    reading.stop_if_wrong()
    assert choices is not None and sites is not None

    if not quiet:
        click.echo(say("cli.reading", lang, file=sites.file, count=len(sites)), err=True)
        if not compiled():
            click.echo(say("cli.first_run", lang), err=True)
    with ProgressView(lang, quiet=quiet) as progress:
        result = search(sites, choices, links=links, distances=distances, workers=workers, progress=progress)
    if not quiet:
        # Drawing takes seconds, in which a second Ctrl-C would throw away what the first one asked for.
        click.echo(say("cli.writing", lang), err=True)
    audit = _audit(result, sites, choices, links, distances)
    written = write_outputs(result, audit, folder, lang, maps)
    _tell(result, audit, written, lang)
    if not audit.passed:
        ctx.exit(BROKEN)
    if strict and result.unplaced:
        ctx.exit(UNPLACED)


class _Reading:
    """Reads what can be read and keeps what is wrong with the rest, to be told in one go."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []

    def attempt(self, read: Callable[[], _Read]) -> _Read | None:
        try:
            return read()
        except InputError as error:
            self._problems += error.problems
            return None

    def stop_if_wrong(self) -> None:
        if self._problems:
            raise InputError(self._problems)


def _with_the_list(
    reading: _Reading, sites: Applications | None, links_path: str | None, distances_path: str | None
) -> tuple[Links | None, Distances | None]:
    """What names the sites of the list; where that is wrong itself, as much as can be checked without it."""
    links = reading.attempt(lambda: read_links(links_path, sites)) if links_path else None
    if distances_path is None:
        return links, None
    if sites is None:
        reading.attempt(lambda: read_grids(Path(distances_path)))
        return links, None
    return links, reading.attempt(lambda: read_distances(distances_path, sites))


def _audit(
    result: Result, sites: Applications, scenario: Scenario, links: Links | None, distances: Distances | None
) -> CheckReport:
    return check(
        {community.label: [site.id for site in community.members] for community in result.communities},
        sites,
        scenario,
        applicable_links(sites, scenario, links),
        distances,
        leads={community.label: community.lead.id for community in result.communities if community.lead},
        unplaced=[item.site.id for item in result.unplaced],
    )


def _tell(result: Result, audit: CheckReport, written: Written, lang: Lang) -> None:
    """The verdict and where the files are on standard output, warnings on standard error."""
    for warning in _warnings(result, written):
        click.echo(warning.text(lang), err=True)
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
            cost=km(result.cost.total_km),
            proof=proof(result),
        )
    )
    click.echo(verdict(audit).text(lang))
    for rule in audit.rules:
        if rule.hard and not rule.passed:
            click.echo(rule_name(rule).text(lang), err=True)
            for finding in findings(rule):
                click.echo(f"    {finding.text(lang)}", err=True)
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
