"""``grouping solve``: the main job, from the list to the folder with tables, maps and report."""

from __future__ import annotations

from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import click

from grouping.applications import read_applications
from grouping.changes import Course
from grouping.cli.before import Before, before_options
from grouping.cli.reading import Reading, led_first
from grouping.cli.speaking import Choice, SpeakingCommand, lang_option
from grouping.clock import StoppedBy
from grouping.compilation import compiled
from grouping.conflicts import conflicts, in_words
from grouping.distances import Distances, by_places
from grouping.errors import AuditError, InputError
from grouping.link_files import applicable_links
from grouping.links import Links
from grouping.maps import Atlas, MapOptions
from grouping.messages import Lang, Message, message, say
from grouping.numbers import km_text
from grouping.outputs import Written, check_folder, write_outputs
from grouping.progress import ProgressView
from grouping.result import Result
from grouping.rule_prices import with_prices
from grouping.runs import Given
from grouping.scenario import Scenario
from grouping.scenario_files import bounds, load_scenario
from grouping.sites import Applications
from grouping.solve import solve as search
from grouping.verdicts import verdict
from grouping.wording import proof

UNPLACED = 3
"""Exit code of --strict where a site has no community."""
BROKEN = 4
"""Exit code where the grouping that was found fails the audit."""
_WORKERS = 1, 256
"""Fewest and most threads."""


@click.command(cls=SpeakingCommand, help="cli.solve_help")
@click.argument("list_path", metavar="LIST")
@click.option("--scenario", metavar="S", help="cli.scenario_option_help")
@click.option("--links", "links_path", metavar="L", help="cli.links_help")
@click.option("--distances", "distances_path", metavar="M", help="cli.distances_help")
@before_options
@click.option("--out", metavar="DIR", help="cli.out_help")
@click.option("--time-limit", metavar="S", help="cli.time_limit_help")
@click.option("--work", metavar="W", help="cli.work_help")
@click.option("--gap", metavar="G", help="cli.gap_help")
@click.option("--seed", metavar="N", help="cli.seed_help")
@click.option("--workers", metavar="N", help="cli.workers_help")
@click.option("--on-unresolved", type=Choice(["error", "skip"]), default="error", help="cli.on_unresolved_help")
@click.option("--strict", is_flag=True, help="cli.strict_help")
@click.option("--boundary", metavar="FILE", help="cli.boundary_help")
@click.option("--map-approval", metavar="TEXT", help="cli.map_approval_help")
@click.option("--rule-prices", is_flag=True, help="rules.option_help")
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
    before: Before,
    out: str | None,
    time_limit: str | None,
    work: str | None,
    gap: str | None,
    seed: str | None,
    workers: str | None,
    on_unresolved: Literal["error", "skip"],
    strict: bool,
    boundary: str | None,
    map_approval: str | None,
    rule_prices: bool,
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
    reading = Reading()
    given = {
        "stop.seconds": reading.number("--time-limit", time_limit, bounds("stop.seconds"), "cli.expect_seconds"),
        "stop.work": reading.number("--work", work, bounds("stop.work"), "cli.expect_work"),
        "stop.gap": reading.number("--gap", gap, bounds("stop.gap"), "cli.expect_fraction"),
        "seed": reading.whole("--seed", seed, bounds("seed")),
        "terms.year": reading.whole("--year", before.year, bounds("terms.year")),
    }
    threads = reading.whole("--workers", workers, _WORKERS)
    choices = reading.attempt(lambda: load_scenario(scenario, **given))
    reading.attempt(lambda: check_folder(folder))
    reading.attempt(lambda: Atlas.opened(lang, maps))
    sites = reading.attempt(
        lambda: read_applications(list_path, places=distances_path is None, on_unresolved=on_unresolved)
    )
    sites = reading.taking_part(sites, before.attendance, before.exits)
    links, distances = reading.with_the_list(sites, links_path, distances_path)
    previous, draft, locks = reading.from_before(sites, choices, before.previous, before.draft, before.lock)
    reading.stop_if_wrong()
    assert choices is not None and sites is not None
    inputs = {
        "applications": list_path,
        "links": links_path,
        "distances": distances_path,
        "previous": before.previous,
        "attendance": before.attendance,
        "exits": before.exits,
        "draft": before.draft,
        "lock": before.lock,
    }
    given_now = Given.of(inputs, {"on_unresolved": on_unresolved}, choices, version("grouping"))

    if not quiet:
        click.echo(say("cli.reading", lang, file=sites.file, count=len(sites)), err=True)
        if not compiled(by_places(sites.sites, distances)):
            click.echo(say("cli.first_run", lang), err=True)
    try:
        with ProgressView(lang, quiet=quiet) as progress:
            result = search(
                sites,
                choices,
                links=links,
                distances=distances,
                previous=previous,
                locks=locks,
                start=led_first(draft) if draft else None,
                workers=threads,
                progress=progress,
            )
    except AuditError as error:
        click.echo(error.text(lang), err=True)
        ctx.exit(BROKEN)
    except InputError:
        _tell_conflicts(sites, choices, applicable_links(sites, choices, links, previous, locks), distances, lang)
        raise
    if rule_prices and not quiet:
        click.echo(say("rules.asking", lang), err=True)
    result = with_prices(result, distances, threads, rules=rule_prices)
    if not quiet:
        # Drawing takes seconds, in which a second Ctrl-C would throw away what the first one asked for.
        click.echo(say("cli.writing", lang), err=True)
    written = write_outputs(result, result.audit, folder, lang, maps, given_now)
    _tell(result, written, lang)
    if strict and result.unplaced:
        ctx.exit(UNPLACED)


def _tell_conflicts(
    sites: Applications, choices: Scenario, links: Links, distances: Distances | None, lang: Lang
) -> None:
    """Why there is no grouping, and the ways out; what is wrong with the input is told after it."""
    click.echo(say("conflicts.trying", lang), err=True)
    for line in in_words(conflicts(sites, choices, links, distances), choices.size):
        click.echo(line.text(lang), err=True)


def _tell(result: Result, written: Written, lang: Lang) -> None:
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
