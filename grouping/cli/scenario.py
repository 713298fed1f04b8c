"""``grouping scenario``: list the scenarios, and show one with every value and where it comes from."""

from __future__ import annotations

import json

import click

from grouping.cli.speaking import SpeakingGroup, lang_option
from grouping.messages import Lang, message
from grouping.scenario_files import explain_scenario, list_scenarios, scenario_toml

PURPOSES = {
    "base": message("cli.for_base"),
    "hosted": message("cli.for_hosted"),
    "larger-communities": message("cli.for_larger_communities"),
    "open-terms": message("cli.for_open_terms"),
    "pairing-first": message("cli.for_pairing_first"),
    "pairwise": message("cli.for_pairwise"),
    "region-first": message("cli.for_region_first"),
}


@click.group(cls=SpeakingGroup, help="cli.scenario_group_help", short_help="cli.scenario_short")
@lang_option
def scenario(lang: Lang) -> None:
    """Hold the two commands below; their users' help is in the catalogue."""


@scenario.command("list", help="cli.scenario_list_help", short_help="cli.scenario_list_help")
@click.option("--json", "as_json", is_flag=True, help="cli.json_help")
@lang_option
def list_(as_json: bool, lang: Lang) -> None:
    """Print the shipped scenarios, one a line."""
    names = list_scenarios()
    if as_json:
        listed = [{"name": name, "purpose": PURPOSES[name].text(lang)} for name in names]
        click.echo(json.dumps(listed, ensure_ascii=False, indent=2))
        return
    widest = max(len(name) for name in names)
    for name in names:
        click.echo(f"{name:<{widest}}  {PURPOSES[name].text(lang)}")


@scenario.command("show", help="cli.scenario_show_help", short_help="cli.scenario_show_help")
@click.argument("source", metavar="S")
@click.option("--json", "as_json", is_flag=True, help="cli.json_help")
@lang_option
def show(source: str, as_json: bool, lang: Lang) -> None:
    """Print the scenario as TOML that is a scenario file itself."""
    values = explain_scenario(source)
    if as_json:
        known = [
            {"key": one.key, "value": one.value, "unit": one.unit.text(lang) if one.unit else None}
            | {"origin": one.origin.text(lang)}
            for one in values
        ]
        click.echo(json.dumps(known, ensure_ascii=False, indent=2))
    else:
        click.echo(scenario_toml(values, lang), nl=False)
