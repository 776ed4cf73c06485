"""Latency against cost: who is beaten on both by nobody."""

from __future__ import annotations

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import Entry
from serveoff.report.charts.svg import circle, drawing, group, keep_apart, line, log_scale, log_ticks, tag, text
from serveoff.report.phrases.names import family, label, short_server, what
from serveoff.report.phrases.numbers import full, ms

HEIGHT, LEFT, TOP, BOTTOM = 380.0, 58.0, 40.0, 46.0
STEPS = (1, 1.5, 2, 3, 5, 7)


def draw(comparison: Comparison, width: float) -> str:
    """CPU time per request at the best throughput against the median with the fewest callers; log scales."""
    shown = [e for e in comparison.entries if e.role == "contender" and at(e) is not None]
    if len(shown) < 2:
        return ""
    labels = 20.0 if width < 700 else 290.0
    places = {e.name: place for e in shown if (place := at(e)) is not None}
    right, floor = width - labels, HEIGHT - BOTTOM
    costs, waits = zip(*places.values(), strict=True)
    across, down = ((min(values) / 1.2, max(values) * 1.2) for values in (costs, waits))
    x, y = log_scale(*across, LEFT, right), log_scale(*down, floor, TOP)
    body = []
    for at_x, words in ((x(tick), f"{tick * 1e3:g}") for tick in log_ticks(*across, STEPS)):
        body += [line(at_x, TOP, at_x, floor, "grid"), text(at_x, floor + 17, words, "tick", "middle")]
    for at_y, words in ((y(tick), f"{tick * 1e3:g}") for tick in log_ticks(*down, STEPS)):
        body += [line(LEFT, at_y, right, at_y, "grid"), text(LEFT - 7, at_y + 4, words, "tick", "end")]
    body += [
        text(right, floor + 36, "server CPU, ms per request (log scale)", "axis", "end"),
        text(4, TOP - 16, "p50 with the fewest callers, ms (log scale)", "axis"),
    ]
    front = pareto(places)
    corners = " ".join(f"{x(places[name][0]):.1f},{y(places[name][1]):.1f}" for name in front)
    body.append(tag("polyline", points=corners, class_="front"))
    ends = keep_apart([y(places[e.name][1]) for e in shown], 15, TOP, floor)
    for entry, end in zip(shown, ends, strict=True):
        body.append(
            _mark(entry, x(places[entry.name][0]), y(places[entry.name][1]), (right, end), width, entry.name in front)
        )
    words = (
        f"Median latency against CPU time per request, {len(shown)} endpoints. On the front, beaten on both by nobody: "
        f"{', '.join(label(comparison.entry(name).result) for name in front)}. The ranking holds every figure."
    )
    return drawing(width, HEIGHT, words, body)


def pareto(places: dict[str, tuple[float, float]]) -> list[str]:
    """The names that no other beats on both, cheapest first."""
    front: list[str] = []
    best = float("inf")
    for name, (_, wait) in sorted(places.items(), key=lambda item: item[1]):
        if wait < best:
            front.append(name)
            best = wait
    return front


def at(entry: Entry) -> tuple[float, float] | None:
    """Cost and wait in seconds: CPU per request at the best throughput, and p50 with the fewest callers."""
    alone, best = entry.alone, entry.best
    if alone is None or best is None or not alone.valid:
        return None
    cost, wait = best.cpu_per_request_s.value, alone.p50_s.value
    return (cost, wait) if cost and wait else None


def _mark(entry: Entry, x: float, y: float, end: tuple[float, float], width: float, on_front: bool) -> str:
    marks = [circle(x, y, 5.5, "dot" if on_front else "hollow")]
    if width >= 700:
        marks.append(line(x + 7, y, end[0] + 4, end[1], "leader"))
        marks.append(text(end[0] + 8, end[1] + 4, f"{what(entry.result)}, {short_server(entry.result)}", "name"))
    alone, best = entry.alone, entry.best
    cost = full(best.cpu_per_request_s if best else None, ms, "ms/request")
    spoken = f"{label(entry.result)}: {cost}, p50 {full(alone.p50_s if alone else None, ms, 'ms')}"
    return group(marks, f"fam-{family(entry.result)}", spoken)
