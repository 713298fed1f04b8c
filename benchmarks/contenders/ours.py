"""Our own program, through :func:`grouping.solve`."""

from __future__ import annotations

from benchmarks.referee import Referee
from grouping import Level, Progress, solve


def contend(referee: Referee) -> None:
    """Solve with the time limit as ``stop.seconds`` and a gap of 0."""
    instance = referee.instance
    stop = instance.scenario.stop.model_copy(update={"seconds": referee.seconds, "gap": 0.0})

    levels = 1 + len(instance.others)
    best: dict[Level, float] = {}
    bound: dict[Level, float] = {}

    def tell(progress: Progress) -> None:
        if progress.best_km is not None:
            best[progress.level] = progress.best_km
        if progress.bound_km is not None:
            bound[progress.level] = progress.bound_km
        whole = (sum(known.values()) if len(known) == levels else None for known in (best, bound))
        referee.tell(*whole)

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
