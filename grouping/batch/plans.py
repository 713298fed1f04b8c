"""Plans of batches: which lists under which scenarios. They are files that users write, or patterns of file names.

A plan is checked as a whole before anything begins, but for what is in the lists: one that is wrong is found in its
turn, and stops no other.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, get_args

from annotated_types import Ge, Le
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from rapidfuzz import fuzz, process

from grouping.batch.engines import cores
from grouping.batch.runs import Run
from grouping.errors import InputError, Problem, Where
from grouping.inputs import FILES, Files
from grouping.jobs import Job
from grouping.maps import MapOptions
from grouping.messages import Lang, Message, message
from grouping.scenario_files import AT_ONCE, SETTINGS, bounds, list_scenarios, load_scenario
from grouping.toml_files import TomlFile, read_toml

_NAME = re.compile(r"[^\s./\\:*?\"<>|][^/\\:*?\"<>|\x00-\x1f]{0,59}(?<![\s.])")
"""What may be the name of a folder anywhere, where names are counted in bytes, too."""


def _within(key: str) -> Any:
    low, high = bounds(key)
    return Field(default=None, ge=low, le=high)


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Options(_Table):
    """What holds for all runs, as the options of ``grouping solve`` of these names; ``maps`` tells to draw them."""

    time_limit: float | None = _within("stop.seconds")
    work: float | None = _within("stop.work")
    gap: float | None = _within("stop.gap")
    seed: int | None = _within("seed")
    year: int | None = _within("terms.year")
    workers: int | None = Field(default=None, ge=AT_ONCE[0], le=AT_ONCE[1])
    on_unresolved: Literal["error", "skip"] = "error"
    rule_prices: bool = False
    maps: bool = True
    boundary: str | None = None
    map_approval: str | None = None
    public: bool = False
    font: str | None = None


class ListEntry(_Table):
    """A list with what belongs to it; ``scenarios`` and ``year`` stand instead of the plan's."""

    applications: str
    name: str | None = None
    links: str | None = None
    distances: str | None = None
    previous: str | None = None
    attendance: str | None = None
    exits: str | None = None
    draft: str | None = None
    lock: str | None = None
    year: int | None = _within("terms.year")
    scenarios: list[str] | None = Field(default=None, min_length=1)


class Plan(_Table):
    """A plan as it is written. Paths are taken from where the plan is."""

    lists: list[ListEntry] = Field(min_length=1)
    scenarios: list[str] = Field(default=["base"], min_length=1)
    out: str | None = None
    parallel: int | None = Field(default=None, ge=AT_ONCE[0], le=AT_ONCE[1])
    solve: Options = Options()


@dataclass(frozen=True, slots=True)
class Batch:
    """What a plan comes to: the runs in their order, the folder for all of them, and how many at the same time."""

    out: Path
    runs: tuple[Run, ...]
    parallel: int


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the caller wants instead of what the plan says; None is what it says."""

    out: Path | None = None
    parallel: int | None = None
    options: Mapping[str, Any] | None = None
    """Those of :class:`Options`."""


# --- What the command calls ----------------------------------------------------------------------------


def read_plan(path: Path, wishes: Wishes, lang: Lang) -> Batch:
    """The batch that a plan's file describes.

    Raises:
        InputError: all that is wrong with the plan or a scenario, or files that are not there.

    """
    if not path.is_file():
        raise InputError([Problem(Where(path.name), message("batch.no_plan", path=str(path)))])
    file = read_toml(path)

    def batch(plan: Plan) -> Batch:
        out = path.parent / plan.out if plan.out else Path("out") / path.stem
        return _batch(plan, _Source(path.parent, path.name, file.lines), out, wishes, lang)

    try:
        plan = Plan.model_validate(dict(file.values))
    except ValidationError as error:
        problems = [_told(path, file, detail) for detail in error.errors()]
        try:
            batch(_without(file.values, error))
        except InputError as more:
            problems += more.problems
        except ValidationError:
            pass
        raise InputError(problems) from None
    return batch(plan)


def matching(lists: Sequence[str], scenarios: Sequence[str], wishes: Wishes, lang: Lang) -> Batch:
    """The batch of all lists that match a pattern, each under all scenarios that match one.

    Args:
        lists: patterns of file names.
        scenarios: patterns of file names, or of the names of scenarios that ship with the program.
        wishes: what else is wanted; ``out`` must be.
        lang: of the reports.

    Raises:
        InputError: a pattern that matches nothing, or as :func:`read_plan`.

    """
    problems: list[Problem] = []
    found = [path for one in lists for path in _files(one) or _nothing(one, "--applications", problems)]
    named = [name for one in scenarios for name in _scenarios(one) or _nothing(one, "--scenario", problems)]
    if problems:
        raise InputError(problems)
    entries = [ListEntry(applications=path) for path in dict.fromkeys(found)]
    plan = Plan(lists=entries, scenarios=list(dict.fromkeys(named)) or ["base"])
    return _batch(plan, _Source(Path(), "--applications", {}), Path("out"), wishes, lang)


def _files(pattern: str) -> list[str]:
    found = glob.glob(pattern, recursive=True)  # noqa: PTH207  (that of paths takes no absolute patterns)
    return sorted(path for path in found if Path(path).is_file())


def _scenarios(pattern: str) -> list[str]:
    if pattern.endswith(".toml") or re.search(r"[/\\]", pattern):
        return _files(pattern)
    return [name for name in list_scenarios() if fnmatchcase(name, pattern)]


def _nothing(pattern: str, option: str, problems: list[Problem]) -> list[str]:
    problems.append(Problem(Where(option), message("batch.no_match", pattern=pattern, names=list_scenarios())))
    return []


# --- From the plan to the runs -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Source:
    """Where a plan comes from: the folder that its paths start from, its name, and the lines of what is in it."""

    folder: Path
    name: str
    lines: Mapping[str, int]

    def where(self, key: str) -> Where:
        return Where(self.name, row=self.lines.get(key))


def _batch(plan: Plan, source: _Source, out: Path, wishes: Wishes, lang: Lang) -> Batch:
    wanted = {name: value for name, value in (wishes.options or {}).items() if value is not None}
    options = plan.solve.model_copy(update=wanted)
    problems = [*_missing_files(plan, source), *_names_twice(plan, source)]
    pairs = []
    for number, entry in enumerate(plan.lists):
        key = f"lists.{number}.scenarios" if entry.scenarios else "scenarios"
        name = entry.name or Path(entry.applications).stem
        if not _NAME.fullmatch(name):
            problems.append(Problem(source.where(f"lists.{number}"), message("batch.bad_name", name=name)))
        for scenario in entry.scenarios or plan.scenarios:
            if not _NAME.fullmatch(_stem(scenario)):
                problems.append(Problem(source.where(key), message("batch.bad_scenario", name=_stem(scenario))))
            job = _job(entry, options, scenario, source)
            problems += _wrong_scenario(job, source.where(key))
            pairs.append((name, _stem(scenario), job))
    if problems:
        raise InputError(list({problem.text(): problem for problem in problems}.values()))
    parallel = min(wishes.parallel or plan.parallel or cores(), len(pairs))
    maps = _maps(options, source)
    folder = (wishes.out or out).resolve()
    runs = tuple(Run(*pair, folder, lang, maps, options.workers, version("grouping")) for pair in pairs)
    return Batch(folder, runs, parallel)


def _job(entry: ListEntry, options: Options, scenario: str, source: _Source) -> Job:
    files = {name: _from(source.folder, path) for name in FILES if (path := getattr(entry, name)) is not None}
    values = {SETTINGS[name]: getattr(options, name) for name in SETTINGS}
    if entry.year is not None:
        values[SETTINGS["year"]] = entry.year
    named = scenario if scenario in list_scenarios() else _from(source.folder, scenario)
    set_here = {key: value for key, value in values.items() if value is not None}
    return Job(Files(**files), named, set_here, options.on_unresolved, options.rule_prices)


def _maps(options: Options, source: _Source) -> MapOptions:
    boundary, font = (Path(_from(source.folder, path)) if path else None for path in (options.boundary, options.font))
    return MapOptions(boundary, options.map_approval, options.public, font, options.maps)


def _from(folder: Path, path: str) -> str:
    return os.path.abspath(folder / path)  # noqa: PTH100  (links are kept: lists are known by these names)


def _stem(scenario: str) -> str:
    return scenario if scenario in list_scenarios() else Path(scenario).stem


def _missing_files(plan: Plan, source: _Source) -> Iterator[Problem]:
    named = [
        (f"lists.{number}.{name}", getattr(entry, name)) for number, entry in enumerate(plan.lists) for name in FILES
    ]
    named += [("solve.boundary", plan.solve.boundary), ("solve.font", plan.solve.font)]
    for key, path in named:
        if path is not None and not (source.folder / path).is_file():
            what = message("batch.no_file", key=key.split(".")[-1], path=str(source.folder / path))
            yield Problem(source.where(key), what)


def _names_twice(plan: Plan, source: _Source) -> Iterator[Problem]:
    """Runs that would share a folder; some systems don't tell capitals from small letters."""
    seen = set()
    for number, entry in enumerate(plan.lists):
        name = entry.name or Path(entry.applications).stem
        if name.casefold() in seen:
            yield Problem(source.where(f"lists.{number}"), message("batch.list_twice", name=name))
        seen.add(name.casefold())
        names = [_stem(one) for one in entry.scenarios or plan.scenarios]
        folded = [one.casefold() for one in names]
        twice = [one for place, one in enumerate(names) if one.casefold() in folded[:place]]
        key = f"lists.{number}.scenarios" if entry.scenarios else "scenarios"
        for one in twice:
            yield Problem(source.where(key), message("batch.scenario_twice", name=one))


def _wrong_scenario(job: Job, where: Where) -> list[Problem]:
    """What is wrong with a scenario; that there is none of its name is told where the plan names it."""
    assert job.scenario is not None
    names = list_scenarios()
    if job.scenario not in names and not Path(job.scenario).is_file():
        found = Path(job.scenario).name
        return [Problem(where, message("batch.no_scenario", name=found, names=names))]
    try:
        load_scenario(job.scenario, **job.values)
    except InputError as error:
        return list(error.problems)
    return []


# --- What is wrong with a plan's file ------------------------------------------------------------------


def _without(values: Mapping[str, Any], error: ValidationError) -> Plan:
    """The plan without what is wrong with it, so that the rest can be checked, too.

    Raises:
        ValidationError: it makes no sense without that.

    """
    rest = deepcopy(dict(values))
    for detail in error.errors():
        *place, last = detail["loc"]
        table: Any = rest
        for part in place:
            table = table[part]
        if isinstance(table, dict):
            table.pop(last, None)
    return Plan.model_validate(rest)


def _told(path: Path, file: TomlFile, detail: Any) -> Problem:
    """One complaint of pydantic's in the user's terms."""
    place = [str(part) for part in detail["loc"]]
    key = ".".join(place)
    near = (".".join(place[:end]) for end in range(len(place), 0, -1))
    row = next((file.lines[one] for one in near if one in file.lines), None)
    model, field = _field(place)
    if detail["type"] == "missing":
        what = message(f"batch.missing_{place[-1]}")
    elif field is None:
        known = sorted(model.model_fields)
        likely = [name for name, _, _ in process.extract(place[-1], known, scorer=fuzz.WRatio, limit=1)]
        what = message("batch.unknown_key", key=place[-1], near=likely, known=known)
    else:
        what = message("batch.wrong", key=key, found=_shown(detail["input"]), expected=_expected(place, field))
    return Problem(Where(path.name, row=row), what)


def _field(place: Sequence[str]) -> tuple[type[BaseModel], Any]:
    """The table in which ``place`` lies, and the field there, None if there is none of that name."""
    inner: dict[str, type[BaseModel]] = {"lists": ListEntry, "solve": Options}
    table = inner.get(place[0])
    rest = [part for part in place[1:] if not part.isdigit()]
    if table is None or not rest:
        return Plan, Plan.model_fields.get(place[0])
    return table, table.model_fields.get(rest[0])


def _expected(place: Sequence[str], field: Any) -> Message:
    kinds = {*get_args(field.annotation), field.annotation}
    low = next((one.ge for one in field.metadata if isinstance(one, Ge)), None)
    high = next((one.le for one in field.metadata if isinstance(one, Le)), None)
    if place[0] == "lists" and len([part for part in place if not part.isdigit()]) == 1:
        return message("batch.expect_lists")
    if place == ["solve"]:
        return message("batch.expect_section")
    if "scenarios" in place:
        return message("batch.expect_scenarios")
    if bool in kinds:
        return message("scenario.expect_boolean")
    if int in kinds:
        return message("scenario.expect_integer", low=low, high=high)
    if float in kinds:
        return message("scenario.expect_number", low=low, high=high)
    if kinds & {"error", "skip"}:
        return message("scenario.expect_choice", choices="error / skip")
    return message("scenario.expect_text")


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
