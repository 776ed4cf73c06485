"""The models along an axis of their cost: a line and a name each, names one above the other where they would touch."""

from __future__ import annotations

from collections.abc import Sequence

from serveoff.analyse.across_models.summary import ModelResult
from serveoff.report.charts.panels import LETTER
from serveoff.report.charts.svg import Scale, line, log_scale, log_ticks, text
from serveoff.report.phrases.numbers import ms

ROW = 15.0
GAP = 10.0


def cost_scale(models: Sequence[ModelResult], left: float, right: float) -> tuple[Scale, list[float]]:
    """The logarithmic scale of all costs with some room at its ends, and its ticks in seconds."""
    costs = [model.cost_s or 0.0 for model in models]
    room = (max(costs) / min(costs)) ** 0.06 if max(costs) > min(costs) else 1.5
    low, high = min(costs) / room, max(costs) * room
    steps = (1,) if high / low > 200 else (1, 2, 5)
    return log_scale(low, high, left, right), log_ticks(low, high, steps)


def name_rows(models: Sequence[ModelResult], x: Scale, left: float, right: float) -> list[tuple[float, int]]:
    """For each model the middle of its name, within left and right, and the row (0: the lowest) with room for it."""
    ends: list[float] = []
    placed = []
    for model in models:
        half = LETTER * len(model.model) / 2
        middle = min(max(x(model.cost_s or 0.0), left + half), right - half)
        row = next((n for n, end in enumerate(ends) if middle - half >= end + GAP), len(ends))
        ends[row:] = [middle + half, *ends[row + 1 :]]
        placed.append((middle, row))
    return placed


def rows(models: Sequence[ModelResult], x: Scale, left: float, right: float) -> int:
    """How many rows the names take."""
    return 1 + max((row for _, row in name_rows(models, x, left, right)), default=0)


def model_lines(
    models: Sequence[ModelResult], x: Scale, top: float, bottom: float, left: float, right: float
) -> list[str]:
    """A line at each model's cost from its name down to the bottom of the plot; names end at `top`."""
    drawn = []
    for model, (middle, row) in zip(models, name_rows(models, x, left, right), strict=True):
        at, name_y = x(model.cost_s or 0.0), top - 8 - row * ROW
        drawn += [line(at, name_y + 4, at, bottom, "hair"), text(middle, name_y, model.model, "note", "middle")]
    return drawn


def cost_ticks(ticks: Sequence[float], x: Scale, bottom: float) -> list[str]:
    """Milliseconds beneath the plot."""
    return [
        text(x(tick), bottom + 17, ms(tick) if tick < 1e-3 else f"{tick * 1e3:g}", "tick", "middle") for tick in ticks
    ]
