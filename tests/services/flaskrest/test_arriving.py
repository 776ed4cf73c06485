"""What of a request a thread is kept from waiting for."""

from __future__ import annotations

import pytest

from serveoff.services.flaskrest.arriving import KEPT_BYTES, LONGEST_HEAD, LONGEST_LINE, Arriving

LIMIT = 9 * KEPT_BYTES
POST = b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"


def lacking(begun: bytes, limit: int = LIMIT) -> int:
    return Arriving(limit).missing(bytearray(begun))


@pytest.mark.parametrize(
    ("begun", "missing"),
    [
        (b"GET / HTTP/1.1\r\n", 1),
        (b"GET / HTTP/1.1\r\n\r\n", 0),
        (b"x" * LONGEST_HEAD, 0),
        (POST % 100, 100),
        (POST % 100 + b"x" * 30, 70),
        (POST % 100 + b"x" * 300, 0),
        (POST % (5 * KEPT_BYTES), KEPT_BYTES),
        (POST.replace(b"\r", b"").lower() % 100, 100),
    ],
)
def test_a_body_of_known_length_is_waited_for(begun: bytes, missing: int) -> None:
    assert lacking(begun) == missing


@pytest.mark.parametrize(
    "head",
    [
        POST % (LIMIT + 1),
        POST.replace(b": %d", b": 1x"),
        POST.replace(b": %d", b": 9\r\nContent-Length: 8"),
        POST.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n") % 100,
        POST.replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n") % 100,
        CHUNKED.replace(b"chunked", b"gzip, chunked"),
    ],
    ids=["too long", "no number", "two lengths", "expects to be told", "both", "unknown encoding"],
)
def test_what_is_refused_by_its_head_or_waits_itself_is_not(head: bytes) -> None:
    assert lacking(head) == 0


@pytest.mark.parametrize(
    ("body", "missing"),
    [
        (b"", 1),
        (b"5", 1),
        (b"5\r\n", 7),
        (b"5;a=b\r\nhel", 4),
        (b"5\r\nhello\r\n", 1),
        (b"5\r\nhello\r\n1f\r\n", 33),
        (b"5\r\nhello\r\n0\r\n", 1),
        (b"5\r\nhello\r\n0\r\nDone: yes\r\n", 1),
        (b"5\r\nhello\r\n0\r\n\r\n", 0),
        (b"5\r\nhello\r\n0\r\nDone: yes\r\n\r\nGET", 0),
        (b"zz\r\n", 0),
        (b"5x\r\n", 0),
        (b"5\r\nhello, you", 0),
        (b"1" * LONGEST_LINE, 0),
        (b"%x\r\n" % KEPT_BYTES, KEPT_BYTES - 8),
    ],
)
def test_chunks_are_waited_for_as_far_as_they_can_be_read(body: bytes, missing: int) -> None:
    assert lacking(CHUNKED + body) == missing


def test_of_a_chunk_over_the_limit_more_than_that_is_waited_for_so_that_it_can_be_refused() -> None:
    begun = CHUNKED + b"fffff\r\n"
    assert lacking(begun, limit=1000) == 1000 + LONGEST_HEAD - 7


def test_each_chunk_is_looked_at_once() -> None:
    arriving, begun = Arriving(LIMIT), bytearray(CHUNKED)
    for _ in range(3):
        begun += b"1\r\nx\r\n" * 1000
        assert arriving.missing(begun) == 1
        assert arriving._chunk == len(begun)
