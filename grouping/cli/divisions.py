"""``grouping divisions``: what each text resolves to, and why."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from grouping.cli.speaking import SpeakingCommand, lang_option
from grouping.errors import InputError, Problem, Where
from grouping.grids import decoded
from grouping.messages import Lang, message, say
from grouping.regions import Division
from grouping.resolve import Resolution, resolve

UNRESOLVED = 2
"""Exit code where some text is ambiguous or unknown."""

_STDIN = "-"


@click.command(cls=SpeakingCommand, help="divisions.command_help")
@click.argument("texts", metavar="TEXT...", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="divisions.json_help")
@lang_option
@click.pass_context
def divisions(ctx: click.Context, texts: Sequence[str], as_json: bool, lang: Lang) -> None:
    """Print what TEXT... resolve to; its user's help is in the catalogue."""
    resolutions = [resolve(text) for text in _given(texts)]
    if as_json:
        click.echo(json.dumps([_as_json(one, lang) for one in resolutions], ensure_ascii=False, indent=2))
    else:
        _show(resolutions, lang)
    if any(one.division is None for one in resolutions):
        ctx.exit(UNRESOLVED)


def _given(texts: Sequence[str]) -> Iterator[str]:
    """The texts, with ``-`` standing for the lines of standard input that aren't blank."""
    for text in texts:
        if text != _STDIN:
            yield text
            continue
        with click.open_file(_STDIN, "rb") as stream:
            lines = decoded(stream.read())
        if lines is None:
            raise InputError([Problem(Where(_STDIN), message("tables.encoding"))])
        yield from (line.strip() for line in lines.splitlines() if line.strip())


def _as_json(one: Resolution, lang: Lang) -> dict[str, Any]:
    division = one.division
    return {
        "text": one.text,
        "adcode": division and division.adcode,
        "name": division and division.full_name,
        "level": division and division.level,
        "how": one.how,
        "note": one.note and one.note.text(lang),
        "candidates": [_candidate(candidate) for candidate in one.candidates],
    }


def _candidate(division: Division) -> dict[str, str]:
    return {"adcode": division.adcode, "name": division.full_name, "level": division.level}


def _show(resolutions: Sequence[Resolution], lang: Lang) -> None:
    # Chinese has no spaces to break lines at.
    table = Table()
    for heading in ("divisions.text", "divisions.adcode", "divisions.name", "divisions.level", "divisions.note"):
        table.add_column(say(heading, lang), overflow="fold")
    for one in resolutions:
        division, note = one.division, one.note.text(lang) if one.note else ""
        if division is None:
            table.add_row(one.text, "—", "", "", note)
        else:
            table.add_row(one.text, division.adcode, division.full_name, division.level.label.text(lang), note)
    Console(highlight=False, markup=False).print(table)
