"""``given.json``: what a run was given, so that its folder can be asked later. It names no sites and no persons.

Files stand in it by their paths from the folder, with their SHA-256; the scenario as it was resolved.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from pydantic import ValidationError

from grouping.errors import InputError, Problem, Where
from grouping.messages import message
from grouping.scenario import Scenario

GIVEN = "given.json"
_REGIONS = "regions"
_OPTIONS = {"applications": "--applications", "links": "--links", "distances": "--distances"}
"""The options that say where an input is now; others must be where they were."""


@dataclass(frozen=True, slots=True)
class GivenFile:
    """An input: where it is, and the SHA-256 of what was read."""

    path: Path
    sha256: str


@dataclass(frozen=True, slots=True)
class Given:
    """What a run was given: ``files`` by what they are to it ("applications", "links", …), options, scenario."""

    files: Mapping[str, GivenFile]
    options: Mapping[str, Any]
    scenario: Scenario
    version: str

    @classmethod
    def of(cls, files: Mapping[str, str | None], options: Mapping[str, Any], scenario: Scenario, version: str) -> Self:
        """What a run is given now; inputs that are None are none. The region file is taken from the scenario."""
        there = {name: path for name, path in files.items() if path is not None}
        if scenario.travel.regions != "default":
            there[_REGIONS] = scenario.travel.regions
        return cls(
            {name: GivenFile(Path(path), _digest(Path(path))) for name, path in there.items()},
            dict(options),
            scenario,
            version,
        )

    def text(self, out: Path) -> str:
        """The text of the file in the folder ``out``."""
        scenario = self.scenario.model_dump(mode="json")
        if _REGIONS in self.files:
            scenario["travel"]["regions"] = self.files[_REGIONS].path.name
        files = {name: {"path": _from(out, one.path), "sha256": one.sha256} for name, one in self.files.items()}
        data = {"version": self.version, "files": files, "options": dict(self.options), "scenario": scenario}
        return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def read_given(out: Path) -> Given:
    """What the run whose results are in ``out`` was given.

    Raises:
        InputError: there are no such results, or they are not whole.

    """
    path = out / GIVEN
    if not path.is_file():
        raise InputError([Problem(Where(str(out)), message("runs.no_run", file=GIVEN))])
    try:
        data = json.loads(path.read_text("utf-8"))
        files = {
            name: GivenFile(Path(os.path.normpath(out / one["path"])), one["sha256"])
            for name, one in data["files"].items()
        }
        scenario = dict(data["scenario"])
        if _REGIONS in files:
            scenario["travel"] = {**scenario["travel"], "regions": str(files[_REGIONS].path)}
        return Given(files, data["options"], Scenario.model_validate(scenario), data["version"])
    except (ValueError, KeyError, TypeError, AttributeError, ValidationError):
        raise InputError([Problem(Where(GIVEN), message("runs.spoilt"))]) from None


def located(given: Given, elsewhere: Mapping[str, str | None], accept_changed: bool) -> Mapping[str, str]:
    """Where each input is now, after making sure that it is what the run read.

    Args:
        given: what the run was given.
        elsewhere: paths of inputs that have moved, by what they are; None where they have not. Others that are not
            where they were are looked for beside these.
        accept_changed: take inputs that have changed since.

    Raises:
        InputError: inputs that are gone, or changed.

    """
    problems = []
    paths = {}
    folders = [Path(path).parent for path in elsewhere.values() if path]
    for name, one in given.files.items():
        path = Path(elsewhere.get(name) or one.path)
        if not path.is_file():
            path = next((there for folder in folders if (there := folder / path.name).is_file()), path)
        option = _OPTIONS.get(name)
        if not path.is_file():
            key = "runs.gone" if option else "runs.gone_for_good"
            problems.append(Problem(Where(path.name), message(key, path=str(path), option=option or "")))
        elif _digest(path) != one.sha256 and not accept_changed:
            problems.append(Problem(Where(path.name), message("runs.changed", path=str(path))))
        paths[name] = str(path)
    if problems:
        raise InputError(problems)
    return paths


def unchanged(given: Given) -> bool:
    """Whether each input is where it was, as it was."""
    return all(_digest(one.path) == one.sha256 for one in given.files.values())


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _from(out: Path, path: Path) -> str:
    try:
        return Path(os.path.relpath(path.resolve(), out.resolve())).as_posix()
    except ValueError:  # another drive
        return path.resolve().as_posix()
