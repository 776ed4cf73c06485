"""The summary's drawings, made as the report's are: each wide and narrow, coloured by the page's style."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from markupsafe import Markup

from serveoff.analyse.across_models.summary import Summary
from serveoff.report.across_models.charts import crossings, overheads, ranks
from serveoff.report.charts import NARROW, WIDE

Draw = Callable[[Summary, float], str]
CHARTS: Final[dict[str, Draw]] = {"overheads": overheads.draw, "crossings": crossings.draw, "ranks": ranks.draw}


def both(summary: Summary, name: str) -> Markup:
    """The wide and the narrow drawing of one chart; empty where there is nothing to draw."""
    wide, narrow = (CHARTS[name](summary, width) for width in (WIDE, NARROW))
    if not wide:
        return Markup()
    return Markup('<div class="wide">{}</div><div class="narrow">{}</div>').format(Markup(wide), Markup(narrow))
