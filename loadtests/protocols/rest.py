"""REST: HTTP/1.1 with keep-alive, one connection per user."""

from contextlib import suppress
from time import perf_counter

from gevent import socket
from geventhttpclient.response import HTTPParseError, HTTPSocketResponse
from locust import FastHttpUser

from serveoff.loadtests.recording.statuses import without_answer
from serveoff.loadtests.users import Answer, PredictUser


class RestUser(PredictUser, FastHttpUser):  # type: ignore[misc]
    """A FastHttpUser that sends requests whose head is made beforehand, too.

    It uses FastHttpUser's sockets and HTTP parser (gevent, geventhttpclient) and leaves out its session, which
    builds the same head anew for each request: that costs more than sending it (`make bench-client`).
    """

    abstract = False
    _connection: socket.socket | None = None

    def send(self, request: bytes) -> Answer:
        """Without an answer, the status says why: statuses.without_answer."""
        try:
            connection = self._connection or self._connect()
            connection.settimeout(self.load.request_timeout_s)
            connection.sendall(request)
            bounded = _Bounded(connection, self.load.request_timeout_s, self.load.pool.most_answer_bytes)
            response = HTTPSocketResponse(bounded, method="POST")
            body = response.read()
        except (OSError, HTTPParseError) as error:
            self.disconnect()
            return without_answer(error), b""
        if response.should_close():
            self.disconnect()
        return response.status_code, body

    def disconnect(self) -> None:
        """The next request opens a new connection, within its own latency."""
        if self._connection is not None:
            with suppress(OSError):
                self._connection.close()
        self._connection = None

    def _connect(self) -> socket.socket:
        target = self.load.target
        connection = socket.create_connection((target.host, target.port), self.load.request_timeout_s)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connection = connection
        return connection


class _Bounded:
    """A connection whose answer comes within one deadline and one size, however its bytes come."""

    def __init__(self, connection: socket.socket, timeout_s: float, most_bytes: int) -> None:
        self._connection, self._until, self._left_bytes = connection, perf_counter() + timeout_s, most_bytes
        self.close = connection.close

    def recv(self, size: int) -> bytes:
        left_s = self._until - perf_counter()
        if left_s <= 0:
            raise TimeoutError("no whole answer in time")
        self._connection.settimeout(left_s)
        data: bytes = self._connection.recv(size)
        self._left_bytes -= len(data)
        if self._left_bytes < 0:
            raise HTTPParseError("an answer without an end")
        return data
