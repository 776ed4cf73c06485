"""Bytes of a request and latency, by endpoint and encoding: bars side by side."""

from itertools import groupby
from typing import Final

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.statistics.estimates import Estimate
from serveoff.analyse.studies.payloads import Encoded
from serveoff.report.charts.marks import bars
from serveoff.report.charts.marks.bars import Measure, Row, exact
from serveoff.report.charts.marks.rows import Label, label_of, room
from serveoff.report.phrases.names import family, payload, phrase
from serveoff.report.phrases.numbers import kilobytes, ms

MEASURES: Final[tuple[Measure[Encoded], ...]] = (
    Measure("Request body", "kB", lambda e: exact(e.request_bytes), kilobytes),
    Measure("p50", "ms", lambda e: e.point.p50_s if e.point.valid else None, ms),
    Measure("p99", "ms", lambda e: e.point.p99_s if e.point.valid else None, ms),
)


def draw(comparison: Comparison, width: float) -> str:
    """Three columns of bars, or one above the other; nothing where one encoding is all there was."""
    rows: list[Row[Encoded]] = []
    for endpoint, encodings in groupby(comparison.payloads, lambda encoded: encoded.endpoint):
        result = comparison.entry(endpoint).result
        rows.append(Row(label_of(result)))
        rows += [_row(encoded, family(result), phrase(result)) for encoded in encodings]
    if not rows:
        return ""
    words = f"Request size and latency by endpoint in {len(comparison.payloads)} encodings, as in the table."
    labels = room(comparison.entry(encoded.endpoint).result for encoded in comparison.payloads)
    return bars.draw(rows, MEASURES, labels, width, words)


def _row(encoded: Encoded, family: str, endpoint: str) -> Row[Encoded]:
    words = payload(encoded.encoding)
    return Row(Label("", words, family), encoded, f"{endpoint}, {words}", lambda figure: _missing(encoded, figure))


def _missing(encoded: Encoded, figure: Estimate | None) -> str:
    if not encoded.point.valid:
        return "INVALID"
    return "withheld" if figure is not None and figure.samples else "not known"
