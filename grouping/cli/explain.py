"""``grouping explain``: why a site or a community is as it is, why two sites are together, what the rules cost."""

from __future__ import annotations

import json

import click

from grouping.cases import Case, LevelCase, Resolver
from grouping.cli.asking import SECONDS, Asked, Opened, asking_options, made_ready, opened
from grouping.cli.reading import Reading
from grouping.cli.speaking import SpeakingCommand, lang_option
from grouping.errors import InputError, Problem, Where
from grouping.messages import Lang, message, say
from grouping.names import Absent, Found, SiteNames
from grouping.rule_prices import rule_answer, rule_prices
from grouping.why import Answer, two_levels, why_community, why_pair, why_site

_SECONDS = 60.0


@click.command(cls=SpeakingCommand, help="ask.explain_help")
@click.argument("out", metavar="OUT")
@click.argument("site", metavar="[SITE]", required=False)
@click.option("--community", metavar="C", help="ask.community_help")
@click.option("--pair", nargs=2, metavar="A B", help="ask.pair_help")
@click.option("--rules", is_flag=True, help="ask.rules_help")
@click.option("--time-limit", metavar="S", help="ask.time_limit_help")
@asking_options
@lang_option
def explain(
    out: str,
    site: str | None,
    community: str | None,
    pair: tuple[str, str] | None,
    rules: bool,
    time_limit: str | None,
    asked: Asked,
    as_json: bool,
    lang: Lang,
) -> None:
    """Answer one question about the results in OUT; its user's help is in the catalogue."""
    reading = Reading()
    if sum([site is not None, community is not None, pair is not None, rules]) != 1:
        raise InputError([Problem(Where("grouping explain"), message("ask.one_question"))])
    seconds = reading.number("--time-limit", time_limit, SECONDS, "cli.expect_seconds")
    run = opened(out, asked, reading)
    made_ready(run.case, lang)
    resolver = Resolver(seconds or _SECONDS)
    case = run.case
    if site is not None:
        answer = why_site(*_site(case, site), resolver)
    elif community is not None:
        answer = why_community(_community(case, community), community, resolver)
    elif pair is not None:
        answer = _pair(case, pair, resolver)
    else:
        answer = rule_answer(case, rule_prices(case, resolver), run.proved)
    _tell(answer, run, resolver, as_json, lang)


def _tell(answer: Answer, run: Opened, resolver: Resolver, as_json: bool, lang: Lang) -> None:
    if as_json:
        said = [one.text(lang) for one in answer.sentences]
        data = {**answer.data, "grouping_proved": run.proved, "interrupted": resolver.interrupted, "sentences": said}
        click.echo(json.dumps(data, ensure_ascii=False, indent=2, default=lambda one: one.text(lang)))
        return
    for sentence in answer.sentences:
        click.echo(sentence.text(lang))
    if not run.proved:
        click.echo(say("ask.unproved", lang))
    if resolver.interrupted:
        click.echo(say("ask.interrupted", lang), err=True)


def _pair(case: Case, pair: tuple[str, str], resolver: Resolver) -> Answer:
    (one, a), (other, b) = (_site(case, text) for text in pair)
    if one is not other:
        return two_levels(one, a, other, b)
    if a == b:
        raise InputError([Problem(Where("--pair"), message("ask.same_site", name=one.site(a).name))])
    return why_pair(one, a, b, resolver)


def _site(case: Case, text: str) -> tuple[LevelCase, int]:
    """The level and the number of the site that ``text`` means.

    Raises:
        InputError: it means none of the list, or several.

    """
    found = SiteNames(case.applications).find(text)
    if not isinstance(found, Found):
        what = found.reason if isinstance(found, Absent) else found.what
        raise InputError([Problem(Where("SITE"), what)])
    level = case.of(found.site)
    return level, level.number[found.site.id]


def _community(case: Case, label: str) -> LevelCase:
    for level in case.levels:
        if label in level.communities:
            return level
    labels = [one for level in case.levels for one in level.communities]
    raise InputError([Problem(Where("--community"), message("ask.no_community", name=label, labels=labels))])
