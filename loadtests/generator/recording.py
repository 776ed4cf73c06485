"""One slice while it runs: when its window opens and ends, and every request of it as plain numbers."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from serveoff.loadtests.answer_check import Verified
from serveoff.loadtests.generator.commands import Drive
from serveoff.loadtests.problems import WindowProblem
from serveoff.loadtests.recording.recorder import failing
from serveoff.loadtests.recording.statuses import NO_ANSWER, OK
from serveoff.loadtests.server_counters import one_caller
from serveoff.services.bounded_http import MOST_BYTES

TICK_S: Final = 0.05
"""So often it is looked at how the slice goes, and those that got no answer try again: a dead server refuses in
microseconds, and callers would spin."""
PATIENCE_S: Final = 2.0
"""A window with nothing but errors for so long is given up."""
STREAK_AT_THE_END_S: Final = 0.2
NOBODY: Final = -1
"""In the place of a caller: of what was never sent."""

Row = tuple[int, float, float, float, int, int, int]
"""Caller; when the request was due and when it was sent, in perf_counter seconds; latency in seconds; status, number
of its input in the pool, bytes of the answer."""


@dataclass
class Recording:
    """Told of each request by whoever drives the connections; `on_open` is called as the window opens.

    A request belongs to the window if it was due in it, which in a closed loop is when it was sent. Its time counts
    then; whether its answer is right, always.
    """

    plan: Drive
    on_open: Callable[[], None]
    verified: Verified = field(default_factory=Verified)
    """What is known of the endpoint's answers, and what came that is not."""
    most_bytes: int = MOST_BYTES
    """Of one answer: who sends more is sending without an end."""
    rows: list[Row] = field(default_factory=list)
    timings: list[str] = field(default_factory=list)
    """Server-Timing headers of counted answers; of one caller, whose latency they are to explain."""
    late_s: list[float] = field(default_factory=list)
    """Of each arrival in the window, by how much its sending was late for no other's fault."""
    opened: float = math.inf
    ended: float = math.inf
    """perf_counter seconds."""
    told_at: float = math.inf
    """When `on_open` was called: answers since then are those that the server spent its CPU on."""
    running: bool = True
    """Whether callers go on."""
    problem: WindowProblem | None = None
    spun_s: float = 0.0
    """CPU seconds that were spent on being punctual, since the window opened."""
    paced: bool = False
    """Callers wait for their turn between requests: what they take does not say how many came."""
    cpu_s: float = 0.0

    def __post_init__(self) -> None:
        self.verified.begin()
        self._wants_timing = one_caller(self.plan.load)
        self._failing_since: float | None = None
        self._last_failure = 0, b""

    def begin(self, now: float) -> None:
        """The slice begins: now, or when all of its workers were to begin."""
        self.begun = self.plan.part.begins_s if self.plan.part else now
        self.begun_late_s = now - self.begun
        self._opens = self.begun + self.plan.lead_in_s
        self._ends = self._opens + self.plan.duration_s
        self.gives_up = self._ends + self.plan.timeout_s + 1

    def turn(self, now: float) -> float:
        """Open or end the window if it is time; by when to ask again."""
        if self.opened > now >= self._opens and self.running:
            self._open(now)
        if now >= self._ends or (self.opened <= now and self._trouble(now, PATIENCE_S)):
            self._end(now)
        return min(instant for instant in (self._opens, self._ends, now + TICK_S) if instant > now)

    def record(self, row: Row, answer: bytes, server_timing: str | None = None) -> None:
        """One request and what came of it."""
        self.rows.append(row)
        if row[4] == OK:
            self._failing_since = None
            self.verified.offer(row[5], answer)
            if self._wants_timing and server_timing is not None and self._counts(row[1]):
                self.timings.append(server_timing)
        else:
            self._failing_since = self._failing_since or row[2] + row[3]
            self._last_failure = row[4], answer

    def explain(self, status: int, said: bytes) -> None:
        """In other words what the failure was that was recorded last."""
        self._last_failure = status, said

    def late(self, due: float, late_s: float) -> None:
        """An arrival was noticed, or sent where there was a caller for it, so much later than it was due."""
        if self._counts(due):
            self.late_s.append(late_s)

    def never_sent(self, due: float, now: float) -> None:
        """An arrival that found no caller in time: without an answer, after all that wait."""
        self.rows.append((NOBODY, due, now, 0.0, 0, 0, 0))

    def _counts(self, due: float) -> bool:
        """By the schedule, where there is one: a loop that is late notices late that the window is open."""
        return bool(self.plan.duration_s) and due >= (self.opened if self.plan.load.closed else self._opens)

    def _open(self, now: float) -> None:
        if not self.plan.duration_s:
            return
        self.opened = self._opens if not self.plan.load.closed else now
        self._ends += now - self._opens if self.plan.load.closed else 0.0
        self._cpu_s, self.spun_s, self._failing_since = time.process_time(), 0.0, None
        self.on_open()
        self.told_at = time.perf_counter()

    def _end(self, now: float) -> None:
        if not self.running:
            return
        self.running = False
        self.ended = now if self.plan.load.closed else min(now, self._ends)
        self.gives_up = now + self.plan.timeout_s + 1
        if self.opened < math.inf:
            self.cpu_s = time.process_time() - self._cpu_s - self.spun_s
            self.problem = self._trouble(now, STREAK_AT_THE_END_S)

    def _trouble(self, now: float, patience_s: float) -> WindowProblem | None:
        since = self._failing_since
        if since is None or now - since < patience_s:
            return None
        return failing(*self._last_failure, seconds=now - since)

    def answered_since_told(self) -> int:
        """Answers, good or bad, that came after the window was said to be open."""
        return sum(row[2] + row[3] >= self.told_at and row[4] not in NO_ANSWER for row in self.rows)
