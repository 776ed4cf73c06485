"""The summary as Markdown: the same sentences and tables as the page."""

from __future__ import annotations

from serveoff.analyse.across_models.summary import Summary
from serveoff.report.across_models import method, sentences, sides, tables
from serveoff.report.across_models.links import Link
from serveoff.report.formats.markdown import escape, table
from serveoff.report.formats.templating import environment


def render(summary: Summary, link: Link) -> str:
    """The whole summary; text from the runs is escaped, so that no name can become markup."""
    templates = environment("serveoff.report.across_models", autoescape=False)
    templates.filters |= {"md": escape, "table": table}
    return templates.get_template("summary.md.j2").render(
        s=summary, link=link, method=method, sides=sides, tables=tables, sentences=sentences
    )
