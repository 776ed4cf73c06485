"""Ports that servers can be started on, of the loopback interface or of another address of this machine."""

import random
import socket
from collections.abc import Collection

from serveoff.errors import ServerFailed
from serveoff.record.problems import StartCode

LOOPBACK = "127.0.0.1"
PORTS = (20_000, 32_000)
"""Below the ephemeral ports of Linux (32768) and macOS (49152)."""
PORT_TRIES = 1000
_RANDOM = random.SystemRandom()
"""Not the seeded one, which some library of each of two processes may have set alike."""


def free_port(host: str = LOOPBACK, taken: Collection[int] = ()) -> int:
    """A port that no one listens on now and that is none of those `taken`, which are about to be used.

    It is from a range that no outgoing connection is given.

    A server that takes seconds to come up would find an ephemeral port taken by some client meanwhile.
    """
    for _ in range(PORT_TRIES):
        port = _RANDOM.randrange(*PORTS)
        if port not in taken and can_listen(host, port):
            return port
    text = f"no free port from {PORTS[0]} to {PORTS[1]} at {host}"
    raise ServerFailed(StartCode.NOT_STARTED, text, "stop servers that use these ports")


def port_is_free(port: int) -> bool:
    """True where a server could listen on this loopback port."""
    return can_listen(LOOPBACK, port)


def can_listen(host: str, port: int = 0) -> bool:
    """True where a server could listen there; port 0: at any port of the address."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
