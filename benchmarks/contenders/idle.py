"""Does nothing: shows what memory the interpreter and the instance take by themselves."""

from __future__ import annotations

from benchmarks.referee import Referee


def contend(referee: Referee) -> None:
    """Offer nothing."""
    referee.note("does nothing")
