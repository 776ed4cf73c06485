"""The raw record of every request, kept as plain numbers while the clock runs and made into a table after it."""

import time
from array import array
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from serveoff.loadtests.problems import WindowCode, WindowProblem
from serveoff.loadtests.recording.records import COLUMNS
from serveoff.loadtests.recording.statuses import CUT_SHORT, NO_ANSWER, TOO_MANY_FILES, in_words


def failing(status: int, body: bytes, seconds: float) -> WindowProblem:
    """The problem of a window with nothing but errors for so long; status and body are the last one's."""
    said = " ".join(body[:300].decode(errors="replace").split())
    if status in NO_ANSWER:
        if status == TOO_MANY_FILES:
            text = f"{in_words(status)} for {seconds:.1f} s"
            return WindowProblem(code=WindowCode.GENERATOR_FAILED, text=text, advice="raise `ulimit -n`")
        why = said or ("" if status == CUT_SHORT else in_words(status))
        text = f"server stopped answering: no answer for {seconds:.1f} s" + (f" ({why})" if why else "")
        return WindowProblem(code=WindowCode.SERVER_SILENT, text=text)
    text = f"server answered nothing but errors for {seconds:.1f} s; the last: {in_words(status)} {said}"
    return WindowProblem(code=WindowCode.ONLY_ERRORS, text=text)


class Recorder:
    """One row per request at the cost of a few appends: nothing is formatted, looked up or converted here.

    A request belongs to the window in which it starts, each of one number of users: one that hangs at its end is then
    counted with all of its latency, instead of vanishing between two windows.
    """

    def __init__(self, body_sizes: Sequence[int]) -> None:
        self._body_sizes = list(body_sizes)
        """Bytes of the body of each sample."""
        # perf_counter is the finer clock; one offset ties it to the epoch, so that rows of processes compare.
        self.epoch_offset_s = time.time() - time.perf_counter()
        self._starts, self._latencies = array("d"), array("d")
        self._statuses, self._samples, self._bytes_in = array("i"), array("i"), array("i")
        self._changes = [(0.0, 0, -1)]
        """From when on how many users run, and the number of the window; -1: of none."""

    def record(self, start: float, latency: float, status: int, sample: int, bytes_in: int) -> None:
        """Append one request: perf_counter seconds, seconds, status (of recording.statuses), sample, bytes."""
        self._starts.append(start)
        self._latencies.append(latency)
        self._statuses.append(status)
        self._samples.append(sample)
        self._bytes_in.append(bytes_in)

    def users_change(self, concurrency: int | None) -> None:
        """From now on this many users run, and requests count; None: users come and go, and requests do not count."""
        _, users, _ = self._changes[-1]
        window = max(number for _, _, number in self._changes)
        change = (users, -1) if concurrency is None else (concurrency, max(window, 0) + 1)
        self._changes.append((time.perf_counter(), *change))

    def table(self, endpoint: str) -> pa.Table:
        """All rows as a table with serveoff.loadtests.recording.records.COLUMNS, ordered by completion.

        Windows are numbered from 1. Of the server's start nothing is known, and all is one round.
        """
        starts = np.frombuffer(self._starts, dtype=np.float64)
        instants, users_then, windows = map(np.asarray, zip(*self._changes, strict=True))
        current = np.searchsorted(instants, starts, side="right") - 1
        window, users = windows[current].astype(np.int32), users_then[current].astype(np.int32)
        start_s = np.round(starts + self.epoch_offset_s, 6)
        columns = {
            "endpoint": pa.DictionaryArray.from_arrays(np.zeros(len(starts), dtype=np.int16), [endpoint]),
            "start": np.zeros(len(starts), dtype=np.int32),
            "round": np.ones(len(starts), dtype=np.int32),
            "slice": window,
            "load": pa.array(users.astype(str)).dictionary_encode().cast(COLUMNS.field("load").type),
            "concurrency": users,
            "measured": window >= 0,
            "intended_start_s": start_s,
            "start_s": start_s,
            "latency_s": np.round(np.frombuffer(self._latencies, dtype=np.float64), 6),
            "status": np.frombuffer(self._statuses, dtype=np.int32),
            "bytes_out": np.asarray(self._body_sizes, dtype=np.int32)[np.frombuffer(self._samples, dtype=np.int32)],
            "bytes_in": np.frombuffer(self._bytes_in, dtype=np.int32),
        }
        return pa.table([columns[name] for name in COLUMNS.names], schema=COLUMNS)
