"""One load test by hand: what is sent to which endpoint, the windows that count, and what came back."""

from __future__ import annotations

import gc
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from serveoff.loadtests.answer_check import Verified
from serveoff.loadtests.endpoints import Target
from serveoff.loadtests.loads import closed
from serveoff.loadtests.pools import make_pool
from serveoff.loadtests.problems import WindowCode, WindowProblem
from serveoff.loadtests.protocols.framing import FRAMES
from serveoff.loadtests.recording.recorder import Recorder, Span
from serveoff.loadtests.recording.rows import part_path, write_rows
from serveoff.loadtests.recording.windows import Window

STRIDE = 7
"""Users start this far apart in the pool, so that they do not all send the same input at the same time."""
KEPT_BYTES = 2**22
"""Of a window's answers that are unlike checked ones: there may be many windows, and all are read at last."""
CLOCKS_APART_S = 0.5
"""A worker that hears of its master's instant so much too early or too late has another clock, or no time for it."""


@dataclass(frozen=True)
class LoadTestOptions:
    """What the options ask for, of one load generator process."""

    rows: Path
    request_timeout_s: float = 10.0
    model_dir: Path | None = None
    worker: int | None = None
    """Number of this worker among several; None where Locust is one process."""


@dataclass(frozen=True)
class _Measured:
    span: Span
    verified: Verified
    problem: WindowProblem | None


class LoadTest:
    """Users record into it; whoever controls the test opens and ends its windows."""

    def __init__(self, target: Target, options: LoadTestOptions) -> None:
        self.target, self.options = target, options
        self.pool = make_pool(target, FRAMES[target.protocol], "", 1, options.model_dir)
        """Single rows in the protocol's own encoding: what users send."""
        self.recorder = Recorder(self.pool.body_bytes)
        self._verified = Verified(KEPT_BYTES)
        self._joined = (options.worker or 0) * 1000
        self.finished = False
        """Its rows are written: users that come too late send nothing, for it would have none."""
        self._open: tuple[int, float] | None = None
        self._measured: list[_Measured] = []
        # What is alive now stays so: the collector need not walk it while requests are timed.
        gc.collect()
        gc.freeze()

    def join(self) -> int:
        """A user begins; returns its place in the pool."""
        self._joined += 1
        return self._joined * STRIDE % len(self.pool.requests)

    def open_window(self, concurrency: int) -> None:
        """So many users run: requests that start from now on count."""
        self.recorder.users_change(concurrency)
        self._verified = Verified(KEPT_BYTES)
        self._open = concurrency, time.perf_counter()

    def answered(self, start: float, sample: int, body: bytes) -> None:
        """A good answer to a request of that start (perf_counter seconds); checked where its window counts it."""
        if self._open is not None and start >= self._open[1]:
            self._verified.offer(sample, body)

    def end_window(self, at_s: float | None = None) -> None:
        """Requests that start from now on do not count; without an open window this does nothing.

        Where a master says so it is from `at_s` on, in seconds since the epoch: with one instant for all workers their
        windows end together, however busy each is when it hears of it. That takes one clock, which the processes and
        containers of a machine have.
        """
        if self._open is None:
            return
        (concurrency, start), self._open = self._open, None
        now = time.perf_counter()
        end = now if at_s is None else at_s - self.recorder.epoch_offset_s
        span = Span(concurrency, start, end)
        self._measured.append(_Measured(span, self._verified, _clocks_apart(abs(now - end))))

    def finish(self) -> list[Window]:
        """Write the rows, check the answers, and count each window; call once all users have stopped."""
        self.end_window()
        self.finished = True
        spans = [measured.span for measured in self._measured]
        path = part_path(self.options.rows, self.options.worker)
        write_rows(path, self.recorder.table(self.target.name, spans))
        return [self._window(number, measured) for number, measured in enumerate(self._measured, 1)]

    def _window(self, number: int, measured: _Measured) -> Window:
        span = measured.span
        requests, errors = self.recorder.counts(span)
        agreement = measured.verified.judge(self.pool.expected, self.pool.payload, self.pool.spec)
        return Window(
            **asdict(closed(span.concurrency)),
            endpoint=self.target.name,
            round=1,
            number=number,
            start_s=span.start + self.recorder.epoch_offset_s,
            duration_s=span.end - span.start,
            requests=requests,
            errors=errors,
            answers_checked=agreement.checked,
            wrong_answers=agreement.wrong,
            max_abs_error=agreement.max_abs_error,
            problems=[*([measured.problem] if measured.problem else []), *agreement.problems],
        )


def _clocks_apart(late_s: float) -> WindowProblem | None:
    if late_s <= CLOCKS_APART_S:
        return None
    text = f"a worker is {late_s:.1f} s apart from its master: it is too busy, or its clock differs"
    return WindowProblem(code=WindowCode.CLOCKS_APART, text=text)
