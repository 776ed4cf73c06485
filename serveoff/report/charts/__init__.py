"""Static SVG, drawn by hand: colours are CSS classes of the page, so one drawing serves light and dark.

Each chart is drawn twice, wide and narrow, and the page shows the one that fits: text never shrinks with the screen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from markupsafe import Markup

from serveoff.analyse.comparison import Comparison
from serveoff.report.charts import (
    cold_start,
    distribution,
    latency,
    pareto,
    payloads,
    rates,
    resources,
    spectrum,
    static_dynamic,
    throughput,
    tradeoff,
    waterfall,
)

WIDE: Final = 1040
NARROW: Final = 360

Draw = Callable[[Comparison, float], str]
CHARTS: Final[dict[str, Draw]] = {
    "latency": latency.draw,
    "throughput": throughput.draw,
    "cold_start": cold_start.draw,
    "resources": resources.draw,
    "static_dynamic": static_dynamic.draw,
    "pareto": pareto.draw,
    "rates": rates.draw,
    "spectrum": spectrum.draw,
    "distribution": distribution.fewest,
    "distribution_busy": distribution.most,
    "tradeoff": tradeoff.draw,
    "payloads": payloads.draw,
    "waterfall": waterfall.draw,
}


def both(comparison: Comparison, name: str) -> Markup:
    """One chart by its name."""
    return at_both_widths(lambda width: CHARTS[name](comparison, width))


def at_both_widths(draw: Callable[[float], str]) -> Markup:
    """The wide and the narrow drawing, each in its own box; empty where there is nothing to draw."""
    wide, narrow = (draw(width) for width in (WIDE, NARROW))
    if not wide:
        return Markup()
    return Markup('<div class="wide">{}</div><div class="narrow">{}</div>').format(Markup(wide), Markup(narrow))
