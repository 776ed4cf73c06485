"""Capacity under the objective."""

from functools import partial

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.studies.capacity import Capacity
from serveoff.report.charts import rates
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
from serveoff.report.section import Figure, Section
from serveoff.report.sections.notes import fewest_or_most

PER_JOULE = "Per joule"


def section(comparison: Comparison) -> Section | None:
    """Nothing where no open loop searched for it."""
    if not comparison.capacity:
        return None
    note = (
        "A dot: one stretch of Poisson arrivals, filled where it met the objective. Dashed: the "
        "objective. Band: the capacity."
    )
    return Section(
        "capacity",
        "Capacity",
        paragraphs=(sentence(comparison),),
        figure=Figure(partial(rates.draw, comparison), note),
        table=capacity(comparison),
    )


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
        (Column("Closed loop", "req/s"), lambda found: best_rate_cell(comparison.entry(found.endpoint))),
        (Column("Per CPU second", "requests"), lambda found: number_cell(found.per_cpu_s, significant)),
        (Column("Per GB", "req/s"), lambda found: number_cell(found.per_gb, significant)),
        (Column(PER_JOULE, "requests"), lambda found: number_cell(found.per_joule, significant)),
        (Column("Rates"), lambda found: count_cell(len(found.probes))),
        (SAMPLES, lambda found: count_cell(found.rate.samples)),
        (text_column("Remark"), lambda found: Cell(found.reason or NONE)),
    ]
    caption = (
        "The highest rate of Poisson arrivals (MLPerf's server scenario) that meets the objective. Latency counts from "
        "when a request was due; the upper end of an interval from when it was sent. Above, below: beyond all rates "
        "tried."
        f" Closed loop: the throughput with {fewest_or_most(comparison)}."
    )
    if any(found.per_joule is not None for found in comparison.capacity):
        caption += " Joules are those of all GPUs of the machine, idle power included."
    return without_blank(listed("capacity", caption, fields, comparison.capacity), (PER_JOULE,))


def sentence(comparison: Comparison) -> str:
    """Who holds the objective at the highest rate, and against whom."""
    found = [c for c in comparison.capacity if c.rate.value is not None and c.side in ("between", "above")]
    if not found:
        return f"No endpoint met the objective ({objective(comparison)}) at any of the rates tried."
    best, *rest = found
    said = f"{_rate(best)} by {phrase(comparison.entry(best.endpoint).result)}"
    if not rest:
        return f"The highest rate with {objective(comparison)}: {said}."
    second = rest[0]
    return (
        f"The highest rate with {objective(comparison)}: {said}; next {_rate(second)} by "
        f"{phrase(comparison.entry(second.endpoint).result)}{_apart(best, second)}."
    )


def _apart(best: Capacity, second: Capacity) -> str:
    if best.rate.low is None or second.rate.high is None:
        return ""
    return "" if best.rate.low > second.rate.high else " (undecided)"


def _rate(found: Capacity) -> str:
    over = "more than " if found.side == "above" else ""
    return over + full(found.rate, significant, "req/s")


def _capacity_cell(found: Capacity) -> Cell:
    shown = estimate_cell(found.rate, significant)
    if found.side in ("above", "below"):
        return Cell(f"{found.side} {shown.text}", shown.small, shown.sort)
    return INVALID if found.side == "none" else shown
