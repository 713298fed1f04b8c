"""``grouping check``: audit a grouping, also one edited by hand."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from grouping.check import CheckReport
from grouping.check import check as audit
from grouping.cli.reading import Reading
from grouping.cli.run_options import file_options, read_settings, year_option
from grouping.cli.speaking import BROKEN, SpeakingCommand, lang_option
from grouping.cost import Cost
from grouping.errors import Problem
from grouping.grouping_files import read_grouping
from grouping.inputs import Files, OnUnresolved
from grouping.messages import Lang, say
from grouping.scenario_files import load_scenario
from grouping.sites import Remark
from grouping.verdicts import cost_line, findings, mark, outcome, rule_name, verdict


@click.command(cls=SpeakingCommand, help="check.command_help")
@click.argument("grouping")
@click.option("--applications", metavar="LIST", required=True, help="check.applications_help")
@click.option("--scenario", metavar="S", help="cli.scenario_option_help")
@file_options
@year_option
@click.option("--json", "as_json", is_flag=True, help="check.json_help")
@lang_option
@click.pass_context
def check(
    ctx: click.Context,
    grouping: str,
    files: Files,
    on_unresolved: OnUnresolved,
    scenario: str | None,
    year: str | None,
    as_json: bool,
    lang: Lang,
) -> None:
    """Print the audit of GROUPING; its user's help is in the catalogue."""
    reading = Reading()
    values = read_settings(reading, {"year": year})
    choices = reading.attempt(lambda: load_scenario(scenario, **values))
    read = reading.read(files, choices, on_unresolved)
    found = reading.attempt(lambda: read_grouping(grouping, read.sites if read else None))
    reading.stop_if_wrong()
    assert choices is not None and read is not None and found is not None
    distances = read.distances
    links = read.priced(choices)
    report = audit(
        found.communities,
        read.sites,
        choices,
        links,
        distances,
        leads=found.leads,
        vice_leads=found.vice_leads,
        unplaced=found.unplaced,
    )
    if as_json:
        click.echo(json.dumps(_as_json(report, lang), ensure_ascii=False, indent=2))
    else:
        _show_remarks([*found.remarks, *links.remarks, *(distances.remarks if distances else ())], lang)
        _show(report, lang)
    if not report.passed:
        ctx.exit(BROKEN)


# --- For people ----------------------------------------------------------------------------------------


def _show_remarks(remarks: Iterable[Remark], lang: Lang) -> None:
    # A remark says how something was understood; it is no result, so it keeps out of a redirected report.
    for remark in remarks:
        click.echo(Problem(remark.where, remark.what).text(lang), err=True)


def _show(report: CheckReport, lang: Lang) -> None:
    # Labels are as people write them, brackets and all.
    console = Console(highlight=False, markup=False)
    rules = Table("")
    # Chinese has no spaces to break lines at; without folding rich would cut the text off.
    rules.add_column(say("check.rule", lang), overflow="fold")
    rules.add_column(say("check.outcome", lang), overflow="fold")
    for rule in report.rules:
        rules.add_row(mark(rule), rule_name(rule).text(lang), outcome(rule).text(lang))
    console.print(rules)
    for rule in report.rules:
        if not rule.passed:
            console.print(f"{mark(rule)} {rule_name(rule).text(lang)}")
            for finding in findings(rule):
                console.print(f"    {finding.text(lang)}", soft_wrap=True)
    console.print(_costs(report, lang))
    console.print(cost_line(report.cost).text(lang), soft_wrap=True)
    console.print(verdict(report).text(lang))


def _costs(report: CheckReport, lang: Lang) -> Table:
    parts = [
        say("check.travel_km", lang),
        say("check.cross_region_km", lang),
        say("check.size_km", lang),
        say("check.theme_km", lang),
        say("check.links_km", lang),
    ]
    table = Table(say("check.community", lang), title=say("check.title_costs", lang))
    for heading in (say("check.members", lang), *parts, say("check.total_km", lang)):
        table.add_column(heading, justify="right")
    for community in report.communities:
        costs = [f"{km:,.0f}" for km in (*community.cost.parts().values(), community.cost.total_km)]
        table.add_row(community.label, str(community.size), *costs)
    return table


# --- For programs --------------------------------------------------------------------------------------


def _as_json(report: CheckReport, lang: Lang) -> dict[str, Any]:
    return {
        "passed": report.passed,
        "rules": [
            {
                "rule": rule.rule,
                "article": rule.article,
                "hard": rule.hard,
                "passed": rule.passed,
                "cost_km": _finite(rule.cost_km),
                "broken": [finding.text(lang) for finding in rule.broken],
            }
            for rule in report.rules
        ],
        "cost_km": _finite(report.cost.total_km),
        "cost_breakdown": _parts(report.cost),
        "communities": [
            {
                "community": community.label,
                "levels": [level.value for level in community.levels],
                "size": community.size,
                "macro_regions": list(community.regions),
                "cost_km": _finite(community.cost.total_km),
                "cost_breakdown": _parts(community.cost),
            }
            for community in report.communities
        ],
        "unplaced": list(report.unplaced),
    }


def _parts(cost: Cost) -> dict[str, float | None]:
    return {name: _finite(km) for name, km in cost.parts().items()}


def _finite(km: float | None) -> float | None:
    """JSON knows no infinity: what nobody can host costs null."""
    return km if km is not None and math.isfinite(km) else None
