"""Runs on disk as tests write and change them: windows are rewritten whole, rows are added in parts."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from serveoff.loadtests.recording.records import COLUMNS
from serveoff.record.raw_rows import FOLDER, SliceWriter, read_run_rows
from serveoff.record.slices import SLICES_NAME, append_slices
from serveoff.record.suite import save_suite


def save_run(folder, suite):
    """The suite with its slices, as they now are."""
    for result in suite.endpoints:
        for window in result.windows:
            window.endpoint = result.endpoint
    save_suite(folder, suite)
    (folder / SLICES_NAME).unlink(missing_ok=True)
    append_slices(folder, sorted((w for e in suite.endpoints for w in e.windows), key=lambda w: w.number))


def add_rows(folder, tables):
    """One more part of rows."""
    folder.mkdir(parents=True, exist_ok=True)
    writer = SliceWriter(folder)
    writer.add(pa.concat_tables([pa.Table.from_batches([], COLUMNS), *tables]))
    writer.flush()


def next_number(suite):
    """Of the slice that would come next."""
    return 1 + max((w.number for e in suite.endpoints for w in e.windows), default=0)


def table_of(window, due_s, sent_s, latency_s, status=200, measured=True):
    """The rows of one slice; what is the same for all of them may be given once."""
    count = np.size(due_s)
    columns = {
        "endpoint": [window.endpoint] * count,
        "start": np.full(count, window.start),
        "round": np.full(count, window.round),
        "slice": np.full(count, window.number),
        "load": [window.load.text] * count,
        "concurrency": np.full(count, window.concurrency),
        "measured": np.broadcast_to(measured, count),
        "intended_start_s": np.asarray(due_s),
        "start_s": np.asarray(sent_s),
        "latency_s": np.asarray(latency_s),
        "status": np.broadcast_to(status, count),
        "bytes_out": np.full(count, 16_884),
        "bytes_in": np.full(count, 214),
    }
    return pa.table({f.name: pa.array(columns[f.name]).cast(f.type) for f in COLUMNS}, schema=COLUMNS)


def rows_by_slice(folder):
    """The counted rows of each slice: number to columns by name."""
    table = read_run_rows(folder)
    columns = {n: table[n].to_numpy() for n in ("slice", "measured", "start_s", "latency_s", "status")}
    order = np.argsort(columns["slice"], kind="stable")
    order = order[columns["measured"][order]]
    columns = {name: values[order] for name, values in columns.items()}
    numbers, first = np.unique(columns["slice"], return_index=True)
    ends = [*first[1:], columns["slice"].size]
    return {
        int(n): {name: values[a:b] for name, values in columns.items()}
        for n, a, b in zip(numbers, first, ends, strict=True)
    }


def rows_file(folder):
    """The one file of a run that was written at once."""
    (found,) = (folder / FOLDER).glob("*.parquet")
    return found


def rewrite_rows(folder, change):
    """Let `change` make another table of a run's one file of rows."""
    path = rows_file(folder)
    pq.write_table(change(pq.read_table(path)), path)
