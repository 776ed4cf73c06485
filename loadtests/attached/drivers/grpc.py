"""gRPC to an attached endpoint: the generator's own callers, no faster than the endpoint's pace, with its metadata."""

import ssl
from functools import partial
from time import perf_counter
from typing import Any

import gevent
import grpc
from gevent.lock import BoundedSemaphore

from serveoff.loadtests.attached import tls
from serveoff.loadtests.attached.dialects import dialect
from serveoff.loadtests.attached.exchange import Exchange
from serveoff.loadtests.attached.requests import metadata_of
from serveoff.loadtests.endpoints import Target
from serveoff.loadtests.generator import grpc as plain
from serveoff.loadtests.generator.recording import TICK_S, Recording
from serveoff.loadtests.protocols.grpc import options


class Driver(plain.Driver):
    """The channels to one attached endpoint."""

    def __init__(self, target: Target, exchange: Exchange) -> None:
        self._target, self._method = target, dialect(exchange.dialect).method
        self._metadata = metadata_of(exchange)
        self._channels: list[tuple[grpc.Channel, Any]] = []
        self.exchange = exchange
        self.sent_at = perf_counter()
        """The last request; whoever announced the endpoint may just have asked it something."""
        self._fault: str | None = None
        self.turn = BoundedSemaphore()
        """Of whom the pace allows to send next."""

    def drive(self, recording: Recording, requests: list[bytes]) -> None:
        """One slice, until its last request was answered or given up."""
        self.receive(recording.most_bytes)
        _Callers(self, recording, requests).run()

    def _open(self) -> tuple[grpc.Channel, Any]:
        channel = tls.channel(self._target, self.exchange, options(self._most_bytes))
        return channel, partial(self._ask, channel.unary_unary(self._method))

    def _ask(self, call: Any, request: bytes, timeout: float) -> bytes:
        """The answer; _Failed without what nobody should read."""
        self.sent_at = perf_counter()
        try:
            answer: bytes = call(request, timeout=timeout, metadata=self._metadata)
        except grpc.RpcError as error:
            said = self.exchange.without_secrets(error.details() or "")
            if error.code() is grpc.StatusCode.UNAVAILABLE and self.exchange.tls:
                said = self._untrusted(timeout) or said
            raise _Failed(error.code(), said) from None
        return answer

    def _untrusted(self, timeout_s: float) -> str:
        """Why there is no TLS connection, which gRPC does not always say; asked once."""
        if self._fault is None:
            self._fault = ""
            try:
                tls.try_to_connect(self._target, self.exchange, timeout_s)
            except ssl.SSLError as error:
                self._fault = tls.fault_of(error)
            except OSError:
                self._fault = None
        return self._fault or ""


class _Failed(grpc.RpcError):  # type: ignore[misc]
    """A call that was refused, or without an answer."""

    def __init__(self, code: grpc.StatusCode, details: str) -> None:
        super().__init__()
        self._code, self._details = code, details

    def code(self) -> grpc.StatusCode:
        return self._code

    def details(self) -> str:
        return self._details


class _Callers(plain.Callers):
    """One slice."""

    _driver: Driver

    def _call(self, number: int, due: float | None = None) -> None:
        if due is None and self._driver.exchange.pace_s:
            self._recording.paced = True
            self._wait()
            if not self._recording.running:
                return
        super()._call(number, due)

    def _wait(self) -> None:
        """Until the pace allows a request, or the slice is over."""
        driver, pace_s = self._driver, self._driver.exchange.pace_s * self._recording.plan.workers
        with driver.turn:
            while self._recording.running and (left_s := driver.sent_at + pace_s - perf_counter()) > 0:
                gevent.sleep(min(left_s, TICK_S))
            driver.sent_at = perf_counter()
