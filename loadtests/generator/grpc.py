"""gRPC: a greenlet and a channel for each caller; grpcio has no sockets that another loop could drive."""

from time import perf_counter
from typing import Any

import gevent
import grpc

from serveoff.loadtests.arrivals import Arrivals
from serveoff.loadtests.endpoints import Target
from serveoff.loadtests.generator.recording import TICK_S, Recording
from serveoff.loadtests.payloads import payload_for
from serveoff.loadtests.pools import Pool
from serveoff.loadtests.protocols.grpc import call, options
from serveoff.loadtests.recording.statuses import NO_ANSWER


class Driver:
    """The channels to one address, one a caller. They stay open between slices."""

    _most_bytes = 0

    def __init__(self, target: Target) -> None:
        self._address, self._method = target.address, payload_for("grpc", target.grpc_api).method
        self._channels: list[tuple[grpc.Channel, Any]] = []

    def requests(self, pool: Pool) -> list[bytes]:
        """The messages; gRPC frames them."""
        return pool.requests

    def caller(self, number: int) -> Any:
        """What a caller calls; it connects with its first call."""
        while number >= len(self._channels):
            self._channels.append(self._open())
        return self._channels[number][1]

    def _open(self) -> tuple[grpc.Channel, Any]:
        channel = grpc.insecure_channel(self._address, options=options(self._most_bytes))
        return channel, channel.unary_unary(self._method)

    def drive(self, recording: Recording, requests: list[bytes]) -> None:
        """One slice, until its last request was answered or given up."""
        self.receive(recording.most_bytes)
        Callers(self, recording, requests).run()

    def receive(self, most_bytes: int) -> None:
        """Answers have so many bytes at most from now on; channels that take fewer are opened once more."""
        if most_bytes > self._most_bytes:
            self.close()
            self._channels.clear()
            self._most_bytes = most_bytes

    def close(self) -> None:
        """Hang up on all."""
        for channel, _ in self._channels:
            channel.close()


class Callers:
    """One slice."""

    def __init__(self, driver: Driver, recording: Recording, requests: list[bytes]) -> None:
        self._driver, self._recording, self._requests = driver, recording, requests
        self._next = recording.plan.first % len(requests)
        self._arrivals = None if recording.plan.load.closed else Arrivals()

    def run(self) -> None:
        """Until the last request was answered or given up."""
        recording = self._recording
        recording.begin(perf_counter())
        callers = [gevent.spawn(self._calls, number) for number in range(recording.plan.own.concurrency)]
        if self._arrivals is not None:
            self._arrivals.start(recording.begun, recording.plan.due(), recording.late)
        while recording.running:
            if self._arrivals is not None:
                recording.spun_s += self._arrivals.take_spun_s()
            turn_at = recording.turn(perf_counter())
            if recording.running:
                gevent.sleep(max(0.0, turn_at - perf_counter()))
        if self._arrivals is not None:
            self._finish(self._arrivals)
        gevent.joinall(callers, raise_error=True)

    def _finish(self, arrivals: Arrivals) -> None:
        """What was due is still sent, or given up."""
        recording = self._recording
        arrivals.cut()
        while arrivals.waiting and (now := perf_counter()) < recording.gives_up:
            gevent.sleep(TICK_S)
        for due in arrivals.close():
            recording.never_sent(due, now)

    def _calls(self, number: int) -> None:
        recording, arrivals = self._recording, self._arrivals
        if arrivals is None:
            while recording.running:
                self._call(number)
        else:
            while (due := arrivals.turn(number)) is not None:
                self._call(number, due)

    def _call(self, number: int, due: float | None = None) -> None:
        self._next = sample = (self._next + 1) % len(self._requests)
        send = self._driver.caller(number)
        start = perf_counter()
        status, body = call(send, self._requests[sample], self._recording.plan.timeout_s)
        latency = perf_counter() - start
        row = (number, start if due is None else due, start, latency, status, sample, len(body))
        self._recording.record(row, body)
        if status in NO_ANSWER:
            gevent.sleep(TICK_S)
