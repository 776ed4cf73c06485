"""The same input in every encoding that an endpoint takes."""

from __future__ import annotations

from comparison.outcome import Comparison, Encoded
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
from comparison.render.names import ENCODINGS, PAYLOADS, callers, phrase
from comparison.render.numbers import factor, kilobytes, ms, significant


def payloads(comparison: Comparison) -> Table:
    """Bytes, the client's cost of encoding, and latency, by endpoint and encoding."""
    columns = (
        ENDPOINT,
        Column("Request", numeric=False),
        Column("Body", "kB"),
        Column("Encoding", "ms"),
        Column("p50", "ms"),
        Column("p99", "ms"),
        Column("Faster", "times"),
        SAMPLES,
    )
    rows = tuple(_row(comparison, encoded) for encoded in comparison.payloads)
    caption = (
        f"The same inputs with {callers(min(comparison.concurrencies, default=1))}; 95% intervals beneath. Encoding is "
        "the client's median cost for one request and in no latency. The ranking is by each endpoint's first row."
    )
    return single("payloads", caption, columns, rows)


def sentence(comparison: Comparison) -> str:
    """The encoding that gains most."""
    clear = [e for e in comparison.payloads if e.faster is not None and e.faster.low is not None and e.faster.low > 1]
    if not clear:
        return "No other encoding made an endpoint clearly faster."
    best = max(clear, key=lambda e: e.faster.value or 0.0 if e.faster else 0.0)
    return (
        f"{_name(comparison, best).capitalize()} makes {phrase(comparison.entry(best.endpoint).result)} "
        f"{factor(best.faster)} as fast as its own encoding."
    )


def _name(comparison: Comparison, encoded: Encoded) -> str:
    own = comparison.entry(encoded.endpoint).result.payload
    return ENCODINGS.get(encoded.payload, encoded.payload) if encoded.payload else PAYLOADS.get(own, own)


def _row(comparison: Comparison, encoded: Encoded) -> tuple[Cell, ...]:
    point = encoded.point
    return (
        endpoint_cell(comparison.entry(encoded.endpoint)),
        Cell(_name(comparison, encoded)),
        number_cell(encoded.request_bytes, kilobytes),
        number_cell(encoded.encode_s, ms),
        estimate_cell(point.p50_s, ms) if point.valid else Cell("INVALID", tone="bad"),
        estimate_cell(point.p99_s if point.valid else None, ms),
        estimate_cell(encoded.faster, significant),
        count_cell(point.samples),
    )
