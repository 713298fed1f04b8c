"""The command line: ``grouping`` and its commands, each in a module of its own that loads when it is called."""

from __future__ import annotations

from importlib import import_module
from typing import ClassVar

import click

from grouping.cli.speaking import SpeakingGroup, lang_option
from grouping.interrupts import held

_COMMANDS = {
    "solve": ("grouping.cli.solve", "cli.solve_short"),
    "check": ("grouping.cli.check", "cli.check_short"),
    "explain": ("grouping.cli.explain", "ask.explain_short"),
    "alternatives": ("grouping.cli.alternatives", "ask.alternatives_short"),
    "compare": ("grouping.cli.compare", "compare.short"),
    "sweep": ("grouping.cli.sweep", "sweep.short"),
    "batch": ("grouping.cli.batch", "batch.command_short"),
    "divisions": ("grouping.cli.divisions", "cli.divisions_short"),
    "template": ("grouping.cli.template", "cli.template_short"),
    "scenario": ("grouping.cli.scenario", "cli.scenario_short"),
}
"""Each command's module, which holds a click command of the same name, and what it is for in one line."""


class _Main(SpeakingGroup):
    """The commands by name. None of them is imported to list them: the help must come at once."""

    short_helps: ClassVar = {name: short for name, (_, short) in _COMMANDS.items()}

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        """In the order of a user's day."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the command."""
        if cmd_name not in _COMMANDS:
            return None
        with held():
            command = getattr(import_module(_COMMANDS[cmd_name][0]), cmd_name)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=_Main, name="grouping", help="cli.main_help", context_settings={"help_option_names": ["-h", "--help"]})
@lang_option
@click.version_option(package_name="grouping", message="grouping %(version)s", help="cli.version_help")
def main(lang: str) -> None:
    """Draft the communities of 区域终身学习发展共同体; see the catalogue for what users read."""
