"""A client holds a thread of gunicorn's threaded worker for a bounded time, however slowly it sends or reads.

gunicorn hands a connection to a thread as soon as a byte has come, and from then on has a limit of no wait at all. Here
a thread is taken by a request that is there: its head, and of its body as much as is waited for. What is left of the
request then has one deadline, and its answer another. It is all done on the worker that gunicorn makes: the class stays
gunicorn's own.
"""

from __future__ import annotations

import select
import selectors
import socket
import struct
from bisect import insort
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import Lock
from time import monotonic
from typing import Any

from gunicorn.workers.gthread import _DEFER

from serveoff.services.flaskrest.arriving import Arriving

WAIT_S = 5
"""So long a request may come, and so long its answer may be read."""
LEAST_BYTES_S = 4 << 20
"""A second more for so many bytes that came, or were read."""
LEAST_RECEIVED = 8192
"""Bytes that are asked for at once."""
HELD_BYTES = 64 << 20
"""By all connections of a worker together, while they come: beyond that a thread reads what comes."""
DRAINED_S = 0.1
"""So long a thread reads what is left of a body that nobody wanted."""
LINGER_S = 2.0
"""So long a client may take to hang up after its last answer, or until it has sent so many bytes more: closed at once,
what it still sends could cost it the answer."""
LINGER_BYTES = 65536
AT_ONCE_S = 0.002
"""So long a thread waits for a body before it turns to others: most come right behind their heads."""
_RECEIVING, _SENDING = socket.SO_RCVTIMEO, socket.SO_SNDTIMEO


def spare_threads(worker: Any, body_limit: int) -> None:
    """Have a threaded worker of gunicorn's wait for its clients so, but not for bodies over the limit (bytes)."""
    worker.handle = partial(_handle, worker, worker.handle, partial(Client, Room(HELD_BYTES), body_limit))
    worker._keepalive_after = _goes_on
    worker.finish_request = partial(_finish, worker, worker.finish_request)


def _handle(worker: Any, otherwise: Callable[[Any], Any], client_of: Callable[[int], Client], conn: Any) -> Any:
    """Runs in a thread; by _DEFER, gunicorn's own word, a connection goes back to be polled."""
    if not isinstance(conn.sock, Client):
        conn.sock = client_of(conn.sock.detach())
        conn.close = partial(_close, worker, conn)
    client = conn.sock
    if conn.initialized:
        client.hold(conn.parser.unreader.take_buffered())
    if not client.has_asked():
        return _DEFER
    conn.data_ready = True
    try:
        goes_on = otherwise(conn)
        if goes_on and (rest := client.release()):
            conn.parser.unreader.unread(conn.parser.unreader.take_buffered() + rest)
        return goes_on
    finally:
        client.begin()


def _goes_on(conn: Any, keepalive: bool) -> bool:
    """Whether there may be another request, for nothing is left of this one."""
    return keepalive and bool(conn.parser.finish_body(deadline=monotonic() + DRAINED_S))


def _close(worker: Any, conn: Any, graceful: bool = False) -> None:
    """Hang up; gracefully in the worker's own loop, which gunicorn would have wait for each client in turn."""
    if graceful and worker.alive:
        with suppress(OSError):
            conn.sock.shutdown(socket.SHUT_WR)
            conn.sock.setblocking(False)
            worker.poller.register(conn.sock, selectors.EVENT_READ, partial(_drain, worker, conn))
            _wait_with(worker, conn, monotonic() + LINGER_S)
            worker.nr_conns += 1
            return
    conn.sock.close()


def _drain(worker: Any, conn: Any, sock: Client) -> None:
    """What a client sends after its last answer."""
    with suppress(BlockingIOError):
        if not sock.is_over():
            return
        worker.poller.unregister(sock)
        worker.pending_conns.remove(conn)
        worker.nr_conns -= 1
        sock.close()


def _wait_with(worker: Any, conn: Any, until: float) -> None:
    """Among those that the worker closes when their time is over: it looks at the first."""
    conn.timeout = until
    insort(worker.pending_conns, conn, key=lambda other: other.timeout)


def _finish(worker: Any, otherwise: Callable[[Any, Any], None], conn: Any, future: Any) -> None:
    """Who is amid a request is closed when its time is over.

    Where there is room for no more connections, one makes way that has said nothing, or else the first.
    """
    otherwise(conn, future)
    waiting = worker.pending_conns
    if waiting and waiting[-1] is conn and conn.sock.until_s is not None:
        waiting.pop()
        _wait_with(worker, conn, conn.sock.until_s)
    if waiting and worker.nr_conns >= worker.worker_connections:
        first = next((other for other in waiting if other.sock.until_s is None), waiting[0])
        waiting.remove(first)
        waiting.appendleft(first)
        first.timeout = 0.0  # the worker closes it at the end of its turn


class Room:
    """For what the connections of a worker hold together."""

    def __init__(self, most_bytes: int) -> None:
        self._left, self._lock = most_bytes, Lock()

    def take(self, count: int) -> bool:
        """Whether there was room for so many bytes; what has come is held all the same."""
        with self._lock:
            self._left -= count
            return self._left >= 0

    def give(self, count: int) -> None:
        """So many bytes are held no more."""
        with self._lock:
            self._left += count


class Client(socket.socket):
    """A client's connection, which takes over a descriptor."""

    def __init__(self, room: Room, body_limit: int, fd: int) -> None:
        super().__init__(fileno=fd)
        self._after_all = 0
        """Bytes that came after the last answer."""
        self._room, self._body_limit = room, body_limit
        self._held = bytearray()
        """What has come of a request before a thread reads it."""
        self.begin()

    def begin(self) -> None:
        """Another request begins, or the rest of one that a thread reads."""
        self._until: dict[int, float] = {}
        """When the client's time is over, by the monotonic clock: to send, and to read."""
        self._arriving = Arriving(self._body_limit)

    @property
    def until_s(self) -> float | None:
        """When the time is over of a client that has begun to send, by the monotonic clock."""
        return self._until.get(_RECEIVING)

    def hold(self, read: bytes) -> bool:
        """What was read, until it is received; whether there is room for it."""
        self._held += read
        return self._room.take(len(read))

    def release(self) -> bytes:
        """All that is held."""
        return self._from_held(len(self._held))

    def has_asked(self) -> bool:
        """Whether a request is there, or no more of it will be waited for; TimeoutError where it takes too long."""
        first = not self._held
        missing = self._missing()
        until = monotonic() + AT_ONCE_S
        while first and missing > 1 and self._comes_within(until - monotonic()):
            missing = self._missing()
        if not missing:
            self.begin()
        elif self._held:
            self._left_s(_RECEIVING)
        return not missing

    def _missing(self) -> int:
        """So many more bytes, at least, have to come."""
        missing = self._arriving.missing(self._held)
        while missing:
            try:
                came = super().recv(max(missing, LEAST_RECEIVED), socket.MSG_DONTWAIT)
            except BlockingIOError:
                break
            if not came or not self.hold(came):
                return 0
            missing = self._arriving.missing(self._held)
        return missing

    def _comes_within(self, seconds: float) -> bool:
        poll = select.poll()
        poll.register(self, select.POLLIN)
        return bool(poll.poll(max(seconds, 0.0) * 1e3))

    def _from_held(self, count: int) -> bytes:
        data = bytes(self._held[:count])
        del self._held[:count]
        self._room.give(len(data))
        return data

    def is_over(self) -> bool:
        """Whether it hung up after its last answer, or sends too much to be waited for; BlockingIOError: neither."""
        try:
            count = len(super().recv(LINGER_BYTES, socket.MSG_DONTWAIT))
        except ConnectionError:
            count = 0
        self._after_all += count
        return not count or self._after_all >= LINGER_BYTES

    def close(self) -> None:
        """Hang up."""
        self.release()
        super().close()

    def recv(self, *args: Any) -> bytes:
        """As a socket's; BlockingIOError or TimeoutError where the client's time is over."""
        if self._held:
            return self._from_held(args[0])
        if self.gettimeout() is not None:  # a deadline of gunicorn's own
            return super().recv(*args)
        data: bytes = self._wait_for(_RECEIVING, super().recv, *args)
        self._until[_RECEIVING] += len(data) / LEAST_BYTES_S
        return data

    def sendall(self, data: Any, *args: Any) -> None:
        """As a socket's; BlockingIOError or TimeoutError where the client's time is over."""
        left = memoryview(data)
        while left:
            sent: int = self._wait_for(_SENDING, super().send, left, *args)
            self._until[_SENDING] += sent / LEAST_BYTES_S
            left = left[sent:]

    def _wait_for(self, option: int, move: Callable[..., Any], *args: Any) -> Any:
        try:
            left_us = int(self._left_s(option) * 1e6) + 1
            self.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", *divmod(left_us, 10**6)))
            return move(*args)
        except (BlockingIOError, TimeoutError):
            with suppress(OSError):  # it may be gone
                self.shutdown(socket.SHUT_RD)  # else gunicorn would wait for its end
            raise

    def _left_s(self, option: int) -> float:
        now = monotonic()
        left_s = self._until.setdefault(option, now + WAIT_S) - now
        if left_s <= 0:
            raise TimeoutError(f"a client took its time for longer than {WAIT_S} s")
        return left_s
