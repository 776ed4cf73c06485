"""What would change the answer, in sentences."""

from __future__ import annotations

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.studies.changes import Other
from serveoff.report.phrases.names import ENCODINGS, callers, phrase
from serveoff.report.phrases.numbers import UNITS, full, ms, significant
from serveoff.report.section import Section
from serveoff.report.sections.capacity import objective


def section(comparison: Comparison) -> Section | None:
    """Nothing where nothing would."""
    said = tuple(sentences(comparison))
    return Section("changes", "What would change the answer", items=said) if said else None


def sentences(comparison: Comparison) -> list[str]:
    """One for each condition under which another endpoint is the choice."""
    return [_sentence(comparison, other) for other in comparison.choices]


def _sentence(comparison: Comparison, other: Other) -> str:
    who = phrase(comparison.entry(other.endpoint).result)
    if other.condition == "callers":
        median = full(other.estimate, ms, "ms")
        return f"With {callers(other.concurrency or 0)} {who} answers first, {median} at the median."
    if other.condition == "arrivals":
        return (
            f"Where requests come by themselves and {objective(comparison)} must hold, {who} takes the most: "
            f"{full(other.estimate, significant, 'req/s')}."
        )
    if other.condition == "encoding":
        name = ENCODINGS.get(other.payload, other.payload)
        return f"If clients can send {name}, {who} is quicker still: {full(other.estimate, ms, 'ms')} at the median."
    wanted = {
        "tail": "If the 99th percentile matters more than the median",
        "throughput": "If requests a second matter more than latency",
        "cost": "If CPU time matters more than latency",
    }
    return f"{wanted[other.condition]}: {who}, {full(other.estimate, *UNITS[other.condition])}."
