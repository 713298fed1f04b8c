"""TOML files that users write: what is in them, the line of each value, and what is wrong with their form."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grouping.errors import InputError, Problem, Where
from grouping.messages import message


@dataclass(frozen=True, slots=True)
class TomlFile:
    """The values of a file, and the lines of its sections and keys by their dotted names, as far as they are known."""

    values: Mapping[str, Any]
    lines: Mapping[str, int]


def read_toml(path: Path) -> TomlFile:
    """Read a file of TOML.

    Raises:
        InputError: it is not in UTF-8, or not TOML.

    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError([Problem(Where(path.name), message("scenario.encoding"))]) from None
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        lines = text.splitlines()
        row = int(found[1]) if found else len(lines)
        shown = lines[row - 1].strip() if 0 < row <= len(lines) else ""
        key = "scenario.repeated" if "overwrite" in str(error) or "twice" in str(error) else "scenario.syntax"
        raise InputError([Problem(Where(path.name, row=row), message(key, text=shown))]) from None
    return TomlFile(values, _lines(text))


def _lines(text: str) -> dict[str, int]:
    """The lines, counted from 1, as far as plain ``[section]``, ``[[list]]`` and ``key =`` lines tell.

    The n-th ``[[list]]`` is ``list.n``, counted from 0.
    """
    lines: dict[str, int] = {}
    entries: Counter[str] = Counter()
    section = ""
    for number, line in enumerate(text.splitlines(), 1):
        if found := re.match(r"\s*\[\[\s*([\w.\-]+)\s*\]\]", line):
            name = f"{found[1]}.{entries[found[1]]}"
            entries[found[1]] += 1
        elif found := re.match(r"\s*\[\s*([\w.\-]+)\s*\]", line):
            name = found[1]
        elif found := re.match(r"\s*([\w.\-]+)\s*=", line):
            lines.setdefault(section + found[1], number)
            continue
        else:
            continue
        section = f"{name}."
        lines.setdefault(name, number)
    return lines
