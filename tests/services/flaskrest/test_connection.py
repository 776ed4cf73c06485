from __future__ import annotations

import selectors
import socket
from collections.abc import Iterator
from itertools import pairwise

import pytest
from gunicorn.config import Config
from hypothesis import given
from hypothesis import strategies as st

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


def test_a_head_that_came_in_parts_leaves_nothing_behind(connection: Connection) -> None:
    assert take(connection, POST) == ("/post", b"hello")
    assert take(connection, POST[:-20]) is None
    assert take(connection, POST[-20:]) == ("/post", b"hello")
    assert take(connection, GET) == ("/get", b""), "its end is looked for from its first byte on"


REQUESTS = {GET: ("/get", b""), POST: ("/post", b"hello"), CHUNKED: ("/chunked", b"hello")}


@given(st.lists(st.sampled_from(sorted(REQUESTS)), min_size=1, max_size=5), st.data())
def test_however_requests_are_cut_they_are_the_same(sent: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(sent)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    ours, theirs = socket.socketpair()
    with ours, theirs:
        connection, found = Connection(ours, ("127.0.0.1", 1), ("127.0.0.1", 2), 0.0), []
        for begin, end in pairwise([0, *cuts, len(stream)]):
            taken = take(connection, stream[begin:end])
            while taken is not None:
                found.append(taken)
                taken = take(connection, b"")
    assert found == [REQUESTS[request] for request in sent]


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


@pytest.mark.parametrize(("begun", "held"), [(POST[:-2], 3), (CHUNKED[:-7], 5), (GET[:-4], 26)])
def test_what_it_holds_is_what_has_come_of_a_request_and_is_let_go(
    pair: tuple[Connection, socket.socket], begun: bytes, held: int
) -> None:
    connection, _ = pair
    assert take(connection, begun) is None
    assert connection.held_bytes == held
    connection.forget()
    assert (connection.held_bytes, connection.idle) == (0, True)


def test_it_holds_what_is_left_of_an_answer_too(pair: tuple[Connection, socket.socket]) -> None:
    connection, client = pair
    connection.send(bytes(10_000_000))
    held = connection.held_bytes
    assert 0 < held < 10_000_000
    client.recv(1 << 20)
    connection.flush()
    assert connection.held_bytes < held
