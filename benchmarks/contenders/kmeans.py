"""k-means with bounds on the sizes of clusters: the package ``k-means-constrained`` (after Bradley et al. 2000)."""

from __future__ import annotations

import numpy as np
from k_means_constrained import KMeansConstrained

from benchmarks.referee import Referee

_ROUNDS = 10
"""Starts with each number of clusters: the package's own default."""


def contend(referee: Referee) -> None:
    """Cluster the points into several numbers of clusters from several starts; the best by our cost counts.

    The package knows points only: of the counties, their places in space; nothing of macro-regions or of prices for
    sizes, save that the numbers tried are those that make communities of about the preferred size.
    """
    instance = referee.instance
    size = instance.scenario.size
    tried = 0
    for begun in range(0, _ROUNDS, referee.cores):
        for number in instance.numbers():
            if not referee.left:
                break
            clusters = KMeansConstrained(
                number,
                size_min=size.min,
                size_max=min(size.max, instance.size),
                n_init=referee.cores,
                random_state=begun,
                n_jobs=referee.cores,
            ).fit(instance.points)
            referee.offer([np.flatnonzero(clusters.labels_ == one).tolist() for one in range(number)])
            tried += referee.cores
    numbers = ", ".join(map(str, instance.numbers()))
    referee.note(f"best of {tried} runs, k = {numbers}")
