"""What of a run can be searched by itself, on this machine or any other: a level, or a part of one.

Here pieces are searched one after the other, each with all processors, and what time one has left goes to those that
follow. Elsewhere they are searched at the same time, so each may take all the time. Of the work each has its share,
here and elsewhere, so that what is found is the same unless the time limit cuts it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from grouping.attending import attended
from grouping.clock import Clock, StoppedBy
from grouping.compilation import compile_all, compiled
from grouping.errors import InputError
from grouping.optimize import Report, optimize
from grouping.optimum import Optimum
from grouping.problem import Problem
from grouping.warm_start import allowed, valid_start

_SMALL_SECONDS, _SMALL_SHARE = 10.0, 0.25
"""A piece of few sites may use so many seconds, but no more than that share of those left."""
_LEAST_WORK = 0.05
"""The share of the work that a piece has however few its sites are, about."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A problem that can have a community, the ids of the members of communities to begin with, and its limits.

    ``known`` are candidates, as ids, that are worth knowing when the bound is sought.
    """

    problem: Problem
    begin: tuple[tuple[str, ...], ...]
    seed: int
    gap: float
    seconds: float
    work: float
    known: tuple[tuple[str, ...], ...] = ()


Elsewhere = Callable[[Sequence[Piece], int], Sequence[Optimum]]
"""Searches pieces somewhere else, with so many threads each, as :func:`search_piece` does here.

Raises InputError as that does, and RuntimeError where some can't be searched."""


def search_piece(piece: Piece, workers: int) -> Optimum:
    """The optimum of a piece, within its limits.

    Raises:
        InputError: no grouping is within the limits of its problem, or none was found.

    """
    by_places = bool(len(piece.problem.prices.ground.start))
    if not compiled(by_places):
        compile_all(piece.problem.terms.scenario, by_places)
    with Clock(piece.seconds, piece.work) as clock:
        return _optimum(piece, workers, lambda *_: None, clock)


def search_in_turn(
    pieces: Sequence[Piece],
    workers: int,
    report: Callable[[int, str, float | None, float | None], None],
    meanwhile: Callable[[], None],
) -> Iterator[Optimum]:
    """The optima of pieces, one after the other; Ctrl-C stops the search of the one under way and of all others.

    Args:
        pieces: those of a run. The time limit is that of all of them together, the same in each.
        workers: threads.
        report: told the number of the piece, and what :data:`grouping.optimize.Report` says; from any thread.
        meanwhile: called from this thread now and then.

    Raises:
        InputError: as :func:`search_piece`.
        KeyboardInterrupt: there was no grouping yet that keeps to hard limits.

    """
    left = sum(piece.problem.site_count for piece in pieces)
    deadline = time.monotonic() + (pieces[0].seconds if pieces else 0.0)
    interrupted = False
    for number, piece in enumerate(pieces):
        sites = piece.problem.site_count
        seconds = max(0.0, deadline - time.monotonic())
        share = seconds * max(sites / left, min(_SMALL_SECONDS / max(seconds, 1e-9), _SMALL_SHARE))
        with Clock(share, piece.work) as clock:
            if interrupted:
                clock.interrupt()
            try:
                optimum, _ = attended(partial(_optimum, piece, workers, partial(report, number)), clock, meanwhile)
            except InputError as error:
                if clock.reason is not StoppedBy.INTERRUPT:
                    raise
                # There is no grouping within the limits yet, and the user would not wait for one.
                raise KeyboardInterrupt from error
            interrupted = clock.reason is StoppedBy.INTERRUPT
        left -= sites
        yield optimum


def shared(work: float, problems: Sequence[Problem]) -> list[float]:
    """Which share of the ``work`` the search of each problem has: by its sites, but not too little."""
    total = sum(problem.site_count for problem in problems)
    shares = [max(problem.site_count / total, _LEAST_WORK) for problem in problems]
    return [work * share / sum(shares) for share in shares]


def _optimum(piece: Piece, workers: int, report: Report, clock: Clock) -> Optimum:
    return optimize(
        piece.problem,
        seed=piece.seed,
        gap=piece.gap,
        workers=workers,
        clock=clock,
        report=report,
        start=valid_start(piece.problem, piece.begin),
        known=allowed(piece.problem, piece.known),
    )
