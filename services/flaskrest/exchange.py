"""One HTTP exchange: a request's bytes to a WSGI environment, and the application's answer to bytes.

gunicorn's parser reads a request's head, and gunicorn's writer checks and sends an answer. A client that keeps its
connection mostly sends the same head again, byte for byte but for the digits of its Content-Length. Then what gunicorn
made of it the first time still holds: the environment is copied, the body is new, and the answer leaves in one piece.
Any other head goes to gunicorn.
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from time import time
from typing import Any

from gunicorn import SERVER, util
from gunicorn.http import get_parser, wsgi

from serveoff.services.flaskrest.framing import around_length

Environ = dict[str, Any]

BODY = "serveoff.body"
"""WSGI environment: the whole body as bytes, beside `wsgi.input`."""
_OF_ONE_REQUEST = ("wsgi.input", "wsgi.early_hints")
_UNUSUAL = ("HTTP_TRANSFER_ENCODING", "HTTP_EXPECT", "HTTP_UPGRADE")
_DIGITS = 10
"""A Content-Length of more digits is left to gunicorn."""


@dataclass(frozen=True, slots=True)
class KnownHead:
    """A head that gunicorn's parser has read on this connection: what stands around the digits of its length."""

    before: bytes
    after: bytes
    environ: Environ

    def frame(self, received: bytearray) -> tuple[int, int] | None:
        """Bytes of the head and of the body of a request that begins with this head; None for another head."""
        if not received.startswith(self.before):
            return None
        start = len(self.before)
        end = received.find(b"\r", start, start + _DIGITS + 1)
        if end < 0 or not received.startswith(self.after, end):
            return None
        digits = received[start:end]
        return (end + len(self.after), int(digits)) if digits.isdigit() else None

    def request(self, client: socket.socket, body: bytes) -> KnownExchange:
        """The exchange of one more request with this head."""
        environ = self.environ.copy()
        environ["CONTENT_LENGTH"] = str(len(body))
        environ["wsgi.input"] = BytesIO(body)
        environ[BODY] = body
        return KnownExchange(client, environ)


class KnownExchange:
    """A POST with a body of known length on a connection that both sides keep."""

    __slots__ = ("_client", "_headers", "_status", "environ")

    def __init__(self, client: socket.socket, environ: Environ) -> None:
        self.environ = environ
        self._client = client
        self._status = ""
        self._headers: list[tuple[str, str]] = []

    def answer(self, application: Any, close: bool) -> bool:
        """Run the application and send its answer; whether the connection may be kept."""
        parts = application(self.environ, self._start_response)
        try:
            body = b"".join(parts)
        finally:
            if hasattr(parts, "close"):
                parts.close()
        send(self._client, self._head(len(body), close) + body)
        return not close

    def _start_response(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        self._status, self._headers = status, headers

    def _head(self, length: int, close: bool) -> bytes:
        """Werkzeug lets no line break into a header, so that none has to be looked for again here."""
        lines = [
            f"HTTP/1.1 {self._status}\r\nServer: {SERVER}\r\nDate: {_date(int(time()))}\r\n"
            f"Connection: {'close' if close else 'keep-alive'}\r\nContent-Length: {length}"
        ]
        lines += [f"{name}: {value}" for name, value in self._headers if name != "Content-Length"]
        lines.append("\r\n")
        return "\r\n".join(lines).encode("latin-1")


class GunicornExchange:
    """Any request, by gunicorn's own parser and writer. The constructor raises what the parser raises."""

    __slots__ = ("_parser", "_response", "environ")

    def __init__(self, cfg: Any, data: bytes, client: socket.socket, address: Any, server: Any) -> None:
        self._parser = get_parser(cfg, [data], address)
        request = next(self._parser)
        request._expected_100_continue = False  # it was said before the body came
        self._response, environ = wsgi.create(request, client, address, server, cfg)
        self.environ: Environ = environ

    def answer(self, application: Any, close: bool) -> bool:
        """As gunicorn's sync worker does it; whether the connection may be kept."""
        response = self._response
        if close:
            response.force_close()
        parts = application(self.environ, response.start_response)
        try:
            for part in parts:
                response.write(part)
            response.close()
        finally:
            if hasattr(parts, "close"):
                parts.close()
        read_as_counted = self._parser.finish_body() and not self._parser.unreader.take_buffered()
        return bool(read_as_counted and not response.should_close())

    def known_head(self, data: bytes) -> KnownHead | None:
        """What to remember of a request, if others with the same head differ from it in their body only.

        That is a POST whose body has a length and is all in `data`.
        """
        environ = self.environ
        length = environ.get("CONTENT_LENGTH", "")
        if environ["REQUEST_METHOD"] != "POST" or environ["SERVER_PROTOCOL"] != "HTTP/1.1":
            return None
        if not length.isdecimal() or any(name in environ for name in _UNUSUAL):
            return None
        if environ.get("HTTP_CONNECTION", "keep-alive").lower() != "keep-alive":
            return None
        head = data[: len(data) - int(length)]
        around = around_length(head) if head.endswith(b"\r\n\r\n") else None
        if around is None:
            return None
        environ[BODY] = data[len(head) :]
        kept = {name: value for name, value in environ.items() if name not in (*_OF_ONE_REQUEST, BODY)}
        return KnownHead(*around, kept)


def send(client: socket.socket, data: bytes) -> None:
    """Send all of it. The client's socket has a timeout: Python would poll it first, and mostly for nothing."""
    try:
        sent = os.write(client.fileno(), data)
    except BlockingIOError:
        sent = 0
    if sent < len(data):
        client.sendall(memoryview(data)[sent:])


@lru_cache(maxsize=1)
def _date(second: int) -> str:
    """The Date header's text, made once a second."""
    return str(util.http_date(second))
