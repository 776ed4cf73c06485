"""Latency against cost: who is beaten on both by nobody."""

from __future__ import annotations

from collections.abc import Mapping

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import Entry, Point
from serveoff.report.charts.marks.plane import Plane, around, known
from serveoff.report.charts.marks.rows import label_of
from serveoff.report.charts.marks.svg import circle, drawing, group, tag, upright_of, whisker_of
from serveoff.report.phrases.names import family, phrase
from serveoff.report.phrases.numbers import full, ms


def draw(comparison: Comparison, width: float) -> str:
    """CPU time per request at the best throughput against the median with the fewest callers."""
    found = places(comparison)
    if len(found) < 2:
        return ""
    shown = [e for e in comparison.entries if e.name in found]
    points = [pair for e in shown if (pair := _points(e))]
    across = around(known([best.cpu_per_request_s for _, best in points]))
    plane = Plane(
        width, across, around(known([alone.p50_s for alone, _ in points])), tuple(label_of(e.result) for e in shown)
    )
    front = pareto(found)
    corners = " ".join(f"{plane.x(found[name][0]):.1f},{plane.y(found[name][1]):.1f}" for name in front)
    body = plane.axes("server CPU, ms per request", "p50 with the fewest callers, ms; log scales", (1e3, 1e3))
    body.append(tag("polyline", points=corners, class_="front"))
    body += plane.names([(plane.x(x), plane.y(y)) for x, y in (found[e.name] for e in shown)])
    body += [_mark(plane, e, *pair, e.name in front) for e in shown if (pair := _points(e))]
    words = (
        f"Median latency against CPU time per request, {len(shown)} endpoints. Beaten on both by no other: "
        f"{', '.join(phrase(comparison.entry(name).result) for name in front)}. The table holds every figure."
    )
    return drawing(width, plane.height, words, body)


def places(comparison: Comparison) -> dict[str, tuple[float, float]]:
    """Cost and wait of each contender, in seconds: CPU at the best throughput, and p50 with the fewest callers."""
    found = {e.name: pair for e in comparison.entries if e.role == "contender" and (pair := _points(e))}
    return {
        name: (best.cpu_per_request_s.value or 0.0, alone.p50_s.value or 0.0) for name, (alone, best) in found.items()
    }


def pareto(places: Mapping[str, tuple[float, float]]) -> list[str]:
    """The names that no other beats on both, cheapest first."""
    front: list[str] = []
    best = float("inf")
    for name, (_, wait) in sorted(places.items(), key=lambda item: item[1]):
        if wait < best:
            front.append(name)
            best = wait
    return front


def _points(entry: Entry) -> tuple[Point, Point] | None:
    """The points of fewest callers and of best throughput, where both have what is drawn."""
    alone, best = entry.alone, entry.best
    if alone is None or best is None or not alone.valid:
        return None
    return (alone, best) if alone.p50_s.value and best.cpu_per_request_s.value else None


def _mark(plane: Plane, entry: Entry, alone: Point, best: Point, on_front: bool) -> str:
    x, y = plane.x(best.cpu_per_request_s.value or 0.0), plane.y(alone.p50_s.value or 0.0)
    marks = [
        whisker_of(best.cpu_per_request_s, plane.x, y),
        upright_of(alone.p50_s, plane.y, x),
        circle(x, y, 5.5, "dot" if on_front else "hollow"),
    ]
    spoken = (
        f"{phrase(entry.result)}: {full(best.cpu_per_request_s, ms, 'ms/request')}, p50 {full(alone.p50_s, ms, 'ms')}"
    )
    return group(marks, f"fam-{family(entry.result)}", spoken)
