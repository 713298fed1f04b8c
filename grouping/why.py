"""Answers to "why?": sentences that can be read out at a meeting, and the same as plain data."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from grouping.cases import LevelCase, Price, Resolver, price_with
from grouping.cost import Cost
from grouping.errors import Where
from grouping.links import Kind, Link
from grouping.messages import Message, message
from grouping.moves import Move, merger, moves, split
from grouping.numbers import km_text
from grouping.wording import COST_PARTS

_NEXT = 3
"""Communities that are looked at besides a site's own."""
_ASKED = Where("grouping explain")


@dataclass(frozen=True, slots=True)
class Answer:
    """Sentences, and the same as data for programs (km; what is infinite is null), messages in it as such."""

    sentences: tuple[Message, ...]
    data: Mapping[str, object] = field(default_factory=dict)


def why_site(case: LevelCase, site: int, resolver: Resolver) -> Answer:
    """Why a site is where it is, and what it would cost elsewhere."""
    name, label = case.site(site).name, case.home.get(site)
    said: list[Message] = []
    data: dict[str, object] = {"site": name, "id": case.site(site).id, "community": label}
    if label is None:
        said.append(message("why.unplaced", site=name))
    else:
        others = [one for one in case.communities[label] if one != site]
        said.append(message("why.with", site=name, label=label, count=len(others), others=_names(case, others)))
        sentence, adds = _adds(case, label, site)
        said.append(sentence)
        data["adds_km"] = adds
    deciding = list(_deciding(case, site))
    said += deciding
    data["deciding"] = deciding
    nearest = moves(case, site)[:_NEXT]
    if not nearest:
        said.append(message("why.nowhere", site=name))
    listed = []
    for number, move in enumerate(nearest):
        anchor = _anchor(case, move.label)
        link = Link(case.site(site).id, case.site(anchor).id, Kind.LOCK, _ASKED, must=True)
        price = price_with(case, link, resolver, 1 / (len(nearest) - number))
        said.append(message("why.move", label=move.label, simple=_simple(case, move), exact=_exact(price)))
        listed.append(
            {
                "community": move.label,
                "bound_to": case.site(anchor).name,
                "along": _names(case, move.along),
                "simple_km": _finite(move.km),
                "obstacle": move.obstacle,
                "swap_with": _names(case, move.partners),
                "swap_km": _finite(move.swap_km),
                "exact": price.data(),
            }
        )
    data["moves"] = listed
    return Answer(tuple(said), data)


def why_community(case: LevelCase, label: str, resolver: Resolver) -> Answer:
    """Why these members are together, and what it would cost to have them otherwise."""
    members = case.communities[label]
    cost = case.cost(members)
    distance = case.problem.terms.km(np.array(members), np.array(members))
    a, b = max(combinations(range(len(members)), 2), key=lambda pair: distance[pair])
    said = [
        message("why.community", label=label, count=len(members), members=_names(case, members)),
        message("why.costs", label=label, km=km_text(cost.total_km), parts=_parts(cost)),
        message("why.farthest", a=case.site(members[a]).name, b=case.site(members[b]).name, km=km_text(distance[a, b])),
    ]
    adds = {one: _adds(case, label, one) for one in members}
    said += [sentence for sentence, _ in adds.values()]
    inside = [link for link in case.links if not link.kind.apart and _both(case, link, members)]
    if inside:
        said.append(message("why.honoured", links=[_link(case, link) for link in inside]))
    dearest = max(members, key=lambda one: math.inf if (km := adds[one][1]["total_km"]) is None else km)
    data: dict[str, object] = {
        "community": label,
        "members": [{"site": case.site(one).name, "adds_km": adds[one][1]} for one in members],
        "cost_km": _data(cost),
        "farthest": {"a": case.site(members[a]).name, "b": case.site(members[b]).name, "km": float(distance[a, b])},
        "links_honoured": len(inside),
    }
    elsewhere = next(iter(moves(case, dearest)), None)
    if elsewhere is None:
        said.append(message("why.dearest_nowhere", site=case.site(dearest).name))
    else:
        anchor = case.site(_anchor(case, elsewhere.label)).id
        link = Link(case.site(dearest).id, anchor, Kind.LOCK, _ASKED, must=True)
        price = price_with(case, link, resolver)
        values = {"site": case.site(dearest).name, "label": elsewhere.label}
        said.append(message("why.dearest", **values, simple=_simple(case, elsewhere), exact=_exact(price)))
        data["dearest"] = {**values, "simple_km": _finite(elsewhere.best_km), "exact": price.data()}
    parted, merged = split(case, label), merger(case, label)
    if parted is None:
        said.append(message("why.no_split", label=label, min=case.problem.smallest))
    else:
        said.append(message("why.split", label=label, away=_names(case, parted.parts[1]), price=_km(parted.km)))
    if merged is None:
        said.append(message("why.no_merger", label=label, max=case.problem.largest))
    else:
        joined = {"label": label, "other": merged.label, "count": merged.size}
        said.append(message("why.merger", **joined, price=_km(merged.km)))
    data["split_km"] = parted and _finite(parted.km)
    data["merger"] = merged and {"community": merged.label, "size": merged.size, "km": _finite(merged.km)}
    return Answer(tuple(said), data)


def why_pair(case: LevelCase, a: int, b: int, resolver: Resolver) -> Answer:
    """Why two sites of one level are together, or not, and what it would cost to have it the other way."""
    names = {"a": case.site(a).name, "b": case.site(b).name}
    ids = case.site(a).id, case.site(b).id
    together = a in case.home and case.home[a] == case.home.get(b)
    km = km_text(float(case.problem.terms.km(np.array([a]), np.array([b]))[0, 0]))
    if together:
        said = [message("why.pair_together", **names, label=case.home[a], km=km)]
    else:
        said = [message("why.pair_apart", **names, at_a=_home(case, a), at_b=_home(case, b), km=km)]
    kind = Kind.LOCK_APART if together else Kind.LOCK
    price = price_with(case, Link(*ids, kind, _ASKED, must=True), resolver)
    if price.refused:
        bound = "why.pair_bound" if together else "why.pair_barred"
        said.append(message(bound, **names, why=_reasons(case, a, b, price.refused)))
    else:
        between = [link for link in case.links if {link.a, link.b} == set(ids)]
        said += [message("why.pair_link", link=_link(case, link)) for link in between]
        targets = [(a, case.home.get(b)), (b, case.home.get(a))]
        options = [
            (move.best_km, case.site(one).name, move)
            for one, target in targets
            for move in moves(case, one)
            if math.isfinite(move.best_km)
            and (together or move.label == target)
            and not (together and case.unit_of[a] == case.unit_of[b])
        ]
        if options:
            _, mover, move = min(options, key=lambda one: one[:2])
            values = {"site": mover, "label": move.label, "simple": _simple(case, move)}
            said.append(message("why.pair_simple", **values))
        said.append(message("why.pair_parted" if together else "why.pair_joined", **names, exact=_exact(price)))
    data = {**names, "together": together, "communities": [case.home.get(a), case.home.get(b)], "km": km}
    return Answer(tuple(said), {**data, "otherwise": price.data()})


def two_levels(a: LevelCase, site_a: int, b: LevelCase, site_b: int) -> Answer:
    """Two sites of different levels are never together."""
    names = {"a": a.site(site_a).name, "b": b.site(site_b).name}
    levels = {"level_a": a.level.label, "level_b": b.level.label}
    data = {**names, "together": False, "otherwise": {"impossible": True}}
    return Answer((message("why.two_levels", **names, **levels),), data)


# --- Pieces --------------------------------------------------------------------------------------------


def _names(case: LevelCase, sites: Iterable[int]) -> list[str]:
    return [case.site(one).name for one in sites]


def _home(case: LevelCase, site: int) -> str | Message:
    return case.home.get(site) or message("why.nowhere_yet")


def _anchor(case: LevelCase, label: str) -> int:
    """The lead unit of a community, else the member with the least way to all others."""
    if (lead := case.leads.get(label)) is not None:
        return lead
    members = np.array(case.communities[label])
    return int(members[np.argmin(case.problem.terms.km(members, members).sum(axis=1))])


def _adds(case: LevelCase, label: str, site: int) -> tuple[Message, dict[str, float | None]]:
    """What a member adds to its community: its cost less that of the others, in words and part by part."""
    members = case.communities[label]
    others = case.cost([one for one in members if one != site]).parts()
    name = case.site(site).name
    parts = {part: km - others[part] for part, km in case.cost(members).parts().items()}
    total = sum(parts.values())
    data = {**{part: _finite(km) for part, km in parts.items()}, "total_km": _finite(total)}
    if not math.isfinite(total):
        return message("why.adds_host", site=name, label=label), data
    if round(total) == 0:
        return message("why.adds_nothing", site=name, label=label), data
    pieces = [
        message("why.part", part=part, km=f"{km:+,.0f}")
        for part, km in zip(COST_PARTS, parts.values(), strict=True)
        if round(km) != 0
    ]
    key = "why.adds" if total > 0 else "why.saves"
    return message(key, site=name, label=label, km=km_text(abs(total)), parts=pieces), data


def _deciding(case: LevelCase, site: int) -> Iterable[Message]:
    """Rules and links that bear on a site."""
    id_, label = case.site(site).id, case.home.get(site)
    own = [link for link in case.links if id_ in (link.a, link.b) and link.a in case.number and link.b in case.number]
    for link in own:
        together = label is not None and case.home.get(case.number[_other(link, id_)]) == label
        values = {"link": _link(case, link)}
        if link.must:
            yield message("why.must", **values, where=link.where)
        elif together != link.kind.apart:
            yield message("why.kept", **values, km=km_text(link.km or 0.0))
        else:
            yield message("why.ignored", **values, km=km_text(link.km or 0.0))
    if not own:
        yield message("why.no_links", site=case.site(site).name)
    region = case.regions[site]
    if label is None or region is None:
        return
    regions = sorted({one for member in case.communities[label] if (one := case.regions[member]) is not None})
    if len(regions) > 1:
        km = km_text(case.cost(case.communities[label]).cross_region_km)
        yield message("why.crosses", site=case.site(site).name, region=region, label=label, regions=regions, km=km)
    else:
        yield message("why.inside", label=label, region=region)


def _other(link: Link, id_: str) -> str:
    return link.b if link.a == id_ else link.a


def _both(case: LevelCase, link: Link, members: Sequence[int]) -> bool:
    return case.number.get(link.a, -1) in members and case.number.get(link.b, -1) in members


def _link(case: LevelCase, link: Link) -> Message:
    a, b = (case.site(case.number[end]).name for end in (link.a, link.b))
    return message("why.link", a=a, b=b, kind=link.kind.label)


def _reasons(case: LevelCase, a: int, b: int, refused: Sequence[Message]) -> list[Message]:
    """Why two sites can't be together, or apart."""
    ids = {case.site(a).id, case.site(b).id}
    direct = [link for link in case.links if link.must and {link.a, link.b} == ids]
    return [_link(case, link) for link in direct] or list(refused)


def _simple(case: LevelCase, move: Move) -> Message:
    if move.obstacle is not None and not move.partners:
        said = message("why.stuck", obstacle=move.obstacle)
    elif move.obstacle is not None:
        partners = {"partners": _names(case, move.partners), "price": _km(move.swap_km)}
        said = message("why.swap", obstacle=move.obstacle, **partners)
    else:
        said = message("why.alone_together" if move.along else "why.alone", price=_km(move.km))
    return message("why.along", names=_names(case, move.along), simple=said) if move.along else said


def _exact(price: Price) -> Message:
    if price.refused:
        return message("why.refused", why=list(price.refused))
    if price.low_km is None or price.high_km is None:
        return message("why.not_found_out")
    if price.proved:
        said = message("why.exact", price=_km(price.high_km))
    else:
        gap = km_text(price.high_km - price.low_km)
        said = message("why.unproved", price=_km(price.high_km), gap=gap)
    return message("why.more_unplaced", said=said, count=price.more_unplaced) if price.more_unplaced > 0 else said


def _km(km: float) -> Message:
    if round(km) == 0:
        return message("why.same")
    return message("why.more" if km > 0 else "why.less", km=km_text(abs(km)))


def _parts(cost: Cost) -> list[Message]:
    return [
        message("report.part_of_cost", part=name, km=km_text(value))
        for name, value in zip(COST_PARTS, cost.parts().values(), strict=True)
        if round(value) != 0
    ]


def _data(cost: Cost) -> dict[str, float | None]:
    return {**{part: _finite(km) for part, km in cost.parts().items()}, "total_km": _finite(cost.total_km)}


def _finite(km: float) -> float | None:
    return round(km, 3) if math.isfinite(km) else None
