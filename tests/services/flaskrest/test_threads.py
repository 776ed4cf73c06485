"""How long a client of a threaded worker is waited for, by a simulated clock."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from serveoff.services.flaskrest import threads
from serveoff.services.flaskrest.threads import KEPT_BYTES, PEEKED_BYTES, WAIT_S, Client, lacking

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
def pair(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    with Client(ours.detach(), body_limit=9 * KEPT_BYTES) as client, theirs:
        monkeypatch.setattr(client, "_comes_at_once", lambda: False)  # these sockets have no low water when polled
        yield client, theirs


def low_water(client: Client) -> int:
    """So many bytes must be there before who polls it is woken."""
    return client.getsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT)


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
    for part, low in ((b"GET / HTTP", 11), (b"/1.1\r\n", 17)):
        theirs.sendall(part)
        assert not client.has_asked()
        assert low_water(client) == low
    theirs.sendall(b"\r\n")
    assert client.has_asked()
    assert low_water(client) == 1
    assert client.recv(99) == b"GET / HTTP/1.1\r\n\r\n"


def test_nor_is_one_waited_for_of_whom_no_more_will_come(pair: Pair) -> None:
    client, theirs = pair
    theirs.sendall(b"GET")
    theirs.shutdown(socket.SHUT_WR)
    assert [client.has_asked(), client.has_asked()] == [False, True]
    client.recv(99)
    assert client.has_asked()


def test_a_head_longer_than_is_looked_at_is_left_to_gunicorn(pair: Pair) -> None:
    client, theirs = pair
    theirs.sendall(b"x" * PEEKED_BYTES)
    assert client.has_asked()


POST = b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n"


def test_a_body_of_known_length_is_waited_for_without_a_thread(pair: Pair) -> None:
    client, theirs = pair
    head = POST % 70_000
    theirs.sendall(head + b"x" * 100)
    assert not client.has_asked()
    assert low_water(client) == len(head) + 70_000
    theirs.sendall(b"x" * 69_900)
    assert client.has_asked()
    assert low_water(client) == 1


def test_a_body_that_comes_right_behind_its_head_is_waited_for(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    client, theirs = pair
    monkeypatch.setattr(client, "_comes_at_once", lambda: theirs.sendall(b"x" * 99) or True)
    theirs.sendall(POST % 100 + b"x")
    assert client.has_asked()


def test_what_was_read_with_the_request_before_counts(pair: Pair) -> None:
    client, theirs = pair
    read = POST % 10 + b"x" * 4
    assert not client.has_asked(read)
    theirs.sendall(b"x" * 6)
    assert client.has_asked(read)
    assert client.has_asked(POST % 0)


@pytest.mark.parametrize(
    ("begun", "there", "missing"),
    [
        (b"GET / HTTP/1.1\r\n", 16, 1),
        (b"GET / HTTP/1.1\r\n\r\n", 18, 0),
        (POST % 100, len(POST % 100), 100),
        (POST % 100, len(POST % 100) + 30, 70),
        (POST % 100, len(POST % 100) + 300, 0),
        (POST % (5 * KEPT_BYTES), len(POST % (5 * KEPT_BYTES)), KEPT_BYTES),
        (POST % (10 * KEPT_BYTES), 999, 0),
        (POST.replace(b": %d", b": 1x"), 999, 0),
        (POST.replace(b": %d", b": 9\r\nContent-Length: 8"), 80, 0),
        (POST.replace(b"\r", b"").lower() % 100, 999, 0),
        (POST.replace(b"\r", b"").lower() % 100, len(POST % 100) - 3, 100),
        (b"POST / HTTP/1.1\r\nExpect: 100-continue\r\ncontent-length: 9\r\n\r\n", 62, 0),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n", 66, 0),
    ],
)
def test_a_thread_is_kept_from_what_it_would_wait_for_and_from_nothing_else(
    begun: bytes, there: int, missing: int
) -> None:
    assert lacking(begun, there, 9 * KEPT_BYTES) == missing


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
