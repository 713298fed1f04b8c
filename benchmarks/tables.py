"""The tables of a report: what stands in them, and how they are written in Markdown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.instances import clustered
from benchmarks.measure import GRACE
from benchmarks.records import Outcome, Report, Spec

NAMES = {
    "ours": "ours",
    "textbook": "CP-SAT, textbook",
    "partitioning": "HiGHS, set partitioning",
    "kmeans": "k-means-constrained",
    "agglomerative": "agglomerative",
    "greedy": "greedy",
    "mdav": "MDAV",
}
"""What each contender is called in the tables."""
GOOD_GAP = 0.01
"""The gap whose time the growth table tells."""
_NONE = "–"
_MEASURED = "seconds", "limit", "MB"
_COURSE = "s to first grouping", f"s to gap {GOOD_GAP:.0%}", "gap"


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its ``title``, the texts in it, and what is to be known to read it. The first column is text."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str

    def markdown(self) -> str:
        """The table in Markdown, its columns aligned; the caption is a paragraph before it."""
        widths = [max(map(len, column)) for column in zip(self.header, *self.rows, strict=True)]
        sides = ["<" if side else ">" for side in self.left()]
        marks = [f"{'-' * (width - 1)}{'-' if side == '<' else ':'}" for width, side in zip(widths, sides, strict=True)]
        lines = [
            "| " + " | ".join(f"{text:{side}{width}}" for text, side, width in zip(row, sides, widths, strict=True))
            for row in (self.header, *self.rows)
        ]
        lines.insert(1, "| " + " | ".join(marks))
        return f"### {self.title}\n\n{self.caption}\n\n" + "\n".join(f"{line} |" for line in lines) + "\n"

    def left(self) -> list[bool]:
        """Which columns hold text and stand to the left."""
        return [name in ("method", "instance", "remark") for name in self.header]


def peers(report: Report) -> Table:
    """Ours and its peers on counties."""
    compared = {one.task.spec for one in report.outcomes if _is_plain(one.task.spec)}
    rows = [
        (f"{spec.size:,}", NAMES[one.task.contender], *_figures(one, report), one.note)
        for spec in sorted(compared, key=lambda spec: spec.size)
        for one in _of(report, spec)
    ]
    header = ("sites", "method", "cost km", "bound km", "gap", *_MEASURED, "ratio to ours", "remark")
    return Table("Peers", header, tuple(rows), _caption(report))


def growth(report: Report) -> Table:
    """How our time and memory grow with the number of sites."""
    rows = [(f"{one.task.spec.size:,}", *_course(one), *_spent(one)) for one in grown(report)]
    header = ("sites", *_COURSE, *_MEASURED)
    return Table("Growth", header, tuple(rows), _caption(report))


def alone(report: Report) -> Table:
    """Ours on instances that are for no other: other measures, links, several levels, and all townships."""
    specs = [one.task.spec for one in report.outcomes if one.task.spec.kind != "points"]
    rows = []
    for one in (_of(report, spec)[0] for spec in specs if not _is_plain(spec)):
        figures = _number(one.cost, 1), _lower(one.bound)
        rows.append((one.task.spec.name, *figures, *_course(one), *_spent(one)))
    header = ("instance", "cost km", "bound km", *_COURSE, *_MEASURED)
    return Table("Alone", header, tuple(rows), _caption(report))


def microaggregation(report: Report) -> Table:
    """Ours and its peers on clustered points: squares within groups."""
    specs = {one.task.spec for one in report.outcomes if one.task.spec.kind == "points"}
    rows = []
    for spec in sorted(specs, key=lambda spec: (spec.size, spec.dimensions, spec.smallest)):
        points = clustered(spec.size, spec.dimensions, spec.seed)
        total = float(((points - points.mean(axis=0)) ** 2).sum())
        for one in _of(report, spec):
            lost = _NONE if one.cost is None else f"{100 * one.cost / total:.3f} %"
            sse, *others = _figures(one, report)
            rows.append((spec.name, NAMES[one.task.contender], sse, lost, *others, one.note))
    header = (
        "instance",
        "method",
        "SSE",
        "information loss",
        "bound",
        "gap",
        *_MEASURED,
        "ratio to ours",
        "remark",
    )
    return Table("Microaggregation", header, tuple(rows), _caption(report))


def grown(report: Report) -> list[Outcome]:
    """Ours on counties, the smallest first."""
    ours = [one for one in report.outcomes if one.task.contender == "ours" and _is_plain(one.task.spec)]
    return sorted(ours, key=lambda one: one.task.spec.size)


def first_seconds(outcome: Outcome) -> float | None:
    """When the first valid grouping was there."""
    return next((event.seconds for event in outcome.events if event.cost is not None), None)


def good_seconds(outcome: Outcome) -> float | None:
    """When a gap of :data:`GOOD_GAP` was proved, None if it was not."""
    cost, bound = np.inf, -np.inf
    for event in outcome.events:
        cost = min(cost, np.inf if event.cost is None else event.cost)
        bound = max(bound, -np.inf if event.bound is None else event.bound)
        if np.isfinite(cost) and cost - bound <= GOOD_GAP * cost:
            return event.seconds
    return None


def _is_plain(spec: Spec) -> bool:
    """Whether it is of the instances on which all are compared."""
    return spec.kind == "counties" and not spec.measure and not spec.linked


def _of(report: Report, spec: Spec) -> list[Outcome]:
    """The outcomes on an instance, in the order of :data:`NAMES`."""
    order = list(NAMES)
    own = [one for one in report.outcomes if one.task.spec == spec]
    return sorted(own, key=lambda one: order.index(one.task.contender))


def _figures(one: Outcome, report: Report) -> Sequence[str]:
    """Cost, bound, gap, what was measured, and the ratio to ours."""
    ours = next((other.cost for other in _of(report, one.task.spec) if other.task.contender == "ours"), None)
    ratio = one.cost / ours if one.cost is not None and ours else None
    return (
        _number(one.cost, 1),
        _lower(one.bound),
        _percent(one.gap),
        *_spent(one),
        _number(ratio, 3),
    )


def _spent(one: Outcome) -> Sequence[str]:
    """Seconds, their limit, and peak memory."""
    return (
        _number(one.seconds, 1 if one.seconds >= 1 else 2),
        _number(one.task.seconds, 0),
        _number(one.peak_mb, 0),
    )


def _course(one: Outcome) -> Sequence[str]:
    """When there was what, and the gap at the end."""
    return _number(first_seconds(one), 2), _number(good_seconds(one), 1), _percent(one.gap)


def _number(value: float | None, digits: int) -> str:
    return _NONE if value is None else f"{value:,.{digits}f}"


def _lower(value: float | None) -> str:
    """A bound, rounded down; but what a proof of optimality leaves open is not told."""
    return _number(None if value is None else math.floor(10 * value + 0.05) / 10, 1)


def _percent(value: float | None) -> str:
    """A gap, rounded up likewise."""
    return _NONE if value is None else f"{math.ceil(10_000 * value - 0.01) / 100:.2f} %"


def _caption(report: Report) -> str:
    kind = "Quick run" if report.quick else "Full run"
    return (
        f"{kind}: {report.cores} cores for each, and {GRACE:.0f} s beyond the limit to come to an end. "
        f"A process that loads all and does nothing peaks at {report.idle_mb:.0f} MB. {report.machine}."
    )


def every(report: Report) -> Iterable[tuple[str, Table]]:
    """Each table that has rows, and the name of its files."""
    made = (
        ("peers", peers(report)),
        ("growth", growth(report)),
        ("microaggregation", microaggregation(report)),
        ("alone", alone(report)),
    )
    return ((name, table) for name, table in made if table.rows)
