"""The verdict of `serveoff run --fail-if-slower` in Markdown for a pull request: `verdict.md` beside the report."""

from typing import Final

from serveoff.analyse.canary import Canary, Check, Judged, Passing
from serveoff.analyse.comparison import Comparison
from serveoff.analyse.entries import Point
from serveoff.analyse.studies.attached import most_callers
from serveoff.report.formats.markdown import escape, prose, table
from serveoff.report.phrases import attached
from serveoff.report.phrases.canary import verdict
from serveoff.report.phrases.cells import DASH, Cell, estimate_cell
from serveoff.report.phrases.names import callers
from serveoff.report.phrases.numbers import NONE, ms, significant
from serveoff.report.phrases.tables import Column, Field, Table, listed, text_column
from serveoff.report.sections import parity
from serveoff.report.sections.notes import resolution

NAME: Final = "verdict.md"
OBJECTIVES: Final = {"latency": "median latency, ms", "throughput": "throughput, req/s"}
TONES: Final[dict[Passing, str]] = {"not ranked": "INVALID"}
Row = tuple[Judged, Check]


def render(comparison: Comparison, canary: Canary) -> str:
    """The verdict, the table of what it rests on, whether answers agree, and which run it is of."""
    suite, machine = comparison.suite, comparison.suite.environment.machine
    said = (
        f"# {prose(verdict(canary))}",
        table(checks(comparison, canary)),
        prose(parity.sentence(comparison)),
        escape(resolution(comparison)),
        escape(f"Run {suite.run_id}, {suite.started_at[:10]}, machine {machine.id} ({machine.cpu_model})."),
    )
    return "\n\n".join(filter(None, said)) + "\n"


def checks(comparison: Comparison, canary: Canary) -> Table:
    """A row for each endpoint and objective: both figures, the slowdown, and what it comes to."""
    fields: list[Field[Row]] = [
        (text_column("Endpoint"), lambda row: Cell(row[0].endpoint)),
        (text_column("Objective"), lambda row: Cell(_objective(row[1]))),
        (Column(canary.baseline), lambda row: _figure(comparison, canary.baseline, row[1])),
        (Column("Its own"), lambda row: _figure(comparison, row[0].endpoint, row[1])),
        (text_column(f"Against {canary.baseline}"), lambda row: Cell(_against(comparison, *row) or NONE)),
        (text_column("Verdict"), lambda row: Cell(TONES.get(row[1].passing, row[1].passing), row[1].why)),
    ]
    rows = [(judged, check) for judged in canary.judged for check in judged.checks]
    return listed("canary", "", fields, rows)


def _objective(check: Check) -> str:
    asked = f", {callers(check.concurrency)}" if check.concurrency is not None else ""
    return f"{OBJECTIVES[check.objective]}{asked}"


def _against(comparison: Comparison, judged: Judged, check: Check) -> str:
    """`1.08 times slower (1.07–1.09)`; empty where it is not known."""
    found = comparison.attached.against(judged.endpoint)
    if found is None or check.slowdown is None:
        return ""
    if check.objective == "latency":
        return attached.spoken(found.latency, attached.LATENCY)
    return attached.spoken(found.throughput, attached.THROUGHPUT)


def _figure(comparison: Comparison, name: str, check: Check) -> Cell:
    entry = comparison.entry(name)
    point: Point | None = entry.alone if check.objective == "latency" else most_callers(entry)
    if point is None or not point.valid:
        return DASH
    return estimate_cell(*((point.p50_s, ms) if check.objective == "latency" else (point.throughput, significant)))
