"""Ratios with their intervals, a row each, on a logarithmic scale around the line of no difference."""

from collections.abc import Sequence
from dataclasses import dataclass

from serveoff.analyse.statistics.estimates import Estimate
from serveoff.analyse.verdict import TIED_WITHIN
from serveoff.report.charts.marks.rows import Label, Layout, grid
from serveoff.report.charts.marks.svg import (
    Scale,
    circle,
    drawing,
    group,
    line,
    log_scale,
    log_ticks,
    rect,
    text,
    whisker_of,
)
from serveoff.report.phrases.numbers import times

FINE = (0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.4, 1.6)
"""Ticks where all ratios are about 1."""
HALF_A_LABEL = 14
"""Of a tick, in pixels."""
CLEAR = ("faster", "slower")


@dataclass(frozen=True)
class Row:
    """One ratio, above 1 where the first of two is faster, and its verdict."""

    label: Label
    ratio: Estimate
    outcome: str
    spoken: str


def draw(rows: Sequence[Row], width: float, unit: str, words: str) -> str:
    """So scaled that twice and half lie equally far from 1."""
    layout = Layout(width, top=62, value_width=150, row_wide=30)
    values = [v for row in rows for v in (row.ratio.low, row.ratio.high, row.ratio.value) if v]
    low, high = min(*values, 0.95) / 1.06, max(*values, 1.05) * 1.06
    scale = log_scale(low, high, layout.left, layout.right)
    ticks = [(tick, f"{tick:g}×") for tick in _ticks(low, high) if scale(tick) + HALF_A_LABEL < width]
    body = grid(layout, len(rows), ticks, scale, unit)
    body += _no_difference(layout, len(rows), scale)
    body += [_row(layout, index, row, scale) for index, row in enumerate(rows)]
    return drawing(width, layout.bottom(len(rows)) + 26, words, body)


def _ticks(low: float, high: float) -> list[float]:
    if high / low < 2:
        return [tick for tick in FINE if low <= tick <= high]
    return log_ticks(low, high, (1, 1.5, 2, 3, 5, 7) if high / low < 20 else (1, 2, 5))


def _no_difference(layout: Layout, count: int, scale: Scale) -> list[str]:
    """The line where two things are equal, in the band within which they tie."""
    low, high = scale(1 / (1 + TIED_WITHIN)), scale(1 + TIED_WITHIN)
    top, bottom = layout.top - 4, layout.bottom(count)
    return [
        rect(low, top, high - low, bottom - top, "same-band", 0),
        line(scale(1), top, scale(1), bottom, "same-line"),
        text(scale(1), bottom + 16, "no difference", "note", "middle" if scale(1) > 60 else "start"),
    ]


def _row(layout: Layout, index: int, row: Row, scale: Scale) -> str:
    y, value, clear = layout.y(index), row.ratio.value or 1.0, row.outcome in CLEAR
    marks = [layout.rule(index), layout.label(index, row.label), whisker_of(row.ratio, scale, y)]
    marks.append(circle(scale(value), y, 5, "dot" if clear else "hollow"))
    marks.append(layout.value(index, times(value) if clear or layout.narrow else f"{times(value)} {row.outcome}"))
    return group(marks, f"fam-{row.label.family}", row.spoken)
