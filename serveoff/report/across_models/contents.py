"""What a summary across models holds, in its order."""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import quote

from serveoff.analyse.across_models.summary import Summary
from serveoff.report.across_models import chart, sentences, tables
from serveoff.report.phrases.tables import Table
from serveoff.report.section import Document, Figure, Link, Section

AddressOf = Callable[[str], str]
"""A run's id to the address of its report."""
FIGURE: Final = (
    "Each server with its fastest format. Solid: REST; dashed and hollow: gRPC; whiskers: 95% intervals. Only the "
    "marks were measured."
)


def to_reports(folder: Path, reports: Path) -> AddressOf:
    """Addresses relative to a summary's `folder`, of reports below `reports`."""
    start = Path(os.path.relpath(reports.resolve(), folder.resolve())).as_posix()
    return lambda run_id: f"{quote(start)}/{quote(run_id, safe='')}/report.html"


def beside(run_id: str) -> str:
    """The same where results and reports lie side by side, as they do unless told otherwise."""
    return f"../../reports/{quote(run_id, safe='')}/report.html"


def document(summary: Summary, address_of: AddressOf) -> Document:
    """The summary, with links to the reports of its runs."""
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
        first=(_models(summary, address_of),),
        folds=(
            _overheads(summary),
            _tabled("ranks", "How the ranking changes", tables.ranks(summary), "No endpoint was measured."),
            _tabled(
                "missing",
                "Excluded results",
                tables.missing(summary),
                "Every model has a run, and every endpoint is VALID with the fewest callers.",
            ),
            Section("method", "How this was made", facts=sentences.facts(summary), code=sentences.again(summary)),
        ),
        footer=(
            f"Summary {summary.summary_id} on machine {machine.id} ({machine.cpu_model}, {machine.cores_said}). "
            "Intervals are 95%. Do not compare figures across machines."
        ),
        name=f"{sentences.TITLE}: {summary.summary_id}",
    )


def _models(summary: Summary, address_of: AddressOf) -> Section:
    reports = tuple(
        Link(
            f"{m.model}: report of run {m.run_id}",
            address_of(m.run_id),
            address_of(m.run_id),
            f", {m.valid} VALID, {m.invalid} INVALID points{'' if m.complete else ', partial'}",
        )
        for m in summary.models
    )
    return Section(
        "models",
        "Model by model",
        lead=sentences.decision(summary),
        paragraphs=(sentences.lede(summary),),
        table=tables.models(summary),
        links=reports,
    )


def _overheads(summary: Summary) -> Section:
    title, none = "What a server adds, by the model's cost", "No server has an overhead over a VALID floor."
    return _tabled("overheads", title, tables.overheads(summary), none, Figure(partial(chart.draw, summary), FIGURE))


def _tabled(id: str, title: str, table: Table, otherwise: str, figure: Figure | None = None) -> Section:
    """A section of one table, or why it has none."""
    if not table.rows:
        return Section(id, title, paragraphs=(otherwise,))
    return Section(id, title, figure=figure, table=table)
