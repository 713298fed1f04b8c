"""Groupings side by side: their figures, how their scenarios differ, and who is elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from grouping.correspondence import correspondence
from grouping.cost import Cost
from grouping.distances import great_circle
from grouping.errors import InputError, Problem, Where
from grouping.flows import Changes, changes
from grouping.levels import Level
from grouping.links import Kind
from grouping.messages import message
from grouping.repricing import Repriced, repriced
from grouping.result import Community, LevelResult, Result, relative_gap
from grouping.scenario_files import ScenarioValue, scenario_values
from grouping.sites import Remark

_NAMES_ONLY = frozenset({"name"})
"""Settings that differ by nature."""
_REGIONS = "travel.regions"


@dataclass(frozen=True, slots=True)
class Spread:
    """Distances between two members of one community, over all such pairs; km."""

    mean_km: float
    median_km: float
    ninety_km: float
    largest_km: float


@dataclass(frozen=True, slots=True)
class Figures:
    """A grouping in figures, at one level or in all.

    ``sizes`` counts the communities of each number of members; ``links`` has, of the links asked for, how many are
    honoured and how many there are, by kind; ``theme_listed`` is how many members list the theme of their community, of
    ``theme_asking`` that list any; ``led`` counts communities with a lead unit. ``repriced`` is the cost by the first
    run's rules, None where the two lists have no site of that level in common.
    """

    sites: int
    communities: int
    unplaced: int
    cost: Cost
    bound_km: float
    sizes: Mapping[int, int]
    distances: Spread | None
    crossing: int
    links: Mapping[Kind, tuple[int, int]]
    links_lost: int
    theme_listed: int
    theme_asking: int
    led: int
    vice_leads: int
    repriced: Repriced | None

    @property
    def gap(self) -> float:
        """(cost - bound) / cost, a fraction."""
        return relative_gap(self.cost.total_km, self.bound_km)

    @property
    def mean_size(self) -> float:
        """Members of a community, on average; 0 where there is none."""
        return sum(size * count for size, count in self.sizes.items()) / max(1, self.communities)


@dataclass(frozen=True)
class Run:
    """A grouping among those compared: what it is called here, its figures in all (None) and by level.

    ``remarks`` tell of sites that were taken for the same as in the first list though they are written otherwise.
    """

    name: str
    result: Result
    figures: Mapping[Level | None, Figures]
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True)
class Setting:
    """A value of the scenarios that is not the same in all runs; ``values`` are in their order."""

    about: ScenarioValue
    values: tuple[Any, ...]


@dataclass(frozen=True)
class Comparison:
    """Groupings side by side. ``changes`` has, for each run but the first, what is otherwise than in the first."""

    runs: tuple[Run, ...]
    settings: tuple[Setting, ...]
    changes: tuple[Changes, ...]

    @cached_property
    def levels(self) -> tuple[Level, ...]:
        """The levels that any of the lists has sites of."""
        return tuple(level for level in Level if any(run.figures[level].sites for run in self.runs))

    @property
    def same_sites(self) -> bool:
        """Whether all lists have the same sites."""
        counts = {len(run.result.applications) for run in self.runs}
        return len(counts) == 1 and all(one.common == counts.copy().pop() for one in self.changes)

    def figures_frame(self, level: Level | None = None) -> pd.DataFrame:
        """One row a figure, one column a run; km, counts, and fractions for gaps. None is all levels."""
        return pd.DataFrame({run.name: figures_data(run.figures[level]) for run in self.runs})

    def settings_frame(self) -> pd.DataFrame:
        """One row for each setting that is not the same in all scenarios, one column a run."""
        names = [run.name for run in self.runs]
        rows = [one.values for one in self.settings]
        return pd.DataFrame(rows, columns=names, index=[one.about.key for one in self.settings], dtype=object)

    def moves_frame(self) -> pd.DataFrame:
        """One row a site and run but the first: level, site, run, where it was, where it is, whether it moved.

        A site that is in no community, or not on the list, has None there; ``moved`` is None where one list lacks it.
        """
        rows = [
            {
                "level": flow.level.value,
                "site": name,
                "run": run.name,
                "from": flow.source if isinstance(flow.source, str) else None,
                "to": flow.target if isinstance(flow.target, str) else None,
                "moved": not flow.stays if flow.listed else None,
            }
            for run, one in zip(self.runs[1:], self.changes, strict=True)
            for flow in one.flows
            for name in flow.sites
        ]
        return pd.DataFrame(rows, columns=["level", "site", "run", "from", "to", "moved"])


def compare(results: Sequence[Result], names: Sequence[str] | None = None) -> Comparison:
    """Put groupings side by side; each is compared with the first.

    Args:
        results: two or more, of :func:`grouping.solve.solve`. Their scenarios may differ, and their lists a little.
        names: what to call them, each otherwise; None takes the names of their scenarios.

    Raises:
        InputError: fewer than two groupings, or one that has no site in common with the first.

    """
    if len(results) < 2:
        raise InputError([Problem(Where("compare"), message("compare.too_few", count=len(results)))])
    called = _apart(names or [result.scenario.name for result in results])
    first = results[0]
    found = [correspondence(first.applications, result.applications) for result in results]
    problems = [
        Problem(Where(name), message("compare.no_common", first=called[0]))
        for name, one in zip(called, found, strict=True)
        if not one.same
    ]
    if problems:
        raise InputError(problems)
    runs = tuple(
        Run(name, result, _all_figures(result, repriced(first, result, one.same)), one.remarks)
        for name, result, one in zip(called, results, found, strict=True)
    )
    differences = tuple(changes(first, result, one.same) for result, one in zip(results[1:], found[1:], strict=True))
    return Comparison(runs, tuple(_settings(results)), differences)


def _apart(names: Sequence[str]) -> list[str]:
    """The names, those that came before with a number behind."""
    count: Counter[str] = Counter()
    called: list[str] = []
    for name in names:
        count[name] += 1
        called.append(name if count[name] == 1 else f"{name} ({count[name]})")
    return called


def _settings(results: Sequence[Result]) -> Iterator[Setting]:
    for values in zip(*(scenario_values(result.scenario) for result in results), strict=True):
        there = tuple(value.value for value in values)
        if values[0].key not in _NAMES_ONLY and len(set(there)) > 1:
            # A path tells whose machine it was; the name of the file is enough.
            yield Setting(values[0], tuple(Path(one).name if values[0].key == _REGIONS else one for one in there))


# --- Figures -------------------------------------------------------------------------------------------


def _all_figures(result: Result, costs: Mapping[Level, Repriced]) -> dict[Level | None, Figures]:
    by_level = {level.level: level for level in result.levels}
    parts = {level: [by_level[level]] if level in by_level else [] for level in Level}
    figures: dict[Level | None, Figures] = {
        level: _figures(result, part, [costs[level]] if level in costs else [], 0) for level, part in parts.items()
    }
    return {None: _figures(result, result.levels, list(costs.values()), len(result.unhonourable)), **figures}


def _figures(result: Result, levels: Sequence[LevelResult], costs: Sequence[Repriced], lost: int) -> Figures:
    """The figures of some levels. ``lost`` counts links that no grouping can honour: of what level is not known."""
    communities = [one for level in levels for one in level.communities]
    unplaced = sum(len(level.unplaced) for level in levels)
    there = {level.level for level in levels}
    level_of = {site.id: site.level for site in result.applications}
    links: dict[Kind, tuple[int, int]] = {}
    for item in result.links:
        if item.link.kind.asked_for and level_of.get(item.link.a) in there:
            kept, asked = links.get(item.link.kind, (0, 0))
            links[item.link.kind] = kept + item.honoured, asked + 1
    return Figures(
        sites=sum(len(one.members) for one in communities) + unplaced,
        communities=len(communities),
        unplaced=unplaced,
        cost=sum((level.cost for level in levels), start=Cost()),
        bound_km=sum(level.bound_km for level in levels),
        sizes=dict(sorted(Counter(len(one.members) for one in communities).items())),
        distances=_spread(result, communities),
        crossing=sum(one.crosses_regions for one in communities),
        links=dict(sorted(links.items(), key=lambda item: list(Kind).index(item[0]))),
        links_lost=lost,
        theme_listed=sum(one.theme.listed for one in communities),
        theme_asking=sum(one.theme.asking for one in communities),
        led=sum(one.lead is not None for one in communities),
        vice_leads=sum(len(one.vice_leads) for one in communities),
        repriced=_together(costs),
    )


def _together(costs: Sequence[Repriced]) -> Repriced | None:
    """The sum over levels; a rule that is broken at several is told once for each."""
    if not costs:
        return None
    return Repriced(
        cost=sum((one.cost for one in costs), start=Cost()),
        first=sum((one.first for one in costs), start=Cost()),
        sites=sum(one.sites for one in costs),
        broken=tuple(rule for one in costs for rule in one.broken),
    )


def _spread(result: Result, communities: Iterable[Community]) -> Spread | None:
    row = {site.id: number for number, site in enumerate(result.applications)}

    def between(community: Community) -> NDArray[np.float64]:
        rows = [row[site.id] for site in community.members]
        km = great_circle(community.members) if result.distances is None else result.distances.km[np.ix_(rows, rows)]
        return np.asarray(km[np.triu_indices(len(rows), 1)])

    pairs = np.concatenate([np.empty(0), *(between(one) for one in communities)])
    if not len(pairs):
        return None
    return Spread(*(float(one) for one in (pairs.mean(), np.median(pairs), np.quantile(pairs, 0.9), pairs.max())))


def figures_data(figures: Figures) -> dict[str, float | int | None]:
    """Figures as plain numbers by name; km, counts, and a fraction for the gap. None is unknown or infinite."""
    data: dict[str, float | int | None] = {"cost_km": figures.cost.total_km, **figures.cost.parts()}
    if (other := figures.repriced) is not None:
        data |= {"cost_by_first_km": other.cost.total_km, "first_at_same_sites_km": other.first.total_km}
        data["rules_of_first_broken"] = len(other.broken)
    data |= {
        "bound_km": figures.bound_km,
        "gap": figures.gap,
        "communities": figures.communities,
        "sites": figures.sites,
        "sites_unplaced": figures.unplaced,
        "mean_size": figures.mean_size,
        **{f"communities_of_{size}": count for size, count in figures.sizes.items()},
    }
    if (spread := figures.distances) is not None:
        data |= {"mean_km": spread.mean_km, "median_km": spread.median_km}
        data |= {"ninety_percent_km": spread.ninety_km, "largest_km": spread.largest_km}
    data["cross_region_communities"] = figures.crossing
    for kind, (honoured, asked) in figures.links.items():
        data |= {f"{kind}_honoured": honoured, f"{kind}_asked": asked}
    data |= {
        "links_impossible": figures.links_lost,
        "theme_listed": figures.theme_listed,
        "theme_asking": figures.theme_asking,
        "communities_led": figures.led,
        "vice_leads": figures.vice_leads,
    }
    return {name: _plain(value) for name, value in data.items()}


def _plain(value: float | int | None) -> float | int | None:
    if value is None or isinstance(value, int):
        return value
    return round(value, 6) if np.isfinite(value) else None
