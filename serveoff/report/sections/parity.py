"""Parity: whether attached endpoints answer alike, and how far apart they are where they do not."""

from typing import Final

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import Entry
from serveoff.record.attached import ATTACHED
from serveoff.record.endpoint_results import EndpointResult, Gate
from serveoff.report.phrases.cells import DASH, Cell, count_cell, endpoint_cell, number_cell
from serveoff.report.phrases.names import all_of
from serveoff.report.phrases.numbers import percent, significant
from serveoff.report.phrases.tables import ENDPOINT, Column, Field, Table, listed, text_column
from serveoff.report.section import Section

REFERENCE: Final = Cell("reference")


def section(comparison: Comparison) -> Section | None:
    """Nothing where no endpoint is attached."""
    if not comparison.attached.baseline:
        return None
    return Section(
        "parity", "Parity: do they answer alike?", paragraphs=(sentence(comparison),), table=parity(comparison)
    )


def parity(comparison: Comparison) -> Table:
    """Before anything was timed, and under load."""
    fields: list[Field[Entry]] = [
        (ENDPOINT, endpoint_cell),
        (text_column("Answers"), lambda entry: _verdict(entry.result)),
        (Column("Equal", "of the samples"), lambda entry: _equal(entry.result)),
        (Column("Largest error"), lambda entry: _error(entry.result)),
        (Column("Worst sample"), lambda entry: _worst(entry.result)),
        (Column("Checked under load"), lambda entry: count_cell(_sum(entry, "answers_checked"))),
        (Column("Wrong under load"), lambda entry: count_cell(_sum(entry, "wrong_answers"))),
    ]
    caption = f"Held against {_reference(comparison)}. Samples are numbered from 0, in the order of their file."
    return listed("parity", caption, fields, _attached(comparison))


def sentence(comparison: Comparison) -> str:
    """Who answers otherwise, or that all answer alike."""
    others = [entry for entry in _attached(comparison) if not entry.result.reference]
    apart = [entry.name for entry in others if entry.result.gate is not None and not entry.result.gate.passed]
    wrong = [e.name for e in others if e.name not in apart and _sum(e, "wrong_answers")]
    unknown = [entry.name for entry in others if entry.result.gate is None]
    said = [f"{all_of(names)} {words}" for names, words in ((apart, BEFORE), (wrong, UNDER), (unknown, NEVER)) if names]
    if said:
        return f"{'; '.join(said)}."
    return f"Every answer agrees with {_reference(comparison)}, within what is allowed."


BEFORE: Final = "answered otherwise before anything was timed"
UNDER: Final = "answered otherwise under load"
NEVER: Final = "gave no answers to compare"


def _attached(comparison: Comparison) -> list[Entry]:
    found = [entry for entry in comparison.entries if entry.result.server == ATTACHED]
    return sorted(found, key=lambda entry: entry.result.place)


def _reference(comparison: Comparison) -> str:
    reference = next((entry.name for entry in _attached(comparison) if entry.result.reference), "")
    return f"the answers of {reference}" if reference else "the answers that came with the samples"


def _verdict(result: EndpointResult) -> Cell:
    gate = result.gate
    if result.reference:
        return REFERENCE
    if gate is None:
        return DASH
    wrong = sum(window.wrong_answers for window in result.windows)
    good = gate.passed and not wrong
    return Cell("agree", tone="good") if good else Cell("differ", tone="bad")


def _equal(result: EndpointResult) -> Cell:
    gate = result.gate
    if gate is None or gate.equal is None:
        return DASH
    return Cell(f"{round(gate.equal * gate.checked):,} of {gate.checked:,}", sort=gate.equal)


def _error(result: EndpointResult) -> Cell:
    """And beneath it how much of what is allowed that is; of the reference it would be of itself against itself."""
    gate = None if result.reference else result.gate
    if gate is None or gate.max_abs_error is None:
        return DASH
    share = gate.worst_share
    allowed = f"{percent(share)} of" if share is not None and share <= 1 else f"{significant(share or 0.0)} times"
    beneath = "" if share is None else f"{allowed} what is allowed"
    return Cell(_small(gate.max_abs_error), beneath, gate.max_abs_error)


def _small(value: float) -> str:
    return f"{value:.2g}" if 0 < abs(value) < 1e-3 else significant(value)


def _worst(result: EndpointResult) -> Cell:
    gate: Gate | None = None if result.reference else result.gate
    return number_cell(gate.worst_input if gate is not None else None, str)


def _sum(entry: Entry, name: str) -> int:
    return sum(getattr(window, name) for window in entry.result.windows)
