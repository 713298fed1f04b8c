"""The picture of a sweep: travel against what it buys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from grouping.axes import Axis, Value, named
from grouping.fonts import Font
from grouping.messages import Lang, say
from grouping.result import Status
from grouping.sweep import Family, Sweep

_DPI = 160
_WIDTH, _LEGEND, _HEIGHT = 4.4, 2.2, 4.6
"""Inches: of a panel, of the legend, and the height."""
_MARKS = "os^Dv*Ph"
_COLOURS = "viridis"
_KNEE = "#C62828"
_LINE = "#666666"
_MOST_SHOWN = 9
"""Values of the first axis in the legend."""


def write_frontier(sweep: Sweep, path: Path, font: Font, lang: Lang) -> None:
    """Draw travel against purity, links honoured and communities.

    The colour is the value on the first axis, the mark that on the others. Lines join frontiers where points can be
    compared, and knees are ringed. Hollow points are not proved optimal.
    """
    heights = {"pure_axis": [100 * point.pure for point in sweep.points]}
    if any(point.result.links for point in sweep.points):
        heights["links_axis"] = [float(point.honoured) for point in sweep.points]
    heights["communities_axis"] = [float(len(point.result.communities)) for point in sweep.points]
    figure = Figure(figsize=(_WIDTH * len(heights) + _LEGEND, _HEIGHT), layout="constrained")
    panels = figure.subplots(1, len(heights), squeeze=False)[0]
    colours = _colours(sweep.axes[0])
    for panel, (key, values) in zip(panels, heights.items(), strict=True):
        for family, mark in zip(sweep.families, cycle(_MARKS), strict=False):
            for number in family.points:
                point = sweep.points[number]
                colour = colours[point.values[sweep.axes[0].key]]
                face = colour if point.result.status is not Status.FEASIBLE else "none"
                panel.plot(point.travel_km, values[number], mark, ms=6, mec=colour, mfc=face, alpha=0.85, zorder=3)
        for (travel_km, value), count in _several(sweep, values).items():
            # Below on the right, where no frontier runs: it rises with travel.
            panel.annotate(f"×{count}", (travel_km, value), (5, -11), textcoords="offset points", fontsize=8, zorder=5)
        panel.set_xlabel(say("sweep.travel_axis", lang), fontproperties=font.properties(9))
        panel.set_ylabel(say(f"sweep.{key}", lang), fontproperties=font.properties(9))
        panel.tick_params(labelsize=8)
        panel.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        panel.xaxis.set_major_locator(MaxNLocator(5))
        panel.yaxis.set_major_locator(MaxNLocator(integer=key != "pure_axis"))
        panel.margins(0.08)
        panel.grid(alpha=0.25)
    for family in sweep.families:
        _frontier(panels[0], sweep, family)
    figure.legend(handles=_keys(panels[0], sweep, lang), prop=font.properties(8), loc="outside right upper")
    title = say("sweep.frontier_title", lang, count=len(sweep.points))
    figure.suptitle(title, fontproperties=font.properties(12))
    # No Software entry: the same sweep gives the same bytes.
    figure.savefig(path, dpi=_DPI, metadata={"Software": None})


def _several(sweep: Sweep, values: Sequence[float]) -> dict[tuple[float, float], int]:
    """Places where several points hide one another, and how many there are: other prices may give the same grouping."""
    places = Counter((round(point.travel_km, 3), value) for point, value in zip(sweep.points, values, strict=True))
    return {place: count for place, count in places.items() if count > 1}


def _frontier(panel: Axes, sweep: Sweep, family: Family) -> None:
    places = [(sweep.points[number].travel_km, 100 * sweep.points[number].pure) for number in family.frontier]
    panel.plot(*np.array(places).reshape(-1, 2).T, "-", color=_LINE, lw=1.0, zorder=2)
    if family.knee is not None:
        point = sweep.points[family.knee]
        panel.plot(point.travel_km, 100 * point.pure, "o", ms=13, mfc="none", mec=_KNEE, mew=1.6, zorder=4)


def _colours(axis: Axis) -> dict[Value, tuple[float, ...]]:
    """A colour for each value of an axis; the map's lightest ones are too light on white."""
    last = max(1, len(axis.values) - 1)
    return {value: tuple(colormaps[_COLOURS](0.92 * number / last)) for number, value in enumerate(axis.values)}


def _keys(panel: Axes, sweep: Sweep, lang: Lang) -> list[Line2D]:
    """What colours, marks and lines mean; of many values of the first axis every second or so."""
    axis = sweep.axes[0]
    colours = _colours(axis)
    keys = []
    for value in axis.values[:: -(-len(axis.values) // _MOST_SHOWN)]:
        keys += panel.plot([], [], "o", color=colours[value], label=named({axis.key: value}))
    if len(sweep.axes) > 1:
        for family, mark in zip(sweep.families[:_MOST_SHOWN], cycle(_MARKS), strict=False):
            keys += panel.plot([], [], mark, color=_LINE, label=named(family.values))
    if any(point.result.status is Status.FEASIBLE for point in sweep.points):
        keys += panel.plot([], [], "o", mfc="none", mec=_LINE, label=say("sweep.unproved_mark", lang))
    if any(len(family.frontier) > 1 for family in sweep.families):
        keys += panel.plot([], [], "-", color=_LINE, lw=1.0, label=say("sweep.on_frontier", lang))
    if any(family.knee is not None for family in sweep.families):
        label = say("sweep.knee_mark", lang)
        keys += panel.plot([], [], "o", ms=11, mfc="none", mec=_KNEE, mew=1.6, label=label)
    if _several(sweep, [point.pure for point in sweep.points]):
        keys += panel.plot([], [], " ", label=say("sweep.coincide", lang))
    return keys
