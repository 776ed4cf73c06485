"""How many times faster the static graph is than its dynamic form, with the line of no difference."""

from __future__ import annotations

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.contrasts import Contrast
from serveoff.analyse.verdict import TIED_WITHIN
from serveoff.report.charts.rows import Layout, grid
from serveoff.report.charts.svg import Scale, circle, drawing, group, line, log_scale, log_ticks, rect, text, whisker_of
from serveoff.report.phrases.names import callers, format_name
from serveoff.report.phrases.numbers import compared, times


def draw(comparison: Comparison, width: float) -> str:
    """The chart of the medians, or nothing where no pair was valid."""
    shown = [c for claim in comparison.claims for c in claim.evidence if c.metric == "p50" and c.ratio.value]
    if not shown:
        return ""
    layout = Layout(width, top=62, value_width=130, row_wide=30)
    values = [v for c in shown for v in (c.ratio.low, c.ratio.high, c.ratio.value) if v]
    low, high = min(*values, 0.95) / 1.08, max(*values, 1.05) * 1.08
    scale = log_scale(low, high, layout.left, layout.right)
    steps = (1, 1.5, 2, 3, 5, 7) if high / low < 20 else (1, 2, 5)
    ticks = [(t, f"{t:g}×") for t in log_ticks(low, high, steps)]
    body = grid(layout, len(shown), ticks, scale, "times faster than the dynamic form (p50), log scale")
    body += no_difference(layout, len(shown), scale)
    body += [_row(comparison, layout, i, c, scale) for i, c in enumerate(shown)]
    words = f"Static graphs compared with dynamic forms, {len(shown)} pairs: " + "; ".join(
        _spoken(comparison, c) for c in shown
    )
    return drawing(width, layout.bottom(len(shown)) + (26 if not layout.narrow else 24), words, body)


def no_difference(layout: Layout, count: int, scale: Scale) -> list[str]:
    """The line where two things are equal, in the band within which they tie."""
    low, high = scale(1 / (1 + TIED_WITHIN)), scale(1 + TIED_WITHIN)
    top, bottom = layout.top - 4, layout.bottom(count)
    return [
        rect(low, top, high - low, bottom - top, "same-band", 0),
        line(scale(1), top, scale(1), bottom, "same-line"),
        text(scale(1), bottom + 16, "no difference", "note", "middle" if scale(1) > 60 else "start"),
    ]


def _row(comparison: Comparison, layout: Layout, index: int, contrast: Contrast, scale: Scale) -> str:
    y, value = layout.y(index), contrast.ratio.value or 1.0
    where = "Flask" if contrast.server == "flask" else "in process"
    static, dynamic = _formats(comparison, contrast)
    marks = [layout.rule(index), layout.label(index, f"{static} / {dynamic}", f"{where}, {contrast.concurrency}")]
    marks.append(whisker_of(contrast.ratio, scale, y))
    marks.append(circle(scale(value), y, 5, "dot" if contrast.outcome in ("faster", "slower") else "hollow"))
    clear = layout.narrow or contrast.outcome in ("faster", "slower")
    words = times(value) if clear else f"{times(value)} {contrast.outcome}"
    marks.append(layout.value(index, words))
    return group(marks, "fam-flask" if contrast.server == "flask" else "fam-floor", _spoken(comparison, contrast))


def _formats(comparison: Comparison, contrast: Contrast) -> tuple[str, str]:
    static, dynamic = (comparison.entry(name).result.format for name in (contrast.static, contrast.dynamic))
    return format_name(static), format_name(dynamic)


def _spoken(comparison: Comparison, contrast: Contrast) -> str:
    static, dynamic = _formats(comparison, contrast)
    where = "on Flask" if contrast.server == "flask" else "in process"
    return (
        f"{static} compared with {dynamic} {where} with {callers(contrast.concurrency)}: "
        f"{compared(contrast.ratio)}, {contrast.outcome}"
    )
