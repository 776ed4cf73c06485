"""REST to an attached endpoint: the generator's own loop, no faster than its pace, that tells what failed."""

import math
from collections import deque
from time import perf_counter
from typing import Final

from serveoff.loadtests.attached.drivers.addresses import address_of
from serveoff.loadtests.attached.drivers.tls_lines import TlsLines
from serveoff.loadtests.attached.exchange import Exchange
from serveoff.loadtests.attached.requests import head_of
from serveoff.loadtests.endpoints import Target
from serveoff.loadtests.generator import rest
from serveoff.loadtests.generator.lines import Line, Lines, Request
from serveoff.loadtests.generator.recording import Recording
from serveoff.loadtests.pools import Pool
from serveoff.loadtests.recording.statuses import OK

MOST_SAID: Final = 400
"""Bytes of an error's body that are read."""


class Driver(rest.Driver):
    """The connections of one attached endpoint."""

    def __init__(self, target: Target, exchange: Exchange) -> None:
        self._target, self._exchange = target, exchange
        self._lines = TlsLines(target, exchange) if exchange.tls else Lines(target)
        self._lines.address = address_of(target)
        self._sent_at = perf_counter()
        """The last request; whoever announced the endpoint may just have asked it something."""

    def requests(self, pool: Pool) -> list[Request]:
        """Bodies with heads for this address."""
        return [(head_of(self._target, self._exchange, len(body)), body) for body in pool.requests]

    def drive(self, recording: Recording, requests: list[Request]) -> None:
        """One slice, until its last request was answered or given up."""
        loop = _Loop(self._lines, recording, requests, self._exchange, self._sent_at)
        loop.run()
        self._sent_at = loop.sent_at


class _Loop(rest.Loop):
    """One slice; in a closed loop, a line whose turn it is waits until the pace allows its request."""

    def __init__(
        self, lines: Lines, recording: Recording, requests: list[Request], exchange: Exchange, sent_at: float
    ) -> None:
        super().__init__(lines, recording, requests)
        self._exchange, self.sent_at = exchange, sent_at
        self._pace_s = exchange.pace_s * recording.plan.workers if recording.plan.load.closed else 0.0
        recording.paced = bool(self._pace_s)
        self._held: deque[Line] = deque()

    def _ready(self, now: float, turn_at: float) -> list[tuple[int, int]]:
        free_at = self.sent_at + self._pace_s if self._held and self._recording.running else math.inf
        return super()._ready(now, min(turn_at, free_at))

    def _answers(self, ready: list[tuple[int, int]]) -> None:
        super()._answers(ready)
        while self._held and self._recording.running and perf_counter() >= self.sent_at + self._pace_s:
            self._send(self._held.popleft())

    def _send(self, line: Line, due: float | None = None) -> None:
        if self._pace_s and perf_counter() < self.sent_at + self._pace_s:
            self._held.append(line)
            return
        super()._send(line, due)
        self.sent_at = perf_counter()

    def _answered(self, line: Line, body: bytes) -> None:
        head = line.head
        super()._answered(line, body)
        if head.status != OK:
            said = f"{head.hint} {body[:MOST_SAID].decode(errors='replace')}"
            self._recording.explain(head.status, self._exchange.without_secrets(said.strip()).encode())
