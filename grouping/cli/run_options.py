"""The options that commands which make or check runs have in common: what is given, and when it is good enough."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

import click

from grouping.cli.reading import Reading
from grouping.cli.speaking import Choice
from grouping.inputs import FILES, Files
from grouping.scenario_files import AT_ONCE, SETTINGS, bounds

_EXPECTED = {"time_limit": "cli.expect_seconds", "work": "cli.expect_work", "gap": "cli.expect_fraction"}


def file_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that tell what is given beside the list ``applications``, and how the list is to be read.

    All files are passed to ``function`` together, as ``files``.
    """

    @click.option("--links", metavar="L", help="cli.links_help")
    @click.option("--distances", metavar="M", help="cli.distances_help")
    @click.option("--previous", metavar="P", help="cli.previous_help")
    @click.option("--attendance", metavar="A", help="cli.attendance_help")
    @click.option("--exits", metavar="E", help="cli.exits_help")
    @click.option("--draft", metavar="G", help="cli.draft_help")
    @click.option("--lock", metavar="K", help="cli.lock_help")
    @click.option("--on-unresolved", type=Choice(["error", "skip"]), default="error", help="cli.on_unresolved_help")
    @wraps(function)
    def collecting(*args: Any, **given: Any) -> Any:
        files = Files(**{name: given.pop(name) for name in FILES})
        return function(*args, files=files, **given)

    return collecting


def year_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option of the year that a grouping is for."""
    return click.option("--year", metavar="Y", help="cli.year_help")(function)


def workers_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option of the number of threads, which changes no result."""
    return click.option("--workers", metavar="N", help="cli.workers_help")(function)


def stop_options(time_limit_help: str = "cli.time_limit_help") -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add the options that tell when a search is good enough, and its seed.

    They are passed to the function together, as written, as ``stop``.

    Args:
        time_limit_help: the key of what is said of ``--time-limit``.

    """

    def adding(function: Callable[..., Any]) -> Callable[..., Any]:
        @click.option("--time-limit", metavar="S", help=time_limit_help)
        @click.option("--work", metavar="W", help="cli.work_help")
        @click.option("--gap", metavar="G", help="cli.gap_help")
        @click.option("--seed", metavar="N", help="cli.seed_help")
        @wraps(function)
        def collecting(
            *args: Any, time_limit: str | None, work: str | None, gap: str | None, seed: str | None, **others: Any
        ) -> Any:
            stop = {"time_limit": time_limit, "work": work, "gap": gap, "seed": seed}
            return function(*args, stop=stop, **others)

        return collecting

    return adding


def workers_of(reading: Reading, text: str | None) -> int | None:
    """The number of threads of a run; None where nothing is said or something wrong."""
    return reading.whole("--workers", text, AT_ONCE)


def read_settings(reading: Reading, options: Mapping[str, str | None]) -> dict[str, float | None]:
    """The scenario's settings that ``options`` say, by dotted key; None where one says nothing or something wrong."""
    return {SETTINGS[name]: value for name, value in read_numbers(reading, options).items()}


def read_numbers(reading: Reading, options: Mapping[str, str | None]) -> dict[str, float | None]:
    """The same by the names of the options."""
    return {name: _number(reading, name, text) for name, text in options.items()}


def _number(reading: Reading, name: str, text: str | None) -> float | None:
    option = f"--{name.replace('_', '-')}"
    allowed = bounds(SETTINGS[name])
    if name in _EXPECTED:
        return reading.number(option, text, allowed, _EXPECTED[name])
    return reading.whole(option, text, allowed)
