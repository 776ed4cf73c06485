"""How latencies are distributed: far into the tail, and from the shortest to the longest."""

from __future__ import annotations

from functools import partial

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.statistics.estimates import ALL_PERCENTILES, min_samples
from serveoff.analyse.studies.distributions import Distribution
from serveoff.report.charts import distribution, spectrum
from serveoff.report.phrases.cells import Cell, count_cell, endpoint_cell, estimate_cell, number_cell
from serveoff.report.phrases.names import callers, describe_load, phrase
from serveoff.report.phrases.numbers import full, ms, significant
from serveoff.report.phrases.tables import ENDPOINT, SAMPLES, Column, Field, Table, listed, text_column
from serveoff.report.section import Figure, Section
from serveoff.report.sections.notes import alone as fewest


def section(comparison: Comparison) -> Section:
    """The far tail in lines, and how latencies lie in strips."""
    lines = (
        "Latency by percentile, log scales, as far as the samples allow a 95% interval. A line that bends up is a tail "
        "that the median hides. Open loops: one line per rate."
    )
    strips = (
        "Every answered request. Each strip is as high as its own fullest bin; the hairline runs from the shortest to "
        "the longest latency. Two humps: two kinds of requests."
    )
    part = Section(
        "distributions",
        f"Distribution with {fewest(comparison)}",
        figure=Figure(partial(distribution.draw, comparison), strips),
    )
    return Section(
        "tail",
        "The tail, and how latencies are distributed",
        paragraphs=(sentence(comparison),),
        figure=Figure(partial(spectrum.draw, comparison), lines),
        table=tail(comparison),
        parts=(part,),
    )


def tail(comparison: Comparison) -> Table:
    """From the shortest latency to the longest, of contenders: the fewest and the most callers, and open loops."""
    fields: list[Field[Distribution]] = [
        (ENDPOINT, lambda d: endpoint_cell(comparison.entry(d.point.endpoint))),
        (text_column("Load"), _load_cell),
        (Column("Shortest", "ms"), lambda d: number_cell(d.least_s, ms)),
        (Column("p10", "ms"), lambda d: number_cell(d.p10_s, ms)),
        (Column("p50", "ms"), lambda d: number_cell(d.point.p50_s.value, ms)),
        (Column("p99", "ms"), lambda d: estimate_cell(d.point.p99_s, ms)),
        (Column("p99.9", "ms"), lambda d: estimate_cell(d.point.p999_s, ms)),
        (Column("Longest", "ms"), lambda d: number_cell(d.most_s, ms)),
        (SAMPLES, lambda d: count_cell(d.point.samples)),
    ]
    caption = (
        "VALID points of contenders; 95% intervals beneath. Shortest and longest are single requests. p99.9 needs "
        f"{min_samples(ALL_PERCENTILES['p99.9']):,} samples. In open loops latency counts from when a request was due."
    )
    shown = [d for d in comparison.distributions if comparison.entry(d.point.endpoint).role == "contender"]
    return listed("tail", caption, fields, shown)


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
        return f"With {callers(alone)} no endpoint has the samples for p99.9: add rounds."
    (least, steady), (most, wild) = min(deep, key=lambda d: d[0]), max(deep, key=lambda d: d[0])
    said = (
        f"With {callers(alone)}, {phrase(comparison.entry(wild.endpoint).result)} has the longest tail for its median: "
        f"p99.9 is {full(wild.p999_s, ms, 'ms')}, {significant(most)} times p50"
    )
    if steady is wild:
        return f"{said}."
    other = phrase(comparison.entry(steady.endpoint).result)
    return f"{said}; {other} the shortest, {significant(least)} times (point estimates only)."


def _load_cell(distribution: Distribution) -> Cell:
    load = distribution.point.load
    return Cell(describe_load(load), sort=load.rate if not load.closed else float(load.concurrency))
