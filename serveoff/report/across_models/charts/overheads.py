"""Latency over the floor against the model's cost: one line per server and protocol, 1 where a server costs nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from serveoff.analyse.across_models.summary import BOUND, Line, ModelResult, Summary
from serveoff.analyse.statistics.estimates import Estimate
from serveoff.report.across_models.charts.axis import ROW, cost_scale, cost_ticks, model_lines, rows
from serveoff.report.across_models.sentences import PERCENT, cost, line_name
from serveoff.report.charts.rows import NARROW_BELOW
from serveoff.report.charts.svg import Scale, circle, drawing, group, keep_apart, line, rect, tag, text
from serveoff.report.phrases.names import FAMILIES
from serveoff.report.phrases.numbers import factor, significant

HEIGHT, LEFT = 330.0, 46.0
TICKS = (1, 1.1, 1.25, 1.5, 2, 3, 5, 10, 100)
STEPS = 48
"""Pieces of a line between two models."""


@dataclass(frozen=True)
class Vertex:
    """One line at one model; seconds, and the latency over the floor."""

    model: str
    cost_s: float
    floor_s: float
    overhead: Estimate

    @property
    def ratio(self) -> float:
        """The latency, times the model's own."""
        return self.overhead.value or 1.0


def draw(summary: Summary, width: float) -> str:
    """The chart, or nothing where no server has an overhead."""
    shown = [(line, _vertices(summary, line)) for line in summary.lines]
    seen = {vertex.model for _, vertices in shown for vertex in vertices}
    models = [model for model in summary.costed if model.model in seen]
    if not models:
        return ""
    right = width - (116.0 if width < NARROW_BELOW else 170.0)
    x, ticks = cost_scale(models, LEFT, right)
    top = 44 + ROW * rows(models, x, LEFT, width)
    floor = top + HEIGHT
    values = [v for _, vertices in shown for p in vertices for v in (p.overhead.low, p.ratio, p.overhead.high) if v]
    y = _vertical(values, floor, top)
    body = [*_frame(y, (LEFT, right), (top, floor)), *model_lines(models, x, top, floor, LEFT, width)]
    body += [*cost_ticks(ticks, x, floor), text(right, floor + 36, "cost of the model, ms (log scale)", "axis", "end")]
    body.append(text(4, 14, "latency, times the model's own (by the server's share of it)", "axis"))
    ends = keep_apart([y(vertices[-1].ratio) for _, vertices in shown], 15, top, floor)
    for (found, vertices), end in zip(shown, ends, strict=True):
        body.append(_line(found, vertices, (x, y), (right, end)))
    return drawing(width, floor + 44, _spoken(summary, models), body)


def _vertices(summary: Summary, line: Line) -> list[Vertex]:
    found = []
    for model in summary.costed:
        spot = model.on((line.server, line.protocol))
        floor = model.floor(spot.named.format) if spot else None
        if spot is not None and spot.overhead is not None and floor is not None:
            found.append(Vertex(model.model, model.cost_s or 0.0, floor.p50_s.value or 0.0, spot.overhead))
    return found


def _vertical(ratios: Sequence[float], floor: float, top: float) -> Scale:
    """By the share of the latency that the server takes: where that is small, it can still be told."""
    low, high = min(0.0, *(1 - 1 / r for r in ratios)), max(0.3, *(1 - 1 / r for r in ratios))
    low, high = low - 0.02, high + 0.04
    return lambda ratio: floor - (floor - top) * (1 - 1 / ratio - low) / (high - low)


def _frame(y: Scale, across: tuple[float, float], down: tuple[float, float]) -> list[str]:
    """Lines of equal overhead, and the band in which a server takes a tenth of the latency at most."""
    left, right = across
    drawn = [rect(left, y(BOUND), right - left, y(1.0) - y(BOUND), "same-band", 0)]
    last = math.inf
    for tick in TICKS:
        if y(tick) > down[1] or y(tick) < down[0] or last - y(tick) < 13:
            continue
        last = y(tick)
        drawn.append(line(left, last, right, last, "base" if tick == 1 else "grid"))
        drawn.append(text(left - 6, last + 4, f"{tick:g}×", "tick", "end"))
    words = f"under {PERCENT}" if right - left < 300 else f"the server takes under {PERCENT} of the latency"
    return [*drawn, text(left + 6, (y(BOUND) + y(1.0)) / 2 + 4, words, "note")]


def _line(found: Line, vertices: Sequence[Vertex], scales: tuple[Scale, Scale], end: tuple[float, float]) -> str:
    x, y = scales
    grpc = found.protocol == "grpc"
    corners = " ".join(f"{x(cost):.1f},{y(ratio):.1f}" for cost, ratio in _curve(vertices))
    marks = [tag("polyline", points=corners, class_="line most" if grpc else "line")]
    marks += [_point(vertex, scales, "hollow" if grpc else "dot") for vertex in vertices]
    last = vertices[-1]
    marks.append(line(x(last.cost_s) + 6, y(last.ratio), end[0] + 6, end[1], "leader"))
    marks.append(text(end[0] + 10, end[1] + 4, line_name(found, short=True), "owner"))
    said = "; ".join(f"{vertex.model} {factor(vertex.overhead)}" for vertex in vertices)
    return group(marks, f"fam-{FAMILIES.get(found.server, 'other')}", f"{line_name(found)}: {said}")


def _curve(vertices: Sequence[Vertex]) -> list[tuple[float, float]]:
    """Cost and ratio along the line, between two models as the crossing is found: across_models.crossing."""
    drawn = [(vertices[0].cost_s, vertices[0].ratio)]
    for before, after in pairwise(vertices):
        for step in range(1, STEPS + 1):
            share = step / STEPS
            cost_s = before.cost_s * (after.cost_s / before.cost_s) ** share
            floor_s = before.floor_s * (after.floor_s / before.floor_s) ** share
            parts_s = [(vertex.ratio - 1) * vertex.floor_s for vertex in (before, after)]
            drawn.append((cost_s, 1 + (parts_s[0] + share * (parts_s[1] - parts_s[0])) / floor_s))
    return drawn


def _point(vertex: Vertex, scales: tuple[Scale, Scale], look: str) -> str:
    x, y = scales
    at, drawn, bounds = x(vertex.cost_s), [], (vertex.overhead.low, vertex.overhead.high)
    if bounds[0] is not None and bounds[1] is not None:
        drawn.append(line(at, y(bounds[0]), at, y(bounds[1]), "whisker"))
        drawn += [line(at - 4, y(v), at + 4, y(v), "whisker") for v in bounds if v is not None]
    return "".join((*drawn, circle(at, y(vertex.ratio), 4.6, look)))


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
        f"models on a log scale: {'; '.join(said)}. The table beneath holds every figure."
    )
