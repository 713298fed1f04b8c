"""What it would have cost to honour a link that a grouping does not honour."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from grouping.cases import Case, LevelCase, Resolver, bounded, priced
from grouping.errors import InputError
from grouping.links import Link
from grouping.moves import move, moves
from grouping.result import HonourPrice, LinkOutcome, Result

MOST_PRICED = 60
"""Links that are priced; of more than these nobody reads."""


def with_link_prices(result: Result, case: Case, resolver: Resolver | None) -> Result:
    """A result whose links that are not honoured say what it would cost to honour them.

    Args:
        result: of :func:`grouping.solve.solve`.
        case: of the same result.
        resolver: regroups all the rest for each of them; None prices single moves alone.

    """
    broken = [item for item in result.links if not item.honoured and not item.link.must and item.link.kind.asked_for]
    prices = {id(item): _price(case, item.link, resolver) for item in broken[:MOST_PRICED]}
    return replace(result, links=tuple(_priced(result.links, prices)))


def _priced(links: tuple[LinkOutcome, ...], prices: dict[int, HonourPrice]) -> Iterator[LinkOutcome]:
    for item in links:
        yield replace(item, honour=prices[id(item)]) if id(item) in prices else item


def _price(case: Case, link: Link, resolver: Resolver | None) -> HonourPrice:
    level = next(one for one in case.levels if link.a in one.number)
    simple = min(_simple(level, link), default=math.inf)
    price = HonourPrice(simple if math.isfinite(simple) else None)
    if resolver is None:
        return price
    # The link's own price is in what the grouping costs now, and is saved by honouring it.
    kept = [one for one in level.links if one != link]
    try:
        problem = level.otherwise([*kept, replace(link, must=True, km=None)])
    except InputError:
        return replace(price, refused=True)
    optimum = resolver.best(problem, level.ids())
    if optimum is None:
        return price
    placed = {problem.sites[site].id for members in optimum.communities for k in members for site in problem.units[k]}
    if not {link.a, link.b} <= placed:
        # Without a community neither is with the other, whatever binds.
        return replace(price, refused=True)
    exact = bounded(level, priced(level, problem, optimum))
    return replace(price, low_km=exact.low_km, high_km=exact.high_km, proved=exact.proved)


def _simple(level: LevelCase, link: Link) -> Iterator[float]:
    """The price of each single move, or swap, after which the link is honoured."""
    a, b = level.number[link.a], level.number[link.b]
    for site, other in ((a, b), (b, a)):
        if link.kind.apart:
            away = [one for one in moves(level, site) if other not in one.along and other not in one.partners]
            yield from (one.best_km for one in away[:1])
        elif (home := level.home.get(other)) is not None and level.home.get(site) != home:
            one = move(level, site, home)
            if other not in one.partners:
                yield one.best_km
