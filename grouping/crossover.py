"""The best of two groupings, piece by piece.

A piece is what communities of either have units in common, from one to the next: inside it, one grouping can be had
whatever the other pieces are. This is the partition crossover of Whitley, Hains & Howe (2009) for groupings.
"""

from __future__ import annotations

import networkx as nx
import numpy as np

from grouping.cost import Floats, Ints


def best_of_both(label: Ints, cost: Floats, other: Ints, other_cost: Floats) -> Ints:
    """(u,) labels, from 0 on, of the cheaper of two groupings in each piece; of ``other``, where they cost the same.

    Args:
        label: (u,) the community of each unit in one.
        cost: (g,) what each of its communities costs in km, 0 where it is empty.
        other: as ``label``, of the other one.
        other_cost: as ``cost``.

    """
    shared = nx.Graph()
    shared.add_edges_from(zip(label.tolist(), (len(cost) + other).tolist(), strict=True))
    piece = np.zeros(len(cost) + len(other_cost), dtype=np.int64)
    for number, communities in enumerate(nx.connected_components(shared)):
        piece[list(communities)] = number
    cheaper = np.bincount(piece, np.concatenate([cost, -other_cost])) < 0.0
    mixed = np.where(cheaper[piece[label]], label, len(cost) + other)
    return np.unique(mixed, return_inverse=True)[1].astype(np.int64)
