"""The tables beside the charts, as text: HTML and Markdown print the same cells."""

from __future__ import annotations

from dataclasses import replace

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.contrasts import Contrast
from serveoff.analyse.entries import Entry, Point
from serveoff.loadtests.loads import closed
from serveoff.report.phrases.cells import (
    DASH,
    Cell,
    count_cell,
    endpoint_cell,
    estimate_cell,
    number_cell,
    percent_cell,
    valid_cell,
)
from serveoff.report.phrases.names import callers
from serveoff.report.phrases.numbers import kilobytes, megabytes, ms, significant
from serveoff.report.phrases.runtimes import terms
from serveoff.report.phrases.scenarios import of_callers, scenario
from serveoff.report.phrases.tables import (
    ENDPOINT,
    SAMPLES,
    Column,
    Field,
    Table,
    listed,
    single,
    text_column,
    without_blank,
)

IN_FLASK, IN_PROCESS = Cell("Flask, REST", family="flask"), Cell("in process", family="floor")
FASTER = {"faster": "static faster", "slower": "dynamic faster"}


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
    fields: list[Field[tuple[Entry, Point]]] = [
        (ENDPOINT, lambda row: endpoint_cell(row[0])),
        (Column("Server CPU", "ms/request"), lambda row: estimate_cell(row[1].cpu_per_request_s, ms)),
        (Column("Peak memory", "MB"), lambda row: number_cell(row[0].peak_memory_bytes, megabytes)),
        (Column("Artifact", "MB"), lambda row: number_cell(row[0].result.artifact_bytes, megabytes)),
        (Column("Network in", "kB/request"), lambda row: _wire_cell(row[0], row[1].network_in_per_request)),
        (Column("Network out", "kB/request"), lambda row: _wire_cell(row[0], row[1].network_out_per_request)),
        (Column("Throttled", "% of the time"), _throttled_cell),
        (Column("Load generator", "% of one CPU"), lambda row: percent_cell(row[1].client_cpu_share)),
        (SAMPLES, lambda row: count_cell(row[1].samples)),
    ]
    busiest = [(entry, best) for entry in comparison.entries if (best := entry.best) is not None]
    caption = f"CPU time at each endpoint's best throughput; memory is {terms(comparison).memory} in any window."
    table = without_blank(listed("resources", caption, fields, busiest), ("Network in", "Network out", "Throttled"))
    if any(column.title == "Network in" for column in table.columns):
        caption += " Network bytes are the container's own, protocol headers and acknowledgements included."
    return replace(table, caption=caption)


def _wire_cell(entry: Entry, size: float | None) -> Cell:
    return number_cell(size if entry.role != "floor" else None, kilobytes)


def _throttled_cell(row: tuple[Entry, Point]) -> Cell:
    """Without a CPU limit nothing can be held back, and a column of zeros would say nothing."""
    container, share = row[0].result.container, row[1].throttled_share
    limited = container is not None and container.cpu_limit is not None
    return percent_cell(share if share or limited else None)


def static_dynamic(comparison: Comparison) -> Table:
    """How many times faster the static graph is, in every place where both forms were valid."""
    fields: list[Field[Contrast]] = [
        (text_column("Framework"), lambda c: Cell(c.framework)),
        (text_column("Static against dynamic"), lambda c: Cell(" against ".join(_formats(comparison, c)))),
        (text_column("Where"), lambda c: IN_FLASK if c.server == "flask" else IN_PROCESS),
        (Column("Callers"), lambda c: number_cell(c.concurrency, str)),
        (text_column("By"), lambda c: Cell(c.metric)),
        (Column("Static is", "times faster"), lambda c: estimate_cell(c.ratio, significant)),
        (text_column("Verdict"), lambda c: Cell(FASTER.get(c.outcome, c.outcome))),
        (SAMPLES, lambda c: count_cell(c.ratio.samples)),
    ]
    caption = "Above 1 the static graph is faster; 95% intervals beneath."
    return listed("static-dynamic", caption, fields, [c for claim in comparison.claims for c in claim.evidence])


def _formats(comparison: Comparison, contrast: Contrast) -> list[str]:
    return [comparison.entry(name).result.format for name in (contrast.static, contrast.dynamic)]


def _rate_cell(point: Point | None) -> Cell:
    if point is None:
        return DASH
    return valid_cell(point, point.throughput, significant)
