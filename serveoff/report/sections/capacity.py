"""Capacity under the objective, and open beside closed loop: tables and sentences."""

from __future__ import annotations

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import Entry
from serveoff.analyse.studies.arrivals import Gap
from serveoff.analyse.studies.capacity import Capacity
from serveoff.report.charts import pareto
from serveoff.report.phrases.cells import INVALID, Cell, count_cell, endpoint_cell, estimate_cell, number_cell
from serveoff.report.phrases.names import callers, phrase
from serveoff.report.phrases.numbers import NONE, factor, full, ms, significant
from serveoff.report.phrases.tables import ENDPOINT, SAMPLES, Column, Table, single, text_column, without_blank

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
    columns = (
        ENDPOINT,
        Column("Capacity", "req/s"),
        Column("Closed loop's best", "req/s"),
        Column("Per CPU second", "requests"),
        Column("Per GB", "req/s"),
        Column(PER_JOULE, "requests"),
        Column("Windows"),
        SAMPLES,
        text_column("Remark"),
    )
    rows = tuple(_row(comparison, found) for found in comparison.capacity)
    caption = (
        "The highest Poisson rate (MLPerf's server scenario) at which the endpoint holds: "
        f"{objective(comparison)}. Latency counts from when a "
        "request was due. 95% intervals beneath; above or below: beyond all rates that were tried."
    )
    shown, rows = without_blank(columns, rows, (PER_JOULE,))
    if len(shown) == len(columns):
        caption += " Joules are those of all GPUs of the machine, idle power included."
    return single("capacity", caption, shown, rows)


def gaps(comparison: Comparison) -> Table:
    """Each open-loop point and the closed-loop one of about the same throughput."""
    columns = (
        ENDPOINT,
        Column("Open loop", "req/s"),
        Column("p50", "ms"),
        Column("p99", "ms"),
        text_column("Closed loop"),
        Column("Closed p50", "ms"),
        Column("Closed p99", "ms"),
        Column("p99 is longer", "times"),
        SAMPLES,
    )
    rows = tuple(_gap_row(comparison, gap) for gap in comparison.gaps)
    caption = (
        "Poisson arrivals (MLPerf's server scenario) beside the closed loop of nearest throughput, at most 1.5 times "
        "apart; 95% intervals beneath. Above 1 the closed loop shows too short a tail for users who do not wait for "
        "one another."
    )
    return single("open-closed", caption, columns, rows)


def cost(comparison: Comparison) -> Table:
    """Latency and cost of every contender, and whether another is better in both; nothing for fewer than two."""
    columns = (
        ENDPOINT,
        Column("p50", "ms"),
        Column("CPU", "ms/request"),
        text_column("Better in both"),
        SAMPLES,
    )
    shown = [e for e in comparison.entries if e.role == "contender" and pareto.at(e) is not None]
    front = pareto.pareto({e.name: place for e in shown if (place := pareto.at(e)) is not None})
    rows = tuple(_cost_row(entry, entry.name in front) for entry in shown) if len(shown) > 1 else ()
    caption = (
        "p50 with the fewest callers and server CPU time per request at the best throughput; 95% intervals beneath. "
        "Whether another is better in both is by the figures alone."
    )
    return single("cost", caption, columns, rows)


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


def gap_sentence(comparison: Comparison) -> str:
    """The largest gap that is clear."""
    clear = [g for g in comparison.gaps if g.p99 is not None and g.p99.low is not None and g.p99.low > 1]
    if not clear:
        return "At the rates that were measured no endpoint's tail was clearly longer in an open loop."
    worst = max(clear, key=lambda g: g.p99.value or 0.0 if g.p99 else 0.0)
    return (
        f"The closed loop hides a part of the tail of {phrase(comparison.entry(worst.endpoint).result)}: with arrivals "
        f"at {significant(worst.open.load.rate)} req/s its p99 is {full(worst.open.p99_s, ms, 'ms')}, where "
        f"{callers(worst.closed.concurrency)} in a closed loop saw {full(worst.closed.p99_s, ms, 'ms')}: "
        f"{factor(worst.p99)}."
    )


def _apart(best: Capacity, second: Capacity) -> str:
    if best.rate.low is None or second.rate.high is None:
        return ""
    return "" if best.rate.low > second.rate.high else ", and their intervals overlap"


def _rate(found: Capacity) -> str:
    over = "more than " if found.side == "above" else ""
    return over + full(found.rate, significant, "req/s")


def _row(comparison: Comparison, found: Capacity) -> tuple[Cell, ...]:
    entry = comparison.entry(found.endpoint)
    best = entry.best
    shown = estimate_cell(found.rate, significant)
    if found.side in SIDES:
        shown = Cell(f"{SIDES[found.side]} {shown.text}", shown.small, shown.sort)
    if found.side == "none":
        shown = INVALID
    return (
        endpoint_cell(entry),
        shown,
        estimate_cell(best.throughput if best else None, significant),
        number_cell(found.per_cpu_s, significant),
        number_cell(found.per_gb, significant),
        number_cell(found.per_joule, significant),
        count_cell(len(found.probes)),
        count_cell(found.rate.samples),
        Cell(found.reason or NONE),
    )


def _cost_row(entry: Entry, on_front: bool) -> tuple[Cell, ...]:
    alone, best = entry.alone, entry.best
    return (
        endpoint_cell(entry),
        estimate_cell(alone.p50_s if alone else None, ms),
        estimate_cell(best.cpu_per_request_s if best else None, ms),
        Cell("none" if on_front else "some other"),
        count_cell(alone.samples if alone else 0),
    )


def _gap_row(comparison: Comparison, gap: Gap) -> tuple[Cell, ...]:
    return (
        endpoint_cell(comparison.entry(gap.endpoint)),
        Cell(significant(gap.open.load.rate), sort=gap.open.load.rate),
        estimate_cell(gap.open.p50_s, ms),
        estimate_cell(gap.open.p99_s, ms),
        Cell(f"{callers(gap.closed.concurrency)}", f"{significant(gap.closed.throughput.value or 0.0)} req/s"),
        estimate_cell(gap.closed.p50_s, ms),
        estimate_cell(gap.closed.p99_s, ms),
        estimate_cell(gap.p99, significant),
        count_cell(gap.open.samples),
    )
