"""Where the time of a request goes, as sentences and as a table: the same columns for every endpoint."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.studies.waterfall import TOLERANCE, Breakdown
from serveoff.record.counter_pages import MICROSECOND
from serveoff.report.charts import waterfall as waterfall_chart
from serveoff.report.charts.marks.bars import NOTE
from serveoff.report.charts.waterfall import fine
from serveoff.report.phrases.cells import Cell, count_cell, endpoint_cell, number_cell
from serveoff.report.phrases.names import phrase, server
from serveoff.report.phrases.numbers import ms, multiple
from serveoff.report.phrases.tables import ENDPOINT, SAMPLES, Column, Field, Table, listed
from serveoff.report.section import Figure, Section

PARTS_OF_A_REQUEST: Final = (
    "Means of all requests with one caller: parts add up to a mean, not to a median. Queue, parse, inference and "
    "serialise are the server's own signals. Wire and server: the rest of what the client measured. Unattributed: "
    "inside the server's own total, but in none of its parts; if a server reports nothing, all of it."
)
PRECISE: Final = 0.2
"""Of the mean latency: where the server's figures may be off by more, no share is told."""
IN_PARSE: Final = Cell("in parse", tone="muted")


def glance(comparison: Comparison) -> Section | None:
    """The chart, and how much of the time is the model's."""
    if not comparison.waterfall:
        return None
    drawn = Figure(partial(waterfall_chart.draw, comparison), CHART)
    return Section("time", "Where the time goes", paragraphs=(sentence(comparison),), figure=drawn)


def section(comparison: Comparison) -> Section | None:
    """Every part of every endpoint."""
    if not comparison.waterfall:
        return None
    said = (PARTS_OF_A_REQUEST, *doubts(comparison))
    return Section("time-in-parts", "Where the time goes, in figures", paragraphs=said, table=waterfall(comparison))


def waterfall(comparison: Comparison) -> Table:
    """Every part in milliseconds, in the order of a request; then their sum beside what was measured."""
    fields: list[Field[Breakdown]] = [
        (ENDPOINT, lambda b: endpoint_cell(comparison.entry(b.endpoint))),
        (Column("Client encode, before", "ms"), lambda b: number_cell(b.encode_s, fine)),
        (Column("Wire and server", "ms"), lambda b: number_cell(b.overhead_s, fine)),
        (Column("Queue", "ms"), lambda b: number_cell(b.queue_s, fine)),
        (Column("Parse", "ms"), lambda b: replace(number_cell(b.parse_s, fine), small=_with_parse(b))),
        (Column("Inference", "ms"), lambda b: number_cell(b.inference_s, fine)),
        (Column("Serialise", "ms"), lambda b: IN_PARSE if _with_parse(b) else number_cell(b.serialise_s, fine)),
        (Column("Unattributed", "ms"), lambda b: IN_PARSE if _with_parse(b) else number_cell(b.rest_s, fine)),
        (Column("Sum", "ms"), _sum_cell),
        (Column("Mean latency", "ms"), lambda b: number_cell(b.whole_s, fine)),
        (Column("Floor", "ms"), lambda b: number_cell(b.floor_s, fine)),
        (SAMPLES, _samples_cell),
    ]
    caption = (
        "Mean milliseconds per request. Under the sum: its error. Floor: the same format called in process. A dash: "
        "not reported."
    )
    return listed("waterfall", caption, fields, comparison.waterfall)


def sentence(comparison: Comparison) -> str:
    """How much of it is the model: of the quickest endpoint, over all, and against the bare model."""
    believed = [b for b in _believed(comparison) if b.inference_s is not None]
    known = [b for b in believed if comparison.entry(b.endpoint).role == "contender"]
    if not known:
        return "No endpoint with a model reports how long its inference takes."
    first = known[0]
    precise = [b for b in known if b.error_s <= PRECISE * b.whole_s]
    shares = sorted(_inference(b) / b.whole_s for b in precise)
    most = f" In the {len(shares)} endpoints that report it well, {_range(shares)}." if len(shares) > 1 else ""
    return (
        f"{_begin(comparison, first)} takes {ms(first.whole_s)}\u00a0ms on average; the model takes "
        f"{ms(_inference(first))}\u00a0ms of it ({_inference(first) / first.whole_s:.0%}).{most}"
        f"{_against_floors(comparison, precise)}"
    )


def _range(shares: list[float]) -> str:
    """`it takes 50% to 62%`."""
    low, high = f"{shares[0]:.0%}", f"{shares[-1]:.0%}"
    return f"it takes {low if low == high else f'{low} to {high}'}"


def _against_floors(comparison: Comparison, known: Sequence[Breakdown]) -> str:
    """How much longer inference takes within a server, where it differs: one that does by little, and the most."""
    ratios = {b.endpoint: _inference(b) / b.floor_s for b in known if b.floor_s}
    if len(ratios) < 2:
        return ""
    least, most = min(ratios, key=ratios.__getitem__), max(ratios, key=ratios.__getitem__)
    low, high = (f"{multiple(ratios[name])} times ({phrase(comparison.entry(name).result)})" for name in (least, most))
    return f" Within a server, inference takes from {low} to {high} as long as in process."


def _inference(breakdown: Breakdown) -> float:
    return breakdown.inference_s or 0.0


def doubts(comparison: Comparison) -> list[str]:
    """What does not add up, and what nobody tells."""
    said = [
        f"{_begin(comparison, b)} is not drawn: its server reports {ms(b.beyond_s)}\u00a0ms a request more than the "
        f"client measured, beyond the stated error ({fine(b.error_s)}\u00a0ms) and {TOLERANCE:.0%} of the latency."
        for b in comparison.waterfall
        if b.beyond_s
    ]
    silent = [phrase(comparison.entry(b.endpoint).result) for b in comparison.waterfall if not b.told]
    if silent:
        said.append(f"No server signals could be read for {', '.join(silent)}.")
    outside = [phrase(comparison.entry(b.endpoint).result) for b in _believed(comparison) if b.overhead_s is None]
    if outside:
        said.append(f"No total of its own: {', '.join(outside)}; there wire and server are within unattributed.")
    joined = [comparison.entry(b.endpoint).result for b in _believed(comparison) if b.parse_holds_serialise]
    said += [
        f"The {name} reports parsing and serialising as one, under parse; with batching, its queue is in inference."
        for name in dict.fromkeys(server(result) for result in joined)
    ]
    return said


CHART: Final = f"Tick: the bare model. Dashed: encoding by the client. {NOTE}"


def _believed(comparison: Comparison) -> list[Breakdown]:
    return [b for b in comparison.waterfall if b.told and not b.beyond_s]


def _begin(comparison: Comparison, breakdown: Breakdown) -> str:
    name = phrase(comparison.entry(breakdown.endpoint).result)
    return name[:1].upper() + name[1:]


def _with_parse(b: Breakdown) -> str:
    """What the server's figure of parsing holds besides."""
    return "and serialise" if b.parse_holds_serialise and b.parse_s is not None else ""


def _sum_cell(b: Breakdown) -> Cell:
    if b.beyond_s:
        return Cell("does not add up", tone="bad")
    return Cell(fine(b.sum_s), f"±{fine(max(b.error_s, MICROSECOND))}" if b.told else "", b.sum_s)


def _samples_cell(b: Breakdown) -> Cell:
    counted = count_cell(b.samples)
    if b.told == b.samples:
        return counted
    return Cell(counted.text, f"server: {b.told:,}" if b.told else "server: none", b.samples)
