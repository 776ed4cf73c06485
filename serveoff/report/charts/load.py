"""Latency against load: one line per contender, from the fewest callers to the most, and the objective's bound."""

from collections.abc import Sequence

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import Entry, Point
from serveoff.report.charts.marks.plane import LEFT, Plane, around, known
from serveoff.report.charts.marks.rows import label_of
from serveoff.report.charts.marks.svg import circle, drawing, group, line, tag, upright_of
from serveoff.report.phrases.names import callers, family, phrase
from serveoff.report.phrases.numbers import full, ms, significant


def draw(comparison: Comparison, width: float) -> str:
    """p99 against the throughput that was reached, log scales; nothing where no contender has a valid point."""
    shown = curves(comparison)
    if not shown:
        return ""
    points = [point for _, found in shown for point in found]
    bound_s = comparison.suite.settings.objective_bound_s
    latencies = [*known([p.p99_s for p in points]), bound_s]
    plane = Plane(
        width,
        around([p.throughput.value or 0.0 for p in points]),
        around(latencies),
        tuple(label_of(e.result) for e, _ in shown),
    )
    body = plane.axes("answered requests a second", "p99, ms; log scales", (1.0, 1e3))
    body += plane.names([_place(plane, found[-1]) for _, found in shown])
    body += [_curve(plane, entry, found) for entry, found in shown]
    y = plane.y(bound_s)
    body.append(line(LEFT, y, plane.right, y, "bound"))
    words = (
        f"99th percentile of latency against throughput, {len(shown)} contenders, from "
        f"{callers(min(p.concurrency for p in points))} to "
        f"{callers(max(p.concurrency for p in points))}; the objective is {ms(bound_s)} ms. The table of every "
        "endpoint holds the figures."
    )
    return drawing(width, plane.height, words, body)


def curves(comparison: Comparison) -> list[tuple[Entry, list[Point]]]:
    """Contenders with their valid points from the fewest callers to the most."""
    contenders = [entry for entry in comparison.entries if entry.role == "contender"]
    found = [(e, [p for p in e.points if p.valid and p.p99_s.value and p.throughput.value]) for e in contenders]
    return [(entry, points) for entry, points in found if points]


def _place(plane: Plane, point: Point) -> tuple[float, float]:
    return plane.x(point.throughput.value or 0.0), plane.y(point.p99_s.value or 0.0)


def _curve(plane: Plane, entry: Entry, points: Sequence[Point]) -> str:
    places = [_place(plane, point) for point in points]
    corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    marks = [tag("polyline", points=corners, class_="line thin")]
    for point, (x, y) in zip(points, places, strict=True):
        said = (
            f"{phrase(entry.result)}, {callers(point.concurrency)}: "
            f"{full(point.throughput, significant, 'req/s')}, p99 {full(point.p99_s, ms, 'ms')}"
        )
        marks.append(group([upright_of(point.p99_s, plane.y, x), circle(x, y, 3.6, "dot")], "", said))
    return group(marks, f"fam-{family(entry.result)}")
