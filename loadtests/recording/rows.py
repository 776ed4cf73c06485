"""The file of rows. Several load generators write parts beside each other: `F.worker-0.parquet`, and so on."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from serveoff.loadtests.recording.atomic_write import written_whole


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
    with written_whole(path) as file:
        pq.write_table(table, file, compression="zstd")
