"""The report's tables: columns, and what makes each one's cells of the things that are listed."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from serveoff.report.phrases.cells import Cell

T = TypeVar("T")


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
    addresses: tuple[str, ...] = ()
    """Of each group, so that a link can lead to it; none: nothing leads there."""

    @property
    def rows(self) -> tuple[tuple[Cell, ...], ...]:
        """The rows of all groups."""
        return tuple(row for _, rows in self.groups for row in rows)


Field = tuple[Column, Callable[[T], Cell]]
"""A column, and what makes its cell of the thing that a row is of."""
ENDPOINT: Final = Column("Endpoint", numeric=False)
SAMPLES: Final = Column("Samples")


def text_column(title: str) -> Column:
    """A column that is set to the left."""
    return Column(title, numeric=False)


def ratio_column(title: str, rows: int) -> Column:
    """How many times faster something is with so many rows a request."""
    return Column(title, "times" if rows == 1 else f"times, {rows} rows")


def without_blank(table: Table, optional: Collection[str]) -> Table:
    """Leave out those of the `optional` columns, by title, that have a figure in no row."""
    blank = {column.title for i, column in enumerate(table.columns) if all(row[i].sort is None for row in table.rows)}
    return without(table, blank.intersection(optional))


def without(table: Table, titles: Collection[str]) -> Table:
    """Leave out columns by their titles."""
    kept = [i for i, column in enumerate(table.columns) if column.title not in titles]
    groups = tuple((title, tuple(tuple(row[i] for i in kept) for row in rows)) for title, rows in table.groups)
    return replace(table, columns=tuple(table.columns[i] for i in kept), groups=groups)


def uniform(table: Table, texts: Mapping[str, str]) -> list[str]:
    """Those of `texts`' columns, by title, in which every row says that text and no more need be said."""
    said = {column.title: {row[i].text for row in table.rows} for i, column in enumerate(table.columns)}
    return [title for title, text in texts.items() if said.get(title) == {text}]


def listed(name: str, caption: str, fields: Sequence[Field[T]], things: Iterable[T]) -> Table:
    """A table of one body with a row for each thing."""
    return grouped(name, caption, fields, [("", things)])


def grouped(name: str, caption: str, fields: Sequence[Field[T]], groups: Iterable[tuple[str, Iterable[T]]]) -> Table:
    """A table of a body for each group, which has a title or none."""
    bodies = [(title, tuple(tuple(cell(thing) for _, cell in fields) for thing in things)) for title, things in groups]
    return Table(name, caption, tuple(column for column, _ in fields), tuple(bodies))
