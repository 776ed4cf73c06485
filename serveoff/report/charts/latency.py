"""Median to 99th percentile of each endpoint with the fewest callers, beside the floor of its format."""

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import Entry, Point
from serveoff.analyse.statistics.estimates import Estimate
from serveoff.report.charts.marks.plane import known
from serveoff.report.charts.marks.rows import Layout, grid, label_of, room
from serveoff.report.charts.marks.svg import Scale, circle, drawing, group, line, log_scale, log_ticks, text, whisker_of
from serveoff.report.phrases.names import family, phrase
from serveoff.report.phrases.numbers import full, ms


def draw(comparison: Comparison, width: float) -> str:
    """The chart, or nothing where no endpoint has a valid latency."""
    sound = [(entry, entry.alone) for entry in comparison.entries if entry.alone and entry.alone.sound]
    shown = [(entry, point) for entry, point in sound if entry.role != "floor"]
    if not shown:
        return ""
    layout = Layout(width, top=62, value_width=118, label_width=room(entry.result for entry, _ in shown))
    floors = {entry.result.format: point.p50_s for entry, point in sound if entry.role == "floor"}
    scale, ticks = _axis([point for _, point in shown], floors, layout)
    body = grid(layout, len(shown), [(t, f"{t * 1e3:g}") for t in ticks], scale, "milliseconds, log scale")
    for index, (entry, point) in enumerate(shown):
        body.append(_row(layout, index, entry, point, floors.get(entry.result.format), scale))
    body.append(text(width - 2, layout.top - 30, f"● p50   ○ p99{'   | floor' if floors else ''}", "note", "end"))
    words = (
        f"Latency of {len(shown)} endpoints, p50 to p99, on a log scale. First: {_spoken(*shown[0])}. "
        f"Last: {_spoken(*shown[-1])}. The table holds every figure."
    )
    return drawing(width, layout.bottom(len(shown)) + 8, words, body)


def _axis(shown: list[Point], floors: dict[str, Estimate], layout: Layout) -> tuple[Scale, list[float]]:
    values = known([figure for point in shown for figure in (point.p50_s, point.p99_s)])
    values += [f.value for f in floors.values() if f.value]
    low, high = min(values) / 1.15, max(values) * 1.12
    steps = (1, 2, 5) if high / low < (200 if layout.narrow else 500) else (1,)
    return log_scale(low, high, layout.left, layout.right), log_ticks(low, high, steps)


def _row(layout: Layout, index: int, entry: Entry, point: Point, floor: Estimate | None, scale: Scale) -> str:
    y, p50_s = layout.y(index), point.p50_s.value or 0.0
    marks = [layout.rule(index), layout.label(index, label_of(entry.result))]
    if floor is not None and floor.value is not None:
        marks.append(line(scale(floor.value), y - 9, scale(floor.value), y + 9, "floor-tick"))
    if point.p99_s.value is not None:
        marks.append(line(scale(p50_s), y, scale(point.p99_s.value), y, "range"))
        marks.append(whisker_of(point.p99_s, scale, y))
        marks.append(circle(scale(point.p99_s.value), y, 4.5, "hollow"))
    marks += [whisker_of(point.p50_s, scale, y), circle(scale(p50_s), y, 5.5, "dot")]
    tail = f" – {ms(point.p99_s.value)}" if point.p99_s.value is not None else ""
    marks.append(layout.value(index, f"{ms(p50_s)}{tail} ms"))
    return group(marks, f"fam-{family(entry.result)}", _spoken(entry, point))


def _spoken(entry: Entry, point: Point) -> str:
    return f"{phrase(entry.result)}: p50 {full(point.p50_s, ms, 'ms')}, p99 {full(point.p99_s, ms, 'ms')}"
