"""The tables beside the charts, as text: HTML and Markdown print the same cells."""

from __future__ import annotations

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import Entry, Point
from serveoff.loadtests.loads import closed
from serveoff.report.phrases.cells import DASH, INVALID, Cell, count_cell, endpoint_cell, estimate_cell, number_cell
from serveoff.report.phrases.names import callers
from serveoff.report.phrases.numbers import kilobytes, megabytes, ms, significant
from serveoff.report.phrases.runtimes import terms
from serveoff.report.phrases.scenarios import of_callers, scenario
from serveoff.report.phrases.tables import ENDPOINT, SAMPLES, Column, Table, single, text_column, without_blank


def latency(comparison: Comparison) -> Table:
    """Percentiles with the fewest callers, and what the server adds to the bare model."""
    columns = (ENDPOINT, *(Column(p, "ms") for p in ("p50", "p90", "p99")), Column("Over its floor", "times"), SAMPLES)
    rows = tuple(
        (
            endpoint_cell(e),
            *(estimate_cell(f, ms) for f in (p.p50_s, p.p90_s, p.p99_s)),
            estimate_cell(e.overhead, significant),
            count_cell(p.samples),
        )
        for e in comparison.entries
        if (p := e.alone) is not None and p.valid
    )
    word = scenario(closed(min(comparison.concurrencies, default=1)))
    caption = f"Latency with the fewest callers ({word}); 95% intervals beneath."
    return single("latency", caption, columns, rows)


def throughput(comparison: Comparison) -> Table:
    """Answered requests a second, endpoint by concurrency; INVALID points say so."""
    columns = (ENDPOINT, *(Column(callers(c), "req/s") for c in comparison.concurrencies), SAMPLES)
    rows = tuple(
        (
            endpoint_cell(e),
            *(_rate_cell(e.at(c)) for c in comparison.concurrencies),
            count_cell(sum(p.samples for p in e.points)),
        )
        for e in comparison.entries
        if e.role != "floor" and not e.result.unavailable
    )
    caption = f"Throughput by number of callers; 95% intervals beneath. {of_callers(comparison.concurrencies)}"
    return single("throughput", caption, columns, rows)


def resources(comparison: Comparison) -> Table:
    """CPU and network at the best throughput, throttling, peak memory and artifact size."""
    columns = (
        ENDPOINT,
        Column("Server CPU", "ms/request"),
        Column("Peak memory", "MB"),
        Column("Artifact", "MB"),
        Column("Network in", "kB/request"),
        Column("Network out", "kB/request"),
        Column("Throttled", "% of the time"),
        Column("Load generator", "% of one CPU"),
        SAMPLES,
    )
    rows = tuple(_resources_row(e, best) for e in comparison.entries if (best := e.best) is not None)
    shown, rows = without_blank(columns, rows, ("Network in", "Network out", "Throttled"))
    caption = f"CPU time at each endpoint's best throughput; memory is {terms(comparison).memory} in any window."
    if any(column.title == "Network in" for column in shown):
        caption += " Network bytes are the container's own, protocol headers and acknowledgements included."
    return single("resources", caption, shown, rows)


def _resources_row(entry: Entry, best: Point) -> tuple[Cell, ...]:
    wire = entry.role != "floor"
    return (
        endpoint_cell(entry),
        estimate_cell(best.cpu_per_request_s, ms),
        number_cell(entry.peak_memory_bytes, megabytes),
        number_cell(entry.result.artifact_bytes, megabytes),
        number_cell(best.network_in_per_request if wire else None, kilobytes),
        number_cell(best.network_out_per_request if wire else None, kilobytes),
        _percent_cell(best.throttled_share if _has_cpu_limit(entry, best) else None),
        _percent_cell(best.client_cpu_share),
        count_cell(best.samples),
    )


def _has_cpu_limit(entry: Entry, best: Point) -> bool:
    """Without a CPU limit nothing can be held back, and a column of zeros would say nothing."""
    container = entry.result.container
    return bool(best.throttled_share) or (container is not None and container.cpu_limit is not None)


def _percent_cell(share: float | None) -> Cell:
    return number_cell(None if share is None else share * 100, significant)


def static_dynamic(comparison: Comparison) -> Table:
    """How many times faster the static graph is, in every place where both forms were valid."""
    columns = (
        text_column("Framework"),
        text_column("Static against dynamic"),
        text_column("Where"),
        Column("Callers"),
        text_column("By"),
        Column("Static is", "times faster"),
        text_column("Verdict"),
        SAMPLES,
    )
    words = {"better": "static faster", "worse": "dynamic faster"}
    rows = tuple(
        (
            Cell(c.framework),
            Cell(" against ".join(comparison.entry(n).result.format for n in (c.static, c.dynamic))),
            Cell(
                "Flask, REST" if c.place == "flask" else "in process", family="flask" if c.place == "flask" else "floor"
            ),
            Cell(str(c.concurrency), sort=c.concurrency),
            Cell(c.metric),
            estimate_cell(c.ratio, significant),
            Cell(words.get(c.outcome, c.outcome)),
            count_cell(c.ratio.samples),
        )
        for claim in comparison.claims
        for c in claim.evidence
    )
    return single("static-dynamic", "Above 1 the static graph is faster; 95% intervals beneath.", columns, rows)


def _rate_cell(point: Point | None) -> Cell:
    if point is None:
        return DASH
    return estimate_cell(point.throughput, significant) if point.valid else INVALID
