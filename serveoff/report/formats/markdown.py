"""The report as Markdown, fit for a README or a pull request: the same sentences and tables as the page."""

from __future__ import annotations

import re

from serveoff.analyse.comparison import Comparison
from serveoff.report.formats.templating import environment
from serveoff.report.phrases import findings
from serveoff.report.phrases.cells import Cell
from serveoff.report.phrases.tables import Table
from serveoff.report.sections import modules

SUFFIX = ".md"
_SPECIAL = re.compile(r"([\\*|]|\](?=[\[(]))")


def render(comparison: Comparison) -> str:
    """The whole report; text from the run is escaped, so that no name can become markup."""
    templates = environment("serveoff.report", autoescape=False)
    templates.filters |= {"md": escape, "table": table}
    template = templates.get_template("report.md.j2")
    return template.render(
        c=comparison,
        findings=findings,
        **modules(),
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
