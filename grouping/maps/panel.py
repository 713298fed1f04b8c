"""One panel of a map: land, communities and labels inside a frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from grouping.fonts import Font
from grouping.maps.boundaries import Boundaries
from grouping.maps.frames import Frame, Points, project
from grouping.maps.labels import Label, place
from grouping.maps.scene import Group, Scene

_LAND, _OUTSIDE = "#fdfcf9", "#eef0f1"
_PREFECTURE, _PROVINCE, _NATION = "#dcd7cb", "#aaa498", "#6d675c"
_CLOSE_KM = 1000.0
"""A frame narrower than this shows prefectures too."""
_UNPLACED = "#111111"
_LABEL_SIZE, _NAME_SIZE, _SMALL = 9.0, 7.0, 7.5
_PAD = 3.0
_DOT = 5.0
"""Radius of a site's dot, pixels."""


@dataclass(frozen=True)
class Panel:
    """An axes that looks at ``frame``. ``taken`` collects the boxes (pixels) that labels must leave free."""

    axes: Axes
    frame: Frame
    font: Font
    taken: list[tuple[float, float, float, float]] = field(default_factory=list)

    @classmethod
    def on(cls, figure: Figure, box: tuple[float, float, float, float], frame: Frame, font: Font) -> Panel:
        """A panel at ``box`` (left, bottom, width, height; fractions of the figure)."""
        axes = figure.add_axes(box)
        axes.set_xlim(frame.left, frame.right)
        axes.set_ylim(frame.bottom, frame.top)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_facecolor(_OUTSIDE)
        for spine in axes.spines.values():
            spine.set_color(_NATION)
            spine.set_linewidth(0.8)
        return cls(axes, frame, font)

    # --- Ground ----------------------------------------------------------------------------------------

    def draw_land(self, boundaries: Boundaries) -> None:
        """Provinces, borders, and the dashed line."""
        rings = [ring for area in boundaries.areas for ring in self._rings(area)]
        self.axes.add_collection(PolyCollection(rings, facecolors=_LAND, edgecolors="none", zorder=1), autolim=False)
        if self.frame.width < _CLOSE_KM:
            self._draw_lines(boundaries.parts, _PREFECTURE, 0.4, "solid")
        self._draw_lines(boundaries.areas, _PROVINCE, 0.6, "solid")
        self._draw_lines(boundaries.borders, _NATION, 0.7, "solid")
        self._draw_lines(boundaries.dashes, _NATION, 1.4, "solid")
        self._draw_lines(boundaries.undefined, _NATION, 0.7, (0, (3, 2)))

    def _draw_lines(
        self, shapes: Sequence[BaseGeometry], colour: str, width: float, style: str | tuple[int, tuple[int, int]]
    ) -> None:
        rings = [ring for shape in shapes for ring in self._rings(shape)]
        self.axes.add_collection(
            LineCollection(rings, colors=colour, linewidths=width, linestyles=[style], zorder=1.5), autolim=False
        )

    def _rings(self, shape: BaseGeometry) -> list[Points]:
        """The lines of a shape that cross the frame, in km, no finer than the panel can show."""
        rings = []
        tolerance = 0.3 * self.frame.width / self.axes.bbox.width
        margin = 0.05 * self.frame.width
        for part in shapely.get_parts(shape):
            for line in [part.exterior, *part.interiors] if part.geom_type == "Polygon" else [part]:
                degrees = shapely.get_coordinates(line)
                ring = project(degrees[:, 0], degrees[:, 1])
                low, high = ring.min(axis=0) - margin, ring.max(axis=0) + margin
                if (high < (self.frame.left, self.frame.bottom)).any() or (
                    low > (self.frame.right, self.frame.top)
                ).any():
                    continue
                rings.append(shapely.get_coordinates(shapely.simplify(shapely.LineString(ring), tolerance)))
        return rings

    def draw_scale(self, text: str) -> None:
        """A scale bar in the lower left corner; ``text`` has a place for the number of km."""
        length = _round_number(self.frame.width / 5)
        x = self.frame.left + 0.03 * self.frame.width
        y = self.frame.bottom + 0.025 * self.frame.height
        self.axes.plot([x, x + length], [y, y], color=_NATION, linewidth=2, solid_capstyle="butt", zorder=6)
        shown = text.format(length=f"{length:g}")
        self._write(self._pixels(np.array([[x + length / 2, y]]))[0] + (0, 9), shown, _SMALL, colour=_NATION)
        (left, bottom), (right, _) = self._pixels(np.array([[x, y], [x + length, y]]))
        self.taken.append((left - 4, bottom - 6, right + 4, bottom + 18))

    # --- Communities -----------------------------------------------------------------------------------

    def draw_communities(self, scene: Scene) -> Points:
        """Hulls, spokes, dots; returns the (n, 2) pixels of the dots. Sites at one place stand around it."""
        spots = self._spread(self._pixels(scene.points))
        ground = self._ground(spots)
        for group in scene.groups:
            self._draw_group(group, ground)
        if len(scene.unplaced):
            x, y = ground[scene.unplaced].T
            self.axes.scatter(x, y, s=26, marker="x", color=_UNPLACED, linewidths=1.2, zorder=5)
        return spots

    def _draw_group(self, group: Group, ground: Points) -> None:
        members = ground[group.spots]
        hub = ground[group.hub]
        if len(members) >= 3:
            hull = shapely.convex_hull(shapely.MultiPoint(members)).buffer(0.006 * self.frame.width)
            self.axes.add_patch(
                Polygon(shapely.get_coordinates(hull), closed=True, facecolor=group.colour, alpha=0.10, zorder=2)
            )
        spokes = [np.array([hub, member]) for member in members]
        self.axes.add_collection(
            LineCollection(spokes, colors=group.colour, linewidths=1.1, alpha=0.75, zorder=3), autolim=False
        )
        self.axes.scatter(
            members[:, 0], members[:, 1], s=22, color=group.colour, edgecolors="white", linewidths=0.6, zorder=4
        )
        if group.community.lead is not None:
            self.axes.scatter(
                hub[0], hub[1], s=105, marker="*", color=group.colour, edgecolors="white", linewidths=0.6, zorder=4.5
            )

    def _spread(self, spots: Points) -> Points:
        """The dots with those at one place moved onto a small circle around it."""
        moved = spots.copy()
        order: dict[tuple[int, int], list[int]] = {}
        for index, (x, y) in enumerate(spots):
            order.setdefault((round(x), round(y)), []).append(index)
        for together in order.values():
            if len(together) > 1:
                angles = 2 * np.pi * np.arange(len(together)) / len(together)
                radius = max(1.1 * _DOT, 2.2 * _DOT * len(together) / (2 * np.pi))
                moved[together] += radius * np.column_stack([np.cos(angles), np.sin(angles)])
        return moved

    # --- Labels ----------------------------------------------------------------------------------------

    def draw_labels(
        self, scene: Scene, spots: Points, groups: Sequence[Group], named: NDArray[np.bool_]
    ) -> Sequence[tuple[float, float, float, float]]:
        """A label for each of ``groups``, and the names of the sites in ``named`` where there is room.

        Returns the boxes of all labels, in pixels.
        """
        visible = self.frame.holds(scene.points)
        labels = [self._group_label(group, spots, visible) for group in groups]
        sites = [index for index in range(len(spots)) if named[index] and visible[index]]
        labels += [self._name_label(scene.names[index], spots[index]) for index in sites]
        edge = self.axes.bbox
        bounds = np.array([edge.x0 + 3, edge.y0 + 3, edge.x1 - 3, edge.y1 - 3])
        taken = np.array(self.taken, dtype=np.float64).reshape(-1, 4)
        boxes = place(labels, spots[visible], _DOT, bounds, taken)
        colours = {spot: group.colour for group in scene.groups for spot in group.spots}
        for group, label, box in zip(groups, labels, boxes, strict=False):
            self._draw_group_label(group, label, box)
        for index, box in zip(sites, boxes[len(groups) :], strict=True):
            if not np.isnan(box[0]):
                self._write(_middle(box), scene.names[index], _NAME_SIZE, colour=colours.get(index, _UNPLACED))
        return [tuple(box) for box in boxes if not np.isnan(box[0])]

    def _group_label(self, group: Group, spots: Points, visible: NDArray[np.bool_]) -> Label:
        shown = group.spots[visible[group.spots]]
        members = spots[shown]
        middle = members.mean(axis=0)
        nearest = members[np.argsort(np.hypot(*(members - middle).T), kind="stable")]
        width, height = self._measure(group.community.label, _LABEL_SIZE)
        return Label(np.vstack([middle, nearest]), width + 2 * _PAD, height + 2 * _PAD, 2.0 * _DOT)

    def _name_label(self, name: str, spot: Points) -> Label:
        width, height = self._measure(name, _NAME_SIZE)
        return Label(spot[None, :], width + 2, height, 1.3 * _DOT, may_drop=True)

    def _draw_group_label(self, group: Group, label: Label, box: NDArray[np.float64]) -> None:
        anchor = label.anchors[1:][np.argmin(np.hypot(*(label.anchors[1:] - _middle(box)).T))]
        near = np.clip(anchor, box[:2], box[2:])
        if np.hypot(*(anchor - near)) > 3.0 * _DOT:
            x, y = self._ground(np.array([anchor, near])).T
            self.axes.plot(x, y, color=group.colour, linewidth=0.8, linestyle=(0, (2, 1.5)), zorder=5)
        low, high = self._ground(box.reshape(2, 2))
        self.axes.add_patch(
            Rectangle(tuple(low), *(high - low), facecolor=group.colour, edgecolor="white", linewidth=0.6, zorder=6)
        )
        self._write(_middle(box), group.community.label, _LABEL_SIZE, colour="white", halo=False)

    def mark(self, frame: Frame, letter: str = "") -> None:
        """Show where another panel looks, and which one."""
        self.axes.add_patch(
            Rectangle(
                (frame.left, frame.bottom), frame.width, frame.height, fill=False, edgecolor="#333333", zorder=5.5
            )
        )
        if letter:
            corner = self._pixels(np.array([[frame.left, frame.top]]))[0]
            self.tag(letter, corner + 9)

    def tag(self, letter: str, pixels: Points | None = None) -> None:
        """A letter in a box, in the upper left corner unless said otherwise."""
        edge = self.axes.bbox
        middle = np.array([edge.x0 + 14, edge.y1 - 14]) if pixels is None else pixels
        width, height = self._measure(letter, _LABEL_SIZE)
        half = np.array([width / 2 + 4, height / 2 + 4])
        low, high = self._ground(np.array([middle - half, middle + half]))
        self.axes.add_patch(Rectangle(tuple(low), *(high - low), facecolor="#333333", zorder=7))
        self._write(middle, letter, _LABEL_SIZE, colour="white", halo=False)
        self.taken.append((*(middle - half), *(middle + half)))

    # --- Pixels and kilometres -------------------------------------------------------------------------

    def _pixels(self, ground: Points) -> Points:
        return np.asarray(self.axes.transData.transform(ground), dtype=np.float64)

    def _ground(self, pixels: Points) -> Points:
        return np.asarray(self.axes.transData.inverted().transform(pixels), dtype=np.float64)

    def _measure(self, text: str, size: float) -> tuple[float, float]:
        return measure(self.axes.figure, self.font, text, size)

    def _write(self, middle: Points, text: str, size: float, *, colour: str, halo: bool = True) -> None:
        x, y = self._ground(np.asarray(middle)[None, :])[0]
        self.axes.text(
            x,
            y,
            text,
            fontproperties=self.font.properties(size),
            color=colour,
            ha="center",
            va="center_baseline" if text.isascii() else "center",
            parse_math=False,
            zorder=7,
            clip_on=True,
            path_effects=[withStroke(linewidth=2, foreground="white")] if halo else [],
        )


def measure(figure: object, font: Font, text: str, size: float) -> tuple[float, float]:
    """Width and height of ``text`` in pixels of the figure."""
    canvas = getattr(figure, "canvas", None)
    assert isinstance(canvas, FigureCanvasAgg)
    renderer = canvas.get_renderer()  # type: ignore[no-untyped-call]
    width, height, _ = renderer.get_text_width_height_descent(text, font.properties(size), ismath=False)
    return float(width), float(height)


def _middle(box: NDArray[np.float64]) -> Points:
    return (box[:2] + box[2:]) / 2


def _round_number(length: float) -> float:
    """The largest of 1, 2, 5, 10, 20, … that is no more than ``length``."""
    power = 10.0 ** np.floor(np.log10(length))
    return float(max(step * power for step in (1, 2, 5) if step * power <= length))
