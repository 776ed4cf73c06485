"""One client's connection: the requests that it brings, and what is still to be sent to it."""

from __future__ import annotations

import os
import selectors
import socket
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from serveoff.services.flaskrest.exchange import (
    HEAD_END,
    Chunks,
    Environ,
    Head,
    HeadTooLongError,
    KnownHead,
    known_head,
    read_head,
)

RECEIVE_BYTES = 64 * 1024
"""Of one read; a connection that has so much in store while it waits for an answer is not read."""
HEAD_LIMIT_BYTES = 64 * 1024


@dataclass(eq=False, slots=True)
class Connection:
    """One client. `deadline`: when, by the monotonic clock, it is closed if nothing more comes of it."""

    socket: socket.socket
    address: Any
    server: Any
    deadline: float
    since: float = 0.0
    """When it was accepted, was answered, or began to ask, whichever came last."""
    answered: bool = False
    """Once at least."""
    received: bytearray = field(default_factory=bytearray)
    searched: int = 0
    """Of `received`, what holds no end of a head."""
    head: Head | None = None
    """Of a request whose body is still arriving."""
    chunks: Chunks | None = None
    known: KnownHead | None = None
    unsent: bytearray = field(default_factory=bytearray)
    watched: int = 0
    """What the worker waits for: the poller's events."""
    waiting: bool = False
    """A request of it is whole and not yet answered; the next one is looked for afterwards."""
    said_continue: bool = False
    last: bool = False
    """What is being sent is the last answer."""
    ended: bool = False
    """The client sends nothing more."""
    lingering: bool = False

    @property
    def busy(self) -> bool:
        """An answer is owed to it."""
        return self.waiting or bool(self.unsent)

    @property
    def idle(self) -> bool:
        """Nothing is owed to it, and no request has begun."""
        return not (self.busy or self.lingering or self.received or self.head)

    def makes_way(self, before: float) -> bool:
        """It may be closed for a new one: it was answered, or has not asked whole although it came before then."""
        return not self.busy and ((self.idle and self.answered) or self.since < before)

    @property
    def held_bytes(self) -> int:
        """What has come of requests that are not whole, and what is left of an answer."""
        return len(self.received) + len(self.unsent) + (self.chunks.held_bytes if self.chunks else 0)

    def forget(self) -> None:
        """Let go of what has come of a request."""
        self.received.clear()
        self.searched = 0
        self.head = self.chunks = None

    @property
    def events(self) -> int:
        """What to wait for: that it takes more of its answer, or that it sends more."""
        wants_more = not self.ended and (len(self.received) < RECEIVE_BYTES or not self.busy)
        return (selectors.EVENT_READ if wants_more else 0) | (selectors.EVENT_WRITE if self.unsent else 0)

    def send(self, data: bytes) -> None:
        """Send it, after what is still to be sent, as far as the socket takes it; OSError if the client is gone."""
        if self.unsent:
            self.unsent += data
            data = bytes(self.unsent)
        try:
            sent = os.write(self.socket.fileno(), data)
        except BlockingIOError:
            sent = 0
        if sent < len(data):
            self.unsent = bytearray(memoryview(data)[sent:])
        else:
            self.unsent.clear()

    def flush(self) -> None:
        """Send more of what is still to be sent; OSError if the client is gone."""
        try:
            del self.unsent[: os.write(self.socket.fileno(), self.unsent)]
        except BlockingIOError:
            return

    def next_request(self, cfg: Any, body_limit: int) -> Waiting | None:
        """Take the next request out of what was received; None if it has not arrived whole.

        Raises HeadTooLongError, and what read_head and Chunks raise.
        """
        if self.head is None:
            frame = self.known.frame(self.received) if self.known is not None else None
            if frame is not None and frame[1] <= body_limit:
                return self._known_request(*frame)
            self.head = self._next_head(cfg)
        return None if self.head is None else self._request_of(self.head, body_limit)

    def _known_request(self, start: int, length: int) -> Waiting | None:
        assert self.known is not None
        end = start + length
        if len(self.received) < end:
            return None
        body = bytes(memoryview(self.received)[start:end])
        del self.received[:end]
        self.searched = 0
        return Waiting(self, self.known.with_body(body), False, perf_counter())

    def _next_head(self, cfg: Any) -> Head | None:
        found = HEAD_END.search(self.received, self.searched, HEAD_LIMIT_BYTES)
        if found is None:
            if len(self.received) >= HEAD_LIMIT_BYTES:
                raise HeadTooLongError
            self.searched = max(0, len(self.received) - 3)
            return None
        data = bytes(memoryview(self.received)[: found.end()])
        del self.received[: found.end()]
        self.searched = 0
        head = read_head(cfg, data, self.socket, self.address, self.server)
        self.known = known_head(data, head)
        return head

    def _request_of(self, head: Head, body_limit: int) -> Waiting | None:
        if head.length is not None and head.length > body_limit:
            return self._whole(head.without_body(), close=True)
        body = self._chunked_body(body_limit) if head.length is None else self._plain_body(head.length)
        return None if body is None else self._whole(head.with_body(body), head.close)

    def _plain_body(self, length: int) -> bytes | None:
        if len(self.received) < length:
            return None
        body = bytes(memoryview(self.received)[:length])
        del self.received[:length]
        return body

    def _chunked_body(self, body_limit: int) -> bytes | None:
        self.chunks = self.chunks or Chunks(body_limit)
        body = self.chunks.feed(self.received)
        if body is not None:
            self.chunks = None
        return body

    def _whole(self, environ: Environ, close: bool) -> Waiting:
        self.head = None
        return Waiting(self, environ, close, perf_counter())


@dataclass(slots=True)
class Waiting:
    """A request that has arrived whole, at `arrived_s` by time.perf_counter. `close`: after its answer."""

    connection: Connection
    environ: Environ
    close: bool
    arrived_s: float
