"""What goes wrong in the terms of the user: where it is, what was found, what was expected.

Reading collects every problem and raises them together, so that an office mends its list once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from grouping.messages import Lang, Message, say


@dataclass(frozen=True, slots=True)
class Where:
    """A place in what the user gave. ``row`` counts as the spreadsheet does, from 1."""

    file: str
    sheet: str | None = None
    row: int | None = None
    column: str | None = None

    def text(self, lang: Lang = "zh") -> str:
        """The place in words, from file to column."""
        parts = [say("where.file", lang, file=self.file)]
        if self.sheet is not None:
            parts.append(say("where.sheet", lang, sheet=self.sheet))
        if self.row is not None:
            parts.append(say("where.row", lang, row=self.row))
        if self.column is not None:
            parts.append(say("where.column", lang, column=self.column))
        return say("where.separator", lang).join(parts)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, and where."""

    where: Where
    what: Message

    def text(self, lang: Lang = "zh") -> str:
        """The problem as one line."""
        return say("where.problem", lang, where=self.where.text(lang), what=self.what.text(lang))


class InputError(ValueError):
    """The user's input can't be used; ``problems`` says all that is wrong with it, file by file and down the rows."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        files = list(dict.fromkeys(problem.where.file for problem in problems))

        def place(problem: Problem) -> tuple[int, float]:
            row = problem.where.row
            return files.index(problem.where.file), math.inf if row is None else row

        self.problems = tuple(sorted(problems, key=place))
        super().__init__("\n".join(problem.text() for problem in self.problems))

    def __reduce__(self) -> tuple[type[InputError], tuple[tuple[Problem, ...]]]:
        """For another process to raise it."""
        return InputError, (self.problems,)


class AuditError(RuntimeError):
    """The grouping that was found fails the audit, so it is not given: a fault of the program, not of the input.

    ``findings`` says what is wrong with it.
    """

    def __init__(self, findings: Sequence[Message]) -> None:
        self.findings = tuple(findings)
        super().__init__(self.text())

    def text(self, lang: Lang = "zh") -> str:
        """What happened, then a line for each finding."""
        return "\n".join([say("check.audit_failed", lang), *(f"    {finding.text(lang)}" for finding in self.findings)])
