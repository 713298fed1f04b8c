"""One panel of a map: land, communities and labels inside a frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from grouping.fonts import Font
from grouping.maps.boundaries import Boundaries
from grouping.maps.frames import Frame, Points, project
from grouping.maps.scene import Group, Scene
from grouping.maps.spots import Spot, spots

Align = Literal["left", "center", "right"]

_LAND, _OUTSIDE = "#fdfcf9", "#eef0f1"
_PREFECTURE, _PROVINCE, _NATION = "#dcd7cb", "#aaa498", "#6d675c"
_CLOSE_KM = 1000.0
"""A frame narrower than this shows prefectures too."""
UNPLACED = "#111111"
LABEL_SIZE, _SMALL = 9.0, 7.5


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
        self.write(self.pixels(np.array([[x + length / 2, y]]))[0] + (0, 9), shown, _SMALL, colour=_NATION)
        (left, bottom), (right, _) = self.pixels(np.array([[x, y], [x + length, y]]))
        self.taken.append((left - 4, bottom - 6, right + 4, bottom + 18))

    # --- Communities -----------------------------------------------------------------------------------

    def draw_communities(self, scene: Scene, apart: NDArray[np.bool_]) -> tuple[Spot, ...]:
        """Hulls, spokes and dots; returns where the dots in the frame stand.

        Sites at one place stand around it, side by side, if all of them are in ``apart``.
        """
        pixels = self.pixels(scene.points)
        found = tuple(spots(pixels, self.frame.holds(scene.points), apart))
        for spot in found:
            pixels[spot.rows] = spot.dots
        ground = self.ground(pixels)
        for group in scene.groups:
            self._draw_group(group, ground)
        if len(scene.unplaced):
            x, y = ground[scene.unplaced].T
            self.axes.scatter(x, y, s=26, marker="x", color=UNPLACED, linewidths=1.2, zorder=5)
        return found

    def _draw_group(self, group: Group, ground: Points) -> None:
        members = ground[group.spots]
        hub = ground[group.hub]
        corner = self.frame.left, self.frame.bottom
        if (members.max(axis=0) < corner).any() or (members.min(axis=0) > (self.frame.right, self.frame.top)).any():
            return
        hull = self.hull(members)
        if hull is not None:
            area = PolyCollection([shapely.get_coordinates(hull)], facecolors=group.colour, alpha=0.10, zorder=2)
            self.axes.add_collection(area, autolim=False)
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

    def hull(self, members: Points) -> BaseGeometry | None:
        """The shaded area of a community with ``members`` there (km); None where two make no area."""
        if len(members) < 3:
            return None
        return shapely.convex_hull(shapely.MultiPoint(members)).buffer(0.006 * self.frame.width)

    # --- Marks -----------------------------------------------------------------------------------------

    def mark(self, frame: Frame, letter: str = "") -> None:
        """Show where another panel looks, and which one."""
        self.axes.add_artist(
            Rectangle(
                (frame.left, frame.bottom), frame.width, frame.height, fill=False, edgecolor="#333333", zorder=5.5
            )
        )
        if letter:
            self.tag(letter, self.pixels(np.array([[frame.left, frame.top]]))[0])

    def tag(self, letter: str, above: Points | None = None) -> None:
        """A letter in a box: on the pixel ``above``, or else in the upper left corner."""
        edge = self.axes.bbox
        width, height = self.measure(letter, LABEL_SIZE)
        half = np.array([width / 2 + 4, height / 2 + 4])
        middle = np.array([edge.x0 + 14, edge.y1 - 14]) if above is None else above + half
        middle = np.clip(middle, (edge.x0 + half[0], edge.y0 + half[1]), (edge.x1 - half[0], edge.y1 - half[1]))
        self.fill(np.concatenate([middle - half, middle + half]), "#333333", zorder=7)
        self.write(middle, letter, LABEL_SIZE, colour="white", halo=False)
        self.taken.append((*(middle - half), *(middle + half)))

    # --- Pixels and kilometres -------------------------------------------------------------------------

    def pixels(self, ground: Points) -> Points:
        """Where (n, 2) points on the ground (km) are on the figure."""
        return np.asarray(self.axes.transData.transform(ground), dtype=np.float64)

    def ground(self, pixels: Points) -> Points:
        """What (n, 2) pixels of the figure show; km."""
        return np.asarray(self.axes.transData.inverted().transform(pixels), dtype=np.float64)

    # --- Words -----------------------------------------------------------------------------------------

    def measure(self, text: str, size: float) -> tuple[float, float]:
        """Width and height in pixels of a text of ``size`` points."""
        return measure(self.axes.figure, self.font, text, size)

    def write(
        self, at: Points, text: str, size: float, *, colour: str, halo: bool = True, align: Align = "center"
    ) -> None:
        """Write ``text`` with its middle ``at`` those pixels, or the middle of its left or right end."""
        x, y = self.ground(np.asarray(at)[None, :])[0]
        self.axes.text(
            x,
            y,
            text,
            fontproperties=self.font.properties(size),
            color=colour,
            ha=align,
            va="center_baseline" if text.isascii() else "center",
            parse_math=False,
            zorder=7,
            clip_on=True,
            path_effects=[withStroke(linewidth=2, foreground="white")] if halo else [],
        )

    def fill(self, box: NDArray[np.float64], colour: str, *, zorder: float = 6) -> None:
        """Fill a box (left, bottom, right, top; pixels)."""
        low, high = self.ground(box.reshape(2, 2))
        area = Rectangle(tuple(low), *(high - low), facecolor=colour, edgecolor="white", linewidth=0.6, zorder=zorder)
        self.axes.add_artist(area)

    def lead(self, line: Points, colour: str) -> None:
        """Draw the thin line, (2, 2) pixels, from a label to what it is of."""
        x, y = self.ground(line).T
        self.axes.plot(x, y, color=colour, linewidth=0.7, linestyle=(0, (2, 1.5)), zorder=5)


def measure(figure: object, font: Font, text: str, size: float) -> tuple[float, float]:
    """Width and height of ``text`` in pixels of the figure."""
    canvas = getattr(figure, "canvas", None)
    assert isinstance(canvas, FigureCanvasAgg)
    renderer = canvas.get_renderer()  # type: ignore[no-untyped-call]
    width, height, _ = renderer.get_text_width_height_descent(text, font.properties(size), ismath=False)
    return float(width), float(height)


def _round_number(length: float) -> float:
    """The largest of 1, 2, 5, 10, 20, … that is no more than ``length``."""
    power = 10.0 ** np.floor(np.log10(length))
    return float(max(step * power for step in (1, 2, 5) if step * power <= length))
