from __future__ import annotations

import pytest

from serveoff.services.flaskrest.framing import (
    HEAD_LIMIT_BYTES,
    BodyTooLongError,
    HeadTooLongError,
    expects_continue,
    request_length,
)

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 5\r\n\r\nhello"
CHUNKED = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
TRAILERS = CHUNKED[:-2] + b"A: b\r\n\r\n"


@pytest.mark.parametrize("request_bytes", [GET, POST, CHUNKED, TRAILERS])
def test_a_request_is_complete_at_its_last_byte_and_not_before(request_bytes: bytes) -> None:
    for end in range(len(request_bytes)):
        assert request_length(bytearray(request_bytes[:end]), 100) is None
    assert request_length(bytearray(request_bytes), 100) == len(request_bytes)
    assert request_length(bytearray(request_bytes + GET), 100) == len(request_bytes)


def test_a_body_declared_over_the_limit_is_not_waited_for() -> None:
    head = POST[: -len(b"hello")]
    assert request_length(bytearray(head), 4) == len(head)


def test_chunks_over_the_limit_are_refused_before_they_have_arrived() -> None:
    with pytest.raises(BodyTooLongError):
        request_length(bytearray(CHUNKED[: CHUNKED.index(b"2\r\n") + 3]), 4)


def test_a_head_without_an_end_is_refused() -> None:
    with pytest.raises(HeadTooLongError):
        request_length(bytearray(b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * HEAD_LIMIT_BYTES), 100)


def test_a_line_that_is_no_chunk_size_ends_the_request() -> None:
    broken = CHUNKED.replace(b"2\r\nde", b"zz\r\nde")
    assert request_length(bytearray(broken), 100) == len(broken)


def test_expect_continue() -> None:
    assert expects_continue(bytearray(b"POST / HTTP/1.1\r\nExpect: 100-continue\r\n\r\n"))
    assert not expects_continue(bytearray(POST))
