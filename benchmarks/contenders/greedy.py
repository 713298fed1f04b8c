"""Greedy: the remotest site that is left takes its nearest neighbours, again and again."""

from __future__ import annotations

import numpy as np

from benchmarks.referee import Referee
from benchmarks.repair import repaired


def contend(referee: Referee) -> None:
    """Make communities of the preferred size from outside in; who is left over joins where it costs least."""
    instance = referee.instance
    weights = instance.weights
    left = np.arange(instance.size)
    remote = weights.sum(axis=1)
    communities = []
    while len(left):
        seed = left[remote[left].argmax()]
        nearest = left[np.argsort(np.where(left == seed, -1.0, weights[seed, left]), kind="stable")]
        members = nearest[: instance.scenario.size.preferred]
        communities.append(members.tolist())
        remote -= weights[:, members].sum(axis=1)
        left = np.setdiff1d(left, members)
    referee.offer(repaired(instance, communities))
