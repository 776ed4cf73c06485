"""One load test: what is sent to which endpoint, the windows that count, and what came back."""

from __future__ import annotations

import gc
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from loadtests.answers import Kept, Reservoir, compare
from loadtests.endpoints import Target
from loadtests.payloads import payload_for
from loadtests.protocols import user_class
from loadtests.recorder import GRPC_STATUS, NO_ANSWER, OK, Recorder, Span
from loadtests.rows import part_path, write_rows
from loadtests.samples import prepare
from loadtests.summary import Window

if TYPE_CHECKING:
    from loadtests.users import PredictUser

STRIDE = 7
"""Users start this far apart in the pool, so that they do not all send the same input at the same time."""

STREAK_AT_THE_END_S = 0.2
CLOCKS_APART_S = 0.5
"""A worker that hears of its master's instants so much too early or too late has another clock, or no time for it."""


@dataclass(frozen=True)
class Settings:
    """What the options ask for, of one load generator process."""

    rows: Path
    round: int = 0
    seed: int = 1
    request_timeout_s: float = 10.0
    answers: int = 500
    """At most so many answers of a window are kept and checked."""
    model_dir: Path | None = None
    worker: int | None = None
    """Number of this worker among several; None where Locust is one process."""


@dataclass(frozen=True)
class _Measured:
    span: Span
    kept: list[Kept]
    cpu_s: float
    peak_memory_bytes: int
    problem: str


class LoadTest:
    """Users record into it; whoever controls the test opens and ends its windows."""

    def __init__(self, target: Target, settings: Settings, tells_locust: bool = True) -> None:
        self.target, self.settings, self.tells_locust = target, settings, tells_locust
        self.payload = payload_for(target.protocol, target.grpc_api)
        self._samples = prepare(target.model, target.format, self.payload, settings.model_dir)
        frame = user_class(target.protocol).frame
        self.requests = [frame(target, body) for body in self._samples.bodies]
        self.recorder = Recorder([len(body) for body in self._samples.bodies])
        self.reservoir = Reservoir(settings.answers, settings.seed + 1000 * (settings.worker or 0))
        self._users: set[PredictUser] = set()
        self._joined = (settings.worker or 0) * 1000
        self._process = psutil.Process()
        self._open: Span | None = None
        self._measured: list[_Measured] = []
        self.last_failure = 0, b""
        """Status and body of the latest request that failed."""
        self._seen = 0
        self._failing_since: float | None = None
        # What is alive now stays so: the collector need not walk it while requests are timed.
        gc.collect()
        gc.freeze()

    @property
    def request_bytes(self) -> int:
        """The mean size of a request body."""
        return round(sum(map(len, self._samples.bodies)) / len(self._samples.bodies))

    def join(self, user: PredictUser) -> int:
        """A user begins; returns its place in the pool."""
        self._users.add(user)
        self._joined += 1
        return self._joined * STRIDE % len(self.requests)

    def leave(self, user: PredictUser) -> None:
        """A user ends."""
        self._users.discard(user)

    def users_change(self, concurrency: int) -> None:
        """So many users run from now on."""
        self.recorder.users_change(concurrency)

    def open_window(self, concurrency: int, at_s: float | None = None) -> None:
        """Requests that start from now on count; from `at_s`, seconds since the epoch, where a master says so.

        With one instant for all workers their windows are one, however busy each is when it hears of it. That takes
        one clock, which the processes and containers of a machine have.
        """
        self.reservoir.clear()
        self._cpu_s, self._peak_memory_bytes = time.process_time(), 0
        self._watch_from_here()
        self.sample_memory()
        self._late_s = 0.0
        start = self._instant(at_s)
        self._open = Span(concurrency, start, start)

    def end_window(self, problem: str = "", at_s: float | None = None) -> None:
        """Requests that start from now on, or `at_s`, do not count; without an open window this does nothing."""
        if self._open is None:
            return
        span = Span(self._open.concurrency, self._open.start, self._instant(at_s))
        self._open = None
        self.sample_memory()
        cpu_s = time.process_time() - self._cpu_s
        problem = problem or self.trouble(STREAK_AT_THE_END_S)
        if not problem and self._late_s > CLOCKS_APART_S:
            problem = f"a worker is {self._late_s:.1f} s apart from its master: it is too busy, or its clock differs"
        self._measured.append(_Measured(span, self.reservoir.kept, cpu_s, self._peak_memory_bytes, problem))

    def drained(self) -> bool:
        """Whether every request that started in the last window has been answered or given up."""
        end = self._measured[-1].span.end if self._measured else 0.0
        return all(user.begun >= end for user in self._users)

    def sample_memory(self) -> None:
        """Look at this process's memory now."""
        self._peak_memory_bytes = max(self._peak_memory_bytes, self._process.memory_info().rss)

    def trouble(self, patience_s: float) -> str:
        """Why to give up on this window: nothing but errors for that long; else nothing."""
        statuses = self.recorder.statuses_from(self._seen)
        self._seen += len(statuses)
        now = time.perf_counter()
        if OK in statuses or (self._failing_since is None and not statuses):
            self._failing_since = None
        elif self._failing_since is None:
            self._failing_since = now
        if self._failing_since is None or now - self._failing_since < patience_s:
            return ""
        return _describe(*self.last_failure, seconds=now - self._failing_since)

    def missing(self) -> str:
        """Nothing: it is this process itself that generates the load."""
        return ""

    def finish(self) -> list[Window]:
        """Write the rows, check the kept answers, and count each window; call once all users have stopped."""
        self.end_window()
        spans = [measured.span for measured in self._measured]
        path = part_path(self.settings.rows, self.settings.worker)
        write_rows(path, self.recorder.table(self.target.name, self.settings.round, spans))
        return [self._window(number, measured) for number, measured in enumerate(self._measured)]

    def _window(self, number: int, measured: _Measured) -> Window:
        span = measured.span
        kept = [answer for answer in measured.kept if span.start <= answer[0] < span.end]
        agreement = compare(kept, self._samples.expected, self.payload)
        requests, errors = self.recorder.counts(span)
        problems = [measured.problem] if measured.problem else []
        if agreement.wrong:
            problems.append(
                f"{agreement.wrong} of {agreement.checked} checked answers are wrong; {agreement.first_fault}"
            )
        return Window(
            concurrency=span.concurrency,
            round=self.settings.round,
            start_s=span.start + self.recorder.epoch_offset_s,
            duration_s=span.end - span.start,
            requests=requests,
            errors=errors,
            answers_checked=agreement.checked,
            wrong_answers=agreement.wrong,
            max_abs_error=agreement.max_abs_error,
            client_cpu_s=measured.cpu_s,
            client_peak_memory_bytes=measured.peak_memory_bytes,
            problems=problems,
            number=number,
        )

    def _instant(self, at_s: float | None) -> float:
        """In perf_counter seconds."""
        now = time.perf_counter()
        instant = now if at_s is None else at_s - self.recorder.epoch_offset_s
        self._late_s = max(self._late_s, abs(now - instant))
        return instant

    def _watch_from_here(self) -> None:
        self._seen = len(self.recorder)
        self._failing_since = None


def _describe(status: int, body: bytes, seconds: float) -> str:
    said = " ".join(body[:300].decode(errors="replace").split())
    if status in NO_ANSWER:
        return f"server stopped answering: no answer for {seconds:.1f} s" + (f" ({said})" if said else "")
    code = f"gRPC code {status - GRPC_STATUS}" if status >= GRPC_STATUS else f"HTTP {status}"
    return f"server answered nothing but errors for {seconds:.1f} s; the last: {code} {said}"
