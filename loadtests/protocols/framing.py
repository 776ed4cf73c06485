"""The bytes of one request of each protocol, made before the clock starts."""

from collections.abc import Callable, Mapping
from typing import Final

from serveoff.loadtests.endpoints import Target

Frame = Callable[[Target, bytes, Mapping[str, str]], bytes]
"""Makes all bytes of one request of a body and what its head says of it."""

HEAD: Final = (
    "POST {path} HTTP/1.1\r\nHost: {address}\r\nUser-Agent: serveoff\r\n{headers}Content-Length: {length}\r\n\r\n"
)


def head_of(target: Target, length: int, headers: Mapping[str, str]) -> bytes:
    """All that goes before a body of so many bytes."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return HEAD.format(path=target.path, address=target.address, headers=lines, length=length).encode()


def rest(target: Target, body: bytes, headers: Mapping[str, str]) -> bytes:
    """Head and body as one piece."""
    return head_of(target, len(body), headers) + body


def bare(target: Target, body: bytes, headers: Mapping[str, str]) -> bytes:
    """The body itself: gRPC frames it, and whoever sends it behind a head of its own."""
    return body


FRAMES: Final[Mapping[str, Frame]] = {"rest": rest, "grpc": bare}
"""By protocol: each has a module of this package, too."""
