"""The report as one HTML file: no script is needed to read it, and nothing is fetched."""

from __future__ import annotations

import re
from pathlib import Path

from markupsafe import Markup, escape

from serveoff.analyse.comparison import Comparison
from serveoff.report import charts
from serveoff.report.formats.templating import environment
from serveoff.report.phrases import findings, numbers, runtimes
from serveoff.report.sections import modules

SUFFIX = ".html"
_INTERVAL = re.compile(r"\[[^\]\s]*–[^\]\s]*\]")
_CODE = re.compile(r"`([^`]+)`")
_SENTENCE_END = re.compile(r"(?<=\.) (?=[A-Z])")
_CHOICE = re.compile(r"((?:serve it|For throughput,|Serve it) as )([^:(]+?)(?= \(|:)")
_DOUBT = re.compile(r"\((?:statistically tied with|not decided against) [^()]*\)")
SECTIONS = (
    "answer",
    "ranking",
    "latency",
    "spectrum",
    "distributions",
    "waterfall",
    "throughput",
    "capacity",
    "cost",
    "cold_start",
    "resources",
    "payloads",
    "batches",
    "claims",
    "static_dynamic",
    "settings",
    "method",
    "environment",
    "invalid",
    "unavailable",
    "raw_data",
)
"""One template each, in the report's order; a new section is a new file and a name here."""
SCRIPTS = ("sort.js", "filter.js", "place.js")
"""What the page does beyond showing; each is one file, and none is needed to read it."""
_TEMPLATES = Path(__file__).parents[1] / "templates"


def render(comparison: Comparison) -> str:
    """The whole page. All text goes through autoescaping; only our own CSS, script and drawings do not."""
    templates = environment("serveoff.report", autoescape=True)
    templates.filters |= {"prose": prose, "decided": decided}
    return templates.get_template("report.html.j2").render(
        c=comparison,
        sections=SECTIONS,
        charts=charts,
        findings=findings,
        numbers=numbers,
        runtimes=runtimes,
        css=Markup(style()),
        script=Markup(script()),
        **modules(),
    )


def style() -> str:
    """The page's style sheet."""
    return (_TEMPLATES / "report.css").read_text(encoding="utf-8")


def script() -> str:
    """The page's scripts, as one."""
    return "\n".join((_TEMPLATES / name).read_text(encoding="utf-8") for name in SCRIPTS)


def prose(text: str) -> Markup:
    """Escaped text whose intervals do not break over two lines, and whose `code` is set as code."""
    held = _INTERVAL.sub(r'<span class="hold">\g<0></span>', str(escape(text)))
    return Markup(_CODE.sub(r"<code>\1</code>", held))


def decided(text: str) -> Markup:
    """The decision, each sentence on its own line: the choice stands out, what is not decided is set back."""
    lines = []
    for sentence in _SENTENCE_END.split(text):
        chosen = _CHOICE.sub(r"\1<b>\2</b>", str(prose(sentence)))
        marked = _DOUBT.sub(r'<span class="doubt">\g<0></span>', chosen)
        lines.append(f'<span class="line">{marked}</span>')
    return Markup(" ".join(lines))
