"""A gunicorn worker that keeps connections open, in one thread.

gunicorn's sync worker closes each connection after one answer, and its threaded worker hands each request from
one thread to another; both cost more than parsing the request. This worker polls all its connections, reads each
request whole without ever waiting for a slow client, answers it, and polls again. So an idle or slow connection
costs nobody else anything, and requests are answered one at a time in the order in which they became complete.
"""

from __future__ import annotations

import os
import selectors
import socket
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import orjson
from gunicorn.http import errors, get_parser, wsgi
from gunicorn.workers.base import Worker

from services.flaskrest.framing import BodyTooLongError, HeadTooLongError, expects_continue, request_length

POLL_S = 1.0
"""How often, at least, the worker tells gunicorn's master that it is alive."""
RECEIVE_BYTES = 256 * 1024
REQUEST_S = 30.0
"""A request must arrive whole within this time of its first byte, or the connection is closed."""
SEND_S = 5.0
"""A client must take its answer within this time. Answers mostly fit into the socket's own buffer."""
LINGER_S = 2.0
"""After a refusal, how long what the client still sends is read and dropped, so that it gets to see the answer."""
STOP_S = 2.0
"""On SIGTERM, how long requests that have begun to arrive are waited for."""

_STATUS = {
    errors.LimitRequestLine: "414 URI Too Long",
    errors.LimitRequestHeaders: "431 Request Header Fields Too Large",
    BodyTooLongError: "413 Content Too Large",
    HeadTooLongError: "431 Request Header Fields Too Large",
    errors.ExpectationFailed: "417 Expectation Failed",
    errors.UnsupportedTransferCoding: "501 Not Implemented",
}


@dataclass(eq=False)
class Connection:
    """One client. `deadline`: when, by the monotonic clock, it is closed if nothing more comes of it."""

    socket: socket.socket
    address: Any
    server: Any
    deadline: float
    received: bytearray = field(default_factory=bytearray)
    said_continue: bool = False
    lingering: bool = False


class KeepAliveWorker(Worker):  # type: ignore[misc]
    """Runs the application for many open connections, one request at a time."""

    def run(self) -> None:
        """Serve until gunicorn says stop or its master is gone."""
        self.poller = selectors.DefaultSelector()
        self.connections: set[Connection] = set()
        self.body_limit: int = self.wsgi.config["MAX_CONTENT_LENGTH"]
        for listener in self.sockets:
            listener.setblocking(False)
            self.poller.register(listener, selectors.EVENT_READ, self._accept)
        self.poller.register(self.PIPE[0], selectors.EVENT_READ, self._drain_pipe)
        while self.alive and self.ppid == os.getppid():
            self._turn(POLL_S)
        for listener in self.sockets:
            self.poller.unregister(listener)
        self._finish()

    def _turn(self, timeout_s: float) -> None:
        self.notify()
        for key, _ in self.poller.select(timeout_s):
            key.data(key.fileobj)
        now = monotonic()
        for connection in [c for c in self.connections if c.deadline < now]:
            self._close(connection)

    def _finish(self) -> None:
        """Close idle connections at once and serve the requests that are on their way."""
        deadline = monotonic() + STOP_S
        while monotonic() < deadline:
            for connection in [c for c in self.connections if not c.received and not c.lingering]:
                self._close(connection)
            if not self.connections:
                return
            self._turn(0.1)

    def _drain_pipe(self, pipe: int) -> None:
        os.read(pipe, 4096)

    def _accept(self, listener: socket.socket) -> None:
        """Take one connection: of several idle workers, each gets its share of a burst."""
        try:
            client, address = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return  # another worker was faster, or the client gave up
        client.settimeout(SEND_S)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = Connection(client, address, listener.getsockname(), monotonic() + REQUEST_S)
        self.connections.add(connection)
        self.poller.register(client, selectors.EVENT_READ, lambda _: self._receive(connection))

    def _receive(self, connection: Connection) -> None:
        try:
            data = connection.socket.recv(RECEIVE_BYTES, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._close(connection)
        elif not connection.lingering:
            if not connection.received:
                connection.deadline = monotonic() + REQUEST_S
            connection.received += data
            self._serve_complete(connection)

    def _serve_complete(self, connection: Connection) -> None:
        """Answer every request that has arrived whole; mostly that is one."""
        while connection.received:
            try:
                length = request_length(connection.received, self.body_limit)
            except (HeadTooLongError, BodyTooLongError) as error:
                self._refuse(connection, error)
                return
            if length is None:
                self._invite(connection)
                return
            data = bytes(connection.received[:length])
            del connection.received[:length]
            if not self._serve(connection, data):
                return
            connection.said_continue = False
        connection.deadline = monotonic() + self.cfg.keepalive

    def _invite(self, connection: Connection) -> None:
        """Say `100 Continue` to a client that waits for it."""
        if not connection.said_continue and expects_continue(connection.received):
            connection.said_continue = True
            self._send(connection, b"HTTP/1.1 100 Continue\r\n\r\n")

    def _serve(self, connection: Connection, data: bytes) -> bool:
        """Answer one request; False if the connection takes no more."""
        parser = get_parser(self.cfg, [data], connection.address)
        try:
            request = next(parser)
            keep = self._answer(connection, request)
        except (errors.ParseException, OSError, StopIteration) as error:
            self._refuse(connection, error)
            return False
        read_as_counted = parser.finish_body() and not parser.unreader.take_buffered()
        if not keep or not read_as_counted:
            self._linger(connection)
            return False
        return True

    def _answer(self, connection: Connection, request: Any) -> bool:
        """Run the application; whether the connection may be kept. As gunicorn's sync worker does it."""
        request._expected_100_continue = False  # it was said before the body came
        response, environ = wsgi.create(request, connection.socket, connection.address, connection.server, self.cfg)
        self.nr += 1
        if not self.alive:
            response.force_close()
        parts = self.wsgi(environ, response.start_response)
        try:
            for part in parts:
                response.write(part)
            response.close()
        finally:
            if hasattr(parts, "close"):
                parts.close()
        return not response.should_close()

    def _refuse(self, connection: Connection, error: Exception) -> None:
        """Answer what is no HTTP request, if the client is still there to read it."""
        if isinstance(error, OSError) and not isinstance(error, errors.ParseException):
            self._close(connection)
            return
        status = _STATUS.get(type(error), "400 Bad Request")
        body = orjson.dumps({"error": str(error) or status})
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        self._send(connection, head.encode() + b"Connection: close\r\n\r\n" + body)
        self._linger(connection)

    def _send(self, connection: Connection, data: bytes) -> None:
        try:
            connection.socket.sendall(data)
        except OSError:
            self._close(connection)

    def _linger(self, connection: Connection) -> None:
        """End our side; the rest of the client's is dropped, for closing at once would take the answer from it.

        RFC 9112, section 9.6.
        """
        try:
            connection.socket.shutdown(socket.SHUT_WR)
        except OSError:
            self._close(connection)
            return
        connection.received.clear()
        connection.lingering = True
        connection.deadline = monotonic() + LINGER_S

    def _close(self, connection: Connection) -> None:
        if connection in self.connections:
            self.connections.remove(connection)
            self.poller.unregister(connection.socket)
            connection.socket.close()
