"""The answer: what to deploy, how much better it is, how sure that is, and what would change it."""

from __future__ import annotations

from serveoff.analyse.comparison import Comparison
from serveoff.report.phrases import recommendation
from serveoff.report.section import Section
from serveoff.report.sections import notes


def glance(comparison: Comparison) -> Section:
    """The recommendation, its statements, and what is not settled."""
    return Section(
        "recommendation",
        recommendation.head(comparison),
        lead=recommendation.figures(comparison),
        items=(*map(_sentence, recommendation.statements(comparison)), *recommendation.unsettled(comparison)),
    )


def certainty(comparison: Comparison) -> Section:
    """What was compared, how often, and the smallest difference that would have been seen."""
    return Section(
        "certainty",
        "How sure this is",
        paragraphs=(f"{notes.lede(comparison)} {notes.resolution(comparison)}".strip(),),
    )


def changes(comparison: Comparison) -> Section | None:
    """Nothing where nothing would."""
    said = tuple(recommendation.changes(comparison))
    return Section("changes", "What would change the answer", items=said) if said else None


def _sentence(statement: str) -> str:
    return f"{statement[0].upper()}{statement[1:]}."
