"""What counts as an answer, however its bytes come; nothing that is not whole does."""

import pytest

from serveoff.loadtests.generator.http_answers import KNOWN_HEADS, Answers, BrokenAnswer, EndlessAnswer, Reader

OK = b"HTTP/1.1 200 OK\r\n"
PLAIN = OK + b"Content-Length: 5\r\n\r\nhello"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n5;note=x\r\nhello\r\n1\r\n!\r\n0\r\n\r\n"
CLOSING = OK + b"Connection: close\r\n\r\nhello"


@pytest.fixture
def reader():
    return Reader(Answers())


def feed(reader, *parts):
    """What each part brings."""
    return [reader.feed(part) for part in parts]


def pieces(data, size):
    return [data[begin : begin + size] for begin in range(0, len(data), size)]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (PLAIN, b"hello"),
        (CHUNKED, b"hello!"),
        (CHUNKED[:-2] + b"Trailer: x\r\n\r\n", b"hello!"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: a\r\n\r\n" + PLAIN, b"hello"),
        (OK + b"Content-Length: 0\r\n\r\n", b""),
        (OK + b"CONTENT-LENGTH:5\r\nX-A: b: c\r\n\r\nhello", b"hello"),
        (OK + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", b"hello"),
    ],
)
def test_an_answer_is_whole_with_its_last_byte_however_it_is_split(reader, answer, body, size):
    for _ in range(3):  # the head is known by then
        *before, last = feed(reader, *pieces(answer, size))
        assert before == [None] * len(before)
        assert last == body
        assert (reader.head.status, reader.head.closes) == (200, False)


def test_a_large_body_is_put_together(reader):
    body = bytes(range(256)) * 40_000
    *before, last = feed(reader, *pieces(OK + b"Content-Length: %d\r\n\r\n" % len(body) + body, 1 << 16))
    assert set(before) == {None}
    assert last == body


def test_without_a_length_the_end_of_the_connection_makes_an_answer_whole_only_where_the_head_says_so(reader):
    assert feed(reader, CLOSING) == [None]
    assert reader.end() == b"hello"
    assert feed(reader, b"HTTP/1.0 200 OK\r\n\r\nold") == [None]
    assert reader.end() == b"old"
    with pytest.raises(BrokenAnswer, match="neither a length"):
        reader.feed(OK + b"\r\nhello")


@pytest.mark.parametrize(
    "cut", [b"", OK, PLAIN[:-1], CHUNKED[:-2], CHUNKED[:-5], b"HTTP/1.1 100 Continue\r\n\r\n", CLOSING[:30]]
)
def test_an_answer_cut_short_is_none(reader, cut):
    if cut:
        assert reader.feed(cut) is None
    with pytest.raises(BrokenAnswer):
        reader.end()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (PLAIN + b"!", "beyond"),
        (PLAIN + PLAIN, "beyond"),
        (CHUNKED + b"x", "beyond"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "no status line"),
        (b"HTTP/2 200\r\n\r\n", "no status line"),
        (OK + b"no field\r\n\r\n", "no header field"),
        (OK + b"Content-Length : 5\r\n\r\nhello", "no header field"),
        (OK + b"Content-Length: five\r\n\r\n", "no length"),
        (OK + b"Content-Length: -5\r\n\r\n", "no length"),
        (OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", "no length"),
        (OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "transfer encoding"),
        (OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n", "transfer encoding"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n", "no size"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n", "longer than it says"),
        (b"x" * (1 << 17), "without an end"),
    ],
)
def test_what_is_no_answer_or_more_than_one_is_broken(reader, data, why):
    with pytest.raises(BrokenAnswer, match=why):
        reader.feed(data)


@pytest.mark.parametrize(
    "head", [b"Content-Length: 999999\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n", b"Connection: close\r\n\r\n"]
)
def test_an_answer_has_so_many_bytes_and_no_more(head):
    reader = Reader(Answers(most_bytes=len(OK + head) + 300))
    assert feed(reader, OK + head, *[b"ffff\r\n" + b"x" * 92] * 3) == [None] * 4
    with pytest.raises(EndlessAnswer):
        reader.feed(b"x" * 7)
    reader = Reader(Answers(most_bytes=len(PLAIN)))
    assert feed(reader, *pieces(PLAIN, 7) * 3)[-1] == b"hello", "of one answer, however many come"


def test_an_answer_that_is_followed_by_bytes_of_nobody_s_is_broken_though_its_head_is_known(reader):
    assert feed(reader, PLAIN) == [b"hello"]
    with pytest.raises(BrokenAnswer, match="beyond"):
        reader.feed(PLAIN + b"\r\n")


@pytest.mark.parametrize(
    ("fields", "closes"),
    [
        (b"HTTP/1.1 200 OK\r\nConnection: Close\r\n", True),
        (b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n", False),
        (b"HTTP/1.0 200 OK\r\n", True),
        (b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n", False),
    ],
)
def test_a_head_says_whether_the_connection_stays(reader, fields, closes):
    assert reader.feed(fields + b"Content-Length: 1\r\n\r\nx") == b"x"
    assert reader.head.closes is closes


def test_errors_have_their_status_and_no_content_has_none(reader):
    assert reader.feed(b"HTTP/1.1 503 Busy\r\nContent-Length: 2\r\n\r\nno") == b"no"
    assert reader.head.status == 503
    assert reader.feed(b"HTTP/1.1 204 No Content\r\n\r\n") == b""
    assert reader.head.status == 204


def test_what_the_server_says_of_its_time_is_kept_as_it_came(reader):
    for number in range(2 * KNOWN_HEADS):  # each is another head
        reader.feed(OK + b"Server-Timing: total;dur=%d\r\nContent-Length: 1\r\n\r\nx" % number)
        assert reader.head.server_timing == f"total;dur={number}"
    reader.feed(OK + b"Server-Timing: a;dur=1\r\nServer-Timing: b;dur=2\r\nContent-Length: 1\r\n\r\nx")
    assert reader.head.server_timing is None, "two headers are none that can be read"
