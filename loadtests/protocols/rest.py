"""REST: HTTP/1.1 with keep-alive, one connection per user."""

from contextlib import suppress
from time import perf_counter

from gevent import socket

from serveoff.loadtests.generator.http_answers import Answers, BrokenAnswer, Reader
from serveoff.loadtests.generator.lines import RECEIVE_BYTES
from serveoff.loadtests.recording.statuses import without_answer
from serveoff.loadtests.users import Answer, PredictUser


class RestUser(PredictUser):
    """Sends requests whose head is made beforehand, too, and reads answers as the generator of a run does.

    Locust's FastHttpUser builds the same head anew for each request: that costs more than sending it.
    """

    abstract = False
    _connection: socket.socket | None = None
    _reader: Reader

    def send(self, request: bytes) -> Answer:
        """Without an answer, the status says why: statuses.without_answer."""
        try:
            connection = self._connection or self._connect()
            connection.settimeout(self.load.request_timeout_s)
            connection.sendall(request)
            body = self._receive(connection)
        except (OSError, BrokenAnswer) as error:
            self.disconnect()
            return without_answer(error), b""
        if self._reader.head.closes:
            self.disconnect()
        return self._reader.head.status, body

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
        self._connection, self._reader = connection, Reader(Answers(most_bytes=self.load.pool.most_answer_bytes))
        return connection

    def _receive(self, connection: socket.socket) -> bytes:
        """The body of an answer that comes whole within the time, however its bytes come."""
        until = perf_counter() + self.load.request_timeout_s
        while (left_s := until - perf_counter()) > 0:
            connection.settimeout(left_s)
            data = connection.recv(RECEIVE_BYTES)
            body = self._reader.feed(data) if data else self._reader.end()
            if body is not None:
                return body
        raise TimeoutError("no whole answer in time")
