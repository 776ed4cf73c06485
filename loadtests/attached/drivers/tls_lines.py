"""The connections of one REST endpoint over TLS: sockets that never block, and OpenSSL between two buffers."""

import ssl
from contextlib import suppress

from serveoff.loadtests.attached import tls
from serveoff.loadtests.attached.exchange import Exchange
from serveoff.loadtests.endpoints import Target
from serveoff.loadtests.generator.http_answers import BrokenAnswer
from serveoff.loadtests.generator.lines import RECEIVE_BYTES, Line, Lines, Request


class TlsLine(Line):
    """A Line whose requests wait until hands are shaken, which is a part of the first one's latency."""

    _lines: "TlsLines"

    def send(self, request: Request) -> None:
        """As a Line's."""
        if self._socket is None:
            self._connect(request)
            return
        self._tls.write(b"".join(request))
        self._flush()

    def receive(self) -> bytes | None:
        """As a Line's; ssl.SSLError where TLS fails."""
        if self._unsent is not None:
            self._send_more()
        try:
            data = self._recv(RECEIVE_BYTES)
        except BlockingIOError:
            return None
        if data:
            self._came.write(data)
        else:
            self._came.write_eof()
        return self._read() if self._shaken() else None

    def _connect(self, request: Request) -> None:
        self._came, self._goes = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = self._lines.context.wrap_bio(self._came, self._goes, server_hostname=self._lines.name)
        self._first, self.fault = b"".join(request), ""
        self._open()
        self._shaken()

    def _shaken(self) -> bool:
        """Whether hands are shaken; the request is sent as soon as they are."""
        if not self._first:
            return True
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._flush()
            return False
        except ssl.SSLError as error:
            self.fault = tls.fault_of(error)
            with suppress(OSError):  # the server is told why
                self._flush()
            raise
        self._tls.write(self._first)
        self._first = b""
        self._flush()
        return True

    def _read(self) -> bytes | None:
        """An end that the server did not sign could be anybody's: of an answer without a length it makes none."""
        parts, ended = [], False
        try:
            while part := self._tls.read(RECEIVE_BYTES):
                parts.append(part)
            ended = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLEOFError:
            raise BrokenAnswer("the connection ended, and the server did not say so") from None
        if self._goes.pending:
            self._flush()
        body = self._reader.feed(b"".join(parts)) if parts else None
        if body is None and ended:
            body = self._reader.end()
        if body is not None:
            self.answered = True
            if self._reader.head.closes or ended:
                self.hang_up()
        return body

    def _flush(self) -> None:
        """Send what is encrypted, or keep what cannot be sent at once."""
        assert self._socket is not None
        data, sent = self._goes.read(), 0
        if self._unsent is not None:
            data = self._unsent.tobytes() + data
        else:
            with suppress(BlockingIOError):
                sent = self._socket.send(data)
        if sent < len(data):
            self._keep(memoryview(data)[sent:])


class TlsLines(Lines):
    """All of one endpoint."""

    line = TlsLine

    def __init__(self, target: Target, exchange: Exchange) -> None:
        self.context, self.name = tls.context(exchange), tls.name_of(target, exchange)
        super().__init__(target)
