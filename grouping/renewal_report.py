"""The report's section on what changed since last year."""

from __future__ import annotations

from collections.abc import Iterator

from grouping.changes import Change
from grouping.links import Kind
from grouping.markdown import escaped
from grouping.messages import Lang, message, say
from grouping.numbers import km_text
from grouping.result import Result
from grouping.wording import renewal_headline


def renewal_lines(result: Result, lang: Lang) -> Iterator[str]:
    """What changed, community by community, as lines of Markdown; those that are as they were are only named."""
    yield renewal_headline(result).text(lang)
    yield ""
    quiet = [change.label for change in result.renewal if change.quiet]
    for change in result.renewal:
        if not change.quiet:
            yield from _change(change, lang)
    if quiet:
        yield say("renewal.quiet", lang, count=len(quiet), labels=quiet)
    if term_km := sum(item.cost_km for item in result.links if item.link.kind is Kind.TERM):
        yield ""
        yield say("renewal.priced_total", lang, km=km_text(term_km))


def _change(change: Change, lang: Lang) -> Iterator[str]:
    course = message(f"renewal.{change.course}")
    yield f"#### {say('renewal.heading', lang, label=escaped(change.label), course=course, since=change.since)}"
    yield ""
    if change.short is not None:
        yield _item("renewal.repaired", lang, count=change.short)
    if change.stays:
        yield _item("renewal.stays", lang, names=[escaped(name) for name in change.stays])
    if change.joined:
        names = [
            escaped(one.name)
            if one.came_from is None
            else message("renewal.came", name=escaped(one.name), label=escaped(one.came_from))
            for one in change.joined
        ]
        yield _item("renewal.joined", lang, names=names)
    for moved in change.moved:
        key = "renewal.moved_out" if moved.to is None else "renewal.moved"
        yield _item(key, lang, name=escaped(moved.name), label=escaped(moved.to or ""), reason=moved.reason)
    for left in change.left:
        yield _item("renewal.left", lang, name=escaped(left.name), reason=left.reason)
    yield ""


def _item(key: str, lang: Lang, **values: object) -> str:
    return f"- {say(key, lang, **values)}"
