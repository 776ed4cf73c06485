"""A document as Markdown, fit for a README or a pull request: the same sentences and tables as the page."""

import re

from serveoff.analyse.comparison import Comparison
from serveoff.report.contents import document
from serveoff.report.formats import environment
from serveoff.report.phrases.cells import Cell
from serveoff.report.phrases.tables import Table
from serveoff.report.section import Document

SUFFIX = ".md"
_SPECIAL = re.compile(r"([\\*|]|\](?=[\[(]))")


def render(comparison: Comparison) -> str:
    """The whole report."""
    return page(document(comparison))


def page(shown: Document) -> str:
    """A document; text from the run is escaped, so that no name can become markup."""
    templates = environment(autoescape=False)
    templates.filters |= {"md": prose, "table": table}
    return templates.get_template("report.md.j2").render(d=shown)


def escape(text: str) -> str:
    """Text that Markdown and HTML leave as it is, and within a cell, too."""
    plain = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return " ".join(_SPECIAL.sub(r"\\\1", plain).split("\n"))


def prose(text: str) -> str:
    """The same of a sentence, but for what stands in it as `code`, where nothing is markup.

    Of runs of backticks Markdown pairs those of one length: where there are longer ones, all is escaped.
    """
    if "``" in text:
        return escape(text)
    *paired, last = " ".join(text.split("\n")).split("`")
    alone = f"\\`{escape(last)}" if len(paired) % 2 else escape(last)
    return "".join(f"`{part}`" if i % 2 else escape(part) for i, part in enumerate(paired)) + alone


def table(content: Table) -> str:
    """A GitHub table; where a table has groups with titles, these are the first column."""
    titled = any(title for title, _ in content.groups)
    head = [escape(f"{c.title}, {c.unit}" if c.unit else c.title) for c in content.columns]
    rule = ["---:" if c.numeric else "---" for c in content.columns]
    rows = [[*([escape(title)] if titled else []), *map(_cell, row)] for title, rows in content.groups for row in rows]
    lines = ([""] * titled + head, ["---"] * titled + rule, *rows)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(cell: Cell) -> str:
    if not cell.small:
        return escape(cell.text)
    apart = f", {cell.small}" if cell.family else f" ({cell.small})"
    return escape(cell.text + apart)
