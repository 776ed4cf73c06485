from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from gunicorn.asgi.parser import ParseError
from gunicorn.config import Config
from gunicorn.http.errors import ParseException

from serveoff.services.flaskrest.exchange import (
    BODY,
    BodyTooLongError,
    Chunks,
    Head,
    KnownHead,
    MissingHostError,
    answer,
    error_body,
    known_head,
    read_head,
)

POST = b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"
CHUNKS = b"3;x=y\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
TRAILERS = CHUNKS[:-2] + b"A: b\r\n\r\n"


@pytest.fixture
def client() -> Iterator[socket.socket]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours


def read(data: bytes, client: socket.socket) -> Head:
    return read_head(Config(), data, client, ("127.0.0.1", 1), ("127.0.0.1", 2))


@pytest.mark.parametrize("chunks", [CHUNKS, TRAILERS])
def test_a_chunked_body_is_whole_at_its_last_byte_and_not_before(chunks: bytes) -> None:
    decoder = Chunks(100)
    assert [decoder.feed(bytearray([byte])) for byte in chunks] == [None] * (len(chunks) - 1) + [b"abcde"]


def test_what_follows_a_chunked_body_is_left() -> None:
    received = bytearray(CHUNKS + POST)
    assert (Chunks(100).feed(received), received) == (b"abcde", POST)


def test_chunks_over_the_limit_are_refused_as_they_come() -> None:
    with pytest.raises(BodyTooLongError):
        Chunks(4).feed(bytearray(CHUNKS[: CHUNKS.index(b"e")]) + b"e")


@pytest.mark.parametrize("bad", [b"zz\r\n", b"3\r\nabcde\r\n", b"3\nabc", b"y" * 10_000])
def test_what_are_no_chunks_is_refused_at_once(bad: bytes) -> None:
    with pytest.raises(ParseError):
        Chunks(100).feed(bytearray(bad))


def test_a_head_says_how_long_its_body_is(client: socket.socket) -> None:
    chunked = POST.replace(b"Content-Length: 5", b"Transfer-Encoding: chunked")
    none = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    assert [read(data, client).length for data in (POST, none, chunked)] == [5, 0, None]


def test_only_http_1_0_does_without_a_host(client: socket.socket) -> None:
    assert read(b"GET / HTTP/1.0\r\n\r\n", client).close
    for version in (b"1.1", b"1.2"):
        with pytest.raises(MissingHostError):
            read(b"GET / HTTP/%s\r\n\r\n" % version, client)


@pytest.mark.parametrize("line", [b"A\nB: c", b"Host: b", b"Transfer-Encoding: chunked", b"A : b"])
def test_a_head_that_others_may_read_differently_is_refused(client: socket.socket, line: bytes) -> None:
    with pytest.raises(ParseException):
        read(POST.replace(b"\r\n\r\n", b"\r\n" + line + b"\r\n\r\n"), client)


def known(data: bytes, client: socket.socket) -> KnownHead | None:
    return known_head(data, read(data, client))


def test_a_known_head_differs_in_its_length_only(client: socket.socket) -> None:
    found = known(POST, client)
    assert found is not None
    longer = POST.replace(b"5", b"12")
    assert found.frame(bytearray(longer + b"hello, world")) == (len(longer), 12)
    assert found.frame(bytearray(longer[:-1])) is None
    assert found.frame(bytearray(longer.replace(b"a", b"b"))) is None
    environ = found.with_body(b"hello, world")
    assert (environ["CONTENT_LENGTH"], environ[BODY], environ["wsgi.input"].read()) == (
        "12",
        b"hello, world",
        environ[BODY],
    )
    assert BODY not in found.environ


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        POST.replace(b"/1.1", b"/1.0"),
        POST.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"),
        POST.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n"),
        POST.replace(b"Content-Length: 5", b"Transfer-Encoding: chunked"),
    ],
)
def test_an_unusual_head_is_read_each_time(client: socket.socket, head: bytes) -> None:
    assert known(head, client) is None


def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [b"o", b"k"]


def test_an_answer_has_its_length_once_and_says_whether_the_connection_stays() -> None:
    kept = answer(application, {"REQUEST_METHOD": "GET"}, close=False)
    assert kept.startswith(b"HTTP/1.1 200 OK\r\n")
    assert kept.endswith(b"\r\n\r\nok")
    assert kept.count(b"Content-Length: 2\r\n") == kept.count(b"Connection: keep-alive\r\n") == 1
    last = answer(application, {"REQUEST_METHOD": "HEAD"}, close=True)
    assert last.endswith(b"\r\n\r\n")
    assert last.count(b"Content-Length: 2\r\n") == last.count(b"Connection: close\r\n") == 1


def test_an_error_quotes_little_of_the_client() -> None:
    assert len(error_body(ValueError("x" * 9999))) < 300
    assert error_body(ValueError(), "400 Bad Request") == b'{"error":"400 Bad Request"}'
