"""How many times faster run B is, endpoint by endpoint, with the line of no difference."""

from __future__ import annotations

from typing import Final

from markupsafe import Markup

from serveoff.analyse.run_diff import Versus
from serveoff.report.charts import at_both_widths
from serveoff.report.charts.marks import ratios
from serveoff.report.charts.marks.rows import label_of
from serveoff.report.phrases.names import callers
from serveoff.report.phrases.two_runs import spoken

STATISTIC: Final = "p50"


def both(found: Versus) -> Markup:
    """The wide and the narrow drawing of the medians with the fewest callers; empty where no pair has a ratio."""
    known = [(line, pair) for line in found.lines if (pair := line.pair(STATISTIC)).ratio and pair.ratio.value]
    if not known:
        return Markup()
    fewest = min(line.concurrency for line, _ in known)
    rows = [
        ratios.Row(label_of(line.entry.result), pair.ratio, pair.word, spoken(line, STATISTIC))
        for line, pair in known
        if line.concurrency == fewest and pair.ratio
    ]
    unit = f"times faster than run A (p50, {callers(fewest)}), log scale"
    words = f"Run B against run A, {len(rows)} medians: " + "; ".join(row.spoken for row in rows)
    return at_both_widths(lambda width: ratios.draw(rows, width, unit, words))
