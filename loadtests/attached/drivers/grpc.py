"""gRPC to an attached endpoint: the generator's own callers, no faster than the endpoint's pace, with its metadata."""

from functools import partial
from time import perf_counter
from typing import Any

import gevent
import grpc
from gevent.lock import BoundedSemaphore

from serveoff.loadtests.attached.dialects import dialect
from serveoff.loadtests.attached.exchange import Exchange
from serveoff.loadtests.attached.requests import metadata_of
from serveoff.loadtests.endpoints import Target
from serveoff.loadtests.generator import grpc as plain
from serveoff.loadtests.generator.recording import TICK_S, Recording
from serveoff.loadtests.protocols.grpc import OPTIONS


class Driver(plain.Driver):
    """The channels to one attached endpoint."""

    def __init__(self, target: Target, exchange: Exchange) -> None:
        self._address, self._method = target.address, dialect(exchange.dialect).method
        self._channels: list[tuple[grpc.Channel, Any]] = []
        self.exchange = exchange
        self.sent_at = perf_counter()
        """The last request; whoever announced the endpoint may just have asked it something."""
        self.turn = BoundedSemaphore()
        """Of whom the pace allows to send next."""

    def drive(self, recording: Recording, requests: list[bytes]) -> None:
        """One slice, until its last request was answered or given up."""
        _Callers(self, recording, requests).run()

    def _open(self) -> tuple[grpc.Channel, Any]:
        channel = grpc.insecure_channel(self._address, options=OPTIONS)
        return channel, partial(channel.unary_unary(self._method), metadata=metadata_of(self.exchange))


class _Callers(plain.Callers):
    """One slice."""

    _driver: Driver

    def _call(self, number: int, due: float | None = None) -> None:
        if due is None and self._driver.exchange.pace_s:
            self._wait()
            if not self._recording.running:
                return
        super()._call(number, due)

    def _wait(self) -> None:
        """Until the pace allows a request, or the slice is over."""
        driver = self._driver
        with driver.turn:
            while self._recording.running and (left_s := driver.sent_at + driver.exchange.pace_s - perf_counter()) > 0:
                gevent.sleep(min(left_s, TICK_S))
            driver.sent_at = perf_counter()
