"""The page that a map is drawn on: a figure measured in inches from its lower left corner."""

from __future__ import annotations

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

    def resize(self, width: float, height: float) -> None:
        """Change the size; to be done before anything is drawn."""
        self.figure.set_size_inches(width, height)

    def panel(self, box: Box, frame: Frame) -> Panel:
        """A panel at ``box`` that looks at ``frame``."""
        (left, bottom), (width, height) = self._fractions(*box[:2]), self._fractions(*box[2:])
        return Panel.on(self.figure, (left, bottom, width, height), frame, self.font)

    def width_of(self, text: str, size: float) -> float:
        """How wide a text of ``size`` points is."""
        return measure(self.figure, self.font, text, size)[0] / DPI

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
