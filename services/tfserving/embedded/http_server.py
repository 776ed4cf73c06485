"""HTTP around the REST API: a WSGI application, and waitress as its server.

waitress was measured against cheroot, werkzeug's server and gunicorn's threads, one core, 17 KB bodies on kept
connections. It came close to gunicorn, the fastest of them, and unlike it runs in this process, beside gRPC.
"""

import http.client
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterable
from heapq import nsmallest
from operator import attrgetter
from typing import Any

import waitress.channel
import waitress.parser
import waitress.server
import waitress.task
from waitress.utilities import BadRequest

from serveoff.services.content_encoding import EncodingError, unpacked
from serveoff.services.descriptors import FULL, SHED, is_out_of_descriptors, most_connections
from serveoff.services.predict_v1 import quoted
from serveoff.services.tfserving.embedded.rest import JSON, Answer, RestApi
from serveoff.services.tfserving.embedded.rest_json import json_answer

StartResponse = Callable[[str, list[tuple[str, str]]], object]
Application = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]

ACCEPTED_TYPES = ("", JSON, "application/x-www-form-urlencoded")
"""The last is what `curl -d` sends unasked, and TensorFlow Serving's own guides use `curl -d`."""

CORS_HEADERS = [
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Allow-Methods", "POST, GET"),
    ("Access-Control-Allow-Headers", "Content-Type"),
]
LARGEST_HEADER_BYTES = 64 * 1024
"""Of a head; of the line before a chunk and of the trailer, too."""
CONNECTIONS = 4096
DRAIN_S = 5.0
REQUEST_S = 30.0
"""A request must come whole within this time of its first byte, or the connection is closed."""
SEND_S = 5.0
"""A client that takes nothing of its answer for so long is closed; it may keep a thread waiting."""
TIDY_S = 0.2
"""How often, at most, connections are looked over."""

log = logging.getLogger(__name__)


def application(api: RestApi, max_body_bytes: int, *, cors: bool = False) -> Application:
    """The WSGI application: reads the body, unpacks gzip, refuses what is not JSON."""
    extra = CORS_HEADERS if cors else []

    def respond(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        answer = _answer(api, environ, max_body_bytes)
        headers = [("Content-Type", answer.content_type), ("Content-Length", str(len(answer.body))), *extra]
        start_response(f"{answer.status} {http.client.responses.get(answer.status, 'Unknown')}", headers)
        return [answer.body] if environ["REQUEST_METHOD"] != "HEAD" else []

    return respond


class HttpServer:
    """Bound when made: OSError where the address is taken."""

    def __init__(self, app: Application, host: str, port: int, threads: int, max_body_bytes: int) -> None:
        listener = socket.create_server((host, port), backlog=1024)
        self._server = waitress.server.create_server(
            app,
            sockets=[listener],
            threads=threads,
            ident=None,
            max_request_body_size=max_body_bytes,
            max_request_header_size=LARGEST_HEADER_BYTES,
            # A body is kept in memory rather than in a temporary file: it is parsed as a whole anyway.
            inbuf_overflow=max_body_bytes + 1,
            # Not to be reached: waitress closes nobody to make room, and logs each time.
            connection_limit=2 * CONNECTIONS,
            channel_timeout=3600,
            asyncore_use_poll=True,
        )
        self._server.channel_class = _Channel
        self._most = most_connections(CONNECTIONS)
        self._accept = self._server.accept
        self._server.accept = self._accept_if_possible
        self._tidied_s = 0.0
        self._said_full = False

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return int(self._server.effective_port)

    def serve(self, stop: threading.Event) -> None:
        """Serve in this thread until the event is set, then finish the requests that are being answered."""
        while not stop.is_set():
            self._step()
            if time.monotonic() - self._tidied_s >= TIDY_S:
                self._tidy()
        self._server.accepting = False
        deadline = time.monotonic() + DRAIN_S
        while not self._idle() and time.monotonic() < deadline:
            self._step()
        self._server.task_dispatcher.shutdown(timeout=1)
        self._server.asyncore.close_all(self._server._map)

    def _step(self) -> None:
        self._server.asyncore.loop(timeout=0.2, map=self._server._map, use_poll=True, count=1)

    def _accept_if_possible(self) -> Any:
        """A connection, as waitress's own; None if there is no room for it yet."""
        if len(self._server.active_channels) >= self._most:
            self._make_room()
        try:
            return self._accept() if self._server.accepting else None
        except OSError as error:
            if not is_out_of_descriptors(error):
                raise
            self._make_room()
            return None

    def _make_room(self) -> None:
        """Close the connections that have been idle longest; if all are busy, take no more for a moment."""
        channels = list(self._server.active_channels.values())
        if not self._said_full:
            self._said_full = True
            log.warning(FULL, len(channels))
        idle = [channel for channel in channels if not (channel.requests or channel.total_outbufs_len)]
        for channel in nsmallest(1 + len(idle) // SHED, idle, key=attrgetter("since_s")):
            channel.handle_close()
        if not idle:
            self._server.accepting = False

    def _tidy(self) -> None:
        """Close who does not take its answer or does not ask whole, and take new connections again."""
        self._tidied_s = time.monotonic()
        late_s = time.time() - SEND_S
        for channel in list(self._server.active_channels.values()):
            stuck = channel.total_outbufs_len and channel.last_activity < late_s
            if stuck or channel.dawdles(self._tidied_s):
                channel.handle_close()
        self._server.accepting = True

    def _idle(self) -> bool:
        channels = list(self._server.active_channels.values())
        return not any(channel.requests or channel.total_outbufs_len for channel in channels)


class _JsonErrorTask(waitress.task.ErrorTask):  # type: ignore[misc]
    """waitress answers what is no proper request, or too long, in plain text: make it JSON."""

    def execute(self) -> None:
        error = self.request.error
        body = json_answer.error_json(f"{error.reason}: {quoted(error.body)}")
        self.status = f"{error.code} {error.reason}"
        self.response_headers.append(("Content-Type", JSON))
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class _Parser(waitress.parser.HTTPRequestParser):  # type: ignore[misc]
    """Refuses what RFC 9112 has a server refuse and waitress lets pass.

    That is a version other than 1.0 and 1.1, a request of 1.1 without a Host (section 3.2), and a body of two lengths:
    a proxy may have gone by the other one (section 6.1).
    """

    completed: bool

    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        if self.version not in ("1.0", "1.1"):
            raise waitress.parser.ParsingError("the version of HTTP is neither 1.0 nor 1.1")
        if self.version == "1.1" and "HOST" not in self.headers:
            raise waitress.parser.ParsingError("a request of HTTP/1.1 needs a Host header")
        if self.chunked and "CONTENT_LENGTH" in self.headers:
            raise waitress.parser.ParsingError("both Content-Length and Transfer-Encoding")

    def received(self, data: bytes) -> int:
        """As waitress does, which searches a line before a chunk or a trailer from its start whenever more comes."""
        consumed: int = super().received(data)
        if self.chunked and not self.completed:
            unended = max(len(self.body_rcv.control_line), len(self.body_rcv.trailer))
            if unended > LARGEST_HEADER_BYTES:
                self.error = BadRequest(f"the line before a chunk or the trailer exceeds {LARGEST_HEADER_BYTES} bytes")
                self.completed = True
        return consumed


class _Channel(waitress.channel.HTTPChannel):  # type: ignore[misc]
    """A connection that knows since when it has been waited for: `since_s`, by the monotonic clock.

    waitress counts every byte as activity, however few of them come.
    """

    parser_class = _Parser
    error_task_class = _JsonErrorTask
    since_s = 0.0

    def add_channel(self, map: dict[int, Any] | None = None) -> None:
        super().add_channel(map)
        self.since_s = time.monotonic()

    def received(self, data: bytes) -> bool:
        before = self.request
        going_on: bool = super().received(data)
        if before is None or self.request is not before:
            self.since_s = time.monotonic()
        return going_on

    def dawdles(self, now_s: float) -> bool:
        """Whether it began a request and has not sent it whole in time. While one is answered, no time goes by."""
        if self.requests or self.total_outbufs_len:
            self.since_s = now_s
        return self.request is not None and now_s - self.since_s > REQUEST_S


def _answer(api: RestApi, environ: dict[str, Any], max_body_bytes: int) -> Answer:
    media_type = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    method = environ["REQUEST_METHOD"]
    if method == "POST" and media_type not in ACCEPTED_TYPES:
        return _error(415, f"Content-Type {quoted(media_type)} is not supported: send {JSON}")
    body: bytes = environ["wsgi.input"].read()
    try:
        body = unpacked(body, environ.get("HTTP_CONTENT_ENCODING", ""), max_body_bytes)
    except EncodingError as error:
        return _error(error.status, str(error))
    if len(body) > max_body_bytes:
        return _error(413, f"The body is longer than {max_body_bytes} bytes")
    path = environ["PATH_INFO"].encode("latin-1").decode(errors="replace")
    return api.handle(method, path, body)


def _error(status: int, message: str) -> Answer:
    return Answer(status, json_answer.error_json(message))
