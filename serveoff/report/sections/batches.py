"""Batches of rows (MLPerf's offline scenario): inputs a second by rows a request, with the fewest callers."""

from __future__ import annotations

from dataclasses import replace

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import Entry, Point
from serveoff.analyse.statistics.bootstrap import Estimate
from serveoff.report.phrases.cells import INVALID, Cell, count_cell, endpoint_cell, estimate_cell
from serveoff.report.phrases.names import callers
from serveoff.report.phrases.numbers import ms, significant
from serveoff.report.phrases.tables import ENDPOINT, SAMPLES, Column, Table, single


def batches(comparison: Comparison) -> Table:
    """One row per endpoint and rows a request, single rows first; nothing where no batch was measured."""
    columns = (
        ENDPOINT,
        Column("Rows a request"),
        Column("Inputs", "per second"),
        Column("Request, p50", "ms"),
        Column("Request, p99", "ms"),
        SAMPLES,
    )
    rows = tuple(_row(entry, point) for entry in comparison.entries for point in _points(entry))
    caption = (
        f"Batches of rows (MLPerf's offline scenario) with {callers(min(comparison.concurrencies, default=1))}, in "
        "each endpoint's own encoding; 95% intervals beneath. A sample of answers was checked, every row of it."
    )
    return single("batches", caption, columns, rows)


def inputs_per_s(point: Point) -> Estimate:
    """Answered requests a second times the rows of each."""
    rate, rows = point.throughput, point.load.batch
    low, high = (None if bound is None else bound * rows for bound in (rate.low, rate.high))
    return replace(rate, value=None if rate.value is None else rate.value * rows, low=low, high=high)


def _points(entry: Entry) -> list[Point]:
    larger = [p for p in entry.others if p.load.closed and p.load.batch > 1 and not p.load.payload]
    own = entry.at(larger[0].concurrency) if larger else None
    return [*([own] if own else []), *larger]


def _row(entry: Entry, point: Point) -> tuple[Cell, ...]:
    valid = point.valid
    return (
        endpoint_cell(entry),
        Cell(str(point.load.batch), sort=point.load.batch),
        estimate_cell(inputs_per_s(point), significant) if valid else INVALID,
        estimate_cell(point.p50_s if valid else None, ms),
        estimate_cell(point.p99_s if valid else None, ms),
        count_cell(point.samples),
    )
