"""A user sends one request after another: it takes a body from the pool, times the answer, and records it."""

from time import perf_counter
from typing import ClassVar

import gevent
from locust import User, task
from locust.exception import StopUser

from serveoff.loadtests.loadtest import LoadTest
from serveoff.loadtests.recording.statuses import NO_ANSWER, OK, in_words

BACK_OFF_S = 0.05
"""Pause after a request without an answer: a dead server refuses in microseconds, and users would spin."""
MOST_SAID = 200
"""Bytes of what gRPC says of a call without an answer, such as why it could not connect."""

Answer = tuple[int, bytes]
"""Status as in serveoff.loadtests.recording.records, and body."""


class PredictUser(User):  # type: ignore[misc]  # Locust is not typed for strict mode
    """What the users of all protocols share. A protocol adds `send` and `disconnect`."""

    abstract = True
    load: ClassVar[LoadTest]
    host = "the endpoint's own"
    """Locust's start page asks for one; where requests go is the endpoint's word."""

    def send(self, request: bytes) -> Answer:
        """Send, wait for the whole answer; an endpoint that does not answer is a status, not an exception."""
        raise NotImplementedError

    def disconnect(self) -> None:
        """Let go of the connection."""
        raise NotImplementedError

    def on_start(self) -> None:
        """Join the load test at a place of one's own in the pool."""
        self._sample = self.load.join()

    def on_stop(self) -> None:
        """Let go of the connection."""
        self.disconnect()

    @task  # type: ignore[untyped-decorator]
    def predict(self) -> None:
        """One request. Nothing but sending and receiving lies between the two readings of the clock."""
        load, pool = self.load, self.load.pool
        if load.finished:
            raise StopUser
        self._sample = sample = (self._sample + 1) % len(pool.requests)
        status, body = 0, b""
        start = perf_counter()
        try:
            status, body = self.send(pool.requests[sample])
        finally:
            # Also when Locust kills this user while it waits: the server has seen the request.
            latency = perf_counter() - start
            load.recorder.record(start, latency, status, sample, len(body))
        if status in NO_ANSWER:
            gevent.sleep(BACK_OFF_S)
        self._tell_locust(latency, status, sample, body)

    def _tell_locust(self, latency: float, status: int, sample: int, body: bytes) -> None:
        """Locust's own statistics, for its web page and tables; its percentiles are rounded and never reported."""
        said = f": {body[:MOST_SAID].decode(errors='replace')}" if body and status in NO_ANSWER else ""
        fault: Exception | None = None if status == OK else ConnectionError(in_words(status) + said)
        if status == OK and self.load.is_wrong(sample, body):
            fault = ValueError("wrong answer")
        self.environment.events.request.fire(
            request_type=self.load.target.protocol,
            name=self.load.target.name,
            response_time=latency * 1000,
            response_length=len(body),
            exception=fault,
            context={},
        )
