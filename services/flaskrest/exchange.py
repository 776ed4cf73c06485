"""HTTP as bytes: a request's head to a WSGI environment, a chunked body to its bytes, and an answer to what is sent.

gunicorn's parsers read heads and chunks. A client that keeps its connection mostly sends the same head again, byte for
byte but for the digits of its Content-Length. Then what gunicorn made of it the first time still holds: the environment
is copied and only the body is new.
"""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from time import time
from typing import Any

import orjson
from gunicorn import SERVER, util
from gunicorn.asgi.parser import PythonProtocol
from gunicorn.http import errors, get_parser, wsgi
from gunicorn.http.body import ChunkedReader

from serveoff.services.predict_v1 import quoted

Environ = dict[str, Any]

BODY = "serveoff.body"
"""WSGI environment: the whole body as bytes, beside `wsgi.input`; not there if it is over the limit."""
_UNUSUAL = ("HTTP_TRANSFER_ENCODING", "HTTP_EXPECT", "HTTP_UPGRADE")
HEAD_END = re.compile(rb"\r?\n\r?\n")
"""gunicorn's parser then refuses a line that ends without its carriage return."""
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,18})[ \t]*\r\n", re.IGNORECASE)
_DIGITS = 10
"""A Content-Length of more digits is left to gunicorn."""


class MissingHostError(errors.ParseException):  # type: ignore[misc]
    """RFC 9112, section 3.2."""

    def __str__(self) -> str:
        return "a request of HTTP/1.1 needs a Host header"


class HeadTooLongError(Exception):
    """No end of a head within its limit."""


class BodyTooLongError(Exception):
    """The chunks of a body are longer than its limit."""


class CrowdedError(Exception):
    """Unfinished requests hold more than they may all together, and this one began first."""

    def __str__(self) -> str:
        return "unfinished requests take up the memory that they may: send this one again"


_STATUS = {
    errors.LimitRequestLine: "414 URI Too Long",
    errors.LimitRequestHeaders: "431 Request Header Fields Too Large",
    BodyTooLongError: "413 Content Too Large",
    CrowdedError: "503 Service Unavailable",
    HeadTooLongError: "431 Request Header Fields Too Large",
    errors.ExpectationFailed: "417 Expectation Failed",
    errors.UnsupportedTransferCoding: "501 Not Implemented",
}
BAD_REQUEST = "400 Bad Request"


@dataclass(frozen=True, slots=True)
class Head:
    """A request but for its body. `length`: the body's bytes, None if it comes in chunks."""

    environ: Environ
    length: int | None
    close: bool
    expects_continue: bool

    def with_body(self, body: bytes) -> Environ:
        """The WSGI environment of the whole request."""
        environ = self.environ
        environ["wsgi.input"] = BytesIO(body)
        environ[BODY] = body
        return environ

    def without_body(self) -> Environ:
        """The WSGI environment of a request whose body is not read, for the application to refuse."""
        return self.environ | {"wsgi.input": BytesIO()}


def read_head(cfg: Any, data: bytes, client: socket.socket, address: Any, server: Any) -> Head:
    """What gunicorn makes of a head; ParseException or StopIteration if it is none."""
    request = next(get_parser(cfg, [data], address))
    if request.version >= (1, 1) and all(name != "HOST" for name, _ in request.headers):
        raise MissingHostError
    expects_continue, request._expected_100_continue = request._expected_100_continue, False  # the worker says it
    _, environ = wsgi.create(request, client, address, server, cfg)
    del environ["wsgi.early_hints"]
    reader = request.body.reader
    length = None if isinstance(reader, ChunkedReader) else reader.length
    return Head(environ, length, request.should_close(), expects_continue)


class Chunks:
    """A chunked body as it arrives: each byte is looked at once."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._body = bytearray()
        self._parser = PythonProtocol(on_body=self._take)
        self._parser.feed(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")

    @property
    def held_bytes(self) -> int:
        """Of the body, what has come."""
        return len(self._body)

    def feed(self, received: bytearray) -> bytes | None:
        """Take what was received; the body, once it is whole, and what came after it is left in `received`.

        Raises gunicorn's ParseError for what are no chunks, and BodyTooLongError.
        """
        self._parser.feed(received)
        received[:] = self._parser.remaining()
        return bytes(self._body) if self._parser.is_complete else None

    def _take(self, data: bytes) -> None:
        self._body += data
        if len(self._body) > self._limit:
            raise BodyTooLongError(f"the body exceeds the limit of {self._limit} bytes")


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

    def with_body(self, body: bytes) -> Environ:
        """The WSGI environment of one more request with this head."""
        environ = self.environ.copy()
        environ["CONTENT_LENGTH"] = str(len(body))
        environ["wsgi.input"] = BytesIO(body)
        environ[BODY] = body
        return environ


def known_head(data: bytes, head: Head) -> KnownHead | None:
    """What to remember of a head, if others like it differ in the digits of their length only."""
    environ = head.environ
    if head.close or environ["REQUEST_METHOD"] != "POST" or any(name in environ for name in _UNUSUAL):
        return None
    found = _LENGTH.search(data)
    if found is None or not data.startswith(b"\r\n", found.end(1)):
        return None
    return KnownHead(data[: found.start(1)], data[found.end(1) :], environ.copy())


def error_body(error: Exception, otherwise: str = BAD_REQUEST) -> bytes:
    """`{"error": ...}` with what the error says, or else otherwise; it may quote the client."""
    return orjson.dumps({"error": quoted(str(error)) or otherwise})


def refusal(error: Exception) -> bytes:
    """The last answer on a connection, to what is no HTTP request, or not read to its end."""
    status = _STATUS.get(type(error), BAD_REQUEST)
    body = error_body(error, status)
    return answer_head(status, [("Content-Type", "application/json")], len(body), close=True) + body


def answer(application: Any, environ: Environ, close: bool) -> bytes:
    """Run the application; its answer, as one piece."""
    begun: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        begun[:] = [(status, headers)]

    parts = application(environ, start_response)
    try:
        body = b"".join(parts)
    finally:
        if hasattr(parts, "close"):
            parts.close()
    ((status, headers),) = begun
    return answer_head(status, headers, None if environ["REQUEST_METHOD"] == "HEAD" else len(body), close) + body


def answer_head(status: str, headers: list[tuple[str, str]], length: int | None, close: bool) -> bytes:
    """An answer but for its body. `length`: the body's bytes, None if the headers tell it.

    Werkzeug lets no line break into a header, so that none has to be looked for again here.
    """
    lines = [
        f"HTTP/1.1 {status}\r\nServer: {SERVER}\r\nDate: {_date(int(time()))}\r\n"
        f"Connection: {'close' if close else 'keep-alive'}"
    ]
    if length is not None:
        lines.append(f"Content-Length: {length}")
    lines += [f"{name}: {value}" for name, value in headers if length is None or name != "Content-Length"]
    lines.append("\r\n")
    return "\r\n".join(lines).encode("latin-1")


@lru_cache(maxsize=1)
def _date(second: int) -> str:
    """The Date header's text, made once a second."""
    return str(util.http_date(second))
