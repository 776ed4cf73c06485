"""Median to 99th percentile of each endpoint with the fewest callers, beside the floor of its format."""

from __future__ import annotations

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import Entry
from serveoff.analyse.statistics.estimates import Estimate
from serveoff.report.charts.marks.rows import Layout, grid, label_of, room
from serveoff.report.charts.marks.svg import Scale, circle, drawing, group, line, log_scale, log_ticks, text, whisker_of
from serveoff.report.phrases.names import family, phrase
from serveoff.report.phrases.numbers import full, ms


def draw(comparison: Comparison, width: float) -> str:
    """The chart, or nothing where no endpoint has a valid latency."""
    shown = [e for e in comparison.entries if e.role != "floor" and _valid(e)]
    if not shown:
        return ""
    layout = Layout(width, top=62, value_width=118, label_width=room(e.result for e in shown))
    floors = {e.result.format: e.alone.p50_s for e in comparison.entries if e.role == "floor" and _valid(e) and e.alone}
    scale, ticks = _axis(shown, floors, layout)
    body = grid(layout, len(shown), [(t, f"{t * 1e3:g}") for t in ticks], scale, "milliseconds, log scale")
    for index, entry in enumerate(shown):
        body.append(_row(layout, index, entry, floors.get(entry.result.format), scale))
    body.append(text(width - 2, layout.top - 30, "● p50   ○ p99   | floor", "note", "end"))
    fastest, slowest = shown[0], shown[-1]
    words = (
        f"Latency of {len(shown)} endpoints, p50 to p99, on a log scale. First: {phrase(fastest.result)}, "
        f"{_spoken(fastest)}. Last: {phrase(slowest.result)}, {_spoken(slowest)}. The table holds every figure."
    )
    return drawing(width, layout.bottom(len(shown)) + 8, words, body)


def _valid(entry: Entry) -> bool:
    return entry.alone is not None and entry.alone.valid and entry.alone.p50_s.value is not None


def _axis(shown: list[Entry], floors: dict[str, Estimate], layout: Layout) -> tuple[Scale, list[float]]:
    values = [
        v for e in shown if e.alone for f in (e.alone.p50_s, e.alone.p99_s) for v in (f.low, f.value, f.high) if v
    ]
    values += [f.value for f in floors.values() if f.value]
    low, high = min(values) / 1.15, max(values) * 1.12
    steps = (1, 2, 5) if high / low < (200 if layout.narrow else 500) else (1,)
    return log_scale(low, high, layout.left, layout.right), log_ticks(low, high, steps)


def _row(layout: Layout, index: int, entry: Entry, floor: Estimate | None, scale: Scale) -> str:
    point, y = entry.alone, layout.y(index)
    if point is None or point.p50_s.value is None:
        return ""
    marks = [layout.rule(index), layout.label(index, label_of(entry.result))]
    if floor is not None and floor.value is not None:
        marks.append(line(scale(floor.value), y - 9, scale(floor.value), y + 9, "floor-tick"))
    if point.p99_s.value is not None:
        marks.append(line(scale(point.p50_s.value), y, scale(point.p99_s.value), y, "range"))
        marks.append(whisker_of(point.p99_s, scale, y))
        marks.append(circle(scale(point.p99_s.value), y, 4.5, "hollow"))
    marks += [whisker_of(point.p50_s, scale, y), circle(scale(point.p50_s.value), y, 5.5, "dot")]
    tail = f" – {ms(point.p99_s.value)}" if point.p99_s.value is not None else ""
    marks.append(layout.value(index, f"{ms(point.p50_s.value)}{tail} ms"))
    return group(marks, f"fam-{family(entry.result)}", f"{phrase(entry.result)}: {_spoken(entry)}")


def _spoken(entry: Entry) -> str:
    if entry.alone is None:
        return ""
    return f"p50 {full(entry.alone.p50_s, ms, 'ms')}, p99 {full(entry.alone.p99_s, ms, 'ms')}"
