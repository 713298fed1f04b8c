"""How far a command is, on standard error: for people, or as a log for machines."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Literal, Protocol, TypeVar

import click

from grouping.cli.speaking import Choice
from grouping.jobs import Watcher
from grouping.logs import Log, place
from grouping.messages import Lang, Message
from grouping.progress import ProgressView
from grouping.result import relative_gap
from grouping.solve import Progress, Tell

LogFormat = Literal["text", "json"]
_SECONDS_BETWEEN_LINES = 1.0

_Function = TypeVar("_Function", bound=Callable[..., Any])


def log_options(function: _Function) -> _Function:
    """Add ``--log-format`` and ``--quiet``, passed to ``function`` as ``log_format`` and ``quiet``."""
    quiet = click.option("--quiet", is_flag=True, help="cli.quiet_help")
    return click.option("--log-format", type=Choice(["text", "json"]), default="text", help="cli.log_format_help")(
        quiet(function)
    )


class Speaker(Watcher, Protocol):
    """A watcher who is told of what only some commands do, too."""

    def told(self, event: str, text: Message, **figures: Any) -> None:
        """Something has come out: what a log calls it, what people read, and the figures for the log."""


def speaker(log_format: LogFormat, lang: Lang, *, quiet: bool) -> Speaker:
    """The one that the options ask for; ``quiet`` leaves what went wrong."""
    return _Logged(quiet) if log_format == "json" else _Terminal(lang, quiet)


class _Terminal:
    def __init__(self, lang: Lang, quiet: bool) -> None:
        self._lang = lang
        self._quiet = quiet

    def said(self, step: Message) -> None:
        if not self._quiet:
            click.echo(step.text(self._lang), err=True)

    def warned(self, warning: Message) -> None:
        click.echo(warning.text(self._lang), err=True)

    def told(self, event: str, text: Message, **figures: Any) -> None:  # noqa: ARG002  (for logs)
        self.said(text)

    def searching(self) -> ProgressView:
        return ProgressView(self._lang, quiet=self._quiet)


class _Logged:
    def __init__(self, quiet: bool) -> None:
        self._log = Log()
        self._quiet = quiet

    def said(self, step: Message) -> None:
        if not self._quiet:
            self._log.tell("info", "step", **place(step), **_counts(step))

    def warned(self, warning: Message) -> None:
        self._log.tell("warning", "warning", **place(warning), **_counts(warning))

    def told(self, event: str, text: Message, **figures: Any) -> None:  # noqa: ARG002  (for people)
        if not self._quiet:
            self._log.tell("info", event, **figures)

    def searching(self) -> AbstractContextManager[Tell]:
        return self._searching()

    @contextmanager
    def _searching(self) -> Iterator[Tell]:
        told: dict[str, float] = {}

        def tell(news: Progress) -> None:
            key, now = f"{news.level}.{news.phase}", time.monotonic()
            if self._quiet or now - told.get(key, -math.inf) < _SECONDS_BETWEEN_LINES:
                return
            told[key] = now
            best, bound = (value if value is not None and math.isfinite(value) else None for value in _costs(news))
            gap = None if best is None or bound is None else relative_gap(best, bound)
            figures = {"best_km": best, "bound_km": bound, "gap": gap, "seconds": round(news.seconds, 3)}
            self._log.tell("info", "progress", level=news.level.value, phase=news.phase, sites=news.sites, **figures)

        yield tell


def _costs(news: Progress) -> tuple[float | None, float | None]:
    return news.best_km, news.bound_km


def _counts(said: Message) -> dict[str, int]:
    """How many it is about. Other values may be what was found in a list."""
    count = said.values.get("count")
    return {"count": count} if isinstance(count, int) else {}
