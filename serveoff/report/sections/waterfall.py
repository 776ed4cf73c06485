"""Where the time of a request goes, as sentences and as a table: the same columns for every endpoint."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.server_signals import HALF_A_STEP_S
from serveoff.analyse.studies.waterfall import TOLERANCE, Breakdown
from serveoff.record.counter_pages import MICROSECOND
from serveoff.report.phrases.cells import Cell, count_cell, endpoint_cell, number_cell
from serveoff.report.phrases.names import phrase, server
from serveoff.report.phrases.numbers import ms
from serveoff.report.phrases.tables import ENDPOINT, SAMPLES, Column, Field, Table, listed

NOTE: Final = (
    "All figures here are means over all requests of one caller, for means of parts add up and medians do not: they "
    "are not the medians of the ranking, and a few slow requests weigh more. Queue, parse, inference and serialise are "
    "each server's own signals. Wire and server is the difference between the latency that the client measured and the "
    "server's own total: the network, the kernel, and the server's work before its clock starts and after it stops. "
    "Unattributed lies within the server's own total and in none of its parts; of a server that says nothing, it is "
    "all. Client encode comes before the clock starts, and is in no latency."
)


@dataclass(frozen=True)
class Part:
    """One piece of a bar: its name in Breakdown, its words, and the letter that marks it on the bar."""

    name: str
    words: str
    letter: str


PARTS: Final = (
    Part("inference", "inference", "I"),
    Part("parse", "parse", "P"),
    Part("serialise", "serialise", "S"),
    Part("queue", "queue", "Q"),
    Part("rest", "unattributed", "U"),
    Part("overhead", "wire and server", "W"),
)
"""As bars are drawn: the model first, so that bars compare with each other and with their floors."""
FINE_S: Final = 1e-5
IN_PARSE: Final = Cell("in parse", tone="muted")
BOTH: Final = "parse and serialise"


def called(breakdown: Breakdown, part: Part) -> str:
    """What a part of this endpoint is called."""
    return BOTH if part.name == "parse" and breakdown.parse_holds_serialise else part.words


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
        "Mean milliseconds a request, one caller, all rounds. Under the sum: by how much it may be off, because the "
        "server's requests are not quite the client's and its figures are rounded. Under the samples: how many "
        "requests the server's own figures are means of, where these are not the same. Floor: the mean of the same "
        "format called in process. A dash: the server does not say."
    )
    return listed("waterfall", caption, fields, comparison.waterfall)


def sentence(comparison: Comparison) -> str:
    """How much of it is the model: of the quickest endpoint, and over all."""
    known = [b for b in _believed(comparison) if b.inference_s is not None and _is_contender(comparison, b)]
    if not known:
        return "No endpoint with a model says how long its inference takes."
    first = known[0]
    share = (first.inference_s or 0.0) / first.whole_s
    mostly = sum(1 for b in known if (b.inference_s or 0.0) < b.whole_s / 2)
    return (
        f"{_begin(comparison, first)} takes {ms(first.whole_s)}\u00a0ms on average, "
        f"of which the model has {ms(first.inference_s or 0.0)}\u00a0ms ({share:.0%}). In {mostly} of {len(known)} "
        "endpoints that tell it, more than half of the time is not inference."
    )


def doubts(comparison: Comparison) -> list[str]:
    """What does not add up, and what nobody tells."""
    said = [
        f"{_begin(comparison, b)} is not drawn: its server's own times exceed what "
        f"should hold them by {ms(b.beyond_s)}\u00a0ms a request, which is more than the stated error "
        f"({fine(b.error_s)}\u00a0ms) and {TOLERANCE:.0%} of the latency."
        for b in comparison.waterfall
        if b.beyond_s
    ]
    silent = [phrase(comparison.entry(b.endpoint).result) for b in comparison.waterfall if not b.told]
    if silent:
        said.append(f"No signal of the server could be read for {', '.join(silent)}: all of it is unattributed.")
    outside = [phrase(comparison.entry(b.endpoint).result) for b in _believed(comparison) if b.overhead_s is None]
    if outside:
        said.append(
            f"The server gives no total of its own for {', '.join(outside)}: the wire and all that it does besides the "
            "parts named are within unattributed."
        )
    joined = [comparison.entry(b.endpoint).result for b in _believed(comparison) if b.parse_holds_serialise]
    said += [
        f"The metrics of the {name} tell the run of the graph from the rest of a request and no more: parsing and "
        "serialising are one figure, under Parse, and with batching its queue is within inference."
        for name in dict.fromkeys(server(result) for result in joined)
    ]
    return said


CHART: Final = (
    "Mean latency of one caller, and its parts, always in this order; a letter marks each that is wide enough. The "
    "tick is the floor. Dashed, behind the bar: what the client took to encode the request, before the clock started."
)


def _believed(comparison: Comparison) -> list[Breakdown]:
    return [b for b in comparison.waterfall if b.told and not b.beyond_s]


def _is_contender(comparison: Comparison, breakdown: Breakdown) -> bool:
    return comparison.entry(breakdown.endpoint).role == "contender"


def _begin(comparison: Comparison, breakdown: Breakdown) -> str:
    name = phrase(comparison.entry(breakdown.endpoint).result)
    return name[:1].upper() + name[1:]


def fine(seconds: float) -> str:
    """Milliseconds; below a hundredth of one to the microsecond, for more was not measured."""
    if seconds >= FINE_S:
        return ms(seconds)
    return f"{seconds * 1e3:.3f}" if seconds >= HALF_A_STEP_S or not seconds else "<0.001"


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
