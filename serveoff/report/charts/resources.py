"""CPU per request, memory and artifact size: three measures of the same endpoints, side by side."""

from typing import Final

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import Entry
from serveoff.report.charts.marks import bars
from serveoff.report.charts.marks.bars import Measure, Row, exact
from serveoff.report.charts.marks.rows import label_of, room
from serveoff.report.phrases.names import all_of, phrase
from serveoff.report.phrases.numbers import megabytes, ms

MEASURES: Final[tuple[Measure[Entry], ...]] = (
    Measure("Server CPU", "ms/request", lambda e: e.best.cpu_per_request_s if e.best else None, ms),
    Measure("Memory", "MB", lambda e: exact(e.result.memory_bytes), megabytes),
    Measure("Artifact", "MB", lambda e: exact(e.result.artifact_bytes), megabytes),
)

WORDS: Final = {"Server CPU": "Server CPU per request", "Memory": "memory", "Artifact": "artifact size"}


def draw(comparison: Comparison, width: float) -> str:
    """The bars, or nothing where no contender has a valid point."""
    shown = [e for e in comparison.entries if e.role == "contender" and e.best is not None]
    if not shown:
        return ""
    drawn = [WORDS[m.title] for m in MEASURES if any(map(m.value, shown))]
    words = f"{all_of(drawn)} of {len(shown)} endpoints, as in the table."
    rows = [Row(label_of(e.result), e, phrase(e.result)) for e in shown]
    return bars.draw(rows, MEASURES, room(e.result for e in shown), width, words)
