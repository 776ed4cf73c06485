"""The summary's drawings, made as the report's are: each wide and narrow, coloured by the page's style."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from markupsafe import Markup

from serveoff.analyse.across_models.summary import Summary
from serveoff.report.across_models.charts import crossings, overheads, ranks
from serveoff.report.charts import at_both_widths

Draw = Callable[[Summary, float], str]
CHARTS: Final[dict[str, Draw]] = {"overheads": overheads.draw, "crossings": crossings.draw, "ranks": ranks.draw}


def both(summary: Summary, name: str) -> Markup:
    """The wide and the narrow drawing of one chart; empty where there is nothing to draw."""
    return at_both_widths(lambda width: CHARTS[name](summary, width))
