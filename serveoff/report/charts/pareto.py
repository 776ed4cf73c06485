"""Latency against cost: who is beaten on both by nobody."""

from collections.abc import Sequence

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import Entry, Point
from serveoff.report.charts.marks.plane import Plane, around, known
from serveoff.report.charts.marks.rows import label_of
from serveoff.report.charts.marks.svg import circle, drawing, group, tag, upright_of, whisker_of
from serveoff.report.phrases.names import family, phrase
from serveoff.report.phrases.numbers import full, ms

Costed = tuple[Entry, Point, Point]
"""An endpoint with its points of fewest callers and of best throughput, both VALID."""


def draw(comparison: Comparison, width: float) -> str:
    """CPU time per request at the best throughput against the median with the fewest callers."""
    shown = costed(comparison)
    if len(shown) < 2:
        return ""
    across = around(known([best.cpu_per_request_s for _, _, best in shown]))
    labels = tuple(label_of(entry.result) for entry, _, _ in shown)
    plane = Plane(width, across, around(known([alone.p50_s for _, alone, _ in shown])), labels)
    places = {
        entry.name: (plane.x(best.cpu_per_request_s.value or 0.0), plane.y(alone.p50_s.value or 0.0))
        for entry, alone, best in shown
    }
    front = pareto(shown)
    corners = " ".join("{:.1f},{:.1f}".format(*places[name]) for name in front)
    body = plane.axes("server CPU, ms per request", "p50 with the fewest callers, ms; log scales", (1e3, 1e3))
    body.append(tag("polyline", points=corners, class_="front"))
    body += plane.names(list(places.values()))
    body += [_mark(plane, *found, found[0].name in front) for found in shown]
    words = (
        f"Median latency against CPU time per request, {len(shown)} endpoints. Beaten on both by no other: "
        f"{', '.join(phrase(comparison.entry(name).result) for name in front)}. The table holds every figure."
    )
    return drawing(width, plane.height, words, body)


def costed(comparison: Comparison) -> list[Costed]:
    """Contenders that have both figures, in the entries' order."""
    found = [(e, e.alone, e.best) for e in comparison.entries if e.role == "contender" and e.alone and e.best]
    return [(e, a, b) for e, a, b in found if a and b and a.valid and a.p50_s.value and b.cpu_per_request_s.value]


def pareto(shown: Sequence[Costed]) -> list[str]:
    """The names that no other beats on both, cheapest first."""
    front: list[str] = []
    least = float("inf")
    for entry, alone, _ in sorted(shown, key=lambda found: (found[2].cpu_per_request_s.value, found[1].p50_s.value)):
        if (alone.p50_s.value or 0.0) < least:
            front.append(entry.name)
            least = alone.p50_s.value or 0.0
    return front


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
