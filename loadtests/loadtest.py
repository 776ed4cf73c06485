"""One load test: what is sent to which endpoint, the windows that count, and what came back."""

from __future__ import annotations

import gc
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import psutil

from serveoff.loadtests.answer_check import Agreement, Kept, Reservoir, compare
from serveoff.loadtests.arrivals import Arrivals, behind, schedule
from serveoff.loadtests.endpoints import Target
from serveoff.loadtests.loads import Load
from serveoff.loadtests.pools import Pool, make_pool
from serveoff.loadtests.problems import WindowCode, WindowProblem
from serveoff.loadtests.protocols.framing import FRAMES
from serveoff.loadtests.recording.recorder import GRPC_STATUS, NO_ANSWER, OK, Recorder, Span
from serveoff.loadtests.recording.rows import part_path, write_rows
from serveoff.loadtests.recording.windows import Window
from serveoff.loadtests.server_counters import Counting, mean_timings, one_caller

STRIDE = 7
"""Users start this far apart in the pool, so that they do not all send the same input at the same time."""

STREAK_AT_THE_END_S = 0.2
CLOCKS_APART_S = 0.5
"""A worker that hears of its master's instants so much too early or too late has another clock, or no time for it."""


@dataclass(frozen=True)
class LoadTestOptions:
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
    counters: str = ""
    """The address of the server's Prometheus page, read around each window of one caller; empty: it has none."""


@dataclass(frozen=True)
class _Measured:
    span: Span
    load: Load
    pool: Pool
    search: bool
    kept: list[Kept]
    cpu_s: float
    peak_memory_bytes: int
    late_s: list[float]
    problem: WindowProblem | None
    counters: dict[str, float]


@dataclass(frozen=True)
class _Open:
    load: Load
    search: bool
    start: float
    cpu_s: float


class User(Protocol):
    """One that sends (serveoff.loadtests.users), as far as a load test asks."""

    begun: float
    """When the request now under way was sent, in perf_counter seconds; infinity between requests."""


class LoadTest:
    """Users record into it; whoever controls the test opens and ends its windows."""

    def __init__(self, target: Target, options: LoadTestOptions, tells_locust: bool = True) -> None:
        self.target, self.options, self.tells_locust = target, options, tells_locust
        self._frame = FRAMES[target.protocol]
        self.recorder = Recorder()
        self._pools: dict[tuple[str, int], Pool] = {}
        self.own = self._pool_for(Load())
        """Single rows in the protocol's own encoding."""
        self.pool = self.own
        """What users send now."""
        self.arrivals: Arrivals | None = None
        """Where users wait for their turn, in an open loop."""
        self.wants_timing = False
        """Whether users keep what answers say in Server-Timing: with one caller, whose latency it is to explain."""
        self.reservoir = Reservoir(options.answers, options.seed + 1000 * (options.worker or 0))
        self._users: set[User] = set()
        self._joined = (options.worker or 0) * 1000
        self._process = psutil.Process()
        self._counting = Counting(options.counters)
        self._open: _Open | None = None
        self._measured: list[_Measured] = []
        self.last_failure = 0, b""
        """Status and body of the latest request that failed."""
        self._seen = 0
        self._failing_since: float | None = None
        # What is alive now stays so: the collector need not walk it while requests are timed.
        gc.collect()
        gc.freeze()

    def join(self, user: User) -> int:
        """A user begins; returns its place in the pool."""
        self._users.add(user)
        self._joined += 1
        return self._joined * STRIDE % len(self.pool.requests)

    def leave(self, user: User) -> None:
        """A user ends."""
        self._users.discard(user)

    def users_change(self, concurrency: int) -> None:
        """So many users run from now on."""
        self.recorder.users_change(concurrency)

    def prepare(self, load: Load) -> None:
        """From now on users send what this load says; in an open loop they wait for arrivals. Makes the pool first."""
        self.pool = self._pool_for(load)
        if self.arrivals is not None:
            self.arrivals.close()
        self.arrivals = None if load.closed else Arrivals()
        self.wants_timing = one_caller(load)

    def open_window(
        self, load: Load, duration_s: float, search: bool = False, at_s: float | None = None, workers: int = 1
    ) -> None:
        """Requests that are due from now on count; from `at_s`, seconds since the epoch, where a master says so.

        With one instant for all workers their windows are one, however busy each is when it hears of it. That takes
        one clock, which the processes and containers of a machine have. In an open loop each of `workers` brings its
        part of the arrivals.
        """
        self._counting.begin(load)
        self.reservoir.clear()
        self._seen, self._failing_since = len(self.recorder), None
        self._late_s, self._peak_memory_bytes = 0.0, 0
        self.sample_memory()
        start = self._instant(at_s)
        self._open = _Open(load, search, start, time.process_time())
        if self.arrivals is not None:
            seed = (self.options.seed, self.options.round, len(self._measured))
            self.arrivals.start(start, schedule(load, duration_s, seed, self.options.worker or 0, workers))

    def end_window(self, problem: WindowProblem | None = None, at_s: float | None = None) -> None:
        """Requests that are due from now on, or `at_s`, do not count; without an open window this does nothing."""
        if self._open is None:
            return
        opened, self._open = self._open, None
        span = Span(opened.load.concurrency, opened.start, self._instant(at_s))
        self.sample_memory()
        cpu_s, late_s = time.process_time() - opened.cpu_s, []
        if self.arrivals is not None:
            self.arrivals.cut()
            cpu_s, late_s = cpu_s - self.arrivals.spun_s, self.arrivals.late_s
        problem = problem or self.trouble(STREAK_AT_THE_END_S)
        if not problem and self._late_s > CLOCKS_APART_S:
            text = f"a worker is {self._late_s:.1f} s apart from its master: it is too busy, or its clock differs"
            problem = WindowProblem(code=WindowCode.CLOCKS_APART, text=text)
        memory, pool = self._peak_memory_bytes, self.pool
        kept = self.reservoir.kept
        counters = self._counting.end()
        self._measured.append(
            _Measured(span, opened.load, pool, opened.search, kept, cpu_s, memory, late_s, problem, counters)
        )

    def give_up(self) -> None:
        """What was due and never sent is recorded as it is: without an answer, after all that wait."""
        if self.arrivals is None:
            return
        now = time.perf_counter()
        for due in self.arrivals.forgo():
            self.recorder.record(now, 0.0, 0, self.pool.first, 0, due)

    def waited_s(self) -> float:
        """For how long the oldest arrival that was not sent has waited."""
        return 0.0 if self.arrivals is None else max(0.0, time.perf_counter() - self.arrivals.oldest)

    def holds(self, quantile: float, bound_s: float) -> bool:
        """Whether the last window had no error and this quantile of its latencies is within the bound."""
        span = self._measured[-1].span
        requests, errors = self.recorder.counts(span)
        if errors or not requests:
            return False
        return bool(np.quantile(self.recorder.latencies(span), quantile) <= bound_s)

    def drained(self) -> bool:
        """Whether every request that started in the last window has been answered or given up."""
        end = self._measured[-1].span.end if self._measured else 0.0
        waiting = self.arrivals is not None and self.arrivals.oldest < end
        return not waiting and all(user.begun >= end for user in self._users)

    def sample_memory(self) -> None:
        """Look at this process's memory now."""
        self._peak_memory_bytes = max(self._peak_memory_bytes, self._process.memory_info().rss)

    def trouble(self, patience_s: float) -> WindowProblem | None:
        """Why to give up on this window: nothing but errors for that long; else None."""
        statuses = self.recorder.statuses_from(self._seen)
        self._seen += len(statuses)
        now = time.perf_counter()
        if OK in statuses or (self._failing_since is None and not statuses):
            self._failing_since = None
        elif self._failing_since is None:
            self._failing_since = now
        if self._failing_since is None or now - self._failing_since < patience_s:
            return None
        return _describe(*self.last_failure, seconds=now - self._failing_since)

    def missing(self) -> WindowProblem | None:
        """None: it is this process itself that generates the load."""
        return None

    def finish(self) -> list[Window]:
        """Write the rows, check the kept answers, and count each window; call once all users have stopped."""
        self.end_window()
        self.give_up()
        spans = [measured.span for measured in self._measured]
        path = part_path(self.options.rows, self.options.worker)
        write_rows(path, self.recorder.table(self.target.name, self.options.round, spans))
        return [self._window(number, measured) for number, measured in enumerate(self._measured)]

    def _window(self, number: int, measured: _Measured) -> Window:
        span, load, pool = measured.span, measured.load, measured.pool
        requests, errors = self.recorder.counts(span)
        agreement = self._agreement(measured)
        timed, timings_s = mean_timings(self.recorder.timings_in(span))
        busy = measured.cpu_s / max(span.end - span.start, 1e-9)
        late_s, behind_schedule = behind(measured.late_s, self.recorder.latencies(span), busy)
        problems = [problem for problem in (measured.problem, behind_schedule) if problem]
        if agreement.wrong:
            text = f"{agreement.wrong} of {agreement.checked} checked answers are wrong; {agreement.first_fault}"
            problems.append(WindowProblem(code=WindowCode.WRONG_ANSWERS, text=text))
        return Window(
            **asdict(load),
            round=self.options.round,
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
            search=measured.search,
            late_s=late_s,
            request_bytes=pool.request_bytes,
            encode_s=pool.encode_s,
            timed=timed,
            timings_s=timings_s,
            counters=measured.counters,
            encodes=len(pool.requests),
        )

    def _agreement(self, measured: _Measured) -> Agreement:
        span, pool = measured.span, measured.pool
        kept = [
            (start, sample - pool.first, answer)
            for start, sample, answer in measured.kept
            if span.start <= start < span.end and 0 <= sample - pool.first < len(pool.requests)
        ]
        return compare(kept, pool.expected, pool.payload, pool.spec)

    def _pool_for(self, load: Load) -> Pool:
        key = load.payload, load.batch
        if key not in self._pools:
            first = len(self.recorder.body_sizes)
            self._pools[key] = make_pool(self.target, self._frame, *key, self.options.model_dir, first)
            self.recorder.body_sizes += self._pools[key].body_bytes
        return self._pools[key]

    def _instant(self, at_s: float | None) -> float:
        """In perf_counter seconds."""
        now = time.perf_counter()
        instant = now if at_s is None else at_s - self.recorder.epoch_offset_s
        self._late_s = max(self._late_s, abs(now - instant))
        return instant


def _describe(status: int, body: bytes, seconds: float) -> WindowProblem:
    said = " ".join(body[:300].decode(errors="replace").split())
    if status in NO_ANSWER:
        text = f"server stopped answering: no answer for {seconds:.1f} s" + (f" ({said})" if said else "")
        return WindowProblem(code=WindowCode.SERVER_SILENT, text=text)
    code = f"gRPC code {status - GRPC_STATUS}" if status >= GRPC_STATUS else f"HTTP {status}"
    text = f"server answered nothing but errors for {seconds:.1f} s; the last: {code} {said}"
    return WindowProblem(code=WindowCode.ONLY_ERRORS, text=text)
