"""What the figures of a grouping mean in words, for every report alike."""

from __future__ import annotations

import math

from grouping.messages import Message, message
from grouping.result import LevelResult, Result, Status

COST_PARTS = (
    message("report.part_travel"),
    message("report.part_cross_region"),
    message("report.part_size"),
    message("report.part_links"),
)
"""The names of a cost's parts, in the order of :meth:`grouping.cost.Cost.parts`."""

_PARTS_EXPLAINED = {
    "rotating": message("report.explain_rotating"),
    "hosted": message("report.explain_hosted"),
    "pairwise": message("report.explain_pairwise"),
}
_STOPPED = {
    "proof": message("report.stopped_proof"),
    "gap": message("report.stopped_gap"),
    "end": message("report.stopped_end"),
    "work": message("report.stopped_work"),
    "time": message("report.stopped_time"),
    "interrupt": message("report.stopped_interrupt"),
}


def proof(part: Result | LevelResult) -> Message:
    """How good a grouping is proved to be."""
    if part.status is Status.NOTHING_TO_GROUP:
        return message("report.nothing_to_group")
    if part.status is Status.OPTIMAL:
        return message("report.proved")
    if part.bound_km <= 0:
        # That a cost is no less than nothing says nothing.
        return message("report.unbounded")
    return message("report.within", gap=percent(part.gap))


def stop_reason(part: Result | LevelResult) -> Message:
    """What ended the search."""
    if part.status is Status.NOTHING_TO_GROUP:
        return message("report.stopped_nothing")
    return _STOPPED[part.stopped_by.value]


def measure(result: Result) -> Message:
    """What travel is under the scenario's measure."""
    return _PARTS_EXPLAINED[result.scenario.travel.measure]


def percent(fraction: float) -> str:
    """A fraction as a percentage of two decimals, rounded up: a gap must never look smaller than it is.

    What is less than a millionth is rounding of the arithmetic, not a gap.
    """
    return f"{math.ceil(fraction * 10_000 - 0.01) / 100:.2f}%"
