"""A document as one HTML file: no script is needed to read it, and nothing is fetched."""

import re
from pathlib import Path

from markupsafe import Markup, escape

from serveoff.analyse.comparison import Comparison
from serveoff.report.charts import at_both_widths
from serveoff.report.contents import document
from serveoff.report.formats import environment
from serveoff.report.section import Document

SUFFIX = ".html"
_INTERVAL = re.compile(r"[\[(][^\])\s]*–[^\])\s]*[\])]")
_CODE = re.compile(r"`([^`]+)`")
SCRIPTS = ("sort.js", "filter.js", "folds.js", "tips.js", "sizing.js")
"""What the page does beyond showing; each is one file, and none is needed to read it."""
_TEMPLATES = Path(__file__).parents[1] / "templates"


def render(comparison: Comparison) -> str:
    """The whole report."""
    return page(document(comparison))


def page(shown: Document) -> str:
    """A document. All text goes through autoescaping; only our own CSS, script and drawings do not."""
    templates = environment(autoescape=True)
    templates.filters |= {"prose": prose, "drawn": at_both_widths}
    return templates.get_template("report.html.j2").render(d=shown, css=Markup(style()), script=Markup(script()))


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
