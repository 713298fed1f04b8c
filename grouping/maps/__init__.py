"""Maps of a grouping: one PNG a level, drawn without any network and without matplotlib's global state."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from matplotlib.text import Text

from grouping.maps.atlas import Atlas, MapOptions
from grouping.maps.page import DPI
from grouping.maps.scene import scene
from grouping.messages import Lang, Message, message
from grouping.result import Result

__all__ = ["Atlas", "DrawnMaps", "MapOptions", "draw_maps", "quiet_about_glyphs"]


@dataclass(frozen=True, slots=True)
class DrawnMaps:
    """The files drawn, and what the office should know about them."""

    paths: tuple[Path, ...]
    remarks: tuple[Message, ...]


def draw_maps(result: Result, folder: Path, lang: Lang = "zh", options: MapOptions | None = None) -> DrawnMaps:
    """Draw ``map-LEVEL.png`` into ``folder`` for each level whose sites have coordinates.

    Raises:
        InputError: the boundary or font file can't be used.

    """
    options = options or MapOptions()
    if not options.drawn:
        return DrawnMaps((), ())
    atlas = Atlas.opened(lang, options)
    paths: list[Path] = []
    remarks: list[Message] = []
    texts: list[str] = []
    with quiet_about_glyphs():
        for level in result.levels:
            shown = scene(level)
            name = level.level.label
            if shown is None:
                if level.communities or level.unplaced:
                    remarks.append(message("map.no_coordinates", level=name))
                continue
            if shown.lost:
                remarks.append(message("map.some_without_coordinates", level=name, count=shown.lost))
            figure = atlas.figure(level, shown)
            texts += [text.get_text() for text in figure.findobj(Text) if isinstance(text, Text)]
            path = folder / f"map-{level.level.value}.png"
            # No Software entry: the same grouping gives the same bytes.
            figure.savefig(path, dpi=DPI, metadata={"Software": None})
            paths.append(path)
    if missing := atlas.font.missing(texts):
        remarks.append(message("map.missing_glyphs", font=atlas.font.path.name, glyphs=missing))
    return DrawnMaps(tuple(paths), tuple(remarks))


@contextmanager
def quiet_about_glyphs() -> Iterator[None]:
    """Without matplotlib's warning for every missing character: who draws tells them all at once."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font", category=UserWarning)
        yield
