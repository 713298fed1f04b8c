"""What the figures of a grouping mean in words, for every report alike."""

from __future__ import annotations

import math
from collections import Counter

from grouping.changes import Course
from grouping.messages import Message, message
from grouping.numbers import km_text
from grouping.result import HonourPrice, LevelResult, Result, RulePrice, Status

COST_PARTS = (
    message("report.part_travel"),
    message("report.part_cross_region"),
    message("report.part_size"),
    message("report.part_theme"),
    message("report.part_links"),
)
"""The names of a cost's parts, in the order of :meth:`grouping.cost.Cost.parts`."""

_PARTS_EXPLAINED = {
    "rotating": message("report.explain_rotating"),
    "hosted": message("report.explain_hosted"),
    "pairwise": message("report.explain_pairwise"),
}
_PROVED_KM = 0.005
"""Proofs are to the metre, of each level."""
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
    return message("report.within_unplaced" if part.unplaced else "report.within", gap=percent(part.gap))


def stop_reason(part: Result | LevelResult) -> Message:
    """What ended the search."""
    if part.status is Status.NOTHING_TO_GROUP:
        return message("report.stopped_nothing")
    return _STOPPED[part.stopped_by.value]


def measure(result: Result) -> Message:
    """What travel is under the scenario's measure."""
    return _PARTS_EXPLAINED[result.scenario.travel.measure]


def bound_text(bound_km: float, cost_km: float | None) -> str:
    """A bound in whole km, rounded down, for nothing costs less; as the cost is, where a proof leaves nothing open."""
    if cost_km is not None and cost_km - bound_km <= _PROVED_KM:
        return km_text(cost_km)
    return km_text(math.floor(bound_km) if math.isfinite(bound_km) else bound_km)


def percent(fraction: float) -> str:
    """A fraction as a percentage of two decimals, rounded up: a gap must never look smaller than it is.

    What is less than a millionth is rounding of the arithmetic, not a gap.
    """
    return f"{math.ceil(fraction * 10_000 - 0.01) / 100:.2f}%"


def renewal_headline(result: Result) -> Message:
    """What changed since last year, in figures."""
    changes = result.renewal
    courses = Counter(change.course for change in changes)
    # Who moves joins elsewhere, too.
    joined = sum(one.came_from is None for change in changes for one in change.joined)
    return message(
        "renewal.headline",
        year=result.scenario.terms.year,
        file=result.previous_file,
        runs=courses[Course.RUNS],
        renewed=courses[Course.RENEWED],
        gone=courses[Course.ENDED] + courses[Course.DISSOLVED],
        new=courses[Course.NEW],
        stays=sum(len(change.stays) for change in changes),
        joined=joined,
        moved=sum(len(change.moved) for change in changes),
        left=sum(len(change.left) for change in changes),
    )


def rule_saving(price: RulePrice) -> Message:
    """What would be saved without a rule."""
    if price.low_km is None or price.high_km is None:
        return message("rules.none")
    low, high = km_text(max(0.0, price.low_km)), km_text(max(0.0, price.high_km))
    if price.proved or low == high:
        return message("rules.exactly", km=low)
    return message("rules.between", low=low, high=high)


def rule_proof(price: RulePrice) -> Message:
    """Whether that is proved."""
    return message("rules.proved" if price.proved else "rules.unproved")


def honour_price(price: HonourPrice) -> Message:
    """What it would cost to honour a link, to follow what is said of it."""
    simple = message("report.honour_simple", km=km_text(price.simple_km or 0.0))
    if price.simple_km is None:
        simple = message("report.honour_no_move")
    if price.refused:
        return message("report.honour_refused")
    if price.low_km is None or price.high_km is None:
        return simple
    low, high = km_text(max(0.0, price.low_km)), km_text(max(0.0, price.high_km))
    key = "report.honour_proved" if price.proved else "report.honour_between"
    return message(key, simple=simple, low=low, high=high)
