"""CPU per request, memory and artifact size: three measures of the same endpoints, side by side."""

from __future__ import annotations

from typing import Final

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import Entry
from serveoff.report.charts.broken_axis import bar, end_of
from serveoff.report.charts.rows import NARROW_BELOW, Measure, bars_title, exact, named, room
from serveoff.report.charts.svg import drawing, group, line, linear_scale, tag, text
from serveoff.report.phrases.names import family, phrase
from serveoff.report.phrases.numbers import megabytes, ms

ROW, GAP, VALUES = 28.0, 26.0, 48.0
MEASURES: Final[tuple[Measure[Entry], ...]] = (
    Measure("Server CPU", "ms/request", lambda e: e.best.cpu_per_request_s if e.best else None, ms),
    Measure("Memory", "MB", lambda e: exact(e.result.memory_bytes), megabytes),
    Measure("Artifact", "MB", lambda e: exact(e.result.artifact_bytes), megabytes),
)


def draw(comparison: Comparison, width: float) -> str:
    """The bars, or nothing where no contender has a valid point."""
    shown = [e for e in comparison.entries if e.role == "contender" and e.best is not None]
    if not shown:
        return ""
    narrow = width < NARROW_BELOW
    words = f"Server CPU per request, memory and artifact size of {len(shown)} endpoints, as in the table."
    if narrow:
        height = 60 + len(shown) * 44
        columns = [
            tag("g", _column(m, shown, 0, width, True), transform=f"translate(0,{i * height})")
            for i, m in enumerate(MEASURES)
        ]
        return drawing(width, height * len(MEASURES), words, columns)
    wide = room(e.result for e in shown)
    span = (width - wide) / len(MEASURES)
    labels = [named(e.result, wide - 18, _y(i, False) + 4.5, "end") for i, e in enumerate(shown)]
    columns = [_column(m, shown, wide + i * span, span - GAP, False) for i, m in enumerate(MEASURES)]
    return drawing(width, 54 + len(shown) * ROW, words, [*labels, *columns])


def _y(index: int, narrow: bool) -> float:
    return 48 + index * 44 + 28 if narrow else 46 + index * ROW + ROW / 2


def _column(measure: Measure[Entry], shown: list[Entry], left: float, width: float, narrow: bool) -> str:
    known = [(i, e, f) for i, e in enumerate(shown) if (f := measure.value(e)) is not None and f.value is not None]
    high = end_of(f.high or f.value for _, _, f in known)
    scale = linear_scale(high, left, left + width - VALUES)
    base = _y(len(shown) - 1, narrow) + 12
    drawn = [bars_title(measure.title, measure.unit, left, 22), line(left, 34, left, base, "base")]
    for index, entry, figure in known:
        y = _y(index, narrow)
        marks = [named(entry.result, left + 4, y - 13, "start")] if narrow else []
        drawn_bar, end = bar(figure, left, scale(high), y, 7, scale)
        marks += drawn_bar
        marks.append(text(end + 6, y + 4.5, measure.text(figure.value or 0), "value"))
        spoken = f"{phrase(entry.result)}: {measure.title} {measure.text(figure.value or 0)} {measure.unit}"
        drawn.append(group(marks, f"fam-{family(entry.result)}", spoken))
    return "".join(drawn)
