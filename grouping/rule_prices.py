"""The price of each rule: what the best grouping without it would save, against the grouping at hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from grouping.cases import Case, LevelCase, Resolver, build_case, priced
from grouping.distances import Distances
from grouping.errors import InputError
from grouping.link_prices import with_link_prices
from grouping.links import Kind, Link, Links
from grouping.messages import Message, message
from grouping.numbers import km_text
from grouping.problem import Problem
from grouping.result import Result, RulePrice
from grouping.scenario import Limits, Scenario
from grouping.why import Answer

_SIZES = 2, 12

_Without = Callable[[LevelCase], Problem]


def rule_prices(case: Case, resolver: Resolver) -> tuple[RulePrice, ...]:
    """The price of each rule that bears on a grouping, one after the other, within the time of ``resolver``."""
    asked = list(_rules(case))
    prices = []
    for number, (rule, without) in enumerate(asked):
        prices.append(_price(case, rule, without, resolver, len(asked) - number))
    return tuple(prices)


def with_prices(
    result: Result, distances: Distances | None, workers: int | None = None, *, rules: bool = False
) -> Result:
    """A result with what it would have cost to honour links that are not honoured and, if asked, the prices of rules.

    Args:
        result: of :func:`grouping.solve.solve`.
        distances: the matrix that it was given.
        workers: threads; None is one for each processor.
        rules: also solve again without each rule and with each link, for as long again as the scenario allows the run.

    """
    if not rules and all(item.honoured for item in result.links):
        return result
    communities = {one.label: [site.id for site in one.members] for one in result.communities}
    leads = {one.label: [one.lead.id] for one in result.communities if one.lead is not None}
    links = Links(tuple(item.link for item in result.links))
    bounds = {level.level: level.bound_km for level in result.levels}
    case = build_case(result.applications, result.scenario, links, distances, communities, leads, bounds)
    if not rules:
        return with_link_prices(result, case, None)
    resolver = Resolver(result.scenario.stop.seconds, workers)
    priced_rules = replace(result, rule_prices=rule_prices(case, resolver))
    return with_link_prices(priced_rules, case, resolver)


def rule_line(price: RulePrice) -> Message:
    """A rule's price in words."""
    if price.high_km is None or price.low_km is None:
        return message("rules.unknown", rule=price.rule)
    values = {"rule": price.rule, "low": km_text(max(0.0, price.low_km)), "high": km_text(max(0.0, price.high_km))}
    if price.proved:
        said = message("rules.saves" if round(price.low_km) > 0 else "rules.saves_nothing", **values)
    else:
        said = message("rules.saves_between", **values)
    return message("rules.fewer_unplaced", said=said, count=price.fewer_unplaced) if price.fewer_unplaced > 0 else said


def rule_answer(case: Case, prices: Sequence[RulePrice], proved: bool) -> Answer:
    """The prices of all rules as an answer."""
    total = sum(level.cost_km for level in case.levels)
    head = message("rules.now" if proved else "rules.now_unproved", km=km_text(total))
    data = [
        {
            "rule": price.key,
            "saving_km": None if price.low_km is None else round(price.low_km, 3),
            "saving_at_most_km": None if price.high_km is None else round(price.high_km, 3),
            "proved": price.proved,
            "fewer_unplaced": price.fewer_unplaced,
        }
        for price in prices
    ]
    sentences = (head, *(rule_line(price) for price in prices))
    return Answer(sentences, {"cost_km": round(total, 3), "rules": data})


def _rules(case: Case) -> Iterator[tuple[tuple[str, Message], _Without]]:
    """Each rule that bears on the grouping, with the level's problem as it is without it."""
    scenario = case.scenario
    if scenario.travel.cross_region_km > 0:
        free = scenario.travel.model_copy(update={"cross_region_km": 0.0})
        yield ("regions", message("rules.regions")), _under(scenario.model_copy(update={"travel": free}))
    for kind in Kind:
        if kind.asked_for and any(link.kind is kind for link in case.links.links):
            yield (kind.value, message("rules.links", kind=kind.label)), _without(kind)
    for together, apart, key in ((Kind.TERM, Kind.TERM_APART, "terms"), (Kind.LOCK, Kind.LOCK_APART, "locks")):
        if any(link.kind in (together, apart) for link in case.links.links):
            yield (key, message(f"rules.{key}")), _without(together, apart)
    if scenario.themes.km > 0 and any(site.themes for site in case.applications.sites):
        indifferent = scenario.themes.model_copy(update={"km": 0.0})
        yield ("themes", message("rules.themes")), _under(scenario.model_copy(update={"themes": indifferent}))
    if scenario.leads.required:
        without_leads = scenario.leads.model_copy(update={"required": False})
        yield ("leads", message("rules.leads")), _under(scenario.model_copy(update={"leads": without_leads}))
    low, high = _SIZES
    if (scenario.size.min, scenario.size.max) != _SIZES:
        wide = scenario.size.model_copy(update={"min": low, "max": high})
        sizes = message("rules.sizes", min=low, max=high)
        yield ("sizes", sizes), _under(scenario.model_copy(update={"size": wide}))
    if scenario.communities != Limits():
        unlimited = scenario.model_copy(update={"communities": Limits()})
        yield ("limits", message("rules.limits")), _under(unlimited)


def _under(scenario: Scenario) -> _Without:
    return lambda level: level.otherwise(scenario=scenario)


def _without(*kinds: Kind) -> _Without:
    def build(level: LevelCase) -> Problem:
        kept: list[Link] = [link for link in level.links if link.kind not in kinds]
        return level.otherwise(kept)

    return build


def _price(case: Case, rule: tuple[str, Message], without: _Without, resolver: Resolver, left: int) -> RulePrice:
    low = high = 0.0
    proved, fewer = True, 0
    for number, level in enumerate(case.levels):
        try:
            problem = without(level)
        except InputError:
            return RulePrice(*rule)
        share = 1 / (left * (len(case.levels) - number)) if left else 1.0
        if not problem.most:
            continue
        price = priced(level, problem, resolver.best(problem, level.ids(), share))
        if price.low_km is None or price.high_km is None:
            return RulePrice(*rule)
        low -= price.high_km
        high -= price.low_km
        proved = proved and price.proved
        fewer -= price.more_unplaced
    return RulePrice(*rule, low, high, proved, fewer)
