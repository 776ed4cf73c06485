"""What a summary across models holds, in its order."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from serveoff.analyse.across_models.summary import Summary
from serveoff.report.across_models import method, sentences, sides, tables
from serveoff.report.across_models.charts import crossings, overheads, ranks
from serveoff.report.across_models.links import Link as AddressOf
from serveoff.report.phrases.tables import Table
from serveoff.report.section import Document, Figure, Link, Section

OVERHEADS = (
    "Each server with its fastest format. Solid: REST; dashed and hollow: gRPC; whiskers: 95% intervals. Only "
    "the marks "
    "were measured; the lines between them are an assumption, by which crossings are interpolated."
)
CROSSINGS = (
    "Interpolated between the measured models on either side; whiskers: 95% intervals, which end with the models where "
    "they are open."
)
RANKS = (
    "Rank by median latency with the fewest callers, cheapest model first. A line breaks where a model does not rank."
)
NO_PAYLOADS = "These runs measured no other payload beside JSON: run with `--payloads`."


def document(summary: Summary, link: AddressOf) -> Document:
    """The summary; `link` leads to the reports."""
    machine = summary.machine
    return Document(
        title=sentences.TITLE,
        ident=(
            summary.summary_id,
            f"machine {machine.id}",
            summary.made_at[:10],
            *(("interrupted",) if summary.interrupted else ()),
        ),
        warnings=tuple(sentences.caveats(summary)),
        first=(
            Section(
                "models",
                "Model by model",
                lead=sentences.decision(summary),
                paragraphs=(sentences.lede(summary),),
                table=tables.models(summary),
            ),
            _tabled("choices", "What matters for which model", tables.choices(summary), "No model has a VALID floor."),
        ),
        folds=(*_evidence(summary), *_sources(summary, link)),
        footer=(
            f"Summary {summary.summary_id} on machine {machine.id} ({machine.cpu_model}, {machine.cores} cores). "
            "Intervals are 95%. Do not compare figures across machines."
        ),
        name=f"{sentences.TITLE}: {summary.summary_id}",
    )


def _evidence(s: Summary) -> Sequence[Section]:
    none = "No server has an overhead over a VALID floor."
    no_rivals = "No run has a VALID pair of Flask and a native server with one format over REST."
    return (
        _tabled(
            "overheads",
            "What a server adds, by the model's cost",
            tables.overheads(s),
            none,
            Figure(partial(overheads.draw, s), OVERHEADS),
        ),
        _tabled(
            "crossings",
            "Where the server's part falls under a tenth",
            tables.crossings(s),
            none,
            Figure(partial(crossings.draw, s), CROSSINGS),
        ),
        _tabled("ranks", "How the ranking changes", tables.ranks(s), none, Figure(partial(ranks.draw, s), RANKS)),
        _tabled("rivals", "Flask or the native server", sides.rivals(s), no_rivals),
        _tabled("payloads", "The payload's part", sides.binaries(s), NO_PAYLOADS),
    )


def _sources(s: Summary, link: AddressOf) -> Sequence[Section]:
    reports = tuple(
        Link(
            f"{m.model}: report of run {m.run_id}",
            link(m.run_id),
            link(m.run_id),
            f", {m.valid} VALID, {m.invalid} INVALID points{'' if m.complete else ', partial'}",
        )
        for m in s.models
    )
    every = "Every model has a run, and every endpoint is VALID with the fewest callers."
    return (
        _tabled("missing", "Excluded results", sides.missing(s), every),
        Section("method", "How this was made", facts=tuple(method.facts(s))),
        Section("runs", "The runs, and how to make this again", code=method.again(s), links=reports),
    )


def _tabled(id: str, title: str, table: Table, otherwise: str, figure: Figure | None = None) -> Section:
    """A section of one table, or why it has none."""
    if not table.rows:
        return Section(id, title, paragraphs=(otherwise,))
    return Section(id, title, figure=figure, table=table)
