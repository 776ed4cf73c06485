"""Parity: whether attached endpoints answer alike, and how far apart they are where they do not."""

from typing import Final

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import Entry
from serveoff.record.attached import ATTACHED
from serveoff.record.endpoint_results import EndpointResult, Gate
from serveoff.report.phrases.attached import doubt, right
from serveoff.report.phrases.cells import DASH, Cell, count_cell, endpoint_cell, number_cell
from serveoff.report.phrases.names import all_of
from serveoff.report.phrases.numbers import percent, significant
from serveoff.report.phrases.tables import ENDPOINT, Column, Field, Table, listed, text_column
from serveoff.report.section import Section

REFERENCE: Final = Cell("reference")
BEFORE: Final = "answered otherwise before anything was timed"
UNDER: Final = "answered otherwise under load"
NEVER: Final = "gave no answers to compare"
DIFFER: Final = Cell("differ", tone="bad")
ANSWERS: Final = {BEFORE: DIFFER, UNDER: DIFFER, NEVER: Cell("none", tone="bad")}
"""How those are shown that do not answer alike."""


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
        (text_column("Answers"), _verdict),
        (Column("Equal", "of the samples"), lambda entry: _equal(entry.result)),
        (Column("Largest error"), lambda entry: _error(entry.result)),
        (Column("Worst sample"), lambda entry: _worst(entry.result)),
        (Column("Checked under load"), lambda entry: count_cell(_sum(entry, "answers_checked"))),
        (Column("Wrong under load"), lambda entry: count_cell(_sum(entry, "wrong_answers"))),
    ]
    caption = f"Held against {right(comparison)}. Samples are numbered from 0, as they were sent."
    return listed("parity", caption, fields, _attached(comparison))


def sentence(comparison: Comparison) -> str:
    """Who answers otherwise, or that all answer alike."""
    entries = _attached(comparison)
    unusable = [e for e in entries if e.result.reference and e.result.gate is not None and not e.result.gate.passed]
    if unusable:
        return f"{unusable[0].name} cannot be the reference: {doubt(unusable[0])}."
    told = {words: [e.name for e in entries if _standing(e) == words] for words in (BEFORE, UNDER, NEVER)}
    said = [f"{all_of(names)} {words}" for words, names in told.items() if names]
    return f"{'; '.join(said)}." if said else f"Every answer agrees with {right(comparison)}, within what is allowed."


def _standing(entry: Entry) -> str:
    gate = entry.result.gate
    if gate is None or (gate.equal is None and not gate.passed):
        return NEVER
    if not gate.passed:
        return BEFORE
    return UNDER if _sum(entry, "wrong_answers") else ""


def _attached(comparison: Comparison) -> list[Entry]:
    found = [entry for entry in comparison.entries if entry.result.server == ATTACHED]
    return sorted(found, key=lambda entry: entry.result.place)


def _verdict(entry: Entry) -> Cell:
    standing = _standing(entry)
    if entry.result.reference:
        return Cell("no reference", tone="bad") if standing in (BEFORE, NEVER) else REFERENCE
    return ANSWERS.get(standing, Cell("agree", tone="good"))


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
    if gate.max_abs_error == 0:
        return Cell("0", sort=0.0)
    share = gate.worst_share
    allowed = f"{percent(share)} of" if share is not None and share <= 1 else f"{significant(share or 0.0)} times"
    beneath = "" if share is None else f"{allowed} what is allowed"
    return Cell(_small(gate.max_abs_error), beneath, gate.max_abs_error)


def _small(value: float) -> str:
    return f"{value:.2g}" if 0 < abs(value) < 1e-3 else significant(value)


def _worst(result: EndpointResult) -> Cell:
    gate: Gate | None = None if result.reference else result.gate
    return number_cell(gate.worst_input if gate is not None and gate.max_abs_error != 0 else None, str)


def _sum(entry: Entry, name: str) -> int:
    return sum(getattr(window, name) for window in entry.result.windows)
