"""What one setting changes, and the two rankings: every server with equal settings, and each as it comes."""

from __future__ import annotations

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.studies.sweeps import Change, Standing
from serveoff.record.endpoint_results import OUT_OF_THE_BOX
from serveoff.report.phrases.cells import DASH, INVALID, Cell, count_cell, endpoint_cell, estimate_cell
from serveoff.report.phrases.names import callers
from serveoff.report.phrases.numbers import factor, ms, significant
from serveoff.report.phrases.tables import ENDPOINT, SAMPLES, Column, Table, single, text_column

SAID = {"better": "better", "worse": "worse", "tie": "tie", "inconclusive": "inconclusive"}
TONES = {"better": "good", "worse": "bad", "tie": "mid", "inconclusive": "mid"}


def changes(comparison: Comparison) -> Table:
    """Each variant beside its base: throughput and median, and how many times better."""
    columns = (
        ENDPOINT,
        text_column("Changed"),
        Column("Callers"),
        Column("Rate", "req/s"),
        Column("Rate is", "times its own"),
        Column("p50", "ms"),
        Column("Faster", "times"),
        text_column("Verdict"),
        SAMPLES,
    )
    rows = tuple(_change_row(c) for c in comparison.sweeps.changes if c.setting != OUT_OF_THE_BOX)
    caption = (
        "Each endpoint with one setting changed, against itself without the change, in the same rounds; "
        "95% intervals beneath."
    )
    return single("settings", caption, columns, rows)


def out_of_the_box(comparison: Comparison) -> Table:
    """The ranking of servers as they come, beside the standings that they have with equal settings."""
    columns = (
        Column("Rank as it comes"),
        Column("Rank with equal settings"),
        ENDPOINT,
        Column("p50", "ms"),
        Column("p99", "ms"),
        Column("Best rate", "req/s"),
        SAMPLES,
    )
    rows = tuple(_standing_row(p) for p in comparison.sweeps.out_of_the_box)
    caption = (
        "Numbers of threads, logging and what else a server chooses for itself were left to it; one worker each. "
        "≈ marks a difference from the row above that is a tie or inconclusive."
    )
    return single("out-of-the-box", caption, columns, rows)


def sentence(comparison: Comparison) -> str:
    """How many standings change between the two rankings."""
    standings = [p for p in comparison.sweeps.out_of_the_box if p.tuned_rank is not None]
    if not standings:
        return ""
    order = [p.entry.result.base for p in sorted(standings, key=lambda p: p.tuned_rank or 0)]
    same = order == [p.entry.result.base for p in standings]
    return (
        "With each server as it comes, the order is the same as with equal settings."
        if same
        else "With each server as it comes, the order is another than with equal settings."
    )


def _change_row(change: Change) -> tuple[Cell, ...]:
    point = change.point
    valid = point.valid
    return (
        endpoint_cell(change.base or change.variant),
        Cell(change.variant.result.variant),
        Cell(str(point.concurrency), sort=point.concurrency),
        estimate_cell(point.throughput, significant) if valid else INVALID,
        estimate_cell(change.more, significant),
        estimate_cell(point.p50_s if valid else None, ms),
        estimate_cell(change.faster, significant),
        Cell(SAID[change.outcome], tone=TONES[change.outcome]) if change.outcome in SAID else DASH,
        count_cell(point.samples),
    )


def _standing_row(standing: Standing) -> tuple[Cell, ...]:
    alone, best = standing.entry.alone, standing.entry.best
    return (
        Cell(f"{'≈ ' if standing.tied_above else ''}{standing.rank}", sort=standing.rank),
        Cell(str(standing.tuned_rank), sort=standing.tuned_rank) if standing.tuned_rank else DASH,
        endpoint_cell(standing.entry),
        estimate_cell(alone.p50_s if alone else None, ms),
        estimate_cell(alone.p99_s if alone else None, ms),
        estimate_cell(best.throughput if best else None, significant),
        count_cell(alone.samples if alone else 0),
    )


def headline(comparison: Comparison) -> str:
    """The largest gain of all settings, with its interval; nothing where none is clear."""
    gains = [c for c in comparison.sweeps.changes if c.outcome == "better" and c.more and c.setting != OUT_OF_THE_BOX]
    if not gains:
        return "No setting that was tried made an endpoint clearly serve more."
    best = max(gains, key=lambda c: c.more.value or 0.0 if c.more else 0.0)
    assert best.more is not None
    return (
        f"The most gained {best.variant.result.base} with {best.variant.result.variant} and "
        f"{callers(best.point.concurrency)}: {factor(best.more)} its own rate."
    )
