"""How latencies lie, in tables: the percentiles far into the tail, and the spread from the least to the most."""

from __future__ import annotations

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.statistics.estimates import ALL_PERCENTILES, min_samples
from serveoff.analyse.studies.distributions import Distribution
from serveoff.report.phrases.cells import Cell, count_cell, endpoint_cell, estimate_cell, number_cell
from serveoff.report.phrases.names import callers, describe_load, label
from serveoff.report.phrases.numbers import full, ms, significant
from serveoff.report.phrases.tables import ENDPOINT, SAMPLES, Column, Table, single, text_column

LOAD = text_column("Load")


def spectrum(comparison: Comparison) -> Table:
    """Percentiles to p99.9 with the fewest and the most callers, and of open loops."""
    columns = (ENDPOINT, LOAD, *(Column(name, "ms") for name in ALL_PERCENTILES), SAMPLES)
    rows = tuple(
        (
            endpoint_cell(comparison.entry(d.point.endpoint)),
            _load_cell(d),
            *(estimate_cell(f, ms) for f in (d.point.p50_s, d.point.p90_s, d.point.p99_s, d.point.p999_s)),
            count_cell(d.point.samples),
        )
        for d in comparison.distributions
    )
    caption = (
        "VALID points with the fewest and the most callers, and open loops, whose latency counts from when a request "
        f"was due; 95% intervals beneath. p99.9 needs {min_samples(ALL_PERCENTILES['p99.9']):,} samples."
    )
    return single("spectrum", caption, columns, rows)


def distributions(comparison: Comparison) -> Table:
    """From the shortest to the longest latency, of the same closed loops."""
    names = ("Least", "p10", "p50", "p90", "p99", "Most")
    columns = (ENDPOINT, LOAD, *(Column(name, "ms") for name in names), SAMPLES)
    rows = tuple(
        (
            endpoint_cell(comparison.entry(d.point.endpoint)),
            _load_cell(d),
            *(number_cell(value, ms) for value in (d.least_s, d.p10_s)),
            *(estimate_cell(f, ms) for f in (d.point.p50_s, d.point.p90_s, d.point.p99_s)),
            number_cell(d.most_s, ms),
            count_cell(d.point.samples),
        )
        for d in comparison.distributions
        if d.point.load.plain
    )
    caption = (
        "Every answered request of VALID points, all rounds together; 95% intervals beneath the percentiles. Least and "
        "most are single requests, and more samples move them apart."
    )
    return single("distributions", caption, columns, rows)


def sentence(comparison: Comparison) -> str:
    """The longest p99.9 relative to its own median, with the fewest callers."""
    alone = min(comparison.concurrencies, default=1)
    deep = [
        (d.point.p999_s.value / d.point.p50_s.value, d.point)
        for d in comparison.distributions
        if d.point.load.plain
        and d.point.concurrency == alone
        and comparison.entry(d.point.endpoint).role == "contender"
        and d.point.p999_s.value
        and d.point.p50_s.value
    ]
    if not deep:
        return f"With {callers(alone)} no endpoint has the samples for p99.9: lengthen the windows, or add rounds."
    (least, steady), (most, wild) = min(deep, key=lambda d: d[0]), max(deep, key=lambda d: d[0])
    said = (
        f"With {callers(alone)}, and by the figures alone, the longest tail for its median is that of "
        f"{label(comparison.entry(wild.endpoint).result)}: p99.9 is {full(wild.p999_s, ms, 'ms')}, {significant(most)} "
        "times p50"
    )
    if steady is wild:
        return f"{said}."
    return (
        f"{said}; the shortest that of {label(comparison.entry(steady.endpoint).result)}, {significant(least)} times."
    )


def _load_cell(distribution: Distribution) -> Cell:
    load = distribution.point.load
    return Cell(describe_load(load), sort=load.rate if not load.closed else float(load.concurrency))
