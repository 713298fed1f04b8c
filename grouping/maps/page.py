"""The page that a map is drawn on: a figure measured in inches from its lower left corner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from grouping.fonts import Font
from grouping.maps.frames import Frame
from grouping.maps.panel import Panel, measure

DPI = 130

Box = tuple[float, float, float, float]
"""Left, bottom, width, height; inches."""


@dataclass(frozen=True, slots=True)
class Page:
    """A figure and the font of its texts."""

    figure: Figure
    font: Font

    @classmethod
    def of(cls, width: float, height: float, font: Font) -> Page:
        """An empty page."""
        figure = Figure(figsize=(width, height), dpi=DPI)
        FigureCanvasAgg(figure)
        return cls(figure, font)

    def deepen(self, depth: float) -> None:
        """Add ``depth`` inches below the panels, which keep their size; to be done before anything else is drawn."""
        width, height = (float(side) for side in self.figure.get_size_inches())
        self.figure.set_size_inches(width, height + depth)
        for axes in self.figure.axes:
            box = axes.get_position()
            bottom = (box.y0 * height + depth) / (height + depth)
            axes.set_position((box.x0, bottom, box.width, box.height * height / (height + depth)))

    def panel(self, box: Box, frame: Frame) -> Panel:
        """A panel at ``box`` that looks at ``frame``."""
        (left, bottom), (width, height) = self._fractions(*box[:2]), self._fractions(*box[2:])
        return Panel.on(self.figure, (left, bottom, width, height), frame, self.font)

    def width_of(self, text: str, size: float) -> float:
        """How wide a text of ``size`` points is."""
        return measure(self.figure, self.font, text, size)[0] / DPI

    def wrapped(self, parts: Sequence[str], separator: str, room: float, size: float) -> tuple[str, ...]:
        """``parts`` with ``separator`` between them, in lines no wider than ``room`` inches.

        Lines break between parts; a part that is wider than the room alone is broken wherever it must.
        """
        lines = [""]
        for number, part in enumerate(parts):
            piece = part + (separator if number < len(parts) - 1 else "")
            if lines[-1] and self.width_of((lines[-1] + piece).rstrip(), size) > room:
                lines.append("")
            lines[-1] += piece
            while self.width_of(lines[-1].rstrip(), size) > room and len(lines[-1]) > 1:
                whole = lines.pop()
                count = self._fitting(whole, room, size)
                lines += [whole[:count], whole[count:]]
        return tuple(line.rstrip() for line in lines)

    def _fitting(self, text: str, room: float, size: float) -> int:
        """How many characters of ``text``, at least one, are no wider than ``room`` inches."""
        counts = range(len(text), 1, -1)
        return next((count for count in counts if self.width_of(text[:count], size) <= room), 1)

    def write(self, left: float, middle: float, text: str, size: float, colour: str, *, centred: bool = False) -> None:
        """Write ``text`` with its left end, or its centre, at ``left`` and its middle line at ``middle``."""
        x, y = self._fractions(left, middle)
        self.figure.text(
            x,
            y,
            text,
            fontproperties=self.font.properties(size),
            color=colour,
            ha="center" if centred else "left",
            va="center",
            parse_math=False,
        )

    def fill(self, box: Box, colour: str) -> None:
        """Fill a box with a colour."""
        corner, (width, height) = self._fractions(*box[:2]), self._fractions(*box[2:])
        self.figure.add_artist(Rectangle(corner, width, height, facecolor=colour, transform=self.figure.transFigure))

    def _fractions(self, x: float, y: float) -> tuple[float, float]:
        width, height = self.figure.get_size_inches()
        return x / float(width), y / float(height)
