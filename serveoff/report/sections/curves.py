"""Latency against throughput, as a table: a column per number of callers."""

from __future__ import annotations

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import Point
from serveoff.report.charts.tradeoff import curves
from serveoff.report.phrases.cells import DASH, INVALID, Cell, count_cell, endpoint_cell
from serveoff.report.phrases.names import callers
from serveoff.report.phrases.numbers import ms, significant
from serveoff.report.phrases.tables import ENDPOINT, SAMPLES, Column, Table, single


def tradeoff(comparison: Comparison) -> Table:
    """p50 and p99 with the throughput that was reached, by number of callers; INVALID points say so."""
    columns = (ENDPOINT, *(Column(f"{callers(c)}: p50 / p99", "ms") for c in comparison.concurrencies), SAMPLES)
    rows = tuple(
        (
            endpoint_cell(entry),
            *(_cell(entry.at(c)) for c in comparison.concurrencies),
            count_cell(sum(p.samples for p in points)),
        )
        for entry, points in curves(comparison)
    )
    caption = "p50 and p99 with the throughput beneath; their intervals are in the table of every point."
    return single("tradeoff", caption, columns, rows)


def _cell(point: Point | None) -> Cell:
    if point is None or point.p50_s.value is None:
        return DASH
    if not point.valid:
        return INVALID
    tail = "withheld" if point.p99_s.value is None else ms(point.p99_s.value)
    rate = significant(point.throughput.value or 0.0)
    return Cell(f"{ms(point.p50_s.value)} / {tail}", f"at {rate} req/s", point.p50_s.value)
