"""The files of a comparison: workbook, page and pictures."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from grouping.comparison import Comparison
from grouping.comparison_page import comparison_page
from grouping.comparison_pictures import draw_pictures
from grouping.comparison_sheets import write_comparison_sheets
from grouping.maps import Atlas, MapOptions
from grouping.messages import Lang
from grouping.outputs import Written, write_beside

_OURS = re.compile(r"compare\.(xlsx|html)|compare-(map|flow)-[a-z]+(-\d+)?\.png")


def write_comparison(
    comparison: Comparison, out: str | Path, lang: Lang = "zh", map_options: MapOptions | None = None
) -> Written:
    """Write ``compare.xlsx``, ``compare.html`` and the pictures into a folder, and nothing else of it is touched.

    Args:
        comparison: see :func:`grouping.comparison.compare`.
        out: the folder.
        lang: of all that is said in them.
        map_options: as for the maps of a grouping.

    Raises:
        InputError: the folder can't be written to, a file in it is open in another program, or a file that
            ``map_options`` names can't be used.

    """
    pictures = draw_pictures(comparison, Atlas.opened(lang, map_options or MapOptions()))

    def write(folder: Path) -> Sequence[str]:
        for picture in pictures.all:
            (folder / picture.name).write_bytes(picture.png)
        write_comparison_sheets(comparison, folder / "compare.xlsx", lang)
        (folder / "compare.html").write_text(comparison_page(comparison, pictures, lang), "utf-8", newline="\n")
        return [*(picture.name for picture in pictures.all), "compare.xlsx", "compare.html"]

    return Written(write_beside(Path(out), _OURS, write), pictures.remarks)
