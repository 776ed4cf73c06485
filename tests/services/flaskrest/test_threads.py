"""How long a client of a threaded worker is waited for, by a simulated clock."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator

import pytest

from serveoff.services.flaskrest import threads
from serveoff.services.flaskrest.arriving import KEPT_BYTES, LONGEST_HEAD
from serveoff.services.flaskrest.threads import HELD_BYTES, WAIT_S, Client, Room

Pair = tuple[Client, socket.socket]


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(threads, "monotonic", made)
    return made


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    with Client(Room(HELD_BYTES), LIMIT, ours.detach()) as client, theirs:
        yield client, theirs


def test_all_of_a_request_has_one_deadline(clock: Clock, pair: Pair) -> None:
    client, theirs = pair
    for _ in range(3):
        theirs.sendall(b"x")
        assert client.recv(1) == b"x"
        clock.now_s += 0.4 * WAIT_S
    theirs.sendall(b"x")
    with pytest.raises(TimeoutError):
        client.recv(1)


def test_the_next_request_has_its_own(clock: Clock, pair: Pair) -> None:
    client, theirs = pair
    for _ in range(3):
        theirs.sendall(b"x")
        assert client.recv(1) == b"x"
        client.begin()
        clock.now_s += 2 * WAIT_S


def test_many_bytes_may_take_longer_both_ways(clock: Clock, pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "LEAST_BYTES_S", 1)
    client, theirs = pair
    theirs.sendall(b"x" * 10)
    assert len(client.recv(9)) == 9
    client.sendall(b"y" * 9)
    clock.now_s += WAIT_S + 8
    assert client.recv(1) == b"x"
    client.sendall(b"y")
    assert theirs.recv(99) == b"y" * 10
    clock.now_s += 3
    with pytest.raises(TimeoutError):
        client.recv(1)
    with pytest.raises(TimeoutError):
        client.sendall(b"y")


def test_a_deadline_that_gunicorn_sets_itself_is_the_one(clock: Clock, pair: Pair) -> None:
    client, theirs = pair
    theirs.sendall(b"xx")
    client.recv(1)
    clock.now_s += 2 * WAIT_S
    client.settimeout(60)
    assert client.recv(1) == b"x"


def test_who_has_not_sent_a_whole_head_has_not_asked_and_is_looked_at_again_when_more_has_come(pair: Pair) -> None:
    client, theirs = pair
    assert not client.has_asked()
    for part in (b"GET / HTTP", b"/1.1\r\n"):
        theirs.sendall(part)
        assert not client.has_asked()
        assert not select.select([client], [], [], 0)[0], "who polls it is not woken again for that"
    theirs.sendall(b"\r\n")
    assert client.has_asked()
    assert client.recv(99) == b"GET / HTTP/1.1\r\n\r\n"


def test_nor_is_one_waited_for_of_whom_no_more_will_come(pair: Pair) -> None:
    client, theirs = pair
    theirs.sendall(b"GET")
    assert not client.has_asked()
    theirs.shutdown(socket.SHUT_WR)
    assert client.has_asked()
    assert [client.recv(99), client.recv(99)] == [b"GET", b""]
    assert client.has_asked()


def test_a_head_longer_than_is_looked_at_is_left_to_gunicorn(pair: Pair) -> None:
    client, theirs = pair
    theirs.sendall(b"x" * LONGEST_HEAD)
    assert client.has_asked()


LIMIT = 9 * KEPT_BYTES
POST = b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n"


def test_a_body_of_known_length_is_waited_for_without_a_thread(pair: Pair) -> None:
    client, theirs = pair
    head = POST % 70_000
    theirs.sendall(head + b"x" * 100)
    assert not client.has_asked()
    theirs.sendall(b"x" * 69_900 + b"GET")
    assert client.has_asked()
    received = b""
    while len(received) < len(head) + 70_003:
        received += client.recv(5000)
    assert received == head + b"x" * 70_000 + b"GET"


def test_a_body_that_comes_right_behind_its_head_is_waited_for(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    client, theirs = pair
    monkeypatch.setattr(client, "_comes_within", lambda seconds: theirs.sendall(b"x" * 50) or True)
    theirs.sendall(POST % 100 + b"x")
    assert client.has_asked()


def test_what_was_read_with_the_request_before_counts(pair: Pair) -> None:
    client, theirs = pair
    client.hold(POST % 10 + b"x" * 4)
    assert not client.has_asked()
    theirs.sendall(b"x" * 6)
    assert client.has_asked()
    assert client.release() == POST % 10 + b"x" * 10


def test_where_connections_hold_too_much_together_a_thread_reads_the_rest(pair: Pair) -> None:
    client, theirs = pair
    room = client._room
    assert room.take(HELD_BYTES - 100)
    theirs.sendall(POST % 1000)
    assert not client.has_asked()
    theirs.sendall(b"x" * 100)
    assert client.has_asked()
    client.close()
    assert room.take(100)
    assert not room.take(1)


def test_chunks_are_waited_for_without_a_thread_however_many_there_are(pair: Pair) -> None:
    client, theirs = pair
    theirs.sendall(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
    for size in (1, 3 * LONGEST_HEAD, 7):
        assert not client.has_asked()
        chunk = b"%x\r\n%s\r\n" % (size, b"x" * size)
        theirs.sendall(chunk[:4])
        assert not client.has_asked()
        theirs.sendall(chunk[4:])
    assert not client.has_asked()
    theirs.sendall(b"0\r\n\r\n")
    assert client.has_asked()


def test_a_head_that_drips_is_too_late_and_one_that_is_there_never(clock: Clock, pair: Pair) -> None:
    client, theirs = pair
    theirs.sendall(b"GET /")
    assert not client.has_asked()
    clock.now_s += WAIT_S + 1
    theirs.sendall(b" HTTP/1.1\r\n")
    with pytest.raises(TimeoutError):
        client.has_asked()
    theirs.sendall(b"\r\n")
    assert client.has_asked(), "its thread was busy with others"
    assert client.recv(99).endswith(b"\r\n\r\n")
