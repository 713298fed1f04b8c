"""One run from its inputs to its folder: what every command that makes runs calls."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

from grouping.compilation import compiled
from grouping.conflicts import conflicts, in_words
from grouping.distances import by_places
from grouping.errors import InputError
from grouping.inputs import Files, Inputs, OnUnresolved
from grouping.maps import Atlas, MapOptions
from grouping.messages import Lang, Message, message
from grouping.outputs import Written, check_folder, write_outputs
from grouping.pieces import Elsewhere
from grouping.result import Result
from grouping.rule_prices import with_prices
from grouping.runs import Given
from grouping.scenario import Scenario
from grouping.scenario_files import load_scenario
from grouping.solve import Tell, solve


@dataclass(frozen=True, slots=True)
class Job:
    """What a run is given: where its inputs are, and what is asked for.

    ``scenario`` is the name or file of one, None is ``base``; ``values`` stand instead of its own, by dotted key, as
    in :func:`grouping.scenario_files.load_scenario`. ``on_unresolved`` is that of
    :func:`grouping.applications.read_applications`, ``rule_prices`` that of :func:`grouping.rule_prices.with_prices`.
    """

    files: Files
    scenario: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    on_unresolved: OnUnresolved = "error"
    rule_prices: bool = False

    def resolved(self) -> Scenario:
        """The scenario with its values.

        Raises:
            InputError: all that is wrong with it.

        """
        return load_scenario(self.scenario, **self.values)

    def given(self, scenario: Scenario) -> Given:
        """What the run is given as its files are now."""
        return Given.of(self.files.by_name(), {"on_unresolved": self.on_unresolved}, scenario, version("grouping"))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to: the grouping, the files in its folder, and what it was given."""

    result: Result
    written: Written
    given: Given


class Watcher(Protocol):
    """Whoever looks on while a run is carried out."""

    def said(self, step: Message) -> None:
        """A step begins."""

    def warned(self, warning: Message) -> None:
        """Something to be known even by those who don't look on."""

    def searching(self) -> AbstractContextManager[Tell]:
        """What is to be told how far the search is, for as long as it takes."""


def carry_out(
    job: Job,
    out: Path,
    lang: Lang = "zh",
    maps: MapOptions | None = None,
    *,
    workers: int | None = None,
    watcher: Watcher | None = None,
    inputs: Inputs | None = None,
    elsewhere: Elsewhere | None = None,
) -> Outcome:
    """Read a job's inputs, solve, and write the folder of results.

    Args:
        job: what the run is given.
        out: the folder, see :func:`grouping.outputs.write_outputs`.
        lang: of the report and the maps.
        maps: how the maps are drawn.
        workers: threads; None is one for each processor.
        watcher: told how far the run is.
        inputs: where something of the call is already known to be wrong, to be told with the rest.
        elsewhere: where pieces of the run are searched, see :func:`grouping.solve.solve`.

    Raises:
        InputError: all that is wrong with the inputs, or why there is no grouping; the watcher is told the ways out.
        AuditError: as :func:`grouping.solve.solve`.

    """
    maps = maps or MapOptions()
    watcher = watcher or _Nobody()
    inputs = inputs or Inputs()
    choices = inputs.attempt(job.resolved)
    inputs.attempt(lambda: check_folder(out))
    if maps.drawn:
        inputs.attempt(lambda: Atlas.opened(lang, maps))
    read = inputs.read(job.files, choices, job.on_unresolved)
    inputs.stop_if_wrong()
    assert choices is not None and read is not None
    sites, distances = read.sites, read.distances
    given = job.given(choices)

    watcher.said(message("cli.reading", file=sites.file, count=len(sites)))
    if not compiled(by_places(sites.sites, distances)):
        watcher.said(message("cli.first_run"))
    try:
        with watcher.searching() as tell:
            result = solve(
                sites,
                choices,
                links=read.links,
                distances=distances,
                previous=read.previous,
                locks=read.locks,
                start=read.start,
                workers=workers,
                progress=tell,
                elsewhere=elsewhere,
            )
    except InputError:
        # Why there is no grouping, and the ways out; what is wrong with the input is told after it.
        watcher.warned(message("conflicts.trying"))
        for line in in_words(conflicts(sites, choices, read.priced(choices), distances, workers=workers), choices.size):
            watcher.warned(line)
        raise
    if job.rule_prices:
        watcher.said(message("rules.asking"))
    result = with_prices(result, distances, workers, rules=job.rule_prices)
    # Drawing takes seconds, in which a second Ctrl-C would throw away what the first one asked for.
    watcher.said(message("cli.writing"))
    return Outcome(result, write_outputs(result, result.audit, out, lang, maps, given), given)


class _Nobody:
    def said(self, step: Message) -> None:
        pass

    def warned(self, warning: Message) -> None:
        pass

    def searching(self) -> AbstractContextManager[Tell]:
        return nullcontext(lambda _: None)
