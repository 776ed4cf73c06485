"""What servers used over time, as a table and a sentence."""

from __future__ import annotations

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.studies.timelines import Timeline
from serveoff.report.phrases.cells import Cell, count_cell, endpoint_cell, number_cell
from serveoff.report.phrases.names import phrase
from serveoff.report.phrases.numbers import NONE, megabytes, significant
from serveoff.report.phrases.runtimes import terms
from serveoff.report.phrases.tables import ENDPOINT, SAMPLES, Column, Table, single

GROWN = 0.05
"""Share of the peak memory by which a server's memory must grow between rounds to be worth a sentence."""


def timelines(comparison: Comparison) -> Table:
    """CPU share, peak memory and its growth, of every endpoint whose samples were kept."""
    columns = (
        ENDPOINT,
        Column("Cores"),
        Column("Mean CPU", "% of its cores"),
        Column("Busiest second", "% of its cores"),
        Column("Peak memory", "MB"),
        Column("Memory growth", "MB"),
        Column("Visits"),
        SAMPLES,
    )
    rows = tuple(_row(comparison, timeline) for timeline in comparison.timelines)
    caption = (
        f"CPU of the server's whole {terms(comparison).whole}: the mean over all windows, and the busiest second of "
        "any visit. Memory growth: the median in the last window of the load that was measured first, less that in its "
        "first window; growth from round to round without end is a leak. Samples were taken up to ten times a second."
    )
    return single("timelines", caption, columns, rows)


def sentence(comparison: Comparison) -> str:
    """Who grew most, if anyone did."""
    grown = [t for t in comparison.timelines if t.growth_bytes is not None and t.peak_memory_bytes]
    if not grown:
        return "No server was measured twice under one load by the same processes: whether memory grows is not known."
    worst = max(grown, key=lambda t: (t.growth_bytes or 0) / (t.peak_memory_bytes or 1))
    share = (worst.growth_bytes or 0) / (worst.peak_memory_bytes or 1)
    if share < GROWN:
        return f"No server's memory grew by more than {GROWN:.0%} of its peak from the first round to the last."
    return (
        f"The memory of {phrase(comparison.entry(worst.endpoint).result)} grew most from the first round to the last: "
        f"by {megabytes(worst.growth_bytes or 0)} MB, {share:.0%} of its peak."
    )


def _row(comparison: Comparison, timeline: Timeline) -> tuple[Cell, ...]:
    return (
        endpoint_cell(comparison.entry(timeline.endpoint)),
        Cell(f"{timeline.cores:g}", sort=timeline.cores),
        number_cell(None if timeline.mean_share is None else timeline.mean_share * 100, significant),
        number_cell(timeline.peak_share * 100, significant),
        number_cell(timeline.peak_memory_bytes, megabytes),
        _growth_cell(timeline),
        count_cell(len(timeline.stretches)),
        count_cell(timeline.samples),
    )


def _growth_cell(timeline: Timeline) -> Cell:
    if timeline.growth_bytes is None:
        return Cell(NONE, "a process was replaced" if timeline.replaced else "one window", tone="muted")
    sign = "+" if timeline.growth_bytes > 0 else ""
    return Cell(f"{sign}{megabytes(timeline.growth_bytes)}", sort=timeline.growth_bytes)
