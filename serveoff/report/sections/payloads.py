"""The same input in every encoding that an endpoint takes: each endpoint's own, the matrix, and rankings by payload."""

from __future__ import annotations

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import Entry
from serveoff.analyse.studies.encodings import EncodingCell, EncodingStanding
from serveoff.analyse.studies.payloads import IMAGES, Encoded
from serveoff.record.counter_pages import PAGES
from serveoff.report.phrases.cells import (
    DASH,
    INVALID,
    Cell,
    count_cell,
    deployment_cell,
    endpoint_cell,
    estimate_cell,
    number_cell,
    rank_cell,
    valid_cell,
)
from serveoff.report.phrases.names import callers, payload, phrase
from serveoff.report.phrases.numbers import NONE, factor, full, kilobytes, ms, significant, us
from serveoff.report.phrases.tables import ENDPOINT, SAMPLES, Column, Field, Table, grouped, listed, text_column

REQUEST = text_column("Request")
BODY = Column("Body", "kB")
DECODING = (
    "Decoding is the mean time in which the server made pixels of a JPEG or PNG file, by its own signals; the latency "
    "holds it. In TensorFlow Serving the model's graph decodes: there it is by how much longer the graph ran than for "
    "the endpoint's own encoding, a difference of two means, with the least and the largest of a round beneath."
)
TIED = "≈ marks a difference from the row above that is tied or undecided"


def payloads(comparison: Comparison) -> Table:
    """Bytes, the client's cost of encoding, and latency, by endpoint and encoding."""
    images = any(encoded.encoding in IMAGES for encoded in comparison.payloads)
    decoding: Field[Encoded] = (Column("Decoding", "ms"), lambda e: _decode_cell(comparison.entry(e.endpoint), e))
    fields: list[Field[Encoded]] = [
        (ENDPOINT, lambda encoded: endpoint_cell(comparison.entry(encoded.endpoint))),
        (REQUEST, lambda encoded: Cell(payload(encoded.encoding))),
        (BODY, lambda encoded: number_cell(encoded.request_bytes, kilobytes)),
        (Column("Answer", "kB"), lambda encoded: number_cell(encoded.answer_bytes, kilobytes)),
        (Column("Encoding", "µs"), _encode_cell),
        *([decoding] if images else []),
        (Column("p50", "ms"), lambda encoded: valid_cell(encoded.point, encoded.point.p50_s, ms)),
        (Column("p99", "ms"), lambda encoded: estimate_cell(encoded.point.p99_s if encoded.point.valid else None, ms)),
        (Column("Faster than its own", "times"), lambda encoded: estimate_cell(encoded.faster, significant)),
        (Column("Faster than JSON", "times"), lambda encoded: estimate_cell(encoded.than_json, significant)),
        (SAMPLES, lambda encoded: count_cell(encoded.point.samples)),
    ]
    caption = (
        f"The same inputs with {_alone(comparison)}; 95% intervals beneath. Encoding is the client's median cost for "
        "one request, with the number of requests encoded beneath, and in no latency. An endpoint's first row is its "
        "own encoding, by which the main ranking is. JSON is that of the same endpoint, where it takes any. Raw "
        "bytes are answered by raw bytes, every other request as its own encoding is."
    )
    return listed("payloads", f"{caption} {DECODING}" if images else caption, fields, comparison.payloads)


def matrix(comparison: Comparison) -> Table:
    """Every deployment against every encoding: the median, or why there is none."""
    cells = comparison.encodings.matrix
    encodings = list(dict.fromkeys(cell.encoding for cell in cells))
    columns = (text_column("Deployment"), *(Column(payload(encoding), "ms") for encoding in encodings))
    formats: dict[str, list[tuple[Cell, ...]]] = {}
    for deployment in dict.fromkeys(cell.deployment for cell in cells):
        entry = _entry_of(comparison, deployment)
        row = deployment_cell(entry), *(_matrix_cell(cell) for cell in cells if cell.deployment == deployment)
        formats.setdefault(entry.result.format, []).append(row)
    caption = (
        f"p50 by deployment and payload with {_alone(comparison)}; 95% intervals and numbers of samples beneath. "
        "“Not taken” means that the server takes no such request. Equal REST payloads are equal bytes on every server; "
        "over gRPC each server has its own message around them."
    )
    groups = tuple((format, tuple(rows)) for format, rows in formats.items())
    return Table("payload-matrix", caption, columns, groups)


def best(comparison: Comparison) -> Table:
    """Every endpoint in its best encoding, apart from the main ranking."""
    fields: list[Field[EncodingStanding]] = [
        (Column("Rank"), lambda standing: rank_cell(standing.rank, standing.tied_above)),
        (Column("Main rank"), lambda standing: rank_cell(comparison.entry(standing.encoded.endpoint).rank)),
        (ENDPOINT, lambda standing: endpoint_cell(comparison.entry(standing.encoded.endpoint))),
        (
            text_column("Best payload"),
            lambda s: Cell(payload(s.encoded.encoding), "" if s.encoded.payload else "its own"),
        ),
        (BODY, lambda standing: number_cell(standing.encoded.request_bytes, kilobytes)),
        (Column("p50", "ms"), lambda standing: estimate_cell(standing.encoded.point.p50_s, ms)),
        (Column("Faster than its own", "times"), lambda s: estimate_cell(s.encoded.faster, significant)),
        (SAMPLES, lambda standing: count_cell(standing.encoded.point.samples)),
    ]
    caption = (
        "Best payload each, beside the main rank, which is by each endpoint's own: an endpoint's best is that in which "
        f"it measured quickest. {TIED}."
    )
    return listed("payload-best", caption, fields, comparison.encodings.best)


def alike(comparison: Comparison) -> Table:
    """Like with like: for each encoding, the endpoints that take it."""
    fields: list[Field[EncodingStanding]] = [
        (REQUEST, lambda standing: Cell(payload(standing.encoded.encoding))),
        (Column("Rank"), lambda standing: rank_cell(standing.rank, standing.tied_above)),
        (ENDPOINT, lambda standing: endpoint_cell(comparison.entry(standing.encoded.endpoint))),
        (BODY, lambda standing: number_cell(standing.encoded.request_bytes, kilobytes)),
        (Column("p50", "ms"), lambda standing: estimate_cell(standing.encoded.point.p50_s, ms)),
        (SAMPLES, lambda standing: count_cell(standing.encoded.point.samples)),
    ]
    caption = (
        "Like with like: endpoints that take the same payload, ranked among themselves by p50 with "
        f"{_alone(comparison)}. {TIED}."
    )
    return grouped("payload-alike", caption, fields, [("", standings) for standings in comparison.encodings.alike])


def sentence(comparison: Comparison) -> str:
    """The encoding that gains most."""
    others = [standing.encoded for standing in comparison.encodings.best if standing.encoded.payload]
    if not others:
        return "No other encoding made an endpoint clearly faster."
    gained = max(others, key=lambda e: e.faster.value or 0.0 if e.faster else 0.0)
    name = payload(gained.encoding)
    return (
        f"{name if name.startswith('gRPC') else name[0].upper() + name[1:]} makes "
        f"{phrase(comparison.entry(gained.endpoint).result)} {factor(gained.faster)} as fast as its own encoding."
    )


def best_sentence(comparison: Comparison) -> str:
    """Who leads where each endpoint may choose its payload."""
    standings = comparison.encodings.best
    if not standings:
        return ""
    first, second = standings[0], next(iter(standings[1:]), None)
    if second is not None and second.tied_above:
        return (
            f"With the best payload each, {_called(comparison, first)} comes first at the median, "
            f"{_median(first)}, and is not clearly faster than {_called(comparison, second)}, {_median(second)}."
        )
    behind = f" and {_called(comparison, second)} second, {_median(second)}" if second else ""
    return (
        f"With the best payload each, {_called(comparison, first)} comes first at the median, {_median(first)}{behind}."
    )


def _called(comparison: Comparison, standing: EncodingStanding) -> str:
    return f"{phrase(comparison.entry(standing.encoded.endpoint).result)} ({payload(standing.encoded.encoding)})"


def _median(standing: EncodingStanding) -> str:
    return full(standing.encoded.point.p50_s, ms, "ms")


def _alone(comparison: Comparison) -> str:
    return callers(min(comparison.concurrencies, default=1))


def _entry_of(comparison: Comparison, deployment: str) -> Entry:
    return next(entry for entry in comparison.entries if entry.result.deployment == deployment)


def _encode_cell(encoded: Encoded) -> Cell:
    if encoded.encode_s is None:
        return DASH
    return Cell(us(encoded.encode_s), f"n={encoded.encodes:,}" if encoded.encodes else "", encoded.encode_s)


def _decode_cell(entry: Entry, encoded: Encoded) -> Cell:
    if encoded.decode_s is not None:
        starts = encoded.decode_starts_s
        spread = (
            f"starts {significant(1e3 * starts[0])} to {significant(1e3 * starts[-1])}, " if len(starts) > 1 else ""
        )
        return Cell(ms(encoded.decode_s), f"{spread}n={encoded.decodes:,}", encoded.decode_s)
    page = PAGES.get(entry.result.server)
    in_graph = encoded.encoding in IMAGES and page is not None and page.decode is None
    return Cell("in the graph" if in_graph else NONE, tone="muted")


def _matrix_cell(cell: EncodingCell) -> Cell:
    if cell.encoded is None:
        failed = cell.state == "failed"
        return Cell("gate failed", cell.reason, tone="bad") if failed else Cell(cell.state, tone="muted")
    point = cell.encoded.point
    if not point.valid:
        return INVALID
    shown = estimate_cell(point.p50_s, ms)
    return Cell(shown.text, f"{shown.small}, n={point.samples:,}", shown.sort, tone=shown.tone)


def _best_payload_cell(standing: EncodingStanding) -> Cell:
    return Cell(payload(standing.encoded.encoding), "" if standing.encoded.payload else "its own")
