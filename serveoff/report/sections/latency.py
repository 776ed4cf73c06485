"""Latency, and every point of the run, endpoint by endpoint: what a row of the decision matrix rests on."""

import re
from dataclasses import replace
from functools import partial
from typing import Final

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import Entry, Point
from serveoff.analyse.statistics.estimates import ALL_PERCENTILES
from serveoff.record.attached import ATTACHED
from serveoff.record.percentiles import min_samples
from serveoff.report.charts import latency as chart
from serveoff.report.phrases.cells import (
    DASH,
    INVALID,
    VALID,
    Cell,
    count_cell,
    estimate_cell,
    number_cell,
)
from serveoff.report.phrases.names import payload, phrase, server
from serveoff.report.phrases.numbers import kilobytes, ms, significant
from serveoff.report.phrases.tables import (
    SAMPLES,
    Column,
    Field,
    Table,
    grouped,
    text_column,
    uniform,
    without,
    without_blank,
)
from serveoff.report.section import Figure, Section
from serveoff.report.sections.notes import alone

ROLES: Final = {
    "contender": "",
    "stand-in": "not ranked",
    "floor": "not ranked",
    "null": "not ranked",
    "variant": "variant",
}
FLOOR: Final = (
    " Tick: the floor, the same format called in process, without a server; the rest is the price of serving."
)
OPTIONAL: Final = ("CPU", "Over its floor")
DULL: Final = {"p99.9": "withheld", "Errors": "0", "Verdict": VALID.text}
"""Columns that go where they say this in every row; SAID has it in a sentence, and of verdicts the page has one."""
SAID: Final = {
    "p99.9": f"p99.9 would need {min_samples(ALL_PERCENTILES['p99.9']):,} samples.",
    "Errors": "No request failed.",
}
_NOT_IN_AN_ADDRESS: Final = re.compile(r"[^a-z0-9]+")


def section(comparison: Comparison) -> Section:
    """The chart of medians and tails, and the table of all points."""
    note = (
        f"With {alone(comparison)}. Filled: p50. Hollow: p99. Whiskers: 95% intervals. INVALID points are omitted."
        f"{FLOOR if _floors(comparison) else ''}"
    )
    return Section(
        "endpoints",
        f"Every endpoint: latency, throughput{', CPU' if comparison.cpu_known else ''}",
        figure=Figure(partial(chart.draw, comparison), note),
        table=points(comparison),
    )


def address(endpoint: str) -> str:
    """Where an endpoint's points are on the page."""
    return f"endpoint-{_NOT_IN_AN_ADDRESS.sub('-', endpoint.lower()).strip('-')}"


def points(comparison: Comparison) -> Table:
    """Every point of the run, VALID or not, a group for each endpoint."""
    fields: list[Field[Point]] = [
        (Column("Callers"), lambda point: number_cell(point.concurrency, str)),
        (Column("p50", "ms"), lambda point: estimate_cell(point.p50_s, ms)),
        (Column("p99", "ms"), lambda point: estimate_cell(point.p99_s, ms)),
        (Column("p99.9", "ms"), lambda point: estimate_cell(point.p999_s, ms)),
        (Column("Rate", "req/s"), lambda point: estimate_cell(point.throughput, significant)),
        (Column("CPU", "ms/request"), lambda point: estimate_cell(point.cpu_per_request_s, ms)),
        (Column("Over its floor", "times"), lambda point: _over_floor(comparison, point)),
        (Column("Errors"), lambda point: count_cell(point.errors)),
        (Column("Answers checked"), lambda point: count_cell(point.answers_checked)),
        (Column("Rounds"), lambda point: count_cell(point.rounds)),
        (SAMPLES, lambda point: count_cell(point.samples)),
        (text_column("Verdict"), lambda point: VALID if point.valid else INVALID),
    ]
    caption = "95% intervals beneath. A percentile without enough samples for an interval is withheld."
    shown = [entry for entry in comparison.entries if entry.points]
    groups = [(_title(entry), entry.points) for entry in shown]
    table = without_blank(grouped("points", caption, fields, groups), OPTIONAL)
    dull = uniform(table, DULL)
    caption = " ".join([caption, *(SAID[title] for title in dull if title in SAID)])
    addresses = tuple(address(entry.name) for entry in shown)
    return replace(without(table, dull), caption=caption, addresses=addresses)


def _title(entry: Entry) -> str:
    carried = server(entry.result) if entry.result.server == ATTACHED else payload(entry.result.payload)
    size = f" ({kilobytes(entry.result.request_bytes)}\u00a0kB)" if entry.result.request_bytes else ""
    return ", ".join(filter(None, (phrase(entry.result), ROLES[entry.role], carried + size)))


def _floors(comparison: Comparison) -> bool:
    return any(entry.role == "floor" for entry in comparison.entries)


def _over_floor(comparison: Comparison, point: Point) -> Cell:
    entry = comparison.entry(point.endpoint)
    return estimate_cell(entry.overhead, significant) if entry.overhead and point is entry.alone else DASH
