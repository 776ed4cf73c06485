"""The summary as one HTML file in the style of the report: no script is needed to read it, and nothing is fetched."""

from __future__ import annotations

from pathlib import Path

from markupsafe import Markup

from serveoff.analyse.across_models.summary import Summary
from serveoff.report.across_models import charts, method, sentences, sides, tables
from serveoff.report.across_models.links import Link
from serveoff.report.formats import html as report
from serveoff.report.formats.templating import environment

_TEMPLATES = Path(__file__).parent / "templates"


def render(summary: Summary, link: Link) -> str:
    """The whole page, autoescaped but for our own CSS, script and drawings; `link` leads to the reports."""
    templates = environment("serveoff.report.across_models", "serveoff.report", autoescape=True)
    templates.filters["prose"] = report.prose
    return templates.get_template("summary.html.j2").render(
        s=summary,
        link=link,
        charts=charts,
        method=method,
        sides=sides,
        tables=tables,
        sentences=sentences,
        css=Markup(style()),
        script=Markup(report.script()),
    )


def style() -> str:
    """The report's style sheet, and what the summary's tables need besides."""
    return report.style() + (_TEMPLATES / "summary.css").read_text(encoding="utf-8")
