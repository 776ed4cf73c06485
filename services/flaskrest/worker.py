"""A gunicorn worker that keeps connections open, in one thread.

gunicorn's sync worker closes each connection after one answer, and its threaded worker hands each request from
one thread to another; both cost more than parsing the request. This worker polls all its connections, reads each
request whole without ever waiting for a slow client, answers it, and polls again. So an idle or slow connection
costs nobody else anything, and requests are answered in the order in which they became complete: one at a time, or
with SERVING_BATCH_SIZE over 1 so many together as are there (see batching.py).
"""

import os
import selectors
import socket
from collections import deque
from time import monotonic, perf_counter

import orjson
from gunicorn.http import errors
from gunicorn.workers.base import Worker

from serveoff.services.flaskrest.batching import Batcher
from serveoff.services.flaskrest.connection import Connection, Waiting
from serveoff.services.flaskrest.exchange import GunicornExchange, KnownExchange, send
from serveoff.services.flaskrest.framing import BodyTooLongError, HeadTooLongError, expects_continue
from serveoff.services.flaskrest.spinning import Spinner
from serveoff.services.flaskrest.timing import ARRIVED, BEGAN
from serveoff.services.predict_v1 import quoted

POLL_S = 1.0
"""How often, at least, the worker tells gunicorn's master that it is alive."""
TIDY_S = 0.1
"""How often, at most, it does so, and looks for connections whose time is over."""
RECEIVE_BYTES = 64 * 1024
REQUEST_S = 30.0
"""A request must arrive whole within this time of its first byte, or the connection is closed."""
SEND_S = 5.0
"""A client must take its answer within this time. Answers mostly fit into the socket's own buffer."""
LINGER_S = 2.0
"""After a refusal, how long what the client still sends is read and dropped, so that it gets to see the answer."""
STOP_S = 2.0
"""On SIGTERM, how long requests that have begun to arrive are waited for."""

STATUS = {
    errors.LimitRequestLine: "414 URI Too Long",
    errors.LimitRequestHeaders: "431 Request Header Fields Too Large",
    BodyTooLongError: "413 Content Too Large",
    HeadTooLongError: "431 Request Header Fields Too Large",
    errors.ExpectationFailed: "417 Expectation Failed",
    errors.UnsupportedTransferCoding: "501 Not Implemented",
}
"""By what gunicorn's parser, or we, have to say against a request; 400 for all else."""


class KeepAliveWorker(Worker):  # type: ignore[misc]
    """Runs the application for many open connections."""

    def run(self) -> None:
        """Serve until gunicorn says stop or its master is gone."""
        self.poller = selectors.DefaultSelector()
        self.connections: set[Connection] = set()
        self.queue: deque[Waiting] = deque()
        self.tidied_s = 0.0
        self.spinner = Spinner()
        self.answered = False
        self.body_limit: int = self.wsgi.config["MAX_CONTENT_LENGTH"]
        self.batcher: Batcher | None = self.wsgi.extensions.get(Batcher.NAME)
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
        """Read what has come, then answer all that is whole. With batching some may be left to wait for more."""
        ready = self.spinner.look(self.poller) if self.answered and not self.queue else []
        self.answered = False
        for key, _ in ready or self.poller.select(self._patience_s(timeout_s)):
            key.data(key.fileobj)
        while self.queue and self._patience_s(timeout_s) == 0.0:
            self._serve_next()
        now = monotonic()
        if now - self.tidied_s >= TIDY_S:
            self.tidied_s = now
            self.notify()
            for connection in [c for c in self.connections if c.deadline < now]:
                self._close(connection)

    def _patience_s(self, timeout_s: float) -> float:
        """How long to wait for further requests before those in the queue are answered; nothing queued: as told."""
        if not self.queue:
            return timeout_s
        if self.batcher is None or len(self.queue) >= len(self.connections):
            return 0.0
        return self.batcher.patience_s(len(self.queue), perf_counter() - self.queue[0].arrived_s)

    def _finish(self) -> None:
        """Close idle connections at once and serve the requests that are on their way."""
        deadline = monotonic() + STOP_S
        while monotonic() < deadline:
            for connection in [c for c in self.connections if not (c.received or c.waiting or c.lingering)]:
                self._close(connection)
            if not self.connections:
                return
            self._turn(0.1)

    def _drain_pipe(self, pipe: int) -> None:
        os.read(pipe, 4096)

    def _accept(self, listener: socket.socket) -> None:
        """Take one connection, so that of several idle workers each gets its share of a burst; with batching, a batch.

        One at a time, requests that each come by a connection of their own would be answered one by one.
        """
        for _ in range(1 if self.batcher is None else self.batcher.size):
            try:
                client, address = listener.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return  # another worker was faster, or the client gave up
            self._keep(client, address, listener)

    def _keep(self, client: socket.socket, address: tuple[str, int], listener: socket.socket) -> None:
        client.settimeout(SEND_S)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = Connection(client, address, listener.getsockname(), monotonic() + REQUEST_S)
        self.connections.add(connection)
        self.poller.register(client, selectors.EVENT_READ, lambda _: self._receive(connection))

    def _receive(self, connection: Connection) -> None:
        try:
            data = os.read(connection.socket.fileno(), RECEIVE_BYTES)
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
            if not connection.waiting:
                self._queue_complete(connection)

    def _queue_complete(self, connection: Connection) -> None:
        """Queue the connection's next request if it has arrived whole."""
        try:
            request = connection.next_request(self.body_limit)
        except (HeadTooLongError, BodyTooLongError) as error:
            self._refuse(connection, error)
            return
        if request is None:
            self._invite(connection)
            return
        connection.waiting = True
        self.queue.append(request)

    def _serve_next(self) -> None:
        """Answer the request that has waited longest, or as many as the model takes at once."""
        count = 1 if self.batcher is None else min(len(self.queue), self.batcher.size)
        opened = [self._open(self.queue.popleft()) for _ in range(count)]
        exchanges = [(connection, exchange) for connection, exchange in opened if exchange is not None]
        if self.batcher is not None:
            self.batcher.predict([exchange.environ for _, exchange in exchanges])
        for connection, exchange in exchanges:
            self._answer(connection, exchange)

    def _open(self, request: Waiting) -> tuple[Connection, KnownExchange | GunicornExchange | None]:
        """The exchange of a request; None if the connection is gone, or what came is no HTTP and was refused."""
        connection, began_s = request.connection, perf_counter()
        if connection not in self.connections:
            return connection, None
        exchange: KnownExchange | GunicornExchange
        if request.known is not None:
            exchange = request.known.request(connection.socket, request.data)
        else:
            try:
                exchange = GunicornExchange(
                    self.cfg, request.data, connection.socket, connection.address, connection.server
                )
            except (errors.ParseException, StopIteration) as error:
                self._refuse(connection, error)
                return connection, None
            connection.known = exchange.known_head(request.data)
        exchange.environ[ARRIVED], exchange.environ[BEGAN] = request.arrived_s, began_s
        return connection, exchange

    def _answer(self, connection: Connection, exchange: KnownExchange | GunicornExchange) -> None:
        """Run the application, and look whether the connection's next request is there already."""
        self.nr += 1
        self.answered = True
        if self.batcher is not None:
            exchange.environ[BEGAN] = perf_counter()
        try:
            keep = exchange.answer(self.wsgi, close=not self.alive)
        except (errors.ParseException, OSError) as error:
            self._refuse(connection, error)
            return
        connection.waiting = connection.said_continue = False
        if not keep:
            self._linger(connection)
            return
        connection.deadline = monotonic() + self.cfg.keepalive
        if connection.received:
            self._queue_complete(connection)

    def _invite(self, connection: Connection) -> None:
        """Say `100 Continue` to a client that waits for it."""
        if not connection.said_continue and expects_continue(connection.received):
            connection.said_continue = True
            self._send(connection, b"HTTP/1.1 100 Continue\r\n\r\n")

    def _refuse(self, connection: Connection, error: Exception) -> None:
        """Answer what is no HTTP request, if the client is still there to read it."""
        if isinstance(error, OSError) and not isinstance(error, errors.ParseException):
            self._close(connection)
            return
        status = STATUS.get(type(error), "400 Bad Request")
        body = orjson.dumps({"error": quoted(str(error)) or status})
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        self._send(connection, head.encode() + b"Connection: close\r\n\r\n" + body)
        connection.waiting = False
        self._linger(connection)

    def _send(self, connection: Connection, data: bytes) -> None:
        try:
            send(connection.socket, data)
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
