"""Latency by percentile, far into the tail: one panel per endpoint, as HdrHistogram draws it."""

import math
from collections.abc import Mapping, Sequence

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import Entry, Point
from serveoff.analyse.statistics.estimates import ALL_PERCENTILES, Estimate
from serveoff.analyse.studies.distributions import LAST, MEDIAN, Distribution
from serveoff.report.charts.marks.key import SAMPLE, KeyItem, key, sample
from serveoff.report.charts.marks.panels import LEFT, TOP, Panels
from serveoff.report.charts.marks.svg import Scale, circle, group, line, tag, text
from serveoff.report.phrases.names import callers, describe_load, phrase
from serveoff.report.phrases.numbers import full, ms

FEWEST, MOST, OPEN, FLOOR = "line", "line most", "line open", "floor-line"


def draw(comparison: Comparison, width: float) -> str:
    """The panels, or nothing where no point is valid."""
    shown: dict[str, list[Distribution]] = {}
    for distribution in of_contenders(comparison):
        shown.setdefault(distribution.point.endpoint, []).append(distribution)
    if not shown:
        return ""
    panels = Panels(width, len(shown))
    entries_of = ((comparison.entry(d.point.endpoint), d) for d in comparison.distributions)
    floors = {entry.result.format: d for entry, d in entries_of if entry.role == "floor"}
    latencies = [s for found in (*shown.values(), floors.values()) for d in found for _, s in d.spectrum]
    low, high = min(latencies) / 1.2, max(latencies) * 1.2
    names, more = key(_names(comparison, shown, floors), 4, width)
    entries = [(comparison.entry(name), found) for name, found in shown.items()]
    drawn = (
        (entry.result, _panel(panels, entry, found, floors.get(entry.result.format), (low, high)))
        for entry, found in entries
    )
    deepest = max((d for found in shown.values() for d in found), key=lambda d: d.spectrum[-1][0])
    words = (
        f"Latency by percentile of {len(shown)} contenders, from the median to as far as the samples allow, at "
        "most the "
        f"99.9th percentile; log scales. Furthest: {phrase(comparison.entry(deepest.point.endpoint).result)}, "
        f"{describe_load(deepest.point.load)}. The table holds every figure."
    )
    return panels.drawing(words, drawn, names, 26 + more)


def of_contenders(comparison: Comparison) -> list[Distribution]:
    """Theirs, in the entries' order."""
    return [d for d in comparison.distributions if comparison.entry(d.point.endpoint).role == "contender"]


def _names(
    comparison: Comparison, shown: Mapping[str, Sequence[Distribution]], floors: Mapping[str, Distribution]
) -> list[KeyItem]:
    """What the kinds of lines are, only those that are drawn."""
    drawn = {_look(comparison.entry(name), d.point) for name, found in shown.items() for d in found}
    fewest, most = (f(comparison.concurrencies, default=1) for f in (min, max))
    drawn |= {FLOOR} if floors else set()
    words = {FEWEST: callers(fewest), MOST: callers(most), OPEN: "open loop", FLOOR: "floor"}
    return [KeyItem(said, sample(look), SAMPLE) for look, said in words.items() if look in drawn]


def _look(entry: Entry, point: Point) -> str:
    if not point.load.closed:
        return OPEN
    return FEWEST if point is entry.points[0] else MOST


def _panel(
    panels: Panels,
    entry: Entry,
    found: Sequence[Distribution],
    floor: Distribution | None,
    range_s: tuple[float, float],
) -> list[str]:
    y = panels.vertical(*range_s)
    body = panels.frame(entry.result, *range_s, "percentile")
    for name, quantile in ALL_PERCENTILES.items():
        at = across(panels, quantile)
        body.append(line(at, TOP, at, panels.floor, "grid"))
        body.append(text(at, panels.floor + 16, name.removeprefix("p"), "tick", "middle"))
    if floor is not None:
        body.append(_path(panels, floor, y, FLOOR))
    return body + [_line(panels, entry, d, y) for d in found]


def across(panels: Panels, quantile: float) -> float:
    """The place of a quantile (0 to 1) on the axis log 1/(1-q), from the median to the last that is drawn."""
    share = math.log((1 - MEDIAN) / (1 - quantile)) / math.log((1 - MEDIAN) / (1 - LAST))
    return LEFT + (panels.right - LEFT) * share


def _path(panels: Panels, found: Distribution, y: Scale, look: str) -> str:
    corners = (f"{across(panels, q):.1f},{y(latency_s):.1f}" for q, latency_s in found.spectrum)
    return tag("polyline", points=" ".join(corners), class_=look)


def _line(panels: Panels, entry: Entry, found: Distribution, y: Scale) -> str:
    point, marks = found.point, [_path(panels, found, y, _look(entry, found.point))]
    for name, estimate in percentiles(point).items():
        if estimate.value is not None:
            marks.append(circle(across(panels, ALL_PERCENTILES[name]), y(estimate.value), 2.6, "dot"))
    said = ", ".join(f"{name} {full(e, ms, 'ms')}" for name, e in percentiles(point).items() if e.value is not None)
    return group(marks, "", f"{phrase(entry.result)}, {describe_load(point.load)}: {said}; {point.samples:,} samples")


def percentiles(point: Point) -> dict[str, Estimate]:
    """Every named percentile of a point."""
    return dict(zip(ALL_PERCENTILES, (point.p50_s, point.p90_s, point.p99_s, point.p999_s), strict=True))
