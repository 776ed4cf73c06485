"""Round by round: how far the medians of a contender's rounds lie apart, the reason for a tie and for no decision."""

from __future__ import annotations

from functools import partial

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.studies.rounds import Rounds
from serveoff.report.charts import rounds as chart
from serveoff.report.phrases.cells import count_cell, endpoint_cell, number_cell
from serveoff.report.phrases.numbers import ms, significant
from serveoff.report.phrases.tables import ENDPOINT, Column, Field, Table, listed
from serveoff.report.section import Figure, Section
from serveoff.report.sections.notes import alone


def section(comparison: Comparison) -> Section | None:
    """Nothing where no contender has rounds."""
    if not comparison.rounds:
        return None
    note = "A dot: the median of one round; joined: one start of the server. Band: the 95% interval of the whole run."
    return Section(
        "rounds",
        "Round by round: why a difference is decided or not",
        paragraphs=(
            f"Medians with {alone(comparison)}. Contenders whose rounds overlap are tied or undecided; a step from one "
            "start to the next is the process, not the round.",
        ),
        figure=Figure(partial(chart.draw, comparison), note),
        table=spread(comparison),
    )


def spread(comparison: Comparison) -> Table:
    """How far the rounds of each contender lie apart."""
    fields: list[Field[Rounds]] = [
        (ENDPOINT, lambda found: endpoint_cell(comparison.entry(found.endpoint))),
        (Column("Lowest round", "ms"), lambda found: number_cell(min(_values(found), default=None), ms)),
        (
            Column("Median round", "ms"),
            lambda found: number_cell(found.quartiles_s[1] if found.quartiles_s else None, ms),
        ),
        (Column("Highest round", "ms"), lambda found: number_cell(max(_values(found), default=None), ms)),
        (Column("Middle half apart", "%"), lambda found: number_cell(_apart(found), significant)),
        (Column("Starts"), lambda found: count_cell(len({m.start for m in found.medians}))),
        (Column("Rounds"), lambda found: count_cell(len(found.medians))),
    ]
    caption = "Medians of rounds. Middle half apart: from the lower to the upper quartile, over the median."
    return listed("rounds", caption, fields, comparison.rounds)


def _values(found: Rounds) -> list[float]:
    return [m.p50_s for m in found.medians]


def _apart(found: Rounds) -> float | None:
    """In percent of the median."""
    if found.quartiles_s is None:
        return None
    low, middle, high = found.quartiles_s
    return 100 * (high - low) / middle
