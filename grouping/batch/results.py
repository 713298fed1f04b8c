"""The table of a batch's results: a row a run, with the same columns whatever became of the runs."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from grouping.batch.runs import Record, Run, put
from grouping.cost import Cost

NAMES = ("results.parquet", "results.csv", "index.html")
"""The files that tell of the whole batch; a folder that has the last of them is whole."""

_TEXT, _REAL, _WHOLE, _TRUTH = "string", "float64", "Int64", "boolean"
_PARTS = tuple(Cost().parts())
_COLUMNS = {
    "list": _TEXT,
    "scenario": _TEXT,
    "outcome": _TEXT,
    "status": _TEXT,
    "cost_km": _REAL,
    "bound_km": _REAL,
    "gap": _REAL,
    "communities": _WHOLE,
    "sites_placed": _WHOLE,
    "sites_unplaced": _WHOLE,
    "links": _WHOLE,
    "links_honoured": _WHOLE,
    "rows_left_out": _WHOLE,
    **dict.fromkeys(_PARTS, _REAL),
    "stopped_by": _TEXT,
    "time_limited": _TRUTH,
    "seed": _WHOLE,
    "version": _TEXT,
    "input_sha256": _TEXT,
    "fingerprint": _TEXT,
    "seconds": _REAL,
    "folder": _TEXT,
    "error": _TEXT,
}


@dataclass(frozen=True, slots=True)
class Results:
    """What became of a batch: each of its ``runs`` that has ended with its record, in the order of the plan.

    ``skipped`` names those that had been carried out before; ``interrupted`` says that the user would not wait.
    """

    out: Path
    runs: tuple[Run, ...]
    records: Mapping[str, Record]
    skipped: frozenset[str]
    interrupted: bool

    @property
    def failed(self) -> int:
        """How many runs have failed."""
        return sum(record.failed for record in self.records.values())

    @property
    def done(self) -> int:
        """How many runs have a grouping, those skipped among them."""
        return len(self.records) - self.failed

    def rows(self) -> list[dict[str, Any]]:
        """A row for each run that has ended. ``folder`` is the path from the batch's, None of a run that failed."""
        return [_row(run, self.records[run.name], self.out) for run in self.runs if run.name in self.records]


def write_table(results: Results) -> tuple[Path, Path]:
    """Write ``results.parquet`` and ``results.csv``."""
    frame = pd.DataFrame(results.rows(), columns=list(_COLUMNS)).astype(_COLUMNS)
    parquet = io.BytesIO()
    frame.to_parquet(parquet, index=False)
    table = frame.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")
    paths = results.out / NAMES[0], results.out / NAMES[1]
    for path, content in zip(paths, (parquet.getvalue(), table), strict=True):
        put(path, content)
    return paths


def _row(run: Run, record: Record, out: Path) -> dict[str, Any]:
    figures = record.figures or {}
    costs: Mapping[str, float] = figures.get("cost_breakdown", {})
    known: dict[str, Any] = {
        **{name: figures.get(name) for name in _COLUMNS},
        **{part: costs.get(part) for part in _PARTS},
        "list": run.list_name,
        "scenario": run.scenario_name,
        "outcome": "failed" if record.failed else "done",
        "fingerprint": record.fingerprint or None,
        "seconds": record.seconds,
        "folder": None if record.failed else Path(os.path.relpath(run.folder, out)).as_posix(),
        "error": record.error or None,
    }
    return known


def take_away(out: Path, names: Sequence[str] = NAMES) -> None:
    """Remove the files that tell of an earlier batch, the last to come first."""
    for name in reversed(names):
        (out / name).unlink(missing_ok=True)
