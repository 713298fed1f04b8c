"""Logs for machines: an object a line on standard error. What was found in a list is never in one."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TextIO

from grouping.errors import Problem
from grouping.messages import Message


class Log:
    """A log.

    Args:
        stream: where it goes; None is standard error.

    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream

    def tell(self, level: Literal["info", "warning", "error"], event: str, /, **values: Any) -> None:
        """Add a line; ``values`` are plain data."""
        stamp = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = {"time": stamp, "level": level, "event": event, **values}
        print(json.dumps(line, ensure_ascii=False), file=self._stream or sys.stderr, flush=True)


def place(wrong: Problem | Message) -> dict[str, Any]:
    """What is wrong and where, in words of the program's own: the columns of a matrix are named after sites."""
    if isinstance(wrong, Message):
        return {"message": wrong.key}
    where = wrong.where
    found = {"file": Path(where.file).name, "sheet": where.sheet, "row": where.row, "column": where.column}
    if wrong.what.key.startswith("distances."):
        del found["column"]
    return {"message": wrong.what.key, **{name: value for name, value in found.items() if value is not None}}
