"""A client holds a thread of gunicorn's threaded worker for a bounded time, however slowly it sends or reads.

gunicorn hands a connection to a thread as soon as a byte has come, and from then on has a limit of no wait at all. Here
a thread is taken by a request whose head is there; what is left of the request then has one deadline, and its answer
another. It is all done on the worker that gunicorn makes: the class stays gunicorn's own.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import Any

from gunicorn.workers.gthread import _DEFER

WAIT_S = 5
"""So long a request may come, and so long its answer may be read."""
LEAST_BYTES_S = 4 << 20
"""A second more for so many bytes that came, or were read."""
PEEKED_BYTES = 8192
"""Of a request, to see whether its head is there: who sends a longer one gets a thread for it."""
_RECEIVING, _SENDING = socket.SO_RCVTIMEO, socket.SO_SNDTIMEO


def spare_threads(worker: Any) -> None:
    """Have a threaded worker of gunicorn's wait for its clients so."""
    worker.handle = partial(_handle, worker.handle)
    worker.finish_request = partial(_finish, worker, worker.finish_request)


def _handle(otherwise: Callable[[Any], Any], conn: Any) -> Any:
    """Runs in a thread; by _DEFER, gunicorn's own word, a connection goes back to be polled."""
    if not isinstance(conn.sock, Client):
        conn.sock = Client(conn.sock.detach())
    pipelined = conn.initialized and conn.parser.unreader.buf.getvalue()
    if not pipelined and not conn.sock.has_asked():
        return _DEFER
    conn.data_ready = True
    try:
        return otherwise(conn)
    finally:
        conn.sock.begin()


def _finish(worker: Any, otherwise: Callable[[Any, Any], None], conn: Any, future: Any) -> None:
    """Where there is room for no more connections, that one makes way which has waited longest amid a head."""
    otherwise(conn, future)
    if worker.pending_conns and worker.nr_conns >= worker.worker_connections:
        worker.pending_conns[0].timeout = 0.0  # the worker closes it at the end of its turn


class Client(socket.socket):
    """A client's connection, which takes over a descriptor."""

    def __init__(self, fd: int) -> None:
        super().__init__(fileno=fd)
        self._seen = 0
        """Bytes of a head that is not there yet."""
        self.begin()

    def begin(self) -> None:
        """Another request begins, or the rest of one whose head is there."""
        self._until: dict[int, float] = {}
        """When the client's time is over, by the monotonic clock: to send, and to read."""

    def has_asked(self) -> bool:
        """Whether the head of a request is there, or no more of it will come; TimeoutError where it takes too long.

        If it is not, who polls the connection is not woken before more has come.
        """
        try:
            head = super().recv(PEEKED_BYTES, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        asked = len(head) in (0, self._seen, PEEKED_BYTES) or b"\n\r\n" in head or b"\n\n" in head
        if self._seen or not asked:
            self.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1 if asked else len(head) + 1)
        self._seen = 0 if asked else len(head)
        if asked:
            self.begin()
        else:
            self._left_s(_RECEIVING)
        return asked

    def recv(self, *args: Any) -> bytes:
        """As a socket's; BlockingIOError or TimeoutError where the client's time is over."""
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
