"""The tables beside the ranking: Flask or the native server, the payload's part, what does not count."""

from __future__ import annotations

from serveoff.analyse.across_models.summary import Summary
from serveoff.report.across_models.cells import MODEL, TONES, cost_cell, model_cell
from serveoff.report.phrases.cells import DASH, Cell, count_cell, estimate_cell
from serveoff.report.phrases.names import payload, short_server, what
from serveoff.report.phrases.numbers import kilobytes, ms, significant
from serveoff.report.phrases.tables import ENDPOINT, SAMPLES, Column, Table, single, text_column


def rivals(summary: Summary) -> Table:
    """Flask against the native server of each format, over REST."""
    columns = (
        MODEL,
        Column("Cost of the model", "ms"),
        text_column("Format"),
        text_column("Native server"),
        Column("Flask is", "times as fast"),
        text_column("Verdict"),
        SAMPLES,
    )
    said = {"better": "Flask faster", "worse": "native faster"}
    rows = tuple(
        (
            model_cell(model),
            cost_cell(model),
            Cell(rival.native.format),
            Cell(short_server(rival.native.result)),
            estimate_cell(rival.faster, significant),
            Cell(said.get(rival.outcome, rival.outcome), tone=TONES.get(rival.outcome, "")),
            count_cell(rival.faster.samples),
        )
        for model in summary.models
        for rival in model.rivals
    )
    caption = (
        "p50 with the fewest callers, same format, same JSON bytes over REST. Below 1 the native server is faster. "
        "95% intervals beneath, each for itself."
    )
    return single("rivals", caption, columns, rows)


def binaries(summary: Summary) -> Table:
    """What JSON costs, model by model, where another payload was measured."""
    columns = (
        MODEL,
        ENDPOINT,
        Column("JSON", "ms"),
        Column("Best other payload", "ms"),
        text_column("Payload"),
        Column("Faster than JSON", "times"),
        Column("Body of JSON", "kB"),
        Column("Its body", "kB"),
        SAMPLES,
    )
    rows = tuple(
        (
            model_cell(model),
            Cell(what(binary.named.result), short_server(binary.named.result)),
            estimate_cell(binary.json_p50_s, ms),
            estimate_cell(binary.p50_s, ms),
            Cell(payload(binary.encoding)),
            estimate_cell(binary.faster, significant),
            _bytes_cell(binary.json_bytes),
            _bytes_cell(binary.request_bytes),
            count_cell(binary.faster.samples),
        )
        for model in summary.models
        for binary in model.binaries
    )
    caption = "p50 with the fewest callers, the same inputs at the same endpoint; 95% intervals beneath."
    return single("binaries", caption, columns, rows)


def missing(summary: Summary) -> Table:
    """What takes no part, and why: models without a run, and endpoints that do not count with the fewest callers."""
    columns = (MODEL, text_column("What"), text_column("Why"))
    gone = [(Cell(absent.model), Cell("the whole model"), Cell(absent.reason)) for absent in summary.absent]
    cut = [(Cell(m.model), Cell("the run ended early"), Cell(m.problem)) for m in summary.models if m.problem]
    spots = [
        (Cell(m.model), Cell(what(s.named.result), short_server(s.named.result)), Cell(s.problem))
        for m in summary.models
        for s in m.spots
        if s.problem
    ]
    return single("missing", "Shown above as such, and in no figure.", columns, (*gone, *cut, *spots))


def _bytes_cell(size: int | None) -> Cell:
    return DASH if size is None else Cell(kilobytes(size), sort=size)
