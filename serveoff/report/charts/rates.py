"""The objective's quantile of latency against the arrival rate: one panel per endpoint that had an open loop."""

from __future__ import annotations

from collections.abc import Sequence

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.studies.capacity import Capacity, Probe
from serveoff.report.charts.rows import NARROW_BELOW
from serveoff.report.charts.svg import (
    Scale,
    circle,
    drawing,
    group,
    line,
    linear_scale,
    linear_ticks,
    log_scale,
    log_ticks,
    rect,
    tag,
    text,
)
from serveoff.report.phrases.names import family, phrase, short_server, what
from serveoff.report.phrases.numbers import full, ms, significant

HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 226.0, 44.0, 22.0, 58.0, 36.0


def draw(comparison: Comparison, width: float) -> str:
    """Small multiples, highest capacity first; nothing without an open loop."""
    shown = [c for c in comparison.capacity if any(_drawn(p) for p in c.probes)]
    if not shown:
        return ""
    across = 1 if width < NARROW_BELOW else 3
    step = width / across
    values = [p.latency_s for c in shown for p in c.probes if p.latency_s]
    bound_s = comparison.suite.settings.objective_bound_s
    low, high = min(*values, bound_s) / 1.3, max(*values, bound_s) * 1.3
    most = max(p.rate for c in shown for p in c.probes if _drawn(p))
    panels = []
    for index, found in enumerate(shown):
        body = _panel(comparison, found, step, (low, high), most)
        place = f"translate({index % across * step:.1f} {index // across * HEIGHT:.1f})"
        panels.append(tag("g", body, transform=place))
    best = shown[0]
    words = (
        f"p{comparison.suite.settings.objective_quantile * 100:g} of latency against the arrival rate, {len(shown)} "
        f"endpoints. Highest capacity: {phrase(comparison.entry(best.endpoint).result)}, "
        f"{full(best.rate, significant, 'req/s')}. The table holds every figure."
    )
    return drawing(width, HEIGHT * -(-len(shown) // across), words, panels)


def _drawn(probe: Probe) -> bool:
    return probe.latency_s is not None and not probe.problem


def _panel(comparison: Comparison, found: Capacity, width: float, range_s: tuple[float, float], most: float) -> str:
    entry = comparison.entry(found.endpoint)
    right, floor = width - RIGHT, HEIGHT - BOTTOM
    probes = sorted((p for p in found.probes if _drawn(p)), key=lambda p: p.rate)
    ticks = linear_ticks(most, 3)
    x, y = linear_scale(ticks[-1], LEFT, right), _vertical(range_s, floor)
    body = [text(4, 16, what(entry.result), "name"), text(4, 31, short_server(entry.result), "owner")]
    for tick in log_ticks(*range_s, steps=(1,)):
        body += [
            line(LEFT, y(tick), right, y(tick), "grid"),
            text(LEFT - 6, y(tick) + 4, f"{tick * 1e3:g}", "tick", "end"),
        ]
    body += [text(x(t), floor + 16, f"{t:,.0f}", "tick", "middle") for t in ticks]
    body += [text(right, floor + 31, "req/s", "axis", "end"), text(LEFT - 6, TOP - 8, "ms", "axis", "end")]
    bound_s = comparison.suite.settings.objective_bound_s
    body.append(line(LEFT, y(bound_s), right, y(bound_s), "bound"))
    body += _edge(found, x, floor)
    body += _marks(probes, x, y)
    spoken = f"{phrase(entry.result)}: capacity {found.side} {full(found.rate, significant, 'req/s')}"
    return group(body, f"fam-{family(entry.result)}", spoken)


def _vertical(range_s: tuple[float, float], floor: float) -> Scale:
    return log_scale(*range_s, floor, TOP)


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
