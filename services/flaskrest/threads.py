"""A client holds a thread of gunicorn's threaded worker for a bounded time, however slowly it sends or reads.

gunicorn hands a connection to a thread as soon as a byte has come, and from then on has a limit of no wait at all. Here
a thread is taken by a request that is there: its head, and as much of a body of known length as the kernel keeps. What
is left of the request then has one deadline, and its answer another. It is all done on the worker that gunicorn makes:
the class stays gunicorn's own.
"""

from __future__ import annotations

import re
import select
import socket
import struct
from array import array
from bisect import insort
from collections.abc import Callable
from contextlib import suppress
from fcntl import ioctl
from functools import partial
from termios import FIONREAD
from time import monotonic
from typing import Any

from gunicorn.workers.gthread import _DEFER

WAIT_S = 5
"""So long a request may come, and so long its answer may be read."""
LEAST_BYTES_S = 4 << 20
"""A second more for so many bytes that came, or were read."""
PEEKED_BYTES = 8192
"""Of a request, to see whether its head is there: who sends a longer one gets a thread for it."""
KEPT_BYTES = 1 << 20
"""Of a body: so much is left to the kernel before a thread reads it."""
AT_ONCE_MS = 2
"""So long a thread waits for a body before it turns to others: most come right behind their heads."""
_HEAD = re.compile(rb"\n\r?\n")
_LENGTH = re.compile(rb"\ncontent-length:[ \t]*(\d{1,18})[ \t]*\r?(?=\n)", re.IGNORECASE)
_OTHER_WAYS = re.compile(rb"\n(?:transfer-encoding|expect):", re.IGNORECASE)
"""To send a body: by its length alone it is not known when it comes, or it does not come before it is asked for."""
_RECEIVING, _SENDING = socket.SO_RCVTIMEO, socket.SO_SNDTIMEO


def spare_threads(worker: Any, body_limit: int) -> None:
    """Have a threaded worker of gunicorn's wait for its clients so, but not for bodies over the limit (bytes)."""
    worker.handle = partial(_handle, worker.handle, body_limit)
    worker.finish_request = partial(_finish, worker, worker.finish_request)


def _handle(otherwise: Callable[[Any], Any], body_limit: int, conn: Any) -> Any:
    """Runs in a thread; by _DEFER, gunicorn's own word, a connection goes back to be polled."""
    if not isinstance(conn.sock, Client):
        conn.sock = Client(conn.sock.detach(), body_limit)
    if not conn.sock.has_asked(conn.parser.unreader.buf.getvalue() if conn.initialized else b""):
        return _DEFER
    conn.data_ready = True
    try:
        return otherwise(conn)
    finally:
        conn.sock.begin()


def _finish(worker: Any, otherwise: Callable[[Any, Any], None], conn: Any, future: Any) -> None:
    """Who is amid a request is closed when its time is over: of those that it waits for, the worker looks at the first.

    Where there is room for no more connections, one makes way that has said nothing, or else the first.
    """
    otherwise(conn, future)
    waiting = worker.pending_conns
    if waiting and waiting[-1] is conn and conn.sock.until_s is not None:
        waiting.pop()
        conn.timeout = conn.sock.until_s
        insort(waiting, conn, key=lambda other: other.timeout)
    if waiting and worker.nr_conns >= worker.worker_connections:
        first = next((other for other in waiting if other.sock.until_s is None), waiting[0])
        waiting.remove(first)
        waiting.appendleft(first)
        first.timeout = 0.0  # the worker closes it at the end of its turn


def lacking(begun: bytes, there: int, body_limit: int) -> int:
    """How many more bytes have to come before a thread can read a request that begins so, `there` bytes of it; 0: none.

    Nor for one that will be refused by its head, or whose body comes in another way.
    """
    end = _HEAD.search(begun)
    if end is None:
        return int(there < PEEKED_BYTES)
    head = begun[: end.end()]
    lengths = _LENGTH.findall(head)
    if len(lengths) != 1 or int(lengths[0]) > body_limit or _OTHER_WAYS.search(head):
        return 0
    return max(0, min(int(lengths[0]), KEPT_BYTES) - (there - len(head)))


class Client(socket.socket):
    """A client's connection, which takes over a descriptor."""

    def __init__(self, fd: int, body_limit: int = 0) -> None:
        super().__init__(fileno=fd)
        self._body_limit = body_limit
        self._seen = 0
        """Bytes of a request that is not there yet."""
        self._low = 1
        """SO_RCVLOWAT of the connection."""
        self.begin()

    def begin(self) -> None:
        """Another request begins, or the rest of one whose head is there."""
        self._until: dict[int, float] = {}
        """When the client's time is over, by the monotonic clock: to send, and to read."""

    @property
    def until_s(self) -> float | None:
        """When the time is over of a client that has begun to send, by the monotonic clock."""
        return self._until.get(_RECEIVING)

    def has_asked(self, read: bytes = b"") -> bool:
        """Whether a request is there, or no more of it will come; TimeoutError where it takes too long.

        `read` is what was read of it with the request before. If it is not there, who polls the connection is not woken
        before it is, or before more of its head has come.
        """
        missing = self._missing(read)
        if missing > 1 and self._comes_at_once():
            missing = self._missing(read)
        if not missing:
            self.begin()
        return not missing

    def _missing(self, read: bytes) -> int:
        """So many more bytes, at least, have to come."""
        try:
            came = super().recv(PEEKED_BYTES, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            if not read:
                return 1
            came, there, over = b"", 0, False
        else:
            there = self._there() if len(came) == PEEKED_BYTES else len(came)
            over = there in (0, self._seen)
        missing = 0 if over else lacking(read + came, len(read) + there, self._body_limit)
        self._seen = there if missing else 0
        self._wake_at(there + missing if missing else 1)
        if missing:
            self._left_s(_RECEIVING)
        return missing

    def _comes_at_once(self) -> bool:
        poll = select.poll()
        poll.register(self, select.POLLIN)
        return bool(poll.poll(AT_ONCE_MS))

    def _wake_at(self, count: int) -> None:
        """Whoever polls the connection, when so many bytes are there."""
        if count != self._low:
            self.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, count)
            self._low = count

    def _there(self) -> int:
        """How many bytes the kernel keeps."""
        count = array("i", [0])
        ioctl(self, FIONREAD, count)
        return count[0]

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
