"""Reading all that a command is given: the options that hold numbers, and the inputs of a run."""

from __future__ import annotations

from grouping.errors import Problem, Where
from grouping.inputs import Inputs
from grouping.messages import message
from grouping.numbers import number


class Reading(Inputs):
    """Reads what can be read and keeps what is wrong with the rest."""

    def number(self, option: str, text: str | None, bounds: tuple[float, float], expected: str) -> float | None:
        """The number that stands behind an option, None where there is none or a wrong one.

        Args:
            option: its name as the user writes it.
            text: what the user wrote.
            bounds: the least and the largest number allowed.
            expected: the key of the message that says what should stand there, given ``low`` and ``high``.

        """
        value = None if text is None else number(text.strip())
        if text is None or (value is not None and bounds[0] <= value <= bounds[1]):
            return value
        self._wrong_number(option, text, bounds, expected)
        return None

    def whole(self, option: str, text: str | None, bounds: tuple[float, float]) -> int | None:
        """The same for a whole number."""
        value = self.number(option, text, bounds, "cli.expect_integer")
        if value is None or text is None:
            return None
        if not value.is_integer():
            self._wrong_number(option, text, bounds, "cli.expect_integer")
            return None
        return int(value)

    def _wrong_number(self, option: str, text: str, bounds: tuple[float, float], expected: str) -> None:
        low, high = (int(bound) if float(bound).is_integer() else bound for bound in bounds)
        what = message("cli.wrong_number", found=text, expected=message(expected, low=low, high=high))
        self._problems.append(Problem(Where(option), what))
