"""Round by round: how far the medians of a contender's rounds lie apart, the reason for a tie and for no decision."""

from functools import partial

import numpy as np

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.studies.by_round import ByRound
from serveoff.report.charts import rounds as chart
from serveoff.report.phrases.cells import count_cell, endpoint_cell, number_cell
from serveoff.report.phrases.names import phrase
from serveoff.report.phrases.numbers import ms, significant
from serveoff.report.phrases.tables import ENDPOINT, Column, Field, Table, listed
from serveoff.report.section import Figure, Section
from serveoff.report.sections.notes import alone

FEWEST = 4
"""Rounds that have quartiles."""


def section(comparison: Comparison) -> Section | None:
    """Nothing where no contender has rounds."""
    if not chart.of_valid(comparison):
        return None
    first = phrase(comparison.entry(chart.of_valid(comparison)[0].endpoint).result)
    note = f"A dot: the median of one round. Grey: {first}. Band: the 95% interval of the whole run."
    said = f"Medians with {alone(comparison)}. Overlapping rounds can still be decided: rounds are compared in pairs."
    return Section(
        "rounds",
        "Round by round: why a difference is decided or not",
        paragraphs=(said,),
        figure=Figure(partial(chart.draw, comparison), note),
        table=spread(comparison),
    )


def spread(comparison: Comparison) -> Table:
    """How far the rounds of each contender lie apart."""
    fields: list[Field[ByRound]] = [
        (ENDPOINT, lambda found: endpoint_cell(comparison.entry(found.endpoint))),
        (Column("Lowest round", "ms"), lambda found: number_cell(min(found.p50_s.values()), ms)),
        (Column("Highest round", "ms"), lambda found: number_cell(max(found.p50_s.values()), ms)),
        (Column("Middle half", "%"), lambda found: number_cell(_apart(found), significant)),
        (Column("Rounds"), lambda found: count_cell(len(found.p50_s))),
    ]
    caption = "Medians of rounds; samples are rounds. Middle half: between the quartiles, as a share of the median."
    return listed("rounds", caption, fields, chart.of_valid(comparison))


def _apart(found: ByRound) -> float | None:
    """In percent of the median; a few rounds have no quartiles."""
    if len(found.p50_s) < FEWEST:
        return None
    low, middle, high = np.quantile(list(found.p50_s.values()), [0.25, 0.5, 0.75])
    return float(100 * (high - low) / middle)
