"""The report as Markdown, fit for a README or a pull request: the same sentences and tables as the page."""

from __future__ import annotations

import re

from serveoff.analyse.comparison import Comparison
from serveoff.report.formats.templating import environment
from serveoff.report.sections import (
    batches,
    capacity,
    choices,
    claims,
    cold_start_notes,
    cold_starts,
    curves,
    distributions,
    more_time,
    notes,
    payloads,
    ranking,
    sentences,
    sweeps,
    tables,
    timelines,
    waterfall,
)
from serveoff.report.sections.run import containers, method, resource_audit
from serveoff.report.words import findings
from serveoff.report.words.cells import Cell, Table

SUFFIX = ".md"
_SPECIAL = re.compile(r"([\\*|]|\](?=[\[(]))")


def render(comparison: Comparison) -> str:
    """The whole report; text from the run is escaped, so that no name can become markup."""
    templates = environment("serveoff.report", autoescape=False)
    templates.filters |= {"md": escape, "table": table}
    template = templates.get_template("report.md.j2")
    return template.render(
        c=comparison,
        batches=batches,
        capacity=capacity,
        choices=choices,
        cold_start_notes=cold_start_notes,
        cold_starts=cold_starts,
        claims=claims,
        containers=containers,
        curves=curves,
        distributions=distributions,
        findings=findings,
        inside=resource_audit,
        method=method,
        more_time=more_time,
        notes=notes,
        payloads=payloads,
        ranking=ranking,
        sweeps=sweeps,
        tables=tables,
        timelines=timelines,
        waterfall=waterfall,
        words=sentences,
    )


def escape(text: str) -> str:
    """Text that Markdown and HTML leave as it is."""
    plain = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return " ".join(_SPECIAL.sub(r"\\\1", plain).split("\n"))


def table(content: Table) -> str:
    """A GitHub table; the groups of a table follow one another."""
    head = [escape(f"{c.title}, {c.unit}" if c.unit else c.title) for c in content.columns]
    rule = ["---:" if c.numeric else "---" for c in content.columns]
    rows = [[_cell(cell) for cell in row] for row in content.rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, rule, *rows))


def _cell(cell: Cell) -> str:
    if not cell.small:
        return escape(cell.text)
    apart = f", {cell.small}" if cell.family else f" ({cell.small})"
    return escape(cell.text + apart)
