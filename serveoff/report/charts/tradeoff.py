"""Latency against throughput as callers are added: one panel per endpoint, p50 and p99."""

from __future__ import annotations

from collections.abc import Sequence

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import Entry, Point
from serveoff.report.charts.panels import LEFT, TOP, Panels, family_class, key
from serveoff.report.charts.svg import Scale, circle, drawing, group, linear_scale, linear_ticks, tag, text
from serveoff.report.phrases.names import callers, label
from serveoff.report.phrases.numbers import full, ms, significant


def draw(comparison: Comparison, width: float) -> str:
    """The panels; nothing where no endpoint has two valid points."""
    shown = curves(comparison)
    if not shown:
        return ""
    panels = Panels(width, len(shown))
    latencies = [v for _, points in shown for p in points for v in (p.p50_s.value, p.p99_s.value) if v]
    low, high = min(latencies) / 1.25, max(latencies) * 1.4
    names, below = key(width, [("dot", "p50"), ("hollow", "p99"), ("", "number at an end: callers")])
    body = [names]
    for index, (entry, points) in enumerate(shown):
        drawn = _panel(panels, entry, points, (low, high))
        body.append(panels.place(index, drawn, family_class(entry.result), below))
    fewest, most = (callers(f(comparison.concurrencies)) for f in (min, max))
    words = (
        f"Latency against throughput of {len(shown)} endpoints, p50 and p99, from {fewest} to {most}. "
        "The table beneath holds every figure."
    )
    return drawing(width, panels.total(below), words, body)


def curves(comparison: Comparison) -> list[tuple[Entry, list[Point]]]:
    """Contenders with two valid points or more, and these points from the fewest callers to the most."""
    found = [(e, [p for p in e.points if p.valid and p.p50_s.value is not None]) for e in comparison.entries]
    return [(entry, points) for entry, points in found if entry.role == "contender" and len(points) > 1]


def _panel(panels: Panels, entry: Entry, points: Sequence[Point], range_s: tuple[float, float]) -> list[str]:
    y = panels.vertical(*range_s)
    ticks = linear_ticks(max(p.throughput.value or 0.0 for p in points), 2)
    x = linear_scale(ticks[-1], LEFT, panels.right)
    body = panels.frame(entry.result, *range_s, "req/s")
    body += [text(x(t), panels.floor + 16, f"{t:,.0f}", "tick", "middle") for t in ticks]
    for name, path, look in (("p50_s", "line thin", "dot"), ("p99_s", "line most thin", "hollow")):
        body.append(_curve([(p, v) for p in points if (v := getattr(p, name).value)], path, look, x, y))
    body += _ends(points, x, y)
    return [group(body, "", f"{label(entry.result)}: {_spoken(points)}")]


def _curve(latencies: Sequence[tuple[Point, float]], path: str, look: str, x: Scale, y: Scale) -> str:
    places = [(x(p.throughput.value or 0.0), y(latency_s)) for p, latency_s in latencies]
    corners = " ".join(f"{a:.1f},{b:.1f}" for a, b in places)
    dots = [circle(a, b, 3.4, look) for a, b in places]
    return tag("polyline", points=corners, class_=path) + "".join(dots)


def _ends(points: Sequence[Point], x: Scale, y: Scale) -> list[str]:
    """How many callers the ends stand for, above the upper curve."""
    drawn: list[tuple[float, float, str]] = []
    for point in (points[0], points[-1]):
        top = point.p99_s.value or point.p50_s.value or 0.0
        at, height = x(point.throughput.value or 0.0), max(y(top) - 8, TOP - 2)
        if all(abs(at - a) > 18 or abs(height - h) > 14 for a, h, _ in drawn):
            drawn.append((at, height, str(point.concurrency)))
    return [text(at, height, words, "note", "middle") for at, height, words in drawn]


def _spoken(points: Sequence[Point]) -> str:
    return "; ".join(
        f"{callers(p.concurrency)} {full(p.throughput, significant, 'req/s')}, p50 {full(p.p50_s, ms, 'ms')}, "
        f"p99 {full(p.p99_s, ms, 'ms')}"
        for p in points
    )
