"""``grouping alternatives``: groupings nearly as good that differ as much as possible."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from grouping.alternatives import Alternative, Found, cores
from grouping.alternatives import alternatives as search
from grouping.attending import attended
from grouping.cases import Case, LevelCase
from grouping.check import check
from grouping.cli.asking import Asked, Opened, asking_options, made_ready, opened
from grouping.cli.reading import Reading
from grouping.cli.speaking import SpeakingCommand, lang_option
from grouping.clock import Clock
from grouping.errors import AuditError
from grouping.labels import matched
from grouping.messages import Lang, Message, message
from grouping.numbers import km_text
from grouping.outputs import write_asked
from grouping.verdicts import findings
from grouping.wording import percent

_COUNT = 1, 9
_WITHIN = 0.0, 100.0
_WORK = 0.1, 604_800.0
_WORK_EACH = 30.0
"""Deterministic seconds for each, if nothing is said."""
_COLUMNS = ("community", "level", "site", "role", "adcode", "lon", "lat", "macro_region")


@click.command(cls=SpeakingCommand, help="ask.alternatives_help")
@click.argument("out", metavar="OUT")
@click.option("--count", metavar="N", help="ask.count_help")
@click.option("--within", metavar="P", help="ask.within_help")
@click.option("--work", metavar="W", help="ask.work_help")
@asking_options
@lang_option
def alternatives(
    out: str,
    count: str | None,
    within: str | None,
    work: str | None,
    asked: Asked,
    as_json: bool,
    lang: Lang,
) -> None:
    """Find alternatives to the grouping in OUT; its user's help is in the catalogue."""
    reading = Reading()
    number = reading.whole("--count", count, _COUNT) or 3
    share = reading.number("--within", within and within.strip().rstrip("%％"), _WITHIN, "ask.expect_percent")
    each = reading.number("--work", work, _WORK, "cli.expect_work") or _WORK_EACH
    run = opened(out, asked, reading)
    made_ready(run.case, lang)
    fraction = 0.02 if share is None else share / 100
    with Clock(604_800.0) as clock:
        workers = os.cpu_count() or 1
        found, interrupted = attended(
            lambda clock: search(run.case, number, fraction, work=each, workers=workers, clock=clock), clock
        )
    if interrupted:
        click.echo(message("ask.interrupted").text(lang), err=True)
    named = [_labelled(run.case, one) for one in found.alternatives]
    for one in named:
        _audited(run, one)
    sentences = _sentences(run.case, found, fraction)
    names = _write(Path(out), run.case, named, sentences, lang)
    if as_json:
        click.echo(json.dumps(_data(run.case, found, named, names, sentences, lang), ensure_ascii=False, indent=2))
        return
    for sentence in sentences:
        click.echo(sentence.text(lang))
    click.echo(message("ask.written", paths=[str(Path(out) / name) for name in names]).text(lang))


def _labelled(case: Case, one: Alternative) -> dict[str, tuple[LevelCase, tuple[int, ...]]]:
    """The communities by labels: those that continue one of the grouping at hand keep its label."""
    named: dict[str, tuple[LevelCase, tuple[int, ...]]] = {}
    for level, communities in zip(case.levels, one.levels, strict=True):
        labels = matched(level.level, communities, level.communities)
        for number in sorted(labels, key=lambda n: labels[n]):
            named[labels[number]] = (level, communities[number])
    return named


def _audited(run: Opened, named: Mapping[str, tuple[LevelCase, tuple[int, ...]]]) -> None:
    """Make sure that an alternative keeps the rules.

    Raises:
        AuditError: it does not, by a fault of the program.

    """
    case = run.case
    communities = {name: [level.site(one).id for one in members] for name, (level, members) in named.items()}
    placed = {one for members in communities.values() for one in members}
    unplaced = [site.id for site in case.applications.sites if site.id not in placed]
    report = check(communities, case.applications, case.scenario, case.links, case.distances, unplaced=unplaced)
    if not report.passed:
        raise AuditError([one for rule in report.rules if rule.hard and not rule.passed for one in findings(rule)])


def _sentences(case: Case, found: Found, within: float) -> list[Message]:
    total = sum(level.cost_km for level in case.levels)
    said = []
    for number, one in enumerate(found.alternatives, 1):
        if one.proved:
            proof = message("ask.most_different" if one.exact else "ask.different_among", count=one.candidates)
        else:
            among = "ask.different_found" if one.exact else "ask.different_found_among"
            proof = message(among, count=one.candidates, apart=one.apart, most=one.most_apart)
        more = one.cost_km - total
        share = max(0.0, more / total) if total else 0.0
        values = {"km": km_text(one.cost_km), "more": km_text(more), "percent": percent(share)}
        moved = len(_moved(case, one))
        said.append(message("ask.alternative", number=number, **values, parted=one.parted, moved=moved, proof=proof))
    if not found.alternatives or not found.complete:
        key = "ask.no_more" if found.complete else "ask.no_more_found"
        said.append(message(key, percent=percent(within)))
    if found.alternatives:
        said += _steady(case, found)
    return said


def _moved(case: Case, one: Alternative) -> list[str]:
    """The sites that change their community."""
    named = _labelled(case, one)
    home = {level.site(site).id: name for name, (level, members) in named.items() for site in members}
    return [
        level.site(site).name
        for level in case.levels
        for site in range(len(level.problem.sites))
        if level.home.get(site) != home.get(level.site(site).id)
    ]


def _parts(case: Case, found: Found) -> Iterator[tuple[LevelCase, Mapping[str, tuple[int, ...]]]]:
    for number, level in enumerate(case.levels):
        yield level, cores(level, [one.levels[number] for one in found.alternatives])


def _swinging(case: Case, found: Found) -> list[str]:
    return [
        level.site(site).name
        for level, parts in _parts(case, found)
        for site in range(len(level.problem.sites))
        if not any(site in core for core in parts.values()) and level.communities
    ]


def _steady(case: Case, found: Found) -> list[Message]:
    said = [
        message("ask.core", label=name, members=[level.site(one).name for one in core])
        for level, parts in _parts(case, found)
        for name, core in parts.items()
    ] or [message("ask.no_core")]
    swing = _swinging(case, found)
    said.append(message("ask.swing", count=len(swing), members=swing) if swing else message("ask.no_swing"))
    return said


def _write(
    out: Path,
    case: Case,
    named: Sequence[Mapping[str, tuple[LevelCase, tuple[int, ...]]]],
    sentences: Sequence[Message],
    lang: Lang,
) -> list[str]:
    """Write the alternatives and the summary; those of an earlier call leave."""
    texts = {f"alternative-{number}.csv": _csv(case, one) for number, one in enumerate(named, 1)}
    lines = [f"# {message('ask.alternatives_title').text(lang)}", "", *(f"- {one.text(lang)}" for one in sentences)]
    texts["alternatives.md"] = "\n".join(lines) + "\n"
    write_asked(out, texts)
    return list(texts)


def _csv(case: Case, named: Mapping[str, tuple[LevelCase, tuple[int, ...]]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for name, (level, members) in named.items():
        lead = level.problem.terms.lead(members)
        for one in sorted(members, key=lambda site: site != lead):
            writer.writerow(_row(level, one, name, "lead" if one == lead else "member"))
    placed = {(level.level, one) for level, members in named.values() for one in members}
    for level in case.levels:
        for one in range(len(level.problem.sites)):
            if (level.level, one) not in placed:
                writer.writerow(_row(level, one, "", ""))
    return stream.getvalue()


def _row(level: LevelCase, one: int, name: str, role: str) -> tuple[object, ...]:
    site = level.site(one)
    return name, level.level.value, site.name, role, site.adcode, site.lon, site.lat, level.regions[one]


def _data(
    case: Case,
    found: Found,
    named: Sequence[Mapping[str, tuple[LevelCase, tuple[int, ...]]]],
    names: Sequence[str],
    sentences: Sequence[Message],
    lang: Lang,
) -> dict[str, Any]:
    return {
        "cost_km": round(sum(level.cost_km for level in case.levels), 3),
        "complete": found.complete,
        "alternatives": [
            {
                "file": name,
                "cost_km": round(one.cost_km, 3),
                "pairs_parted": one.parted,
                "pairs_parted_from_nearest": one.apart,
                "pairs_parted_from_nearest_at_most": one.most_apart if one.exact else None,
                "proved": one.proved and one.exact,
                "moved": _moved(case, one),
                "communities": {
                    label_: [level.site(site).name for site in members] for label_, (level, members) in by.items()
                },
            }
            for one, by, name in zip(found.alternatives, named, names, strict=False)
        ],
        "together_in_all": {
            name: [level.site(one).name for one in core]
            for level, parts in _parts(case, found)
            for name, core in parts.items()
        },
        "swing": _swinging(case, found),
        "sentences": [one.text(lang) for one in sentences],
    }
