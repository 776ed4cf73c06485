"""Latency over the floor against the model's cost: one line per server and protocol, 1 where a server costs nothing."""

from collections.abc import Sequence

from serveoff.analyse.across_models.summary import BOUND, ModelResult, ServedBy, Summary
from serveoff.analyse.statistics.estimates import Estimate
from serveoff.report.across_models.sentences import PERCENT, crossing
from serveoff.report.charts.marks.plane import LEFT, Plane, around, known
from serveoff.report.charts.marks.rows import Label
from serveoff.report.charts.marks.svg import circle, drawing, group, rect, tag, text, upright_of
from serveoff.report.phrases.names import FAMILIES, PROTOCOLS, SHORT_SERVERS
from serveoff.report.phrases.numbers import factor, ms

Curve = list[tuple[ModelResult, Estimate]]
"""What one server adds to each model that it was measured with, cheapest first."""


def draw(summary: Summary, width: float) -> str:
    """The chart, or nothing where no server has an overhead."""
    shown = {by: _curve(summary, by) for by in summary.served_by}
    if not shown:
        return ""
    models = [m for m in summary.costed if any(m is model for curve in shown.values() for model, _ in curve)]
    ratios = known([overhead for curve in shown.values() for _, overhead in curve])
    plane = Plane(
        width,
        around([m.cost_s or 1.0 for m in models]),
        around([*ratios, 1.0, BOUND]),
        tuple(_label(by) for by in shown),
        tuple((m.cost_s or 1.0, m.model) for m in models),
    )
    body = [
        *_stops_mattering(plane),
        *plane.axes("cost of the model, log scale", "latency, times the model's own; log scale"),
    ]
    body += plane.names([_place(plane, *curve[-1]) for curve in shown.values()])
    body += [_line(summary, plane, by, curve) for by, curve in shown.items()]
    words = (
        f"Latency over the model's own, {len(shown)} servers by protocol, against the cost of {len(models)} models. "
        "The table holds every figure."
    )
    return drawing(width, plane.height, words, body)


def _curve(summary: Summary, by: ServedBy) -> Curve:
    return [(model, overhead) for model in summary.costed if (overhead := model.overhead(by))]


def _label(by: ServedBy) -> Label:
    server, protocol = by
    return Label(PROTOCOLS.get(protocol, protocol), SHORT_SERVERS.get(server, server), FAMILIES.get(server, "other"))


def _stops_mattering(plane: Plane) -> list[str]:
    """The band in which a server takes a tenth of the latency at most."""
    top, bottom = plane.y(BOUND), plane.y(1.0)
    return [
        rect(LEFT, top, plane.right - LEFT, bottom - top, "same-band", 0),
        text(LEFT + 6, bottom + 14, f"the server takes under {PERCENT}", "note"),
    ]


def _place(plane: Plane, model: ModelResult, overhead: Estimate) -> tuple[float, float]:
    return plane.x(model.cost_s or 1.0), plane.y(overhead.value or 1.0)


def _line(summary: Summary, plane: Plane, by: ServedBy, curve: Sequence[tuple[ModelResult, Estimate]]) -> str:
    label, grpc = _label(by), by[1] == "grpc"
    places = [_place(plane, *each) for each in curve]
    corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    marks = [tag("polyline", points=corners, class_="line most" if grpc else "line")]
    for (model, overhead), (x, y) in zip(curve, places, strict=True):
        said = f"{label.name}, {label.owner}, {model.model} ({ms(model.cost_s or 0.0)} ms): {factor(overhead)}"
        mark = circle(x, y, 4.6, "hollow" if grpc else "dot")
        marks.append(group([upright_of(overhead, plane.y, x), mark], "", said))
    spoken = (
        f"{label.name}, {label.owner}: falls under {PERCENT} of the latency at a model cost {crossing(summary, by)}"
    )
    return group(marks, f"fam-{label.family}", spoken)
