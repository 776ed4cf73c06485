"""How many times faster the static graph is than its dynamic form, with the line of no difference."""

from __future__ import annotations

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.contrasts import Contrast
from serveoff.report.charts.marks import ratios
from serveoff.report.charts.marks.rows import Label
from serveoff.report.phrases.names import callers, format_name
from serveoff.report.phrases.numbers import compared


def draw(comparison: Comparison, width: float) -> str:
    """The chart of the medians, or nothing where no pair was valid."""
    shown = [c for claim in comparison.claims for c in claim.evidence if c.metric == "p50" and c.ratio.value]
    if not shown:
        return ""
    rows = [_row(comparison, contrast) for contrast in shown]
    words = f"Static graphs compared with dynamic forms, {len(rows)} pairs: " + "; ".join(row.spoken for row in rows)
    return ratios.draw(rows, width, "times faster than the dynamic form (p50), log scale", words)


def _row(comparison: Comparison, contrast: Contrast) -> ratios.Row:
    static, dynamic = (
        format_name(comparison.entry(name).result.format) for name in (contrast.static, contrast.dynamic)
    )
    flask = contrast.server == "flask"
    owner = f"{'Flask' if flask else 'in process'}, {contrast.concurrency}"
    spoken = (
        f"{static} compared with {dynamic} {'on Flask' if flask else 'in process'} with "
        f"{callers(contrast.concurrency)}: {compared(contrast.ratio)}, {contrast.outcome}"
    )
    label = Label(f"{static} / {dynamic}", owner, "flask" if flask else "floor")
    return ratios.Row(label, contrast.ratio, contrast.outcome, spoken)
