"""The summary as Markdown: the same sentences and tables as the page."""

from __future__ import annotations

from serveoff.analyse.across_models.summary import Summary
from serveoff.report.across_models.contents import document
from serveoff.report.across_models.links import Link
from serveoff.report.formats import markdown


def render(summary: Summary, link: Link) -> str:
    """The whole summary."""
    return markdown.page(document(summary, link))
