"""What is seen while the program searches: a table that stays in place on a terminal, plain lines elsewhere."""

from __future__ import annotations

import math
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.live import Live
from rich.table import Table

from grouping.levels import Level
from grouping.messages import Lang, Message, message, say
from grouping.numbers import km_text
from grouping.result import relative_gap
from grouping.wording import bound_text, percent

if TYPE_CHECKING:
    from grouping.solve import Progress

_SECONDS_BETWEEN_LINES = 1.0
_PHASES = {
    "search": message("progress.search"),
    "bound": message("progress.bound"),
    "choose": message("progress.choose"),
    "done": message("progress.done"),
}


class ProgressView:
    """Shows progress on standard error; used as a context, and called with each news."""

    def __init__(self, lang: Lang = "zh", *, quiet: bool = False, console: Console | None = None) -> None:
        self._lang = lang
        self._quiet = quiet
        self._console = console or Console(stderr=True, highlight=False)
        self._news: dict[Level, tuple[Progress, float]] = {}
        self._live: Live | None = None
        self._last = -math.inf
        self._told: tuple[Level, str] | None = None

    def __enter__(self) -> Self:
        if not self._quiet and self._console.is_terminal:
            self._live = Live(console=self._console, get_renderable=self._table, refresh_per_second=4)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def __call__(self, news: Progress) -> None:
        """Take in what the search tells."""
        now = time.monotonic()
        self._news[news.level] = (news, now)
        if self._quiet or self._live is not None:
            return
        if (news.level, news.phase) != self._told or now - self._last >= _SECONDS_BETWEEN_LINES:
            self._told, self._last = (news.level, news.phase), now
            self._console.print(self._line(news), markup=False, soft_wrap=True)

    def _line(self, news: Progress) -> str:
        level, phase, best, bound, gap, seconds = self._cells(news, news.seconds)
        return say(
            "progress.line",
            self._lang,
            level=level,
            sites=news.sites,
            phase=phase,
            best=best,
            bound=bound,
            gap=gap,
            seconds=seconds,
        )

    def _table(self) -> Table:
        table = Table(box=None, pad_edge=False)
        table.add_column(say("progress.level", self._lang))
        table.add_column(say("progress.phase", self._lang))
        for heading in (
            message("progress.sites"),
            message("progress.best"),
            message("progress.lower"),
            message("progress.gap"),
            message("progress.time"),
        ):
            table.add_column(heading.text(self._lang), justify="right")
        for news, heard in list(self._news.values()):
            # The clock goes on while there is nothing new.
            since = 0.0 if news.phase == "done" else time.monotonic() - heard
            level, phase, *figures = self._cells(news, news.seconds + since)
            table.add_row(level, phase, str(news.sites), *figures)
        return table

    def _cells(self, news: Progress, seconds: float) -> tuple[str, str, str, str, str, str]:
        """Level, phase, best cost, bound, gap and time in words."""
        gap = "–"
        if news.best_km is not None and news.bound_km is not None and math.isfinite(news.best_km):
            gap = percent(relative_gap(news.best_km, news.bound_km))
        phase: Message | str = _PHASES.get(news.phase, news.phase)
        return (
            news.level.label.text(self._lang),
            phase.text(self._lang) if isinstance(phase, Message) else phase,
            "–" if news.best_km is None else km_text(news.best_km),
            "–" if news.bound_km is None else bound_text(news.bound_km, news.best_km),
            gap,
            say("progress.seconds", self._lang, seconds=f"{seconds:.1f}"),
        )
