"""A run of a batch, one list under one scenario, and the record that stays of it.

Everything that a batch knows between two starts is in its folder, in files that are put there whole.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from grouping.jobs import Job
from grouping.maps import MapOptions
from grouping.messages import Lang
from grouping.runs import Given

STATE = ".batch"
"""The folder within the batch's that holds records and locks."""


@dataclass(frozen=True, slots=True)
class Run:
    """One list under one scenario. ``batch`` is the folder of the whole batch; all paths hold from anywhere.

    ``workers`` are the threads of this run, None those that the engine has for it; ``version`` is that of the program
    that made the plan.
    """

    list_name: str
    scenario_name: str
    job: Job
    batch: Path
    lang: Lang
    maps: MapOptions
    workers: int | None
    version: str

    @property
    def name(self) -> str:
        """How the run is told from the others of its batch, and where it is in the folder."""
        return f"{self.list_name}/{self.scenario_name}"

    @property
    def folder(self) -> Path:
        """Where its results are put."""
        return self.batch / "runs" / self.list_name / self.scenario_name

    @property
    def record_path(self) -> Path:
        """Where its record is."""
        return self.batch / STATE / "records" / self.list_name / f"{self.scenario_name}.json"

    @property
    def lock_path(self) -> Path:
        """Where the lock is that whoever carries it out must hold."""
        return self.batch / STATE / "locks" / self.list_name / f"{self.scenario_name}.lock"

    def fingerprint(self, given: Given) -> str:
        """SHA-256 of all that its results depend on: inputs by content, scenario, options and version."""
        scenario = given.scenario.model_dump(mode="json")
        if "regions" in given.files:
            scenario["travel"]["regions"] = ""
        maps = {
            "drawn": self.maps.drawn,
            "approval": self.maps.approval,
            "public": self.maps.public,
            "boundary": _digest(self.maps.boundary),
            "font": _digest(self.maps.font),
        }
        data = {
            "version": given.version,
            "files": {name: [one.path.name, one.sha256] for name, one in given.files.items()},
            "scenario": scenario,
            "options": {**given.options, "rule_prices": self.job.rule_prices, "lang": self.lang, "maps": maps},
        }
        return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Record:
    """What became of a run.

    ``figures`` are those of a grouping. Without one ``error`` says why in the user's terms, ``places`` which messages
    that were and where, without what was found there, and ``trace`` where in the program if that is to blame.
    ``seconds`` is what it took.
    """

    run: str
    fingerprint: str
    seconds: float
    figures: Mapping[str, Any] | None = None
    files: Sequence[str] = ()
    error: str = ""
    places: Sequence[Mapping[str, Any]] = ()
    trace: Sequence[str] = ()

    @property
    def failed(self) -> bool:
        """Whether there is no grouping."""
        return self.figures is None


def read_record(run: Run) -> Record | None:
    """The record of a run, None where there is none."""
    try:
        return Record(**json.loads(run.record_path.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def write_record(run: Run, record: Record) -> None:
    """Put the record of a run in its place."""
    put(run.record_path, json.dumps(asdict(record), ensure_ascii=False, indent=2).encode())


def finished(run: Run, fingerprint: str) -> Record | None:
    """The record of a run that has already been carried out with the same inputs, its files still there."""
    record = read_record(run)
    if record is None or record.failed or record.fingerprint != fingerprint:
        return None
    return record if all((run.folder / name).is_file() for name in record.files) else None


def put(path: Path, content: bytes) -> None:
    """Write a file aside and move it into its place, so that nobody ever sees a part of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, aside = tempfile.mkstemp(prefix=".", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(aside).chmod(0o644)
        Path(aside).replace(path)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise


def _digest(path: Path | None) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path is not None and path.is_file() else None
