"""How much of a request is still to come, by what has come of it."""

import re
from dataclasses import dataclass

from serveoff.services.flaskrest.exchange import HEAD_END

LONGEST_HEAD = 8192
"""Bytes: a longer one is not waited for."""
KEPT_BYTES = 1 << 20
"""Of a body: so much is waited for."""
LONGEST_LINE = 128
"""Of a chunk's size: a longer one is not waited for."""
_LENGTH = re.compile(rb"\ncontent-length:[ \t]*(\d{1,18})[ \t]*\r?(?=\n)", re.IGNORECASE)
_EXPECT = re.compile(rb"\nexpect:", re.IGNORECASE)
_ENCODING = re.compile(rb"\ntransfer-encoding:", re.IGNORECASE)
_CHUNKED = re.compile(rb"\ntransfer-encoding:[ \t]*chunked[ \t]*\r?\n", re.IGNORECASE)
_SIZE = re.compile(rb"([0-9a-fA-F]{1,8})[ \t]*(?:;[^\n]*)?\r?\n")


@dataclass
class Arriving:
    """One request, of which more and more is there.

    What will be refused by its head, whoever waits to be told to go on (`Expect`), and what cannot be read is not
    waited for: a thread deals with it.
    """

    body_limit: int
    """Bytes of a body that is taken."""
    _chunk: int = 0
    """Where the first chunk begins that is not known to be there."""

    def missing(self, begun: bytearray) -> int:
        """So many more bytes, at least, have to come before a thread can read it, of what has come; 0: none."""
        end = HEAD_END.search(begun)
        if end is None:
            return int(len(begun) < LONGEST_HEAD)
        head = begun[: end.end()]
        lengths = _LENGTH.findall(head)
        if _EXPECT.search(head):
            return 0
        if _CHUNKED.search(head) and not lengths:
            return self._of_chunks(begun, len(head))
        if len(lengths) != 1 or int(lengths[0]) > self.body_limit or _ENCODING.search(head):
            return 0
        return max(0, min(int(lengths[0]), KEPT_BYTES) - (len(begun) - len(head)))

    def _of_chunks(self, begun: bytearray, body: int) -> int:
        """Each is looked at once, and by where it ends alone: exchange.Chunks would copy what gunicorn reads again."""
        self._chunk, most = max(self._chunk, body), body + min(KEPT_BYTES, self.body_limit + LONGEST_HEAD)
        while size := _SIZE.match(begun, self._chunk):
            length = int(size[1], 16)
            if not length:  # the last one, and trailers up to an empty line
                return int(not HEAD_END.search(begun, size.end() - 1) and len(begun) - self._chunk < LONGEST_HEAD)
            end = size.end() + length + 2
            if len(begun) >= most:
                return 0
            if end > len(begun):
                return min(end, most) - len(begun)
            if begun[end - 2 : end] != b"\r\n":
                return 0
            self._chunk = end
        line = begun[self._chunk : self._chunk + LONGEST_LINE]
        return int(b"\n" not in line and len(line) < LONGEST_LINE)
