"""Numbers as people type them into a table, and as they read them."""

from __future__ import annotations

import math
import re

_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?")


def number(text: str) -> float | None:
    """The finite number that ``text`` is, with or without commas between thousands; None for anything else."""
    if _THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def km_text(value: float) -> str:
    """Kilometres for reading: no decimals, thousands apart."""
    return f"{value:,.0f}" if math.isfinite(value) else "∞"
