"""The samples of what a server used, kept beside the rows: one file per visit, `usage/<endpoint>--r<round>.parquet`."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from serveoff.loadtests.recording.rows import write_rows

Array = npt.NDArray[np.float64]
FOLDER: Final = Path("usage")
MOST_SAMPLES: Final = 2_000_000
"""Ten a second make two million in more than two days; a file of more is none of ours."""
COLUMNS: Final = pa.schema(
    [
        pa.field("endpoint", pa.dictionary(pa.int16(), pa.string())),
        pa.field("round", pa.int16()),
        pa.field("time_s", pa.float64()),  # seconds since the epoch
        pa.field("cpu_s", pa.float64()),  # CPU seconds that the process tree or container has used so far
        pa.field("memory_bytes", pa.int64()),  # resident set sizes of the tree, or the container's working set
        pa.field("network_in_bytes", pa.float64()),  # received so far over its interfaces; null for processes
        pa.field("network_out_bytes", pa.float64()),  # sent so far
        pa.field("throttled_s", pa.float64()),  # held back so far by its CPU limit; null for processes
    ]
)
_READ: Final = ("round", "time_s", "cpu_s", "memory_bytes")


@dataclass
class Usage:
    """Samples of one server over time: epoch seconds, CPU seconds used so far, bytes of memory held.

    A container also has bytes received and sent so far, and seconds throttled so far; a process tree has not.
    """

    times_s: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)
    memory_bytes: list[int] = field(default_factory=list)
    network_in_bytes: list[float] = field(default_factory=list)
    network_out_bytes: list[float] = field(default_factory=list)
    throttled_s: list[float] = field(default_factory=list)
    gpu_times_s: list[float] = field(default_factory=list)
    gpu_energy_j: list[float] = field(default_factory=list)
    """Joules of all GPUs so far, at instants of their own; empty without a meter."""

    def cpu_between(self, start_s: float, end_s: float) -> float | None:
        """CPU seconds used between two instants, interpolated between samples; None without samples there."""
        return _between(self.times_s, self.cpu_s, start_s, end_s)

    def network_between(self, start_s: float, end_s: float) -> tuple[int, int] | None:
        """Bytes received and sent between two instants; None where they were not sampled."""
        received = _between(self.times_s, self.network_in_bytes, start_s, end_s)
        sent = _between(self.times_s, self.network_out_bytes, start_s, end_s)
        return None if received is None or sent is None else (round(received), round(sent))

    def throttled_between(self, start_s: float, end_s: float) -> float | None:
        """Seconds in which the engine held the container back; None where that was not sampled."""
        return _between(self.times_s, self.throttled_s, start_s, end_s)

    def energy_between(self, start_s: float, end_s: float) -> float | None:
        """Joules that the GPUs used between two instants; None where that was not sampled."""
        return _between(self.gpu_times_s, self.gpu_energy_j, start_s, end_s)

    def peak_memory_between(self, start_s: float, end_s: float) -> int | None:
        """The largest amount of memory seen between two instants."""
        within = self.memory_bytes[bisect_left(self.times_s, start_s) : bisect_right(self.times_s, end_s)]
        return max(within, default=None)


@dataclass(frozen=True)
class Samples:
    """The samples of one visit, in the order of time: seconds since the epoch, CPU seconds so far, bytes; each (n,)."""

    round: int
    time_s: Array
    cpu_s: Array
    memory_bytes: npt.NDArray[np.int64]


def usage_path(rows: Path) -> Path:
    """The file that belongs to a visit's file of rows, both relative to the results folder."""
    return FOLDER / rows.name


def write_usage(folder: Path, rows: Path, endpoint: str, round_: int, usages: Sequence[Usage]) -> None:
    """Keep what was sampled in one visit; whatever an earlier one left under this name is replaced."""
    write_rows(folder / usage_path(rows), pa.concat_tables([_table(endpoint, round_, usage) for usage in usages]))


def read_usage(folder: Path, rows: str) -> Samples | None:
    """The samples of one visit; None where there are none that can be read, as in a run that did not keep them."""
    path = folder / usage_path(Path(rows))
    if not path.is_file() or not path.resolve().is_relative_to(folder.resolve()):
        return None
    try:
        if pq.read_metadata(path).num_rows > MOST_SAMPLES:
            return None
        table = pq.read_table(path, columns=list(_READ)).cast(pa.schema([COLUMNS.field(name) for name in _READ]))
    except (OSError, ValueError, KeyError, pa.ArrowException):
        return None
    return _samples(table)


def _samples(table: pa.Table) -> Samples | None:
    """None for fewer than two samples, and for what no sampling writes: gaps, no numbers, time that goes back."""
    if table.num_rows < 2 or any(column.null_count for column in table.columns):
        return None
    round_, time_s, cpu_s, memory_bytes = (table.column(name).to_numpy() for name in _READ)
    sound = np.isfinite(time_s).all() and np.isfinite(cpu_s).all() and (np.diff(time_s) >= 0).all()
    return Samples(int(round_[0]), time_s, cpu_s, memory_bytes) if sound and time_s[-1] > time_s[0] else None


def _table(endpoint: str, round_: int, usage: Usage) -> pa.Table:
    count = len(usage.times_s)
    unknown: list[float | None] = [None] * count
    columns: dict[str, Sequence[object]] = {
        "endpoint": [endpoint] * count,
        "round": [round_] * count,
        "time_s": usage.times_s,
        "cpu_s": usage.cpu_s,
        "memory_bytes": usage.memory_bytes,
        "network_in_bytes": usage.network_in_bytes or unknown,
        "network_out_bytes": usage.network_out_bytes or unknown,
        "throttled_s": usage.throttled_s or unknown,
    }
    return pa.table({f.name: pa.array(columns[f.name], type=f.type) for f in COLUMNS}, schema=COLUMNS)


def _between(times_s: Sequence[float], totals: Sequence[float], start_s: float, end_s: float) -> float | None:
    if len(totals) < 2 or times_s[0] > end_s or times_s[-1] < start_s:
        return None
    return max(_at(times_s, totals, end_s) - _at(times_s, totals, start_s), 0.0)


def _at(times_s: Sequence[float], totals: Sequence[float], instant_s: float) -> float:
    i = min(max(bisect_left(times_s, instant_s), 1), len(totals) - 1)
    (t0, t1), (v0, v1) = times_s[i - 1 : i + 1], totals[i - 1 : i + 1]
    share = min(max((instant_s - t0) / (t1 - t0), 0.0), 1.0) if t1 > t0 else 0.0
    return v0 + share * (v1 - v0)
