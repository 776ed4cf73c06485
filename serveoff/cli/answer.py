"""The answer of a run on a terminal: the recommendation, the decision matrix, what was excluded, and one path."""

from collections.abc import Iterator
from pathlib import Path
from textwrap import fill
from typing import Final

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.decision.matrix import Mark, MatrixCell
from serveoff.models.jobs.visible import visible
from serveoff.report.phrases import recommendation
from serveoff.report.phrases.numbers import NONE, UNITS
from serveoff.report.phrases.reasons import reasons

COLUMNS: Final = {
    "latency": "p50 ms",
    "tail": "p99 ms",
    "throughput": "req/s",
    "cost": "CPU ms",
    "cold_start": "start s",
    "memory": "mem MB",
    "artifact": "file MB",
}
SIGNS: Final[dict[Mark, tuple[str, str]]] = {
    "best": ("*", "bold green"),
    "equal": ("=", "green"),
    "worse": (" ", ""),
    "undecided": ("?", "yellow"),
    "alone": (" ", ""),
    "invalid": ("", "red"),
    "absent": (" ", "dim"),
}
"""What follows a figure, and its style."""
MOST_REASONS: Final = 2
LEGEND: Final = "* best   = tied with the best   ? undecided   – no figure"


def show(comparison: Comparison, console: Console, report: Path | None = None, short: bool = False) -> None:
    """Print the answer; `short` leaves out what to type next and what does not count."""
    title_style = "bold green" if comparison.decision.recommended else "bold red"
    console.print(Text(visible(recommendation.head(comparison)), title_style))
    for line in _beneath(comparison, short):
        _print(console, line, indent="  ")
    if comparison.decision.matrix.rows:
        console.print()
        console.print(matrix(comparison))
        console.print(LEGEND, style="dim", highlight=False)
    if not short and (excluded := recommendation.excluded(comparison)):
        console.print()
        _print(console, f"Excluded: {excluded}")
    if report is not None:
        # A path is for a click or for copying: never broken over two lines.
        console.print(f"Report: {report}", highlight=False, markup=False, soft_wrap=True)


def matrix(comparison: Comparison) -> Table:
    """Contenders by objectives; a name is broken over two lines where 80 columns are too few."""
    found = comparison.decision.matrix
    heads = [Column(COLUMNS[objective], justify="right", no_wrap=True) for objective in found.telling]
    table = Table(Column(""), *heads, box=None, header_style="bold", padding=(0, 1, 0, 0), pad_edge=False)
    for row in found.rows:
        style = "bold" if row.endpoint == comparison.decision.recommended else ""
        name = Text(visible(recommendation.row_name(comparison, row.endpoint)), style)
        table.add_row(name, *(_figure(objective, row.cells[objective]) for objective in found.telling))
    return table


def _print(console: Console, text: str, indent: str = "") -> None:
    lines = fill(visible(text), console.width, initial_indent=indent, subsequent_indent=2 * indent)
    console.print(lines, highlight=False, markup=False, soft_wrap=True)


def _beneath(comparison: Comparison, short: bool) -> Iterator[str]:
    if comparison.partial:
        yield "The run is not complete: these are its figures so far."
    if figures := recommendation.figures(comparison):
        yield figures
    yield from recommendation.statements(comparison)
    yield from recommendation.unsettled(comparison)
    yield from reasons(comparison)[:MOST_REASONS]
    serve = comparison.decision.serve_with
    if serve is not None and not short:
        yield from filter(None, (recommendation.capacity(comparison),))
        yield f"Serve it: {serve.command}"


def _figure(objective: str, cell: MatrixCell) -> Text:
    sign, style = SIGNS[cell.mark]
    if cell.mark == "invalid":
        return Text("INVALID", style)
    text, _ = UNITS[objective]
    value = cell.estimate.value
    return Text((NONE if value is None else text(value)) + sign, style)
