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
)
from serveoff.report.phrases.names import callers, payload, phrase
from serveoff.report.phrases.numbers import NONE, factor, full, kilobytes, ms, significant, us
from serveoff.report.phrases.tables import ENDPOINT, SAMPLES, Column, Table, single, text_column

REQUEST = text_column("Request")
BODY = Column("Body", "kB")
DECODING = (
    "Decoding is the mean time in which the server made pixels of a JPEG or PNG file, by its own signals; the latency "
    "holds it. In TensorFlow Serving the model's graph decodes: there it is by how much longer the graph ran than for "
    "the endpoint's own encoding, a difference of two means, with the least and the largest of a round beneath."
)
TIED = "≈ marks a difference from the row above that is a tie or inconclusive"


def payloads(comparison: Comparison) -> Table:
    """Bytes, the client's cost of encoding, and latency, by endpoint and encoding."""
    images = any(encoded.encoding in IMAGES for encoded in comparison.payloads)
    columns = (
        ENDPOINT,
        REQUEST,
        BODY,
        Column("Answer", "kB"),
        Column("Encoding", "µs"),
        *((Column("Decoding", "ms"),) if images else ()),
        Column("p50", "ms"),
        Column("p99", "ms"),
        Column("Faster than its own", "times"),
        Column("Faster than JSON", "times"),
        SAMPLES,
    )
    rows = tuple(_row(comparison, encoded, images) for encoded in comparison.payloads)
    caption = (
        f"The same inputs with {_alone(comparison)}; 95% intervals beneath. Encoding is the client's median cost for "
        "one request, with the number of requests encoded beneath, and in no latency. An endpoint's first row is its "
        "own encoding, by which the main ranking is. JSON is that of the same endpoint, where it takes any. Raw "
        "bytes are answered by raw bytes, every other request as its own encoding is."
    )
    return single("payloads", f"{caption} {DECODING}" if images else caption, columns, rows)


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
    columns = (
        Column("Rank"),
        Column("Main rank"),
        ENDPOINT,
        text_column("Best payload"),
        BODY,
        Column("p50", "ms"),
        Column("Faster than its own", "times"),
        SAMPLES,
    )
    rows = tuple(_best_row(comparison, standing) for standing in comparison.encodings.best)
    caption = (
        "Best payload each, beside the main rank, which is by each endpoint's own: an endpoint's best is the quickest "
        "of those clearly quicker than its own, by intervals that hold for all its encodings together, or else its "
        f"own. {TIED}, by intervals that hold for all {comparison.encodings.pairs:,} pairs of endpoints and encodings "
        "together, of which the best were chosen."
    )
    return single("payload-best", caption, columns, rows)


def alike(comparison: Comparison) -> Table:
    """Like with like: for each encoding, the endpoints that take it."""
    columns = (REQUEST, Column("Rank"), ENDPOINT, BODY, Column("p50", "ms"), SAMPLES)
    groups = tuple(
        ("", tuple(_alike_row(comparison, s) for s in standings)) for standings in comparison.encodings.alike
    )
    caption = (
        "Like with like: endpoints that take the same payload, ranked among themselves by p50 with "
        f"{_alone(comparison)}. {TIED}, by intervals that hold for all pairs of that payload together."
    )
    return Table("payload-alike", caption, columns, groups)


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


def encoding_name(encoded: Encoded) -> str:
    """What a request carries, in words."""
    return payload(encoded.encoding)


def _alone(comparison: Comparison) -> str:
    return callers(min(comparison.concurrencies, default=1))


def _entry_of(comparison: Comparison, deployment: str) -> Entry:
    return next(entry for entry in comparison.entries if entry.result.deployment == deployment)


def _row(comparison: Comparison, encoded: Encoded, images: bool) -> tuple[Cell, ...]:
    point, entry = encoded.point, comparison.entry(encoded.endpoint)
    return (
        endpoint_cell(entry),
        Cell(payload(encoded.encoding)),
        number_cell(encoded.request_bytes, kilobytes),
        number_cell(encoded.answer_bytes, kilobytes),
        _encode_cell(encoded),
        *((_decode_cell(entry, encoded),) if images else ()),
        estimate_cell(point.p50_s, ms) if point.valid else INVALID,
        estimate_cell(point.p99_s if point.valid else None, ms),
        estimate_cell(encoded.faster, significant),
        estimate_cell(encoded.than_json, significant),
        count_cell(point.samples),
    )


def _encode_cell(encoded: Encoded) -> Cell:
    if encoded.encode_s is None:
        return DASH
    return Cell(us(encoded.encode_s), f"n={encoded.encodes:,}" if encoded.encodes else "", encoded.encode_s)


def _decode_cell(entry: Entry, encoded: Encoded) -> Cell:
    if encoded.decode_s is not None:
        rounds = encoded.decode_rounds_s
        spread = (
            f"rounds {significant(1e3 * rounds[0])} to {significant(1e3 * rounds[-1])}, " if len(rounds) > 1 else ""
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


def _best_row(comparison: Comparison, standing: EncodingStanding) -> tuple[Cell, ...]:
    encoded = standing.encoded
    entry = comparison.entry(encoded.endpoint)
    return (
        _rank_cell(standing),
        Cell(str(entry.rank), sort=entry.rank) if entry.rank else DASH,
        endpoint_cell(entry),
        Cell(payload(encoded.encoding), "" if encoded.payload else "its own"),
        number_cell(encoded.request_bytes, kilobytes),
        estimate_cell(encoded.point.p50_s, ms),
        estimate_cell(encoded.faster, significant),
        count_cell(encoded.point.samples),
    )


def _alike_row(comparison: Comparison, standing: EncodingStanding) -> tuple[Cell, ...]:
    encoded = standing.encoded
    return (
        Cell(payload(encoded.encoding)),
        _rank_cell(standing),
        endpoint_cell(comparison.entry(encoded.endpoint)),
        number_cell(encoded.request_bytes, kilobytes),
        estimate_cell(encoded.point.p50_s, ms),
        count_cell(encoded.point.samples),
    )


def _rank_cell(standing: EncodingStanding) -> Cell:
    return Cell(f"{'≈ ' if standing.tied_above else ''}{standing.rank}", sort=standing.rank)
