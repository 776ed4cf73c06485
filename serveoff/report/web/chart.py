"""How many times faster run B is, endpoint by endpoint, with the line of no difference."""

from __future__ import annotations

from typing import Final

from markupsafe import Markup

from serveoff.analyse.run_diff import Line, Pair, Versus
from serveoff.report.charts import at_both_widths
from serveoff.report.charts.rows import Layout, grid
from serveoff.report.charts.static_dynamic import no_difference
from serveoff.report.charts.svg import Scale, circle, drawing, group, log_scale, log_ticks, whisker_of
from serveoff.report.phrases.names import callers, family, short_server, what
from serveoff.report.phrases.numbers import times
from serveoff.report.phrases.two_runs import spoken

STATISTIC: Final = "p50"


def both(found: Versus) -> Markup:
    """The wide and the narrow drawing of the medians with the fewest callers; empty where no pair has a ratio."""
    compared = [drawn for drawn in found.lines if drawn.pair(STATISTIC).ratio is not None]
    if not compared:
        return Markup()
    fewest = min(drawn.concurrency for drawn in compared)
    lines = [drawn for drawn in compared if drawn.concurrency == fewest]
    return at_both_widths(lambda width: draw(lines, width))


def draw(lines: list[Line], width: float) -> str:
    """One row per endpoint, on a logarithmic scale, so that twice and half lie equally far from 1."""
    layout = Layout(width, top=62, value_width=150, row_wide=30)
    ratios = [drawn.pair(STATISTIC).ratio for drawn in lines]
    values = [v for r in ratios if r for v in (r.low, r.high, r.value) if v]
    low, high = min(*values, 0.9) / 1.05, max(*values, 1.1) * 1.05
    scale = log_scale(low, high, layout.left, layout.right)
    ticks = [(tick, f"{tick:g}×") for tick in _ticks(low, high)]
    title = f"times faster than run A (p50, {callers(lines[0].concurrency)}), log scale"
    body = grid(layout, len(lines), ticks, scale, title)
    body += no_difference(layout, len(lines), scale)
    body += [_row(layout, index, drawn, scale) for index, drawn in enumerate(lines)]
    words = f"Run B against run A, {len(lines)} medians: " + "; ".join(spoken(drawn, STATISTIC) for drawn in lines)
    return drawing(width, layout.bottom(len(lines)) + 26, words, body)


def _ticks(low: float, high: float) -> list[float]:
    if high / low < 2:
        return [t for t in (0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.4, 1.6) if low <= t <= high]
    return log_ticks(low, high, (1, 1.5, 2, 3, 5, 7) if high / low < 20 else (1, 2, 5))


def _row(layout: Layout, index: int, drawn: Line, scale: Scale) -> str:
    pair, y = drawn.pair(STATISTIC), layout.y(index)
    result = drawn.entry.result
    marks = [layout.rule(index), layout.label(index, what(result), short_server(result)), *_marks(pair, scale, y)]
    marks.append(
        layout.value(index, f"{times(pair.ratio.value)} {pair.word}" if pair.ratio and pair.ratio.value else "")
    )
    return group(marks, f"fam-{family(result)}", spoken(drawn, STATISTIC))


def _marks(pair: Pair, scale: Scale, y: float) -> list[str]:
    found = pair.ratio
    if found is None or found.value is None:
        return []
    return [
        whisker_of(found, scale, y),
        circle(scale(found.value), y, 5, "dot" if pair.word in ("faster", "slower") else "hollow"),
    ]
