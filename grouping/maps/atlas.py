"""The composition of a map: which panels there are, what each looks at, and the words around them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from grouping.fonts import Font, find_font
from grouping.maps.boundaries import Boundaries, national_boundaries, read_boundaries
from grouping.maps.frames import NATION, SOUTH_CHINA_SEA, Frame, around, crowded_frames, is_regional
from grouping.maps.legend import NAMED_AT_MOST, legend
from grouping.maps.lettering import Lettering, Unnamed, name_all
from grouping.maps.page import DPI, Box, Page
from grouping.maps.panel import Panel
from grouping.maps.scene import Scene
from grouping.messages import Lang, Message, message, say
from grouping.result import LevelResult

_WIDTH, _MAIN, _SIDE = 15.6, 10.2, 5.0
"""Widths in inches: the whole figure, the main panel, the panels beside it."""
_HEIGHT = 9.0
_EDGE, _GAP, _TITLE, _LINE = 0.15, 0.1, 0.5, 0.22
_TITLE_SIZE, _TEXT_SIZE = 15.0, 9.0
_CLOSER_LOOKS = 3
_CLOSER = 0.6
"""A closer look must have a scale of less than this part of what it is a look at; km per inch."""
NAMED_BELOW_AT_MOST = 60
"""More names than this without room are counted, not listed."""
_LETTERS = "ABC"


@dataclass(frozen=True, slots=True)
class MapOptions:
    """What the office decides about its maps.

    ``boundary`` is its own map file instead of 天地图; ``approval`` the approval number (审图号) to print; ``public``
    says the maps will be published, so that boundaries are drawn only with an approval number. Where they are not
    ``drawn`` the rest does not matter.
    """

    boundary: Path | None = None
    approval: str | None = None
    public: bool = False
    font: Path | None = None
    drawn: bool = True


@dataclass(frozen=True, slots=True)
class Views:
    """What the panels of a map look at: ``main``, and ``looks`` closer at the crowded parts.

    ``within`` says which of the looks, by its index, each look is a part of; None is the main panel.
    ``national`` says that the main panel shows the whole country; ``locate`` that a panel beside it does instead.
    """

    main: Frame
    national: bool
    locate: bool
    looks: tuple[Frame, ...]
    within: tuple[int | None, ...]

    @property
    def beside(self) -> int:
        """How many panels stand beside the main one."""
        return len(self.looks) + int(self.locate)


@dataclass(frozen=True, slots=True)
class Atlas:
    """What all maps of a run share."""

    lang: Lang
    options: MapOptions
    font: Font
    boundaries: Boundaries | None

    @classmethod
    def opened(cls, lang: Lang, options: MapOptions) -> Atlas:
        """With its files read.

        Raises:
            InputError: a file can't be used.

        """
        boundaries = read_boundaries(options.boundary) if options.boundary else national_boundaries()
        hidden = options.public and not options.approval
        return cls(lang, options, find_font(options.font), None if hidden else boundaries)

    def figure(self, level: LevelResult, shown: Scene) -> Figure:
        """The map of one level."""
        page = Page.of(_WIDTH, _HEIGHT + _TITLE + _EDGE, self.font)
        views = self._views(shown)
        unnamed = self._draw_panels(page, shown, views)
        side = _WIDTH - _EDGE - _SIDE
        room = _WIDTH - 2 * _EDGE
        beside = legend(page, shown.groups, _SIDE, self.lang, narrow=True)
        below = legend(page, shown.groups, room, self.lang)
        fits = views.beside == 1 and beside.depth <= (_HEIGHT - _GAP) / 2
        depth = 0.0 if fits else below.depth + _GAP
        notes = [line for note in self._notes(shown, unnamed) for line in page.wrapped(*note, room, _TEXT_SIZE)]
        caption = page.wrapped(self._caption(level, shown), say("map.caption_separator", self.lang), room, _TEXT_SIZE)
        lines = [*notes, *caption]
        bottom = depth + len(lines) * _LINE + 2 * _GAP
        page.deepen(bottom)
        if fits:
            beside.draw(page, side, bottom + (_HEIGHT - _GAP) / 2)
        else:
            below.draw(page, _EDGE, bottom - _GAP)
        page.write(_EDGE, bottom + _HEIGHT + _TITLE / 2, self._title(level), _TITLE_SIZE, "#222222")
        for number, line in enumerate(lines):
            page.write(_EDGE, bottom - depth - _GAP - (number + 0.5) * _LINE, line, _TEXT_SIZE, "#444444")
        return page.figure

    # --- Panels ----------------------------------------------------------------------------------------

    def _views(self, shown: Scene) -> Views:
        locate = self.boundaries is not None and is_regional(shown.points)
        national = self.boundaries is not None and not locate

        def main(aspect: float) -> Frame:
            return NATION.shaped(aspect) if national else around(shown.points, aspect)

        def closer(frame: Frame, width: float, most: int) -> list[Frame]:
            """Looks at the crowded parts of a frame that is so many inches wide; none that hardly show them larger."""
            found = crowded_frames(shown.points, frame, width * DPI, aspect, most)
            return [one for one in found if one.width / _SIDE < _CLOSER * frame.width / width]

        most = _CLOSER_LOOKS - int(locate)
        aspect = _SIDE / (_HEIGHT / 2)
        frame = main(_MAIN / _HEIGHT)
        looks = closer(frame, _MAIN, most)
        within: list[int | None] = [None] * len(looks)
        for number, look in enumerate(tuple(looks)):
            # Where sites stand too close even there, such as the districts of one city, a look closer still.
            inner = closer(look, _SIDE, min(1, most - len(looks)))
            looks += inner
            within += [number] * len(inner)
        if not looks and not locate:
            frame = main((_WIDTH - 2 * _EDGE) / _HEIGHT)
        return Views(frame, national, locate, tuple(looks), tuple(within))

    def _draw_panels(self, page: Page, shown: Scene, views: Views) -> Unnamed:
        """The main panel on the left; on the right where it lies, and closer looks."""
        width = _MAIN if views.beside else _WIDTH - 2 * _EDGE
        main = self.panel(page, (_EDGE, 0.0, width, _HEIGHT), views.main)
        boxes = _side_boxes(views.beside)
        islands: list[Panel] = []
        if views.locate:
            _, _, wide, tall = box = boxes.pop(0)
            locator = self.panel(page, box, NATION.shaped(wide / tall))
            self.south_china_sea(page, locator)
            locator.mark(views.main)
        if views.national:
            islands.append(self.south_china_sea(page, main))
        looks = [look.shaped(wide / tall) for look, (_, _, wide, tall) in zip(views.looks, boxes, strict=True)]
        panels = [self.panel(page, box, look) for look, box in zip(looks, boxes, strict=True)]
        for letter, panel in zip(_LETTERS, panels, strict=False):
            panel.tag(letter)
        letterings: list[Lettering] = []
        for place, panel in [(None, main), *enumerate(panels)]:
            inner = [number for number, where in enumerate(views.within) if where == place]
            for number in inner:
                panel.mark(looks[number], _LETTERS[number])
            letterings.append(with_sites(panel, shown, [looks[number].holds(shown.points) for number in inner]))
        letterings.sort(key=lambda one: one.panel.frame.width / one.panel.axes.bbox.width)
        seen = main.frame.holds(shown.points)
        for inset in islands:
            lettering = with_sites(inset, shown, [seen])
            # The coast beside the islands is in the inset too, but its sites are named elsewhere.
            only = tuple(spot for spot in lettering.spots if not seen[spot.rows].any())
            letterings.append(replace(lettering, spots=only))
        return name_all(letterings, shown)

    def panel(self, page: Page, box: Box, frame: Frame) -> Panel:
        """A panel with the land in it and a scale bar."""
        panel = page.panel(box, frame)
        if self.boundaries is not None:
            panel.draw_land(self.boundaries)
        panel.draw_scale(say("map.scale", self.lang, length="{length}"))
        return panel

    def south_china_sea(self, page: Page, main: Panel) -> Panel:
        """The inset with the islands, in the lower right corner of ``main``."""
        assert self.boundaries is not None
        corner = main.axes.get_position()
        tall = 0.225 * corner.height
        figure_width, figure_height = page.figure.get_size_inches()
        width = tall * figure_height * (SOUTH_CHINA_SEA.width / SOUTH_CHINA_SEA.height) / figure_width
        inset = Panel.on(page.figure, (corner.x1 - width, corner.y0, width, tall), SOUTH_CHINA_SEA, self.font)
        inset.draw_land(self.boundaries)
        edge = inset.axes.bbox
        main.taken.append((edge.x0, edge.y0, edge.x1, edge.y1))
        return inset

    # --- Words -----------------------------------------------------------------------------------------

    def _title(self, level: LevelResult) -> str:
        return say(
            "map.title_unplaced" if level.unplaced else "map.title",
            self.lang,
            level=level.level.label,
            communities=len(level.communities),
            sites=sum(len(community.members) for community in level.communities),
            unplaced=len(level.unplaced),
        )

    def _notes(self, shown: Scene, unnamed: Unnamed) -> Iterator[tuple[list[str], str]]:
        """What is said below of the sites whose names found no room: parts of text, and what stands between them."""
        comma = say("map.comma", self.lang)
        if unnamed.numbered:
            names = [comma.join(shown.names[row] for row in rows) for rows in unnamed.numbered]
            first, *others = (f"{number} {text}" for number, text in enumerate(names, 1))
            yield [say("map.numbered", self.lang) + first, *others], say("map.semicolon", self.lang)
        if 0 < len(unnamed.rows) <= NAMED_BELOW_AT_MOST:
            first, *others = (shown.names[row] for row in unnamed.rows)
            yield [say("map.nameless", self.lang) + first, *others], comma
        elif len(unnamed.rows):
            yield [say("map.nameless_many", self.lang, count=len(unnamed.rows))], comma
        if len(unnamed.groups) > NAMED_BELOW_AT_MOST:
            yield [say("map.groups_nameless_many", self.lang, count=len(unnamed.groups))], comma
        elif unnamed.groups:
            first, *others = (group.community.label for group in unnamed.groups)
            yield [say("map.groups_nameless", self.lang) + first, *others], comma

    def _caption(self, level: LevelResult, shown: Scene) -> list[str]:
        parts: list[Message] = []
        if any(community.lead for community in level.communities):
            parts.append(message("map.star"))
        if len(shown.unplaced):
            parts.append(message("map.cross"))
        if len(shown.groups) > NAMED_AT_MOST:
            parts.append(message("map.members_elsewhere"))
        return [part.text(self.lang) for part in (*parts, *self.provenance())]

    def provenance(self) -> Iterator[Message]:
        """What a map is, where its boundaries come from, and its approval number."""
        yield message("map.public_sketch" if self.options.public else "map.internal_sketch")
        yield self.boundaries.source if self.boundaries else message("map.no_boundaries")
        if self.options.approval:
            yield message("map.approval", number=self.options.approval)


def with_sites(panel: Panel, shown: Scene, closer: Sequence[NDArray[np.bool_]]) -> Lettering:
    """The panel with its communities; those whole in a closer look, which holds these sites, are named there."""
    elsewhere = np.any(closer, axis=0) if len(closer) else np.zeros(len(shown.points), dtype=np.bool_)
    spots = panel.draw_communities(shown, ~elsewhere)
    visible = panel.frame.holds(shown.points)
    groups = tuple(
        group
        for group in shown.groups
        if visible[group.spots].any() and not any(inside[group.spots].all() for inside in closer)
    )
    return Lettering(panel, shown, spots, groups)


def _side_boxes(count: int) -> list[Box]:
    """``count`` boxes (left, bottom, width, height; inches) in the column beside the main panel, from the top."""
    # One panel alone would be a tall stripe; half the height suits it better.
    tall = (_HEIGHT - (max(count, 2) - 1) * _GAP) / max(count, 2)
    left = _WIDTH - _EDGE - _SIDE
    return [(left, _HEIGHT - (k + 1) * tall - k * _GAP, _SIDE, tall) for k in range(count)]
