"""The runs of a batch on the workers of a Dask scheduler, which may be on many machines with one file system.

A run with several levels, or other parts that have nothing in common, has them searched by as many workers.
"""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING
from uuid import uuid4

from grouping.batch.engines import Begun, Ended
from grouping.batch.performing import lost, perform
from grouping.batch.runs import Record, Run
from grouping.errors import InputError, Problem, Where
from grouping.messages import message
from grouping.optimum import Optimum
from grouping.pieces import Piece, search_piece

if TYPE_CHECKING:
    from distributed import Client

_SECONDS_TO_CONNECT = 15
_SECONDS_FOR_A_WORKER = 60
_FIRST = 10
_THREADS = 1
"""Of a run: a worker has as many runs at a time as it has threads."""


class DaskWorkers:
    """An engine, see :class:`grouping.batch.engines.Engine`. When runs begin is not known here.

    Args:
        scheduler: the address of a running ``dask scheduler``, such as ``tcp://10.0.0.1:8786``.

    """

    def __init__(self, scheduler: str) -> None:
        self._scheduler = scheduler

    def carry_out(self, runs: Sequence[Run]) -> Generator[Begun | Ended]:
        """See :class:`grouping.batch.engines.Engine`. A run whose worker dies is begun again on another one."""
        if importlib.util.find_spec("distributed") is None:
            raise InputError([Problem(Where("--engine"), message("batch.no_dask"))])
        return self._news(self._connected(), runs) if runs else _none()

    def _connected(self) -> Client:
        """A client of the scheduler, once that has a worker."""
        from distributed import Client  # noqa: PLC0415  (an extra that few install)

        # What becomes of workers is told in our own words.
        for name in [name for name in logging.root.manager.loggerDict if name.split(".")[0] == "distributed"]:
            logging.getLogger(name).setLevel(logging.CRITICAL)
        where = Where("--scheduler")
        try:
            client = Client(self._scheduler, timeout=_SECONDS_TO_CONNECT, set_as_default=False)
        except (OSError, ValueError):
            raise InputError([Problem(where, message("batch.no_scheduler", address=self._scheduler))]) from None
        try:
            client.wait_for_workers(1, timeout=_SECONDS_FOR_A_WORKER)
        except OSError:
            client.close()
            raise InputError([Problem(where, message("batch.no_workers", address=self._scheduler))]) from None
        return client

    def _news(self, client: Client, runs: Sequence[Run]) -> Generator[Begun | Ended]:
        from distributed import as_completed  # noqa: PLC0415

        try:
            # The keys are new each time: what an earlier batch has asked for and not fetched is none of ours.
            token = uuid4().hex
            futures = {client.submit(_perform, run, key=f"{run.name}-{token}", pure=False): run for run in runs}
            for future in as_completed(list(futures), loop=client.loop):
                run = futures.pop(future)
                if future.status == "finished":
                    yield Ended(run, future.result())
                elif future.status == "error" and type(future.exception()).__name__ == "KilledWorker":
                    yield Ended(run, lost(run, message("batch.workers_lost")))
                else:
                    yield Ended(run, lost(run, message("batch.scheduler_lost", address=self._scheduler)))
        finally:
            client.close()


def _perform(run: Run) -> Record:
    """What a worker does of a batch."""
    return perform(run, _THREADS, _spread)


def _spread(pieces: Sequence[Piece], threads: int) -> Sequence[Optimum]:
    """Have pieces of the run that this worker is at searched by any workers, see :data:`grouping.pieces.Elsewhere`."""
    from distributed import get_client, rejoin, secede  # noqa: PLC0415

    # The largest first, and all before other runs are begun.
    order = sorted(range(len(pieces)), key=lambda number: -pieces[number].problem.site_count)
    client = get_client()
    futures = {
        number: client.submit(search_piece, pieces[number], threads, pure=False, priority=_FIRST) for number in order
    }
    # Without its place in this worker, for a piece may need that.
    secede()
    try:
        optima: list[Optimum] = client.gather([futures[number] for number in range(len(pieces))])
    finally:
        rejoin()
    return optima


def _none() -> Generator[Begun | Ended]:
    yield from ()
