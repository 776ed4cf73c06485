"""The same input in every encoding that an endpoint takes: the matrix, and each endpoint's own."""

from collections.abc import Mapping
from functools import partial

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import Entry
from serveoff.analyse.studies.encodings import EncodingCell, EncodingStanding
from serveoff.analyse.studies.payloads import IMAGES, Encoded
from serveoff.record.counter_pages import PAGES
from serveoff.report.charts import payloads as chart
from serveoff.report.charts.marks.bars import NOTE
from serveoff.report.phrases.cells import (
    DASH,
    INVALID,
    Cell,
    count_cell,
    deployment_cell,
    endpoint_cell,
    estimate_cell,
    number_cell,
    valid_cell,
)
from serveoff.report.phrases.names import payload, phrase
from serveoff.report.phrases.numbers import NONE, factor, full, kilobytes, ms, significant, us
from serveoff.report.phrases.tables import ENDPOINT, SAMPLES, Column, Field, Table, listed, text_column
from serveoff.report.section import Figure, Section
from serveoff.report.sections.notes import alone

REQUEST = text_column("Request")
BODY = Column("Body", "kB")
DECODING = (
    "Decoding: mean time to decode the file, as the server reports it. In TensorFlow Serving the graph decodes: there, "
    "how much longer it ran, with the range over starts."
)


def section(comparison: Comparison) -> Section | None:
    """Nothing where each endpoint was measured in its own encoding only."""
    if not comparison.payloads:
        return None
    note = f"Body of a request, and latency with the fewest callers; whiskers: 95% intervals. {NOTE}"
    return Section(
        "payloads",
        "Payloads",
        paragraphs=tuple(filter(None, (sentence(comparison), best_sentence(comparison)))),
        figure=Figure(partial(chart.draw, comparison), note),
        table=matrix(comparison),
        parts=(Section("payloads-of-each", "Each endpoint in each encoding", table=payloads(comparison)),),
    )


def payloads(comparison: Comparison) -> Table:
    """Bytes, the client's cost of encoding, and latency, by endpoint and encoding."""
    images = any(encoded.encoding in IMAGES for encoded in comparison.payloads)
    decoding: Field[Encoded] = (Column("Decoding", "ms"), lambda e: _decode_cell(comparison.entry(e.endpoint), e))
    fields: list[Field[Encoded]] = [
        (ENDPOINT, lambda encoded: endpoint_cell(comparison.entry(encoded.endpoint))),
        (REQUEST, lambda encoded: Cell(payload(encoded.encoding))),
        (BODY, lambda encoded: number_cell(encoded.request_bytes, kilobytes)),
        (Column("Encoding", "µs"), _encode_cell),
        *([decoding] if images else []),
        (Column("p50", "ms"), lambda encoded: valid_cell(encoded.point, encoded.point.p50_s, ms)),
        (Column("p99", "ms"), lambda encoded: estimate_cell(encoded.point.p99_s if encoded.point.valid else None, ms)),
        (Column("Faster than its own", "times"), lambda encoded: estimate_cell(encoded.faster, significant)),
        (SAMPLES, lambda encoded: count_cell(encoded.point.samples)),
    ]
    caption = (
        "Encoding: the client's median time for one request, not part of any latency; endpoints that take the same "
        "bytes share their requests. An endpoint's first row is its own encoding, which the main ranking uses."
    )
    return listed("payloads", f"{caption} {DECODING}" if images else caption, fields, comparison.payloads)


def matrix(comparison: Comparison) -> Table:
    """Every deployment against every encoding: the median, or why there is none."""
    cells = {(cell.deployment, cell.encoding): cell for cell in comparison.encodings.matrix}
    entries = {entry.result.deployment: entry for entry in reversed(comparison.entries)}
    shown = [entries[deployment] for deployment in dict.fromkeys(deployment for deployment, _ in cells)]
    formats = list(dict.fromkeys(entry.result.format for entry in shown))
    fields: list[Field[Entry]] = [(text_column("Deployment"), deployment_cell)]
    for encoding in dict.fromkeys(encoding for _, encoding in cells):
        fields.append((Column(payload(encoding), "ms"), partial(_matrix_cell, cells, encoding)))
    caption = (
        f"p50 with {alone(comparison)}; 95% intervals and samples beneath. REST payloads are byte-identical on every "
        "server; gRPC messages differ by server. A dash: not asked for."
    )
    together = sorted(shown, key=lambda entry: formats.index(entry.result.format))
    return listed("payload-matrix", caption, fields, together)


def sentence(comparison: Comparison) -> str:
    """The encoding that clearly gains most."""
    found = [standing.encoded for standing in comparison.encodings.best]
    others = [e for e in found if e.payload and e.faster and (e.faster.low or 0.0) > 1]
    if not others:
        return "No other encoding makes an endpoint clearly faster."
    gained = max(others, key=lambda e: e.faster.value or 0.0 if e.faster else 0.0)
    name = payload(gained.encoding)
    return (
        f"{name if name.startswith('gRPC') else name[0].upper() + name[1:]}: "
        f"{phrase(comparison.entry(gained.endpoint).result)} is {factor(gained.faster)} as fast as with its own "
        "encoding."
    )


def best_sentence(comparison: Comparison) -> str:
    """Who leads where each endpoint may choose its payload."""
    standings = comparison.encodings.best
    if not standings:
        return ""
    first, second = standings[0], next(iter(standings[1:]), None)
    if second is not None and second.tied_above:
        return (
            f"With the best payload each, {_called(comparison, first)} leads at the median, {_median(first)}; "
            f"its lead over {_called(comparison, second)}, {_median(second)}, is not clear."
        )
    behind = f" and {_called(comparison, second)} second, {_median(second)}" if second else ""
    return f"With the best payload each, {_called(comparison, first)} leads at the median, {_median(first)}{behind}."


def _called(comparison: Comparison, standing: EncodingStanding) -> str:
    return f"{phrase(comparison.entry(standing.encoded.endpoint).result)} ({payload(standing.encoded.encoding)})"


def _median(standing: EncodingStanding) -> str:
    return full(standing.encoded.point.p50_s, ms, "ms")


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


def _matrix_cell(cells: Mapping[tuple[str, str], EncodingCell], encoding: str, entry: Entry) -> Cell:
    cell = cells[entry.result.deployment, encoding]
    if cell.encoded is None:
        failed = cell.state == "failed"
        return Cell("gate failed", cell.reason, tone="bad") if failed else DASH
    point = cell.encoded.point
    if not point.valid:
        return INVALID
    shown = estimate_cell(point.p50_s, ms)
    return Cell(shown.text, f"{shown.small}, n={point.samples:,}", shown.sort, tone=shown.tone)
