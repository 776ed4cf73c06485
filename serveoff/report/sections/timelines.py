"""What servers used over time, as a table and a sentence."""

from __future__ import annotations

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.studies.timelines import Timeline
from serveoff.report.phrases.cells import Cell, count_cell, endpoint_cell, number_cell, percent_cell
from serveoff.report.phrases.names import phrase
from serveoff.report.phrases.numbers import NONE, megabytes
from serveoff.report.phrases.runtimes import terms
from serveoff.report.phrases.tables import ENDPOINT, SAMPLES, Column, Field, Table, listed

GROWN = 0.05
"""Share of the peak memory by which a server's memory must grow between rounds to be worth a sentence."""


def timelines(comparison: Comparison) -> Table:
    """CPU share, peak memory and its growth, of every endpoint whose samples were kept."""
    fields: list[Field[Timeline]] = [
        (ENDPOINT, lambda timeline: endpoint_cell(comparison.entry(timeline.endpoint))),
        (Column("Cores"), lambda timeline: number_cell(timeline.cores, "{:g}".format)),
        (Column("Mean CPU", "% of its cores"), lambda timeline: percent_cell(timeline.mean_share)),
        (Column("Busiest second", "% of its cores"), lambda timeline: percent_cell(timeline.peak_share)),
        (Column("Peak memory", "MB"), lambda timeline: number_cell(timeline.peak_memory_bytes, megabytes)),
        (Column("Memory growth", "MB"), _growth_cell),
        (Column("Visits"), lambda timeline: count_cell(len(timeline.stretches))),
        (SAMPLES, lambda timeline: count_cell(timeline.samples)),
    ]
    caption = (
        f"CPU of the server's whole {terms(comparison).whole}: the mean over all windows, and the busiest second of "
        "any visit. Memory growth: the median in the last window of the load that was measured first, less that in its "
        "first window; growth from round to round without end is a leak. Samples were taken up to ten times a second."
    )
    return listed("timelines", caption, fields, comparison.timelines)


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


def _growth_cell(timeline: Timeline) -> Cell:
    if timeline.growth_bytes is None:
        return Cell(NONE, "a process was replaced" if timeline.replaced else "one window", tone="muted")
    sign = "+" if timeline.growth_bytes > 0 else ""
    return Cell(f"{sign}{megabytes(timeline.growth_bytes)}", sort=timeline.growth_bytes)
