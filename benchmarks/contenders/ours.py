"""Our own program, through :func:`grouping.solve`."""

from __future__ import annotations

from benchmarks.referee import Referee
from grouping import Progress, solve


def contend(referee: Referee) -> None:
    """Solve with the time limit as ``stop.seconds`` and a gap of 0."""
    instance = referee.instance
    stop = instance.scenario.stop.model_copy(update={"seconds": referee.seconds, "gap": 0.0})

    def tell(progress: Progress) -> None:
        referee.tell(progress.best_km, progress.bound_km)

    result = solve(
        instance.applications,
        instance.scenario.model_copy(update={"stop": stop}),
        links=instance.links,
        distances=instance.distances,
        workers=referee.cores,
        progress=tell,
    )
    number = {site.id: k for k, site in enumerate(instance.applications)}
    referee.offer([[number[site.id] for site in one.members] for one in result.communities])
    referee.prove(result.bound_km)
