"""Blocks: sites that must-links bind together, and why some of them can't be (管理办法, Articles 11 to 13)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise

import networkx as nx

from grouping.errors import InputError, Problem, Where
from grouping.links import Link
from grouping.messages import Message, message


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Must-links that can't all be kept, and no fewer of them: without any of ``links`` the rest of these could be.

    ``size`` is how many sites they bind together where those are too many; None where a link forbids what others
    demand. ``problem`` says it to the user.
    """

    links: tuple[Link, ...]
    size: int | None
    problem: Problem


def blocks(
    site_ids: Sequence[str], links: Iterable[Link], max_size: int, *, names: Mapping[str, str] | None = None
) -> tuple[tuple[str, ...], ...]:
    """Part the sites of one level into the sets that must-links bind together, single sites included.

    Args:
        site_ids: the sites of one level.
        links: links of any kind; of those of other levels only must-links that lead out of this one matter.
        max_size: the most members that a community may have.
        names: the sites' names for what is said to the user; an id without one stands for itself.

    Returns:
        The blocks in the order of their first sites, each in the order of ``site_ids``.

    Raises:
        InputError: blocks that no community can hold, each explained by the links that make it: one that is too
            large, two sites that must be together and apart, a must-link to a site of another level.

    """
    order = {site: index for index, site in enumerate(site_ids)}
    listed = list(links)
    found = contradictions(site_ids, listed, max_size, names=names)
    if found:
        raise InputError([one.problem for one in found])
    components = nx.connected_components(_together(order, listed))
    sets = (tuple(sorted(component, key=order.__getitem__)) for component in components)
    return tuple(sorted(sets, key=lambda block: order[block[0]]))


def contradictions(
    site_ids: Sequence[str], links: Iterable[Link], max_size: int, *, names: Mapping[str, str] | None = None
) -> list[Contradiction]:
    """What is wrong with the must-links among the sites of one level; the arguments are those of :func:`blocks`."""
    order = {site: index for index, site in enumerate(site_ids)}
    telling = _Telling(names or {})
    musts = [link for link in links if link.must]
    graph = _together(order, musts)
    found = []
    for link in musts:
        if not link.kind.apart and (link.a in order) != (link.b in order):
            step = telling.step(link, link.a, link.where)
            problem = Problem(link.where, message("blocks.leads_out", step=step))
            found.append(Contradiction((link,), None, problem))
    found += [
        telling.too_large(graph, sorted(component, key=order.__getitem__), max_size)
        for component in nx.connected_components(graph)
        if len(component) > max_size
    ]
    for link in musts:
        if link.kind.apart and link.a in order and link.b in order and nx.has_path(graph, link.a, link.b):
            path = nx.shortest_path(graph, link.a, link.b)
            # A longer chain is too large by itself, which has been said.
            if len(path) <= max_size:
                found.append(telling.contradiction(graph, path, link))
    return found


def _together(order: Mapping[str, int], links: Iterable[Link]) -> nx.Graph:
    """The sites, and the must-links that bind two of them together."""
    graph = nx.Graph()
    graph.add_nodes_from(order)
    for link in links:
        inside = link.a in order and link.b in order
        if link.must and not link.kind.apart and inside and not graph.has_edge(link.a, link.b):
            graph.add_edge(link.a, link.b, link=link)
    return graph


class _Telling:
    """Explanations that name the links and where each was read."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def step(self, link: Link, start: str, told: Where) -> Message:
        """One link, from its end ``start``, for a problem that tells the file and sheet ``told`` already."""
        a, b = (link.a, link.b) if start == link.a else (link.b, link.a)
        where: Where | Message = link.where
        if link.where.row is not None and replace(link.where, row=told.row, column=told.column) == told:
            where = message("where.row", row=link.where.row)
        return message("blocks.step", a=self._name(a), b=self._name(b), kind=link.kind.label, where=where)

    def too_large(self, graph: nx.Graph, component: Sequence[str], max_size: int) -> Contradiction:
        # max_size links of a tree bind one site too many already: nobody needs to read on.
        chain = list(islice(nx.bfs_edges(graph, component[0]), max_size))
        told = graph.edges[chain[0]]["link"].where
        steps = [self.step(graph.edges[a, b]["link"], a, told) for a, b in chain]
        problem = Problem(told, message("blocks.too_large", size=len(component), most=max_size, steps=steps))
        return Contradiction(tuple(graph.edges[edge]["link"] for edge in chain), len(component), problem)

    def contradiction(self, graph: nx.Graph, path: Sequence[str], avoid: Link) -> Contradiction:
        steps = [self.step(graph.edges[a, b]["link"], a, avoid.where) for a, b in pairwise(path)]
        a, b = self._name(avoid.a), self._name(avoid.b)
        problem = Problem(avoid.where, message("blocks.together_and_apart", a=a, b=b, steps=steps))
        return Contradiction((*(graph.edges[edge]["link"] for edge in pairwise(path)), avoid), None, problem)

    def _name(self, site: str) -> str:
        return self._names.get(site, site)
