"""The report as one HTML file: no script is needed to read it, and nothing is fetched."""

from __future__ import annotations

import re
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from comparison.outcome import Comparison
from comparison.render import (
    batches,
    capacity,
    charts,
    choices,
    cold_start_notes,
    cold_starts,
    containers,
    curves,
    devices,
    distributions,
    findings,
    method,
    notes,
    numbers,
    payloads,
    places,
    ranking,
    sweeps,
    tables,
    timelines,
    words,
)

SUFFIX = ".html"
_INTERVAL = re.compile(r"\[[^\]\s]*–[^\]\s]*\]")
_CODE = re.compile(r"`([^`]+)`")
SECTIONS = (
    "answer",
    "ranking",
    "latency",
    "spectrum",
    "distributions",
    "throughput",
    "capacity",
    "open_closed",
    "cost",
    "cold_start",
    "resources",
    "timelines",
    "payloads",
    "batches",
    "static_dynamic",
    "settings",
    "method",
    "environment",
    "invalid",
    "unavailable",
    "raw_data",
)
"""One template each, in the report's order; a new section is a new file and a name here."""
_TEMPLATES = Path(__file__).parent / "templates"


def render(comparison: Comparison) -> str:
    """The whole page. All text goes through autoescaping; only our own CSS, script and drawings do not."""
    environment = Environment(
        loader=PackageLoader("comparison.render"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["prose"] = prose
    return environment.get_template("report.html.j2").render(
        c=comparison,
        sections=SECTIONS,
        charts=charts,
        batches=batches,
        capacity=capacity,
        choices=choices,
        cold_start_notes=cold_start_notes,
        cold_starts=cold_starts,
        containers=containers,
        curves=curves,
        devices=devices,
        distributions=distributions,
        findings=findings,
        method=method,
        notes=notes,
        numbers=numbers,
        payloads=payloads,
        places=places,
        ranking=ranking,
        sweeps=sweeps,
        tables=tables,
        timelines=timelines,
        words=words,
        css=Markup((_TEMPLATES / "report.css").read_text()),
        script=Markup((_TEMPLATES / "sort.js").read_text()),
    )


def prose(text: str) -> Markup:
    """Escaped text whose intervals do not break over two lines, and whose `code` is set as code."""
    held = _INTERVAL.sub(r'<span class="hold">\g<0></span>', str(escape(text)))
    return Markup(_CODE.sub(r"<code>\1</code>", held))
