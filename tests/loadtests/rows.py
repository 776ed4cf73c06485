"""The rows of a load test by hand, as its tests read them."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from serveoff.loadtests.recording.records import COLUMNS, parts


def read_rows(path: Path, columns: Sequence[str] = COLUMNS.names) -> pa.Table:
    """All rows of a load test, of all workers, with these of records.COLUMNS; FileNotFoundError without any.

    Start times of several workers compare: they are seconds since the epoch, and processes and containers of one
    machine share its clock.
    """
    files = parts(path)
    if not files:
        raise FileNotFoundError(f"no rows at {path}")
    schema = pa.schema([COLUMNS.field(name) for name in columns])
    tables = [pq.read_table(file, columns=list(columns)).cast(schema) for file in files]
    return pa.concat_tables(tables).unify_dictionaries()
