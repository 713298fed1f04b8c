"""Scenario files: found, chained through ``extends``, checked all at once, and told where each value comes from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from annotated_types import Ge, Le
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from rapidfuzz import fuzz, process

from grouping.datafiles import SCENARIOS
from grouping.errors import InputError, Problem, Where
from grouping.messages import Lang, Message, message, say
from grouping.regions import read_macro_regions
from grouping.scenario import Scenario
from grouping.toml_files import read_toml

SETTINGS = {
    "time_limit": "stop.seconds",
    "work": "stop.work",
    "gap": "stop.gap",
    "seed": "seed",
    "year": "terms.year",
}
"""The settings that have options of their own, by the options' names."""
AT_ONCE = 1, 256
"""Fewest and most threads of a run, and runs of a batch at a time: no settings, for they change no result."""

_EXTENDS = "extends"
_REGIONS = "travel.regions"


@dataclass(frozen=True, slots=True)
class ScenarioValue:
    """One value of a scenario. ``unit`` is None where there is none; ``origin`` says where it was set."""

    key: str
    value: Any
    unit: Message | None
    default: Any
    about: Message
    origin: Message


@dataclass(frozen=True, slots=True)
class _Layer:
    """What one file, or the caller, sets: values by dotted key, and the line of each."""

    path: Path | None
    values: Mapping[str, Any]
    lines: Mapping[str, int]

    def where(self, key: str) -> Where:
        if self.path is None:
            return Where(f"{key} = {self.values[key]}")
        return Where(self.path.name, row=self.lines.get(key))

    def origin(self) -> Message:
        if self.path is None:
            return message("scenario.from_call")
        return message("scenario.from_file", file=self.path.name)


# --- What users call -----------------------------------------------------------------------------------


def list_scenarios() -> tuple[str, ...]:
    """The names of the scenarios that ship with the program, ``base`` first."""
    return tuple(sorted((path.stem for path in SCENARIOS.glob("*.toml")), key=lambda name: (name != "base", name)))


def load_scenario(source: str | Path | None = None, /, **overrides: Any) -> Scenario:
    """The scenario of a shipped name or a TOML file, with what it extends and what the caller overrides.

    Args:
        source: a name of :func:`list_scenarios`, or a path (a ``Path``, or text with ``.toml`` or a slash in it).
            None is ``base``.
        overrides: values by key, ``stop__seconds=60`` or ``**{"stop.seconds": 60}``. None overrides nothing.

    Raises:
        InputError: with everything that is wrong in any of the files and overrides.

    """
    return _resolve(source, overrides)[0]


def explain_scenario(source: str | Path | None = None, /, **overrides: Any) -> tuple[ScenarioValue, ...]:
    """Every value of the scenario that :func:`load_scenario` gives, and where it comes from.

    Raises:
        InputError: as :func:`load_scenario`.

    """
    scenario, layers = _resolve(source, overrides)
    origins = {key: layer.origin() for layer in layers for key in layer.values}
    return tuple(
        _value(scenario, key, field, origins.get(key, message("scenario.from_default")))
        for key, field in _FIELDS.items()
    )


def scenario_values(scenario: Scenario) -> tuple[ScenarioValue, ...]:
    """Every value of a scenario that is at hand; the origin only tells defaults from the rest."""
    values = []
    for key, field in _FIELDS.items():
        origin = "scenario.from_default" if _get(scenario, key) == field.default else "scenario.from_scenario"
        values.append(_value(scenario, key, field, message(origin, name=scenario.name)))
    return tuple(values)


def bounds(key: str) -> tuple[float, float]:
    """The least and the largest value that the number ``key`` of a scenario may have."""
    metadata = _FIELDS[key].metadata
    low: Any = next(bound.ge for bound in metadata if isinstance(bound, Ge))
    high: Any = next(bound.le for bound in metadata if isinstance(bound, Le))
    return low, high


def kind_of(key: str) -> Literal["boolean", "whole", "number", "text"]:
    """What the values of a setting are."""
    annotation = _FIELDS[key].annotation
    if annotation is bool:
        return "boolean"
    if annotation is int:
        return "whole"
    return "number" if annotation is float else "text"


def meant(text: str) -> tuple[list[str], list[str]]:
    """(the settings that ``text`` names, in full or by the last word; those written like it where there is none)."""
    if text in _FIELDS:
        return [text], []
    same = [key for key in _FIELDS if key.split(".")[-1] == text]
    return same, [] if same else _nearest(text)


def scenario_toml(values: Sequence[ScenarioValue], lang: Lang = "zh") -> str:
    """``values`` as a scenario file of its own: valid TOML, the unit and the origin of each value beside it."""
    lines: list[str] = []
    section = ""
    for value in values:
        *head, leaf = value.key.split(".")
        if head and head[0] != section:
            section = head[0]
            lines += ["", f"[{section}]  # {say(f'scenario.section_{section}', lang)}"]
        about = value.about.text(lang)
        unit = "" if value.unit is None else say("scenario.in_unit", lang, unit=value.unit)
        note = say("scenario.toml_note", lang, about=about, unit=unit, origin=value.origin)
        lines.append(f"{leaf} = {_literal(value.value)}  # {note}")
    return "\n".join(lines) + "\n"


# --- Keys ----------------------------------------------------------------------------------------------


def _fields(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _fields(field.annotation, f"{name}.")
        else:
            yield prefix + name, field


_FIELDS = dict(_fields(Scenario))
_SECTIONS = sorted({key.split(".")[0] for key in _FIELDS if "." in key})


def _get(scenario: Scenario, key: str) -> Any:
    value: Any = scenario
    for name in key.split("."):
        value = getattr(value, name)
    return value


def _unit(field: FieldInfo) -> Message | None:
    extra = field.json_schema_extra
    unit = extra.get("unit") if isinstance(extra, dict) else None
    return None if unit is None else message(f"scenario.unit_{unit}")


def _value(scenario: Scenario, key: str, field: FieldInfo, origin: Message) -> ScenarioValue:
    return ScenarioValue(key, _get(scenario, key), _unit(field), field.default, message(f"scenario.{key}"), origin)


def _literal(value: Any) -> str:
    # JSON's numbers, booleans and strings are TOML's too, but for DEL, which TOML wants escaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


# --- Layers --------------------------------------------------------------------------------------------


def _resolve(source: str | Path | None, overrides: Mapping[str, Any]) -> tuple[Scenario, list[_Layer]]:
    layers = _chain(_locate(source or "base", None, None))
    top = layers[-1].path
    given = {key.replace("__", "."): value for key, value in overrides.items() if value is not None}
    layers.append(_Layer(None, given, {}))
    problems = [problem for layer in layers for problem in _unknown_keys(layer)]
    merged: dict[str, Any] = {}
    setters: dict[str, int] = {}
    for number, layer in enumerate(layers):
        for key, value in layer.values.items():
            if key in _FIELDS:
                merged[key] = value
                setters[key] = number
    # A scenario that extends base is not base: the name is its own or its file's.
    if top is not None and ("name" not in merged or setters["name"] < len(layers) - 2):
        merged["name"] = top.stem
    _place_regions(merged, setters, layers, problems)
    scenario = _validated(merged, setters, layers, problems)
    if problems or scenario is None:
        raise InputError(problems)
    return scenario, layers


def _locate(source: str | Path, folder: Path | None, where: Where | None) -> Path:
    """The file of a name or path; ``folder`` and ``where`` are those of the file that extends it."""
    if isinstance(source, str) and not source.endswith(".toml") and not re.search(r"[/\\]", source):
        if source in (names := list_scenarios()):
            return SCENARIOS / f"{source}.toml"
        raise InputError([Problem(where or Where(source), message("scenario.unknown_name", name=source, names=names))])
    path = Path(source) if folder is None else folder / source
    if not path.is_file():
        what = message("scenario.no_file", path=str(path), names=list_scenarios())
        raise InputError([Problem(where or Where(path.name), what)])
    return path


def _chain(path: Path) -> list[_Layer]:
    """The layers from the farthest ancestor to ``path``."""
    layers: list[_Layer] = []
    seen: list[Path] = []
    while True:
        layer = _read(path)
        layers.insert(0, layer)
        seen.append(path.resolve())
        parent = layer.values.get(_EXTENDS)
        if parent is None:
            return layers
        where = layer.where(_EXTENDS)
        if not isinstance(parent, str) or not parent:
            what = message("scenario.extends_what", found=_literal_of(parent), names=list_scenarios())
            raise InputError([Problem(where, what)])
        path = _locate(parent, path.parent, where)
        if path.resolve() in seen:
            circle = " → ".join(one.name for one in [*seen[seen.index(path.resolve()) :], path])
            raise InputError([Problem(where, message("scenario.circle", circle=circle))])


def _read(path: Path) -> _Layer:
    file = read_toml(path)
    flat: dict[str, Any] = {}
    for key, value in file.values.items():
        if isinstance(value, dict) and key in _SECTIONS:
            flat |= {f"{key}.{leaf}": content for leaf, content in value.items()}
        else:
            flat[key] = value
    return _Layer(path, flat, file.lines)


# --- Checking ------------------------------------------------------------------------------------------


def _unknown_keys(layer: _Layer) -> Iterator[Problem]:
    for key in layer.values:
        if key in _FIELDS or (key == _EXTENDS and layer.path is not None):
            continue
        if key in _SECTIONS:
            yield Problem(layer.where(key), message("scenario.section", section=key))
            continue
        if isinstance(layer.values[key], dict):
            near = [name for name, _, _ in process.extract(key, _SECTIONS, scorer=fuzz.WRatio, limit=1)]
            what = message("scenario.unknown_section", section=key, near=near, sections=_SECTIONS)
            yield Problem(layer.where(key), what)
            continue
        yield Problem(layer.where(key), message("scenario.unknown_key", key=key, near=_nearest(key)))


def _nearest(key: str) -> list[str]:
    """The known keys that ``key`` may mean: the same word in another section, else those written like it."""
    known = [*_FIELDS, _EXTENDS]
    leaf = key.rsplit(".", maxsplit=1)[-1]
    if same := [one for one in known if one.split(".")[-1] == leaf]:
        return same
    return [name for name, _, _ in process.extract(key, known, scorer=fuzz.WRatio, limit=3)]


def _place_regions(
    merged: dict[str, Any], setters: Mapping[str, int], layers: Sequence[_Layer], problems: list[Problem]
) -> None:
    """Make the path of the regions' file relative to where the program runs, not to the scenario, and check it."""
    regions = merged.get(_REGIONS)
    if not isinstance(regions, str) or regions in ("", "default"):
        return
    layer = layers[setters[_REGIONS]]
    path = Path(regions) if layer.path is None else layer.path.parent / regions
    if not path.is_file():
        problems.append(Problem(layer.where(_REGIONS), message("scenario.no_regions", path=str(path))))
        return
    merged[_REGIONS] = str(path)
    try:
        read_macro_regions(str(path))
    except InputError as error:
        problems.extend(error.problems)


def _validated(
    merged: Mapping[str, Any], setters: Mapping[str, int], layers: Sequence[_Layer], problems: list[Problem]
) -> Scenario | None:
    nested: dict[str, Any] = {}
    for key, value in merged.items():
        *head, leaf = key.split(".")
        (nested.setdefault(head[0], {}) if head else nested)[leaf] = value
    try:
        return Scenario.model_validate(nested)
    except ValidationError as error:
        for detail in error.errors():
            key = ".".join(str(part) for part in detail["loc"])
            if key in _FIELDS:
                what = message("scenario.wrong", key=key, found=_literal_of(detail["input"]), expected=_expected(key))
            else:
                names = _ORDERED[key]
                values = {name: merged.get(f"{key}.{name}", _FIELDS[f"{key}.{name}"].default) for name in names}
                what = message(f"scenario.{key}_order", **values)
                key = max((f"{key}.{name}" for name in names), key=lambda one: setters.get(one, -1))
            problems.append(Problem(layers[setters[key]].where(key), what))
    return None


_ORDERED = {"size": ("min", "preferred", "max"), "communities": ("fewest", "most")}
"""The values of a section that must not fall."""


def _literal_of(value: Any) -> str:
    try:
        return _literal(value)
    except TypeError:  # a date, which TOML knows and JSON does not
        return str(value)


def _expected(key: str) -> Message:
    """In words what a value must be."""
    field = _FIELDS[key]
    if field.annotation is bool:
        return message("scenario.expect_boolean")
    if field.annotation is str:
        return message("scenario.expect_text")
    if choices := get_args(field.annotation):
        return message("scenario.expect_choice", choices=" / ".join(choices))
    low, high = bounds(key)
    kind = "scenario.expect_integer" if field.annotation is int else "scenario.expect_number"
    return message(kind, low=low, high=high)
