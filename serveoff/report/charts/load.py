"""Latency against load: one line per contender, from the fewest callers to the most, and the objective's bound."""

from __future__ import annotations

from collections.abc import Sequence

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import Entry, Point
from serveoff.analyse.statistics.estimates import Estimate
from serveoff.report.charts.marks.plane import LEFT, Plane, around, known
from serveoff.report.charts.marks.rows import label_of
from serveoff.report.charts.marks.svg import circle, drawing, group, line, tag, text, upright_of
from serveoff.report.phrases.names import callers, family, phrase
from serveoff.report.phrases.numbers import full, ms, significant


def draw(comparison: Comparison, width: float) -> str:
    """p99 against the throughput that was reached, log scales; nothing where no contender has a valid point."""
    shown = curves(comparison)
    if not shown:
        return ""
    points = [point for _, found in shown for point in found]
    bound_s = comparison.suite.settings.objective_bound_s
    latencies = [*known([tail_of(p) for p in points]), bound_s]
    plane = Plane(
        width,
        around([p.throughput.value or 0.0 for p in points]),
        around(latencies),
        tuple(label_of(e.result) for e, _ in shown),
    )
    body = plane.axes("answered requests a second", "p99, ms; log scales", (1.0, 1e3))
    body += plane.names([_place(plane, found[-1]) for _, found in shown])
    body += [_curve(plane, entry, found) for entry, found in shown]
    body += _bound(plane, bound_s)
    words = (
        f"99th percentile of latency against throughput, {len(shown)} contenders, from "
        f"{callers(min(p.concurrency for p in points))} to "
        f"{callers(max(p.concurrency for p in points))}; the objective is {ms(bound_s)} ms. The table of every "
        "endpoint holds the figures."
    )
    return drawing(width, plane.height, words, body)


def curves(comparison: Comparison) -> list[tuple[Entry, list[Point]]]:
    """Contenders with their valid points from the fewest callers to the most."""
    found = [(e, [p for p in e.points if _drawn(p)]) for e in comparison.entries if e.role == "contender"]
    return [(entry, points) for entry, points in found if points]


def tail_of(point: Point) -> Estimate:
    """What is drawn: the tail."""
    return point.p99_s


def _drawn(point: Point) -> bool:
    return bool(point.valid and tail_of(point).value and point.throughput.value)


def _bound(plane: Plane, bound_s: float) -> list[str]:
    y = plane.y(bound_s)
    return [
        line(LEFT, y, plane.right, y, "bound"),
        text(plane.right - 4, y - 5, f"objective {ms(bound_s)} ms", "note halo", "end"),
    ]


def _place(plane: Plane, point: Point) -> tuple[float, float]:
    return plane.x(point.throughput.value or 0.0), plane.y(tail_of(point).value or 0.0)


def _curve(plane: Plane, entry: Entry, points: Sequence[Point]) -> str:
    places = [_place(plane, point) for point in points]
    corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    marks = [tag("polyline", points=corners, class_="line thin")]
    for point, (x, y) in zip(points, places, strict=True):
        said = (
            f"{phrase(entry.result)}, {callers(point.concurrency)}: "
            f"{full(point.throughput, significant, 'req/s')}, p99 {full(tail_of(point), ms, 'ms')}"
        )
        marks.append(group([upright_of(tail_of(point), plane.y, x), circle(x, y, 3.6, "dot")], "", said))
    return group(marks, f"fam-{family(entry.result)}")
