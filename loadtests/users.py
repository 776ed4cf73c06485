"""A user sends one request after another: it takes a body from the pool, times the answer, and records it."""

from __future__ import annotations

import math
from time import perf_counter
from typing import ClassVar

import gevent
from locust import User, task

from serveoff.loadtests.loadtest import LoadTest
from serveoff.loadtests.recording.recorder import NO_ANSWER, OK

BACK_OFF_S = 0.05
"""Pause after a request without an answer: a dead server refuses in microseconds, and users would spin."""

Answer = tuple[int, bytes]
"""Status as in serveoff.loadtests.recording.records, and body."""


class PredictUser(User):  # type: ignore[misc]  # Locust is not typed for strict mode
    """What the users of all protocols share. A protocol adds `send` and `disconnect`."""

    abstract = True
    load: ClassVar[LoadTest]
    begun: float = math.inf
    """When the request now under way was sent, in perf_counter seconds; infinity between requests."""

    def send(self, request: bytes) -> Answer:
        """Send, wait for the whole answer; an endpoint that does not answer is a status, not an exception."""
        raise NotImplementedError

    def server_timing(self) -> object:
        """What the last answer said in Server-Timing, as it came; asked for after the clock has stopped."""
        return None

    def disconnect(self) -> None:
        """Let go of the connection."""
        raise NotImplementedError

    def on_start(self) -> None:
        """Join the load test at a place of one's own in the pool."""
        self._sample = self.load.join(self)

    def on_stop(self) -> None:
        """Leave the load test."""
        self.load.leave(self)
        self.disconnect()

    def stop(self, force: bool = False) -> bool:
        """As Locust has it: the request under way is finished. A user that waits for an arrival has none."""
        stopped: bool = super().stop(force)
        if self.load.arrivals is not None:
            self.load.arrivals.dismiss(self)
        return stopped

    @task  # type: ignore[untyped-decorator]
    def predict(self) -> None:
        """One request. Nothing but sending and receiving lies between the two readings of the clock.

        In an open loop it is sent when its turn comes.
        """
        load = self.load
        due = None
        if load.arrivals is not None:
            due = load.arrivals.turn(self)
            if due is None:
                return
        pool = load.pool
        self._sample = (self._sample + 1) % len(pool.requests)
        request, sample = pool.requests[self._sample], pool.first + self._sample
        status, body = 0, b""
        self.begun = start = perf_counter()
        try:
            status, body = self.send(request)
        finally:
            # Also when Locust kills this user while it waits: the server has seen the request.
            latency = perf_counter() - start
            self.begun = math.inf
            load.recorder.record(start, latency, status, sample, len(body), start if due is None else due)
        if status == OK:
            load.reservoir.offer(start, sample, body)
            if load.wants_timing:
                load.recorder.timings.append((start, self.server_timing()))
        else:
            load.last_failure = status, body
            if status in NO_ANSWER:
                gevent.sleep(BACK_OFF_S)
        if load.tells_locust:
            self._tell_locust(latency, status, body)

    def _tell_locust(self, latency: float, status: int, body: bytes) -> None:
        """Locust's own statistics, for its web page and tables; its percentiles are rounded and never reported."""
        self.environment.events.request.fire(
            request_type=self.load.target.protocol,
            name=self.load.target.name,
            response_time=latency * 1000,
            response_length=len(body),
            exception=None if status == OK else ConnectionError(f"status {status}"),
            context={},
        )
