"""Capacity under the objective, and latency against cost: tables and sentences."""

from __future__ import annotations

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import Entry
from serveoff.analyse.studies.capacity import Capacity
from serveoff.report.charts import pareto
from serveoff.report.phrases.cells import (
    INVALID,
    Cell,
    best_rate_cell,
    count_cell,
    endpoint_cell,
    estimate_cell,
    number_cell,
)
from serveoff.report.phrases.names import phrase
from serveoff.report.phrases.numbers import NONE, full, ms, significant
from serveoff.report.phrases.tables import ENDPOINT, SAMPLES, Column, Field, Table, listed, text_column, without_blank

PER_JOULE = "Per joule"
SIDES = {"above": "above", "below": "below"}


def objective(comparison: Comparison) -> str:
    """`99% of requests within 10 ms, and no errors`."""
    settings = comparison.suite.settings
    return (
        f"{settings.objective_quantile * 100:g}% of requests within {ms(settings.objective_bound_s)} ms, and no errors"
    )


def capacity(comparison: Comparison) -> Table:
    """Each contender's capacity, what a request costs there, and how it was found."""
    fields: list[Field[Capacity]] = [
        (ENDPOINT, lambda found: endpoint_cell(comparison.entry(found.endpoint))),
        (Column("Capacity", "req/s"), _capacity_cell),
        (Column("Closed loop's best", "req/s"), lambda found: best_rate_cell(comparison.entry(found.endpoint))),
        (Column("Per CPU second", "requests"), lambda found: number_cell(found.per_cpu_s, significant)),
        (Column("Per GB", "req/s"), lambda found: number_cell(found.per_gb, significant)),
        (Column(PER_JOULE, "requests"), lambda found: number_cell(found.per_joule, significant)),
        (Column("Rates"), lambda found: count_cell(len(found.probes))),
        (SAMPLES, lambda found: count_cell(found.rate.samples)),
        (text_column("Remark"), lambda found: Cell(found.reason or NONE)),
    ]
    caption = (
        "The highest Poisson rate (MLPerf's server scenario) at which the endpoint holds: "
        f"{objective(comparison)}. Latency counts from when a request was due; the upper end of an interval counts it "
        "from when it was sent. 95% intervals beneath; above or below: beyond all rates that were tried."
    )
    if any(found.per_joule is not None for found in comparison.capacity):
        caption += " Joules are those of all GPUs of the machine, idle power included."
    return without_blank(listed("capacity", caption, fields, comparison.capacity), (PER_JOULE,))


def cost(comparison: Comparison) -> Table:
    """Latency and cost of every contender, and whether another is better in both; nothing for fewer than two."""
    shown = [e for e in comparison.entries if e.role == "contender" and pareto.at(e) is not None]
    front = pareto.pareto({e.name: place for e in shown if (place := pareto.at(e)) is not None})
    fields: list[Field[Entry]] = [
        (ENDPOINT, endpoint_cell),
        (Column("p50", "ms"), lambda entry: estimate_cell(entry.alone.p50_s if entry.alone else None, ms)),
        (Column("CPU", "ms/request"), lambda e: estimate_cell(e.best.cpu_per_request_s if e.best else None, ms)),
        (text_column("Better in both"), lambda entry: Cell("none" if entry.name in front else "some other")),
        (SAMPLES, lambda entry: count_cell(entry.alone.samples if entry.alone else 0)),
    ]
    caption = (
        "p50 with the fewest callers and server CPU time per request at the best throughput; 95% intervals beneath. "
        "Whether another is better in both is by the figures alone."
    )
    return listed("cost", caption, fields, shown if len(shown) > 1 else ())


def sentence(comparison: Comparison) -> str:
    """Who holds the objective at the highest rate, and against whom."""
    found = [c for c in comparison.capacity if c.rate.value is not None and c.side in ("between", "above")]
    if not found:
        return f"No endpoint held the objective at a rate that was tried: {objective(comparison)}."
    best, *rest = found
    said = f"{_rate(best)} by {phrase(comparison.entry(best.endpoint).result)}"
    if not rest:
        return f"The most arrivals within the objective ({objective(comparison)}): {said}."
    second = rest[0]
    return (
        f"The most arrivals within the objective ({objective(comparison)}): {said}; next {_rate(second)} by "
        f"{phrase(comparison.entry(second.endpoint).result)}{_apart(best, second)}."
    )


def _apart(best: Capacity, second: Capacity) -> str:
    if best.rate.low is None or second.rate.high is None:
        return ""
    return "" if best.rate.low > second.rate.high else ", and their intervals overlap"


def _rate(found: Capacity) -> str:
    over = "more than " if found.side == "above" else ""
    return over + full(found.rate, significant, "req/s")


def _capacity_cell(found: Capacity) -> Cell:
    shown = estimate_cell(found.rate, significant)
    if found.side in SIDES:
        return Cell(f"{SIDES[found.side]} {shown.text}", shown.small, shown.sort)
    return INVALID if found.side == "none" else shown
