"""``index.html``: what became of each run of a batch, with links to its report, its table and its maps."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from grouping.batch.results import Results
from grouping.batch.runs import Run, put
from grouping.levels import Level
from grouping.messages import Lang, Message, message, say
from grouping.numbers import km_text
from grouping.wording import percent

_STATUS = {
    "optimal": message("batch.optimal"),
    "feasible": message("batch.feasible"),
    "nothing_to_group": message("batch.nothing_to_group"),
}
_FILES = {"report.md": message("batch.report"), "grouping.xlsx": message("batch.workbook")}


def write_index(results: Results, lang: Lang) -> Path:
    """Write the page."""
    environment = Environment(
        loader=PackageLoader("grouping.batch", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    page = environment.get_template("index.html.jinja").render(
        lang="zh-CN" if lang == "zh" else "en",
        say=lambda key, **values: say(f"batch.{key}", lang, **values),
        lists=_lists(results, lang),
        counts={"total": len(results.runs), "done": results.done, "failed": results.failed},
        unfinished=len(results.runs) - len(results.records),
    )
    path = results.out / "index.html"
    put(path, page.encode())
    return path


def _lists(results: Results, lang: Lang) -> list[dict[str, Any]]:
    """The lists in their order, each with its runs in the page's terms."""
    rows = {(row["list"], row["scenario"]): row for row in results.rows()}
    shown: dict[str, list[dict[str, Any]]] = {}
    for run in results.runs:
        row = rows.get((run.list_name, run.scenario_name))
        shown.setdefault(run.list_name, []).append(_shown(run, row, results, lang))
    return [{"name": name, "runs": runs} for name, runs in shown.items()]


def _shown(run: Run, row: Mapping[str, Any] | None, results: Results, lang: Lang) -> dict[str, Any]:
    if row is None:
        return {"scenario": run.scenario_name, "outcome": "unfinished"}
    if row["outcome"] == "failed":
        lines = row["error"].splitlines()
        return {"scenario": run.scenario_name, "outcome": "failed", "lines": lines}
    links = [
        (f"{row['folder']}/{name}", label.text(lang))
        for name, label in (*_FILES.items(), *_maps())
        if name in results.records[run.name].files
    ]
    return {
        "scenario": run.scenario_name,
        "outcome": "done",
        "status": _STATUS[row["status"]].text(lang),
        "optimal": row["status"] == "optimal",
        "communities": row["communities"],
        "placed": row["sites_placed"],
        "unplaced": row["sites_unplaced"],
        "cost": _km(row["cost_km"]),
        "gap": "–" if row["gap"] is None else percent(row["gap"]),
        "honoured": f"{row['links_honoured']} / {row['links']}",
        "seconds": f"{row['seconds']:.1f}",
        "links": links,
    }


def _maps() -> list[tuple[str, Message]]:
    return [(f"map-{level.value}.png", message("batch.map", level=level.label)) for level in Level]


def _km(value: float | None) -> str:
    return "–" if value is None else km_text(value)
