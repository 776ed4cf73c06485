"""One client's connection, and the requests that it brings."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from serveoff.services.flaskrest.exchange import KnownHead
from serveoff.services.flaskrest.framing import request_length


@dataclass(eq=False, slots=True)
class Connection:
    """One client. `deadline`: when, by the monotonic clock, it is closed if nothing more comes of it."""

    socket: socket.socket
    address: Any
    server: Any
    deadline: float
    received: bytearray = field(default_factory=bytearray)
    known: KnownHead | None = None
    said_continue: bool = False
    lingering: bool = False
    waiting: bool = False
    """A request of it is whole and not yet answered; the next one is looked for afterwards."""

    def next_request(self, body_limit: int) -> Waiting | None:
        """Take the next request out of what was received; None if it has not arrived whole.

        Raises HeadTooLongError and BodyTooLongError, as serveoff.services.flaskrest.framing does.
        """
        known = self.known
        frame = known.frame(self.received) if known is not None else None
        if frame is not None and frame[1] <= body_limit:
            start, end = frame[0], frame[0] + frame[1]
            if len(self.received) < end:
                return None
        else:
            length = request_length(self.received, body_limit)
            if length is None:
                return None
            known, start, end = None, 0, length
        data = bytes(memoryview(self.received)[start:end])
        del self.received[:end]
        return Waiting(self, data, known, perf_counter())


@dataclass(slots=True)
class Waiting:
    """A request that has arrived whole, at `arrived_s` by time.perf_counter; only its body if the head is known."""

    connection: Connection
    data: bytes
    known: KnownHead | None
    arrived_s: float
