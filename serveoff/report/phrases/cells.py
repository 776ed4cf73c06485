"""What the report's tables are made of: text, so that HTML and Markdown cannot disagree."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from serveoff.analyse.entries import Entry
from serveoff.analyse.statistics.bootstrap import Estimate
from serveoff.report.phrases.names import family, server, what
from serveoff.report.phrases.numbers import NONE, Format, interval


@dataclass(frozen=True)
class Cell:
    """One figure or word: `small` is its interval or a second line, `sort` its value where it is a number."""

    text: str
    small: str = ""
    sort: float | None = None
    family: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Column:
    """A heading, with its unit; figures are set to the right."""

    title: str
    unit: str = ""
    numeric: bool = True


@dataclass(frozen=True)
class Table:
    """One table. `groups` are bodies of rows that are sorted apart, each with a title or none."""

    name: str
    caption: str
    columns: tuple[Column, ...]
    groups: tuple[tuple[str, tuple[tuple[Cell, ...], ...]], ...]

    @property
    def rows(self) -> tuple[tuple[Cell, ...], ...]:
        """The rows of all groups."""
        return tuple(row for _, rows in self.groups for row in rows)


Rows = tuple[tuple[Cell, ...], ...]
ENDPOINT: Final = Column("Endpoint", numeric=False)
SAMPLES: Final = Column("Samples")


def endpoint_cell(entry: Entry) -> Cell:
    """Format and protocol, the server beneath, and the server's colour."""
    return Cell(what(entry.result), server(entry.result), family=family(entry.result))


def deployment_cell(entry: Entry) -> Cell:
    """The format, the server beneath, and the server's colour: an endpoint's protocols share them."""
    return Cell(entry.result.format, server(entry.result), family=family(entry.result))


def estimate_cell(estimate: Estimate | None, text: Format) -> Cell:
    """A figure and its interval; a withheld one says why."""
    if estimate is None or estimate.value is None:
        short = estimate is not None and estimate.samples > 0
        return Cell("withheld", estimate.withheld, tone="muted") if estimate and short else Cell(NONE, tone="muted")
    return Cell(text(estimate.value), interval(estimate, text), estimate.value)


def number_cell(value: float | None, text: Format) -> Cell:
    """A figure without an interval."""
    return Cell(NONE, tone="muted") if value is None else Cell(text(value), sort=value)


def count_cell(count: int) -> Cell:
    """A count, exact."""
    return Cell(f"{count:,}", sort=count)


def without_blank(
    columns: tuple[Column, ...], rows: Rows, optional: Collection[str]
) -> tuple[tuple[Column, ...], Rows]:
    """Leave out those of the `optional` columns, by title, that have a figure in no row."""
    blank = {i for i in range(len(columns)) if all(row[i].sort is None for row in rows)}
    kept = [i for i, column in enumerate(columns) if column.title not in optional or i not in blank]
    return tuple(columns[i] for i in kept), tuple(tuple(row[i] for i in kept) for row in rows)


def single(name: str, caption: str, columns: tuple[Column, ...], rows: Rows) -> Table:
    """A table of one body."""
    return Table(name, caption, columns, (("", rows),))
