"""A command line in the user's language: help, complaints about the call, and what is wrong with the input.

Click speaks English only. Here its help takes the texts from the catalogue (a ``help`` that is a key of the
catalogue is replaced by its text), and whatever a user did wrong becomes lines on stderr and exit code 2.
"""

from __future__ import annotations

import copy
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar, NoReturn, TypeVar

import click
from click.exceptions import NoArgsIsHelpError

from grouping.errors import AuditError, InputError, Problem, Where
from grouping.logs import Log, place
from grouping.messages import LANGS, Lang, Message, catalogue, message, say

BAD_INPUT = 2
BROKEN = 4
"""Exit code where a grouping breaks a hard rule: one that was given, or, by a fault of the program, one it found."""
INTERRUPTED = 130
_ENVIRONMENT = "GROUPING_LANG"

_Function = TypeVar("_Function", bound=Callable[..., Any])


# --- The language --------------------------------------------------------------------------------------


class Choice(click.Choice[str]):
    """One of a few words; what was written instead is told in the user's language."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        """What was found and what is expected, to follow the name of the option."""
        return say("cli.no_choice", language(ctx), found=value, choices=" / ".join(self.choices))


def language(ctx: click.Context | None = None) -> Lang:
    """The language of a running command: ``--lang`` wherever it stood, else GROUPING_LANG, else Chinese."""
    spoken = ctx.find_root().obj if ctx is not None else None
    return spoken if spoken in LANGS else _from_environment()


def lang_option(function: _Function) -> _Function:
    """Add ``--lang zh|en``, passed to ``function`` as ``lang``; it may stand before or after the command's name."""
    return click.option(
        "--lang",
        type=Choice(LANGS),
        callback=lambda ctx, _param, _value: language(ctx),
        is_eager=True,
        help="cli.lang_help",
    )(function)


def _from_environment() -> Lang:
    spoken = os.environ.get(_ENVIRONMENT, "")
    return spoken if spoken in LANGS else "zh"


def _spoken(args: Sequence[str]) -> Lang:
    """The language asked for anywhere in ``args``. It must be known before click parses, complains or helps."""
    return next((value for value in reversed(_values(args, "--lang")) if value in LANGS), _from_environment())


def _logged(args: Sequence[str]) -> bool:
    """Whether ``args`` ask for logs that machines read."""
    return _values(args, "--log-format")[-1:] == ["json"]


def _values(args: Sequence[str], option: str) -> list[str]:
    values = [value for name, value in pairwise(args) if name == option]
    return values + [arg.removeprefix(f"{option}=") for arg in args if arg.startswith(f"{option}=")]


# --- Help ----------------------------------------------------------------------------------------------


def _text(help_text: str | None, lang: Lang) -> str:
    text = help_text or ""
    return say(text, lang) if text in catalogue() else text


class _Formatter(click.HelpFormatter):
    """Click's formatter with the headings in the user's language."""

    lang: Lang = "zh"

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, prefix or say("cli.usage", self.lang) + " ")

    @contextmanager
    def section(self, name: str) -> Iterator[None]:
        headings = {"Options": "cli.options", "Commands": "cli.commands"}
        with super().section(say(headings[name], self.lang) if name in headings else name):
            yield


class _Context(click.Context):
    def make_formatter(self) -> click.HelpFormatter:
        formatter = _Formatter(width=self.terminal_width, max_width=self.max_content_width)
        formatter.lang = language(self)
        return formatter


class SpeakingCommand(click.Command):
    """A command whose help is in the user's language."""

    context_class = _Context
    allow_extra_args = True  # they are told below, in the user's language

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse ``args``, refusing what is left over."""
        try:
            rest = super().parse_args(ctx, args)
        except click.UsageError as error:
            # The parser of options does not know whose they are.
            error.ctx = error.ctx or ctx
            raise
        if rest and not isinstance(self, click.Group) and not ctx.resilient_parsing:
            raise _WrongCall(message("cli.extra", names=rest), ctx)
        return rest

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """With the helps of the options in the user's language."""
        return [_speaking(param, language(ctx)) for param in super().get_params(ctx)]

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """The placeholders of the usage line, in words."""
        words = {"[OPTIONS]": "cli.usage_options", "COMMAND [ARGS]...": "cli.usage_command"}
        return [_text(words.get(piece, piece), language(ctx)) for piece in super().collect_usage_pieces(ctx)]

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Click's own, with a help of ours."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = "cli.help_help"
        return option

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """What the command is for, each line of the text a paragraph."""
        _write_help(self.help, ctx, formatter)


class SpeakingGroup(SpeakingCommand, click.Group):
    """A group of such commands, and what a call of the program goes through from first to last."""

    command_class = SpeakingCommand
    short_helps: ClassVar[Mapping[str, str]] = {}
    """The one-line help of commands that are not loaded for it, as keys of the catalogue."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that ``args`` begin with."""
        names = self.list_commands(ctx)
        if args[0] not in names and not args[0].startswith("-"):
            raise _WrongCall(message("cli.no_such_command", name=args[0], names=names), ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands, each with a line."""
        rows = [(name, _text(self._short_help(ctx, name), language(ctx))) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def _short_help(self, ctx: click.Context, name: str) -> str:
        if name in self.short_helps:
            return self.short_helps[name]
        command = self.get_command(ctx, name)
        return (command.short_help or command.help or "") if command else ""

    def main(  # type: ignore[override]  # click overloads it by standalone_mode; this one always stands alone
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any
    ) -> None:
        """Run the command line ``args`` and exit: 2 for what the user got wrong, without a traceback."""
        given = list(sys.argv[1:] if args is None else args)
        lang = _spoken(given)
        extra.pop("standalone_mode", None)
        _never_fail_to_print()
        try:
            code = super().main(given, prog_name, standalone_mode=False, obj=lang, **extra)
        except InputError as error:
            _complain(given, error.problems)
            if not _logged(given):
                click.echo(say("cli.problems", lang, count=len(error.problems)), err=True)
            code = BAD_INPUT
        except AuditError as error:
            for finding in (message("check.audit_failed"), *error.findings):
                if _logged(given):
                    Log().tell("warning", "warning", **place(finding))
                else:
                    click.echo(finding.text(lang), err=True)
            code = BROKEN
        except NoArgsIsHelpError as error:
            click.echo(error.format_message(), err=True)
            code = BAD_INPUT
        except click.ClickException as error:
            click.echo(say("cli.wrong_call", lang, what=_complaint(error)), err=True)
            context = error.ctx if isinstance(error, click.UsageError) else None
            command = context.command_path if context is not None else self.name
            click.echo(say("cli.try_help", lang, command=command), err=True)
            code = BAD_INPUT
        except click.Abort:
            # What click makes of Ctrl-C, after a new line.
            abort(given)
        except BrokenPipeError:
            # Whoever read the output has seen enough (`grouping … | head`); python must not fail over it at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = 1
        except OSError as error:
            # A file that may not be read, a full disk: what was to be told apart is told where it is met.
            what = message("cli.system", why=error.strerror or type(error).__name__)
            _complain(given, [Problem(Where(Path(error.filename).name), what) if error.filename else what])
            code = BAD_INPUT
        sys.exit(code if isinstance(code, int) else 0)


def _complain(given: Sequence[str], wrong: Sequence[Problem | Message]) -> None:
    """Tell what is wrong with the input on standard error: line by line, or as one of the log."""
    if _logged(given):
        Log().tell("error", "input_wrong", places=[place(one) for one in wrong])
        return
    for one in wrong:
        click.echo(one.text(_spoken(given)), err=True)


def abort(args: Sequence[str] | None = None) -> NoReturn:
    """Exit after Ctrl-C: a line, in the language of the command line ``args``, and no traceback."""
    given = sys.argv[1:] if args is None else args
    if _logged(given):
        Log().tell("warning", "interrupted")
    else:
        click.echo(say("cli.aborted", _spoken(given)), err=True)
    sys.exit(INTERRUPTED)


def _speaking(param: click.Parameter, lang: Lang) -> click.Parameter:
    if not isinstance(param, click.Option) or param.help is None or param.help not in catalogue():
        return param
    spoken = copy.copy(param)
    spoken.help = say(param.help, lang)
    return spoken


def _write_help(text: str | None, ctx: click.Context, formatter: click.HelpFormatter) -> None:
    formatter.write_paragraph()
    with formatter.indentation():
        for paragraph in _text(text, language(ctx)).split("\n\n"):
            for line in paragraph.strip().splitlines():
                formatter.write_text(line)
            formatter.write_paragraph()


def _never_fail_to_print() -> None:
    """Let a console that lacks a character (Windows code pages) show a substitute instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if (reconfigure := getattr(stream, "reconfigure", None)) is not None:
            reconfigure(errors="replace")


# --- Complaints about the call -------------------------------------------------------------------------


class _WrongCall(click.UsageError):
    """A complaint of ours."""

    def __init__(self, what: Message, ctx: click.Context) -> None:
        super().__init__(what.text(language(ctx)), ctx)


def _complaint(error: click.ClickException) -> Message | str:
    """What is wrong with the call, from the catalogue; click's own words for the rest."""
    if isinstance(error, click.NoSuchOption):
        near = error.possibilities or ()
        return message("cli.no_such_option_near" if near else "cli.no_such_option", name=error.option_name, near=near)
    if isinstance(error, click.MissingParameter) and error.param is not None:
        if isinstance(error.param, click.Option):
            return message("cli.missing_option", name=error.param.opts[0])
        return message("cli.missing_argument", name=error.param.human_readable_name)
    if isinstance(error, click.BadParameter) and error.param is not None and isinstance(error.param.type, Choice):
        return message("cli.bad_choice", name=error.param.opts[0], what=error.message)
    if isinstance(error, click.BadOptionUsage):
        key = "cli.flag_takes_no_value" if _is_flag(error) else "cli.option_needs_value"
        return message(key, name=error.option_name)
    if type(error) is click.UsageError and error.ctx is not None and isinstance(error.ctx.command, click.Group):
        return message("cli.missing_command", names=error.ctx.command.list_commands(error.ctx))
    return error.format_message()


def _is_flag(error: click.BadOptionUsage) -> bool:
    params = error.ctx.command.params if error.ctx is not None else ()
    return any(
        isinstance(param, click.Option) and param.is_flag and error.option_name in param.opts for param in params
    )
