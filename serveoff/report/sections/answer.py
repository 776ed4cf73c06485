"""The answer: what to deploy, how much better it is, how sure that is, and what would change it."""

from serveoff.analyse.comparison import Comparison
from serveoff.report.phrases import recommendation
from serveoff.report.section import Section
from serveoff.report.sections import notes


def glance(comparison: Comparison) -> Section:
    """The recommendation, its statements, and what is not settled."""
    items = (*recommendation.sentences(comparison), *recommendation.unsettled(comparison))
    return Section("recommendation", recommendation.head(comparison), recommendation.figures(comparison), items)


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
