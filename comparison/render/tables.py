"""The tables beside the charts, as text: HTML and Markdown print the same cells."""

from __future__ import annotations

from comparison.outcome import Comparison, Entry, Point
from comparison.render.cells import (
    ENDPOINT,
    SAMPLES,
    Cell,
    Column,
    Table,
    count_cell,
    endpoint_cell,
    estimate_cell,
    number_cell,
    single,
)
from comparison.render.names import callers, family, server
from comparison.render.numbers import NONE, megabytes, ms, significant


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
    return single("latency", "Latency with the fewest callers; 95% intervals beneath.", columns, rows)


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
    return single("throughput", "Throughput by number of callers; 95% intervals beneath.", columns, rows)


def cold_start(comparison: Comparison) -> Table:
    """Seconds from spawn to each phase, per deployment."""
    columns = (
        Column("Deployment", numeric=False),
        Column("Port open", "s"),
        Column("Model ready", "s"),
        Column("First answer", "s"),
        Column("Starts"),
    )
    rows = []
    for entry in deployments(comparison):
        start = entry.result.cold_start
        if start is not None:
            phases = (start.port_open_s, start.ready_s, start.first_answer_s)
            name = Cell(entry.result.format, server(entry.result), family=family(entry.result))
            rows.append((name, *(number_cell(s, significant) for s in phases), Cell("1", sort=1)))
    return single("cold-start", "Seconds since the server's process was spawned, one start each.", columns, tuple(rows))


def resources(comparison: Comparison) -> Table:
    """CPU at the best throughput, peak memory and artifact size."""
    columns = (
        ENDPOINT,
        Column("Server CPU", "ms/request"),
        Column("Peak memory", "MB"),
        Column("Artifact", "MB"),
        Column("Load generator", "% of one CPU"),
        SAMPLES,
    )
    rows = tuple(
        (
            endpoint_cell(e),
            estimate_cell(best.cpu_per_request_s, ms),
            number_cell(e.peak_memory_bytes, megabytes),
            number_cell(e.result.artifact_bytes, megabytes),
            number_cell(None if best.client_cpu_share is None else best.client_cpu_share * 100, significant),
            count_cell(best.samples),
        )
        for e in comparison.entries
        if (best := e.best) is not None
    )
    caption = (
        "CPU time at each endpoint's best throughput; memory is the largest sum over its process tree in any window."
    )
    return single("resources", caption, columns, rows)


def static_dynamic(comparison: Comparison) -> Table:
    """How many times faster the static graph is, in every place where both forms were valid."""
    columns = (
        Column("Framework", numeric=False),
        Column("Static against dynamic", numeric=False),
        Column("Where", numeric=False),
        Column("Callers"),
        Column("By", numeric=False),
        Column("Static is", "times faster"),
        Column("Verdict", numeric=False),
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


def deployments(comparison: Comparison) -> list[Entry]:
    """The first entry of each deployment that was started, quickest to its first answer first."""
    seen: dict[str, Entry] = {}
    for entry in comparison.entries:
        if entry.result.cold_start is not None:
            seen.setdefault(entry.result.deployment, entry)

    def first_answer(entry: Entry) -> float:
        start = entry.result.cold_start
        return start.first_answer_s if start and start.first_answer_s is not None else float("inf")

    return sorted(seen.values(), key=first_answer)


def _rate_cell(point: Point | None) -> Cell:
    if point is None:
        return Cell(NONE, tone="muted")
    return estimate_cell(point.throughput, significant) if point.valid else Cell("INVALID", tone="bad")
