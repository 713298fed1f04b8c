"""A comparison as tables and sentences, in the terms in which every form of it is read: terminal, workbook, page."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from grouping.comparison import Comparison, Figures, Run
from grouping.flows import Changes, Elsewhere, Pair, Place
from grouping.levels import Level
from grouping.links import Kind
from grouping.messages import Lang, Message, message
from grouping.numbers import km_text
from grouping.sheets import Fraction
from grouping.verdicts import findings
from grouping.wording import COST_PARTS, percent


class Difference(float):
    """By how much of itself something is more, or less."""


class Tenths(float):
    """A number that is read with one decimal."""


Cell = str | int | float | Message | None
"""Floats are km, but for :class:`Fraction`, :class:`Difference` and :class:`Tenths`."""


@dataclass(frozen=True, slots=True)
class Line:
    """A figure: what it is, and its value in each run."""

    label: Message
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """Figures that belong together."""

    title: Message
    lines: tuple[Line, ...]


def cell_text(cell: Cell, lang: Lang) -> str:
    """A cell as it is read."""
    if cell is None:
        return "—"
    if isinstance(cell, Message):
        return cell.text(lang)
    if isinstance(cell, Fraction):
        return percent(cell)
    if isinstance(cell, Difference):
        return f"{cell:+.1%}" if math.isfinite(cell) else "∞"
    if isinstance(cell, Tenths):
        return f"{cell:.1f}"
    if isinstance(cell, float):
        return km_text(cell)
    return f"{cell:,}" if isinstance(cell, int) else cell


# --- Figures -------------------------------------------------------------------------------------------


def figure_sections(comparison: Comparison, level: Level | None = None) -> list[Section]:
    """The figures of all levels, or of one; what is nothing everywhere is left out."""
    there = [run.figures[level] for run in comparison.runs]

    def line(key: str, value: Callable[[Figures], Cell], **values: object) -> Line:
        return Line(message(key, **values), tuple(value(one) for one in there))

    def section(key: str, lines: Sequence[Line]) -> Section:
        return Section(message(key), tuple(one for one in lines if any(cell is not None for cell in one.cells)))

    sections = [
        section("compare.costs", list(_costs(comparison, there, line))),
        section("compare.sizes", list(_sizes(there, line))),
        section(
            "compare.distances",
            [
                line("compare.mean", lambda one: one.distances.mean_km if one.distances else None),
                line("compare.median", lambda one: one.distances.median_km if one.distances else None),
                line("compare.ninety", lambda one: one.distances.ninety_km if one.distances else None),
                line("compare.largest", lambda one: one.distances.largest_km if one.distances else None),
            ],
        ),
        section("compare.rules", list(_rules(there, line))),
    ]
    return [one for one in sections if one.lines]


_Make = Callable[..., Line]


def _costs(comparison: Comparison, there: Sequence[Figures], line: _Make) -> Iterator[Line]:
    first = comparison.runs[0].name
    yield line("compare.cost", lambda one: one.cost.total_km)
    for label, name in zip(
        COST_PARTS, ("travel_km", "cross_region_km", "size_km", "theme_km", "links_km"), strict=True
    ):
        if any(getattr(one.cost, name) for one in there):
            yield line("compare.part", lambda one, name=name: getattr(one.cost, name), part=label)
    yield line("compare.bound", lambda one: one.bound_km if one.bound_km > 0 else None)
    yield line("compare.gap", lambda one: Fraction(one.gap) if one.bound_km > 0 or not one.cost.total_km else None)
    yield line("compare.cost_by_first", lambda one: one.repriced.cost.total_km if one.repriced else None, first=first)
    if not comparison.same_sites:
        yield line(
            "compare.first_there", lambda one: one.repriced.first.total_km if one.repriced else None, first=first
        )
    # That the first is no dearer than itself is no news.
    more = line("compare.more_than_first", _more, first=first)
    yield Line(more.label, (None, *more.cells[1:]))
    if any(one.repriced and one.repriced.broken for one in there):
        yield line("compare.broken", lambda one: len(one.repriced.broken) if one.repriced else None, first=first)


def _more(figures: Figures) -> Cell:
    """How much dearer than the first run's own grouping one is, by its rules."""
    if figures.repriced is None or not figures.repriced.first.total_km:
        return None
    return Difference(figures.repriced.cost.total_km / figures.repriced.first.total_km - 1)


def _sizes(there: Sequence[Figures], line: _Make) -> Iterator[Line]:
    yield line("compare.communities", lambda one: one.communities)
    yield line("compare.mean_size", lambda one: Tenths(one.mean_size) if one.communities else None)
    for size in sorted({size for one in there for size in one.sizes}):
        yield line("compare.of_size", lambda one, size=size: one.sizes.get(size, 0), size=size)
    yield line("compare.sites", lambda one: one.sites)
    yield line("compare.unplaced", lambda one: one.unplaced)


def _rules(there: Sequence[Figures], line: _Make) -> Iterator[Line]:
    yield line("compare.crossing", lambda one: one.crossing)
    for kind in Kind:
        if any(kind in one.links for one in there):
            yield line("compare.links", lambda one, kind=kind: _of(*one.links.get(kind, (0, 0))), kind=kind.label)
    if any(one.links_lost for one in there):
        yield line("compare.links_lost", lambda one: one.links_lost)
    if any(one.theme_asking for one in there):
        yield line("compare.themes", lambda one: _of(one.theme_listed, one.theme_asking))
    yield line("compare.led", lambda one: _of(one.led, one.communities))
    yield line("compare.vice_leads", lambda one: one.vice_leads)


def _of(part: int, whole: int) -> Message | None:
    return message("compare.of", part=part, whole=whole) if whole else None


def setting_text(value: object) -> Cell:
    """A value of a scenario as it is read."""
    if isinstance(value, bool):
        return message("compare.yes" if value else "compare.no")
    return f"{value:.10g}" if isinstance(value, int | float) else str(value)


def notes(comparison: Comparison) -> list[Message]:
    """What is to be known to read it."""
    first = comparison.runs[0].name
    said = [message(f"compare.{key}", first=first) for key in ("note_first", "note_cost")]
    said.append(message("compare.note_distances"))
    for run in comparison.runs[1:]:
        cost = run.figures[None].repriced
        if cost and cost.broken:
            broken = [one for rule in cost.broken for one in findings(rule)]
            said.append(message("compare.note_broken", first=first, other=run.name, findings=broken))
    return said


# --- Who is elsewhere ----------------------------------------------------------------------------------


def summary(first: Run, run: Run, changes: Changes) -> list[Message]:
    """What is otherwise in ``run``, in a few sentences."""
    names = {"first": first.name, "other": run.name}
    before = sum(pair.first is not None for pair in changes.pairs)
    said = [
        message("compare.moved", count=len(changes.moved), common=changes.common, **names)
        if changes.moved
        else message("compare.nobody_moved", common=changes.common, **names),
        message("compare.unchanged", count=changes.unchanged, before=before, **names),
    ]
    ended = [pair.first.label for pair in changes.pairs if pair.first and not pair.other]
    new = [pair.other.label for pair in changes.pairs if pair.other and not pair.first]
    if ended:
        said.append(message("compare.ended", labels=ended, **names))
    if new:
        said.append(message("compare.new", labels=new, **names))
    gone = [name for flow in changes.flows if flow.target is Elsewhere.NOT_LISTED for name in flow.sites]
    came = [name for flow in changes.flows if flow.source is Elsewhere.NOT_LISTED for name in flow.sites]
    if gone:
        said.append(message("compare.only_first", count=len(gone), names=_some(gone), **names))
    if came:
        said.append(message("compare.only_other", count=len(came), names=_some(came), **names))
    if run.remarks:
        pairs = [message("compare.same_site", name=one.name, what=one.what) for one in run.remarks[:_NAMED]]
        said.append(message("compare.taken_for_same", count=len(run.remarks), names=pairs))
    return said


_NAMED = 12
"""More names than this are for the workbook."""


def _some(names: Sequence[str]) -> list[str | Message]:
    return [*names[:_NAMED], *([message("compare.and_more", count=len(names) - _NAMED)] if len(names) > _NAMED else [])]


def place_text(place: Place) -> Message | str:
    """Where a site is."""
    return place if isinstance(place, str) else message(f"compare.{place.value}")


def coming(pair: Pair) -> list[Message]:
    """Those who join a community, by where they come from."""
    return [_going("from", place, names) for place, names in _by_place(pair.joined)]


def leaving(pair: Pair) -> list[Message]:
    """Those who leave a community, by where they go."""
    return [_going("to", place, names) for place, names in _by_place(pair.left)]


def _going(way: str, place: Place, names: Sequence[str]) -> Message:
    if isinstance(place, Elsewhere):
        return message(f"compare.{way}_{place.value}", names=names)
    return message(f"compare.{way}", names=names, place=place)


def _by_place(moves: Sequence[tuple[str, Place]]) -> list[tuple[Place, list[str]]]:
    places: dict[Place, list[str]] = {}
    for name, place in moves:
        places.setdefault(place, []).append(name)
    return list(places.items())


def pair_line(pair: Pair) -> Message:
    """What became of one community, in a line."""
    come = message("compare.come", who=coming(pair)) if pair.joined else ""
    go = message("compare.go", who=leaving(pair)) if pair.left else ""
    ends = {"first": label(pair.first), "other": label(pair.other)}
    return message("compare.pair", **ends, count=len(pair.stays), come=come, go=go)


def label(community: object) -> str:
    """The label of a community, a dash for none."""
    return str(getattr(community, "label", "—"))
