from __future__ import annotations

import selectors
import socket
from collections.abc import Iterator

import pytest
from gunicorn.config import Config

from serveoff.services.flaskrest.connection import HEAD_LIMIT_BYTES, RECEIVE_BYTES, Connection
from serveoff.services.flaskrest.exchange import BODY, HeadTooLongError

GET = b"GET /get HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST /post HTTP/1.1\r\nHost: a\r\ncontent-length: 5\r\n\r\nhello"
CHUNKED = b"POST /chunked HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"


@pytest.fixture
def pair() -> Iterator[tuple[Connection, socket.socket]]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs:
        yield Connection(ours, ("127.0.0.1", 1), ("127.0.0.1", 2), 0.0), theirs


@pytest.fixture
def connection(pair: tuple[Connection, socket.socket]) -> Connection:
    return pair[0]


def take(connection: Connection, data: bytes, body_limit: int = 100) -> tuple[str, bytes] | None:
    """Path and body of the request that is whole with these bytes."""
    connection.received += data
    found = connection.next_request(Config(), body_limit)
    return None if found is None else (found.environ["PATH_INFO"], found.environ[BODY])


@pytest.mark.parametrize(("data", "body"), [(GET, b""), (POST, b"hello"), (CHUNKED, b"hello")])
def test_a_request_is_whole_at_its_last_byte_and_not_before(connection: Connection, data: bytes, body: bytes) -> None:
    path = data.split()[1].decode()
    for _ in range(2):  # the second time its head may be known
        found = [take(connection, bytes([byte])) for byte in data]
        assert found == [None] * (len(data) - 1) + [(path, body)]
        assert connection.idle


def test_requests_that_come_together_are_taken_one_by_one(connection: Connection) -> None:
    paths = [take(connection, POST + CHUNKED + GET + POST), *(take(connection, b"") for _ in range(4))]
    assert [found and found[0] for found in paths] == ["/post", "/chunked", "/get", "/post", None]


def test_a_body_declared_over_the_limit_is_not_waited_for(connection: Connection) -> None:
    for _ in range(2):
        connection.received = bytearray(POST[: -len(b"hello")])
        found = connection.next_request(Config(), 4)
        assert found is not None
        assert (BODY in found.environ, found.environ["CONTENT_LENGTH"], found.close) == (False, "5", True)


def test_a_head_without_an_end_is_refused(connection: Connection) -> None:
    with pytest.raises(HeadTooLongError):
        take(connection, b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * HEAD_LIMIT_BYTES)


def test_what_the_client_does_not_take_is_kept_and_its_next_requests_are_left_in_the_socket(
    pair: tuple[Connection, socket.socket],
) -> None:
    connection, client = pair
    answer = bytes(range(256)) * 20_000
    connection.send(answer)
    connection.received = bytearray(RECEIVE_BYTES)
    assert connection.busy
    assert connection.events == selectors.EVENT_WRITE
    read = bytearray()
    while len(read) < len(answer):
        read += client.recv(1 << 20)
        if connection.unsent:
            connection.flush()
    assert read == answer
    assert not connection.busy
    assert connection.events == selectors.EVENT_READ
