"""What each endpoint costs to run: CPU, memory, disk, network."""

from dataclasses import replace
from functools import partial
from typing import Final

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import Entry, Point
from serveoff.report.charts import pareto
from serveoff.report.charts import resources as chart
from serveoff.report.charts.marks.bars import NOTE
from serveoff.report.phrases.cells import (
    Cell,
    count_cell,
    endpoint_cell,
    estimate_cell,
    number_cell,
    percent_cell,
)
from serveoff.report.phrases.numbers import kilobytes, megabytes, ms
from serveoff.report.phrases.tables import ENDPOINT, SAMPLES, Column, Field, Table, listed, without_blank
from serveoff.report.section import Figure, Section

SEEN: Final = {
    "Server CPU": "CPU time per request at the best throughput",
    "Memory": "memory",
    "Artifact": "artifact on disk",
}
WIRE: Final = ("Network in", "Network out", "Throttled")
PSS = (
    "Memory: proportional set sizes (PSS) summed over a deployment's processes (a page that n processes share counts "
    "as 1/n), the largest of several readings with all deployments at rest."
)


def section(comparison: Comparison) -> Section | None:
    """The bars, the table, and latency against cost; nothing where what endpoints take cannot be seen."""
    table = resources(comparison)
    known = {column.title for column in table.columns}
    if known.isdisjoint(SEEN):
        return None
    bars = f"Bars: {', '.join(words for title, words in SEEN.items() if title in known)}. {NOTE}"
    front = (
        "Left and low is better; whiskers: 95% intervals. Filled dots, joined: no other endpoint is both faster and "
        "cheaper (point estimates only)."
    )
    both = Section("cost", "Latency against cost", figure=Figure(partial(pareto.draw, comparison), front))
    return Section(
        "resources",
        "Cost and resources",
        figure=Figure(partial(chart.draw, comparison), bars),
        table=table,
        parts=(both,) if len(pareto.costed(comparison)) > 1 else (),
    )


def resources(comparison: Comparison) -> Table:
    """CPU and network at the best throughput, throttling, memory and artifact size."""
    fields: list[Field[tuple[Entry, Point]]] = [
        (ENDPOINT, lambda row: endpoint_cell(row[0])),
        (Column("Server CPU", "ms/request"), lambda row: estimate_cell(row[1].cpu_per_request_s, ms)),
        (Column("Memory", "MB"), lambda row: number_cell(row[0].result.memory_bytes, megabytes)),
        (Column("Artifact", "MB"), lambda row: number_cell(row[0].result.artifact_bytes, megabytes)),
        (Column("Network in", "kB/request"), lambda row: _wire_cell(row[0], row[1].network_in_per_request)),
        (Column("Network out", "kB/request"), lambda row: _wire_cell(row[0], row[1].network_out_per_request)),
        (Column("Throttled", "% of the time"), _throttled_cell),
        (Column("Load generator", "% of one CPU"), lambda row: percent_cell(row[1].client_cpu_share)),
        (SAMPLES, lambda row: count_cell(row[1].samples)),
    ]
    busiest = [(entry, best) for entry in comparison.entries if (best := entry.best) is not None]
    caption = f"CPU at the best throughput. {PSS}"
    if any(entry.result.memory_bytes is None for entry, _ in busiest):
        caption += " It is blank where this user cannot read it."
    optional = (*WIRE, *SEEN) if comparison.attached.only else WIRE
    table = without_blank(listed("resources", caption, fields, busiest), optional)
    if any(column.title == "Network in" for column in table.columns):
        caption += " Network bytes are the container's own, with headers and acknowledgements."
    return replace(table, caption=caption)


def _wire_cell(entry: Entry, size: float | None) -> Cell:
    return number_cell(size if entry.role != "floor" else None, kilobytes)


def _throttled_cell(row: tuple[Entry, Point]) -> Cell:
    """Without a CPU limit nothing can be held back, and a column of zeros would say nothing."""
    container, share = row[0].result.container, row[1].throttled_share
    limited = container is None or container.cpu_limit is not None
    return percent_cell(share if share or limited else None)
