"""MDAV, the usual heuristic of microaggregation (MDAV-generic, Domingo-Ferrer & Torra 2005)."""

from __future__ import annotations

import numpy as np

from benchmarks.referee import Referee
from grouping.cost import Floats


def contend(referee: Referee) -> None:
    """Group the points by MDAV."""
    referee.offer(mdav(referee.instance.points, referee.instance.scenario.size.min))


def mdav(points: Floats, smallest: int) -> list[list[int]]:
    """Groups of ``smallest`` points, one of up to twice that less one.

    The point farthest from the mean of those left takes its nearest ones, then the point farthest from it does.

    Args:
        points: (n, d) coordinates.
        smallest: points of a group, at least.

    """
    left = np.arange(len(points))
    groups = []

    def take(centre: Floats) -> None:
        nonlocal left
        order = np.argsort(_squares(points[left], centre), kind="stable")
        groups.append(left[order[:smallest]].tolist())
        left = left[np.sort(order[smallest:])]

    while len(left) >= 2 * smallest:
        mean = points[left].mean(axis=0)
        far = points[left[_squares(points[left], mean).argmax()]]
        twice = len(left) >= 3 * smallest
        opposite = points[left[_squares(points[left], far).argmax()]]
        take(far)
        if twice:
            take(opposite)
    if len(left):
        groups.append(left.tolist())
    return groups


def _squares(points: Floats, centre: Floats) -> Floats:
    squares: Floats = ((points - centre) ** 2).sum(axis=1)
    return squares
