"""How far a batch is: a bar on a terminal, plain lines elsewhere, or logs for machines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from grouping.batch.engines import Begun
from grouping.batch.results import Results
from grouping.batch.runs import Record, Run
from grouping.logs import Log
from grouping.messages import Lang, Message, message
from grouping.numbers import km_text
from grouping.wording import percent

_SHOWN = 3
"""So many running runs are named."""


class ProgressOfRuns:
    """For people, on standard error; used as a context. ``quiet`` leaves only the runs that fail."""

    def __init__(self, lang: Lang, *, quiet: bool = False, console: Console | None = None) -> None:
        self._lang = lang
        self._quiet = quiet
        self._console = console or Console(stderr=True, highlight=False)
        self._total = self._count = 0
        self._running: dict[str, None] = {}
        self._bar: Progress | None = None

    def started(self, runs: Sequence[Run], skipped: int) -> None:
        """Say how much there is to do."""
        self._total, self._count = len(runs), skipped
        if self._quiet:
            return
        self._print(message("batch.starting", total=self._total, skipped=skipped))
        if self._console.is_terminal:
            columns = (
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
            )
            self._bar = Progress(*columns, console=self._console, transient=True)
            self._bar.add_task("", total=self._total, completed=skipped)
            self._bar.start()

    def begun(self, news: Begun) -> None:
        """Name it on the bar; elsewhere only a second beginning is worth a line."""
        self._running[news.run.name] = None
        if news.again:
            self._print(message("batch.again", run=news.run.name))
        self._draw()

    def ended(self, run: Run, record: Record) -> None:
        """Say what became of it."""
        self._count += 1
        self._running.pop(run.name, None)
        if record.failed or not self._quiet:
            self._print(message("batch.line", count=self._count, total=self._total, run=run.name, what=_what(record)))
        self._draw()

    def finished(self, results: Results) -> None:
        """The command tells the results."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def _print(self, what: Message) -> None:
        self._console.print(what.text(self._lang), markup=False, soft_wrap=True)

    def _draw(self) -> None:
        if self._bar is not None:
            named = [*self._running][:_SHOWN] + ["…"] * (len(self._running) > _SHOWN)
            running = message("batch.running", runs=named).text(self._lang) if named else ""
            self._bar.update(self._bar.task_ids[0], completed=self._count, description=running)


def _what(record: Record) -> Message:
    figures = record.figures
    if figures is None:
        return message("batch.line_failed", error=record.error)
    return message(
        "batch.line_done",
        communities=figures["communities"],
        unplaced=figures["sites_unplaced"],
        cost="–" if figures["cost_km"] is None else km_text(figures["cost_km"]),
        gap="–" if figures["gap"] is None else percent(figures["gap"]),
        seconds=f"{record.seconds:.1f}",
    )


class JsonLog:
    """For machines, see :mod:`grouping.logs`; used as a context."""

    def __init__(self, log: Log | None = None) -> None:
        self._log = log or Log()

    def started(self, runs: Sequence[Run], skipped: int) -> None:
        """Tell how much there is to do."""
        self._log.tell("info", "batch_started", runs=len(runs), skipped=skipped)

    def begun(self, news: Begun) -> None:
        """Tell of a beginning."""
        event = "run_begun_again" if news.again else "run_begun"
        self._log.tell("warning" if news.again else "info", event, **_of(news.run))

    def ended(self, run: Run, record: Record) -> None:
        """Tell of an end: figures, or the places of what is wrong."""
        if record.figures is None:
            where = {"places": list(record.places), "trace": list(record.trace)}
            self._log.tell("error", "run_failed", **_of(run), seconds=record.seconds, **where)
            return
        names = ("status", "cost_km", "bound_km", "gap", "communities", "sites_placed", "sites_unplaced", "stopped_by")
        told = {name: record.figures[name] for name in names}
        self._log.tell("info", "run_done", **_of(run), seconds=record.seconds, **told)

    def finished(self, results: Results) -> None:
        """Tell what became of all."""
        counts = {"runs": len(results.runs), "done": results.done, "failed": results.failed}
        counts |= {"skipped": len(results.skipped)}
        level: Literal["warning", "info"] = "warning" if results.failed or results.interrupted else "info"
        self._log.tell(level, "batch_finished", **counts, interrupted=results.interrupted)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        pass


def _of(run: Run) -> dict[str, str]:
    return {"list": run.list_name, "scenario": run.scenario_name}
