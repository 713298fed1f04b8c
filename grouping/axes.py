"""What a sweep varies: settings of a scenario, each with the values that it takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from grouping.errors import InputError, Problem, Where
from grouping.messages import message
from grouping.numbers import number
from grouping.scenario_files import kind_of, meant

Value = bool | int | float | str

MOST_POINTS = 1_000
"""Points of a sweep at most."""


@dataclass(frozen=True, slots=True)
class Axis:
    """A setting's full key, and its values in the order in which they were written."""

    key: str
    values: tuple[Value, ...]


def read_axes(texts: Sequence[str]) -> tuple[Axis, ...]:
    """The axes that users write as ``cross_region_km=0:600:50`` or ``size.preferred=4,6,8``.

    ``first:last:step`` includes the last value if the steps meet it. A key may be as short as its last word where
    that is one setting's only.

    Args:
        texts: one for each axis.

    Raises:
        InputError: what is wrong with any of them: no such setting, several, no value, not of its type, or too many.

    """
    wrong: list[Problem] = []
    found: list[Axis] = []
    for text in texts:
        try:
            axis = _axis(text)
            if any(axis.key == other.key for other in found):
                wrong.append(Problem(Where(f"--vary {text}"), message("sweep.twice", key=axis.key)))
            found.append(axis)
        except InputError as error:
            wrong += error.problems
    if not texts:
        wrong.append(Problem(Where("--vary"), message("sweep.nothing")))
    points = 1
    for axis in found:
        points *= len(axis.values)
    if points > MOST_POINTS:
        wrong.append(Problem(Where("--vary"), message("sweep.too_many", count=points, most=MOST_POINTS)))
    if wrong:
        raise InputError(wrong)
    return tuple(found)


def walk(axes: Sequence[Axis]) -> Iterator[tuple[int, ...]]:
    """The points of the grid, as numbers of each axis' values, each but the first next to the one before it.

    The last axis goes to and fro, as a ploughing ox does.
    """
    if not axes:
        yield ()
        return
    *others, last = axes
    order = range(len(last.values))
    for line, before in enumerate(walk(others)):
        for step in order if line % 2 == 0 else reversed(order):
            yield (*before, step)


def neighbours(point: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """The points one step away on one axis."""
    for axis, step in product(range(len(point)), (-1, 1)):
        yield tuple(value + step * (number == axis) for number, value in enumerate(point))


def _axis(text: str) -> Axis:
    where = Where(f"--vary {text}")
    name, sign, values = text.partition("=")
    if not sign:
        raise InputError([Problem(where, message("sweep.no_sign", found=text))])
    keys, near = meant(name.strip())
    if len(keys) != 1:
        what = message("sweep.several", key=name, keys=keys) if keys else message("sweep.unknown", key=name, near=near)
        raise InputError([Problem(where, what)])
    texts = [one.strip() for one in values.replace("，", ",").split(",") if one.strip()]
    read = [value for one in texts for value in _values(where, keys[0], one)]
    if not read:
        raise InputError([Problem(where, message("sweep.no_values", key=keys[0]))])
    return Axis(keys[0], tuple(dict.fromkeys(read)))


def _values(where: Where, key: str, text: str) -> list[Value]:
    kind = kind_of(key)
    parts = text.replace("：", ":").split(":")
    if kind == "boolean" and text.lower() in ("true", "false"):
        return [text.lower() == "true"]
    if kind in ("text", "boolean"):
        # What it may be is told with the scenario.
        return [text]
    numbers = [number(one) for one in parts]
    if None in numbers or len(parts) not in (1, 3):
        raise InputError([Problem(where, message("sweep.not_a_number", key=key, found=text))])
    read = [one for one in numbers if one is not None]
    if kind == "whole" and not all(one.is_integer() for one in read):
        raise InputError([Problem(where, message("sweep.not_whole", key=key, found=text))])
    if len(read) == 1:
        return [_typed(kind, read[0])]
    first, last, step = read
    if step == 0 or (last - first) / step < 0 or (last - first) / step >= MOST_POINTS:
        raise InputError([Problem(where, message("sweep.no_steps", key=key, found=text))])
    count = int((last - first) / step + 1e-9) + 1
    return [_typed(kind, round(first + step * one, 9)) for one in range(count)]


def _typed(kind: str, value: float) -> Value:
    return int(value) if kind == "whole" else value


def named(values: Mapping[str, Value]) -> str:
    """Settings and their values in short: ``cross_region_km = 200, size.km = 100``."""
    return ", ".join(f"{_short(key)} = {_text(value)}" for key, value in values.items())


def _short(key: str) -> str:
    last = key.rsplit(".", maxsplit=1)[-1]
    return last if len(meant(last)[0]) == 1 else key


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)
