"""What the generator is held against: the same commands, records and requests, but a greenlet and a socket a caller.

So a caller's answer, and an arrival, wait until gevent's loop gets to them.
"""

from typing import Any

from gevent import socket
from geventhttpclient.response import HTTPSocketResponse

from serveoff.loadtests import locustfile
from serveoff.loadtests.endpoints import Target
from serveoff.loadtests.generator import grpc, rest
from serveoff.loadtests.pools import Pool
from serveoff.loadtests.protocols.framing import head_of

globals().update({user.__name__: user for user in locustfile.user_classes()})


class GreenletDriver(grpc.Driver):
    """The callers of gRPC with another way to call."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._sockets: dict[int, socket.socket] = {}

    def requests(self, pool: Pool) -> list[bytes]:
        """Heads and bodies in one piece."""
        bodies = zip(pool.requests, pool.headers, strict=True)
        return [head_of(self._target, len(body), headers) + body for body, headers in bodies]

    def caller(self, number: int) -> Any:
        """Sends a request and waits for the answer; OSError where that is not a good one."""
        if number not in self._sockets:
            self._sockets[number] = connection = socket.create_connection((self._target.host, self._target.port))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = self._sockets[number]

        def call(request: bytes, timeout: float) -> bytes:
            connection.sendall(request)
            response = HTTPSocketResponse(connection, method="POST")
            body: bytes = response.read()
            if response.status_code != 200:
                raise OSError(f"status {response.status_code}")
            return body

        return call

    def close(self) -> None:
        """Hang up on all."""
        for connection in self._sockets.values():
            connection.close()


rest.Driver = GreenletDriver  # type: ignore[assignment, misc]
