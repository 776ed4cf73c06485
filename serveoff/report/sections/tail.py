"""How latencies are distributed: far into the tail, and from the shortest to the longest."""

from collections.abc import Callable, Mapping
from functools import partial
from operator import attrgetter
from typing import Final

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import Point
from serveoff.analyse.statistics.estimates import ALL_PERCENTILES, Estimate
from serveoff.analyse.studies.distributions import Distribution
from serveoff.record.percentiles import min_samples
from serveoff.report.charts import distribution, spectrum
from serveoff.report.phrases.cells import Cell, count_cell, endpoint_cell, estimate_cell, number_cell
from serveoff.report.phrases.names import describe_load, phrase
from serveoff.report.phrases.numbers import full, ms, significant
from serveoff.report.phrases.tables import (
    ENDPOINT,
    SAMPLES,
    Column,
    Field,
    Table,
    listed,
    text_column,
    uniform,
    without,
)
from serveoff.report.section import Figure, Section
from serveoff.report.sections.notes import alone

FAR: Final[Mapping[str, Callable[[Point], Estimate]]] = {
    "p99.9": attrgetter("p999_s"),
    "p99": attrgetter("p99_s"),
    "p90": attrgetter("p90_s"),
}
"""Percentiles that a tail can be told by, the highest first."""
MOST: Final = 0.75
"""Of the contenders, that must have the samples for a percentile: one slow endpoint has few in any time."""


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
        f"Distribution with {alone(comparison)}",
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
        f"{min_samples(ALL_PERCENTILES['p99.9']):,} samples. In open loops latency counts from when a request was due, "
        "an interval's low end from when it was sent."
    )
    table = listed("tail", caption, fields, spectrum.of_contenders(comparison))
    return without(table, uniform(table, {"p99.9": "withheld"}))


def sentence(comparison: Comparison) -> str:
    """The longest and the shortest tail for its median, by the highest percentile that most contenders have."""
    every = [d.point for d in distribution.with_fewest(comparison) if d.point.p50_s.value]
    known = {name: [point for point in every if of(point).value] for name, of in FAR.items()}
    name = next((name for name, found in known.items() if found and len(found) >= MOST * len(every)), None)
    if name is None:
        return f"With {alone(comparison)} most endpoints lack the samples for p90: add rounds."
    points = known[name]
    ratios = {point.endpoint: (FAR[name](point).value or 0.0) / (point.p50_s.value or 1.0) for point in points}
    wild, steady = max(points, key=lambda p: ratios[p.endpoint]), min(points, key=lambda p: ratios[p.endpoint])
    said = (
        f"With {alone(comparison)}, {phrase(comparison.entry(wild.endpoint).result)} has the longest tail for its "
        f"median: {name} is {full(FAR[name](wild), ms, 'ms')}, {significant(ratios[wild.endpoint])} times p50"
    )
    few = "" if len(points) == len(every) else f", of the {len(points)} that have the samples for it"
    if steady is wild:
        return f"{said}{few}."
    other = phrase(comparison.entry(steady.endpoint).result)
    return f"{said}; {other} the shortest, {significant(ratios[steady.endpoint])} times{few} (point estimates only)."


def _load_cell(distribution: Distribution) -> Cell:
    load = distribution.point.load
    return Cell(describe_load(load), sort=load.rate if not load.closed else float(load.concurrency))
