"""The raw record of every request, kept as plain numbers while the clock runs and made into a table after it."""

from __future__ import annotations

import time
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from serveoff.loadtests.recording.records import COLUMNS

OK = 200
GRPC_STATUS = 1000
"""A gRPC call that failed is recorded as this plus its code (serveoff.loadtests.recording.records)."""

GRPC_DEADLINE_EXCEEDED, GRPC_UNAVAILABLE = GRPC_STATUS + 4, GRPC_STATUS + 14
NO_ANSWER = frozenset({0, GRPC_DEADLINE_EXCEEDED, GRPC_UNAVAILABLE})
"""What a server that has gone or hangs looks like."""


@dataclass(frozen=True)
class Span:
    """A measured window, in perf_counter seconds: requests that were due in it count."""

    concurrency: int
    start: float
    end: float


class Recorder:
    """One row per request at the cost of a few appends: nothing is formatted, looked up or converted here.

    A request belongs to the window in which it was *due*, which in a closed loop is when it starts: one that hangs at
    the end of a window is then counted with all of its latency, instead of vanishing between two windows.
    """

    def __init__(self, body_sizes: Sequence[int] = ()) -> None:
        self.body_sizes = list(body_sizes)
        """Bytes of the body of each sample."""
        # perf_counter is the finer clock; one offset ties it to the epoch, so that rows of processes compare.
        self.epoch_offset_s = time.time() - time.perf_counter()
        self._dues, self._starts, self._latencies = array("d"), array("d"), array("d")
        self._statuses, self._samples, self._bytes_in = array("i"), array("i"), array("i")
        self._changes: list[tuple[float, int]] = [(0.0, 0)]
        self.timings: list[tuple[float, object]] = []
        """Start of a request of a closed loop, and its answer's Server-Timing header as it came."""

    def __len__(self) -> int:
        return len(self._bytes_in)

    def record(self, start: float, latency: float, status: int, sample: int, bytes_in: int, due: float) -> None:
        """Append one request: perf_counter seconds, seconds, status (0: no answer), sample, bytes, when it was due."""
        self._dues.append(due)
        self._starts.append(start)
        self._latencies.append(latency)
        self._statuses.append(status)
        self._samples.append(sample)
        self._bytes_in.append(bytes_in)

    def users_change(self, concurrency: int) -> None:
        """From now on this many users run; rows outside of windows carry it."""
        self._changes.append((time.perf_counter(), concurrency))

    def statuses_from(self, row: int) -> list[int]:
        """The statuses of all rows since `row`: how the server has been doing lately."""
        return self._statuses[row : len(self)].tolist()

    def counts(self, span: Span) -> tuple[int, int]:
        """Requests in a window, and how many of them failed."""
        within = self._within(span)
        statuses = np.frombuffer(self._statuses, dtype=np.int32)[within]
        return len(statuses), int((statuses != OK).sum())

    def table(self, endpoint: str, round_: int, spans: Sequence[Span]) -> pa.Table:
        """All rows as a table with serveoff.loadtests.recording.records.COLUMNS, ordered by completion."""
        starts = np.frombuffer(self._starts, dtype=np.float64)
        window = np.full(len(starts), -1, dtype=np.int16)
        for number, span in enumerate(spans):
            window[self._within(span)] = number
        start_s = np.round(starts + self.epoch_offset_s, 6)
        due_s = np.round(np.frombuffer(self._dues, dtype=np.float64) + self.epoch_offset_s, 6)
        columns = {
            "endpoint": pa.DictionaryArray.from_arrays(np.zeros(len(starts), dtype=np.int16), [endpoint]),
            "round": np.full(len(starts), round_, dtype=np.int16),
            "concurrency": self._concurrencies(starts),
            "window": window,
            "measured": window >= 0,
            "intended_start_s": due_s,
            "start_s": start_s,
            "latency_s": np.round(np.frombuffer(self._latencies, dtype=np.float64), 6),
            "status": np.frombuffer(self._statuses, dtype=np.int32),
            "bytes_out": np.asarray(self.body_sizes, dtype=np.int32)[np.frombuffer(self._samples, dtype=np.int32)],
            "bytes_in": np.frombuffer(self._bytes_in, dtype=np.int32),
        }
        return pa.table([columns[name] for name in COLUMNS.names], schema=COLUMNS)

    def latencies(self, span: Span) -> np.ndarray:
        """Seconds from when each answered request of a window was due to its answer."""
        dues, starts, latencies = (
            np.frombuffer(part, dtype=np.float64) for part in (self._dues, self._starts, self._latencies)
        )
        good = self._within(span) & (np.frombuffer(self._statuses, dtype=np.int32) == OK)
        waited: np.ndarray = (starts + latencies - dues)[good]
        return waited

    def timings_in(self, span: Span) -> list[str]:
        """The Server-Timing headers of one window; an answer with several of them has none that can be read."""
        return [said for start, said in self.timings if span.start <= start < span.end and isinstance(said, str)]

    def _within(self, span: Span) -> np.ndarray:
        dues = np.frombuffer(self._dues, dtype=np.float64)
        inside: np.ndarray = (dues >= span.start) & (dues < span.end)
        return inside

    def _concurrencies(self, starts: np.ndarray) -> np.ndarray:
        instants, users = zip(*self._changes, strict=True)
        return np.asarray(users, dtype=np.int16)[np.searchsorted(instants, starts, side="right") - 1]
