"""``grouping template``: an empty application list, or list of links, to fill in."""

from __future__ import annotations

import click

from grouping.cli.speaking import Choice, SpeakingCommand, lang_option
from grouping.messages import Lang, say
from grouping.template import Kind, template_name, write_template


@click.command(cls=SpeakingCommand, help="template.command_help")
@click.argument("out", metavar="[OUT.xlsx]", required=False)
@click.option("--kind", type=Choice(["list", "links"]), default="list", help="template.kind_help")
@click.option("--force", is_flag=True, help="template.force_help")
@lang_option
def template(out: str | None, kind: Kind, force: bool, lang: Lang) -> None:
    """Write the template; its user's help is in the catalogue."""
    path = write_template(out or template_name(kind, lang), kind, lang, force=force)
    if kind == "links":
        click.echo(say("template.written_links", lang, path=str(path)))
    else:
        click.echo(say("template.written_list", lang, path=str(path)))
