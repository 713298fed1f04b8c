"""The options that tell what went before: last year's grouping, who left, a draft and its locks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

import click


@dataclass(frozen=True, slots=True)
class Before:
    """What was given of it, as written; None where it was not."""

    previous: str | None
    year: str | None
    attendance: str | None
    exits: str | None
    draft: str | None
    lock: str | None


def before_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add these options, passed to ``function`` together, as ``before``."""

    @click.option("--previous", metavar="P", help="cli.previous_help")
    @click.option("--year", metavar="Y", help="cli.year_help")
    @click.option("--attendance", metavar="A", help="cli.attendance_help")
    @click.option("--exits", metavar="E", help="cli.exits_help")
    @click.option("--draft", metavar="G", help="cli.draft_help")
    @click.option("--lock", metavar="K", help="cli.lock_help")
    @wraps(function)
    def collecting(
        *args: Any,
        previous: str | None,
        year: str | None,
        attendance: str | None,
        exits: str | None,
        draft: str | None,
        lock: str | None,
        **others: Any,
    ) -> Any:
        return function(*args, before=Before(previous, year, attendance, exits, draft, lock), **others)

    return collecting
