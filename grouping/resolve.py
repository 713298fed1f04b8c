"""Which division a text means: resolved when it is certain, with what was done said in words, else asked about.

A text is read from the left as a chain of names, see :mod:`grouping.readings`. All readings that use up the whole
text compete; current names come before former names and zones, full names before short ones. What then still means
several divisions is ambiguous.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, reduce

from rapidfuzz import fuzz, process

from grouping.levels import Level
from grouping.messages import Message, message
from grouping.placenames import clean
from grouping.readings import Kind, Reading, every_reading, reading_of_code, township_readings
from grouping.regions import MUNICIPALITIES, Division, divisions

_SEPARATE_STATUS = ("2102", "3302", "3502", "3702", "4403")
# A name that a division had in this century is still in use on lists; older ones are not held against today's.
_RECENT = 2000
_SUGGESTIONS = 5
_NAMED_IN_NOTE = 8
_ALIKE = 55.0
_CODE_AND_NAME = re.compile(r"(?P<before>[^0-9]+)?(?P<code>[0-9]{6}(?:[0-9]{3}){0,2})(?P<after>(?(before)|[^0-9]+))")


@dataclass(frozen=True, slots=True)
class Resolution:
    """What ``text`` means.

    ``how``: "exact" (the full name), "omitted" (names above it left out), "municipality_separate" (a 计划单列市 or what
    is in it, without the province), "short", "former", "merged", "functional_zone", "xpcc", "organisation", "adcode",
    "former_adcode"; without a division "ambiguous", "unknown" or "blank". ``note`` says in words what was done, None
    when there is nothing to say. ``candidates`` are what an ambiguous or unknown text may mean, nearest first.
    """

    text: str
    division: Division | None
    how: str
    note: Message | None = None
    candidates: tuple[Division, ...] = ()


@lru_cache(maxsize=65536)
def resolve(text: str, *, level: Level | None = None) -> Resolution:
    """The division that ``text`` means: a name, a chain of names, or an adcode of 6, 9 or 12 digits.

    ``level`` is what is known of its level from elsewhere; it decides between divisions of the same name, and
    nothing else.
    """
    plain = re.sub(r"(?<=\d)\.0+$", "", text.strip())
    written = clean(plain)
    if not written:
        return Resolution(text, None, "blank", message("resolve.blank"))
    if written.isascii() and written.isdigit():
        return _by_code(text, written)
    with_code = _CODE_AND_NAME.fullmatch(written)
    if with_code is not None:
        name = with_code["before"] or with_code["after"]
        return _by_both(text, _by_code(text, with_code["code"]), _by_name(text, name, level))
    return _by_name(text, written, level)


def resolve_parts(
    province: str, prefecture: str, county: str, township: str, *, level: Level | None = None
) -> Resolution:
    """The division that the columns 省, 市, 区县, 街镇 mean together; blank parts are ``""``.

    Without a ``level``, the deepest part that is filled in says it.
    """
    parts = dict(zip(Level, (province, prefecture, county, township), strict=True))
    filled = [part_level for part_level, part in parts.items() if part.strip()]
    if level is None and filled:
        level = filled[-1]
    return resolve("".join(part.strip() for part in parts.values()), level=level)


def _by_both(text: str, coded: Resolution, named: Resolution) -> Resolution:
    """The answer to a code next to a name: the code's, unless the name contradicts it."""
    if coded.division is None or named.how == "unknown":
        return coded if coded.division is None else named
    possible = named.candidates if named.division is None else (named.division,)
    if coded.division in possible:
        return coded
    found = (coded.division, *possible)
    note = message("resolve.contradiction", candidates=[division.full_name for division in found[:_NAMED_IN_NOTE]])
    return Resolution(text, None, "ambiguous", note, found)


# --- Codes ---------------------------------------------------------------------------------------------


def _by_code(text: str, code: str) -> Resolution:
    table = divisions()
    # A code of more digits than its division needs is filled up with zeros.
    short = code[:9] if len(code) == 12 and code.endswith("000") else code
    short = short[:6] if len(short) == 9 and short.endswith("000") else short
    division = table.get(short)
    if division is not None:
        return Resolution(text, division, "adcode", message("resolve.adcode", name=division.full_name))
    if len(short) == 6 and short.startswith(MUNICIPALITIES) and short[2:] in ("0100", "0200"):
        division = table.get(f"{short[:2]}0000")
        if division is not None:
            return Resolution(
                text, division, "adcode", message("resolve.adcode_padded", code=code, name=division.full_name)
            )
    reading = reading_of_code(short)
    if reading is not None:
        return _answer(text, [reading], None, code=code)
    above = next((found for n in (6, 4, 2) if (found := table.get(short[:n].ljust(6, "0"))) is not None), None)
    if above is None or len(short) > 12:
        return Resolution(text, None, "unknown", message("resolve.unknown_code", code=code))
    note = message("resolve.unknown_code_near", code=code, candidates=[above.full_name])
    return Resolution(text, None, "unknown", note, (above,))


# --- Names ---------------------------------------------------------------------------------------------


def _by_name(text: str, written: str, level: Level | None) -> Resolution:
    readings = list(every_reading(written))
    sound = [reading for reading in readings if reading.sound]
    if not sound:
        sound = [reading for reading in township_readings(written) if reading.sound]
    if not sound:
        return _unknown(text, written, readings)
    best = min(reading.rank for reading in sound)
    chosen = [reading for reading in sound if reading.rank == best]
    # 朝阳 in 朝阳社区学院 would not do for a 朝阳区 alone, but makes it doubtful that 朝阳市 is meant.
    doubts = [reading for reading in readings if reading.rank == best and not reading.sound]
    return _answer(text, [*chosen, *doubts, *_namesakes(chosen, sound)], level)


def _namesakes(chosen: Sequence[Reading], sound: Sequence[Reading]) -> list[Reading]:
    """Readings of a bare name as the recent former name of another place, which must not be passed over in silence."""
    if any(len(reading.steps) != 1 or reading.township is not None or reading.steps[0].short for reading in chosen):
        return []
    meant = {code for reading in chosen for code in reading.to}
    return [
        reading
        for reading in sound
        if len(reading.steps) == 1
        and reading.steps[0].named.kind is Kind.FORMER
        and reading.steps[0].named.year >= _RECENT
        and reading.steps[0].written == chosen[0].steps[0].written
        and not reading.steps[0].short
        and not meant & set(reading.to)
    ]


# --- Answers -------------------------------------------------------------------------------------------


def _answer(text: str, readings: Sequence[Reading], level: Level | None, *, code: str = "") -> Resolution:
    """The answer that the readings give together, all of them as good as each other."""
    leads: dict[str, Reading] = {}
    # Of several times that a name passed to the same division, the last is the one to tell of.
    for reading in sorted(readings, key=lambda reading: -max((step.named.year for step in reading.steps), default=0)):
        for adcode in reading.to:
            leads.setdefault(adcode, reading)
    found = _known(leads)
    narrowed = [division for division in found if division.level is level] or found
    if len(narrowed) > 1:
        narrowed = _usual(narrowed, leads)
    if len(narrowed) == 1:
        (division,) = narrowed
        answer = _resolved(text, division, leads[division.adcode], code)
        if len(found) > 1 and level is division.level and len(_usual(found, leads)) > 1:
            note = message("resolve.by_level", level=division.level.label, name=division.full_name)
            answer = replace(answer, note=note)
        return answer
    candidates = tuple(narrowed)
    return Resolution(text, None, "ambiguous", _which(text, readings, candidates), candidates)


def _known(adcodes: Iterable[str]) -> list[Division]:
    table = divisions()
    known = [division for adcode in adcodes if (division := table.get(adcode)) is not None]
    return sorted(known, key=lambda division: (division.level.rank, division.adcode))


def _usual(found: Sequence[Division], leads: Mapping[str, Reading]) -> list[Division]:
    """Of divisions with the same short name, the one that it means in ordinary use, where that is beyond doubt.

    That is a province next to counties (河北 is not 天津市河北区), and a prefecture next to counties of its own
    (长沙 is not 长沙县).
    """
    bare_short = all(
        reading.township is None
        and len(reading.steps) == 1
        and reading.steps[0].short
        and reading.steps[0].named.kind is Kind.DIVISION
        for reading in leads.values()
    )
    first, *others = found
    if not bare_short or any(division.level is not Level.COUNTY for division in others):
        return list(found)
    own = all(division.adcode.startswith(first.prefix) for division in others)
    return [first] if first.level is Level.PROVINCE or (first.level is Level.PREFECTURE and own) else list(found)


def _resolved(text: str, division: Division, reading: Reading, code: str) -> Resolution:
    name = division.full_name
    if code:
        note = message("resolve.former_code", code=code, old=reading.steps[-1].named.name, name=name)
        return Resolution(text, division, "former_adcode", note)
    how, notes = _history(division, reading)
    if reading.rest:
        how = how or "organisation"
        notes.append(message("resolve.organisation", rest=reading.rest, name=name))
    if not how:
        how, said = _abbreviation(text, division, reading)
        notes += said
    return Resolution(text, division, how, _together(notes))


def _together(notes: Sequence[Message]) -> Message | None:
    if not notes:
        return None
    return reduce(lambda first, second: message("resolve.both", first=first, second=second), notes)


def _history(division: Division, reading: Reading) -> tuple[str, list[Message]]:
    """What is to be said of the names in the chain that are not those of a division of today; the last one decides."""
    table = divisions()
    how, notes = "", []
    for step in reading.steps:
        named = step.named
        if any(named.name in later.named.under and later.named.kind is Kind.CORPS for later in reading.steps):
            continue  # The corps as a whole, or a province, before a division of the corps.
        to = [found.full_name for code in named.to if (found := table.get(code)) is not None]
        if named.kind is Kind.CORPS:
            how = "xpcc"
            notes.append(message("resolve.corps", corps=step.written, name=to))
        elif named.kind is Kind.ZONE and to:
            how = "functional_zone"
            notes.append(message("resolve.zone", zone=step.written, name=to if len(to) == 1 else division.full_name))
        elif named.kind is Kind.FORMER:
            how = "merged" if named.merged else "former"
            to = to if len(to) == 1 else [division.full_name]
            if not named.year:
                notes.append(message("resolve.former_undated", old=named.name, name=to))
            elif named.merged:
                notes.append(message("resolve.merged", old=named.name, name=to, year=named.year))
            else:
                notes.append(message("resolve.former", old=named.name, name=to, year=named.year))
    return how, notes


def _abbreviation(text: str, division: Division, reading: Reading) -> tuple[str, list[Message]]:
    """What is to be said where the chain is one of today's names, but not all of them or not in full."""
    name = division.full_name
    if clean(text) == clean(name):
        return "exact", []
    if any(step.short for step in reading.steps):
        return "short", [message("resolve.short", name=name)]
    province_named = any(step.named.to[0].endswith("0000") for step in reading.steps)
    if division.adcode.startswith(_SEPARATE_STATUS) and not province_named:
        return "municipality_separate", [message("resolve.municipality_separate", name=name)]
    if len(reading.steps) + (reading.township is not None) == 1:
        return "omitted", [message("resolve.omitted", name=name)]
    return "omitted", [message("resolve.completed", name=name)]


def _which(text: str, readings: Sequence[Reading], candidates: Sequence[Division]) -> Message:
    """The question to ask where several divisions, or none for certain, are meant."""
    names = [division.full_name for division in candidates[:_NAMED_IN_NOTE]]
    named = {reading.steps[-1].named for reading in readings if reading.steps and reading.township is None}
    if len(named) == 1:
        (only,) = named
        if only.kind is Kind.FORMER:
            return message("resolve.split", old=only.name, candidates=names, year=only.year)
        if only.kind is Kind.ZONE and names:
            return message("resolve.zone_across", zone=only.name, candidates=names)
        if only.kind is Kind.ZONE:
            return message("resolve.zone_unknown", zone=only.name, name="".join(only.under))
    if len(candidates) > _NAMED_IN_NOTE:
        return message("resolve.ambiguous_many", text=text, count=len(candidates), candidates=names)
    return message("resolve.ambiguous", text=text, candidates=names)


def _unknown(text: str, written: str, readings: Sequence[Reading]) -> Resolution:
    """What can be said of a text that nothing explains: what it begins with, and what is written alike."""
    table = divisions()
    context = _context(readings)
    if context is None:
        near = _alike(written, list(table.upper()))
        if not near:
            return Resolution(text, None, "unknown", message("resolve.unknown", text=text))
        note = message("resolve.unknown_near", text=text, candidates=[division.full_name for division in near])
        return Resolution(text, None, "unknown", note, near)
    division, rest = context
    inside = [other for other in table.upper() if other.adcode.startswith(division.prefix) and other is not division]
    if division.level is not Level.PROVINCE:
        inside += [township for township in table.townships() if township.full_name.startswith(division.full_name)]
    near = _alike(rest, inside)
    if not near:
        note = message("resolve.rest_unknown", name=division.full_name, rest=rest)
        return Resolution(text, None, "unknown", note, (division,))
    names = [other.full_name for other in near]
    note = message("resolve.rest_unknown_near", name=division.full_name, rest=rest, candidates=names)
    return Resolution(text, None, "unknown", note, (*near, division))


def _context(readings: Sequence[Reading]) -> tuple[Division, str] | None:
    """The one division that the text certainly begins with, and what comes after it."""
    certain = [r for r in readings if len(r.to) == 1 and (len(r.steps) > 1 or not r.steps[-1].short)]
    if not certain:
        return None
    shortest = min(len(reading.rest) for reading in certain)
    adcodes = {reading.to[0] for reading in certain if len(reading.rest) == shortest}
    division = divisions().get(adcodes.pop())
    rest = next(reading.rest for reading in certain if len(reading.rest) == shortest)
    return None if adcodes or division is None else (division, rest)


def _alike(written: str, among: Sequence[Division]) -> tuple[Division, ...]:
    """The divisions whose name is written most like the text: to suggest, never to decide."""
    scores: dict[int, float] = {}
    for names in ([division.name for division in among], [division.full_name for division in among]):
        for _, score, at in process.extract(
            written, names, scorer=fuzz.ratio, score_cutoff=_ALIKE, limit=3 * _SUGGESTIONS
        ):
            scores[at] = max(score, scores.get(at, 0.0))
    best = sorted(scores, key=lambda at: (-scores[at], among[at].level.rank, among[at].adcode))
    return tuple(among[at] for at in best[:_SUGGESTIONS])
