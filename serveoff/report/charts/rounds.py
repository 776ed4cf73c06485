"""The median of every round, one panel per contender, all on one scale: why two are undecided, or tied."""

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import Entry
from serveoff.analyse.studies.by_round import ByRound
from serveoff.report.charts.marks.panels import LEFT, Panels
from serveoff.report.charts.marks.svg import Scale, circle, group, linear_scale, rect, tag, text
from serveoff.report.phrases.names import phrase
from serveoff.report.phrases.numbers import full, ms

MARGIN = 1.1


def draw(comparison: Comparison, width: float) -> str:
    """The panels; nothing where no contender has rounds."""
    shown = of_valid(comparison)
    if not shown:
        return ""
    panels = Panels(width, len(shown), height=206.0)
    values = [p50_s for found in shown for p50_s in found.p50_s.values()]
    last = max(number for found in shown for number in found.p50_s)
    range_s = (min(values) / MARGIN, max(values) * MARGIN)
    entries = [comparison.entry(found.endpoint) for found in shown]
    drawn = (
        (entry.result, _panel(panels, entry, found, shown[0], range_s, last))
        for entry, found in zip(entries, shown, strict=True)
    )
    words = (
        f"Median latency of every round, {len(shown)} contenders on one scale, with the 95% interval of the whole run "
        "behind. The table holds how far rounds lie apart."
    )
    return panels.drawing(words, drawn)


def of_valid(comparison: Comparison) -> list[ByRound]:
    """Contenders whose point of fewest callers is VALID."""
    alone = ((found, comparison.entry(found.endpoint).alone) for found in comparison.by_round)
    return [found for found, point in alone if point is not None and point.sound]


def _panel(
    panels: Panels, entry: Entry, found: ByRound, first: ByRound, range_s: tuple[float, float], last: int
) -> list[str]:
    """One contender, with the first one faint behind it."""
    y, x = panels.vertical(*range_s), linear_scale(last or 1, LEFT + 4, panels.right - 4)
    body = panels.frame(entry.result, *range_s, "round")
    whole = entry.alone.p50_s if entry.alone else None
    if whole and whole.low and whole.high:
        body.append(rect(LEFT, y(whole.high), panels.right - LEFT, y(whole.low) - y(whole.high), "band", 0))
    if found is not first:
        body.append(_line(first, x, y, "floor-line"))
    body.append(_line(found, x, y, "line thin"))
    body += [circle(x(number), y(p50_s), 1.6, "dot") for number, p50_s in found.p50_s.items()]
    body.append(text(LEFT + 4, panels.floor + 16, "1", "tick", "middle"))
    body.append(text(panels.right - 4, panels.floor + 16, str(last + 1), "tick", "middle"))
    return [group(body, "", f"{phrase(entry.result)}: p50 {full(whole, ms, 'ms')} over {len(found.p50_s)} rounds")]


def _line(found: ByRound, x: Scale, y: Scale, look: str) -> str:
    corners = " ".join(f"{x(number):.1f},{y(p50_s):.1f}" for number, p50_s in found.p50_s.items())
    return tag("polyline", points=corners, class_=look)
