"""Latency against load: the one chart that shows all contenders."""

from functools import partial

from serveoff.analyse.comparison import Comparison
from serveoff.report.charts import load as chart
from serveoff.report.phrases.names import all_of
from serveoff.report.phrases.numbers import ms
from serveoff.report.section import Figure, Section


def glance(comparison: Comparison) -> Section | None:
    """Nothing where no contender has a valid point."""
    if not chart.curves(comparison):
        return None
    steps = all_of([*map(str, comparison.concurrencies)])
    bound = ms(comparison.suite.settings.objective_bound_s)
    note = f"Each line: {steps} callers. Whiskers: 95% intervals. Dashed: the objective, {bound} ms."
    return Section("load", "Latency against load", figure=Figure(partial(chart.draw, comparison), note))
