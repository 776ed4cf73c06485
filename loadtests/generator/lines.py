"""The connections of one REST endpoint: sockets that never block, and epoll, which says whose turn it is."""

from __future__ import annotations

import _socket
import errno
from contextlib import suppress
from typing import Any, Final

from gevent.monkey import get_original

from serveoff.loadtests.clock import Alarm
from serveoff.loadtests.endpoints import Target
from serveoff.loadtests.generator.http_answers import Answers, Head, Reader

RECEIVE_BYTES: Final = 1 << 16
READABLE: Final = 1
WRITABLE: Final = 4
ONCE: Final = 1 << 31
"""EPOLLIN, EPOLLOUT and EPOLLET, which gevent takes away with the rest."""
SENDING: Final = frozenset({errno.EINPROGRESS, errno.EAGAIN})

Request = tuple[bytes, bytes]
"""Head and body; all endpoints that take the same bodies share these."""


class Line:
    """A caller of a closed loop, or one of the connections of an open one; it connects whenever it has to."""

    fault = ""
    """Why there was no connection or no answer, where the error has no status that says it."""

    def __init__(self, lines: Lines, number: int) -> None:
        self._lines, self.number = lines, number
        self._socket: _socket.socket | None = None
        self._unsent: memoryview | None = None
        self.answered = False
        """Whether the connection that it has now has brought an answer: one that has may have been closed since, and
        one that has not is of a server that takes no requests."""
        self.start: float | None = None
        """When the request that waits for its answer was sent, in perf_counter seconds."""
        self.due, self.sample = 0.0, 0

    @property
    def head(self) -> Head:
        """Of the last answer."""
        return self._reader.head

    def send(self, request: Request) -> None:
        """Send as much as can be sent at once; OSError where there is no connection to be had."""
        if self._socket is None:
            self._connect(request)
            return
        sent = self._sendmsg(request)
        if sent < len(request[0]) + len(request[1]):
            self._keep(memoryview(b"".join(request))[sent:])

    def receive(self) -> bytes | None:
        """The body of an answer that has come wholly; OSError or BrokenAnswer where none will."""
        if self._unsent is not None:
            self._send_more()
        try:
            data = self._recv(RECEIVE_BYTES)
        except BlockingIOError:
            return None
        body = self._reader.feed(data) if data else self._reader.end()
        if body is not None:
            self.answered = True
            if self._reader.head.closes or not data:
                self.hang_up()
        return body

    def hang_up(self) -> None:
        """The next request opens a new connection, within its own latency."""
        if self._socket is not None:
            self._lines.forget(self._socket.fileno())
            with suppress(OSError):
                self._socket.close()
        self._socket, self._unsent = None, None
        self.answered = False

    def _connect(self, request: Request) -> None:
        self._open()
        self._keep(memoryview(b"".join(request)))

    def _open(self) -> None:
        family, kind, protocol, _, address = self._lines.address
        self._socket = new = _socket.socket(family, kind, protocol)
        new.setblocking(False)
        new.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
        self._reader, self._recv, self._sendmsg = Reader(self._lines.answers), new.recv, new.sendmsg
        self._lines.watch(new.fileno(), self)
        failed = new.connect_ex(address)
        if failed and failed not in SENDING:
            raise OSError(failed, "connect")

    def _keep(self, unsent: memoryview) -> None:
        assert self._socket is not None
        self._unsent = unsent
        self._lines.poll.modify(self._socket.fileno(), READABLE | WRITABLE)

    def _send_more(self) -> None:
        assert self._socket is not None
        assert self._unsent is not None
        with suppress(BlockingIOError):
            self._unsent = self._unsent[self._socket.send(self._unsent) :]
        if not self._unsent:
            self._unsent = None
            self._lines.poll.modify(self._socket.fileno(), READABLE)


class Lines:
    """All of one endpoint. Between slices they stay open, however long its server is frozen."""

    line = Line

    def __init__(self, target: Target) -> None:
        self.address = _socket.getaddrinfo(target.host, target.port, 0, _socket.SOCK_STREAM)[0]
        """Family, kind, protocol, canonical name and address of a socket; OSError where the host has none."""
        self.answers = Answers()
        self.poll: Any = get_original("select", "epoll")()
        self.alarm = Alarm()
        self.by_fd: dict[int, Line] = {}
        self._all: list[Line] = []
        self.poll.register(self.alarm.fd, READABLE | ONCE)

    def __getitem__(self, number: int) -> Line:
        """Of this number; there are as many as were ever asked for."""
        while number >= len(self._all):
            self._all.append(self.line(self, len(self._all)))
        return self._all[number]

    def waiting(self) -> list[Line]:
        """Those whose answer is to come."""
        return [line for line in self._all if line.start is not None]

    def watch(self, fd: int, line: Line) -> None:
        """Wake the loop when something comes on a new connection."""
        self.by_fd[fd] = line
        self.poll.register(fd, READABLE)

    def forget(self, fd: int) -> None:
        """A connection is about to be closed."""
        if self.by_fd.pop(fd, None) is not None:
            self.poll.unregister(fd)

    def close(self) -> None:
        """Hang up on all."""
        for line in self._all:
            line.hang_up()
        self.poll.close()
        self.alarm.close()
