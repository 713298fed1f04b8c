"""Blocks: sites that must-links bind together, and why some of them can't be (管理办法, Articles 11 to 13)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice, pairwise

import networkx as nx

from grouping.errors import InputError, Problem, Where
from grouping.links import Link
from grouping.messages import Message, message


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
    telling = _Telling(names or {})
    graph = nx.Graph()
    graph.add_nodes_from(site_ids)
    apart: list[Link] = []
    problems: list[Problem] = []
    for link in links:
        inside = (link.a in order) + (link.b in order)
        if not link.must or not inside:
            continue
        if link.kind.apart:
            apart.append(link)
        elif inside == 1:
            step = telling.step(link, link.a, link.where)
            problems.append(Problem(link.where, message("blocks.leads_out", step=step)))
        elif not graph.has_edge(link.a, link.b):
            graph.add_edge(link.a, link.b, link=link)
    components = [sorted(component, key=order.__getitem__) for component in nx.connected_components(graph)]
    problems += [telling.too_large(graph, component, max_size) for component in components if len(component) > max_size]
    problems += [
        telling.contradiction(graph, link)
        for link in apart
        if link.a in order and link.b in order and nx.has_path(graph, link.a, link.b)
    ]
    if problems:
        raise InputError(problems)
    return tuple(sorted((tuple(component) for component in components), key=lambda block: order[block[0]]))


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

    def too_large(self, graph: nx.Graph, component: Sequence[str], max_size: int) -> Problem:
        # max_size links of a tree bind one site too many already: nobody needs to read on.
        chain = list(islice(nx.bfs_edges(graph, component[0]), max_size))
        told = graph.edges[chain[0]]["link"].where
        steps = [self.step(graph.edges[a, b]["link"], a, told) for a, b in chain]
        return Problem(told, message("blocks.too_large", size=len(component), most=max_size, steps=steps))

    def contradiction(self, graph: nx.Graph, avoid: Link) -> Problem:
        path = nx.shortest_path(graph, avoid.a, avoid.b)
        steps = [self.step(graph.edges[a, b]["link"], a, avoid.where) for a, b in pairwise(path)]
        a, b = self._name(avoid.a), self._name(avoid.b)
        return Problem(avoid.where, message("blocks.together_and_apart", a=a, b=b, steps=steps))

    def _name(self, site: str) -> str:
        return self._names.get(site, site)
