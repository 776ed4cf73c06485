"""At which model cost each server falls under a tenth of the latency: a dot and its interval among the models."""

from __future__ import annotations

from serveoff.analyse.across_models.summary import Crossing, Line, Summary
from serveoff.report.across_models.charts.axis import ROW, cost_scale, cost_ticks, model_lines, rows
from serveoff.report.across_models.sentences import PERCENT, crossing_sentences, under_latency
from serveoff.report.charts.rows import Layout
from serveoff.report.charts.svg import Scale, circle, drawing, group, text, whisker
from serveoff.report.phrases.names import FAMILIES, PROTOCOLS, SHORT_SERVERS
from serveoff.report.phrases.numbers import ms

STATES = {"under": "already under", "not reached": "not reached", "unknown": "not known"}


def draw(summary: Summary, width: float) -> str:
    """One row per line, where any was followed over two models."""
    models = summary.costed
    shown = [line for line in summary.lines if line.latency.state != "unknown"]
    if not shown:
        return ""
    layout = Layout(width, top=0, value_width=118, row_wide=30)
    x, ticks = cost_scale(models, layout.left, layout.right)
    top = 30 + ROW * rows(models, x, layout.left, layout.right)
    layout = Layout(width, top=top, value_width=118, row_wide=30)
    bottom = layout.bottom(len(shown))
    body = model_lines(models, x, top, bottom, layout.left, layout.right)
    body += cost_ticks(ticks, x, bottom)
    body.append(text(layout.left, 12, f"model cost at which a server falls under {PERCENT}, ms (log scale)", "axis"))
    ends = x(models[0].cost_s or 0.0), x(models[-1].cost_s or 0.0)
    body += [_row(summary, layout, index, line, x, ends) for index, line in enumerate(shown)]
    words = f"Crossings of {len(shown)} servers by protocol: {' '.join(crossing_sentences(summary))}"
    return drawing(width, bottom + 26, words, body)


def _row(summary: Summary, layout: Layout, index: int, line: Line, x: Scale, ends: tuple[float, float]) -> str:
    found, y = line.latency, layout.y(index)
    owner = SHORT_SERVERS.get(line.server, line.server)
    marks = [layout.rule(index), layout.label(index, PROTOCOLS.get(line.protocol, line.protocol), owner)]
    marks += _marks(found, x, y, ends)
    value = f"{ms(found.cost_s)} ms" if found.cost_s is not None else STATES[found.state]
    marks.append(layout.value(index, value))
    spoken = f"{owner} over {PROTOCOLS.get(line.protocol, line.protocol)}: {under_latency(summary, line)}"
    return group(marks, f"fam-{FAMILIES.get(line.server, 'other')}", spoken)


def _marks(found: Crossing, x: Scale, y: float, ends: tuple[float, float]) -> list[str]:
    """The dot and its interval, which ends with the models where it is open; an arrow where there is no crossing."""
    if found.cost_s is not None:
        low, high = (x(v) if v is not None else end for v, end in zip((found.low_s, found.high_s), ends, strict=True))
        return [whisker(low, high, y), circle(x(found.cost_s), y, 5, "dot")]
    if found.state == "under":
        return [text(ends[0], y + 5, "◀", "owner", "middle")]
    return [text(ends[1], y + 5, "▶", "owner", "middle")] if found.state == "not reached" else []
