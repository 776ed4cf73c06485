"""The summary as one HTML file, as a report is."""

from __future__ import annotations

from serveoff.analyse.across_models.summary import Summary
from serveoff.report.across_models.contents import document
from serveoff.report.across_models.links import Link
from serveoff.report.formats import html


def render(summary: Summary, link: Link) -> str:
    """The whole page; `link` leads to the reports."""
    return html.page(document(summary, link))
