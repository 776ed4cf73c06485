"""Reads HTTP/1.1 answers out of what a connection receives: one at a time, and none that is not whole.

The head of an answer is mostly the same as that of the last one; so heads are parsed once and then known by their
bytes. What delimits an answer is that of RFC 9112, section 6.3, but for one thing: an answer without a length that
neither says that the connection closes nor is of HTTP/1.0 could have been cut short anywhere, and counts as broken.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from serveoff.loadtests.recording.statuses import hint
from serveoff.services.bounded_http import MOST_BYTES

CHUNKED: Final = -1
TO_THE_END: Final = -2
BLANK: Final = b"\r\n\r\n"
NO_BODY: Final = frozenset({204, 304})
MOST_HEAD_BYTES: Final = 1 << 16
KNOWN_HEADS: Final = 256
_STATUS = re.compile(rb"HTTP/1\.([01]) (\d{3})(?: [^\r\n]*)?")
_CHUNK = re.compile(rb"([0-9a-fA-F]{1,15})[ \t]*(?:;[^\r\n]*)?\r\n")


class BrokenAnswer(ValueError):
    """What came is no answer, or not a whole one."""


class EndlessAnswer(BrokenAnswer):
    """More has come than any answer may have."""


@dataclass(frozen=True, slots=True)
class Head:
    """What the head of an answer says; `length` in bytes, CHUNKED or TO_THE_END."""

    status: int
    length: int
    closes: bool
    server_timing: str | None
    hint: str = ""
    """Of an error: where a redirect points, or after how long to ask again."""


def parse_head(data: bytes) -> Head:
    """A status line and header fields, up to and without the blank line."""
    first, *lines = data.split(b"\r\n")
    found = _STATUS.fullmatch(first)
    if found is None:
        raise BrokenAnswer(f"no status line: {first[:80]!r}")
    fields: dict[bytes, list[bytes]] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not name or name != name.strip():
            raise BrokenAnswer(f"no header field: {line[:80]!r}")
        fields.setdefault(name.lower(), []).append(value.strip())
    old, status = found[1] == b"0", int(found[2])
    connection = b",".join(fields.get(b"connection", [])).lower()
    closes = b"close" in connection or (old and b"keep-alive" not in connection)
    timings = fields.get(b"server-timing", [])
    said = timings[0].decode("latin-1") if len(timings) == 1 else None
    places, waits = (fields.get(name, [b""])[0].decode("latin-1") for name in (b"location", b"retry-after"))
    return Head(status, _length(status, fields, closes), closes, said, hint(status, places, waits))


def _length(status: int, fields: dict[bytes, list[bytes]], closes: bool) -> int:
    lengths, coding = set(fields.get(b"content-length", [])), fields.get(b"transfer-encoding")
    if status < 200 or status in NO_BODY:
        return 0
    if coding is not None:
        if lengths or [value.lower() for value in coding] != [b"chunked"]:
            raise BrokenAnswer(f"transfer encoding {coding} beside lengths {lengths}")
        return CHUNKED
    if not lengths:
        if not closes:
            raise BrokenAnswer("neither a length nor the end of the connection")
        return TO_THE_END
    length = lengths.pop()
    if lengths or not length.isdigit():
        raise BrokenAnswer(f"no length: {length!r}")
    return int(length)


@dataclass
class Answers:
    """What is known of the answers of one endpoint, on whichever connection they come."""

    heads: dict[bytes, Head] = field(default_factory=dict)
    most_bytes: int = MOST_BYTES
    """Of one answer, its head included."""


class Reader:
    """Of one connection. `head` is that of the answer that was given last."""

    __slots__ = ("_answers", "_came", "_chunks", "_data", "_heads", "_reading", "head")

    def __init__(self, answers: Answers) -> None:
        self._answers, self._heads = answers, answers.heads
        self.head = Head(0, 0, True, None)
        self._data = bytearray()
        self._came = 0
        self._reading: Head | None = None
        """The head of an answer whose body has not come wholly."""
        self._chunks: list[bytes] = []

    @property
    def begun(self) -> bool:
        """Whether a part of an answer has come."""
        return bool(self._data or self._reading or self._chunks)

    def feed(self, data: bytes) -> bytes | None:
        """The body of the answer if it is whole now, else None; BrokenAnswer if it can become none.

        Bytes beyond the answer were asked for by nobody: whose they are cannot be known, so the answer is broken.
        """
        if not self._data and self._reading is None:
            end = data.find(BLANK) + 4
            head = self._heads.get(data[:end])
            if head is not None and len(data) - end == head.length:
                self.head = head
                return data[end:]
        self._data += data
        self._came += len(data)
        if self._came > self._answers.most_bytes:
            raise EndlessAnswer(f"an answer of more than {self._answers.most_bytes / 2**20:,.0f} MiB, and no end of it")
        return self._take()

    def end(self) -> bytes:
        """The body of the answer if the end of the connection makes it whole; BrokenAnswer if not."""
        if self._reading is None or self._reading.length != TO_THE_END:
            raise BrokenAnswer("the connection ended before the answer did")
        return self._whole(bytes(self._data))

    def _take(self) -> bytes | None:
        head = self._reading or self._take_head()
        self._reading = head
        if head is None or head.length == TO_THE_END:
            return None
        if head.length == CHUNKED:
            return self._take_chunks()
        if len(self._data) < head.length:
            return None
        body = bytes(self._data[: head.length])
        del self._data[: head.length]
        return self._whole(body)

    def _take_head(self) -> Head | None:
        """The final head; those of interim answers (1xx) are passed over."""
        while (end := self._data.find(BLANK)) >= 0:
            head = self._known(bytes(self._data[: end + 4]))
            del self._data[: end + 4]
            if head.status >= 200:
                return head
        if len(self._data) > MOST_HEAD_BYTES:
            raise BrokenAnswer("a head without an end")
        return None

    def _known(self, data: bytes) -> Head:
        head = self._heads.get(data)
        if head is None:
            head = parse_head(data[:-4])
            if len(self._heads) >= KNOWN_HEADS:
                self._heads.clear()
            if head.length >= 0 and head.status >= 200:
                self._heads[data] = head
        return head

    def _take_chunks(self) -> bytes | None:
        data = self._data
        while found := _CHUNK.match(data):
            size, begin = int(found[1], 16), found.end()
            if size == 0:
                return self._take_trailer(begin)
            if len(data) < begin + size + 2:
                return None
            if data[begin + size : begin + size + 2] != b"\r\n":
                raise BrokenAnswer("a chunk that is longer than it says")
            self._chunks.append(bytes(data[begin : begin + size]))
            del data[: begin + size + 2]
        if b"\r\n" in data[:MOST_HEAD_BYTES] or len(data) > MOST_HEAD_BYTES:
            raise BrokenAnswer(f"no size of a chunk: {bytes(data[:80])!r}")
        return None

    def _take_trailer(self, begin: int) -> bytes | None:
        """After the last chunk: header fields, mostly none, and a blank line."""
        end = self._data.find(BLANK, begin - 2)
        if end < 0 and len(self._data) > MOST_HEAD_BYTES:
            raise BrokenAnswer("a trailer without an end")
        if end < 0:
            return None
        del self._data[: end + 4]
        body, self._chunks = b"".join(self._chunks), []
        return self._whole(body)

    def _whole(self, body: bytes) -> bytes:
        assert self._reading is not None
        if self._reading.length != TO_THE_END and self._data:
            raise BrokenAnswer(f"{len(self._data)} bytes beyond the answer")
        self.head, self._reading = self._reading, None
        self._data.clear()
        self._came = 0
        return body
