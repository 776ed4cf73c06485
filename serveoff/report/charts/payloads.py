"""Bytes of a request and latency, by endpoint and encoding: bars side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.statistics.estimates import Estimate
from serveoff.analyse.studies.payloads import Encoded
from serveoff.report.charts.broken_axis import bar, end_of
from serveoff.report.charts.rows import NARROW_BELOW, Measure, bars_title, exact, spans
from serveoff.report.charts.svg import Scale, drawing, group, line, linear_scale, tag, text
from serveoff.report.phrases.names import family, payload, phrase, short_server, what
from serveoff.report.phrases.numbers import full, kilobytes, ms

LABELS, VALUES, GAP, TOP = 210.0, 62.0, 26.0, 46.0
HEADING, ROW, ROW_NARROW = 30.0, 22.0, 38.0


MEASURES: Final[tuple[Measure[Encoded], ...]] = (
    Measure("Request body", "kB", lambda e: exact(e.request_bytes), kilobytes),
    Measure("p50", "ms", lambda e: e.point.p50_s if e.point.valid else None, ms),
    Measure("p99", "ms", lambda e: e.point.p99_s if e.point.valid else None, ms),
)


@dataclass(frozen=True)
class Column:
    """Where the bars of one measure lie."""

    left: float
    right: float
    top: float
    labelled: bool
    """Names stand above the bars, for want of room beside them."""

    def places(self, groups: Sequence[Sequence[Encoded]]) -> list[list[float]]:
        """The middle of every bar; a group begins with its heading."""
        y, found = self.top, []
        row = ROW_NARROW if self.labelled else ROW
        for group_ in groups:
            y += HEADING
            found.append([y + row * i + row / 2 for i in range(len(group_))])
            y += row * len(group_)
        return found


def draw(comparison: Comparison, width: float) -> str:
    """Three columns of bars, or one above the other; nothing where one encoding is all there was."""
    groups = _groups(comparison.payloads)
    if not groups:
        return ""
    narrow = width < NARROW_BELOW
    height = TOP + sum(HEADING + (ROW_NARROW if narrow else ROW) * len(g) for g in groups) + 12
    span = width if narrow else (width - LABELS) / len(MEASURES)
    body = []
    for number, measure in enumerate(MEASURES):
        left, top = (0.0, number * height) if narrow else (LABELS + number * span, 0.0)
        column = Column(left, left + span - VALUES - (0 if narrow else GAP), top + TOP, narrow)
        body += _column(comparison, measure, column, groups, named=narrow or number == 0)
    words = (
        f"Request size and latency of {len(groups)} endpoints in {len(comparison.payloads)} encodings, as in the table "
    )
    return drawing(width, height * (len(MEASURES) if narrow else 1), words, body)


def _groups(payloads: Sequence[Encoded]) -> list[list[Encoded]]:
    found: dict[str, list[Encoded]] = {}
    for encoded in payloads:
        found.setdefault(encoded.endpoint, []).append(encoded)
    return list(found.values())


def _column(
    comparison: Comparison, measure: Measure[Encoded], column: Column, groups: Sequence[Sequence[Encoded]], named: bool
) -> list[str]:
    known = [f for g in groups for e in g if (f := measure.value(e)) is not None and f.value is not None]
    scale = linear_scale(end_of(f.high or f.value for f in known), column.left, column.right)
    drawn = [bars_title(measure.title, measure.unit, column.left, column.top - 24)]
    for group_, places in zip(groups, column.places(groups), strict=True):
        result = comparison.entry(group_[0].endpoint).result
        marks = [line(column.left, places[0] - ROW / 2, column.left, places[-1] + ROW / 2, "base")]
        if named:
            x, y = (column.left if column.labelled else 4.0), places[0] - (32 if column.labelled else 17)
            marks.append(tag("text", spans(what(result), short_server(result)), x=x, y=y))
        for encoded, y in zip(group_, places, strict=True):
            marks += _bar(comparison, measure, column, encoded, y, scale, named)
        drawn.append(group(marks, f"fam-{family(result)}"))
    return drawn


def _bar(
    comparison: Comparison,
    measure: Measure[Encoded],
    column: Column,
    encoded: Encoded,
    y: float,
    scale: Scale,
    named: bool,
) -> list[str]:
    figure, words = measure.value(encoded), payload(encoded.encoding)
    marks = []
    if named and column.labelled:
        marks.append(text(column.left + 4, y - 11, words, "note"))
    elif named:
        marks.append(text(LABELS - 12, y + 4.5, words, "note", "end"))
    if figure is None or figure.value is None:
        return [*marks, text(column.left + 6, y + 4.5, _missing(encoded, figure), "note")]
    drawn, end = bar(figure, column.left, column.right, y, 6, scale)
    marks += drawn
    marks.append(text(end + 6, y + 4.5, measure.text(figure.value), "value"))
    result = comparison.entry(encoded.endpoint).result
    return [group(marks, "", f"{phrase(result)}, {words}: {measure.title} {full(figure, measure.text, measure.unit)}")]


def _missing(encoded: Encoded, figure: Estimate | None) -> str:
    if not encoded.point.valid:
        return "INVALID"
    return "withheld" if figure is not None and figure.samples else "not known"
