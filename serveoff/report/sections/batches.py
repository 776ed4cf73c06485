"""Batches of rows (MLPerf's offline scenario): inputs a second by rows a request, with the fewest callers."""

from dataclasses import replace

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import Entry, Point
from serveoff.analyse.statistics.estimates import Estimate
from serveoff.report.phrases.cells import count_cell, endpoint_cell, estimate_cell, number_cell, valid_cell
from serveoff.report.phrases.numbers import ms, significant
from serveoff.report.phrases.tables import ENDPOINT, SAMPLES, Column, Field, Table, listed
from serveoff.report.section import Section
from serveoff.report.sections.notes import alone


def section(comparison: Comparison) -> Section | None:
    """Nothing where no batch was measured."""
    table = batches(comparison)
    return Section("batches", "Batches", table=table) if table.rows else None


def batches(comparison: Comparison) -> Table:
    """One row per endpoint and rows a request, single rows first; nothing where no batch was measured."""
    fields: list[Field[tuple[Entry, Point]]] = [
        (ENDPOINT, lambda row: endpoint_cell(row[0])),
        (Column("Rows per request"), lambda row: number_cell(row[1].load.batch, str)),
        (Column("Inputs", "per second"), lambda row: valid_cell(row[1], inputs_per_s(row[1]), significant)),
        (Column("Request, p50", "ms"), lambda row: estimate_cell(row[1].p50_s if row[1].valid else None, ms)),
        (Column("Request, p99", "ms"), lambda row: estimate_cell(row[1].p99_s if row[1].valid else None, ms)),
        (SAMPLES, lambda row: count_cell(row[1].samples)),
    ]
    points = [(entry, point) for entry in comparison.entries for point in _points(entry)]
    caption = (
        f"Batches of rows (MLPerf's offline scenario) with {alone(comparison)}, in "
        "each endpoint's own encoding; 95% intervals beneath. A sample of answers was checked, every row of each."
    )
    return listed("batches", caption, fields, points)


def inputs_per_s(point: Point) -> Estimate:
    """Answered requests a second times the rows of each."""
    rate, rows = point.throughput, point.load.batch
    low, high = (None if bound is None else bound * rows for bound in (rate.low, rate.high))
    return replace(rate, value=None if rate.value is None else rate.value * rows, low=low, high=high)


def _points(entry: Entry) -> list[Point]:
    larger = [p for p in entry.others if p.load.closed and p.load.batch > 1 and not p.load.payload]
    own = entry.at(larger[0].concurrency) if larger else None
    return [*([own] if own else []), *larger]
