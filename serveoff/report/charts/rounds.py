"""The median of every round, one panel per contender, all on one scale: why two are undecided, or tied."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.studies.rounds import RoundMedian, Rounds
from serveoff.report.charts.panels import LEFT, Panels, family_class
from serveoff.report.charts.svg import Scale, circle, drawing, group, linear_scale, rect, tag, text
from serveoff.report.phrases.names import label
from serveoff.report.phrases.numbers import full, ms

MARGIN = 1.1


def draw(comparison: Comparison, width: float) -> str:
    """The panels; nothing where no contender has rounds."""
    shown = [found for found in comparison.rounds if found.medians]
    if not shown:
        return ""
    panels = Panels(width, len(shown), height=176.0)
    values = [m.p50_s for found in shown for m in found.medians]
    last = max(m.round for found in shown for m in found.medians)
    range_s = (min(values) / MARGIN, max(values) * MARGIN)
    body = []
    for index, found in enumerate(shown):
        result = comparison.entry(found.endpoint).result
        body.append(panels.place(index, _panel(comparison, panels, found, range_s, last), family_class(result), 0))
    words = (
        f"Median latency of every round, {len(shown)} contenders on one scale, with the 95% interval of the whole run "
        "behind. The table holds how far rounds lie apart."
    )
    return drawing(width, panels.total(0), words, body)


def _panel(comparison: Comparison, panels: Panels, found: Rounds, range_s: tuple[float, float], last: int) -> list[str]:
    entry = comparison.entry(found.endpoint)
    y, x = panels.vertical(*range_s), linear_scale(last or 1, LEFT + 4, panels.right - 4)
    body = panels.frame(entry.result, *range_s, "round")
    whole = entry.alone.p50_s if entry.alone else None
    if whole and whole.low and whole.high:
        body.append(rect(LEFT, y(whole.high), panels.right - LEFT, y(whole.low) - y(whole.high), "band", 0))
    body += [_start(list(medians), x, y) for _, medians in groupby(found.medians, key=lambda m: m.start)]
    body.append(text(LEFT + 4, panels.floor + 16, "1", "tick", "middle"))
    body.append(text(panels.right - 4, panels.floor + 16, str(last + 1), "tick", "middle"))
    return [group(body, "", f"{label(entry.result)}: p50 {full(whole, ms, 'ms')} over {len(found.medians)} rounds")]


def _start(medians: Sequence[RoundMedian], x: Scale, y: Scale) -> str:
    """One life of the server: its rounds joined."""
    places = [(x(m.round), y(m.p50_s)) for m in medians]
    corners = " ".join(f"{a:.1f},{b:.1f}" for a, b in places)
    return tag("polyline", points=corners, class_="line thin") + "".join(circle(a, b, 1.6, "dot") for a, b in places)
