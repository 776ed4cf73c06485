"""How long the first request in a buffer is, so that a worker reads it whole before it works on it.

RFC 9112, section 6: a body's length is in Content-Length, or the body is chunked. This only counts; gunicorn's
own parser then judges the request, and one that it reads differently is refused.
"""

import re

HEAD_LIMIT_BYTES = 64 * 1024
HEAD_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,18})[ \t]*\r\n", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[^\r\n]*chunked", re.IGNORECASE)
_CONTINUE = re.compile(rb"\r\nexpect:[ \t]*100-continue", re.IGNORECASE)
_CHUNK_LINE_LIMIT = 1024


class HeadTooLongError(Exception):
    """No end of the header within HEAD_LIMIT_BYTES."""


class BodyTooLongError(Exception):
    """The chunks of a body are longer than its limit."""


def request_length(received: bytearray, body_limit: int) -> int | None:
    """Bytes of the first request in `received`, head and body, or None if more must come.

    A body declared over `body_limit` bytes is not waited for: its head is the request, for the application to
    refuse. HeadTooLongError if the head has no end, BodyTooLongError if chunks exceed the limit.
    """
    head_end = received.find(HEAD_END, 0, HEAD_LIMIT_BYTES)
    if head_end < 0:
        if len(received) >= HEAD_LIMIT_BYTES:
            raise HeadTooLongError
        return None
    start = head_end + len(HEAD_END)
    if _CHUNKED.search(received, 0, start):
        return _chunked_end(received, start, body_limit)
    declared = _LENGTH.search(received, 0, start)
    if declared is None:
        return start
    length = int(declared[1])
    if length > body_limit:
        return start
    return start + length if len(received) >= start + length else None


def around_length(head: bytes) -> tuple[bytes, bytes] | None:
    """What stands before and after the digits of Content-Length; None where there is not one plain such line."""
    found = _LENGTH.search(head)
    if found is None or not head.startswith(b"\r\n", found.end(1)):
        return None
    return head[: found.start(1)], head[found.end(1) :]


def expects_continue(received: bytearray) -> bool:
    """Whether the client waits for `100 Continue` before it sends the body."""
    head_end = received.find(HEAD_END)
    return head_end >= 0 and _CONTINUE.search(received, 0, head_end + 2) is not None


def _chunked_end(received: bytearray, start: int, body_limit: int) -> int | None:
    """Where a chunked body ends. A line that is no chunk size ends it too: the parser will refuse it."""
    body_bytes = 0
    while start <= len(received):
        line_end = received.find(b"\r\n", start)
        if line_end < 0:
            return len(received) if len(received) - start > _CHUNK_LINE_LIMIT else None
        size = _chunk_size(bytes(received[start:line_end]))
        if size is None:
            return len(received)
        if size == 0:
            return _trailer_end(received, line_end)
        body_bytes += size
        if body_bytes > body_limit:
            raise BodyTooLongError(f"the body exceeds the limit of {body_limit} bytes")
        start = line_end + 2 + size + 2
    return None


def _chunk_size(line: bytes) -> int | None:
    digits = line.split(b";", 1)[0].strip(b" \t")
    return int(digits, 16) if re.fullmatch(rb"[0-9a-fA-F]{1,15}", digits) else None


def _trailer_end(received: bytearray, line_end: int) -> int | None:
    if received.startswith(b"\r\n", line_end + 2):
        return line_end + 4
    end = received.find(HEAD_END, line_end)
    if end < 0:
        return len(received) if len(received) - line_end > HEAD_LIMIT_BYTES else None
    return end + len(HEAD_END)
