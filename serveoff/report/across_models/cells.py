"""Cells that several of the summary's tables share."""

from __future__ import annotations

from typing import Final

from serveoff.analyse.across_models.summary import ModelResult, Named
from serveoff.report.phrases.cells import Cell
from serveoff.report.phrases.names import short_server, what
from serveoff.report.phrases.numbers import NONE, interval, ms
from serveoff.report.phrases.tables import text_column

MODEL: Final = text_column("Model")
TONES: Final = {"faster": "", "tied": "mid", "undecided": "mid"}


def model_cell(model: ModelResult) -> Cell:
    """A model, and what it is good for beneath."""
    return Cell(model.model, model.description)


def cost_cell(model: ModelResult, named: bool = False) -> Cell:
    """What a model costs, with its interval, and the format it is of where that is asked for."""
    cheapest = model.cheapest
    if cheapest is None:
        return Cell("no VALID floor", tone="muted")
    return figure_cell(cheapest.p50_s.value, interval(cheapest.p50_s, ms), cheapest.format if named else "")


def figure_cell(value: float | None, *beneath: str) -> Cell:
    """Milliseconds, with words beneath."""
    text = ms(value) if value is not None else NONE
    return Cell(text, " · ".join(filter(None, beneath)), value)


def name(named: Named) -> str:
    """An endpoint within a cell."""
    return f"{what(named.result)}, {short_server(named.result)}"
