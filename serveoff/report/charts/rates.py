"""The objective's quantile of latency against the arrival rate: one panel per endpoint that had an open loop."""

from collections.abc import Sequence

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.studies.capacity import Capacity, Probe
from serveoff.report.charts.marks.panels import LEFT, TOP, Panels
from serveoff.report.charts.marks.svg import Scale, circle, group, line, linear_scale, linear_ticks, rect, text
from serveoff.report.phrases.names import phrase
from serveoff.report.phrases.numbers import full, ms, significant


def draw(comparison: Comparison, width: float) -> str:
    """Small multiples, highest capacity first; nothing without an open loop."""
    shown = [c for c in comparison.capacity if any(_drawn(p) for p in c.probes)]
    if not shown:
        return ""
    panels = Panels(width, len(shown), height=226.0, across_wide=3, across_narrow=1)
    bound_s = comparison.suite.settings.objective_bound_s
    values = [bound_s, *(p.latency_s for c in shown for p in c.probes if p.latency_s)]
    range_s = min(values) / 1.3, max(values) * 1.3
    most = max(p.rate for c in shown for p in c.probes if _drawn(p))
    drawn = (
        (comparison.entry(found.endpoint).result, _panel(comparison, panels, found, range_s, most)) for found in shown
    )
    best = shown[0]
    words = (
        f"p{comparison.suite.settings.objective_quantile * 100:g} of latency against the arrival rate, {len(shown)} "
        f"endpoints. Highest capacity: {phrase(comparison.entry(best.endpoint).result)}, "
        f"{full(best.rate, significant, 'req/s')}. The table holds every figure."
    )
    return panels.drawing(words, drawn)


def _drawn(probe: Probe) -> bool:
    return probe.latency_s is not None and not probe.problem


def _panel(
    comparison: Comparison, panels: Panels, found: Capacity, range_s: tuple[float, float], most: float
) -> list[str]:
    result, bound_s = comparison.entry(found.endpoint).result, comparison.suite.settings.objective_bound_s
    ticks = linear_ticks(most, 3)
    x, y = linear_scale(ticks[-1], LEFT, panels.right), panels.vertical(*range_s)
    body = panels.frame(result, *range_s, "req/s")
    body += [text(x(t), panels.floor + 16, f"{t:,.0f}", "tick", "middle") for t in ticks]
    body.append(line(LEFT, y(bound_s), panels.right, y(bound_s), "bound"))
    body += _edge(found, x, panels.floor)
    body += _marks(sorted((p for p in found.probes if _drawn(p)), key=lambda p: p.rate), x, y)
    return [group(body, "", f"{phrase(result)}: capacity {found.side} {full(found.rate, significant, 'req/s')}")]


def _edge(found: Capacity, x: Scale, floor: float) -> list[str]:
    """The capacity and its interval."""
    rate = found.rate
    if rate.value is None or found.side != "between":
        return []
    marks = [line(x(rate.value), TOP, x(rate.value), floor, "line")]
    if rate.low is not None and rate.high is not None:
        marks.insert(0, rect(x(rate.low), TOP, x(rate.high) - x(rate.low), floor - TOP, "band", 0))
    return marks


def _marks(probes: Sequence[Probe], x: Scale, y: Scale) -> list[str]:
    return [
        group(
            [circle(x(p.rate), y(p.latency_s or 0.0), 3.8, "dot" if p.holds else "hollow")],
            "",
            f"{significant(p.rate)} req/s: {ms(p.latency_s or 0.0)} ms, "
            f"{'holds' if p.holds else 'does not hold'}, {p.requests:,} samples",
        )
        for p in probes
    ]
