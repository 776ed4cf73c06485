"""Requests a second against the number of callers: one panel per server, the others faint behind it."""

from __future__ import annotations

from collections.abc import Sequence

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import Entry, Point
from serveoff.report.charts.svg import (
    Scale,
    circle,
    drawing,
    group,
    keep_apart,
    line,
    linear_scale,
    linear_ticks,
    tag,
    text,
)
from serveoff.report.phrases.names import callers, family, label, short_server, what
from serveoff.report.phrases.numbers import full, significant

PANEL_HEIGHT = 310.0
LEFT, LABELS, TOP, BOTTOM = 46.0, 138.0, 54.0, 44.0


def draw(comparison: Comparison, width: float) -> str:
    """The panels, side by side or one above the other; nothing where no point is valid."""
    shown = [e for e in comparison.entries if e.role == "contender" and _points(e)]
    if not shown:
        return ""
    servers = list(dict.fromkeys(e.result.server for e in shown))
    across = 1 if width < 700 else len(servers)
    high = max(p.throughput.high or p.throughput.value or 0.0 for e in shown for p in _points(e))
    panels = []
    for index, server in enumerate(servers):
        x, y = (index % across) * width / across, (index // across) * PANEL_HEIGHT
        mine = [e for e in shown if e.result.server == server]
        others = [e for e in shown if e.result.server != server]
        body = _panel(comparison.concurrencies, mine, others, width / across, high)
        panels.append(tag("g", body, transform=f"translate({x:.1f},{y:.1f})"))
    rows = -(-len(servers) // across)
    best = max(shown, key=lambda e: e.best.throughput.value or 0 if e.best else 0)
    return drawing(width, PANEL_HEIGHT * rows, _spoken(best, len(shown)), panels)


def _points(entry: Entry) -> list[Point]:
    return [p for p in entry.points if p.valid and p.throughput.value is not None]


def _panel(
    concurrencies: Sequence[int], mine: Sequence[Entry], others: Sequence[Entry], width: float, high: float
) -> str:
    right, floor = width - LABELS, PANEL_HEIGHT - BOTTOM
    ticks = linear_ticks(high)
    y = linear_scale(ticks[-1], floor, TOP)
    step = (right - LEFT - 20) / max(len(concurrencies) - 1, 1)
    at = {c: LEFT + 10 + step * i for i, c in enumerate(concurrencies)}
    body = [line(LEFT, y(t), right, y(t), "grid") + text(LEFT - 7, y(t) + 4, f"{t:,.0f}", "tick", "end") for t in ticks]
    body += [text(at[c], floor + 18, str(c), "tick", "middle") for c in concurrencies]
    body.append(text((LEFT + right) / 2, floor + 35, "callers", "axis", "middle"))
    body.append(text(6, 16, short_server(mine[0].result), f"panel fam-{family(mine[0].result)}"))
    body.append(text(LEFT - 7, 38, "req/s", "axis", "end"))
    body += [_path(e, at, y, "ghost") for e in others]
    ends = keep_apart([y(_points(e)[-1].throughput.value or 0) for e in mine], 15, TOP, floor)
    body += [_line(e, at, y, end, right) for e, end in zip(mine, ends, strict=True)]
    return "".join(body)


def _path(entry: Entry, at: dict[int, float], y: Scale, class_: str) -> str:
    corners = [f"{at[p.concurrency]:.1f},{y(p.throughput.value or 0):.1f}" for p in _points(entry)]
    return tag("polyline", points=" ".join(corners), class_=class_)


def _line(entry: Entry, at: dict[int, float], y: Scale, label_y: float, right: float) -> str:
    marks = [_path(entry, at, y, "line")]
    for p in _points(entry):
        x = at[p.concurrency]
        if p.throughput.low is not None and p.throughput.high is not None:
            marks.append(line(x, y(p.throughput.low), x, y(p.throughput.high), "whisker"))
        marks.append(circle(x, y(p.throughput.value or 0), 3.6, "dot"))
    last = _points(entry)[-1]
    end_x, end_y = at[last.concurrency] + 5, y(last.throughput.value or 0)
    marks.append(line(end_x, end_y, right + 2, label_y, "leader"))
    marks.append(text(right + 5, label_y + 4, what(entry.result), "name"))
    spoken = "; ".join(f"{callers(p.concurrency)} {full(p.throughput, significant, 'req/s')}" for p in _points(entry))
    return group(marks, f"fam-{family(entry.result)}", f"{label(entry.result)}: {spoken}")


def _spoken(best: Entry, count: int) -> str:
    top = best.best
    if top is None:
        return "Throughput"
    return (
        f"Throughput of {count} endpoints against the number of callers. Highest: {label(best.result)}, "
        f"{full(top.throughput, significant, 'req/s')} with {callers(top.concurrency)}. "
        "The table beneath holds every figure."
    )
