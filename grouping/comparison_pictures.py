"""The pictures of a comparison: maps side by side, and diagrams of who goes where."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.text import Text

from grouping.alluvial import Look, alluvial
from grouping.comparison import Comparison, Run
from grouping.levels import Level
from grouping.maps import Atlas, quiet_about_glyphs
from grouping.maps.page import DPI
from grouping.maps.scene import COLOURS, Scene, scene
from grouping.maps.side_by_side import Map, side_by_side
from grouping.messages import Message, message, say
from grouping.result import LevelResult


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as a file: its name, what it shows in words, and its content, both as PNG and, of a diagram, as SVG.

    ``run`` is the number of the run that it compares with the first, None for maps.
    """

    name: str
    level: Level
    run: int | None
    alt: Message
    png: bytes
    svg: bytes | None = None


@dataclass(frozen=True, slots=True)
class Pictures:
    """All pictures of a comparison, and what the office should know about them.

    ``colours`` has for each run the colours of its communities by their labels.
    """

    all: tuple[Picture, ...]
    colours: tuple[Mapping[str, str], ...]
    remarks: tuple[Message, ...]


def draw_pictures(comparison: Comparison, atlas: Atlas) -> Pictures:
    """Draw the maps of each level whose sites have coordinates, and the flows from the first run to each other."""
    pictures: list[Picture] = []
    remarks: list[Message] = []
    texts: list[str] = []
    every: list[dict[str, str]] = [{} for _ in comparison.runs]
    with quiet_about_glyphs():
        for level in comparison.levels:
            scenes, colours = _scenes(comparison, level)
            for one, more in zip(every, colours, strict=True):
                one.update(more)
            if all(scenes):
                figure = side_by_side(atlas, level, list(_maps(comparison, level, scenes)), _notes(comparison))
                texts += _texts(figure)
                alt = message("compare.map_alt", level=level.label)
                pictures.append(Picture(f"compare-map-{level.value}.png", level, None, alt, _png(figure)))
            else:
                remarks.append(message("map.no_coordinates", level=level.label))
            for number, drawn in _flows(comparison, level, colours, atlas):
                texts += _texts(drawn)
                names = {"first": comparison.runs[0].name, "other": comparison.runs[number].name}
                name = f"compare-flow-{level.value}-{number + 1}.png"
                alt = message("compare.flow_alt", **names)
                pictures.append(Picture(name, level, number, alt, _png(drawn), _svg(drawn)))
    if missing := atlas.font.missing(texts):
        remarks.append(message("map.missing_glyphs", font=atlas.font.path.name, glyphs=missing))
    return Pictures(tuple(pictures), tuple(every), tuple(remarks))


def _scenes(comparison: Comparison, level: Level) -> tuple[list[Scene | None], list[Mapping[str, str]]]:
    """What each run's map shows, and the colours of its communities by label: those that continue keep theirs."""
    scenes: list[Scene | None] = []
    colours: list[Mapping[str, str]] = []
    for number, run in enumerate(comparison.runs):
        part = _level(run, level)
        partner = comparison.changes[number - 1].partner if number else {}
        given = {label: colours[0][first] for label, first in partner.items() if first in colours[0]} if number else {}
        shown = scene(part, given) if part is not None else None
        scenes.append(shown)
        placed = {group.community.label: group.colour for group in shown.groups} if shown else {}
        every = [one.label for one in part.communities] if part else []
        rest = {label: COLOURS[rank % len(COLOURS)] for rank, label in enumerate(every)}
        colours.append({**rest, **given, **placed})
    return scenes, colours


def _level(run: Run, level: Level) -> LevelResult | None:
    return next((part for part in run.result.levels if part.level is level), None)


def _maps(comparison: Comparison, level: Level, scenes: list[Scene | None]) -> Iterator[Map]:
    moved = [{*one.moved} for one in comparison.changes]
    everywhere = {first for one in comparison.changes for first in one.moved.values()}
    for number, (run, shown) in enumerate(zip(comparison.runs, scenes, strict=True)):
        assert shown is not None
        count = run.figures[level].communities
        if number == 0:
            heading = message("compare.panel_title", run=run.name, communities=count)
            yield Map(run.name, heading, shown, frozenset(everywhere))
            continue
        here = frozenset(moved[number - 1] & set(shown.ids))
        heading = message("compare.panel_title_moved", run=run.name, communities=count, moved=len(here))
        yield Map(run.name, heading, shown, here)


def _notes(comparison: Comparison) -> list[Message]:
    return [message("compare.same_colour"), message("compare.ring", first=comparison.runs[0].name), message("map.star")]


def _flows(
    comparison: Comparison, level: Level, colours: list[Mapping[str, str]], atlas: Atlas
) -> Iterator[tuple[int, Figure]]:
    first = comparison.runs[0].name
    for number, (run, one) in enumerate(zip(comparison.runs[1:], comparison.changes, strict=True), 1):
        flows = [flow for flow in one.flows if flow.level is level]
        moved = sum(len(flow.sites) for flow in flows if flow.listed and not flow.stays)
        title = say("compare.flow_title", atlas.lang, level=level.label, first=first, other=run.name, moved=moved)
        look = Look((colours[0], colours[number]), (first, run.name), title, atlas.font, atlas.lang)
        if (drawn := alluvial(flows, look)) is not None:
            yield number, drawn


def _texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if isinstance(text, Text)]


def _png(figure: Figure) -> bytes:
    stream = io.BytesIO()
    # No Software entry: the same comparison gives the same bytes.
    figure.savefig(stream, format="png", dpi=DPI, metadata={"Software": None})
    return stream.getvalue()


def _svg(figure: Figure) -> bytes:
    stream = io.BytesIO()
    # Letters as shapes, for the reader's machine need not have the font.
    with mpl.rc_context({"svg.fonttype": "path", "svg.hashsalt": "grouping"}):
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    return stream.getvalue()
