"""REST: one loop sends a request when it is due or the last one is answered, over all connections of an endpoint.

No greenlet and no thread is woken for an answer, so that an arrival goes when it is due and not when its turn comes.
"""

import math
from collections import deque
from time import perf_counter
from typing import Final

from serveoff.loadtests.clock import IDLE_TURN_S
from serveoff.loadtests.endpoints import Target
from serveoff.loadtests.generator.http_answers import BrokenAnswer, EndlessAnswer
from serveoff.loadtests.generator.lines import Line, Lines, Request
from serveoff.loadtests.generator.recording import Recording
from serveoff.loadtests.pools import Pool
from serveoff.loadtests.protocols.framing import head_of
from serveoff.loadtests.recording.statuses import TIMED_OUT, without_answer

SPIN_S: Final = 0.0002
"""The last part of the wait for an arrival: an alarm is late by less."""


class Driver:
    """The connections of one endpoint."""

    def __init__(self, target: Target) -> None:
        self._target, self._lines = target, Lines(target)

    def requests(self, pool: Pool) -> list[Request]:
        """Bodies with heads for this address."""
        bodies = zip(pool.requests, pool.headers, strict=True)
        return [(head_of(self._target, len(body), headers), body) for body, headers in bodies]

    def drive(self, recording: Recording, requests: list[Request]) -> None:
        """One slice, until its last request was answered or given up."""
        Loop(self._lines, recording, requests).run()

    def close(self) -> None:
        """Hang up."""
        self._lines.close()


class Loop:
    """One slice."""

    def __init__(self, lines: Lines, recording: Recording, requests: list[Request]) -> None:
        self._lines, self._recording, self._requests = lines, recording, requests
        lines.answers.most_bytes = recording.most_bytes
        self._next = recording.plan.first % len(requests)
        load = recording.plan.own
        all_lines = [lines[number] for number in range(load.concurrency)]
        self._callers = all_lines if load.closed else []
        self._free = [] if load.closed else all_lines[::-1]
        """Connections without a request, of an open loop: that which became free last is used first."""
        self._resting: list[Line] = []
        """They got no answer, and wait for the next turn."""
        self._arrivals: deque[float] = deque([] if load.closed else recording.plan.due().tolist())
        """When requests will be due."""
        self._waiting: deque[float] = deque()
        """When those were due for which no connection was free."""
        self._busy = 0
        self._alarm_at = math.inf

    def run(self) -> None:
        """Until the last request was answered or given up."""
        self._drop_stale()
        now = perf_counter()
        self._recording.begin(now)
        self._arrivals = deque(self._recording.begun + due for due in self._arrivals)
        turn_at = self._turn(now)
        for line in self._callers:
            self._send(line)
        while self._recording.running or self._busy or self._waiting:
            self._answers(self._ready(now, turn_at))
            now = perf_counter()
            while self._arrivals and self._arrivals[0] <= now:
                self._arrive(self._arrivals.popleft(), now)
                now = perf_counter()
            if now >= turn_at:
                turn_at = self._turn(now)

    def _ready(self, now: float, turn_at: float) -> list[tuple[int, int]]:
        """Whose turn it is; waits until someone's is, an arrival is due, or so late."""
        due = self._arrivals[0] if self._arrivals else math.inf
        if due - now < SPIN_S:
            ready: list[tuple[int, int]] = self._lines.poll.poll(0)
            if not ready:
                self._recording.spun_s += min(perf_counter() - now, IDLE_TURN_S)
            return ready
        wake_at = min(due - SPIN_S, turn_at)
        if wake_at != self._alarm_at:
            self._lines.alarm.set(wake_at)
            self._alarm_at = wake_at
        ready = self._lines.poll.poll()
        return ready

    def _answers(self, ready: list[tuple[int, int]]) -> None:
        for fd, _ in ready:
            line = self._lines.by_fd.get(fd)
            if line is None:  # the alarm
                continue
            if line.start is None:
                line.hang_up()
                continue
            try:
                body = line.receive()
            except (OSError, BrokenAnswer) as error:
                line.fault = str(error) if isinstance(error, EndlessAnswer) else line.fault
                self._fail(line, without_answer(error))
                continue
            if body is not None:
                self._answered(line, body)

    def _answered(self, line: Line, body: bytes) -> None:
        start, head = line.start, line.head
        assert start is not None
        row = (line.number, line.due, start, perf_counter() - start, head.status, line.sample, len(body))
        line.start = None
        self._busy -= 1
        self._recording.record(row, body, head.server_timing)
        self._go_on(line)

    def _go_on(self, line: Line) -> None:
        """A line is free: for its next request, for an arrival that waits, or for those to come."""
        if self._callers:
            if self._recording.running:
                self._send(line)
        elif self._waiting:
            self._send(line, self._waiting.popleft())
        else:
            self._free.append(line)

    def _arrive(self, due: float, now: float) -> None:
        """An arrival that finds all connections busy is noticed now: the rest of its wait is not the generator's."""
        sent_at = now
        if self._free:
            line = self._free.pop()
            self._send(line, due)
            sent_at = line.start or now
        else:
            self._waiting.append(due)
        self._recording.late(due, sent_at - due)

    def _send(self, line: Line, due: float | None = None) -> None:
        self._next = (self._next + 1) % len(self._requests)
        line.sample = self._next
        line.start = start = perf_counter()
        line.due = start if due is None else due
        self._busy += 1
        try:
            line.send(self._requests[self._next])
        except OSError as error:
            self._fail(line, without_answer(error))

    def _fail(self, line: Line, status: int) -> None:
        """No answer. A new connection is tried at once only where the old one had been good before."""
        start, was_good = line.start, line.answered
        assert start is not None
        line.hang_up()
        line.start = None
        self._busy -= 1
        self._recording.record((line.number, line.due, start, perf_counter() - start, status, line.sample, 0), b"")
        if line.fault:
            self._recording.explain(status, line.fault.encode())
            line.fault = ""
        if was_good:
            self._go_on(line)
        else:
            self._resting.append(line)

    def _turn(self, now: float) -> float:
        """What is not done at each answer: the window opens and ends, and some have waited too long."""
        recording = self._recording
        turn_at = recording.turn(now)
        for line in self._lines.waiting():
            if now - (line.start or now) > recording.plan.timeout_s:
                line.answered = False
                self._fail(line, TIMED_OUT)
        if not recording.running:
            self._arrivals.clear()
        if now > recording.gives_up:
            while self._waiting:
                recording.never_sent(self._waiting.popleft(), now)
        resting, self._resting = self._resting, []
        for line in resting:
            self._go_on(line)
        return turn_at

    def _drop_stale(self) -> None:
        """Connections that were closed while nobody looked, as by a server that was thawed."""
        for fd, _ in self._lines.poll.poll(0):
            if line := self._lines.by_fd.get(fd):
                line.hang_up()
