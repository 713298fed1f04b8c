"""``grouping template``: an empty application list, or list of links, to fill in."""

from __future__ import annotations

import json

import click

from grouping.cli.speaking import Choice, SpeakingCommand, lang_option
from grouping.messages import Lang, say
from grouping.template import Kind, template_name, write_template


@click.command(cls=SpeakingCommand, help="template.command_help")
@click.argument("out", metavar="[OUT.xlsx]", required=False)
@click.option("--kind", type=Choice(["list", "links"]), default="list", help="template.kind_help")
@click.option("--force", is_flag=True, help="template.force_help")
@click.option("--json", "as_json", is_flag=True, help="cli.json_help")
@lang_option
def template(out: str | None, kind: Kind, force: bool, as_json: bool, lang: Lang) -> None:
    """Write the template; its user's help is in the catalogue."""
    path = write_template(out or template_name(kind, lang), kind, lang, force=force)
    if as_json:
        click.echo(json.dumps({"kind": kind, "path": str(path)}, ensure_ascii=False))
    elif kind == "links":
        click.echo(say("template.written_links", lang, path=str(path)))
    else:
        click.echo(say("template.written_list", lang, path=str(path)))
