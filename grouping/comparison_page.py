"""``compare.html``: a comparison as one page with all in it, to be read and printed without a network."""

from __future__ import annotations

import base64
from functools import partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from grouping.comparison import Comparison
from grouping.comparison_pictures import Picture, Pictures
from grouping.comparison_tables import (
    cell_text,
    coming,
    figure_sections,
    label,
    leaving,
    notes,
    setting_text,
    summary,
)
from grouping.messages import Lang, say
from grouping.wording import proof

_PAGES = Path(__file__).parent / "pages"


def comparison_page(comparison: Comparison, pictures: Pictures, lang: Lang = "zh") -> str:
    """The page as HTML."""
    # Names come from lists: nothing in them is ever taken for markup.
    environment = Environment(loader=FileSystemLoader(_PAGES), autoescape=True, undefined=StrictUndefined)
    first = comparison.runs[0]
    others = [
        {
            "run": run,
            "summary": summary(first, run, changes),
            "flows": [picture for picture in pictures.all if picture.run == number],
            "pairs": [pair for pair in changes.pairs if not pair.unchanged],
            "colours": {"—": "", **pictures.colours[number]},
        }
        for number, (run, changes) in enumerate(zip(comparison.runs[1:], comparison.changes, strict=True), 1)
    ]
    page = environment.get_template("comparison.html").render(
        lang=lang,
        say=lambda key, **values: say(key, lang, **values),
        text=lambda cell: cell_text(cell, lang),
        runs=comparison.runs,
        levels=comparison.levels,
        sections=partial(figure_sections, comparison),
        settings=comparison.settings,
        setting_text=setting_text,
        others=others,
        colours=[{"—": "", **one} for one in pictures.colours],
        maps=[picture for picture in pictures.all if picture.run is None],
        notes=notes(comparison),
        source=_source,
        proof=proof,
        coming=coming,
        leaving=leaving,
        label=label,
    )
    return page + "\n"


def _source(picture: Picture) -> str:
    """A picture within the page; a diagram as drawing, which stays sharp at any size."""
    kind, content = ("png", picture.png) if picture.svg is None else ("svg+xml", picture.svg)
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"
