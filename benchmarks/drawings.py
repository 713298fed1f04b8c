"""Writes the tables and plots of a report: ``python -m benchmarks.drawings FOLDER``, where ``runs.json`` is."""

from __future__ import annotations

import sys
import textwrap
from math import ceil, floor, log10
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator
from matplotlib.transforms import Bbox

from benchmarks.records import Report
from benchmarks.tables import GOOD_GAP, Table, every, first_seconds, good_seconds, grown

_INCHES_PER_LETTER = 0.085
_INCHES_PER_ROW = 0.26


def write(folder: Path) -> list[Path]:
    """Write each table of ``folder/runs.json`` as Markdown and PNG, and the plot of growth."""
    report = Report.read(folder / "runs.json")
    written = []
    for name, table in every(report):
        text, picture = folder / f"{name}.md", folder / f"{name}.png"
        text.write_text(table.markdown(), "utf-8")
        draw(table).savefig(picture, dpi=120)
        written += [text, picture]
    plot = folder / "growth-plot.png"
    plot_growth(report).savefig(plot, dpi=120)
    return [*written, plot]


def draw(table: Table) -> Figure:
    """The table as a picture."""
    letters = [max(map(len, column)) + 2 for column in zip(table.header, *table.rows, strict=True)]
    width = _INCHES_PER_LETTER * sum(letters)
    caption = textwrap.wrap(table.caption, int(width / _INCHES_PER_LETTER))
    below, above = 0.2 * len(caption) + 0.2, 0.5
    body = _INCHES_PER_ROW * (len(table.rows) + 1)
    height = above + body + below
    figure = Figure(figsize=(width + 0.4, height))
    axes = figure.add_axes((0.2 / (width + 0.4), below / height, width / (width + 0.4), body / height))
    axes.set_axis_off()
    drawn = axes.table(
        [list(row) for row in table.rows],
        colLabels=list(table.header),
        colWidths=[count / sum(letters) for count in letters],
        bbox=Bbox.unit(),
    )
    drawn.auto_set_font_size(False)
    drawn.set_fontsize(9)
    left = table.left()
    for (row, column), cell in drawn.get_celld().items():
        cell.set_linewidth(0.3)
        cell.PAD = 1 / letters[column]
        cell.get_text().set_horizontalalignment("left" if left[column] else "right")
        if row == 0:
            cell.set_facecolor("0.9")
        elif "ours" in table.rows[row - 1]:
            cell.set_facecolor("#eef5ff")
    figure.text(0.2 / (width + 0.4), 1 - 0.3 / height, table.title, fontsize=12, weight="bold")
    figure.text(0.2 / (width + 0.4), 0.1 / height, "\n".join(caption), fontsize=8, verticalalignment="bottom")
    return figure


def plot_growth(report: Report) -> Figure:
    """Time and memory of ours over the number of sites, both on logarithmic axes."""
    runs = grown(report)
    sizes = [one.task.spec.size for one in runs]
    figure = Figure(figsize=(9, 4), layout="constrained")
    time, memory = figure.subplots(1, 2)
    lines = (
        ("first grouping", [first_seconds(one) for one in runs], "o-"),
        (f"gap {GOOD_GAP:.0%}", [good_seconds(one) for one in runs], "s-"),
        ("in all", [one.seconds for one in runs], "^--"),
    )
    for label, seconds, style in lines:
        known = [(size, value) for size, value in zip(sizes, seconds, strict=True) if value is not None]
        time.loglog(*zip(*known, strict=True) if known else ([], []), style, label=label)
    time.loglog(sizes, [one.task.seconds for one in runs], color="0.6", linewidth=0.8, linestyle=":", label="limit")
    time.set_ylabel("seconds")
    time.legend()
    memory.loglog(sizes, [one.peak_mb for one in runs], "o-")
    memory.axhline(report.idle_mb, color="0.6", linewidth=0.8, linestyle=":")
    memory.set_ylabel("peak memory, MB")
    # Whole decades, for less than one has no labelled tick.
    peaks = [report.idle_mb, *(one.peak_mb for one in runs)]
    memory.set_ylim(10 ** floor(log10(min(peaks))), 10 ** ceil(log10(max(peaks))))
    for axes in (time, memory):
        axes.set_xlabel("sites")
        axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
        axes.xaxis.set_minor_locator(NullLocator())
        axes.grid(alpha=0.3)
    return figure


if __name__ == "__main__":
    for path in write(Path(sys.argv[1])):
        sys.stdout.write(f"{path}\n")
