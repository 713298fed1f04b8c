"""Every way to read a text as a chain of names, each inside the one before it.

Parts of the chain are left out at will: 浙江省杭州市上城区, 杭州上城, 上城区湖滨街道. The names are those of divisions,
in full and short, and what leads to divisions: former names, functional zones, the corps of 新疆. Which of the
readings is meant is for :mod:`grouping.resolve` to say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache

from grouping.placenames import clean, corps_forms, is_organisation, short_forms, zone_forms
from grouping.regions import (
    Division,
    code_prefix,
    corps_divisions,
    divisions,
    former_names,
    functional_zones,
)

# Four levels, each said twice in the columns of a careful list.
_DEEPEST = 8

# --- Names -----------------------------------------------------------------------------------------------


class Kind(IntEnum):
    """What has a name."""

    DIVISION = 0
    FORMER = 1
    ZONE = 2
    CORPS = 3


@dataclass(frozen=True, slots=True)
class Named:
    """Something with a name: a division of today, or what leads to some (``to``, by adcode)."""

    name: str
    kind: Kind
    to: tuple[str, ...]
    under: tuple[str, ...] = ()
    code: str = ""
    year: int = 0
    merged: bool = False

    def holds(self, other: Named) -> bool:
        """Whether ``other`` may come right after this in a chain, because it lies inside or lay there."""
        if other.name == self.name and other.code != self.code and other.kind is self.kind is not Kind.DIVISION:
            return False  # A name said twice means the same twice.
        return self.name in other.under or any(
            code.startswith(code_prefix(mine)) for mine in self.to for code in other.to
        )


@dataclass(frozen=True, slots=True)
class _Form:
    """One way to write a name; ``alone``: also without anything above it."""

    named: Named
    short: bool
    alone: bool


@dataclass(frozen=True, slots=True)
class _Gazetteer:
    """All forms of names, and what codes that are no more stand for."""

    forms: Mapping[str, Sequence[_Form]]
    longest: int
    by_code: Mapping[str, Named]


@cache
def _gazetteer() -> _Gazetteer:
    forms: dict[str, list[_Form]] = defaultdict(list)
    for text, form in (*_division_forms(), *_former_forms(), *_zone_forms(), *_corps_forms()):
        forms[text].append(form)
    by_code = {form.named.code: form.named for _, form in (*_zone_forms(), *_former_forms()) if form.named.code}
    return _Gazetteer(forms, max(map(len, forms)), by_code)


def _division_forms() -> Iterator[tuple[str, _Form]]:
    for division in divisions().upper():
        named = Named(division.name, Kind.DIVISION, (division.adcode,), code=division.adcode)
        yield division.name, _Form(named, False, True)
        for short in short_forms(division.name):
            yield short, _Form(named, True, True)


def _former_forms() -> Iterator[tuple[str, _Form]]:
    # Of a code that stood for several divisions in turn, the last one counts.
    for former in sorted(former_names(), key=lambda former: (former.year, former.adcode, former.name)):
        named = Named(
            former.name,
            Kind.FORMER,
            former.successors,
            former.under,
            former.adcode,
            former.year,
            former.kind == "merge",
        )
        yield former.name, _Form(named, False, True)
        for short in short_forms(former.name):
            yield short, _Form(named, True, former.adcode.endswith("00"))


def _zone_forms() -> Iterator[tuple[str, _Form]]:
    for zone in functional_zones():
        named = Named(zone.name, Kind.ZONE, zone.hosts, zone.under, zone.adcode)
        for form, whole in zone_forms(zone.name, zone.under[-1]):
            yield form, _Form(named, False, whole)


def _corps_forms() -> Iterator[tuple[str, _Form]]:
    corps, *parts = corps_divisions()
    whole = Named(corps.name, Kind.CORPS, (corps.host,))
    for form in (corps.name, "生产建设兵团", "新疆兵团", "兵团"):
        yield form, _Form(whole, form != corps.name, True)
    for part in parts:
        named = Named(corps.name + part.name, Kind.CORPS, (part.host,), (corps.name,))
        for form in corps_forms(part.number):
            yield form, _Form(named, False, True)


@cache
def _townships() -> Mapping[str, Sequence[tuple[str, Division]]]:
    """Townships by name, each with the code of the division that it stands in."""
    table = divisions()
    by_name: dict[str, list[tuple[str, Division]]] = defaultdict(list)
    for township in table.townships():
        above = table.parent(township.adcode)
        if above is not None:
            by_name[clean(township.name)].append((above.adcode, township))
    return by_name


# --- Readings ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """One name in a chain, as it is ``written``."""

    named: Named
    written: str
    short: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a text: the chain of names, perhaps a township at its end, and the rest that was not read."""

    steps: tuple[Step, ...]
    rest: str = ""
    township: Division | None = None

    @property
    def to(self) -> tuple[str, ...]:
        """The adcodes of the divisions that this reading leads to."""
        return (self.township.adcode,) if self.township is not None else self.steps[-1].named.to

    @property
    def rank(self) -> tuple[int, bool, bool]:
        """Readings of lower rank come first: as much as possible read, current before former, full before short."""
        indirect = any(step.named.kind is not Kind.DIVISION for step in self.steps)
        return len(self.rest), indirect, self.township is None and self.steps[-1].short

    @property
    def sound(self) -> bool:
        """Whether the whole text is accounted for, if need be by an organisation at its end."""
        if not self.rest:
            return True
        if self.township is not None or len(self.steps) > 1 or not self.steps[-1].short:
            return is_organisation(self.rest)
        # A short name alone proves little: 中山大学 is not in 中山市.
        wide = all(not code.endswith("00") for code in self.to)
        return not wide and is_organisation(self.rest, public=True)


def every_reading(written: str) -> Iterator[Reading]:
    """Every reading of the text that begins with a name, the unfinished ones too."""
    book = _gazetteer()

    def follow(steps: tuple[Step, ...], at: int) -> Iterator[Reading]:
        longest = book.longest if len(steps) < _DEEPEST else 0
        for end in range(min(len(written), at + longest), at + 1, -1):
            for form in book.forms.get(written[at:end], ()):
                if steps[-1].named.holds(form.named) if steps else form.alone:
                    step = Step(form.named, written[at:end], form.short)
                    yield from follow((*steps, step), end)
        if steps:
            yield Reading(steps, written[at:])
            yield from _with_township(steps, written[at:])

    yield from follow((), 0)


def township_readings(written: str) -> Iterator[Reading]:
    """The readings of a text that begins with the bare name of a township, wherever there is one of the name."""
    yield from _with_township((), written)


def reading_of_code(code: str) -> Reading | None:
    """The reading of a code that a division or zone had which is none of today's; None where there was none."""
    named = _gazetteer().by_code.get(code)
    return None if named is None else Reading((Step(named, named.name, False),))


def _with_township(steps: tuple[Step, ...], rest: str) -> Iterator[Reading]:
    """The readings in which the rest begins with a township inside the last of ``steps`` (anywhere, if none)."""
    for end in range(len(rest), 1, -1):
        for above, township in _townships().get(rest[:end], ()) if rest else ():
            if not steps or _inside(steps[-1].named, above, township.adcode):
                yield Reading(steps, rest[end:], township)


def _inside(named: Named, above: str, township: str) -> bool:
    if named.code and township.startswith(code_prefix(named.code)):
        return True
    return any(above.startswith(code_prefix(code)) for code in named.to)
