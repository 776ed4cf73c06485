"""What to deploy, how much better it is, and how sure that is."""

from __future__ import annotations

from serveoff.analyse.comparison import Comparison
from serveoff.report.section import Section
from serveoff.report.sections import notes, sentences


def glance(comparison: Comparison) -> Section:
    """The recommendation."""
    said = (notes.lede(comparison), notes.resolution(comparison))
    overall = [contest for contest in comparison.contests if contest.scope == "all"]
    return Section(
        "recommendation",
        "Recommendation",
        lead=sentences.decision(comparison),
        paragraphs=tuple(filter(None, said)),
        items=tuple(sentences.sentence(comparison, contest) for contest in overall),
    )
