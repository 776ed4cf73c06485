"""The raw rows of a run, read once and split by slice."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from serveoff.analyse.statistics.sampled import SliceSample
from serveoff.loadtests.recording.statuses import OK
from serveoff.loadtests.recording.windows import Window
from serveoff.record.raw_rows import FOLDER, all_parts, current_parts, read_part, together
from serveoff.record.reading import Damaged, ResultsError
from serveoff.record.slices import SLICES_NAME

_USED: Final = ["slice", "measured", "intended_start_s", "start_s", "latency_s", "status", "bytes_in"]
FAR_S: Final = 10.0
"""A request that counts was due in its window; so far off, it was in another. A closed loop's duration is a mean over
its callers, of whom one may have had all of the time."""

Columns = Mapping[str, npt.NDArray[np.generic]]


@dataclass(frozen=True)
class SliceRows:
    """What is taken of one slice's rows. `rows` counts those of its window, the rest those with a good answer.

    `longest_s` is what the slowest request took, good answer or none, those of the lead-in too: a stall that began
    there leaves the window empty.
    """

    sample: SliceSample
    rows: int
    answer_bytes: int
    """The sum of their answers' bodies."""
    longest_s: float
    failures: Counter[int] = field(default_factory=Counter)
    """How many came to each other status (serveoff.loadtests.recording.statuses)."""


@dataclass(frozen=True)
class RunRows:
    """The rows of a run's slices, in the order of these."""

    columns: Columns
    first: Mapping[int, int]
    """Of each slice that has rows, where they begin."""
    after: Mapping[int, int]
    problems: tuple[str, ...] = ()
    """Files that cannot be read, one sentence each."""
    _known: dict[int, SliceRows] = field(default_factory=dict, repr=False)

    def read(self, window: Window) -> SliceRows:
        """The rows of one slice; each is made once."""
        if window.number not in self._known:
            self._known[window.number] = self._of(window)
        return self._known[window.number]

    def _of(self, window: Window) -> SliceRows:
        inside = slice(self.first.get(window.number, 0), self.after.get(window.number, 0))
        rows = {name: column[inside] for name, column in self.columns.items()}
        longest_s = float(rows["latency_s"].max(initial=0.0))
        rows = {name: column[rows["measured"]] for name, column in rows.items()}
        answered = rows["status"] == OK
        due, start, took = (rows[n][answered].astype(np.float64) for n in ("intended_start_s", "start_s", "latency_s"))
        if np.any(np.abs(due - window.start_s) > window.duration_s * max(window.concurrency, 1) + FAR_S):
            told = f"those of slice {window.number}, of {window.endpoint}, were not sent when that was measured"
            raise ResultsError(f"{FOLDER}/ and {SLICES_NAME} are of different runs: {told}")
        # From when it was due: a request that an open loop could not send in time has waited, and its wait counts.
        latency = took if window.load.closed else took + start - due
        cpu_s, served = window.server_cpu_s, window.served if window.served is not None else window.requests
        sample = SliceSample(
            window.start, window.round, latency, took, due - window.start_s, window.duration_s, cpu_s, served
        )
        failures = Counter(rows["status"][~answered].tolist())
        return SliceRows(sample, answered.size, int(rows["bytes_in"][answered].sum()), longest_s, failures)


def read_run(folder: Path) -> RunRows:
    """All rows of the run in `folder`; a file that cannot be read is named among the problems.

    ResultsError where a file has rows that no run writes.
    """
    tables: list[pa.Table] = []
    problems: list[str] = []
    for path in _parts(folder, problems):
        try:
            tables.append(read_part(path, _USED))
        except Damaged as error:
            problems.append(str(error))
    return _split(together(tables, _USED), tuple(problems))


def _parts(folder: Path, problems: list[str]) -> list[Path]:
    try:
        return current_parts(folder)
    except Damaged as error:
        problems.append(str(error))
        return all_parts(folder)[1:]


def _split(table: pa.Table, problems: tuple[str, ...]) -> RunRows:
    number = table.column("slice").to_numpy()
    kept = np.flatnonzero(number >= 0)
    order = kept[np.argsort(number[kept], kind="stable")]
    columns = {name: table.column(name).to_numpy()[order] for name in _USED if name != "slice"}
    slices, first, counts = np.unique(number[order], return_index=True, return_counts=True)
    begins = dict(zip(slices.tolist(), first.tolist(), strict=True))
    ends = dict(zip(slices.tolist(), (first + counts).tolist(), strict=True))
    return RunRows(columns, begins, ends, problems)
