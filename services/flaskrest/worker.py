"""A gunicorn worker that keeps connections open, in one thread.

gunicorn's sync worker closes each connection after one answer, and its threaded worker hands each request from
one thread to another; both cost more than parsing the request. This worker polls all its connections, reads each
request whole and sends each answer without ever waiting for a slow client, and polls again after one request of each
connection at most. So an idle, slow or greedy client costs the others no more than its turn, and requests are answered
in the order in which they became complete: one at a time, or with SERVING_BATCH_SIZE over 1 so many together as are
there (see batching.py).
"""

import os
import selectors
import socket
from collections import deque
from functools import partial
from heapq import nsmallest
from operator import attrgetter
from time import monotonic, perf_counter

from gunicorn.asgi.parser import ParseError
from gunicorn.http import errors
from gunicorn.workers.base import Worker

from serveoff.services.descriptors import FULL, SHED, is_out_of_descriptors
from serveoff.services.flaskrest.batching import Batcher
from serveoff.services.flaskrest.connection import RECEIVE_BYTES, Connection, Waiting
from serveoff.services.flaskrest.exchange import BodyTooLongError, CrowdedError, HeadTooLongError, answer, refusal
from serveoff.services.flaskrest.spinning import Spinner
from serveoff.services.flaskrest.timing import ARRIVED, BEGAN

POLL_S = 1.0
"""How often, at least, the worker tells gunicorn's master that it is alive."""
TIDY_S = 0.1
"""How often, at most, it does so, and looks for connections whose time is over."""
REQUEST_S = 30.0
"""A request must arrive whole within this time of its first byte, or the connection is closed."""
UNHURRIED_S = 2.0
"""So long after it came, or began to ask, a connection makes way for no new one."""
SEND_S = 5.0
"""A client must take its answer within this time. Answers mostly fit into the socket's own buffer."""
HELD_BODIES = 32
"""Unfinished requests and unread answers of all clients together may take as much as so many of the largest bodies,"""
HELD_BYTES = 256 << 20
"""and so many bytes in any case."""
LINGER_S = 2.0
"""After a refusal, how long what the client still sends is read and dropped, so that it gets to see the answer."""
ACCEPTED = 64
"""So many new connections a turn at most."""
STOP_S = 2.0
"""On SIGTERM, how long requests that have begun to arrive are waited for."""

_REFUSED = (errors.ParseException, ParseError, errors.NoMoreData, StopIteration, BodyTooLongError, HeadTooLongError)


class KeepAliveWorker(Worker):  # type: ignore[misc]
    """Runs the application for many open connections."""

    alive: bool

    def run(self) -> None:
        """Serve until gunicorn says stop or its master is gone."""
        self.poller = selectors.DefaultSelector()
        self.connections: set[Connection] = set()
        self.queue: deque[Waiting] = deque()
        self.tidied_s = 0.0
        self.spinner = Spinner()
        self.answered = self.listening = self.said_full = False
        self.body_limit: int = self.wsgi.config["MAX_CONTENT_LENGTH"]
        self.held_limit = max(HELD_BYTES, HELD_BODIES * self.body_limit)
        self.batcher: Batcher | None = self.wsgi.extensions.get(Batcher.NAME)
        for listener in self.sockets:
            listener.setblocking(False)
        self.poller.register(self.PIPE[0], selectors.EVENT_READ, self._drain_pipe)
        self._listen(True)
        while self.alive and self.ppid == os.getppid():
            self._turn(POLL_S if self.listening else TIDY_S)
        self.alive = False
        self._listen(False)
        self._finish()

    def _turn(self, timeout_s: float) -> None:
        """Read what has come, then answer what is whole, one request a connection.

        With batching some may be left to wait for more.
        """
        ready = self.spinner.look(self.poller) if self.answered and not self.queue else []
        self.answered = False
        for key, events in ready or self.poller.select(self._patience_s(timeout_s)):
            key.data(events)
        turn = len(self.queue)
        while turn > 0 and self._patience_s(timeout_s) == 0.0:
            turn -= self._serve_next()
        now = monotonic()
        if now - self.tidied_s >= TIDY_S:
            self._tidy(now)

    def _tidy(self, now: float) -> None:
        self.tidied_s = now
        self.notify()
        for connection in [c for c in self.connections if c.deadline < now and not c.waiting]:
            self._close(connection)
        self._relieve()
        if self.alive and not self.listening and len(self.connections) >= self.cfg.worker_connections:
            self._make_room()
        if self.alive and len(self.connections) < self.cfg.worker_connections:
            self._listen(True)

    def _relieve(self) -> None:
        """Where clients make the worker hold too much, those that have done so for longest lose their connections."""
        excess = sum(connection.held_bytes for connection in self.connections) - self.held_limit
        if excess <= 0:
            return
        large = [c for c in self.connections if c.held_bytes >= RECEIVE_BYTES and not c.waiting]
        for connection in sorted(large, key=attrgetter("since")):
            if excess > 0:
                excess -= connection.held_bytes
                self._turn_away(connection)

    def _turn_away(self, connection: Connection) -> None:
        """Refuse the rest of a request, or send no more of an answer."""
        if connection.unsent:
            self._close(connection)
        else:
            self._refuse(connection, CrowdedError())

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
            for connection in [c for c in self.connections if c.idle]:
                self._close(connection)
            if not self.connections:
                return
            self._turn(TIDY_S)

    def _drain_pipe(self, events: int) -> None:
        os.read(self.PIPE[0], 4096)

    def _listen(self, listening: bool) -> None:
        """Take new connections from now on, or leave them to other workers and the kernel's queue."""
        if listening == self.listening:
            return
        self.listening = listening
        for listener in self.sockets:
            if listening:
                self.poller.register(listener, selectors.EVENT_READ, partial(self._accept, listener))
            else:
                self.poller.unregister(listener)

    def _accept(self, listener: socket.socket, events: int) -> None:
        """Take what new connections there are, so that none waits for turns of others.

        Of several idle workers each gets its share of a burst: they take one at a time, or with batching a batch.
        """
        share = 1 if self.batcher is None else self.batcher.size
        for _ in range(share if self.cfg.workers > 1 else ACCEPTED):
            if len(self.connections) >= self.cfg.worker_connections:
                self._make_room()
            if not self.listening:
                return
            try:
                client, address = listener.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return  # another worker was faster, or the client gave up
            except OSError as error:
                if not is_out_of_descriptors(error):
                    raise
                self._make_room()
                return
            self._keep(client, address, listener)

    def _make_room(self) -> None:
        """Close those that have been idle or slow to ask for longest; if there are none, take no more until one is."""
        if not self.said_full:
            self.said_full = True
            self.log.warning(FULL, len(self.connections))
        before = monotonic() - UNHURRIED_S
        spare = [connection for connection in self.connections if connection.makes_way(before)]
        for connection in nsmallest(1 + len(spare) // SHED, spare, key=attrgetter("since")):
            self._close(connection)
        if not spare:
            self._listen(False)

    def _keep(self, client: socket.socket, address: tuple[str, int], listener: socket.socket) -> None:
        client.setblocking(False)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        now = monotonic()
        connection = Connection(client, address, listener.getsockname(), now + REQUEST_S, now)
        self.connections.add(connection)
        self._watch(connection)

    def _watch(self, connection: Connection) -> None:
        """Wait for what the connection can do next."""
        events = connection.events
        if events == connection.watched or connection not in self.connections:
            return
        if connection.watched:
            self.poller.unregister(connection.socket)
        if events:
            self.poller.register(connection.socket, events, partial(self._ready, connection))
        connection.watched = events

    def _ready(self, connection: Connection, events: int) -> None:
        if connection not in self.connections:
            return  # it was closed in this turn
        try:
            if events & selectors.EVENT_WRITE:
                connection.flush()
                self._settle(connection)
            if events & selectors.EVENT_READ:
                self._receive(connection)
        except OSError:
            self._close(connection)
            return
        self._watch(connection)

    def _receive(self, connection: Connection) -> None:
        try:
            data = os.read(connection.socket.fileno(), RECEIVE_BYTES)
        except BlockingIOError:
            return
        if not data:
            connection.ended = True
            if not connection.busy:
                self._close(connection)
        elif not connection.lingering:
            if connection.idle:
                connection.since = monotonic()
                connection.deadline = connection.since + REQUEST_S
            connection.received += data
            if not connection.busy:
                self._queue_complete(connection)

    def _queue_complete(self, connection: Connection) -> None:
        """Queue the connection's next request if it has arrived whole."""
        try:
            request = connection.next_request(self.cfg, self.body_limit)
        except _REFUSED as error:
            self._refuse(connection, error)
            return
        if request is not None:
            connection.waiting = True
            self.queue.append(request)
        elif connection.ended:
            self._close(connection)
        elif connection.head is not None and connection.head.expects_continue and not connection.said_continue:
            connection.said_continue = True
            self._send(connection, b"HTTP/1.1 100 Continue\r\n\r\n")

    def _serve_next(self) -> int:
        """Answer the request that has waited longest, or as many as the model takes at once; how many it were."""
        count = 1 if self.batcher is None else min(len(self.queue), self.batcher.size)
        requests = [self.queue.popleft() for _ in range(count)]
        began_s = perf_counter()
        for request in requests:
            request.environ[ARRIVED], request.environ[BEGAN] = request.arrived_s, began_s
        if self.batcher is not None:
            self.batcher.predict([request.environ for request in requests])
        for request in requests:
            if request.connection in self.connections:
                self._answer(request)
        return count

    def _answer(self, request: Waiting) -> None:
        """Run the application, and look whether the connection's next request is there already."""
        self.nr += 1
        self.answered = True
        connection, environ = request.connection, request.environ
        if self.batcher is not None:
            environ[BEGAN] = perf_counter()
        connection.last = request.close or not self.alive
        answered = answer(self.wsgi, environ, connection.last)
        connection.waiting = connection.said_continue = False
        self._send(connection, answered)

    def _send(self, connection: Connection, data: bytes) -> None:
        """Send what the socket takes at once; the rest follows as the client reads."""
        try:
            connection.send(data)
            connection.since, connection.answered = monotonic(), True
            connection.deadline = connection.since + SEND_S
            self._settle(connection)
        except OSError:
            self._close(connection)

    def _settle(self, connection: Connection) -> None:
        """Once all is sent, go on with the connection's next request; OSError if the client is gone."""
        if not connection.unsent:
            if connection.last:
                self._linger(connection)
            else:
                connection.deadline = monotonic() + (self.cfg.keepalive if connection.idle else REQUEST_S)
                if connection.received or connection.ended:
                    self._queue_complete(connection)
        self._watch(connection)

    def _refuse(self, connection: Connection, error: Exception) -> None:
        """Answer what is no HTTP request, or is not read to its end."""
        connection.forget()
        connection.last = True
        self._send(connection, refusal(error))

    def _linger(self, connection: Connection) -> None:
        """End our side; the rest of the client's is dropped, for closing at once would take the answer from it.

        RFC 9112, section 9.6.
        """
        connection.socket.shutdown(socket.SHUT_WR)
        connection.forget()
        connection.lingering = True
        connection.deadline = monotonic() + LINGER_S
        if connection.ended:
            self._close(connection)

    def _close(self, connection: Connection) -> None:
        if connection in self.connections:
            self.connections.remove(connection)
            if connection.watched:
                self.poller.unregister(connection.socket)
            connection.socket.close()
