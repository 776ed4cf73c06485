"""The decision matrix: a row per contender, its figures by objective, the best and what equals it marked."""

from dataclasses import replace
from functools import partial
from typing import Final

from serveoff.analyse.comparison import Comparison
from serveoff.analyse.decision.matrix import Mark, Matrix, MatrixRow
from serveoff.report.phrases.cells import DASH, INVALID, Cell, endpoint_cell
from serveoff.report.phrases.names import all_of
from serveoff.report.phrases.numbers import UNITS, interval
from serveoff.report.phrases.recommendation import OBJECTIVES
from serveoff.report.phrases.tables import ENDPOINT, Column, Field, Table, listed
from serveoff.report.section import Section
from serveoff.report.sections.latency import address
from serveoff.report.sections.notes import APIS, PAYLOADS, alone, fewest_or_most

TONES: Final[dict[Mark, str]] = {"best": "good", "equal": "good", "undecided": "mid"}
SIGNS: Final[dict[Mark, str]] = {"best": "best", "equal": "tied", "undecided": "undecided"}


def section(comparison: Comparison) -> Section:
    """Each row leads to its evidence."""
    return Section("matrix", "Decision matrix", table=matrix(comparison))


def matrix(comparison: Comparison) -> Table:
    """Contenders by objectives, the recommended first."""
    found = comparison.decision.matrix
    fields: list[Field[MatrixRow]] = [
        (ENDPOINT, lambda row: _name(comparison, row)),
        *((_column(objective), partial(_cell, objective)) for objective in found.telling),
    ]
    several = APIS if comparison.attached.only else PAYLOADS
    rest = f" {several}" if _kinds(comparison) > 1 else ""
    caption = (
        f"Latency with {alone(comparison)}, throughput with {fewest_or_most(comparison)}; 95% intervals from "
        f"{_samples(comparison):,} samples or more{_withheld(found)}{_ranges(found)}.{_tied(found)}{rest}"
    )
    return listed("matrix", caption, fields, found.rows)


def _withheld(found: Matrix) -> str:
    short = any(cell.estimate.withheld and cell.estimate.samples for row in found.rows for cell in row.cells.values())
    return "; what has too few for one has no figure" if short else ""


def _tied(found: Matrix) -> str:
    """What has no column, since all rows are tied in it."""
    same = [OBJECTIVES[name] for name in found.objectives if name not in found.telling]
    return f" All are tied in {all_of(same)}." if same else ""


def _name(comparison: Comparison, row: MatrixRow) -> Cell:
    entry = comparison.entry(row.endpoint)
    return replace(endpoint_cell(entry), link=address(entry.name) if entry.points else "")


def _column(objective: str) -> Column:
    title = OBJECTIVES[objective]
    return Column(title[0].upper() + title[1:], UNITS[objective][1])


def _cell(objective: str, row: MatrixRow) -> Cell:
    cell = row.cells[objective]
    if cell.estimate.value is None:
        few = f"{cell.estimate.withheld} samples" if cell.estimate.samples else ""
        return INVALID if cell.mark == "invalid" else replace(DASH, small=few)
    text, _ = UNITS[objective]
    beneath = ", ".join(filter(None, (SIGNS.get(cell.mark, ""), interval(cell.estimate, text))))
    return Cell(text(cell.estimate.value), beneath, cell.estimate.value, tone=TONES.get(cell.mark, ""))


def _samples(comparison: Comparison) -> int:
    """That the resampled figures rest on, at least."""
    by = comparison.decision.matrix.resampled
    known = [row.cells[name].estimate for row in comparison.decision.matrix.rows for name in by]
    return min((estimate.samples for estimate in known if estimate.value is not None), default=0)


def _ranges(found: Matrix) -> str:
    """Which figures have their range around them, not an interval; or nothing, being of one start."""
    cells = [(name, row.cells[name]) for name in found.objectives for row in found.rows]
    ranged = dict.fromkeys(OBJECTIVES[name] for name, cell in cells if cell.bounds == "range")
    once = any(name == "cold_start" and cell.bounds == "none" for name, cell in cells)
    said = f"; for {all_of([*ranged])} the range of all starts" if ranged else ""
    return f"{said}; cold starts without a range were measured once" if once else said


def _kinds(comparison: Comparison) -> int:
    """Of requests."""
    if comparison.attached.only:
        return len({attached.dialect for attached in comparison.suite.settings.attached})
    return len({comparison.entry(row.endpoint).result.payload for row in comparison.decision.matrix.rows})
