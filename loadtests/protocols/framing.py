"""The bytes of one request of each protocol, made before the clock starts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from serveoff.loadtests.endpoints import Target

Frame = Callable[[Target, bytes, Mapping[str, str]], bytes]
"""Makes all bytes of one request of a body and what its head says of it."""

HEAD: Final = (
    "POST {path} HTTP/1.1\r\nHost: {address}\r\nUser-Agent: serveoff\r\n{headers}Content-Length: {length}\r\n\r\n"
)


def rest(target: Target, body: bytes, headers: Mapping[str, str]) -> bytes:
    """Head and body as one piece."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = HEAD.format(path=target.path, address=target.address, headers=lines, length=len(body))
    return head.encode() + body


def grpc(target: Target, body: bytes, headers: Mapping[str, str]) -> bytes:
    """The message itself; gRPC frames it."""
    return body


FRAMES: Final[Mapping[str, Frame]] = {"rest": rest, "grpc": grpc}
"""By protocol: each has a module of this package, too."""
