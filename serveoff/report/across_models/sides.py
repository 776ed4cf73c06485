"""The tables beside the ranking: Flask or the native server, the payload's part, what does not count."""

from __future__ import annotations

from serveoff.analyse.across_models.summary import Binary, ModelResult, Named, Rival, Summary
from serveoff.report.across_models.cells import MODEL, TONES, cost_cell, model_cell
from serveoff.report.phrases.cells import Cell, count_cell, estimate_cell, number_cell
from serveoff.report.phrases.names import payload, short_server, what
from serveoff.report.phrases.numbers import kilobytes, ms, significant
from serveoff.report.phrases.tables import ENDPOINT, SAMPLES, Column, Field, Table, listed, single, text_column


def rivals(summary: Summary) -> Table:
    """Flask against the native server of each format, over REST."""
    fields: list[Field[tuple[ModelResult, Rival]]] = [
        (MODEL, lambda row: model_cell(row[0])),
        (Column("Cost of the model", "ms"), lambda row: cost_cell(row[0])),
        (text_column("Format"), lambda row: Cell(row[1].native.format)),
        (text_column("Native server"), lambda row: Cell(short_server(row[1].native.result))),
        (Column("Flask is", "times as fast"), lambda row: estimate_cell(row[1].faster, significant)),
        (text_column("Verdict"), lambda row: _verdict_cell(row[1].outcome)),
        (SAMPLES, lambda row: count_cell(row[1].faster.samples)),
    ]
    pairs = [(model, rival) for model in summary.models for rival in model.rivals]
    caption = (
        "p50 with the fewest callers, same format, same JSON bytes over REST. Below 1 the native server is faster. "
        "95% intervals beneath, each on its own."
    )
    return listed("rivals", caption, fields, pairs)


def binaries(summary: Summary) -> Table:
    """What JSON costs, model by model, where another payload was measured."""
    fields: list[Field[tuple[ModelResult, Binary]]] = [
        (MODEL, lambda row: model_cell(row[0])),
        (ENDPOINT, lambda row: _endpoint_cell(row[1].named)),
        (Column("JSON", "ms"), lambda row: estimate_cell(row[1].json_p50_s, ms)),
        (Column("Best other payload", "ms"), lambda row: estimate_cell(row[1].p50_s, ms)),
        (text_column("Payload"), lambda row: Cell(payload(row[1].encoding))),
        (Column("Faster than JSON", "times"), lambda row: estimate_cell(row[1].faster, significant)),
        (Column("Body of JSON", "kB"), lambda row: number_cell(row[1].json_bytes, kilobytes)),
        (Column("Its body", "kB"), lambda row: number_cell(row[1].request_bytes, kilobytes)),
        (SAMPLES, lambda row: count_cell(row[1].faster.samples)),
    ]
    pairs = [(model, binary) for model in summary.models for binary in model.binaries]
    caption = "p50 with the fewest callers, the same inputs at the same endpoint; 95% intervals beneath."
    return listed("binaries", caption, fields, pairs)


def missing(summary: Summary) -> Table:
    """What takes no part, and why: models without a run, and endpoints that do not count with the fewest callers."""
    columns = (MODEL, text_column("What"), text_column("Why"))
    gone = [(Cell(absent.model), Cell("the whole model"), Cell(absent.reason)) for absent in summary.absent]
    cut = [(Cell(m.model), Cell("the run ended early"), Cell(m.problem)) for m in summary.models if m.problem]
    spots = [
        (Cell(m.model), _endpoint_cell(s.named), Cell(s.problem)) for m in summary.models for s in m.spots if s.problem
    ]
    return single("missing", "Shown above, and excluded from all figures.", columns, (*gone, *cut, *spots))


def _endpoint_cell(named: Named) -> Cell:
    return Cell(what(named.result), short_server(named.result))


def _verdict_cell(outcome: str) -> Cell:
    said = {"faster": "Flask faster", "slower": "native faster"}
    return Cell(said.get(outcome, outcome), tone=TONES.get(outcome, ""))
