"""Latency over the floor against the model's cost: one line per server and protocol, 1 where a server costs nothing."""

from __future__ import annotations

from collections.abc import Sequence

from comparison.render.charts.rows import NARROW_BELOW
from comparison.render.charts.svg import (
    Scale,
    circle,
    drawing,
    group,
    line,
    log_scale,
    log_ticks,
    rect,
    spread,
    tag,
    text,
)
from comparison.render.names import FAMILIES
from comparison.render.numbers import factor, significant
from comparison.stats import Estimate
from comparison.summary.charts.axis import ROW, cost_scale, cost_ticks, model_lines, rows
from comparison.summary.outcome import BOUND, Line, ModelResult, Summary
from comparison.summary.words import PERCENT, cost, line_name

HEIGHT, LEFT, BOTTOM = 380.0, 46.0, 46.0
FINE = (1, 1.1, 1.2, 1.5, 2, 3, 5, 7)

Place = tuple[ModelResult, Estimate]


def draw(summary: Summary, width: float) -> str:
    """The chart, or nothing where no server has an overhead."""
    shown = {line.server + line.protocol: (line, _places(summary, line)) for line in summary.lines}
    models = [m for m in summary.costed if any(m is at for _, places in shown.values() for at, _ in places)]
    if not models:
        return ""
    narrow = width < NARROW_BELOW
    right = width - (116.0 if narrow else 170.0)
    x, ticks = cost_scale(models, LEFT, right)
    top = 44 + ROW * rows(models, x, LEFT, width)
    floor = top + HEIGHT - BOTTOM - 60
    values = [v for _, places in shown.values() for _, r in places for v in (r.low, r.value, r.high) if v]
    y = log_scale(min(*values, 1.0) / 1.06, max(*values, 1.3) * 1.1, floor, top)
    body = [*_frame(y, max(values), (LEFT, right), narrow), *model_lines(models, x, top, floor, LEFT, width)]
    body += [*cost_ticks(ticks, x, floor), text(right, floor + 36, "cost of the model, ms (log scale)", "axis", "end")]
    body.append(text(4, 14, "latency, times the model's own (log scale)", "axis"))
    ends = spread([y(places[-1][1].value or 1.0) for _, places in shown.values()], 15, top, floor)
    for (found, places), end in zip(shown.values(), ends, strict=True):
        body.append(_line(found, places, (x, y), (right, end)))
    return drawing(width, floor + 44, _spoken(summary, models), body)


def _places(summary: Summary, line: Line) -> list[Place]:
    spots = ((model, model.on((line.server, line.protocol))) for model in summary.costed)
    return [(model, spot.overhead) for model, spot in spots if spot is not None and spot.overhead is not None]


def _frame(y: Scale, high: float, ends: tuple[float, float], narrow: bool) -> list[str]:
    """Lines of equal overhead, and the band in which a server takes a tenth of the latency at most."""
    left, right = ends
    steps = FINE if high < 12 else (1, 1.1, 2, 5)
    ticks = [tick for tick in log_ticks(1, high * 1.05, steps) if tick < 2 or f"{tick:g}"[-1] != "1" or tick == 1.1]
    ticks = [tick for tick in ticks if tick != 11]
    drawn = [rect(left, y(BOUND), right - left, y(1.0) - y(BOUND), "same-band", 0)]
    for tick in ticks:
        drawn.append(line(left, y(tick), right, y(tick), "base" if tick == 1 else "grid"))
        drawn.append(text(left - 6, y(tick) + 4, f"{tick:g}×", "tick", "end"))
    words = f"under {PERCENT}" if narrow else f"the server takes under {PERCENT} of the latency"
    return [*drawn, text(left + 6, (y(BOUND) + y(1.0)) / 2 + 4, words, "note")]


def _line(found: Line, places: Sequence[Place], scales: tuple[Scale, Scale], end: tuple[float, float]) -> str:
    x, y = scales
    look = "line most" if found.protocol == "grpc" else "line"
    corners = " ".join(f"{x(model.cost_s or 0.0):.1f},{y(r.value or 1.0):.1f}" for model, r in places)
    marks = [tag("polyline", points=corners, class_=look)]
    for model, ratio in places:
        marks.append(_point(model, ratio, scales, "hollow" if found.protocol == "grpc" else "dot"))
    last_x, last_y = x(places[-1][0].cost_s or 0.0), y(places[-1][1].value or 1.0)
    marks.append(line(last_x + 6, last_y, end[0] + 6, end[1], "leader"))
    marks.append(text(end[0] + 10, end[1] + 4, line_name(found, short=True), "owner"))
    said = "; ".join(f"{model.model} {factor(ratio)}" for model, ratio in places)
    return group(marks, f"fam-{FAMILIES.get(found.server, 'other')}", f"{line_name(found)}: {said}")


def _point(model: ModelResult, ratio: Estimate, scales: tuple[Scale, Scale], look: str) -> str:
    x, y = scales
    at, drawn = x(model.cost_s or 0.0), []
    if ratio.low is not None and ratio.high is not None:
        drawn.append(line(at, y(ratio.low), at, y(ratio.high), "whisker"))
        drawn += [line(at - 4, y(v), at + 4, y(v), "whisker") for v in (ratio.low, ratio.high)]
    return "".join((*drawn, circle(at, y(ratio.value or 1.0), 4.6, look)))


def _spoken(summary: Summary, models: Sequence[ModelResult]) -> str:
    first, last = models[0], models[-1]
    said = []
    for model in dict.fromkeys(m.model for m in (first, last)):
        spots = [s for line in summary.lines if (s := summary.model(model).on((line.server, line.protocol)))]
        ratios = [s.overhead.value for s in spots if s.overhead is not None and s.overhead.value is not None]
        if ratios:
            span = " to ".join(dict.fromkeys(significant(f(ratios)) for f in (min, max)))
            said.append(f"at {model} ({cost(summary.model(model))}) {span} times")
    return (
        f"Latency over the model's own, {len(summary.lines)} servers by protocol, against the cost of {len(models)} "
        f"models, log scales: {'; '.join(said)}. The table beneath holds every figure."
    )
