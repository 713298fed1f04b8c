"""An alluvial diagram (Rosvall & Bergstrom 2010) of who goes where between two groupings.

Communities stand on the left, those of the other grouping on the right, with a ribbon for those who are in both.
Lengths are inches, from the upper left corner downwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import networkx as nx
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path
from matplotlib.patheffects import withStroke

from grouping.flows import Elsewhere, Flow, Place
from grouping.fonts import Font
from grouping.maps.panel import measure
from grouping.messages import Lang, message, say

DPI = 130
_ALL_SHOWN = 16
"""With more communities than this, those whose members stay the same are left out."""
_NAMED = 70
"""If no more sites than this move, each is named."""
_STRAND, _THIN = 0.17, 0.06
"""How high one site is where it is named, and where it is not."""
_BETWEEN = 0.2
"""Between two communities."""
_APART = 0.34
"""Between those that have to do with each other and the next ones."""
_BAR, _EDGE, _GUTTER = 0.13, 0.2, 0.5
_BESIDE = 0.08
"""Between a bar and its label."""
_TITLE, _LINE = 0.62, 0.26
_LABEL_SIZE, _NAME_SIZE = 9.0, 8.0
_RUN, _NAMED_RUN = 2.0, 3.2
"""How long the ribbons are, and where those who move are named."""
_WIDEST_LABEL = 2.2
_TALL = 9.0
"""Higher diagrams are broken into columns, where they can be."""
_GREY = "#8a8f94"
_PALE, _STRONG = 0.2, 0.62
_SWEEPS = 8

Node = tuple[bool, Place]
"""On the right side or not, and what it is."""


@dataclass(frozen=True)
class Look:
    """Colours by label on either side, what stands above, and the font and language of it all."""

    colours: tuple[Mapping[str, str], Mapping[str, str]]
    heads: tuple[str, str]
    title: str
    font: Font
    lang: Lang


def alluvial(flows: Sequence[Flow], look: Look) -> Figure | None:
    """The diagram of the flows of one level; None where nobody moves.

    Where communities are many, those that keep all their members and get no others are left out, and counted.
    """
    shown = _worth_showing(flows)
    if all(flow.stays for flow in shown):
        return None
    moving = sum(len(flow.sites) for flow in shown if not flow.stays)
    named = moving <= _NAMED
    unit = _STRAND if named else _THIN
    blocks = [_Block(part, unit) for part in _parts(shown)]
    columns = _columns(blocks, most=2 if named else 3)
    label = _label_room(blocks, look)
    width = 2 * label + (_NAMED_RUN if named else _RUN) + _GUTTER
    hidden = len(_communities(flows)) - len(_communities(shown))
    notes = [say("compare.flow_how", look.lang)]
    notes += [say("compare.flow_left_out", look.lang, count=hidden)] if hidden else []
    deepest = max(_depth(column) for column in columns)
    height = _TITLE + _LINE + deepest + 0.12 + _LINE * len(notes) + _EDGE
    total = len(columns) * width + 2 * _EDGE
    picture = _Picture(_canvas(total, height), look, width, label, named)
    picture.text(_EDGE, _TITLE / 2, look.title, 13.0, "#222222")
    for number, column in enumerate(columns):
        picture.column(column, _EDGE + number * width, _TITLE)
    for number, note in enumerate(notes):
        picture.text(_EDGE, height - _EDGE - (len(notes) - number - 0.5) * _LINE, note, 9.0, "#444444")
    return picture.figure


def _communities(flows: Sequence[Flow]) -> set[str]:
    """Those of the first grouping."""
    return {flow.source for flow in flows if isinstance(flow.source, str)}


def _worth_showing(flows: Sequence[Flow]) -> list[Flow]:
    if len(_communities(flows)) <= _ALL_SHOWN:
        return [flow for flow in flows if not (isinstance(flow.source, Elsewhere) and flow.stays)]
    touched: set[Node] = set()
    for flow in flows:
        if not flow.stays:
            touched |= {(False, flow.source), (True, flow.target)}
    return [
        flow
        for flow in flows
        if not flow.stays or (isinstance(flow.source, str) and {(False, flow.source), (True, flow.target)} & touched)
    ]


# --- Where what stands ---------------------------------------------------------------------------------


def _parts(flows: Sequence[Flow]) -> list[list[Flow]]:
    """The flows of communities that have to do with each other, together; the order of the first ones stays.

    Who has no community has to do with everybody, which connects nothing.
    """
    graph = nx.Graph()
    for flow in flows:
        ends: list[Node] = [(False, flow.source), (True, flow.target)]
        graph.add_nodes_from(end for end in ends if isinstance(end[1], str))
        if all(isinstance(end[1], str) for end in ends):
            graph.add_edge(*ends)
    part_of = {node: number for number, part in enumerate(nx.connected_components(graph)) for node in part}
    parts: dict[int, list[Flow]] = {}
    for flow in flows:
        end = (False, flow.source) if isinstance(flow.source, str) else (True, flow.target)
        parts.setdefault(part_of.get(end, -1), []).append(flow)
    return list(parts.values())


class _Block:
    """Communities that have to do with each other: the order of either side, and how high it is."""

    def __init__(self, flows: Sequence[Flow], unit: float) -> None:
        self.flows = flows
        self.unit = unit
        left, right = _ordered(flows)
        self.sides = left, right
        self.sizes = {
            (side, place): sum(len(flow.sites) for flow in flows if (flow.target if side else flow.source) == place)
            for side, places in ((False, left), (True, right))
            for place in places
        }
        self.height = max(self._side_height(False), self._side_height(True))

    def _side_height(self, side: bool) -> float:
        places = self.sides[side]
        return sum(self.sizes[side, place] for place in places) * self.unit + (len(places) - 1) * _BETWEEN

    def tops(self, side: bool) -> dict[Place, float]:
        """Where each of a side begins, below the block's top; the lower side stands in the middle."""
        at = (self.height - self._side_height(side)) / 2
        tops = {}
        for place in self.sides[side]:
            tops[place] = at
            at += self.sizes[side, place] * self.unit + _BETWEEN
        return tops


def _ordered(flows: Sequence[Flow]) -> tuple[list[Place], list[Place]]:
    """The order of either side in which few ribbons cross: by the middle of those at the other side, back and forth."""
    left = list(dict.fromkeys(flow.source for flow in flows))
    right = list(dict.fromkeys(flow.target for flow in flows))
    best = left, right
    least = _crossings(flows, left, right)
    for sweep in range(_SWEEPS):
        if sweep % 2 == 0:
            right = _by_middle(right, left, [(flow.target, flow.source, len(flow.sites)) for flow in flows])
        else:
            left = _by_middle(left, right, [(flow.source, flow.target, len(flow.sites)) for flow in flows])
        if (count := _crossings(flows, left, right)) < least:
            least, best = count, (left, right)
    return best


def _by_middle(
    places: Sequence[Place], others: Sequence[Place], ends: Iterable[tuple[Place, Place, int]]
) -> list[Place]:
    rank = {place: number for number, place in enumerate(others)}
    sums = {place: [0.0, 0.0] for place in places}
    for place, other, count in ends:
        sums[place][0] += rank[other] * count
        sums[place][1] += count
    # Who has no community stands last.
    return sorted(places, key=lambda place: (isinstance(place, Elsewhere), sums[place][0] / sums[place][1]))


def _crossings(flows: Sequence[Flow], left: Sequence[Place], right: Sequence[Place]) -> int:
    """How many pairs of sites cross."""
    ranks = {place: number for number, place in enumerate(left)}, {place: number for number, place in enumerate(right)}
    ends = np.array([(ranks[0][flow.source], ranks[1][flow.target], len(flow.sites)) for flow in flows])
    over = (ends[:, None, 0] < ends[None, :, 0]) & (ends[:, None, 1] > ends[None, :, 1])
    return int((over * ends[:, None, 2] * ends[None, :, 2]).sum())


def _depth(blocks: Sequence[_Block]) -> float:
    return _LINE + sum(block.height + _APART for block in blocks)


def _columns(blocks: Sequence[_Block], most: int) -> list[list[_Block]]:
    """The blocks in columns of about equal depth, in each of them in their order."""
    count = max(1, min(most, len(blocks), int(np.ceil(_depth(blocks) / _TALL))))
    columns: list[list[int]] = [[] for _ in range(count)]
    for number in sorted(range(len(blocks)), key=lambda number: -blocks[number].height):
        min(columns, key=lambda column: _depth([blocks[one] for one in column])).append(number)
    return [[blocks[number] for number in sorted(column)] for column in sorted(columns, key=min)]


# --- Drawing -------------------------------------------------------------------------------------------


def _label(place: Place, size: int, lang: Lang) -> str:
    name = place if isinstance(place, str) else message(f"compare.{place.value}")
    return say("compare.flow_node", lang, label=name, count=size)


def _label_room(blocks: Sequence[_Block], look: Look) -> float:
    """How wide the labels are."""
    scratch = Figure(dpi=DPI)
    FigureCanvasAgg(scratch)
    texts = [_label(place, size, look.lang) for block in blocks for (_, place), size in block.sizes.items()]
    widest = max(measure(scratch, look.font, text, _LABEL_SIZE)[0] for text in texts)
    return min(_WIDEST_LABEL, widest / DPI) + _BESIDE


def _canvas(width: float, height: float) -> Axes:
    figure = Figure(figsize=(width, height), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_xlim(0.0, width)
    axes.set_ylim(height, 0.0)
    axes.set_axis_off()
    return axes


@dataclass(frozen=True)
class _Picture:
    """The canvas, with columns so wide, in which the labels take so much on either side."""

    axes: Axes
    look: Look
    width: float
    label: float
    named: bool

    @property
    def figure(self) -> Figure:
        """The whole of it."""
        figure = self.axes.figure
        assert isinstance(figure, Figure)
        return figure

    def column(self, blocks: Sequence[_Block], left: float, top: float) -> None:
        """Draw some blocks one below the other, under the names of the two groupings."""
        right = left + self.width - _GUTTER
        inner = left + self.label, right - self.label
        self.text(left, top + _LINE / 2, self.look.heads[0], 10.5, "#444444")
        self.text(right, top + _LINE / 2, self.look.heads[1], 10.5, "#444444", align="right")
        at = top + _LINE + 0.1
        for block in blocks:
            self._block(block, inner, at)
            at += block.height + _APART

    def _block(self, block: _Block, inner: tuple[float, float], top: float) -> None:
        tops = block.tops(False), block.tops(True)
        after = [dict(one) for one in tops]
        starts: dict[Flow, float] = {}
        for flow in sorted(block.flows, key=lambda flow: tops[1][flow.target]):
            starts[flow] = top + after[0][flow.source]
            after[0][flow.source] += len(flow.sites) * block.unit
        for flow in sorted(block.flows, key=lambda flow: tops[0][flow.source]):
            end = top + after[1][flow.target]
            after[1][flow.target] += len(flow.sites) * block.unit
            self._ribbon(flow, inner, starts[flow], end, len(flow.sites) * block.unit)
        if self.named:
            for flow, start in starts.items():
                self._names(flow, inner[0] + _BAR + 0.07, start, block.unit)
        for side in (False, True):
            for place, at in tops[side].items():
                size = block.sizes[side, place]
                self._bar(side, place, inner[side], top + at, size * block.unit, size)

    def _ribbon(self, flow: Flow, inner: tuple[float, float], start: float, end: float, thick: float) -> None:
        left, right = inner[0] + _BAR, inner[1] - _BAR
        middle = (left + right) / 2
        upper = [(left, start), (middle, start), (middle, end), (right, end)]
        lower = [(right, end + thick), (middle, end + thick), (middle, start + thick), (left, start + thick)]
        codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
        shape = Path([*upper, *lower, upper[0]], codes)
        alpha = _PALE if flow.stays else _STRONG
        self.axes.add_artist(
            PathPatch(shape, facecolor=self._colour(False, flow.source), edgecolor="white", linewidth=0.3, alpha=alpha)
        )

    def _names(self, flow: Flow, left: float, top: float, unit: float) -> None:
        if not flow.stays:
            for number, name in enumerate(flow.sites):
                self.text(left, top + (number + 0.5) * unit, name, _NAME_SIZE, "#111111", halo=True)

    def _bar(self, side: bool, place: Place, edge: float, top: float, height: float, size: int) -> None:
        left = edge - _BAR if side else edge
        self.axes.add_artist(Rectangle((left, top), _BAR, height, facecolor=self._colour(side, place), linewidth=0))
        x = edge + _BESIDE if side else edge - _BESIDE
        said = _label(place, size, self.look.lang)
        self.text(x, top + height / 2, said, _LABEL_SIZE, "#222222", align="left" if side else "right")

    def _colour(self, side: bool, place: Place) -> str:
        return self.look.colours[side].get(place, _GREY) if isinstance(place, str) else _GREY

    def text(
        self, x: float, y: float, text: str, size: float, colour: str, *, align: str = "left", halo: bool = False
    ) -> None:
        """Write ``text`` with an end at ``x`` and its middle line at ``y``."""
        self.axes.text(
            x,
            y,
            text,
            fontproperties=self.look.font.properties(size),
            color=colour,
            ha=align,
            va="center",
            parse_math=False,
            path_effects=[withStroke(linewidth=1.6, foreground="white")] if halo else [],
        )
