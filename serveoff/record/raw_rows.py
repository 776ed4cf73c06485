"""The raw rows of a run: parts that are written while it goes on, and one file of them all once it has ended.

A part holds what was measured in about a second, so that a kill loses no more. The joined file has the first part's
name and says, in its metadata, through which number the parts are in it: a kill before they are removed counts no row
twice.
"""

import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from serveoff.loadtests.recording.atomic_write import written_whole
from serveoff.loadtests.recording.records import COLUMNS
from serveoff.loadtests.recording.windows import Window
from serveoff.record.reading import NEXT, ResultsError, reading
from serveoff.record.slices import append_slices, cut_off_half_a_line

FOLDER: Final = "rows"
FLUSH_EVERY_S: Final = 1.0
JOINED_THROUGH: Final = b"joined through"
LEAST: Final = {"slice": -1, "status": -(2**31)}
"""Of the columns that have numbers below 0."""
BEYOND: Final = 1e12
"""More than any number of a row: seconds since the epoch are the largest."""
_NUMBER: Final = re.compile(r"[0-9]{1,9}")


class SliceWriter:
    """Adds slices to the run in `folder`: their rows first, then their windows, so that no window lacks its rows."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        cut_off_half_a_line(folder)
        self._next = 1 + max((max(_number(path), _joined_through(path)) for path in all_parts(folder)), default=0)
        self._rows: list[pa.Table] = []
        self._windows: list[Window] = []
        self._flushed_at = time.monotonic()

    def add(self, rows: pa.Table, window: Window | None = None) -> None:
        """Keep these rows, of records.COLUMNS; on disk with the first call that comes a second after the last write."""
        self._rows.append(rows)
        self._windows += [window] if window else []
        if time.monotonic() - self._flushed_at >= FLUSH_EVERY_S:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        self._flushed_at = time.monotonic()
        rows, windows, self._rows, self._windows = self._rows, self._windows, [], []
        if rows:
            _write(self._folder / FOLDER / _name(self._next), pa.concat_tables(rows))
            self._next += 1
        append_slices(self._folder, windows)


def last_number(folder: Path) -> int:
    """The highest number of a slice among the rows; 0 without any."""
    numbers = read_run_rows(folder, ["slice"]).column("slice").to_numpy()
    return int(max(numbers, default=0))


def join(folder: Path) -> None:
    """Make one file of all parts, by endpoint and slice; the rows of a run that is resumed are joined anew."""
    parts = all_parts(folder)
    if len(parts) < 2:
        return
    table = read_run_rows(folder).combine_chunks()
    endpoints = np.concatenate([chunk.indices.to_numpy() for chunk in table.column("endpoint").chunks])
    table = table.take(np.lexsort((table.column("slice").to_numpy(), endpoints)))
    last = max(map(_number, parts))
    _write(folder / FOLDER / _name(1), table.replace_schema_metadata({JOINED_THROUGH: str(last)}))
    for path in parts:
        if path.name != _name(1):
            path.unlink(missing_ok=True)


def read_run_rows(folder: Path, columns: Sequence[str] = COLUMNS.names) -> pa.Table:
    """All rows of a run, with these of records.COLUMNS; none of a run that has none.

    Damaged where a file cannot be read, ResultsError where it has rows that no run writes.
    """
    return together([read_part(path, columns) for path in current_parts(folder)], columns)


def together(tables: Sequence[pa.Table], columns: Sequence[str]) -> pa.Table:
    """What several files hold of these columns, as one table."""
    return pa.concat_tables([_schema(columns).empty_table(), *tables]).unify_dictionaries()


def current_parts(folder: Path) -> list[Path]:
    """The files that hold the rows: those that were joined into another are left out."""
    parts = all_parts(folder)
    through = max((_joined_through(path) for path in parts[:1]), default=0)
    return parts[:1] + [path for path in parts[1:] if _number(path) > through]


def read_part(path: Path, columns: Sequence[str]) -> pa.Table:
    """The rows of one file; errors are those of `read_run_rows`."""
    schema = _schema(columns)
    with reading(path):
        table = pq.read_table(path, columns=schema.names).cast(schema)
    for name, column in zip(schema.names, table.columns, strict=True):
        if column.null_count or not _possible(name, column):
            raise ResultsError(
                f"{path} has rows that no run writes: their {name} is missing, negative or no number; {NEXT}"
            )
    return table


def _schema(columns: Sequence[str]) -> pa.Schema:
    return pa.schema([COLUMNS.field(name) for name in columns])


def _possible(name: str, column: pa.ChunkedArray) -> bool:
    if pa.types.is_dictionary(column.type):
        return True
    values = column.to_numpy()
    return bool(((values >= LEAST.get(name, 0)) & (values < BEYOND)).all())


def _joined_through(path: Path) -> int:
    with reading(path):
        metadata = pq.read_schema(path).metadata or {}
        return int(metadata.get(JOINED_THROUGH, b"0"))


def all_parts(folder: Path) -> list[Path]:
    """Every file of rows, joined ones too, by number."""
    return sorted(path for path in (folder / FOLDER).glob("*.parquet") if _NUMBER.fullmatch(path.stem))


def _number(path: Path) -> int:
    return int(path.stem)


def _name(number: int) -> str:
    return f"{number:06d}.parquet"


def _write(path: Path, table: pa.Table) -> None:
    path.parent.mkdir(exist_ok=True)  # not the run's own folder: a run that was deleted amid it must not go on
    with written_whole(path) as file:
        pq.write_table(table.unify_dictionaries(), file, compression="zstd")
