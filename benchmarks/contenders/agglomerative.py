"""Agglomerative clustering that never makes a cluster too large, then mends those that are too small."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np

from benchmarks.referee import Referee
from benchmarks.repair import repaired
from grouping.cost import Floats, Ints


def contend(referee: Referee) -> None:
    """Merge under average linkage and under Ward's, with several largest sizes; the best grouping by our cost counts.

    A clustering counts where it has a number of clusters worth trying, and where no two clusters may merge any more.
    """
    instance = referee.instance
    size = instance.scenario.size
    for most in range(size.preferred, size.max + 1):
        for ward in (False, True):
            for label in merged(instance.weights, most, ward=ward, numbers=instance.numbers()):
                if not referee.left:
                    return
                referee.offer(repaired(instance, [np.flatnonzero(label == one).tolist() for one in np.unique(label)]))


def merged(weights: Floats, most: int, *, ward: bool, numbers: Collection[int]) -> Iterator[Ints]:
    """Merge the two nearest clusters that together have no more than ``most`` sites, as long as there are two.

    Distances between clusters are updated by the formula of Lance & Williams (1967).

    Args:
        weights: (n, n) distances.
        most: sites of a cluster.
        ward: Ward's linkage on squared distances instead of the average one.
        numbers: of clusters at which to tell of the clustering.

    Yields:
        (n,) the cluster of each site, at such a number of clusters and at the end.

    """
    count = len(weights)
    apart = np.array(weights**2 if ward else weights)
    np.fill_diagonal(apart, np.inf)
    size = np.ones(count, dtype=np.int64)
    label = np.arange(count)
    nearest = apart.argmin(axis=1)
    near = apart[np.arange(count), nearest]
    for clusters in range(count, 0, -1):
        a = int(near.argmin())
        over = near[a] == np.inf
        if over or clusters in numbers:
            yield label.copy()
        if over:
            return
        b = int(nearest[a])
        total = size[a] + size[b]
        if ward:
            row = ((size + size[a]) * apart[a] + (size + size[b]) * apart[b] - size * apart[a, b]) / (size + total)
        else:
            row = (size[a] * apart[a] + size[b] * apart[b]) / total
        row[size + total > most] = np.inf
        row[[a, b]] = np.inf
        size[a] = total
        label[label == b] = a
        apart[a] = apart[:, a] = row
        apart[b] = apart[:, b] = np.inf
        stale = np.flatnonzero((nearest == a) | (nearest == b))
        closer = row < near
        nearest[closer] = a
        near[closer] = row[closer]
        nearest[stale] = apart[stale].argmin(axis=1)
        near[stale] = apart[stale, nearest[stale]]
        nearest[a] = row.argmin()
        near[[a, b]] = row.min(), np.inf
