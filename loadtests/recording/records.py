"""The raw record of one request, in base units, and the file of all of them.

Several load generators write parts beside each other: `F.worker-0.parquet`, and so on.
"""

from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from serveoff.loadtests.recording.atomic_write import written_whole

COLUMNS: Final = pa.schema(
    [
        pa.field("endpoint", pa.dictionary(pa.int16(), pa.string())),
        pa.field("start", pa.int32()),  # which life of the server's process, from 1; 0: not known
        pa.field("round", pa.int32()),
        pa.field(
            "slice", pa.int32()
        ),  # number of the slice in its run, or of the window in a test by hand; -1: in none
        pa.field("load", pa.dictionary(pa.int16(), pa.string())),  # as serveoff.loadtests.loads.parse_load reads it
        pa.field("concurrency", pa.int32()),
        pa.field("measured", pa.bool_()),  # False: warm-up, lead-in or drain; stored, never counted
        pa.field("intended_start_s", pa.float64()),  # when it was due (open loop); else as start_s
        pa.field("start_s", pa.float64()),  # seconds since the epoch, to the microsecond
        pa.field("latency_s", pa.float64()),  # seconds from start to the last byte of the answer
        pa.field(
            "status", pa.int32()
        ),  # HTTP status; gRPC: 200 for OK, else 1000 + the gRPC code; 0 and less: no answer
        pa.field("bytes_out", pa.int32()),  # request body
        pa.field("bytes_in", pa.int32()),  # answer body
    ]
)


def part_path(path: Path, worker: int | None) -> Path:
    """The file of one worker's rows; without a worker, the file itself."""
    return path if worker is None else path.with_name(f"{path.stem}.worker-{worker}{path.suffix}")


def parts(path: Path) -> list[Path]:
    """The files that hold the rows of `path`: itself, or one per worker."""
    return [p for p in (path, *sorted(path.parent.glob(f"{path.stem}.worker-*{path.suffix}"))) if p.exists()]


def remove_rows(path: Path) -> None:
    """Remove what an earlier load test left under this name, or two tests would be read as one."""
    for part in parts(path):
        part.unlink(missing_ok=True)


def write_rows(path: Path, table: pa.Table) -> None:
    """Write so that a reader never sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as file:
        pq.write_table(table, file, compression="zstd")
