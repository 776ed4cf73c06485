"""HTTP whose answers end: by one deadline for the whole of an answer, however slowly its bytes come, and by a size."""

import http.client
import socket
import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

MOST_BYTES: Final = 2**30
"""Of one answer: a larger one has no end that anybody waits for."""
NEVER: Final[Mapping[str, str]] = MappingProxyType({})
"""The header fields of an answer before any has come."""


class EndlessAnswer(http.client.HTTPException):
    """It is larger than any answer may be."""


class Connection(http.client.HTTPConnection):
    """To `host:port`; opened by the first request, and again where the server has closed it."""

    _until = 0.0

    def __init__(self, address: str, timeout_s: float) -> None:
        super().__init__(address, timeout=timeout_s)
        self._timeout_s = timeout_s
        self.last: Mapping[str, str] = NEVER
        """The header fields of the last answer."""

    def connect(self) -> None:
        """OSError where nobody accepts within the time."""
        self._until = time.monotonic() + self._timeout_s
        super().connect()
        self.sock = _Clocked(self, self.sock.detach())

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] = MappingProxyType({})
    ) -> tuple[int, bytes]:
        """Status and body; OSError or HTTPException where there is no whole answer within the time."""
        self._until = time.monotonic() + self._timeout_s
        self.request(method, path, body, dict(headers))
        answer = self.getresponse()
        data = answer.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise EndlessAnswer(f"more than {MOST_BYTES / 2**30:g} GiB")
        answer.read()  # its end: the connection can then be used again
        self.last = dict(answer.headers)
        return answer.status, data

    def left_s(self) -> float:
        """Seconds until the deadline; TimeoutError where there are none."""
        left_s = self._until - time.monotonic()
        if left_s <= 0:
            raise TimeoutError(f"no whole answer within {self._timeout_s:g} s")
        return left_s


class _Clocked(socket.socket):
    """Waits for bytes no longer than until its connection's deadline."""

    def __init__(self, connection: Connection, fd: int) -> None:
        super().__init__(fileno=fd)
        self._connection = connection

    def recv_into(self, *args: Any) -> int:
        """As a socket's."""
        self.settimeout(self._connection.left_s())
        return super().recv_into(*args)

    def sendall(self, *args: Any) -> None:
        """As a socket's, which takes its time-out for all bytes together."""
        self.settimeout(self._connection.left_s())
        super().sendall(*args)
